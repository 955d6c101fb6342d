"""Checkpoint folders as zip files: equal folders give equal bytes, hostile ones give an error."""

from __future__ import annotations

import os
import shutil
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO

from project.errors import CheckpointCorrupt

MAX_FILES = 2000  # a checkpoint has a handful; a bomb has millions
MAX_BYTES = 8 << 30  # unpacked
EARLIEST = (1980, 1, 1, 0, 0, 0)  # zip knows no earlier date; the real one would change the bytes
BLOCK_BYTES = 1 << 20
# NotImplementedError: an unknown compression; RuntimeError: an encrypted entry.
DAMAGE = (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, zlib.error)


def pack(folder: Path, target: Path, *, below: Path | None = None) -> None:
    """Write the files of a folder into a zip, whole or not at all.

    Parameters
    ----------
    folder : Path
        Folder, or single file, to pack.
    target : Path
        Zip file to make or replace.
    below : Path, optional
        Names in the zip are relative to this folder; to `folder` itself when None.
    """
    root = below or folder
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        # Weights do not compress; stored bytes are also read faster.
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
            for path in files or [folder]:
                entry = zipfile.ZipInfo(path.relative_to(root).as_posix(), EARLIEST)
                entry.external_attr = (stat.S_IFREG | 0o644) << 16
                with path.open("rb") as source, archive.open(entry, "w", force_zip64=True) as out:
                    shutil.copyfileobj(source, out, BLOCK_BYTES)
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def unpack(source: Path | BinaryIO, folder: Path, *, max_bytes: int = MAX_BYTES) -> None:
    """Unpack a zip into a folder that exists.

    Raises
    ------
    CheckpointCorrupt
        When it is no zip, is damaged, is far too large, or names a place outside the folder.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            check_entries(entries, max_bytes)
            for entry in entries:
                target = folder.joinpath(*PurePosixPath(entry.filename).parts)
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(entry) as packed, target.open("wb") as out:
                    copy_exactly(packed, out, entry.file_size)
    except DAMAGE as error:
        raise CheckpointCorrupt("This is no readable checkpoint: its zip is damaged.") from error


def check_entries(entries: list[zipfile.ZipInfo], max_bytes: int) -> None:
    """Refuse what no checkpoint contains; raises CheckpointCorrupt."""
    if not entries:
        raise CheckpointCorrupt("This checkpoint is empty.")
    if len(entries) > MAX_FILES or sum(entry.file_size for entry in entries) > max_bytes:
        raise CheckpointCorrupt("This checkpoint is far too large.")
    for entry in entries:
        path = PurePosixPath(entry.filename)
        is_link = stat.S_ISLNK(entry.external_attr >> 16)
        if path.is_absolute() or ".." in path.parts or "\\" in entry.filename or is_link:
            raise CheckpointCorrupt("This checkpoint names files outside its folder.")


def copy_exactly(packed: IO[bytes], out: BinaryIO, n_bytes: int) -> None:
    """Copy an entry; raises CheckpointCorrupt when it holds more than it declared."""
    left = n_bytes
    while block := packed.read(BLOCK_BYTES):
        left -= len(block)
        if left < 0:
            raise CheckpointCorrupt("This checkpoint is damaged: a file is larger than declared.")
        out.write(block)
