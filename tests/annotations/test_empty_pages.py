"""Pages of a site with nothing in it: what it is for, and the way to the next thing to do."""

from __future__ import annotations

import pytest
from django.urls import reverse

from annotations.pages.images import steps_of
from annotations.queries.overview import ProjectOverview
from tests.factories import ImageFactory
from tests.people import client_of, make_person

pytestmark = pytest.mark.django_db


def read(person, name, *args):
    return client_of(person).get(reverse(name, args=args)).content.decode()


def test_who_has_no_project_learns_how_to_get_into_one(owner, project):
    newcomer = make_person("nora")

    assert "Ask an owner of it to add <strong>nora</strong>" in read(newcomer, "home")
    assert "Ask an owner of it" not in read(owner, "home")


@pytest.mark.parametrize(
    ("name", "note"),
    [
        ("owner", "Drop files or a folder below."),
        ("annotator", "Drop files or a folder below."),
        ("viewer", "Nobody has uploaded any yet."),
    ],
)
def test_only_who_may_upload_is_told_to(people, project, name, note):
    page = read(people[name], "project", project.pk)

    notes = {"Drop files or a folder below.", "Nobody has uploaded any yet."}
    assert {one for one in notes if one in page} == {note}


def test_with_images_all_are_told_the_same(people, project):
    ImageFactory(project=project)

    assert "1 of 1 ready" in read(people["viewer"], "project", project.pk)


def test_one_step_is_the_one_to_do_now(project):
    empty = ProjectOverview(project, "viewer", 0, 0, 0, 0, 0, 0, 0)

    for may_annotate in (True, False):
        steps = steps_of(empty, may_annotate=may_annotate)
        assert [step.is_now for step in steps] == [True, False, False, False]
        assert all(step.note for step in steps)


def test_who_is_alone_is_told_what_others_are_good_for(owner, project):
    project.memberships.exclude(user=owner.pk).delete()
    hint = "several can paint on one image at once"

    assert hint in read(owner, "people", project.pk)


def test_who_is_not_alone_is_not(owner, project, people):
    assert "several can paint on one image at once" not in read(owner, "people", project.pk)
