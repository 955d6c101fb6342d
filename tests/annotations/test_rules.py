from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser

from annotations.models import Role
from annotations.rules import includes, require, visible_projects
from project.errors import NotAllowed, NotFound

LADDER = ["viewer", "annotator", "reviewer", "owner"]


@pytest.mark.parametrize("role", LADDER)
@pytest.mark.parametrize("person", LADDER)
def test_a_role_includes_the_ones_below(people, project, person, role):
    if LADDER.index(person) >= LADDER.index(role):
        assert require(people[person], project, Role(role)).role == person
        return
    with pytest.raises(NotAllowed) as refusal:
        require(people[person], project, Role(role))
    assert refusal.value.data == {"need": role, "have": person}


def test_a_stranger_does_not_learn_that_the_project_exists(stranger, project):
    with pytest.raises(NotFound):
        require(stranger, project, Role.VIEWER)
    assert project not in visible_projects(stranger)


def test_nobody_and_a_closed_account_see_nothing(owner, project):
    owner.is_active = False
    for user in (AnonymousUser(), owner):
        with pytest.raises(NotFound):
            require(user, project, Role.VIEWER)
        assert not visible_projects(user).exists()


def test_an_account_that_was_closed_meanwhile_sees_nothing(owner, project):
    type(owner).objects.filter(pk=owner.pk).update(is_active=False)

    assert owner.is_active, "as an open stream holds it"
    with pytest.raises(NotFound):
        require(owner, project, Role.VIEWER)
    assert not visible_projects(owner).exists()


def test_members_see_their_projects_only(owner, viewer, project):
    assert list(visible_projects(viewer)) == [project]


def test_the_ladder_is_an_order():
    assert all(includes(role, role) for role in Role.values)
