"""What a worker does with images: read an uploaded one, remove what nobody refers to."""

from __future__ import annotations

import sys
import tempfile
import uuid
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from annotations.models import DEFAULT_LAYER, Image, ImageState, LabelLayer, LayerKind
from annotations.queries.blobs import hold_blobs, unused
from project import events, leases
from project.errors import DiskFull, OutOfMemory, ResourceProblem, StorageFull
from project.garbage import may_remove_now
from project.processes import ChildEnd, Limits, run_child
from project.storage import (
    blob_path,
    free_bytes,
    has_blob,
    is_full,
    put_file,
    remove_blobs,
    scratch_dir,
)

MIB = 1 << 20
COMMAND = [sys.executable, "-m", "annotations.imaging.ingest_child"]
ROOT = Path(__file__).resolve().parent.parent.parent
# Each decoder thread reserves address space, which counts against the limit.
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
DISK_FULL = "The disk is full. Free some space, then read this image again."
FILE_FACTOR = 2  # a pyramid and its half-made levels stay below this many times the pixels


class ReaderCrashed(ResourceProblem):
    """The reading process ended without a word: a damaged file hit a defect of a decoder."""

    code = "reader_crashed"
    retryable = False


def ingest_image(image_id: uuid.UUID) -> None:
    """Read an uploaded image in a child process and store pixels, pyramid and thumbnail.

    Idempotent: only the worker that claims the row works, and what it writes is named by
    content. A file that cannot be read ends the image as failed, with a sentence.
    """
    token = leases.claim(Image, image_id)
    if token is None:
        return
    image = Image.objects.get(pk=image_id)
    publish_state(image, ImageState.INGESTING)
    try:
        read_in_child(image, token)
    except (OSError, StorageFull) as error:
        if not is_full(error):
            raise
        end_as_failed(image, token, DiskFull.code, DISK_FULL)


def read_in_child(image: Image, token: uuid.UUID) -> None:
    """Read a claimed image and write how it ended; raises StorageFull and OSError."""
    with (
        leases.Heartbeat(Image, image.pk, token) as heartbeat,
        tempfile.TemporaryDirectory(prefix="ingest-", dir=scratch_dir()) as folder,
    ):
        last, end = run_reader(image, Path(folder), heartbeat)
        if heartbeat.lost:
            return
        if heartbeat.stopping and last is None:
            leases.hand_back(Image, image.pk, token)
            return
        conclude(image, token, Path(folder), last, end)


def run_reader(
    image: Image, folder: Path, heartbeat: leases.Heartbeat
) -> tuple[dict[str, Any] | None, ChildEnd]:
    """Run the child to its end; return its last word, if it had one, and how it ended."""
    last: dict[str, Any] | None = None

    def on_report(report: dict[str, Any]) -> None:
        nonlocal last
        if report.get("type") == "progress":
            publish_progress(image, report)
        else:
            last = report

    job = {
        "path": str(blob_path(image.original_digest)),
        "out": str(folder),
        "limits": {
            "max_side_px": settings.CYTOLOOP_MAX_SIDE_PX,
            "max_pages": settings.CYTOLOOP_MAX_PAGES,
            "max_bytes": settings.CYTOLOOP_MAX_IMAGE_MIB * MIB,
        },
    }
    end = run_child(
        COMMAND,
        job=job,
        limits=reader_limits(),
        on_report=on_report,
        should_stop=heartbeat.should_stop,
        env={**ONE_THREAD, "TMPDIR": str(folder), "PYTHONPATH": str(ROOT)},
        cwd=folder,
    )
    return last, end


def reader_limits() -> Limits:
    """Return what reading one file may use of the machine."""
    seconds = settings.CYTOLOOP_INGEST_TIMEOUT_S
    return Limits(
        memory_bytes=settings.CYTOLOOP_INGEST_MAX_MIB * MIB,
        cpu_s=seconds * 2,
        # Never so much that the database beside it runs out of disk.
        file_bytes=min(settings.CYTOLOOP_MAX_IMAGE_MIB * MIB * FILE_FACTOR, free_bytes()),
        open_files=64,
        wall_s=seconds,
    )


