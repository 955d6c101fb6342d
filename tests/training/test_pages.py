from __future__ import annotations

import uuid

import pytest
from django.test import Client
from django.urls import reverse

from annotations.models import AuditEntry, Membership, Project, Role
from tests.factories import ImageFactory, ProjectFactory
from tests.people import client_of, make_person
from training.actions.runs import queue_run
from training.models import Evaluation, ModelVersion, RunState
from training.queries.overview import latest_versions, ready_to_train

pytestmark = pytest.mark.django_db


def version_of(project, number=1, **fields):
    return ModelVersion.objects.create(
        project=project,
        number=number,
        engine="stardist",
        origin="scratch",
        checkpoint_digest="0" * 64,
        size_bytes=1,
        **fields,
    )


def measure(version, training_set, ap50, split="validation", state=RunState.FINISHED):
    scores = {"pooled": {"ap": {"0.5": ap50}}}
    return Evaluation.objects.create(
        version=version, training_set=training_set, split=split, state=state, metrics=scores
    )


@pytest.fixture
def run(owner, project, world):
    return queue_run(user=owner, project=project, engine="threshold")


@pytest.fixture
def version(project):
    return version_of(project)


@pytest.fixture
def pages(project, run, version):
    return [
        reverse("project-training", args=[project.pk]),
        reverse("run", args=[run.pk]),
        reverse("version", args=[version.pk]),
    ]


def test_every_member_sees_every_page(people, pages):
    for name in ("owner", "reviewer", "annotator", "viewer"):
        for page in ["/", *pages]:
            assert client_of(people[name]).get(page).status_code == 200


def test_a_stranger_gets_the_answer_of_a_wrong_address(stranger, pages, project):
    for page in pages:
        answer = client_of(stranger).get(page)
        assert answer.status_code == 404
        assert project.name not in answer.content.decode()


def test_someone_not_logged_in_is_asked_to(pages):
    for page in ["/", *pages]:
        answer = Client().get(page)
        assert (answer.status_code, answer.url) == (302, f"/accounts/login/?next={page}")


def test_a_wrong_address_is_a_page_too(owner):
    for name in ("project-training", "run", "version"):
        answer = client_of(owner).get(reverse(name, args=[uuid.uuid4()]))
        assert answer.status_code == 404
        assert b"Go to your projects" in answer.content


def test_looking_writes_nothing_and_asks_little(owner, pages, django_assert_max_num_queries):
    client = client_of(owner)

    for page in ["/", *pages]:
        with django_assert_max_num_queries(14) as seen:
            client.get(page)
        starts = {query["sql"].split()[0] for query in seen.captured_queries}
        assert starts <= {"SELECT", "WITH"}


def test_the_home_page_asks_the_same_for_one_project_and_for_many(
    owner, project, django_assert_max_num_queries
):
    for number in range(5):
        other = ProjectFactory()
        make_person("owner", other, Role.OWNER)
        ImageFactory(project=other, thumbnail_digest="0" * 64)
        version_of(other, number + 1)

    client = client_of(owner)

    with django_assert_max_num_queries(7):
        answer = client.get("/")

    assert answer.content.decode().count('class="card"') == 6


def test_the_home_page_shows_only_the_persons_own_projects(owner, stranger, project):
    text = client_of(stranger).get("/").content.decode()

    assert project.name not in text.replace("project ", "project-")
    assert text.count('class="card"') == 1


def test_a_first_visit_says_what_to_do(db):
    text = client_of(make_person("newcomer")).get("/").content.decode()

    assert "Start with a project" in text
    assert '<details class="disclosure" open>' in text


def test_a_new_project_belongs_to_its_maker(stranger):
    answer = client_of(stranger).post(
        reverse("project-add"), {"name": "Ki67, batch 3", "description": "One object is a nucleus."}
    )

    project = Project.objects.get(name="Ki67, batch 3")
    assert answer.url == reverse("project", args=[project.pk])
    assert Membership.objects.get(project=project).role == Role.OWNER
    assert AuditEntry.objects.filter(project=project).exists()


@pytest.mark.parametrize("name", ["", "   "])
def test_a_project_without_a_name_is_not_made(owner, name):
    answer = client_of(owner).post(
        reverse("project-add"), {"name": name, "description": "kept as typed"}
    )

    assert answer.status_code == 400
    assert "kept as typed" in answer.content.decode()


def test_a_name_that_is_taken_is_said_so(owner, project):
    answer = client_of(owner).post(reverse("project-add"), {"name": project.name})

    assert answer.status_code == 409
    assert "already a project named" in answer.content.decode()


def test_the_card_shows_the_newest_version_on_the_newest_set(owner, project, run):
    older, newest = version_of(project, 1), version_of(project, 2)
    measure(older, run.training_set, 0.9)
    measure(newest, run.training_set, 0.7312)
    measure(newest, run.training_set, 0.1, split="test")

    found = latest_versions([project.pk])[project.pk]

    assert (found.version, found.ap50) == (newest, 0.7312)
    assert "AP50 <strong>0.73</strong>" in client_of(owner).get("/").content.decode()


def test_an_evaluation_that_is_not_done_is_not_shown(project, run, version):
    measure(version, run.training_set, 0.5, state=RunState.FAILED)

    assert latest_versions([project.pk])[project.pk].ap50 is None


def test_what_is_ready_is_what_freezing_would_use(project, world, run):
    ready = ready_to_train(project)

    frozen = run.training_set.splits
    assert ready.train.n_regions == frozen["train"]["regions"]
    assert ready.train.n_images == frozen["train"]["images"]
    assert ready.validation.n_regions == frozen["validation"]["regions"]
    assert ready.can_train
