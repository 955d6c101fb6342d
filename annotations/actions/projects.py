"""Making projects and changing what is said about them."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import IntegrityError, transaction

from annotations.actions.audit import audit
from annotations.models import Membership, Project, Role
from annotations.queries.images import find_project
from project.errors import Conflict, InvalidInput

MAX_NAME = 200


class ProjectNameTaken(Conflict):
    """Another project has this name."""

    code = "project_name_taken"


class BadProjectName(InvalidInput):
    """A project needs a name of some length."""

    code = "bad_project_name"


@transaction.atomic
def create_project(*, user: Any, name: str, description: str = "") -> Project:
    """Make a project and its maker the first owner.

    Raises BadProjectName and ProjectNameTaken.
    """
    project = Project(name=checked_name(name), description=description.strip(), created_by=user)
    save(project)
    Membership.objects.create(project=project, user=user, role=Role.OWNER)
    audit(user=user, project=project, verb="create_project", target=project)
    return project


@transaction.atomic
def update_project(*, user: Any, project_id: uuid.UUID, **changes: Any) -> Project:
    """Change a project's name, description or way of drafting; only an owner may.

    Drafts that are there stay as they were made; those that wait are made the new way.
    Raises NotFound, NotAllowed, BadProjectName and ProjectNameTaken.
    """
    project = find_project(user, project_id, Role.OWNER)
    if "name" in changes:
        project.name = checked_name(changes["name"])
    if "description" in changes:
        project.description = changes["description"].strip()
    for name in ("fast_drafts", "stack_drafts"):
        if name in changes:
            setattr(project, name, changes[name])
    save(project)
    audit(user=user, project=project, verb="update_project", target=project, **changes)
    return project


def checked_name(name: str) -> str:
    """Return the name without outer blanks and control characters."""
    clean = "".join(letter for letter in name if letter.isprintable()).strip()
    if not clean or len(clean) > MAX_NAME:
        raise BadProjectName(f"A project needs a name of 1 to {MAX_NAME} letters.")
    return clean


def save(project: Project) -> None:
    """Write the row; two people may choose the same name at the same moment."""
    try:
        with transaction.atomic():
            project.save()
    except IntegrityError as error:
        raise ProjectNameTaken(
            f"There is already a project named {project.name!r}; choose another name."
        ) from error
