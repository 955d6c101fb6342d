"""The five people of every rights test, as fixtures on one project.

Use them with `pytest_plugins = ["tests.people"]` in a conftest (tests/conftest.py does so).
"""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from annotations.models import Membership, Project, Role
from tests.factories import MembershipFactory, ProjectFactory, UserFactory

PASSWORD = "correct horse battery staple"
ROLES = [Role.OWNER, Role.REVIEWER, Role.ANNOTATOR, Role.VIEWER]


def make_person(name, project=None, role=None):
    """Return a user named after the role, a member when a role is given."""
    user = get_user_model().objects.filter(username=name).first()
    user = user or UserFactory(username=name)
    if project is not None and role is not None:
        Membership.objects.filter(project=project, user=user).delete()
        MembershipFactory(project=project, user=user, role=role)
    return user


def client_of(user):
    """Return a Django test client that is logged in as the user."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def project(db) -> Project:
    return ProjectFactory()


@pytest.fixture
def owner(project):
    return make_person("owner", project, Role.OWNER)


@pytest.fixture
def reviewer(project):
    return make_person("reviewer", project, Role.REVIEWER)


@pytest.fixture
def annotator(project):
    return make_person("annotator", project, Role.ANNOTATOR)


@pytest.fixture
def viewer(project):
    return make_person("viewer", project, Role.VIEWER)


@pytest.fixture
def stranger(db):
    """Someone with an account, an owner elsewhere, and no membership here."""
    return make_person("stranger", ProjectFactory(), Role.OWNER)


@pytest.fixture
def people(owner, reviewer, annotator, viewer, stranger):
    """All five by name."""
    return {
        "owner": owner,
        "reviewer": reviewer,
        "annotator": annotator,
        "viewer": viewer,
        "stranger": stranger,
    }


@pytest.fixture
def as_person():
    """Return the logged-in client of a person: `as_person(annotator).get(...)`."""
    return client_of
