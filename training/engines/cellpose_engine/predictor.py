"""A loaded CPnet that segments images, at one diameter or at that of each image's objects."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.datasets.labels import diameters
from training.datasets.large import Pixels, PixelsOfFile
from training.datasets.volumes import Stack
from training.engines.base import LabelImage, PredictionArrays, Predictor, Sight, StopFlag
from training.engines.cellpose_engine.flows import drawing
from training.engines.cellpose_engine.forward import to_inputs
from training.engines.cellpose_engine.volumes import CellposePredictor
from training.engines.flow_networks.tiles import Forward, Tiling, few_tiles

BATCH_SIZE = 4
USUAL_TILING = Tiling(224, BATCH_SIZE)
FAST_TILING = Tiling(512, BATCH_SIZE, lay_out=few_tiles)  # about half the pixels to compute
WINDOW_PX = 1024  # what of a large image is looked at first
ENOUGH_OBJECTS = 5
MOST_TIMES = 3.0  # an image's objects are so much larger or smaller than the annotated ones
SAME_SHARE = 0.1  # diameters that differ by less are one


def open_predictor(forward: Forward, config: dict[str, Any], tiling: Tiling) -> Predictor:
    """Return the predictor that a version's parameters ask for."""
    at = partial(predictor_at, forward, config, tiling)
    usual = at(float(config["diameter_px"]))
    if config.get("params", {}).get("diameter_at") == "image":
        return MeasuringPredictor(usual, at)
    return usual


def predictor_at(
    forward: Forward, config: dict[str, Any], tiling: Tiling, diameter_px: float
) -> CellposePredictor:
    """Return a predictor of objects of this diameter."""
    rescale = float(config["diam_mean"]) / diameter_px
    return CellposePredictor(
        forward,
        config | {"diameter_px": diameter_px},
        rescale=rescale,
        tiling=tiling,
        to_inputs=to_inputs,
        draw=drawing(rescale),
    )


class MeasuringPredictor:
    """Segments an image at the annotated diameter, and again at that of what it found.

    Of a large image the middle is measured. A version whose diameter somebody named was taught
    objects of another size than that; what counts is how much larger an image's objects are.
    """

    def __init__(self, usual: CellposePredictor, at: Callable[[float], CellposePredictor]) -> None:
        self._usual, self._at = usual, at
        self.config = usual.config
        self._usual_px = float(self.config["diameter_px"])
        self._annotated_px = float(self.config.get("annotated_px", self._usual_px))
        self.overlap_px = int(MOST_TIMES * usual.overlap_px)

    def predict(
        self,
        image: Pixels,
        *,
        want_maps: bool = False,
        should_stop: StopFlag = lambda: False,
        reference: Pixels | None = None,
    ) -> PredictionArrays:
        """Segment an image of shape (C, H, W); of a part of one the whole image is measured."""
        pixels = self._usual.normalized(image, reference)
        whole = pixels
        if isinstance(reference, PixelsOfFile) and reference.shape != image.shape:
            whole = self._usual.normalized(reference)
        window = middle(whole, WINDOW_PX)
        first = self._usual.segment(window, want_maps=want_maps, should_stop=should_stop)
        times = median_diameter(first.label_image, self._annotated_px) / self._annotated_px
        is_same = abs(times - 1) <= SAME_SHARE
        if is_same and whole is pixels and window.shape == pixels.shape:
            return first
        predictor = self._usual if is_same else self._at(times * self._usual_px)
        return predictor.segment(pixels, want_maps=want_maps, should_stop=should_stop)

    def look(self, image: Pixels, *, reference: Pixels | None = None) -> Sight:
        """Look at an image of shape (C, H, W) at the annotated diameter: people are waiting."""
        return self._usual.look(image, reference=reference)

    def predict_volume(self, stack: Stack, **how: Any) -> PredictionArrays:
        """Segment a stack of shape (C, Z, H, W); its middle plane is measured."""
        middle_plane = stack.shape[1] // 2
        planes = slice(middle_plane, middle_plane + 1)
        image = stack[slice(None), planes, slice(None), slice(None)][:, 0]
        window = middle(self._usual.normalized(image), WINDOW_PX)
        first = self._usual.segment(window)
        times = median_diameter(first.label_image, self._annotated_px) / self._annotated_px
        is_same = abs(times - 1) <= SAME_SHARE
        predictor = self._usual if is_same else self._at(times * self._usual_px)
        return predictor.predict_volume(stack, **how)


def middle(pixels: Pixels, side_px: int) -> NDArray[np.float32]:
    """Return the middle of an image of shape (C, H, W), at most so large."""
    starts = [max(0, (side - side_px) // 2) for side in pixels.shape[1:]]
    rows, cols = (slice(start, start + side_px) for start in starts)
    return np.asarray(pixels[:, rows, cols], np.float32)


def median_diameter(label_image: LabelImage, annotated_px: float) -> float:
    """Return how large an image's objects are, within what the annotated ones make likely.

    Parameters
    ----------
    label_image : ndarray of uint32, shape (h, w)
        What was found in it at first; objects at its border are not measured.
    annotated_px : float
        Median diameter of the annotated objects.

    Returns
    -------
    float
        Median in pixels, from a third to three times that of the annotated ones, and that itself
        where too few objects were found.
    """
    edges = [label_image[0], label_image[-1], label_image[:, 0], label_image[:, -1]]
    cut = np.isin(label_image, np.unique(np.concatenate(edges)))
    found = diameters(np.where(cut, 0, label_image))
    if len(found) < ENOUGH_OBJECTS:
        return annotated_px
    return float(np.clip(np.median(found), annotated_px / MOST_TIMES, annotated_px * MOST_TIMES))
