"""Canonical files that stay open between requests: opening one reads all of its page list."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from annotations.imaging.pixels import PixelFile


@dataclass(slots=True)
class _Held:
    lock: threading.Lock = field(default_factory=threading.Lock)
    file: PixelFile | None = None
    is_gone: bool = False

    def close(self) -> None:
        with self.lock:
            if self.file is not None:
                self.file.close()
            self.file, self.is_gone = None, True


class OpenFiles:
    """At most `limit` open files; each is read by one thread at a time."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._held: OrderedDict[Path, _Held] = OrderedDict()

    @contextmanager
    def use(self, path: Path) -> Iterator[PixelFile]:
        """Give the open file of a path; raises FileNotFoundError when there is none."""
        while True:
            held = self._hold(path)
            with held.lock:
                if held.is_gone:  # another thread needed the place before this one came to read
                    continue
                if held.file is None:
                    held.file = PixelFile(path)
                yield held.file
                return

    def close(self) -> None:
        """Close all files; they are opened again when they are used."""
        with self._lock:
            held = list(self._held.values())
            self._held.clear()
        for one in held:
            one.close()

    def _hold(self, path: Path) -> _Held:
        with self._lock:
            held = self._held.setdefault(path, _Held())
            self._held.move_to_end(path)
            old = self._held.popitem(last=False)[1] if len(self._held) > self._limit else None
        if old is not None:
            old.close()
        return held
