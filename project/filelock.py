"""A lock between processes that its owner's death releases."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from project.errors import Conflict


class LockHeld(Conflict):
    """Another process holds the lock."""

    code = "lock_held"


class FileLock:
    """A lock on a file, exclusive or shared; its file may carry a note of the exclusive holder."""

    def __init__(self, path: Path, *, wait_s: float = 0.0, shared: bool = False) -> None:
        self.path = path
        self._wait_s = wait_s
        self._shared = shared
        self._handle: int | None = None

    def acquire(self) -> None:
        """Take the lock; raise LockHeld with the holder's note when the time is up."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + self._wait_s
        while not _try_lock(handle, self._shared):
            if time.monotonic() >= deadline:
                os.close(handle)
                raise LockHeld("Another process is already doing this.", note=self.note())
            time.sleep(0.05)  # a lock with a time limit is something the system cannot wait for
        self._handle = handle

    def release(self) -> None:
        """Give the lock back; no-op when it is not ours."""
        if self._handle is not None:
            if not self._shared:
                os.ftruncate(self._handle, 0)
            os.close(self._handle)  # closing unlocks
            self._handle = None

    def write_note(self, text: str) -> None:
        """Say who holds the lock."""
        assert self._handle is not None, "the lock is not held"
        os.ftruncate(self._handle, 0)
        os.pwrite(self._handle, text.encode(), 0)

    def note(self) -> str:
        """Read what the holder says; empty when it says nothing."""
        try:
            return self.path.read_text(encoding="utf-8")
        except OSError:
            return ""

    def held(self) -> bool:
        """Tell whether some process holds the lock right now."""
        if self._handle is not None:
            return True
        if not self.path.exists():
            return False
        handle = os.open(self.path, os.O_RDWR)
        try:
            return not _try_lock(handle, shared=False)
        finally:
            os.close(handle)

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def _try_lock(handle: int, shared: bool) -> bool:
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415 (Windows only)

        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl  # noqa: PLC0415 (not on Windows)

    try:
        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
