"""One object for one click or box: the engine looks at what lies around, and is asked of it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from training.datasets.labels import Box
from training.datasets.normalize import normalize
from training.engines.base import Found, LookingPredictor, Predictor, Prompt, Sight
from training.engines.blocks import block_around
from training.engines.prompters import Prompter, open_prompter
from training.engines.prompts import as_sight
from training.supervision.parts import OpenPlane, overlap_of

# Clicks in one cell of this lattice share what was seen; the grids of networks lie alike in all.
CELL_PX = 128
ALIGNED_PX = 64
MOST_AROUND_PX = 512  # so far beyond the cell is looked, however far the engine sees
AROUND_PX = 256  # a prompter is shown so much beside what somebody points at
WHOLE_PX = 512 * 512  # a smaller image is looked at as a whole


class PromptAnswerer:
    """Answers prompts; what was seen last stays at hand, so that another threshold is no work."""

    def __init__(self) -> None:
        self._planes = OpenPlane()
        self._key: tuple[Any, ...] = ()
        self._sight: Sight | None = None

    def answer(self, predictor: Predictor, request: dict[str, Any]) -> dict[str, Any]:
        """Find the object that a request means.

        Parameters
        ----------
        predictor : Predictor
        request : dict
            `checkpoint`, `fast`; `pixels` (path of the canonical file), `t`, `z`, `channels`;
            `point` (row, col) or `box` (row0, col0, row1, col1), `threshold` (null: the engine
            chooses).

        Returns
        -------
        dict
            `rows`: for each run of pixels its row, first column, and column after the last, all
            in one list, in pixels of the image; empty when there is nothing. `score` and
            `threshold` otherwise.
        """
        plane = self._planes.of(request)
        shape = (plane.shape[1], plane.shape[2])
        outer = box_around(aim_of(request), overlap_of(predictor), shape)
        key = (request["checkpoint"], request.get("fast"), id(plane), outer)
        if self._sight is None or key != self._key:
            self._sight = None  # two in memory at once may be one too many
            self._sight, self._key = look_at(predictor, plane, outer), key
        return told(self._sight.find(_within(request, outer)), outer, request)


class PrompterHost:
    """Answers prompts by a model that knows no project; it stays loaded."""

    def __init__(self) -> None:
        self._planes = OpenPlane()
        self._loaded: tuple[tuple[str, str], Prompter] | None = None
        self._key: tuple[Any, ...] = ()
        self._sight: Sight | None = None

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Find the object that a request means.

        Fields are those of PromptAnswerer.answer, with `prompter` and `folder`, of all weights, in
        the place of a checkpoint.
        """
        plane = self._planes.of(request)
        outer = box_around(aim_of(request), AROUND_PX, (plane.shape[1], plane.shape[2]))
        key = (request["prompter"], request["folder"], id(plane), outer)
        if self._sight is None or key != self._key:
            self._sight = None
            row0, col0, row1, col1 = outer
            image = normalize(plane[:, row0:row1, col0:col1], plane.limits())
            self._sight, self._key = self._opened(request).look(image), key
        return told(self._sight.find(_within(request, outer)), outer, request)

    def _opened(self, request: dict[str, Any]) -> Prompter:
        wanted = (request["prompter"], request["folder"])
        if self._loaded is None or self._loaded[0] != wanted:
            name, folder = wanted
            opened = open_prompter(name, Path(folder), n_threads=request["n_threads"])
            self._loaded = wanted, opened
        return self._loaded[1]


def told(found: Found | None, outer: Box, request: dict[str, Any]) -> dict[str, Any]:
    """Return what was found in a box of an image as it is answered."""
    if found is None:
        return {"rows": [], "score": 0.0, "threshold": request.get("threshold")}
    return {
        "rows": rows_of(found.mask, outer),
        "score": round(found.score, 4),
        "threshold": round(found.threshold, 4),
    }


def look_at(predictor: Predictor, plane: Any, outer: Box) -> Sight:
    """Return what a predictor sees in a box of a plane, normalised as the whole plane is."""
    row0, col0, row1, col1 = outer
    image = plane[:, row0:row1, col0:col1]
    if hasattr(predictor, "look"):
        return cast(LookingPredictor, predictor).look(image, reference=plane)
    return as_sight(predictor.predict(image, reference=plane))


def aim_of(request: dict[str, Any]) -> Box:
    """Return the box that a prompt speaks of; a point is a box of one pixel."""
    if request.get("box"):
        row0, col0, row1, col1 = request["box"]
        return row0, col0, row1, col1
    row, col = request["point"]
    return row, col, row + 1, col + 1


def box_around(aim: Box, overlap_px: int, shape: tuple[int, int]) -> Box:
    """Return what must be looked at for a prompt, half-open, cut to an image of shape (H, W)."""
    if shape[0] * shape[1] <= WHOLE_PX:
        return 0, 0, *shape
    around_px = min(math.ceil(overlap_px / ALIGNED_PX) * ALIGNED_PX, MOST_AROUND_PX)
    row0, col0 = (at // CELL_PX * CELL_PX for at in aim[:2])
    row1, col1 = (-(-at // CELL_PX) * CELL_PX for at in aim[2:])
    return block_around((row0, col0, row1, col1), around_px, shape).outer


def _within(request: dict[str, Any], outer: Box) -> Prompt:
    row0, col0, row1, col1 = aim_of(request)
    top, left = outer[:2]
    threshold = request.get("threshold")
    if request.get("box"):
        box = (row0 - top, col0 - left, row1 - top, col1 - left)
        return Prompt(box=box, threshold=threshold)
    return Prompt(point=(row0 - top, col0 - left), threshold=threshold)


def rows_of(mask: NDArray[np.bool_], outer: Box) -> list[int]:
    """Return the runs of a mask (h, w): row, first column, column after the last, and so on."""
    padded = np.pad(mask, ((0, 0), (1, 1))).astype(np.int8)
    steps = np.diff(padded, axis=1)
    begins, ends = np.argwhere(steps == 1), np.argwhere(steps == -1)
    runs = np.column_stack(
        [begins[:, 0] + outer[0], begins[:, 1] + outer[1], ends[:, 1] + outer[1]]
    )
    result: list[int] = runs.ravel().tolist()
    return result
