"""The device that the site's setting names, as engines understand it."""

from __future__ import annotations

import re
from typing import ClassVar

from project.errors import JobError


class DeviceUnavailable(JobError):
    """The device is not on this machine, or the framework was built without it."""

    code: ClassVar[str] = "device_unavailable"


def parse_device(name: str) -> tuple[str, int]:
    """Split a device into kind and number; raises DeviceUnavailable.

    Examples
    --------
    >>> parse_device("cuda:1")
    ('cuda', 1)
    >>> parse_device("cpu")
    ('cpu', 0)
    """
    found = re.fullmatch(r"(cpu|mps|cuda)(?::(\d+))?", name)
    if found is None:
        raise DeviceUnavailable(
            f"{name!r} names no device; CYTOLOOP_DEVICE takes cpu, cuda, cuda:1 or mps."
        )
    return found[1], int(found[2] or 0)


def unavailable(name: str, framework: str) -> DeviceUnavailable:
    """Return the error for a device that a framework does not find."""
    return DeviceUnavailable(
        f"{framework} finds no device {name!r} on this machine. Set CYTOLOOP_DEVICE=cpu, or "
        f"install the driver and the build of {framework} that uses it (docs/operation.md).",
        device=name,
    )
