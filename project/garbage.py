"""Garbage collection: blobs that nothing names any more are removed.

A blob is named by a column called `digest` or `…_digest`, or inside a manifest, which is a blob
itself. What is named stays. What is not goes once it is a day old, since a younger one may belong
to a transaction that has not ended. See docs/decisions/0015-garbage-collection.md.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, TypeAlias, TypeVar

from django.apps import apps
from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import Q
from django.utils import timezone

from project.broker import TASK_MODULES
from project.errors import Conflict, NotFound, StorageFull, Unavailable
from project.storage import blobs_dir, open_blob, remove_blobs, write_atomically

logger = logging.getLogger(__name__)

Column: TypeAlias = tuple[type[models.Model], str]  # model and field
Item = TypeVar("Item")

YOUNG = timedelta(hours=24)  # longer than any transaction; also than a clock is wrong
DAILY_S = 24 * 3600
BATCH = 2000  # digests in one statement, files under one lock
DIGEST_LENGTH = 64
LOCK = "cytoloop.garbage"


class CollectionBusy(Conflict):
    """Blobs are being removed, or must not be removed right now."""

    code: ClassVar[str] = "collection_busy"


class ReferencesUnknown(Unavailable):
    """It cannot be told what is still named."""

    code: ClassVar[str] = "references_unknown"


@dataclass(slots=True)
class Collected:
    """What a collection did, or would do."""

    dry_run: bool
    n_removed: int = 0
    removed_bytes: int = 0
    n_kept: int = 0
    kept_bytes: int = 0
    n_young: int = 0  # named by nothing yet, too young to judge
    n_tidied: int = 0  # rows of history and folders of ended work
    n_manifests_missing: int = 0
    duration_s: float = 0.0


_manifests: dict[Column, Callable[[BinaryIO], Iterable[str]]] = {}
_wanted: dict[Column, Callable[[datetime], Q]] = {}
_tidying: list[Callable[[datetime], int]] = []


def register_manifest(
    model: type[models.Model], field: str, read: Callable[[BinaryIO], Iterable[str]]
) -> None:
    """Say how the digests are read that stand in the blobs which a column names."""
    _manifests[model, field] = read


def register_wanted(model: type[models.Model], field: str, wanted: Callable[[datetime], Q]) -> None:
    """Say which rows still need the blobs that they name; without this all do."""
    _wanted[model, field] = wanted


def register_tidying(tidy: Callable[[datetime], int]) -> None:
    """Have something removed before each collection; `tidy(now)` returns how much it was."""
    if tidy not in _tidying:
        _tidying.append(tidy)


def digest_columns() -> list[Column]:
    """Return every column of digests of every installed model."""
    return [
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, models.CharField)
        and field.max_length == DIGEST_LENGTH
        and (field.name == "digest" or field.name.endswith("_digest"))
    ]


def collect(
    *, dry_run: bool = False, tell: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Remove the blobs that nothing names and return what was done, or would be.

    Raises CollectionBusy while another collection or a backup runs, and ReferencesUnknown.
    """
    began = time.monotonic()
    know_the_apps()
    with nobody_else_removes():
        now = timezone.now()
        done = Collected(dry_run)
        if not dry_run:
            tell("tidying up")
            done.n_tidied = sum(tidy(now) for tidy in _tidying)
        with named_blobs(now, done, tell):
            sweep(now, done, tell)
        done.duration_s = round(time.monotonic() - began, 1)
        if not dry_run:
            with contextlib.suppress(StorageFull):
                write_atomically(record_path(), json.dumps(asdict(done)).encode())
    logger.info("Garbage collection: %s", asdict(done))
    return asdict(done)


def collect_daily() -> None:
    """Collect when the last collection is a day old; what stands in the way is logged."""
    path = record_path()
    if not path.exists():
        write_atomically(path, b"{}")  # a new site has nothing that is old
    if time.time() - path.stat().st_mtime < DAILY_S:
        return
    try:
        collect()
    except CollectionBusy:
        logger.info("Garbage is not collected now: a backup or another collection runs.")
    except Unavailable as error:
        logger.warning("Garbage was not collected: %s", error.message)


def record_path() -> Path:
    """Return the file that says when was collected last, and what."""
    return Path(settings.CYTOLOOP_DATA_DIR) / "garbage.json"


def know_the_apps() -> None:
    """Load what registers the manifests; raises ReferencesUnknown when one cannot be read.

    The safe side: a process that does not know every reference removes nothing.
    """
    for name in TASK_MODULES:
        importlib.import_module(name)
    for model, field in digest_columns():
        if field == "manifest_digest" and (model, field) not in _manifests:
            raise ReferencesUnknown(
                f"It is not known how the manifests of {model.__name__} are read, so nothing was "
                "removed."
            )


