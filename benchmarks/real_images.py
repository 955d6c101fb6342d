"""The shared images as regions that engines train on, and as a measure of what they learnt."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.engines.worlds import write_region
from tests.shared_data import manifest, shared_data
from training.engines.base import Predictor, TrainingRegion
from training.metrics.matching import match
from training.metrics.report import report

IOUS = tuple(round(0.5 + 0.05 * i, 2) for i in range(10))


class NoSharedImages(Exception):
    """The shared images are not on this machine."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One image with its true label image."""

    facts: dict[str, Any]  # its entry of the manifest
    pixels: NDArray[Any]  # (C, H, W)
    labels: NDArray[np.uint32]

    @property
    def name(self) -> str:
        """Its id in the manifest."""
        return str(self.facts["id"])


def pictures(category: str, split: str) -> list[Picture]:
    """Return the images of a category (stain) and split; raises NoSharedImages."""
    folder = shared_data()
    if folder is None:
        raise NoSharedImages("Name the folder of the shared images: CYTOLOOP_SHARED_DATA.")
    return [
        _read(folder, item)
        for item in manifest()["items"]
        if item["category"] == category and item["split"] == split
    ]


def _read(folder: Path, item: dict[str, Any]) -> Picture:
    from skimage.io import imread

    pixels = imread(folder / item["image"])
    pixels = pixels[np.newaxis] if pixels.ndim == 2 else np.moveaxis(pixels[..., :3], -1, 0)
    return Picture(item, pixels, imread(folder / item["mask"]).astype(np.uint32))


def held_out(found: Sequence[Picture], every: int) -> tuple[list[Picture], list[Picture]]:
    """Part images in those that teach and every so-manieth group of them, which judges."""
    groups = list(dict.fromkeys(picture.facts["group"] for picture in found))
    judging = set(groups[every - 1 :: every])
    teach = [picture for picture in found if picture.facts["group"] not in judging]
    return teach, [picture for picture in found if picture.facts["group"] in judging]


def as_regions(found: Iterable[Picture], folder: Path, split: str) -> list[TrainingRegion]:
    """Write whole images as regions."""
    folder.mkdir(parents=True, exist_ok=True)
    return [
        write_region(folder, picture.name, picture.pixels, picture.labels, split=split)
        for picture in found
    ]


def ap_of(predictor: Predictor, found: Iterable[Picture]) -> dict[str, float]:
    """Return AP at IoU .5 and .75 and its mean over .5 to .95, objects of all images together."""
    results = [
        match(picture.labels, predictor.predict(picture.pixels).label_image, thresholds=IOUS)
        for picture in found
    ]
    pooled: Any = report(results)["pooled"]
    return {
        "ap50": round(pooled["ap"]["0.5"], 4),
        "ap75": round(pooled["ap"]["0.75"], 4),
        "ap_mean": round(pooled["ap_mean"], 4),
        "n_objects": pooled["n_truth"],
    }


def digest_of_data(found: Iterable[Picture]) -> str:
    """Return a sha256 over the digests of images and masks, in the order of their names."""
    total = hashlib.sha256()
    for picture in sorted(found, key=lambda each: each.name):
        total.update(f"{picture.facts['sha256_image']} {picture.facts['sha256_mask']}\n".encode())
    return total.hexdigest()
