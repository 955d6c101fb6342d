"""A version of an engine, and for each object that it draws what a prompt finds there.

    python -m tests.engines.prompt_checks ENGINE FOLDER

leaves numbers in FOLDER/answers.json. The version is a starter model, the image a mosaic of its
tiles, larger than what a prompt looks at.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage

from annotations.imaging.pixels import PixelShape, write_pixels
from training.engines import registry
from training.supervision.prompts import PromptAnswerer, box_around

STARTERS = Path(__file__).resolve().parents[2] / "training" / "starters"
N_ROWS, N_COLS = 5, 5
EVERY = 3  # objects are asked for


def mosaic(tiles: Any) -> np.ndarray:
    """Put tiles side by side, some of them turned; shape (C, H, W)."""
    pixels = [tiles[key] for key in tiles.files if key.startswith("pixels_")]
    chosen = [
        np.rot90(pixels[n % len(pixels)], n // len(pixels), axes=(1, 2))
        for n in range(N_ROWS * N_COLS)
    ]
    rows = [np.concatenate(chosen[n * N_COLS : (n + 1) * N_COLS], axis=2) for n in range(N_ROWS)]
    return np.concatenate(rows, axis=1)


class Asking:
    """An image, a version and what both say to prompts."""

    def __init__(self, predictor: Any, path: Path) -> None:
        self.predictor, self.answers = predictor, PromptAnswerer()
        self.request = {
            "checkpoint": "a", "pixels": str(path), "t": 0, "z": 0, "channels": [0],
        }  # fmt: skip

    def ask(self, shape: tuple[int, int], **how: Any) -> tuple[np.ndarray, dict[str, Any]]:
        """Return the mask that was found, and the answer."""
        answer = self.answers.answer(self.predictor, {**self.request, **how})
        mask = np.zeros(shape, bool)
        rows = answer["rows"]
        for row, first, end in zip(rows[::3], rows[1::3], rows[2::3], strict=True):
            mask[row, first:end] = True
        return mask, answer


def iou(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.count_nonzero(one & other) / max(np.count_nonzero(one | other), 1))


def inner_point(mask: np.ndarray) -> tuple[int, int]:
    """Return the pixel of an object that is nearest to the mean of its pixels."""
    rows, cols = np.nonzero(mask)
    nearest = ((rows - rows.mean()) ** 2 + (cols - cols.mean()) ** 2).argmin()
    return int(rows[nearest]), int(cols[nearest])


def numbers(engine: str, folder: Path) -> dict[str, Any]:
    name = f"nuclei-fluorescence-{engine}"
    loaded = registry.load(engine)
    checkpoint = loaded.adopt(STARTERS / f"{name}.zip", folder / "adopted", channels=[0])
    predictor = loaded.load(checkpoint, device="cpu", n_threads=1)
    with np.load(STARTERS / f"{name}.npz", allow_pickle=False) as tiles:
        image = mosaic(tiles)
    shape = image.shape[1:]
    path = folder / "image.tif"
    size = PixelShape(1, 1, 1, *shape, str(image.dtype))
    write_pixels(path, size, lambda page, row0, row1: image[page, row0:row1])
    drawn = predictor.predict(image)
    asking = Asking(predictor, path)
    by_point, by_box, scores = [], [], []
    for number in range(1, len(drawn.scores) + 1, EVERY):
        truth = drawn.label_image == number
        mask, answer = asking.ask(shape, point=inner_point(truth))
        by_point.append(iou(mask, truth))
        scores.append(abs(answer["score"] - float(drawn.scores[number - 1])))
        rows, cols = np.nonzero(truth)
        box = [int(rows.min()), int(cols.min()), int(rows.max()) + 1, int(cols.max()) + 1]
        mask, _ = asking.ask(shape, box=box)
        by_box.append(iou(mask, truth))
    empty = background_point(drawn.label_image)
    nothing, _ = asking.ask(shape, point=empty, threshold=usual_threshold(engine))
    return {
        "n": len(by_point),
        "by_point": float(np.mean(np.array(by_point) >= 0.9)),
        "by_box": float(np.mean(np.array(by_box) >= 0.9)),
        "score_difference": float(np.median(scores)),
        "nothing": int(nothing.sum()),
        "looked_at": list(box_around((300, 260, 301, 261), predictor.overlap_px, shape)),
        "shape": list(shape),
    }


def usual_threshold(engine: str) -> float:
    return {"stardist": 0.9, "cellpose": 6.0}[engine]


def background_point(label_image: np.ndarray) -> tuple[int, int]:
    """Return the background pixel that is farthest from all objects."""
    away = ndimage.distance_transform_edt(label_image == 0)
    row, col = np.unravel_index(int(away.argmax()), away.shape)
    return int(row), int(col)


if __name__ == "__main__":
    work = Path(sys.argv[2])
    answers = json.dumps(numbers(sys.argv[1], work))
    (work / "answers.json").write_text(answers, encoding="utf-8")
