"""Who belongs to a project: add, change role, remove, hand out a login link."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import transaction

from annotations.actions.audit import audit
from annotations.models import Membership, Project, Role
from annotations.rules import require
from project.accounts import new_login_path
from project.errors import Conflict, InvalidInput, NotFound


class BadUserName(InvalidInput):
    """The user name cannot be used for an account."""

    code = "bad_user_name"


class NoSuchRole(InvalidInput):
    """The role is not one of the four."""

    code = "no_such_role"


class AlreadyMember(Conflict):
    """The person belongs to the project already."""

    code = "already_member"


class LastOwner(Conflict):
    """A project cannot be left without an owner."""

    code = "last_owner"


class AccountInUse(Conflict):
    """A login link would open an account that belongs to somebody."""

    code = "account_in_use"


@dataclass(frozen=True, slots=True)
class Invitation:
    """A membership, and the address that logs its person in once (new accounts only)."""

    membership: Membership
    login_path: str = ""


@transaction.atomic
def add_member(
    *, user: Any, project: Project, username: str, role: str, full_name: str = ""
) -> Invitation:
    """Make a person a member; an unknown user name becomes an account with a one-time link.

    Raises NotFound, NotAllowed, BadUserName, NoSuchRole, AlreadyMember.
    """
    require(user, project, Role.OWNER)
    wanted = checked_role(role)
    person, is_new = account_named(username.strip(), full_name.strip())
    membership, is_added = Membership.objects.get_or_create(
        project=project, user=person, defaults={"role": wanted}
    )
    if not is_added:
        raise AlreadyMember(f"{person.username} is a member already; change the role below.")
    audit(
        user=user,
        project=project,
        verb="add_member",
        target=person.pk,
        username=person.username,
        role=wanted.value,
        new_account=is_new,
    )
    return Invitation(membership, new_login_path(person) if is_new else "")


@transaction.atomic
def change_role(*, user: Any, project: Project, member_id: int, role: str) -> Membership:
    """Give a member another role.

    Raises NotFound, NotAllowed, NoSuchRole, LastOwner.
    """
    require(user, project, Role.OWNER)
    wanted = checked_role(role)
    membership = locked_member(project, member_id)
    before = membership.role
    if before == Role.OWNER and wanted != Role.OWNER:
        keep_an_owner(project, membership)
    membership.role = wanted
    membership.save(update_fields=["role"])
    audit(
        user=user,
        project=project,
        verb="change_role",
        target=membership.user_id,
        before=before,
        after=wanted.value,
    )
    return membership


@transaction.atomic
def remove_member(*, user: Any, project: Project, member_id: int) -> None:
    """Take a person off the project; what they painted stays, with their name.

    Raises NotFound, NotAllowed, LastOwner.
    """
    require(user, project, Role.OWNER)
    membership = locked_member(project, member_id)
    if membership.role == Role.OWNER:
        keep_an_owner(project, membership)
    audit(
        user=user,
        project=project,
        verb="remove_member",
        target=membership.user_id,
        username=membership.user.get_username(),
        role=membership.role,
    )
    membership.delete()


@transaction.atomic
def renew_login_link(*, user: Any, project: Project, member_id: int) -> Invitation:
    """Make a new one-time link for an account that nobody has used yet.

    Raises NotFound, NotAllowed, AccountInUse.
    """
    require(user, project, Role.OWNER)
    membership = locked_member(project, member_id)
    if not is_unused(membership):
        raise AccountInUse(
            f"{membership.user.get_username()} uses this account already; only the site's "
            "administrator can make a new link for it."
        )
    audit(user=user, project=project, verb="renew_login_link", target=membership.user_id)
    return Invitation(membership, new_login_path(membership.user))


def is_unused(membership: Membership) -> bool:
    """Tell whether nobody has logged into the account and no other project knows it.

    An owner who could make links for any member could become that member in other projects.
    """
    person = membership.user
    if person.last_login is not None or person.has_usable_password():
        return False
    if person.is_staff or person.is_superuser:
        return False
    return not person.memberships.exclude(pk=membership.pk).exists()


def checked_role(role: str) -> Role:
    """Return the role of that name; raises NoSuchRole."""
    try:
        return Role(role)
    except ValueError as error:
        names = ", ".join(Role.values)
        raise NoSuchRole(f"There is no role {role!r}; choose one of {names}.") from error


def account_named(username: str, full_name: str) -> tuple[Any, bool]:
    """Return the account of that name, made without a password where there is none.

    Raises BadUserName.
    """
    model = get_user_model()
    found = model.objects.filter(username__iexact=username).first()
    if found is not None:
        return found, False
    first, _, last = full_name.partition(" ")
    person = model(username=username, first_name=first, last_name=last)
    person.set_unusable_password()
    try:
        person.full_clean()
    except ValidationError as error:
        reason = " ".join(error.messages)
        raise BadUserName(f"That user name cannot be used: {reason}") from error
    person.save()
    return person, True


def locked_member(project: Project, member_id: int) -> Membership:
    """Return a member of this very project; locked, since two owners may act at once.

    Raises NotFound.
    """
    # The project's row is the lock: two owners who remove each other must not both succeed.
    Project.objects.select_for_update().get(pk=project.pk)
    membership = (
        Membership.objects.select_related("user").filter(project=project, pk=member_id).first()
    )
    if membership is None:
        raise NotFound("That person is not a member of this project any more.")
    return membership


def keep_an_owner(project: Project, leaving: Membership) -> None:
    """Raise LastOwner when the project would be left without an owner."""
    others = Membership.objects.filter(project=project, role=Role.OWNER).exclude(pk=leaving.pk)
    if not others.exists():
        raise LastOwner("A project needs an owner: make somebody else an owner first.")
