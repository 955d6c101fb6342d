"""Resumable uploads (tus 1.0.0): begin, append a piece, give up.

The bytes received so far lie in one file of the scratch folder; the row tells how many of them
count. A crash between the two leaves bytes that the next piece overwrites.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

from annotations.actions.audit import not_audited
from annotations.actions.images import (
    DuplicateImage,
    check_size,
    checked_tags,
    clean_name,
    register_image,
)
from annotations.models import Image, Role, Upload
from annotations.queries.images import find_project
from annotations.rules import require
from project.errors import Conflict, InvalidInput, NotFound, StorageFull
from project.filelock import FileLock, LockHeld
from project.storage import free_bytes, scratch_dir, storage_error

LIFETIME = timedelta(hours=24)  # an upload that nobody continued is given up
KEEP_FREE_BYTES = 1 << 30  # the database beside it must not run out of disk
MAX_OPEN = 500  # per person; a folder of thousands is sent a few at a time


class WrongOffset(Conflict):
    """The piece does not begin where the last one ended; `data["offset"]` is where it did."""

    code = "wrong_offset"


class UploadBusy(Conflict):
    """Another request is writing to this upload."""

    code = "upload_busy"
    http_status = 423


class TooManyUploads(Conflict):
    """A person has too many unfinished uploads."""

    code = "too_many_uploads"
    http_status = 429


class ChecksumMismatch(InvalidInput):
    """The piece was changed on its way."""

    code = "checksum_mismatch"
    http_status = 460  # of the tus checksum extension


class UnknownChecksum(InvalidInput):
    """The checksum's algorithm is not one of ours."""

    code = "unknown_checksum"


class TooManyBytes(InvalidInput):
    """The piece goes beyond the length that was announced."""

    code = "too_many_bytes"
    http_status = 413


@dataclass(frozen=True, slots=True)
class Checksum:
    """What the sender computed of a piece."""

    algorithm: str
    digest: bytes

    def check(self, piece: bytes) -> None:
        """Raise ChecksumMismatch when the piece is not what was sent."""
        if self.algorithm not in ("sha1", "sha256", "md5"):
            raise UnknownChecksum("Checksums can be sha1, sha256 or md5.")
        found = hashlib.new(self.algorithm, piece, usedforsecurity=False).digest()
        if found != self.digest:
            raise ChecksumMismatch("This piece was damaged on its way; send it again.")


@not_audited("the image that it becomes is")
def begin_upload(
    *, user: Any, project_id: uuid.UUID, file_name: str, size_bytes: int, tags: Iterable[str] = ()
) -> Upload:
    """Make room for a file.

    Raises NotFound, NotAllowed, BadTags, FileTooLarge, TooManyUploads and StorageFull.
    """
    project = find_project(user, project_id, Role.ANNOTATOR)
    check_size(size_bytes)
    forget_abandoned()
    if free_bytes() < size_bytes + KEEP_FREE_BYTES:
        raise StorageFull("There is not enough room on the disk for this file; free some space.")
    if Upload.objects.filter(user=user).count() >= MAX_OPEN:
        raise TooManyUploads(
            f"You have {MAX_OPEN} unfinished uploads; let some of them finish first."
        )
    return Upload.objects.create(
        project=project,
        user=user,
        file_name=clean_name(file_name),
        tags=checked_tags(tags),
        size_bytes=size_bytes,
    )


@not_audited("the image that it becomes is")
def append_piece(
    *, user: Any, upload_id: uuid.UUID, offset: int, piece: bytes, checksum: Checksum | None = None
) -> tuple[Upload, Image | None]:
    """Add a piece; the last one turns the upload into an image.

    The last piece counts only once the image is registered: whoever asks after a crash in
    between is told to send it again.

    Raises NotFound, UploadBusy, WrongOffset, TooManyBytes, ChecksumMismatch, StorageFull and
    what `register_image` raises. A duplicate ends the upload, as sending it again is no use.
    """
    with alone_with(find_upload(user, upload_id)):
        upload = find_upload(user, upload_id)  # as whoever was here before us left it
        require(user, upload.project, Role.ANNOTATOR)
        check_piece(upload, offset, piece, checksum)
        write_after(upload, offset, piece)
        upload.received_bytes = offset + len(piece)
        if upload.received_bytes < upload.size_bytes:
            upload.save(update_fields=["received_bytes"])
            return upload, None
        return upload, finish_upload(user, upload)


