"""Import every image of a folder into a project."""

from __future__ import annotations

import contextlib
import time
import uuid
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from annotations.actions.images import (
    DuplicateImage,
    ImageNotFailed,
    register_image,
    retry_image,
)
from annotations.actions.projects import create_project
from annotations.models import Image, ImageState, Membership, Project, Role
from project.accounts import make_owner
from project.errors import InvalidInput, NotFound, PlatformError
from project.headless import HeadlessCommand

LOOK_EVERY_S = 0.3  # one query, however many images; small ones are read in less
ENDINGS = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp"}


class SomeImagesFailed(InvalidInput):
    """At least one file could not be imported; the others are in."""

    code = "some_images_failed"


class Command(HeadlessCommand):
    """`manage.py import_images DIR --project NAME [--tag T] [--json]`."""

    help = (
        "Import the images of a folder (PNG, JPEG, TIFF, OME-TIFF, BMP, WebP) into a project, "
        "which is made when there is none of this name. Files that are in it already are skipped."
    )
    queues = ("images",)

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("folder", type=Path, metavar="DIR")
        parser.add_argument("--project", required=True, metavar="NAME")
        parser.add_argument("--tag", action="append", default=[], metavar="T")

    def work(self, **options: Any) -> dict[str, Any]:
        files = image_files(options["folder"])
        project, user = project_and_owner(options["project"])
        added: list[uuid.UUID] = []
        there: list[tuple[str, uuid.UUID]] = []  # files that are images of the project already
        failed: list[dict[str, str]] = []
        for number, path in enumerate(files, 1):
            self.progress("Uploading", number, len(files))
            try:
                image = register_image(
                    user=user,
                    project=project,
                    file_name=path.name,
                    path=path,
                    tags=options["tag"],
                )
                added.append(image.pk)
            except DuplicateImage as error:
                there.append((path.name, uuid.UUID(error.data["image"])))
                with contextlib.suppress(ImageNotFailed):  # it may have been the machine's fault
                    retry_image(user=user, image_id=there[-1][1])
            except PlatformError as error:
                failed.append({"file": path.name, "code": error.code, "message": error.message})
        rows = self.wait([*added, *(pk for _, pk in there)])
        files_of = [*((rows[pk]["name"], pk) for pk in added if pk in rows), *there]
        failed += [
            {"file": name, "code": rows[pk]["error_code"], "message": rows[pk]["error_message"]}
            for name, pk in files_of
            if pk in rows and rows[pk]["state"] == ImageState.FAILED
        ]
        ready = {pk for pk, row in rows.items() if row["state"] == ImageState.READY}
        skipped = [{"file": name, "image": str(pk)} for name, pk in there if pk in ready]
        imported = [row for pk, row in rows.items() if pk in ready and pk in added]
        return self.result(project, imported, skipped, failed)

    def wait(self, ids: list[uuid.UUID]) -> dict[uuid.UUID, dict[str, Any]]:
        """Wait until every image was read, however long that takes; return their rows by name.

        The workers' own limits and the reaper end every reading.
        """
        while True:
            images = Image.objects.filter(pk__in=ids).order_by("name")
            rows: list[Any] = list(
                images.values(
                    *("id", "name", "state", "error_code", "error_message", "height", "width")
                )
            )
            n_open = sum(row["state"] in ImageState.open_states() for row in rows)
            self.progress("Reading images", len(rows) - n_open, len(rows))
            if n_open == 0:
                return {row["id"]: row for row in rows}
            time.sleep(LOOK_EVERY_S)

    def result(
        self,
        project: Project,
        ready: list[dict[str, Any]],
        skipped: list[dict[str, str]],
        failed: list[dict[str, str]],
    ) -> dict[str, Any]:
        """Return what was done.

        Raises SomeImagesFailed when a file is not in the project now.
        """
        images = [{name: row[name] for name in ("id", "name", "height", "width")} for row in ready]
        if failed:
            sentences = [f"{one['file']}: {one['message']}" for one in failed[:20]]
            raise SomeImagesFailed(
                f"{len(failed)} of {len(failed) + len(ready) + len(skipped)} files could not be "
                f"read, {len(ready)} are in.\n" + "\n".join(sentences),
                images=images,
                skipped=skipped,
                failed=failed,
            )
        return {
            "project": project.name,
            "project_id": str(project.pk),
            "n_imported": len(images),
            "n_skipped": len(skipped),
            "images": images,
            "skipped": skipped,
        }

    def text(self, result: dict[str, Any]) -> str:
        known = f"; {result['n_skipped']} were there already" if result["n_skipped"] else ""
        return f"{result['n_imported']} images are in {result['project']}{known}."


def image_files(folder: Path) -> list[Path]:
    """Return the image files of a folder by name.

    Raises NotFound when there are none.
    """
    if not folder.is_dir():
        raise NotFound(f"There is no folder {folder}.")
    files = sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in ENDINGS and path.is_file() and not path.name.startswith(".")
    )
    if not files:
        raise NotFound(f"There are no image files ({', '.join(sorted(ENDINGS))}) in {folder}.")
    return files


def project_and_owner(name: str) -> tuple[Project, Any]:
    """Return the project of this name, made when there is none, and a person who owns it.

    A new project belongs to the site's owner. Raises NotFound when an old one has none.
    """
    owners = Membership.objects.filter(project__name=name, role=Role.OWNER)
    first = owners.select_related("user", "project").order_by("created_at").first()
    if first is not None:
        return first.project, first.user
    if Project.objects.filter(name=name).exists():
        raise NotFound(f"The project {name!r} has no owner; add one first.")
    user = make_owner()
    return create_project(user=user, name=name), user
