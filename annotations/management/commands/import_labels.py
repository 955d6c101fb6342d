"""Import label images for images that are in a project."""

from __future__ import annotations

import time
from pathlib import Path, PurePath
from typing import Any

from django.core.management.base import CommandParser

from annotations.actions.label_imports import import_label_image
from annotations.exchange import label_files
from annotations.models import Image, ImageState, Membership, Project, Role, Split
from project.errors import InvalidInput, NotFound, NotReady, PlatformError
from project.headless import HeadlessCommand

INGEST_TIMEOUT_S = 900  # as long as reading one file may take
LOOK_EVERY_S = 0.5  # one cheap query; nobody notices half a second


class SomeLabelsFailed(InvalidInput):
    """At least one label image could not be imported; the others are in."""

    code = "some_labels_failed"


class Command(HeadlessCommand):
    """`manage.py import_labels DIR --project NAME --split train|validation|test`."""

    help = (
        "Import label images (TIFF or PNG, 8, 16 or 32 bit; 0 is background) for images of a "
        "project. A label image has the name of its image, whatever the ending; that of a stack is "
        "a TIFF file with a page for each plane."
    )
    queues = ("images",)

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("folder", type=Path, metavar="DIR")
        parser.add_argument("--project", required=True, metavar="NAME")
        parser.add_argument(
            "--split",
            required=True,
            choices=[Split.TRAIN.value, Split.VALIDATION.value, Split.TEST.value],
        )

    def work(self, **options: Any) -> dict[str, Any]:
        files = label_file_paths(options["folder"])
        project = Project.objects.filter(name=options["project"]).first()
        if project is None:
            raise NotFound(f"There is no project {options['project']!r}; import its images first.")
        user = an_owner(project)
        by_stem = images_by_stem(project)
        done: list[dict[str, Any]] = []
        failed: list[dict[str, Any]] = []
        for i, path in enumerate(files, 1):
            self.progress("Importing labels", i, len(files))
            try:
                done.append(import_file(user, path, by_stem, Split(options["split"])))
            except PlatformError as error:
                failed.append({"file": path.name, "code": error.code, "message": error.message})
        if failed:
            sentences = [f"{one['file']}: {one['message']}" for one in failed[:20]]
            raise SomeLabelsFailed(
                f"{len(failed)} of {len(files)} label images were not imported, "
                f"{len(done)} are in.\n" + "\n".join(sentences),
                images=done,
                failed=failed,
            )
        return {"project": project.name, "n_imported": len(done), "images": done}

    def text(self, result: dict[str, Any]) -> str:
        n_instances = sum(one["n_instances"] for one in result["images"])
        return (
            f"{result['n_imported']} label images with {n_instances} objects are in "
            f"{result['project']}."
        )


def label_file_paths(folder: Path) -> list[Path]:
    """Return the label files of a folder by name.

    Raises NotFound when there are none.
    """
    if not folder.is_dir():
        raise NotFound(f"There is no folder {folder}.")
    files = sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in label_files.SUFFIXES and not path.name.startswith(".")
    )
    if not files:
        raise NotFound(f"There are no TIFF or PNG files in {folder}.")
    return files


def an_owner(project: Project) -> Any:
    """Return the owner in whose name a command works.

    Raises NotFound when the project has none.
    """
    owners = Membership.objects.filter(project=project, role=Role.OWNER).order_by("created_at")
    first = owners.select_related("user").first()
    if first is None:
        raise NotFound(f"The project {project.name!r} has no owner; add one first.")
    return first.user


def stem(name: str) -> str:
    """Return a file name without its ending (both parts of `.ome.tif`)."""
    return PurePath(name).stem.removesuffix(".ome")


def images_by_stem(project: Project) -> dict[str, list[Image]]:
    """Return the project's images by the stem of their name."""
    found: dict[str, list[Image]] = {}
    for image in Image.objects.filter(project=project).select_related("project"):
        found.setdefault(stem(image.name), []).append(image)
    return found


def import_file(
    user: Any, path: Path, by_stem: dict[str, list[Image]], split: Split
) -> dict[str, Any]:
    """Import one label file and tell what came of it.

    Raises PlatformError subclasses with a sentence about this file.
    """
    images = by_stem.get(stem(path.name), [])
    if not images:
        raise NotFound("The project has no image of this name.")
    if len(images) > 1:
        raise InvalidInput("The project has several images of this name; rename all but one.")
    image = when_ready(images[0])
    planes = (image.n_z,) if image.n_z > 1 else ()
    with path.open("rb") as file:
        size = (*planes, image.height or 0, image.width or 0)
        bands = label_files.read_bands(file, size=size)
        imported = import_label_image(
            user=user, image=image, bands=bands, split=split, source=path.name
        )
    return {
        "file": path.name,
        "image": str(image.pk),
        "layer": str(imported.layer.pk),
        "region": str(imported.region.pk),
        "n_instances": imported.n_instances,
        "is_new": imported.is_new,
    }


def when_ready(image: Image) -> Image:
    """Wait until the image is read.

    Raises NotReady when reading failed or takes too long.
    """
    deadline = time.monotonic() + INGEST_TIMEOUT_S
    while image.state in ImageState.open_states():
        if time.monotonic() > deadline:
            raise NotReady("Its image is still being read; try again later.")
        time.sleep(LOOK_EVERY_S)
        image.refresh_from_db()
    if image.state != ImageState.READY:
        raise NotReady(f"Its image could not be read: {image.error_message}")
    return image
