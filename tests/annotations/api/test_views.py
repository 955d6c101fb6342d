"""A person's view settings of a project and bookmarks of an image."""

from __future__ import annotations

import pytest

from annotations.actions.views import MAX_BOOKMARKS
from annotations.models import Bookmark, ViewSettings

pytestmark = pytest.mark.django_db

JSON = {"content_type": "application/json"}
PLACE = {"x": 10.5, "y": 20, "scale": 2, "z": 3, "selected": 7}


@pytest.fixture
def client(as_person, annotator):
    return as_person(annotator)


def settings_address(project):
    return f"/api/v1/projects/{project.pk}/view-settings/"


def put(client, project, **settings):
    return client.put(settings_address(project), settings, **JSON)


def add(client, image, name="here", **more):
    sent = {"name": name, "place": PLACE, **more}
    return client.post(f"/api/v1/images/{image.pk}/bookmarks/", sent, **JSON)


def names(client, image):
    return [row["name"] for row in client.get(f"/api/v1/images/{image.pk}/bookmarks/").json()]


def test_without_a_choice_nothing_is_chosen(client, project):
    answer = client.get(settings_address(project)).json()

    assert answer == {"channels": {}, "is_inverted": False, "labels": None}


def test_settings_come_back_as_they_were_kept_and_the_newest_stay(client, project):
    dapi = {
        "visible": False,
        "colour": "#00ff00",
        "window": [120.5, 900],
        "gamma": 0.7,
        "is_inverted": True,
    }
    labels = {"drawn": "outline", "colour_by": "class", "opacity": 0.5, "draft_opacity": 1}

    put(client, project, channels={"DAPI": {"gamma": 2}}, is_inverted=True)
    kept = put(client, project, channels={"DAPI": dapi}, labels=labels)

    read = client.get(settings_address(project)).json()
    assert (
        kept.json() == read == {"channels": {"DAPI": dapi}, "is_inverted": False, "labels": labels}
    )
    assert ViewSettings.objects.count() == 1


def test_settings_are_of_one_person_and_one_project(as_person, people, project, client):
    put(client, project, is_inverted=True)

    others = as_person(people["viewer"]).get(settings_address(project)).json()
    assert others["is_inverted"] is False
    assert as_person(people["stranger"]).get(settings_address(project)).status_code == 404
    assert put(as_person(people["viewer"]), project, is_inverted=True).status_code == 200


@pytest.mark.parametrize(
    "bad",
    [
        {"channels": {"a": {"gamma": 0}}},
        {"channels": {"a": {"gamma": "Infinity"}}},
        {"channels": {"a": {"window": [1]}}},
        {"channels": {"a": {"window": [1, "nan"]}}},
        {"channels": {"a": {"colour": "red"}}},
        {"channels": {"a" * 101: {}}},
        {"channels": {str(n): {} for n in range(201)}},
        {"channels": [1]},
        {"labels": {"drawn": "dots"}},
        {"labels": {"opacity": 2}},
    ],
)
def test_what_is_no_setting_is_refused_and_nothing_is_kept(client, project, bad):
    assert put(client, project, **bad).status_code == 400
    assert not ViewSettings.objects.exists()


def test_a_bookmark_is_added_renamed_and_deleted(client, image):
    made = add(client, image, "  first\tplace ").json()
    address = f"/api/v1/bookmarks/{made['id']}/"

    assert made["name"] == "first place"
    assert made["place"] == {**PLACE, "t": 0, "is_projected": False, "draft": ""}
    assert (made["is_mine"], made["is_shared"]) == (True, False)
    assert client.patch(address, {"name": "second"}, **JSON).json()["name"] == "second"
    assert names(client, image) == ["second"]
    assert client.delete(address).status_code == 204
    assert names(client, image) == []


@pytest.mark.parametrize(
    "bad",
    [
        {"name": " "},
        {"name": "x" * 101},
        {"place": {"x": 1, "y": 1}},
        {"place": {"x": 1, "y": 1, "scale": 0}},
        {"place": {"x": 1, "y": "nan", "scale": 1}},
        {"place": {**PLACE, "z": -1}},
    ],
)
def test_a_bookmark_needs_a_name_and_a_place(client, image, bad):
    assert add(client, image, **bad).status_code == 400
    assert not Bookmark.objects.exists()


def test_others_see_what_is_shared_and_change_nothing(as_person, people, client, image):
    own = add(client, image, "own").json()
    shared = add(client, image, "shared", is_shared=True).json()
    other = as_person(people["owner"])

    assert names(client, image) == ["own", "shared"]
    assert names(other, image) == ["shared"]
    rows = other.get(f"/api/v1/images/{image.pk}/bookmarks/").json()
    assert rows[0]["is_mine"] is False
    for row, status in ((own, 404), (shared, 403)):
        address = f"/api/v1/bookmarks/{row['id']}/"
        assert other.patch(address, {"name": "x"}, **JSON).status_code == status
        assert other.delete(address).status_code == status
    client.patch(f"/api/v1/bookmarks/{shared['id']}/", {"is_shared": False}, **JSON)
    assert names(other, image) == []


def test_strangers_see_no_bookmarks(as_person, people, client, image):
    made = add(client, image, is_shared=True).json()
    stranger = as_person(people["stranger"])

    assert stranger.get(f"/api/v1/images/{image.pk}/bookmarks/").status_code == 404
    assert stranger.delete(f"/api/v1/bookmarks/{made['id']}/").status_code == 404
    assert add(stranger, image).status_code == 404


def test_a_list_ends_somewhere(client, image, annotator):
    Bookmark.objects.bulk_create(
        Bookmark(image=image, user=annotator, name=str(k), place=PLACE)
        for k in range(MAX_BOOKMARKS)
    )

    answer = add(client, image)

    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_bookmarks")
