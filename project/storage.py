"""Content-addressed blobs: bytes named by their sha256, written once, never changed."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import shutil
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TypeVar

from django.conf import settings

from project.errors import NotFound, StorageFull, StorageUnavailable
from project.filelock import FileLock

BLOCK_BYTES = 1 << 20
FULL = "The disk of the data directory is full; free some space and try again."
N_AT_ONCE = 4  # threads that compress, write and wait for the disk
LOCK_WAIT_S = 60.0  # a batch of removals takes milliseconds, a stuck disk longer


Item = TypeVar("Item")
Result = TypeVar("Result")

_disk = ThreadPoolExecutor(N_AT_ONCE, thread_name_prefix="blobs")


def blobs_dir() -> Path:
    """Return the folder of all blobs."""
    return Path(settings.CYTOLOOP_DATA_DIR) / "blobs"


def scratch_dir() -> Path:
    """Return the folder for half-made files; emptied of old ones by the reaper."""
    path = Path(settings.CYTOLOOP_DATA_DIR) / "scratch"
    path.mkdir(parents=True, exist_ok=True)
    return path


def blob_path(digest: str) -> Path:
    """Return where the blob lies; raise NotFound for anything that is no sha256."""
    if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
        raise NotFound("That is not the digest of a stored file.")
    return blobs_dir() / digest[:2] / digest


def has_blob(digest: str) -> bool:
    """Tell whether the blob is stored."""
    return blob_path(digest).is_file()


def put_bytes(data: bytes) -> str:
    """Store bytes and return their digest."""
    return put_blocks([data])


def put_file(path: Path) -> str:
    """Store a copy of a file and return its digest."""
    with path.open("rb") as file:
        return put_stream(file)


def put_stream(stream: BinaryIO) -> str:
    """Store what a stream yields and return its digest."""
    return put_blocks(iter(lambda: stream.read(BLOCK_BYTES), b""))


def put_blocks(blocks: Iterable[bytes]) -> str:
    """Store blocks as one blob (temporary file, fsync, rename) and return its sha256.

    Storing what is stored already makes it young again, so that the garbage collection leaves it
    to whoever is about to name it in a row.

    Raises StorageFull or StorageUnavailable; no partial blob is ever visible.
    """
    digest = hashlib.sha256()
    temporary = Path(settings.CYTOLOOP_DATA_DIR) / "scratch" / f"blob-{secrets.token_hex(8)}"
    try:
        scratch_dir()
        with temporary.open("wb") as file:
            for block in blocks:
                digest.update(block)
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
        final = blob_path(digest.hexdigest())
        with _removal_lock(shared=True):
            if _made_young(final):
                temporary.unlink()
                return digest.hexdigest()
            final.parent.mkdir(parents=True, exist_ok=True)
            temporary.replace(final)
        sync_dir(final.parent)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise storage_error(error) from error
    return digest.hexdigest()


def several_at_once(store: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Yield what `store` makes of each item, in order; while one waits for the disk others run.

    Never more than a few items are in hand, so that they may be made as they are needed.
    """
    waiting: deque[Future[Result]] = deque()
    rest = iter(items)
    first = next(rest, None)
    for item in rest:
        if first is not None:
            waiting.append(_disk.submit(store, first))
        first = item
        if len(waiting) > N_AT_ONCE:
            yield waiting.popleft().result()
    if first is not None:
        last = store(first)  # the caller's thread has nothing else to do
        yield from (one.result() for one in waiting)
        yield last


def remove_blobs(digests: Iterable[str], *, untouched_since: float | None = None) -> list[int]:
    """Remove blobs that nothing names, and return the sizes of those that were removed.

    With `untouched_since` (seconds since 1970) a blob that was stored, or stored again, after
    that stays. Raises StorageUnavailable.
    """
    sizes = []
    try:
        with _removal_lock(shared=False):
            for digest in digests:
                path = blob_path(digest)
                with contextlib.suppress(FileNotFoundError):
                    status = path.stat()
                    if untouched_since is None or status.st_mtime < untouched_since:
                        path.unlink()
                        sizes.append(status.st_size)
    except OSError as error:
        raise storage_error(error) from error
    return sizes


def _removal_lock(*, shared: bool) -> FileLock:
    """Return the lock between looking at a blob's age and removing it.

    Else a blob could be removed just after a writer found it there. Held for milliseconds.
    """
    return FileLock(
        Path(settings.CYTOLOOP_DATA_DIR) / "blobs.lock", shared=shared, wait_s=LOCK_WAIT_S
    )


def _made_young(path: Path) -> bool:
    """Set the time of a stored blob to now; False when it is not stored."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


def keep_young(digest: str) -> bool:
    """Keep a blob from the garbage collection for a day; False when it is not stored (any more).

    Raises StorageUnavailable.
    """
    try:
        with _removal_lock(shared=True):
            return _made_young(blob_path(digest))
    except OSError as error:
        raise storage_error(error) from error


def read_blob(digest: str) -> bytes:
    """Return the bytes of a blob; raise NotFound when it is not stored."""
    with open_blob(digest) as file:
        return file.read()


@contextmanager
def open_blob(digest: str) -> Iterator[BinaryIO]:
    """Open a blob for reading; raise NotFound when it is not stored."""
    try:
        file = blob_path(digest).open("rb")
    except FileNotFoundError as error:
        raise NotFound(
            "A stored file is missing; restore it from the backup.", digest=digest
        ) from error
    with file:
        yield file


def write_atomically(path: Path, data: bytes) -> None:
    """Replace a file's content in one step (temporary file, fsync, rename)."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_dir(path.parent)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise storage_error(error) from error


def sync_dir(path: Path) -> None:
    """Make a rename inside the folder survive a power cut (no-op on Windows)."""
    if os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def free_bytes() -> int:
    """Return how many bytes the data directory can still take."""
    return shutil.disk_usage(settings.CYTOLOOP_DATA_DIR).free


def is_full(error: BaseException | None) -> bool:
    """Tell whether an error means that there is no room left."""
    return isinstance(error, StorageFull) or (
        isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    )


def storage_error(error: OSError) -> StorageFull | StorageUnavailable:
    """Turn an operating-system error into the sentence for it."""
    if is_full(error):
        return StorageFull(FULL)
    return StorageUnavailable(f"The data directory cannot be used: {error.strerror}.")
