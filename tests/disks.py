"""Small real file systems, to see what happens when there is no room left."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

FILLER = "filler"


@contextlib.contextmanager
def disk_at(place: Path, size: str) -> Iterator[Callable[[int | None], None]]:
    """Mount a disk of its own; call what this yields to leave so many bytes free, None for all."""
    place.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("only root may mount a file system")

    def leave(n_bytes: int | None) -> None:
        (place / FILLER).unlink(missing_ok=True)
        if n_bytes is not None:
            free = os.statvfs(place).f_bavail * os.statvfs(place).f_frsize
            (place / FILLER).write_bytes(b"\0" * (free - n_bytes))

    try:
        yield leave
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)
