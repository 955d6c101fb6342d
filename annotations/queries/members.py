"""Who works on a project."""

from __future__ import annotations

from django.db.models import QuerySet

from annotations.models import Membership, Project


def members(project: Project) -> QuerySet[Membership]:
    """Members with their accounts, longest-standing first."""
    return project.memberships.select_related("user").order_by("created_at", "pk")
