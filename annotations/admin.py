"""Accounts in the admin: who painted something is deactivated, not deleted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest

from annotations.models import AuditEntry, LabelOp, Membership, Project, Role

admin.site.unregister(get_user_model())


@admin.register(get_user_model())
class PersonAdmin(UserAdmin):  # type: ignore[type-arg]  # not generic at run time
    """Refuses to delete an account whose name belongs to what was done."""

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """List what would go along, and as protected whoever must stay."""
        to_delete, counts, perms_needed, protected = super().get_deleted_objects(objs, request)
        return to_delete, counts, perms_needed, [*protected, *reasons_to_stay(objs)]


def reasons_to_stay(people: Iterable[Any]) -> list[str]:
    """Say of every person who has left a trace why the account must stay."""
    reasons = []
    for person in people:
        name = person.get_username()
        if LabelOp.objects.filter(user=person).exists() or (
            AuditEntry.objects.filter(user=person).exists()
        ):
            reasons.append(
                f"{name} has worked here, and the record of it names this account. Take the tick "
                "from “Active” instead: the person can no longer log in, the record stays."
            )
        elif sole_owner_of(person):
            reasons.append(f"{name} is the only owner of {sole_owner_of(person)[0]}.")
    return reasons


def sole_owner_of(person: Any) -> list[Project]:
    """Return the projects that would be left without an owner."""
    owned = Project.objects.filter(memberships__user=person, memberships__role=Role.OWNER)
    others = Membership.objects.filter(role=Role.OWNER).exclude(user=person).values("project")
    return list(owned.exclude(pk__in=others))
