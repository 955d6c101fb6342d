"""The images of the demo with their true labels, and what each is used for."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
USES = ("round1", "round2", "validation", "heldout")
CROP_PX = 128  # of the packaged image; some ten nuclei


@dataclass(frozen=True, slots=True)
class Sample:
    """One image with its true label image and what the demo uses it for."""

    name: str
    path: Path
    truth: NDArray[np.uint32]
    use: str  # one of USES


def load_samples(folder: Path) -> list[Sample]:
    """Return the shared images when they are there, else crops of StarDist's test image."""
    default = ROOT.parent / "shared" / "data"
    shared = Path(os.environ.get("CYTOLOOP_SHARED_DATA", default))
    if (shared / "manifest.json").is_file():
        return shared_samples(shared)
    return packaged_samples(folder)


def shared_samples(shared: Path) -> list[Sample]:
    """Choose small fluorescence images of one family, trained on and held out ones apart."""
    items = json.loads((shared / "manifest.json").read_text())["items"]
    fitting = [
        item
        for item in items
        if item["family"] == "dsb-256" and item["category"] == "fluo" and item["n_objects"] >= 15
    ]
    train = [item for item in fitting if item["split"] == "train"][:8]
    test = [item for item in fitting if item["split"] == "test"][:4]
    uses = ["round1"] * 2 + ["round2"] * 4 + ["validation"] * 2 + ["heldout"] * len(test)
    return [
        Sample(
            item["id"],
            shared / item["image"],
            tifffile.imread(shared / item["mask"]).astype(np.uint32),
            use,
        )
        for item, use in zip(train + test, uses, strict=True)
    ]


def packaged_samples(folder: Path) -> list[Sample]:
    """Cut the nuclei image that comes inside the stardist package into images of their own.

    Its lower half, in two pieces, is held out. Of the eight crops of the upper half one is drawn
    for the first version, five are corrected for the second, and two judge the training.
    """
    images = files("stardist.data") / "images"
    pixels = tifffile.imread(str(images / "img2d.tif"))
    truth = tifffile.imread(str(images / "mask2d.tif")).astype(np.uint32)
    half = pixels.shape[0] // 2
    uses = ["round2", "round1", "validation", "round2", "round2", "round2", "validation", "round2"]
    boxes = [
        (row, col, row + CROP_PX, col + CROP_PX)
        for row in range(0, half, CROP_PX)
        for col in range(0, pixels.shape[1], CROP_PX)
    ]
    places = list(zip(uses, boxes, strict=True))
    places += [("heldout", (half, col, 2 * half, col + half)) for col in (0, half)]
    samples = []
    for number, (use, (row0, col0, row1, col1)) in enumerate(places, start=1):
        path = folder / f"nuclei_{number:02d}_{use}.tif"
        tifffile.imwrite(path, pixels[row0:row1, col0:col1])
        samples.append(Sample(path.stem, path, truth[row0:row1, col0:col1], use))
    return samples
