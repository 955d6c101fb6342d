"""Checkpoints on disk: unpacked once, found again by digest."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from project.errors import CheckpointCorrupt, NotFound
from project.storage import open_blob, put_file, scratch_dir
from training.models import RunState, TrainingRun
from training.supervision.archive import unpack


@dataclass(frozen=True, slots=True)
class Finished:
    """What a child left behind: zips in scratch, the checkpoint's config, its memory at most."""

    archive: Path
    export: Path
    config: dict[str, Any]
    peak_mib: int | None = None

    @classmethod
    def from_report(cls, report: dict[str, Any]) -> Finished:
        """Read a child's last report."""
        return cls(
            Path(report["target"]),
            Path(report["export_target"]),
            json.loads(report["config"]),
            report.get("peak_mib"),
        )


def store_finished(finished: Finished) -> dict[str, Any]:
    """Store the zips of a child and return the fields of the version that they make."""
    config = finished.config
    return {
        "checkpoint_digest": put_file(finished.archive),
        "size_bytes": finished.archive.stat().st_size,
        "export_digest": put_file(finished.export),
        "config": config,
        "licence": str(config.get("licence", ""))[:100],
    }


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


def remove_ended_run_folders(now: datetime) -> int:
    """Remove the folders of runs that ended, or are gone, without anybody to clean up."""
    parent = run_folder("x").parent
    folders = list(parent.iterdir()) if parent.is_dir() else []
    before = (now - timedelta(days=1)).timestamp()
    old = {folder.name: folder for folder in folders if folder.stat().st_mtime < before}
    rows = TrainingRun.objects.filter(pk__in=old).exclude(state__in=RunState.terminal_states())
    for pk in rows.values_list("pk", flat=True):
        del old[str(pk)]
    for folder in old.values():
        shutil.rmtree(folder, ignore_errors=True)
    return len(old)