def check_piece(upload: Upload, offset: int, piece: bytes, checksum: Checksum | None) -> None:
    """Refuse a piece that does not continue the upload, or was damaged."""
    if offset != upload.received_bytes:
        raise WrongOffset(
            "This piece does not continue what was received.", offset=upload.received_bytes
        )
    if offset + len(piece) > upload.size_bytes:
        raise TooManyBytes("More bytes were sent than were announced.")
    if checksum is not None:
        checksum.check(piece)


def finish_upload(user: Any, upload: Upload) -> Image:
    """Turn a complete upload into an image and forget it."""
    try:
        image = register_image(
            user=user,
            project=upload.project,
            file_name=upload.file_name,
            path=path_of(upload),
            tags=upload.tags,
        )
    except DuplicateImage:
        forget(upload)
        raise
    forget(upload)
    return image


@not_audited("nothing had come of it yet")
def abandon_upload(*, user: Any, upload_id: uuid.UUID) -> None:
    """Forget an upload and what was received of it.

    Raises NotFound and UploadBusy.
    """
    upload = find_upload(user, upload_id)
    with alone_with(upload):
        forget(upload)


def find_upload(user: Any, upload_id: uuid.UUID) -> Upload:
    """Return one of the person's own unfinished uploads; raise NotFound for any other."""
    upload = Upload.objects.select_related("project").filter(pk=upload_id, user=user.pk).first()
    if upload is None:
        raise NotFound("This upload is not known, or it was finished or given up; start it again.")
    require(user, upload.project, Role.VIEWER)
    return upload


@contextmanager
def alone_with(upload: Upload) -> Iterator[None]:
    """Let nobody else write to an upload, across transactions; raises UploadBusy.

    Not a lock of the row: storing the finished file takes longer than a transaction should.
    """
    lock = FileLock(lock_of(upload))
    try:
        # Not waiting: a client sends the next piece after the answer, so two at once are a mistake.
        lock.acquire()
    except LockHeld as error:
        raise UploadBusy("Another request is sending to this upload; wait for it.") from error
    try:
        yield
    finally:
        lock.release()


def write_after(upload: Upload, offset: int, piece: bytes) -> None:
    """Write a piece behind what was received; raises NotFound when that is not there any more."""
    path = path_of(upload)
    if offset and (not path.exists() or path.stat().st_size < offset):
        forget(upload)
        raise NotFound("What was received of this upload is gone; start it again.")
    if free_bytes() < len(piece) + KEEP_FREE_BYTES:
        raise StorageFull("There is not enough room on the disk for this file; free some space.")
    write_piece(path, offset, piece)


def write_piece(path: Path, offset: int, piece: bytes) -> None:
    """Write a piece at its place and make sure that it is on disk before it counts."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
        with os.fdopen(handle, "wb") as file:
            file.truncate(offset)
            file.seek(offset)
            file.write(piece)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise storage_error(error) from error


def path_of(upload: Upload) -> Path:
    """Return where the received bytes lie; named by our own id, never by a person."""
    return scratch_dir() / f"upload-{upload.pk}"


def lock_of(upload: Upload) -> Path:
    """Return where the lock of an upload lies."""
    return scratch_dir() / f"upload-{upload.pk}.lock"


def forget(upload: Upload) -> None:
    """Remove the row and the received bytes."""
    Upload.objects.filter(pk=upload.pk).delete()
    path_of(upload).unlink(missing_ok=True)
    lock_of(upload).unlink(missing_ok=True)


def forget_abandoned() -> int:
    """Remove uploads that nobody continued for a day; return how many."""
    before = timezone.now() - LIFETIME
    n_forgotten = 0
    for upload in Upload.objects.filter(created_at__lt=before)[:50]:
        path = path_of(upload)
        if path.exists() and path.stat().st_mtime > before.timestamp():
            continue  # a very long one that still grows
        forget(upload)
        n_forgotten += 1
    return n_forgotten
