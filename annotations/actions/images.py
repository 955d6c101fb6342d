"""What people do with images: add, rename, tag, look at, read again, remove."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from annotations.actions.audit import audit, not_audited
from annotations.models import Image, ImageState, LayerSnapshot, Project, Region, Role, Split
from annotations.queries.blobs import digests_of, hold_blobs
from annotations.queries.images import TileView, find_image, tile_view
from annotations.rules import require
from annotations.tasks import remove_unused_blobs, send_image
from project import events
from project.broker import send
from project.errors import Conflict, InvalidInput
from project.storage import has_blob, put_file, put_stream

MIB = 1 << 20
MAX_TAGS, MAX_TAG = 20, 64
MAX_NAME = 255
UNNAMED = "unnamed"
SIZES_UM = (1e-3, 1e3)
NAMED_KEEPERS = 5  # in a sentence; the data lists all


class DuplicateImage(Conflict):
    """The project has this very file already; `data["image"]` is its image."""

    code = "duplicate_image"


class ImageInUse(Conflict):
    """Something that must stay reproducible refers to the image."""

    code = "image_in_use"


class ImageNotFailed(Conflict):
    """Only a failed image can be read again."""

    code = "image_not_failed"


class FileTooLarge(InvalidInput):
    """More bytes than the site takes."""

    code = "file_too_large"
    http_status = 413


class BadTags(InvalidInput):
    """A tag is too long, or there are too many."""

    code = "bad_tags"


class BadPixelSize(InvalidInput):
    """No microscope has pixels or planes of this size."""

    code = "bad_pixel_size"


class BadChannels(InvalidInput):
    """The channels sent do not fit the image."""

    code = "bad_channel_display"


def register_image(  # noqa: PLR0913 - the parts of one upload
    *,
    user: Any,
    project: Project,
    file_name: str,
    path: Path | None = None,
    stream: BinaryIO | None = None,
    tags: Iterable[str] = (),
    split: str = Split.NONE,
    group: str = "",
) -> Image:
    """Keep an uploaded file untouched, make its image and queue the reading of it.

    Give either `path` or `stream`. Raises NotFound, NotAllowed, BadTags, FileTooLarge,
    DuplicateImage, and StorageFull or StorageUnavailable.
    """
    require(user, project, Role.ANNOTATOR)
    wanted = checked_tags(tags)
    # Gigabytes take minutes to copy: no transaction waits for that.
    digest, size_bytes = keep_original(path, stream)
    with transaction.atomic():
        hold_blobs()
        if not has_blob(digest):  # removed with another image since
            keep_original(path, stream)
        refuse_duplicate(project, digest)
        image = Image(
            project=project,
            name=clean_name(file_name),
            tags=wanted,
            split=split,
            group=group,
            created_by=user,
            original_digest=digest,
            size_bytes=size_bytes,
        )
        try:
            with transaction.atomic():
                image.save(force_insert=True)
        except IntegrityError:  # the same file was sent twice at the same moment
            refuse_duplicate(project, digest)
            raise
        audit(
            user=user,
            project=project,
            verb="register_image",
            target=image,
            name=image.name,
            sha256=digest,
            size_bytes=size_bytes,
        )
        announce(image)
        send_image(image.pk)
    return image


def keep_original(path: Path | None, stream: BinaryIO | None) -> tuple[str, int]:
    """Store the file as it came; return its digest and size."""
    if path is not None:
        size_bytes = path.stat().st_size
        check_size(size_bytes)
        return put_file(path), size_bytes
    if stream is None:
        raise ValueError("register_image needs a path or a stream")
    size_bytes = stream.seek(0, 2)
    check_size(size_bytes)
    stream.seek(0)
    return put_stream(stream), size_bytes


def check_size(size_bytes: int) -> None:
    """Refuse a file that is larger than the site takes."""
    most = settings.CYTOLOOP_MAX_UPLOAD_MIB
    if size_bytes > most * MIB:
        raise FileTooLarge(
            f"This file has {size_bytes / MIB:,.0f} MiB; at most {most:,} MiB can be uploaded. "
            "Compress it or split it."
        )


def refuse_duplicate(project: Project, digest: str) -> None:
    """Raise DuplicateImage when the project has this very file."""
    same = Image.objects.filter(project=project, original_digest=digest).only("pk", "name").first()
    if same is not None:
        raise DuplicateImage(
            f"This file is already in the project, as {same.name!r}.",
            image=str(same.pk),
            name=same.name,
        )


@transaction.atomic
def update_image(*, user: Any, image_id: uuid.UUID, **changes: Any) -> Image:
    """Change name, tags, split, group, sizes in micrometres or the display of channels.

    Raises NotFound, NotAllowed, BadTags, BadPixelSize and BadChannels.
    """
    image = find_image(user, image_id, Role.ANNOTATOR)
    before = {name: getattr(image, name) for name in changes}
    if "name" in changes:
        image.name = clean_name(changes["name"])
    if "tags" in changes:
        image.tags = checked_tags(changes["tags"])
    if "channels" in changes:
        image.channels = checked_channels(image, changes["channels"])
    for name in ("pixel_size_um", "z_step_um"):
        if name in changes:
            setattr(image, name, checked_size_um(changes[name]))
    for name in ("split", "group"):
        if name in changes:
            setattr(image, name, changes[name])
    # Only what was asked for: a worker may be writing the rest of the row at this moment.
    image.save(update_fields=list(changes))
    after = {name: getattr(image, name) for name in changes}
    audit(
        user=user,
        project=image.project,
        verb="update_image",
        target=image,
        before=before,
        after=after,
    )
    announce(image)
    return image


@transaction.atomic
def delete_image(*, user: Any, image_id: uuid.UUID) -> None:
    """Remove an image with its labels and regions, and what of its files nobody else uses.

    Raises NotFound, NotAllowed, and ImageInUse when a training set names it: what a model
    learned from, or was measured on, must stay as it is.
    """
    image = find_image(user, image_id, Role.REVIEWER)
    # The same lock as freezing a set takes: one of the two sees what the other did.
    Project.objects.select_for_update(no_key=True).get(pk=image.project_id)
    digests = digests_of(image)
    audit(
        user=user,
        project=image.project,
        verb="delete_image",
        target=image,
        name=image.name,
        sha256=image.original_digest,
    )
    try:
        with transaction.atomic():
            # Regions hold snapshots and snapshots hold layers: from the outside in.
            Region.objects.filter(image=image).delete()
            LayerSnapshot.objects.filter(layer__image=image).delete()
            image.delete()
    except ProtectedError as error:
        raise in_use(image, error) from error
    send(remove_unused_blobs, digests)
    events.publish(
        f"project:{image.project_id}", {"type": "image", "id": str(image_id), "state": "deleted"}
    )


def in_use(image: Image, error: ProtectedError) -> ImageInUse:
    """Say what keeps an image: the rows that protect it speak for themselves."""
    keepers = sorted({str(row) for row in error.protected_objects}, key=natural_order)
    named = ", ".join(keepers[:NAMED_KEEPERS])
    more = len(keepers) - NAMED_KEEPERS
    return ImageInUse(
        f"{image.name} cannot be deleted: it is in {named}{f' and {more} more' * (more > 0)}, "
        "and what a model was trained or measured on never changes. To leave it out of further "
        "training, reopen its regions.",
        kept_by=keepers,
    )


def natural_order(text: str) -> list[tuple[int, str]]:
    """Sort key that puts "set 2" before "set 10"."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", text)]


