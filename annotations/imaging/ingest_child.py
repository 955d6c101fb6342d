"""The process that reads an uploaded file: `python -m annotations.imaging.ingest_child`.

It takes one JSON job on stdin ({path, out, limits}), reports {type: progress | done | failed},
and holds no key to the database. Whatever a hostile file does, it does it here.
"""

from __future__ import annotations

import errno
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from annotations.imaging.ingest import ingest
from annotations.imaging.probe import Limits
from annotations.imaging.tiff_header import ImageUnreadable
from project.childside import read_job, report

PROGRESS_EVERY_S = 0.5  # each is a notification to every open page of the project

TOO_BIG_TO_UNPACK = (
    "This image needs more memory than reading may use. Save it as a tiled TIFF, or split it."
)
DAMAGED = (
    "This file is damaged, or of a variant that cannot be read here. Open it in Fiji and save it "
    "as TIFF."
)


def main() -> int:
    """Do the one job and report how it ended; the exit code is 0 for every expected end."""
    job = read_job()
    report(**attempt(job))
    return 0


def attempt(job: dict[str, Any]) -> dict[str, Any]:
    """Return the last report of a job: done with what was read, or failed with a sentence."""
    try:
        made = ingest(Path(job["path"]), Path(job["out"]), Limits(**job["limits"]), Throttled())
    except ImageUnreadable as error:
        return {"type": "failed", "code": error.code, "message": error.message}
    except MemoryError:
        return {"type": "failed", "code": "image_too_large", "message": TOO_BIG_TO_UNPACK}
    except OSError as error:
        # EFBIG: the parent lets no file grow beyond the room that is left.
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            return {"type": "disk_full"}
        return damaged()
    except Exception:  # noqa: BLE001 (a decoder may raise anything for a damaged file)
        return damaged()
    return {
        "type": "done",
        "files": {
            "pixels": made.pixels.name,
            "pyramid": made.pyramid.name,
            "thumbnail": made.thumbnail.name,
        },
        "fields": made.fields,
    }


def damaged() -> dict[str, Any]:
    """Keep the decoder's own words for the log and give the person a sentence."""
    traceback.print_exc()
    return {"type": "failed", "code": ImageUnreadable.code, "message": DAMAGED}


class Throttled:
    """Reports progress, but not more often than a person can read."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def __call__(self, stage: str, share: float) -> None:
        """Report the share of a stage that is done."""
        if time.monotonic() - self._last >= PROGRESS_EVERY_S:
            self._last = time.monotonic()
            report(type="progress", stage=stage, share=round(min(share, 1.0), 3))


if __name__ == "__main__":
    sys.exit(main())
