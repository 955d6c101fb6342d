"""Projects, their people, and who did what."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models


class StackDrafts(models.TextChoices):
    """What an engine that looks at planes makes of an image with several."""

    PLANES = "planes", "Each plane on its own"
    LINKED = "linked", "Objects that lie over each other are one"
    VOLUME = "volume", "Computed as volumes, by engines that can (slow)"


class Project(models.Model):
    """A body of images with its people; made by its first owner."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200, unique=True)
    description = models.TextField(blank=True)
    # Drafts may differ a little from what is measured, where an engine is faster that way.
    fast_drafts = models.BooleanField(default=False)
    stack_drafts = models.CharField(
        max_length=8, choices=StackDrafts.choices, default=StackDrafts.LINKED
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """What a member may do; each role includes the ones below it."""

    OWNER = "owner", "Owner"
    REVIEWER = "reviewer", "Reviewer"
    ANNOTATOR = "annotator", "Annotator"
    VIEWER = "viewer", "Viewer"


class Membership(models.Model):
    """A person's role in a project."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships"
    )
    role = models.CharField(max_length=20, choices=Role.choices, default=Role.ANNOTATOR)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "user"], name="one_membership_per_project")
        ]

    def __str__(self) -> str:
        return f"{self.user} as {self.role} in {self.project}"


class AuditEntry(models.Model):
    """Who did what, when; written by every action in its own transaction."""

    id = models.BigAutoField(primary_key=True)
    project = models.ForeignKey(Project, null=True, on_delete=models.CASCADE, related_name="audit")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    verb = models.CharField(max_length=64)  # name of the action
    target = models.CharField(max_length=64)  # id of what it acted on
    data: models.JSONField[dict[str, Any]] = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["project", "-created_at"], name="audit_of_project")]

    def __str__(self) -> str:
        return f"{self.verb} {self.target}"
