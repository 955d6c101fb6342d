"""Reading how people look at images: their settings and their bookmarks."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import Q, QuerySet

from annotations.models import Bookmark, Image, Project, Role, ViewSettings
from annotations.rules import allowed_row
from project.errors import NotAllowed, NotFound


def settings_of(user: Any, project: Project) -> dict[str, Any]:
    """Return how the person shows the images of a project; empty when nothing was chosen."""
    row = ViewSettings.objects.filter(user=user.pk, project=project).first()
    return row.chosen if row is not None else {}


def bookmarks_of(user: Any, image: Image) -> QuerySet[Bookmark]:
    """Bookmarks of an image that the person may see, the oldest first."""
    visible = Q(user=user.pk) | Q(is_shared=True)
    bookmarks = Bookmark.objects.filter(visible, image=image).select_related("user")
    return bookmarks.order_by("created_at", "pk")


def find_own_bookmark(user: Any, bookmark_id: uuid.UUID) -> Bookmark:
    """Return a bookmark that the person made.

    Raises NotFound, also for what others keep to themselves, and NotAllowed for what they share.
    """
    bookmarks = Bookmark.objects.select_related("image__project", "user")
    bookmark = allowed_row(
        user, bookmarks, bookmark_id, Role.VIEWER, project_of=lambda row: row.image.project
    )
    if bookmark.user_id == user.pk:
        return bookmark
    if bookmark.is_shared:
        raise NotAllowed(f"This bookmark is {bookmark.user}'s; only they can change it.")
    raise NotFound("There is no such bookmark, or you are not a member of its project.")