def conclude(
    image: Image,
    token: uuid.UUID,
    folder: Path,
    last: dict[str, Any] | None,
    end: ChildEnd,
) -> None:
    """Write how reading ended into the image's row and tell the project."""
    if last is not None and last["type"] == "done" and end.ok:
        store(image, token, folder, last)
        return
    end_as_failed(image, token, *sentence_of(last, end))


def end_as_failed(image: Image, token: uuid.UUID, code: str, message: str) -> None:
    """End an image with the reason, if it is still ours."""
    with transaction.atomic():
        ours = leases.finish(
            Image,
            image.pk,
            token,
            ImageState.FAILED,
            error_code=code,
            error_message=message,
        )
        if ours:
            publish_state(image, ImageState.FAILED)


def store(image: Image, token: uuid.UUID, folder: Path, report: dict[str, Any]) -> None:
    """Keep the three files and make the image ready, if it is still ours."""
    files = {f"{kind}_digest": folder / Path(name).name for kind, name in report["files"].items()}
    # Gigabytes take minutes to copy: no transaction waits for that.
    digests = {field: put_file(path) for field, path in files.items()}
    with transaction.atomic():
        hold_blobs()
        for field, path in files.items():
            if not has_blob(digests[field]):  # removed with another image since
                put_file(path)
        ours = leases.finish(
            Image,
            image.pk,
            token,
            ImageState.READY,
            error_code="",
            error_message="",
            **report["fields"],
            **digests,
        )
        if ours:
            # Here, so that looking at an image writes nothing; there already when it is read again.
            LabelLayer.objects.get_or_create(
                image=image, kind=LayerKind.ANNOTATION, name=DEFAULT_LAYER
            )
            publish_state(image, ImageState.READY)
    if not ours:  # deleted meanwhile, or another worker's by now
        remove_unused_blobs(list(digests.values()))


def sentence_of(last: dict[str, Any] | None, end: ChildEnd) -> tuple[str, str]:
    """Return code and sentence of an image that could not be read."""
    if last is not None and last["type"] == "failed":
        return last["code"], last["message"]
    if last is not None and last["type"] == "disk_full":
        return DiskFull.code, DISK_FULL
    if end.timed_out:
        return (
            ReaderCrashed.code,
            "Reading this image took too long and was stopped. Save it as a tiled TIFF, or split "
            "it into smaller files.",
        )
    if end.too_big:
        return (
            OutOfMemory.code,
            "This image needs more memory than reading may use. Save it as a tiled TIFF, or split "
            "it.",
        )
    return (
        ReaderCrashed.code,
        "Reading this image failed: it is damaged, or too large for this machine's memory. Open it "
        "in Fiji and save it as TIFF.",
    )


def publish_state(image: Image, state: str) -> None:
    """Tell everyone who looks at the project."""
    events.publish(
        f"project:{image.project_id}", {"type": "image", "id": str(image.pk), "state": state}
    )


def publish_progress(image: Image, report: dict[str, Any]) -> None:
    """Tell how far reading is: reading is the first half, making the view the second."""
    share = report["share"] / 2 + (0.5 if report["stage"] == "view" else 0.0)
    events.publish(
        f"project:{image.project_id}",
        {
            "type": "image",
            "id": str(image.pk),
            "state": ImageState.INGESTING.value,
            "progress": round(share, 2),
        },
    )


def announce_lost(image_id: uuid.UUID) -> None:
    """Tell the project that an image used up its attempts."""
    publish_state(Image.objects.get(pk=image_id), ImageState.FAILED)


@transaction.atomic
def remove_unused_blobs(digests: list[str]) -> None:
    """Remove stored files of deleted images, except those that another image shares.

    At once, since a large file is deleted to win room. While a backup or a collection runs
    nothing is removed here; the next collection does it.
    """
    if not may_remove_now():
        return
    hold_blobs(alone=True)
    remove_blobs(unused(digests))
