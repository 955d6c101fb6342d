"""What an engine says besides pixels, as one .npz file: outlines, and its maps when asked for.

Written by an engine's child, stored as it is, read where outlines are exported.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from training.engines.base import PredictionArrays

OUTLINES = "outlines"
PIECE = 1000  # outlines that are in memory at a time


def write_details(path: Path, prediction: PredictionArrays) -> bool:
    """Write the outlines (float32) and maps (float16) of a prediction, compressed.

    Parameters
    ----------
    path : Path
    prediction : PredictionArrays

    Returns
    -------
    bool
        False when it has neither; nothing is written then.
    """
    arrays: dict[str, NDArray[Any]] = {
        name: plane.astype(np.float16) for name, plane in prediction.maps.items()
    }
    if prediction.outlines is not None:
        arrays[OUTLINES] = prediction.outlines
    if not arrays:
        return False
    with path.open("wb") as file:
        np.savez_compressed(file, **arrays)
    return True


def write_outlines(path: Path, n_objects: int, outlines: Iterable[NDArray[np.float32]]) -> bool:
    """Write a details file that has outlines alone, some at a time.

    Parameters
    ----------
    path : Path
    n_objects : int
        How many outlines there are in all.
    outlines : iterable of ndarray of float32, shape (m, k, 2)
        In the order of the ids.

    Returns
    -------
    bool
        False when there are none; nothing is written then.
    """
    pieces = iter(outlines)
    first = next(pieces, None)
    if first is None:
        return False
    header = {
        "descr": first.dtype.str,
        "fortran_order": False,
        "shape": (n_objects, *first.shape[1:]),
    }
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(f"{OUTLINES}.npy", "w", force_zip64=True) as target,
    ):
        np.lib.format.write_array_header_1_0(target, header)  # type: ignore[no-untyped-call]
        for piece in chain([first], pieces):
            target.write(np.ascontiguousarray(piece).tobytes())
    return True


def names_in(file: BinaryIO) -> set[str]:
    """Return the names of the arrays in a details file."""
    with zipfile.ZipFile(file) as archive:
        return {name.removesuffix(".npy") for name in archive.namelist()}


def outlines_in(file: BinaryIO) -> Iterator[NDArray[np.float32]]:
    """Read the outlines of a details file, some at a time.

    Parameters
    ----------
    file : binary file object
        It stays open while the outlines are read.

    Yields
    ------
    ndarray of float32, shape (k, 2)
        Of the ids 1, 2, …: row and column of each corner, pixels being points in their middles.
    """
    with zipfile.ZipFile(file) as archive, archive.open(f"{OUTLINES}.npy") as stored:
        np.lib.format.read_magic(stored)  # type: ignore[no-untyped-call]
        header = np.lib.format.read_array_header_1_0(stored)  # type: ignore[no-untyped-call]
        (n, *shape), _, dtype = header
        each = int(np.prod(shape)) * dtype.itemsize
        for start in range(0, n, PIECE):
            data = stored.read(each * min(PIECE, n - start))
            yield from np.frombuffer(data, dtype).reshape(-1, *shape)
