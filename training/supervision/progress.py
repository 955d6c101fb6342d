"""What is known of a running training: time left, and the newest lines of its log."""

from __future__ import annotations

import statistics
import time
from collections import deque
from pathlib import Path

KEPT_LOG_BYTES = 200_000  # of the newest lines, kept with the row
RECENT_EPOCHS = 8  # the first epochs are slower: they compile and fill caches


class TimeLeft:
    """Estimates the end of a training from the durations of its last epochs."""

    def __init__(self, max_seconds: float | None) -> None:
        self._max_seconds = max_seconds
        self._began = time.monotonic()
        self._durations: deque[float] = deque(maxlen=RECENT_EPOCHS)

    def after_epoch(self, epoch: int, n_epochs: int, duration_s: float) -> float:
        """Return the seconds that remain; never more than the time that was given."""
        self._durations.append(duration_s)
        left = max(0, n_epochs - epoch) * statistics.median(self._durations)
        if self._max_seconds is not None:
            left = min(left, max(0.0, self._max_seconds - (time.monotonic() - self._began)))
        return left


class LogTail:
    """Reads what was appended to a log file since the last look."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._position = path.stat().st_size if path.exists() else 0

    def new_text(self, max_bytes: int = 64_000) -> str:
        """Return the new text; of a flood only the newest part."""
        try:
            with self._path.open("rb") as file:
                end = file.seek(0, 2)
                file.seek(max(self._position, end - max_bytes))
                data = file.read()
        except FileNotFoundError:
            return ""
        self._position = max(end, self._position)
        # PostgreSQL text cannot hold NUL.
        return data.decode("utf-8", errors="replace").replace("\0", "").replace("\r", "\n")

    def newest(self) -> str:
        """Return the part of the log that is kept with the row."""
        try:
            with self._path.open("rb") as file:
                end = file.seek(0, 2)
                file.seek(max(0, end - KEPT_LOG_BYTES))
                text = file.read().decode("utf-8", errors="replace")
        except FileNotFoundError:
            return ""
        return text.replace("\0", "").replace("\r", "\n")


def pieces(text: str, max_bytes: int) -> list[str]:
    """Cut a text into pieces that each take at most so many bytes as escaped JSON.

    A character takes at most 12 bytes there (a pair of escapes), so the cut is by count.
    """
    per_piece = max(1, max_bytes // 12)
    return [text[start : start + per_piece] for start in range(0, len(text), per_piece)]
