"""Keeping how a person looks at images: settings of a project, bookmarks of an image."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import transaction

from annotations.actions.audit import not_audited
from annotations.models import Bookmark, Membership, ViewSettings
from annotations.queries.images import find_project
from annotations.queries.labels import find_image
from annotations.queries.views import bookmarks_of, find_own_bookmark
from project.errors import Conflict, InvalidInput

MAX_BOOKMARKS = 200  # of one person in one image: a list that can still be read


class TooManyBookmarks(Conflict):
    """A person keeps only so many places of an image."""

    code = "too_many_bookmarks"


@not_audited("how one person sees images: nothing that others work with changes")
@transaction.atomic
def save_settings(*, user: Any, project_id: uuid.UUID, settings: dict[str, Any]) -> dict[str, Any]:
    """Keep how a person shows the images of a project, in the place of what was kept before.

    Raises NotFound for a stranger.
    """
    project = find_project(user, project_id)
    ViewSettings.objects.update_or_create(
        user_id=user.pk, project=project, defaults={"chosen": settings}
    )
    return settings


@not_audited("the row tells who keeps which place since when; it changes nobody's work")
@transaction.atomic
def add_bookmark(
    *, user: Any, image_id: uuid.UUID, name: str, place: dict[str, Any], is_shared: bool = False
) -> Bookmark:
    """Keep a view of an image under a name.

    Raises NotFound, InvalidInput without a name, and TooManyBookmarks.
    """
    image = find_image(user, image_id)
    # One writer per person: of two requests at once the second sees what the first kept.
    Membership.objects.select_for_update(no_key=True).get(project=image.project_id, user=user.pk)
    if bookmarks_of(user, image).filter(user=user.pk).count() >= MAX_BOOKMARKS:
        raise TooManyBookmarks(
            f"You keep {MAX_BOOKMARKS} bookmarks in this image already; delete one first."
        )
    return Bookmark.objects.create(
        image=image, user=user, name=_clean(name), place=place, is_shared=is_shared
    )


@not_audited("see add_bookmark")
@transaction.atomic
def change_bookmark(
    *, user: Any, bookmark_id: uuid.UUID, name: str | None = None, is_shared: bool | None = None
) -> Bookmark:
    """Rename a bookmark of one's own, or let others see it, or not.

    Raises NotFound, NotAllowed and InvalidInput.
    """
    bookmark = find_own_bookmark(user, bookmark_id)
    if name is not None:
        bookmark.name = _clean(name)
    if is_shared is not None:
        bookmark.is_shared = is_shared
    bookmark.save(update_fields=["name", "is_shared"])
    return bookmark


@not_audited("see add_bookmark")
@transaction.atomic
def delete_bookmark(*, user: Any, bookmark_id: uuid.UUID) -> None:
    """Forget a bookmark of one's own; raises NotFound and NotAllowed."""
    find_own_bookmark(user, bookmark_id).delete()


def _clean(name: str) -> str:
    clean = " ".join(name.split())
    if not clean:
        raise InvalidInput("A bookmark needs a name.")
    return clean
