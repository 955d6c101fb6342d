"""The project page with its images, and the editor."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from annotations.models import Image, ImageState
from annotations.pages.base import ProjectPageView
from annotations.queries.overview import (
    ProjectOverview,
    neighbours,
    next_image_to_paint,
    project_overview,
)
from annotations.queries.tour import tour_of
from project.errors import NotFound, NotReady


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the loop as the project page shows it."""

    title: str
    note: str
    is_done: bool
    is_now: bool


def steps_of(so_far: ProjectOverview, *, may_annotate: bool = True) -> list[Step]:
    """Return the four steps; the first one that is not done is the one to do now."""
    done = (
        so_far.n_ready > 0,
        so_far.n_annotated > 0,
        so_far.n_regions > 0,
        so_far.n_drafted > 0,
    )
    now = done.index(False) if False in done else -1
    titles = ("Upload images", "Paint objects", "Declare a region", "Train a model")
    notes = (
        image_note(so_far, may_annotate),
        paint_note(so_far),
        region_note(so_far),
        train_note(so_far),
    )
    return [
        Step(title, note, is_done, place == now)
        for place, (title, note, is_done) in enumerate(zip(titles, notes, done, strict=True))
    ]


def image_note(so_far: ProjectOverview, may_annotate: bool) -> str:
    """Say how many images there are."""
    if not so_far.n_images:
        return "Drop files or a folder below." if may_annotate else "Nobody has uploaded any yet."
    failed = f", {so_far.n_failed} failed" if so_far.n_failed else ""
    return f"{so_far.n_ready} of {so_far.n_images} ready{failed}"


def paint_note(so_far: ProjectOverview) -> str:
    """Say how many images are painted on."""
    if not so_far.n_annotated:
        return "Open an image and paint every object you are sure of."
    return f"{so_far.n_annotated} of {so_far.n_images} images painted"


def region_note(so_far: ProjectOverview) -> str:
    """Say how many regions teach and how many measure."""
    if not so_far.n_regions:
        return "Promise where everything is annotated, and submit it."
    if not so_far.n_blind:
        return f"{so_far.n_regions} submitted; none for blind validation yet"
    return f"{so_far.n_regions} submitted, {so_far.n_blind} for blind validation"


def train_note(so_far: ProjectOverview) -> str:
    """Say what the last training gave."""
    if not so_far.n_drafted:
        return "StarDist or Cellpose, on this computer, in minutes."
    return f"Drafts on {so_far.n_drafted} images: correct them and train again"


class ProjectPage(ProjectPageView):
    """Images of a project: upload, find, open."""

    template_name = "annotations/project.html"
    tab = "images"

    def context(self, project_id: uuid.UUID, **kwargs: Any) -> dict[str, Any]:
        """Return the project, its counts and the step to take next."""
        membership = self.membership(project_id)
        so_far = project_overview(membership)
        frame = self.frame(membership)
        return {
            **frame,
            "so_far": so_far,
            "steps": steps_of(so_far, may_annotate=frame["may_annotate"]),
            "next_image": next_image_to_paint(membership.project),
        }


class EditorPage(ProjectPageView):
    """The editor of one image."""

    template_name = "annotations/editor.html"
    tab = "images"

    def context(self, image_id: uuid.UUID, **kwargs: Any) -> dict[str, Any]:
        """Return the image; a stranger to its project cannot tell whether it exists."""
        image = (
            Image.objects.select_related("project")
            .filter(pk=image_id, project__memberships__user=self.request.user.pk)
            .first()
        )
        if image is None:
            raise NotFound("There is no such image, or you are not a member of its project.")
        if image.state != ImageState.READY:
            raise NotReady(not_ready_sentence(image))
        previous_id, next_id = neighbours(image)
        return {
            **self.frame(self.membership(image.project_id)),
            "image": image,
            "previous_id": previous_id,
            "next_id": next_id,
            "tour": tour_of(self.request.user),
        }


def not_ready_sentence(image: Image) -> str:
    """Say why an image cannot be opened."""
    if image.state == ImageState.FAILED:
        return f"{image.name} could not be read: {image.error_message}"
    return f"{image.name} is still being read; open it again in a moment."
