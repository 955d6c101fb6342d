"""Start a child program in its own session, bound by limits and by its parent's life.

Run as a script by `project.processes` with the interpreter of the site, isolated and without
site-packages, so that it costs some ten milliseconds; it then becomes the program (exec).
A `preexec_fn` would do the same between fork and exec, where a threaded parent may deadlock.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

PR_SET_PDEATHSIG = 1


def die_with_parent(signal_number: int, parent_pid: int) -> None:
    """Ask Linux to signal this process when its parent ends; elsewhere stdin's end tells it."""
    if not sys.platform.startswith("linux"):
        return
    import ctypes  # noqa: PLC0415 (only Linux needs it, and it is slow to import)

    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    if os.getppid() != parent_pid:  # it ended before the line above
        os._exit(1)


def apply_limits(limits: dict[str, int]) -> None:
    """Set the operating system's limits; one that is lower already stays."""
    if not limits:
        return
    import resource  # noqa: PLC0415 (not on Windows)

    for name, value in limits.items():
        kind = getattr(resource, f"RLIMIT_{name}")
        _, hard = resource.getrlimit(kind)
        wanted = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (wanted, wanted))


def main(arguments: list[str]) -> None:
    """Apply what the first argument says (JSON), then become the rest of the arguments."""
    options: dict[str, Any] = json.loads(arguments[0])
    program = arguments[1:]
    die_with_parent(options["death_signal"], options["parent"])
    apply_limits(options["limits"])
    try:
        os.execvp(program[0], program)  # noqa: S606 (no shell is the point)
    except OSError as error:
        sys.exit(f"{program[0]} cannot be started: {error.strerror}")


if __name__ == "__main__":
    main(sys.argv[1:])
