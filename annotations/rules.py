"""Who may do what in a project: one ladder of roles, asked by every action and query."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from annotations.models import Membership, Project, Role
from project.errors import NotAllowed, NotFound

Row = TypeVar("Row", bound=Model)

LADDER = (Role.VIEWER, Role.ANNOTATOR, Role.REVIEWER, Role.OWNER)  # each includes the ones before


def require(user: Any, project: Project, role: Role) -> Membership:
    """Return the person's membership when it includes the role.

    Raises NotFound for a stranger, so that a guessed address tells nothing, and NotAllowed for
    a member whose role is too small.
    """
    membership = membership_of(user, project)
    if membership is None:
        raise NotFound("There is no such project, or you are not a member of it.")
    if not includes(membership.role, role):
        held = Role(membership.role).label.lower()
        raise NotAllowed(
            f"This needs the role {role.label.lower()}, and you are {held} in this project. "
            f"Ask an owner of {project.name!r} to change it.",
            need=role.value,
            have=membership.role,
        )
    return membership


def allowed_row(
    user: Any, rows: QuerySet[Row], pk: Any, role: Role, *, project_of: Callable[[Row], Project]
) -> Row:
    """Return the row that has this key, when the person has the role in its project.

    Raises NotAllowed, and NotFound: the same for a stranger as when there is no such row.
    """
    row = rows.filter(pk=pk).first()
    name = rows.model._meta.verbose_name
    missing = NotFound(f"There is no such {name}, or you are not a member of its project.")
    if row is None:
        raise missing
    try:
        require(user, project_of(row), role)
    except NotFound as error:
        raise missing from error
    return row


def membership_of(user: Any, project: Project) -> Membership | None:
    """Return the person's membership, or None for a stranger or someone not logged in."""
    if not getattr(user, "is_active", False):
        return None
    # Asked of the row too: an open stream holds the person as they were when it began.
    return Membership.objects.filter(project=project, user=user.pk, user__is_active=True).first()


def includes(held: str, wanted: str) -> bool:
    """Tell whether the held role includes the wanted one."""
    return LADDER.index(Role(held)) >= LADDER.index(Role(wanted))


def visible_projects(user: Any) -> QuerySet[Project]:
    """Projects that the person is a member of."""
    if not getattr(user, "is_active", False):
        return Project.objects.none()
    return Project.objects.filter(memberships__user=user.pk, memberships__user__is_active=True)
