"""How people look at images: their settings in a project, and places they want to find again."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models

from annotations.models.images import Image
from annotations.models.projects import Project


class ViewSettings(models.Model):
    """How a person shows the images of a project; without a row each image as it is."""

    id = models.BigAutoField(primary_key=True)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="view_settings")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    chosen: models.JSONField[dict[str, Any]] = models.JSONField(default=dict)  # see the API
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "view settings"
        constraints = [
            models.UniqueConstraint(
                fields=["project", "user"], name="one_view_settings_per_person"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.project}"


class Bookmark(models.Model):
    """A named view of an image; of one person, for others to see when it is shared."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="bookmarks")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=100)
    # {x, y, scale, t, z, is_projected, selected, draft}: see the API.
    place: models.JSONField[dict[str, Any]] = models.JSONField()
    is_shared = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name