@contextlib.contextmanager
def nobody_else_removes() -> Iterator[None]:
    """Hold the right to remove blobs; raises CollectionBusy."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s), 0)", [LOCK])
        if not cursor.fetchone()[0]:
            raise CollectionBusy(
                "A backup or another collection is running; try again when it has ended."
            )
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtext(%s), 0)", [LOCK])


@contextlib.contextmanager
def nothing_is_removed() -> Iterator[None]:
    """Keep every blob for as long as the block takes (a backup); waits for a collection to end."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock_shared(hashtext(%s), 0)", [LOCK])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock_shared(hashtext(%s), 0)", [LOCK])


def may_remove_now() -> bool:
    """Take the right to remove until the present transaction ends; False when it must not be."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext(%s), 0)", [LOCK])
        free: bool = cursor.fetchone()[0]
        return free


@contextlib.contextmanager
def named_blobs(now: datetime, done: Collected, tell: Callable[[str], None]) -> Iterator[None]:
    """Have a temporary table of all digests that are named, from one moment of the database.

    In the database and not in memory: a site may have millions. One moment, since a digest that
    moves from one table to another while they are read would be in neither. Whatever names a blob
    later either stored it again, which made it young, or took it from a row of that moment.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            cursor.execute("CREATE TEMPORARY TABLE named_blobs (digest bytea PRIMARY KEY)")
            for model, field in digest_columns():
                tell(f"reading {model._meta.verbose_name_plural}")
                _name_column(cursor, model, field, now)
            for (model, field), read in _manifests.items():
                tell(f"reading manifests of {model._meta.verbose_name_plural}")
                _name_manifests(cursor, model, field, read, done)
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS named_blobs")


def _name_column(cursor: Any, model: type[models.Model], field: str, now: datetime) -> None:
    rows = model._default_manager.exclude(**{field: ""})
    wanted = _wanted.get((model, field))
    if wanted is not None:
        rows = rows.filter(wanted(now))
    digests, params = rows.values_list(field).query.sql_with_params()
    cursor.execute(
        "INSERT INTO named_blobs SELECT DISTINCT decode(d, 'hex')"  # noqa: S608 (Django's own SQL)
        f" FROM ({digests}) AS named (d) WHERE d ~ '^[0-9a-f]{{64}}$' ON CONFLICT DO NOTHING",
        params,
    )


def _name_manifests(
    cursor: Any,
    model: type[models.Model],
    field: str,
    read: Callable[[BinaryIO], Iterable[str]],
    done: Collected,
) -> None:
    """Name what stands in manifests; one that is damaged ends the collection.

    One that is missing was lost before: nobody can read what it named without a restore, which
    brings both back.
    """
    manifests = model._default_manager.values_list(field, flat=True).distinct()
    for manifest in manifests.iterator(chunk_size=BATCH):
        try:
            with open_blob(manifest) as file:
                named = list(read(file))
        except NotFound:
            done.n_manifests_missing += 1
            continue
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise ReferencesUnknown(
                f"The stored file {manifest} is damaged, so it cannot be told what it names and "
                "nothing was removed; restore it from a backup."
            ) from error
        for batch in _batches(named):
            cursor.execute(
                "INSERT INTO named_blobs SELECT decode(d, 'hex') FROM unnest(%s::text[]) AS d"
                " WHERE d ~ '^[0-9a-f]{64}$' ON CONFLICT DO NOTHING",
                [batch],
            )


def sweep(now: datetime, done: Collected, tell: Callable[[str], None]) -> None:
    """Remove the old blobs that are not in the table, folder by folder."""
    before = (now - YOUNG).timestamp()
    for number in range(256):
        tell(f"folder {number + 1} of 256: {done.n_removed} files, {done.removed_bytes:,} bytes")
        for batch in _batches(_files(blobs_dir() / f"{number:02x}")):
            files = dict(batch)
            unnamed = _unnamed(list(files))
            old = [digest for digest in unnamed if files[digest].st_mtime < before]
            if done.dry_run:
                removed = [files[digest].st_size for digest in old]
            else:
                removed = remove_blobs(old, untouched_since=before)
            done.n_removed += len(removed)
            done.removed_bytes += sum(removed)
            done.n_young += len(unnamed) - len(old)
            kept = files.keys() - set(unnamed)
            done.n_kept += len(kept)
            done.kept_bytes += sum(files[digest].st_size for digest in kept)


def _files(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if len(entry.name) == DIGEST_LENGTH:
                    with contextlib.suppress(FileNotFoundError):
                        yield entry.name, entry.stat()
    except FileNotFoundError:
        return  # no blob begins so


def _unnamed(digests: list[str]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT d FROM unnest(%s::text[]) AS d WHERE NOT EXISTS"
            " (SELECT 1 FROM named_blobs WHERE digest = decode(d, 'hex'))",
            [digests],
        )
        return [digest for (digest,) in cursor.fetchall()]


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    rest = iter(items)
    while batch := list(islice(rest, BATCH)):
        yield batch
