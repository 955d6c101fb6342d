"""HDF5 files from outside: nothing in them may point out of them."""

from __future__ import annotations

from pathlib import Path

import h5py

from project.errors import CheckpointCorrupt


def refuse_references(path: Path) -> None:
    """Refuse an HDF5 file that takes data from elsewhere.

    A link to another file, or raw data stored in one, would make weights, and so a download, of
    whatever the worker may read. Soft links and virtual data are not needed by weights either.

    Raises
    ------
    CheckpointCorrupt
        When the file cannot be read or refers to anything but its own data.
    """
    try:
        with h5py.File(path, "r") as file:
            _check(file, set())
    except (OSError, KeyError, ValueError, RuntimeError, RecursionError) as error:
        raise CheckpointCorrupt("The weights file is damaged.") from error


def _check(group: h5py.Group, seen: set[int]) -> None:
    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise CheckpointCorrupt("The weights file refers to something else than its own data.")
        found = group[name]
        place = h5py.h5o.get_info(found.id).addr
        if place in seen:  # two names for one thing, perhaps a ring
            continue
        seen.add(place)
        if isinstance(found, h5py.Group):
            _check(found, seen)
        elif isinstance(found, h5py.Dataset) and (found.external or found.is_virtual):
            raise CheckpointCorrupt("The weights file takes data from another file.")
