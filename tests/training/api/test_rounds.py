"""GET /api/v1/projects/{id}/rounds/."""

from __future__ import annotations

import uuid

import pytest

from tests.training.queries.test_rounds import finish, measure, train
from tests.training.worlds import annotated_image

pytestmark = pytest.mark.django_db


def address(project_id):
    return f"/api/v1/projects/{project_id}/rounds/"


def test_rounds_come_newest_first_with_scores_and_the_open_one(
    as_person, viewer, owner, project, world
):
    run = train(owner, project)
    first = finish(run, 1)
    measure(first, run.training_set, 0.4)
    annotated_image(owner, project, seed=50, name="new")
    again = train(owner, project)
    second = finish(again, 2)
    measure(second, again.training_set, 0.75)

    answer = as_person(viewer).get(address(project.pk))

    assert answer.status_code == 200
    newest, oldest = answer.json()["rounds"]
    assert set(newest) == {
        *("number", "began_at", "ended_at", "n_images", "n_regions", "n_instances", "n_ops"),
        *("active_s", "before", "after"),
    }
    assert (newest["number"], oldest["number"]) == (2, 1)
    assert newest["before"] == {
        "version": {"id": str(first.pk), "number": 1, "name": "threshold v1"},
        "ap50": None,
    }
    assert newest["after"] == [
        {
            "version": {"id": str(second.pk), "number": 2, "name": "threshold v2"},
            "engine": "threshold",
            "ap50": 0.75,
        }
    ]
    assert oldest["before"] is None
    assert answer.json()["open"] == {
        "n_images": 0,
        "n_regions": 0,
        "n_instances": 0,
        "n_ops": 0,
        "active_s": 0.0,
        "began_at": newest["ended_at"],
    }


def test_a_new_project_has_an_open_round_without_a_beginning(as_person, viewer, project):
    answer = as_person(viewer).get(address(project.pk)).json()

    assert answer["rounds"] == []
    assert answer["open"]["began_at"] is None


@pytest.mark.parametrize("who", ["owner", "reviewer", "annotator", "viewer"])
def test_every_member_may_look(who, people, as_person, project):
    assert as_person(people[who]).get(address(project.pk)).status_code == 200


def test_a_stranger_a_guest_and_a_wrong_address_find_nothing(as_person, stranger, client, project):
    assert as_person(stranger).get(address(project.pk)).status_code == 404
    assert client.get(address(project.pk)).status_code == 401
    assert as_person(stranger).get(address(uuid.uuid4())).status_code == 404
