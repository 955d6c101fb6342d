"""An engine's maps as pictures over the image: heat for numbers, a wheel for directions."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.datasets.labels import Box
from training.engines.base import Predictor
from training.supervision.parts import OpenPlane, overlap_of
from training.supervision.prompts import ALIGNED_PX, MOST_AROUND_PX

# Cividis, even steps of lightness for every kind of colour vision (Nuñez et al., PLoS ONE 2018,
# doi:10.1371/journal.pone.0199239); 16 of its colours, straight lines between them.
CIVIDIS = np.array(
    [
        (0, 34, 78), (0, 46, 108), (30, 58, 111), (53, 69, 108), (71, 81, 108), (87, 93, 109),
        (102, 105, 112), (117, 117, 117), (132, 130, 121), (148, 142, 119), (165, 156, 116),
        (183, 169, 110), (200, 184, 102), (219, 199, 90), (238, 214, 73), (254, 232, 56),
    ],
    np.float64,
)  # fmt: skip
FLOW_LENGTH = 5.0  # networks give flows of this length
DIRECTIONS = "flows"
LOGITS = "cellprob"
DISTANCES = "dist"


class MapMaker:
    """Makes pictures of maps; the plane that was asked for last stays open."""

    def __init__(self) -> None:
        self._planes = OpenPlane()

    def make(self, predictor: Predictor, request: dict[str, Any]) -> dict[str, Any]:
        """Write the picture of a map, PNG with alpha, one pixel per pixel of the box.

        Parameters
        ----------
        predictor : Predictor
        request : dict
            `pixels` (path of the canonical file), `t`, `z`, `channels`; `box` (row0, col0, row1,
            col1); `name` of the map; `target` (path of the file to be made).

        Returns
        -------
        dict
            `low` and `high`: what the first and the last colour stand for.
        """
        plane = self._planes.of(request)
        row0, col0, row1, col1 = request["box"]
        outer = wider(request["box"], overlap_of(predictor), (plane.shape[1], plane.shape[2]))
        image = plane[:, outer[0] : outer[2], outer[1] : outer[3]]
        maps = predictor.predict(image, want_maps=True, reference=plane).maps
        values = maps[request["name"]][
            ..., row0 - outer[0] : row1 - outer[0], col0 - outer[1] : col1 - outer[1]
        ]
        pixels, low, high = picture_of(request["name"], values)
        Path(request["target"]).write_bytes(png_of(pixels))
        return {"low": low, "high": high}


def wider(box: Box, overlap_px: int, shape: tuple[int, int]) -> Box:
    """Return a box with what the engine must see around it; grids lie alike everywhere."""
    around_px = min(overlap_px, MOST_AROUND_PX)
    row0, col0 = (max(at - around_px, 0) // ALIGNED_PX * ALIGNED_PX for at in box[:2])
    row1, col1 = (
        min(math.ceil((at + around_px) / ALIGNED_PX) * ALIGNED_PX, side)
        for at, side in zip(box[2:], shape, strict=True)
    )
    return row0, col0, row1, col1


def picture_of(name: str, values: NDArray[np.float32]) -> tuple[NDArray[np.uint8], float, float]:
    """Return a map's colours, and what the first and the last one stand for.

    Parameters
    ----------
    name : str
        Flows (2, h, w) become colours of the wheel, logits of cells become probabilities,
        distances (n_rays, h, w) their mean, in pixels; all else is taken as it is.
    values : ndarray of float32, shape (h, w) or (k, h, w)

    Returns
    -------
    pixels : ndarray of uint8, shape (h, w, 4)
    low, high : float
    """
    if name == DIRECTIONS:
        return wheel(values / FLOW_LENGTH), 0.0, 1.0
    if name == DISTANCES:
        values = values.mean(axis=0)
        return heat(values, 0.0, max(float(values.max()), 1.0)), 0.0, max(float(values.max()), 1.0)
    if name == LOGITS:
        values = 1 / (1 + np.exp(-values))
    return heat(values, 0.0, 1.0), 0.0, 1.0


def heat(values: NDArray[np.float32], low: float, high: float) -> NDArray[np.uint8]:
    """Colour numbers from low to high; shape (h, w) becomes (h, w, 4)."""
    share = np.clip((values - low) / (high - low), 0, 1) * (len(CIVIDIS) - 1)
    steps = np.arange(len(CIVIDIS))
    colours = [np.interp(share, steps, CIVIDIS[:, channel]) for channel in range(3)]
    return _bytes(np.stack([*colours, np.full(values.shape, 255.0)], axis=-1))


def wheel(flows: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Colour directions; shape (2, h, w), lengths up to 1, becomes (h, w, 4).

    The hue tells the direction (right is red, others a third of the circle apart green and blue),
    and what has no length is transparent.
    """
    length = np.clip(np.hypot(*flows), 0, 1)
    angle = np.arctan2(flows[0], flows[1])
    colours = [(1 + np.cos(angle + turn * 2 * np.pi / 3)) / 2 for turn in (0, 1, 2)]
    return _bytes(255 * np.stack([*colours, length], axis=-1))


def _bytes(values: NDArray[Any]) -> NDArray[np.uint8]:
    result: NDArray[np.uint8] = values.round().astype(np.uint8)
    return result


def png_of(pixels: NDArray[np.uint8]) -> bytes:
    """Return pixels (h, w, 4) as a PNG file."""
    file = io.BytesIO()
    Image.fromarray(pixels, "RGBA").save(file, "PNG", compress_level=3)
    return file.getvalue()
