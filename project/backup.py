"""Backup and restore: the database's dump and all blobs in one tar file."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import connection
from psycopg import pq
from psycopg.conninfo import make_conninfo

from project import __version__
from project.errors import Conflict, InvalidInput, NotFound, Unavailable
from project.garbage import nothing_is_removed
from project.pgbinaries import find_binaries
from project.postgres import connection_parameters
from project.storage import (
    BLOCK_BYTES,
    blob_path,
    blobs_dir,
    is_full,
    put_stream,
    scratch_dir,
    storage_error,
    sync_dir,
)

FORMAT = 1
MANIFEST, DUMP = "cytoloop-backup.json", "database.dump"
# In one transaction with what the dump holds. Someone who still works in the database would be
# waited for without end; the dump's own statements begin by taking the limit back.
DROPS = """\
SET lock_timeout = '30s';
DROP SCHEMA IF EXISTS public CASCADE;
DROP SCHEMA IF EXISTS dramatiq CASCADE;
CREATE SCHEMA public;
"""
# Written by pg_dump 17 and newer, not understood by servers before 17; without it the server's
# own setting holds. Of equal length: the line is changed in place.
NEW_SETTING, NO_SETTING = b"SET transaction_timeout", b"--- transaction_timeout"


class BackupFailed(Unavailable):
    """PostgreSQL's own program gave up."""

    code = "backup_failed"


class NotABackup(InvalidInput):
    """The file is no backup, or a damaged one."""

    code = "not_a_backup"


class NotEmpty(Conflict):
    """The database that would be replaced holds projects."""

    code = "not_empty"


