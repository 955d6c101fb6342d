"""A prediction and second looks at it, turned and mirrored; the same for every engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotations.imaging.pixels import PixelFile, open_pixels
from project.errors import DataProblem
from training.acquisition.agreement import Doubts, compare_views
from training.acquisition.views import VIEWS
from training.datasets.large import LARGE_PX, Pixels, PixelsOfFile
from training.datasets.normalize import sample_boxes
from training.engines.base import PredictionArrays, Predictor
from training.supervision.details import write_details

# Percentiles of every sixteenth pixel differ by less than noise does, and are measured per box.
REFERENCE_STEP_PX = 4
SAMPLE_ROWS = 512
TOO_LARGE_FOR_MAPS = (
    f"Maps are kept of images up to {LARGE_PX / 1e6:.1f} megapixels only, since they take many "
    "times the memory of the image; predict this one without them."
)


def predict_box(predictor: Predictor, request: dict[str, Any]) -> dict[str, NDArray[Any]]:
    """Predict an image, or a box of it, and look again in as many views as the request asks for.

    Parameters
    ----------
    predictor : Predictor
    request : dict
        `pixels` (path of the canonical file), `t`, `z`, `channels`; `box` (row0, col0, row1,
        col1; null for the whole image); `n_views` (0: no second look); `details` (path of the
        file that outlines are left in, see `training.supervision.details`), `want_maps` (whether
        maps, too).

    Returns
    -------
    dict of ndarray
        `label_image` (uint32, shape of the box), `scores` (float32, shape (n,)), and `classes`
        (uint8, shape (n,)) of an engine that tells kinds apart; with views also
        `doubt` (float64, shape (n,)), `missed_boxes` (int64, shape (m, 4), within the box) and
        `missed_weight` (float64, shape (m,)).

    Raises
    ------
    DataProblem
        When maps of an image are wanted that is too large for them.

    Notes
    -----
    Only the box is read, and a sixteenth of the pixels that the whole image's percentiles are
    measured on (of a stack those of all its planes, once), so memory does not grow with the image.
    A whole large image is read where the engine looks: what grows with it is the label image.
    """
    with open_pixels(request["pixels"]) as file:
        n_pixels = file.shape.height * file.shape.width
        if n_pixels > LARGE_PX and request.get("want_maps"):
            raise DataProblem(TOO_LARGE_FOR_MAPS)
        if n_pixels > LARGE_PX and not request.get("box") and not request.get("n_views"):
            return _arrays(predictor.predict(PixelsOfFile(file, **plane_of(request))), request)
        box = request.get("box") or (0, 0, file.shape.height, file.shape.width)
        image = file.read(**plane_of(request), box=box)
        reference = _reference(file, request)
        want_maps = bool(request.get("want_maps"))
        prediction = predictor.predict(image, want_maps=want_maps, reference=reference)
        arrays = _arrays(prediction, request)
        if request.get("n_views"):
            doubts = look_again(predictor, image, prediction, request["n_views"], reference)
            arrays |= {
                "doubt": doubts.doubt,
                "missed_boxes": doubts.missed_boxes,
                "missed_weight": doubts.missed_weight,
            }
        return arrays


def _reference(file: PixelFile, request: dict[str, Any]) -> Pixels | None:
    """Return what tells the percentiles of what is looked at; None: its own pixels do."""
    if file.shape.n_z > 1:
        return PixelsOfFile(file, **plane_of(request))
    return _sample(file, request) if request.get("box") else None


def plane_of(request: dict[str, Any]) -> dict[str, Any]:
    """Return the plane and channels that a request speaks of."""
    return {name: request[name] for name in ("t", "z", "channels")}


def _arrays(prediction: PredictionArrays, request: dict[str, Any]) -> dict[str, NDArray[Any]]:
    if request.get("details"):
        write_details(Path(request["details"]), prediction)
    arrays = {"label_image": prediction.label_image, "scores": prediction.scores}
    return arrays if prediction.classes is None else {**arrays, "classes": prediction.classes}


def look_again(
    predictor: Predictor,
    image: NDArray[Any],
    prediction: PredictionArrays,
    n_views: int,
    reference: Pixels | None,
) -> Doubts:
    """Predict turned and mirrored views (at most 7) and compare them with the prediction."""
    seen = [
        view.undo(predictor.predict(view.apply(image), reference=reference).label_image)
        for view in VIEWS[:n_views]
    ]
    return compare_views(prediction.label_image, seen)


def _sample(file: PixelFile, request: dict[str, Any]) -> NDArray[Any]:
    """Read pixels of the whole image that its percentiles are estimated from."""
    parts = []
    for box in sample_boxes(file.shape.height, file.shape.width):
        block = file.read(**plane_of(request), box=box)
        part = block[:, ::REFERENCE_STEP_PX, ::REFERENCE_STEP_PX]
        parts.append(part.reshape(part.shape[0], -1))
    flat = np.concatenate(parts, axis=1)
    # So many rows that the percentiles are measured on all of them, see sample_boxes.
    n_cols = -(-flat.shape[1] // SAMPLE_ROWS)
    flat = np.pad(flat, ((0, 0), (0, n_cols * SAMPLE_ROWS - flat.shape[1])), mode="wrap")
    return flat.reshape(flat.shape[0], SAMPLE_ROWS, n_cols)
