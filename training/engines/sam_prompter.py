"""Segment Anything, MobileSAM and others of their form, as two ONNX files.

Kirillov et al., ICCV 2023, doi:10.1109/ICCV51070.2023.00371. Tensors are those of upstream's
export (segment-anything, scripts/export_onnx_model.py and utils/onnx.py).
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from project.errors import CheckpointCorrupt
from training.engines.base import Found, Prompt
from training.engines.onnx_session import session_of
from training.engines.prompters import PrompterNotReady

SIDE_PX = 1024  # of what the encoder is shown, where its file does not say
MEAN = np.array([123.675, 116.28, 103.53], np.float32)
SPREAD = np.array([58.395, 57.12, 57.375], np.float32)
DECODER_INPUTS = (
    "image_embeddings", "point_coords", "point_labels", "mask_input", "has_mask_input",
    "orig_im_size",
)  # fmt: skip
DECODER_OUTPUTS = ("masks", "iou_predictions")
ENCODER_OUTPUT = "image_embeddings"
INSIDE, FIRST_CORNER, LAST_CORNER, NO_POINT = 1, 2, 3, -1
MASK_THRESHOLD = 0.0


class SamPrompter:
    """Encoder and decoder, kept open between images."""

    def __init__(self, encoder: Any, decoder: Any) -> None:
        _check(encoder, decoder)
        self._encoder, self.decoder = encoder, decoder
        entry = encoder.get_inputs()[0]
        self._entry = entry.name
        # With three axes (H, W, 3) the file normalises and pads by itself.
        self._is_raw = len(entry.shape) == 3
        side = None if self._is_raw else entry.shape[-1]
        self.side_px = side if isinstance(side, int) else SIDE_PX

    def look(self, image: NDArray[Any]) -> SamSight:
        """Encode an image of shape (C, H, W), its channels scaled from 0 to 1."""
        shape = (int(image.shape[1]), int(image.shape[2]))
        pixels = resized(as_rgb(image), self.side_px)
        shown = pixels if self._is_raw else framed(pixels, self.side_px)
        embeddings = self._encoder.run([ENCODER_OUTPUT], {self._entry: shown})[0]
        return SamSight(self, embeddings, shape)


class SamSight:
    """An encoded image."""

    def __init__(
        self, sam: SamPrompter, embeddings: NDArray[np.float32], shape: tuple[int, int]
    ) -> None:
        self._sam, self._embeddings, self._shape = sam, embeddings, shape

    def find(self, prompt: Prompt) -> Found | None:
        """Return the mask that the decoder thinks best."""
        scale = self._sam.side_px / max(self._shape)
        points, labels = points_of(prompt, scale)
        sides = [4 * side for side in self._embeddings.shape[-2:]]
        masks, scores = self._sam.decoder.run(
            list(DECODER_OUTPUTS),
            {
                "image_embeddings": self._embeddings,
                "point_coords": points,
                "point_labels": labels,
                "mask_input": np.zeros((1, 1, *sides), np.float32),
                "has_mask_input": np.zeros(1, np.float32),
                "orig_im_size": np.array(self._shape, np.float32),
            },
        )
        best = int(np.argmax(scores[0]))
        threshold = MASK_THRESHOLD if prompt.threshold is None else prompt.threshold
        mask: NDArray[np.bool_] = masks[0, best] > threshold
        if not mask.any():
            return None
        return Found(mask, float(np.clip(scores[0, best], 0, 1)), threshold)


def open_sam(folder: Path, *, n_threads: int) -> SamPrompter:
    """Open both files; raises PrompterNotReady, CheckpointCorrupt."""
    try:
        encoder, decoder = (
            session_of(folder / name, n_threads) for name in ("encoder.onnx", "decoder.onnx")
        )
    except ImportError as error:
        raise PrompterNotReady("Segment Anything needs the package onnxruntime.") from error
    except Exception as error:  # its errors have no class in common
        raise CheckpointCorrupt(f"ONNX Runtime cannot open the files in {folder}.") from error
    return SamPrompter(encoder, decoder)


def points_of(prompt: Prompt, scale: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return a prompt as the decoder takes it.

    Returns
    -------
    points : ndarray of float32, shape (1, n, 2)
        Column and row, in pixels of what the encoder was shown. A point is followed by one that is
        none, in the place of a box; a box is its two corners.
    labels : ndarray of float32, shape (1, n)
    """
    if prompt.box is not None:
        row0, col0, row1, col1 = prompt.box
        corners, labels = [(col0, row0), (col1, row1)], [FIRST_CORNER, LAST_CORNER]
    else:
        row, col = prompt.point or (0, 0)
        corners, labels = [(col, row), (0, 0)], [INSIDE, NO_POINT]
    return (
        (np.array([corners], np.float32) * np.float32(scale)).astype(np.float32),
        np.array([labels], np.float32),
    )


def as_rgb(image: NDArray[Any]) -> NDArray[np.uint8]:
    """Return (C, H, W), scaled from 0 to 1, as (H, W, 3): three channels, else the mean of all."""
    shown = image if image.shape[0] == 3 else np.repeat(image.mean(axis=0)[None], 3, axis=0)
    pixels: NDArray[np.uint8] = (255 * np.clip(np.moveaxis(shown, 0, -1), 0, 1)).astype(np.uint8)
    return pixels


def resized(pixels: NDArray[np.uint8], side_px: int) -> NDArray[np.float32]:
    """Resize (H, W, 3) so that the longer side is as long as what the encoder is shown."""
    scale = side_px / max(pixels.shape[:2])
    height, width = (math.floor(side * scale + 0.5) for side in pixels.shape[:2])
    size = (max(width, 1), max(height, 1))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR), np.float32)


def framed(pixels: NDArray[np.float32], side_px: int) -> NDArray[np.float32]:
    """Normalise (H, W, 3) and pad it below and at the right; shape (1, 3, side, side)."""
    square = np.zeros((1, 3, side_px, side_px), np.float32)
    height, width = pixels.shape[:2]
    square[0, :, :height, :width] = np.moveaxis((pixels - MEAN) / SPREAD, -1, 0)
    return square


def _check(encoder: Any, decoder: Any) -> None:
    takes = {one.name for one in decoder.get_inputs()}
    gives = {one.name for one in decoder.get_outputs()}
    missing = [name for name in DECODER_INPUTS if name not in takes]
    missing += [name for name in DECODER_OUTPUTS if name not in gives]
    if missing:
        raise CheckpointCorrupt(
            f"decoder.onnx is no decoder of Segment Anything: it has no {', '.join(missing)}."
        )
    if ENCODER_OUTPUT not in {one.name for one in encoder.get_outputs()}:
        raise CheckpointCorrupt(
            f"encoder.onnx is no encoder of Segment Anything: it has no {ENCODER_OUTPUT}."
        )
