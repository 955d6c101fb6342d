"""What becomes of memory that a training step has freed."""

from __future__ import annotations

import ctypes
import sys

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # of malloc.h


def keep_freed_memory() -> bool:
    """Let this process keep what it frees for its next step, and tell whether that can be asked.

    A step's maps are some tens of MB each. Glibc hands such memory back to the system at once, and
    every page of what is asked for again is cleared and mapped anew, which took 6 % of a step of
    Cellpose's. Only for processes that end with their training.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library
        return False
    return bool(mallopt(M_MMAP_MAX, 0)) and bool(mallopt(M_TRIM_THRESHOLD, -1))
