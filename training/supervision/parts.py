"""A part of a large plane, predicted as it would be within the whole, as one .npz file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotations.imaging.pixels import PixelFile
from training.datasets.large import PixelsOfFile
from training.engines.base import PredictionArrays, Predictor
from training.supervision.second_looks import plane_of

USUAL_OVERLAP_PX = 128  # of engines that do not say how far they see


class OpenPlane:
    """The plane that was asked for last; it stays open with its percentiles."""

    def __init__(self) -> None:
        self._file: PixelFile | None = None
        self._plane: PixelsOfFile | None = None
        self._key: tuple[Any, ...] = ()

    def of(self, request: dict[str, Any]) -> PixelsOfFile:
        """Return the plane that a request speaks of (`pixels`, `t`, `z`, `channels`)."""
        plane = plane_of(request)
        key = (request["pixels"], *plane.values())
        if self._plane is None or self._key != key:
            self.close()
            self._file = PixelFile(request["pixels"])
            self._plane, self._key = PixelsOfFile(self._file, **plane), key
        return self._plane

    def close(self) -> None:
        """Close the plane, if one is open."""
        if self._file is not None:
            self._file.close()


class PartMaker:
    """Predicts parts of planes."""

    def __init__(self) -> None:
        self._planes = OpenPlane()

    def make(self, predictor: Predictor, request: dict[str, Any]) -> int:
        """Predict a part and leave its file; return how many objects it shows.

        Parameters
        ----------
        predictor : Predictor
        request : dict
            `pixels` (path of the canonical file), `t`, `z`, `channels`; `box` (row0, col0, row1,
            col1), all that the part sees; `target` (path of the file to be made).
        """
        plane = self._planes.of(request)
        row0, col0, row1, col1 = request["box"]
        part = plane[:, row0:row1, col0:col1]
        found = predictor.predict(part, reference=plane)
        write_part(Path(request["target"]), found)
        return len(found.scores)

    def close(self) -> None:
        """Close the plane of the last part."""
        self._planes.close()


def overlap_of(predictor: Predictor) -> int:
    """Return how far a part must see beyond what it owns, in pixels."""
    return int(getattr(predictor, "overlap_px", USUAL_OVERLAP_PX))


def write_part(path: Path, found: PredictionArrays) -> None:
    """Write what was found in a part, compressed.

    Parameters
    ----------
    path : Path
    found : PredictionArrays
        Of the part alone. The file has `label_image` in the smallest type that holds its ids,
        `scores`, and where the engine gives them `classes` and `outlines`; no maps.
    """
    arrays: dict[str, NDArray[Any]] = {
        "label_image": found.label_image.astype(np.min_scalar_type(len(found.scores))),
        "scores": found.scores,
    }
    if found.classes is not None:
        arrays["classes"] = found.classes
    if found.outlines is not None:
        arrays["outlines"] = found.outlines
    with path.open("wb") as file:
        np.savez_compressed(file, **arrays)
