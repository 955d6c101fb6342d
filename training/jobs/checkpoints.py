"""Checkpoints on disk: unpacked once, found again by digest."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

from django.conf import settings

from project.errors import CheckpointCorrupt, NotFound
from project.storage import open_blob, scratch_dir
from training.supervision.archive import unpack


def checkpoint_folder(digest: str) -> Path:
    """Return the unpacked folder of a stored checkpoint; raises CheckpointCorrupt.

    Kept in scratch: whoever empties that loses time, not data.
    """
    folder = scratch_dir() / f"checkpoint-{digest}"
    if folder.is_dir():
        os.utime(folder)  # in use: the oldest are removed first
        return folder
    new = scratch_dir() / f"unpacking-{secrets.token_hex(8)}"
    new.mkdir()
    try:
        with open_blob(digest) as file:
            unpack(file, new)
        new.rename(folder)
    except NotFound as error:
        raise CheckpointCorrupt(
            "The weights of this model version are missing from the storage; restore a backup."
        ) from error
    except OSError:
        if not folder.is_dir():  # else another worker was faster, which is as good
            raise
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return folder


def run_folder(run_id: object) -> Path:
    """Return the folder that a run keeps until its end, over all its attempts."""
    return Path(settings.CYTOLOOP_DATA_DIR) / "runs" / str(run_id)


def remove_run_folder(run_id: object) -> None:
    """Remove what a run no longer needs once it has ended."""
    shutil.rmtree(run_folder(run_id), ignore_errors=True)