@transaction.atomic
def retry_image(*, user: Any, image_id: uuid.UUID) -> Image:
    """Read a failed image again.

    Raises NotFound, NotAllowed, and ImageNotFailed.
    """
    image = find_image(user, image_id, Role.ANNOTATOR)
    updated = Image.objects.filter(pk=image.pk, state=ImageState.FAILED).update(
        state=ImageState.QUEUED,
        attempt=0,
        error_code="",
        error_message="",
        queued_at=timezone.now(),
    )
    if updated != 1:
        raise ImageNotFailed("Only an image that could not be read can be read again.")
    image.refresh_from_db()
    audit(user=user, project=image.project, verb="retry_image", target=image)
    announce(image)
    send_image(image.pk)
    return image


@not_audited("looking changes nothing but the order in which drafts are made")
def view_image(*, user: Any, image_id: uuid.UUID) -> TileView:
    """Hand out the address of an image's tiles and remember that it is being looked at.

    Raises NotFound, NotAllowed, and NotReady.
    """
    view = tile_view(user, image_id)
    Image.objects.filter(pk=image_id).update(viewed_at=timezone.now())
    return view


def announce(image: Image) -> None:
    """Tell everyone who looks at the project that the image changed."""
    events.publish(
        f"project:{image.project_id}",
        {"type": "image", "id": str(image.pk), "state": str(image.state)},
    )


def clean_name(file_name: str) -> str:
    """Return the last part of a file name, without control characters; only ever shown."""
    last = file_name.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    # isprintable also drops the marks that turn the direction of writing (RTL tricks).
    clean = "".join(letter for letter in last if letter.isprintable()).strip()
    return shortened(clean) or UNNAMED


def shortened(name: str) -> str:
    """Cut a name to what the column takes, keeping its ending."""
    if len(name) <= MAX_NAME:
        return name
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > 10:
        return name[:MAX_NAME]
    return stem[: MAX_NAME - len(ending) - 1] + dot + ending


def checked_tags(tags: Iterable[str]) -> list[str]:
    """Return tags without blanks and repetitions, in the order given."""
    clean = ["".join(letter for letter in tag if letter.isprintable()).strip() for tag in tags]
    unique = list(dict.fromkeys(tag for tag in clean if tag))
    if len(unique) > MAX_TAGS or any(len(tag) > MAX_TAG for tag in unique):
        raise BadTags(f"At most {MAX_TAGS} tags of {MAX_TAG} letters fit on an image.")
    return unique


def checked_size_um(size_um: float | None) -> float | None:
    """Return a size in micrometres, if it is one of a microscope; raises BadPixelSize."""
    low, high = SIZES_UM
    if size_um is not None and not low <= size_um <= high:
        raise BadPixelSize(
            f"A size must be from {low:g} to {high:g} micrometres; leave it empty when nobody "
            "knows it."
        )
    return size_um


def checked_channels(image: Image, channels: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the channels as stored; their number is the file's and cannot change."""
    if len(channels) != len(image.channels):
        raise BadChannels(
            f"This image has {len(image.channels)} channels, but {len(channels)} were sent."
        )
    for channel in channels:
        low, high = channel["window"]
        if not low < high:
            raise BadChannels("The black end of a channel's window must lie below the white end.")
    return [
        {"name": channel["name"], "colour": channel["colour"], "window": list(channel["window"])}
        for channel in channels
    ]