def backup(target: Path, tell: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """Write everything into a tar file; the site may run meanwhile.

    The dump comes first: blobs are never changed and none is removed meanwhile, so those that it
    names are all still there when they are read after it.
    """
    partial = target.with_name(f"{target.name}.partial")
    with nothing_is_removed(), tempfile.TemporaryDirectory(dir=scratch_dir()) as folder:
        dump = Path(folder) / DUMP
        tell("dumping the database")
        _run_in_database("pg_dump", "--format=custom", "--no-owner", f"--file={dump}")
        blobs = sorted(blobs_dir().glob("??/*"))
        manifest = {
            "format": FORMAT,
            "cytoloop": __version__,
            "made_at": dt.datetime.now(tz=dt.UTC).isoformat(),
            "n_blobs": len(blobs),
            "dump_sha256": _digest_of(dump),
        }
        try:
            with partial.open("wb") as file, tarfile.open(fileobj=file, mode="w") as tar:
                _add_bytes(tar, MANIFEST, json.dumps(manifest).encode())
                tar.add(dump, DUMP)
                for number, path in enumerate(blobs, start=1):
                    tar.add(path, f"blobs/{path.name}")
                    tell(f"file {number} of {len(blobs)}")
                tar.close()
                file.flush()
                os.fsync(file.fileno())
            partial.replace(target)
            sync_dir(target.parent)
        finally:
            partial.unlink(missing_ok=True)
    return {**manifest, "file": str(target), "size_bytes": target.stat().st_size}


def restore(
    source: Path, *, replace: bool = False, tell: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Read everything back from a tar file; the site must not run.

    The database is replaced last and in one transaction, after everything in the file was found
    whole: whatever goes wrong, what was there before is still there.

    Raises NotABackup, NotEmpty (unless `replace`), BackupFailed, StorageFull.
    """
    try:
        with (
            tarfile.open(source, "r:") as tar,
            tempfile.TemporaryDirectory(dir=scratch_dir()) as folder,
        ):
            manifest = _manifest(tar)
            if not replace and _has_projects():
                raise NotEmpty(
                    "This site already has projects; a restore would replace them all. "
                    "Repeat it with --replace if that is what you want."
                )
            dump = Path(folder) / DUMP
            _unpack(tar, manifest, dump, tell)
            tell("restoring the database")
            _restore_dump(dump)
    except (tarfile.TarError, EOFError) as error:
        raise NotABackup(f"{source} cannot be read as a backup: {error}.") from error
    except OSError as error:
        if is_full(error):
            raise storage_error(error) from error
        raise NotABackup(f"{source} cannot be read: {error.strerror or error}.") from error
    return {**manifest, "file": str(source)}


def _manifest(tar: tarfile.TarFile) -> dict[str, Any]:
    member = tar.next()
    if member is None or member.name != MANIFEST:
        raise NotABackup("The file is not a backup of cytoloop.")
    try:
        manifest: dict[str, Any] = json.loads(_content(tar, member).read())
        if manifest["format"] != FORMAT:
            raise NotABackup("The backup was made by a newer cytoloop; update this one first.")
        int(manifest["n_blobs"])
    except (ValueError, TypeError, KeyError) as error:
        raise NotABackup("The backup is damaged: its list of contents is unreadable.") from error
    return manifest


def _unpack(
    tar: tarfile.TarFile, manifest: dict[str, Any], dump: Path, tell: Callable[[str], None]
) -> None:
    """Store the blobs, which changes nothing that is there, and lay the dump down at `dump`."""
    n_blobs = 0
    for member in tar:
        if member.name == DUMP:
            with dump.open("wb") as file:
                shutil.copyfileobj(_content(tar, member), file, BLOCK_BYTES)
        elif member.name.startswith("blobs/"):
            _restore_blob(_content(tar, member), member.name.removeprefix("blobs/"))
            n_blobs += 1
            tell(f"file {n_blobs} of {manifest['n_blobs']}")
    if n_blobs != manifest["n_blobs"] or not dump.exists():
        raise NotABackup("The backup is incomplete; nothing was changed in the database.")
    # A backup made before the digest was written has none.
    if _digest_of(dump) != manifest.get("dump_sha256", _digest_of(dump)):
        raise NotABackup("The backup is damaged; nothing was changed in the database.")


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> Any:
    content = tar.extractfile(member)
    if content is None:
        raise NotABackup(f"The backup holds something that is no file: {member.name}.")
    return content


def _restore_blob(stream: Any, digest: str) -> None:
    try:
        path = blob_path(digest)
    except NotFound as error:
        raise NotABackup(f"The backup holds a file with a forbidden name: {digest}.") from error
    if path.exists():
        if _digest_of(path) == digest:
            return
        path.unlink()  # damaged: a stored blob is never overwritten
    if put_stream(stream) != digest:
        raise NotABackup(f"A file in the backup is damaged: {digest}.")


def _digest_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def _restore_dump(dump: Path) -> None:
    """Put the dump in the place of everything that is in the database, or change nothing."""
    drops, script = dump.with_name("drops.sql"), dump.with_name("dump.sql")
    drops.write_text(DROPS, encoding="utf-8")
    try:
        # Unpacked to its end before anything is dropped: a pipe could break in the middle, and
        # psql would take that for the end of the script.
        _run("pg_restore", "--no-owner", "--no-privileges", f"--file={script}", str(dump))
    except BackupFailed as error:
        raise NotABackup(
            f"The backup's database cannot be read; nothing was changed. {error.message}"
        ) from error
    with script.open("r+b") as file:
        found = file.read(4096).find(NEW_SETTING)
        if found >= 0:
            file.seek(found)
            file.write(NO_SETTING)
    connection.close()  # what it knows of the tables would be wrong afterwards
    connection.close_pool()  # type: ignore[attr-defined]
    options = ("--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1")
    _run_in_database("psql", *options, f"--file={drops}", f"--file={script}")


def _has_projects() -> bool:
    if "annotations_project" not in connection.introspection.table_names():
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM annotations_project)")
        return bool(cursor.fetchone()[0])


def _run_in_database(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs on the site's database."""
    parameters = connection_parameters("cytoloop backup")
    # By the environment: arguments can be read by every user of the machine. A few options (the
    # keep-alives) have no variable.
    names = {
        option.keyword.decode(): option.envvar.decode()
        for option in pq.Conninfo.get_defaults()
        if option.envvar
    }
    env = {names[key]: str(value) for key, value in parameters.items() if key in names}
    others = {key: value for key, value in parameters.items() if key not in names}
    database = make_conninfo(dbname=parameters["dbname"], **others)
    _run(program, f"--dbname={database}", *arguments, env=env)


def _run(program: str, *arguments: str, env: dict[str, str] | None = None) -> None:
    try:
        ended = subprocess.run(
            [find_binaries().folder / program, *arguments],
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise BackupFailed(f"{program} cannot be started: {error.strerror}.") from error
    if ended.returncode != 0:
        raise BackupFailed(f"{program} failed: {ended.stderr.strip()[-500:]}")


def _add_bytes(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))
