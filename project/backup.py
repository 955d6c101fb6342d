"""Backup and restore: the database's dump and all blobs in one tar file."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import os
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import connection

from project import __version__
from project.errors import Conflict, InvalidInput, NotFound, Unavailable
from project.garbage import nothing_is_removed
from project.pgbinaries import find_binaries
from project.postgres import connection_parameters
from project.storage import BLOCK_BYTES, blob_path, blobs_dir, put_stream, scratch_dir

FORMAT = 1
MANIFEST, DUMP = "cytoloop-backup.json", "database.dump"
SCHEMAS = ("public", "dramatiq")


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
        _run("pg_dump", "--format=custom", "--no-owner", f"--file={dump}")
        blobs = sorted(blobs_dir().glob("??/*"))
        manifest = {
            "format": FORMAT,
            "cytoloop": __version__,
            "made_at": dt.datetime.now(tz=dt.UTC).isoformat(),
            "n_blobs": len(blobs),
        }
        try:
            with tarfile.open(partial, "w") as tar:
                _add_bytes(tar, MANIFEST, json.dumps(manifest).encode())
                tar.add(dump, DUMP)
                for number, path in enumerate(blobs, start=1):
                    tar.add(path, f"blobs/{path.name}")
                    tell(f"file {number} of {len(blobs)}")
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
    return {**manifest, "file": str(target), "size_bytes": target.stat().st_size}


def restore(
    source: Path, *, replace: bool = False, tell: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Read everything back from a tar file; the site must not run.

    Raises NotABackup, NotEmpty (unless `replace`), BackupFailed.
    """
    try:
        with tarfile.open(source, "r") as tar, tempfile.TemporaryDirectory() as folder:
            manifest = _manifest(tar)
            if not replace and _has_projects():
                raise NotEmpty(
                    "This site already has projects; a restore would replace them all. "
                    "Repeat it with --replace if that is what you want."
                )
            dump = Path(folder) / DUMP
            n_blobs = 0
            for member in tar:
                if member.name == DUMP:
                    dump.write_bytes(_content(tar, member).read())
                elif member.name.startswith("blobs/"):
                    _restore_blob(_content(tar, member), member.name.removeprefix("blobs/"))
                    n_blobs += 1
                    tell(f"file {n_blobs} of {manifest['n_blobs']}")
            if n_blobs != manifest["n_blobs"] or not dump.exists():
                raise NotABackup("The backup is incomplete; nothing was changed in the database.")
            tell("restoring the database")
            _restore_dump(dump)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise NotABackup(f"{source} cannot be read as a backup: {error}.") from error
    return {**manifest, "file": str(source)}


def _manifest(tar: tarfile.TarFile) -> dict[str, Any]:
    member = tar.next()
    if member is None or member.name != MANIFEST:
        raise NotABackup("The file is not a backup of cytoloop.")
    manifest: dict[str, Any] = json.loads(_content(tar, member).read())
    if manifest["format"] != FORMAT:
        raise NotABackup("The backup was made by a newer cytoloop; update this one first.")
    return manifest


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
    with connection.cursor() as cursor:
        for schema in SCHEMAS:
            cursor.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
        cursor.execute("CREATE SCHEMA public")
    _run("pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", str(dump), into=True)


def _has_projects() -> bool:
    if "annotations_project" not in connection.introspection.table_names():
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM annotations_project)")
        return bool(cursor.fetchone()[0])


def _run(program: str, *arguments: str, into: bool = False) -> None:
    parameters = connection_parameters("cytoloop backup")
    # By the environment: arguments can be read by every user of the machine.
    names = {"dbname": "PGDATABASE", "user": "PGUSER", "password": "PGPASSWORD"}
    names |= {"host": "PGHOST", "port": "PGPORT", "sslmode": "PGSSLMODE"}
    env = {names[key]: str(value) for key, value in parameters.items() if key in names}
    database = [f"--dbname={parameters['dbname']}"] if into else []
    ended = subprocess.run(
        [find_binaries().folder / program, *database, *arguments],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode != 0:
        raise BackupFailed(f"{program} failed: {ended.stderr.strip()[-500:]}")


def _add_bytes(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))
