"""Outlines drawn into a label image, as `stardist.geometry.polygons_to_label` draws them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

NEAR = 1e-12  # a pixel so near to a corner is that corner
Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Let numba compile a function at its first call, and keep that on disk."""
    kept: Function = njit(cache=True, error_model="numpy")(function)
    return kept


def draw(corners: NDArray[np.float32], shape: tuple[int, int]) -> NDArray[np.int32]:
    """Fill polygons, later ones over earlier ones.

    Parameters
    ----------
    corners : ndarray of float32, shape (n, 2, n_corners)
        Rows and columns in pixels; pixels are points in their middles.
    shape : tuple of int
        (H, W).

    Returns
    -------
    ndarray of int32, shape (H, W)
        i + 1 where polygon i lies, its edges included; 0 elsewhere.

    Notes
    -----
    A pixel is inside when a ray from it crosses the outline an odd number of times, to the right
    or to the left (O'Rourke, Computational Geometry in C, 1998, section 7.4). That is what
    `skimage.draw.polygon` asks of all edges; here an image row asks those that it crosses.
    """
    labels = np.zeros(shape, np.int32)
    _fill(labels, corners.astype(np.float64))
    return labels


@compiled
def _fill(labels: NDArray[np.int32], corners: NDArray[np.float64]) -> None:
    n_rows, n_cols = labels.shape
    n_corners = corners.shape[2]
    crossing = np.empty(n_corners, np.int64)
    for number in range(len(corners)):
        rows, cols = corners[number]
        first_col = int(max(0.0, cols.min()))
        last_col = min(n_cols - 1, int(np.ceil(cols.max())))
        for row in range(int(max(0.0, rows.min())), min(n_rows - 1, int(np.ceil(rows.max()))) + 1):
            n_crossing = 0
            for i in range(n_corners):
                here, before = rows[i] - row, rows[i - 1] - row
                if (here > 0) != (before > 0) or (here < 0) != (before < 0) or abs(here) < NEAR:
                    crossing[n_crossing] = i
                    n_crossing += 1
            for col in range(first_col, last_col + 1):
                if _is_inside(rows, cols, crossing[:n_crossing], row, col):
                    labels[row, col] = number + 1


@compiled
def _is_inside(
    rows: NDArray[np.float64],
    cols: NDArray[np.float64],
    edges: NDArray[np.int64],
    row: int,
    col: int,
) -> bool:
    """Tell whether a pixel lies inside; `edges` are the ends of those that its row meets."""
    to_right, to_left = False, False
    for i in edges:
        y, x = rows[i] - row, cols[i] - col
        y_before, x_before = rows[i - 1] - row, cols[i - 1] - col
        if abs(x) < NEAR and abs(y) < NEAR:
            return True
        if (y > 0) != (y_before > 0):
            to_right ^= (x * y_before - x_before * y) / (y_before - y) > 0
        if (y < 0) != (y_before < 0):
            to_left ^= (x * y_before - x_before * y) / (y_before - y) < 0
    return to_right or to_left
