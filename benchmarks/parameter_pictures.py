"""The pictures of docs/engines.md: what parameters do, drawn by the code that does it.

    python -m benchmarks.parameter_pictures

The images are those that come inside the packages stardist (nuclei, H&E; BSD-3-Clause) and
scikit-image (immunohistochemistry; no known copyright).
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from skimage.io import imread
from skimage.segmentation import find_boundaries
from stardist.geometry import dist_to_coord, star_dist

from training.datasets.augment import Strengths, change_intensities, jitter_stains, resize
from training.datasets.channels import shown
from training.datasets.labels import UNKNOWN, sparse_labels
from training.datasets.normalize import normalize_image
from training.engines.budget import learning_rate

TARGET = Path(__file__).resolve().parent.parent / "docs" / "pictures"
SIDE, GAP, TITLE = 160, 8, 18
GAMMA = 0.6
PLACE = (slice(None), slice(220, 380), slice(60, 220))  # of the nuclei image
Tile: TypeAlias = tuple[str, NDArray[Any]]  # caption, (h, w) or (h, w, 3) from 0 to 1


def main() -> None:
    """Draw all pictures."""
    TARGET.mkdir(parents=True, exist_ok=True)
    for draw in (augmentation, channels, recolouring, coverage, rays, schedule):
        path = TARGET / f"{draw.__name__}.png"
        draw().quantize(128).save(path, optimize=True)
        print(f"{path.name} {path.stat().st_size // 1024} kB")


def nuclei() -> tuple[NDArray[np.float32], NDArray[np.uint16]]:
    """Return a normalised nuclei image (1, h, w) with its labels."""
    folder = files("stardist.data") / "images"
    pixels = tifffile.imread(str(folder / "img2d.tif"))
    labels = tifffile.imread(str(folder / "mask2d.tif"))
    return normalize_image(pixels[np.newaxis])[PLACE], labels[PLACE[1:]]


def histology() -> NDArray[np.float32]:
    """Return an H&E image (3, h, w), 1 - RGB."""
    rgb = np.moveaxis(imread(str(files("stardist.data") / "images" / "histo.jpg")), -1, 0)
    return normalize_image(rgb, invert=True)[:, 60:220, 180:340]


def augmentation() -> Image.Image:
    """Show what changes of crops look like, at their default strength and at twice that."""
    pixels, labels = nuclei()
    slide = histology()

    def varied(**strengths: float) -> NDArray[Any]:
        return change_intensities(pixels, Strengths(**strengths), np.random.default_rng(4))[0]

    def scaled(factor: float) -> NDArray[Any]:
        side = round(100 / factor)
        return resize(pixels[:, :side, :side], labels[:side, :side].astype(np.int32), 160)[0][0]

    def stained(strength: float) -> NDArray[Any]:
        return as_rgb(jitter_stains(slide, strength, np.random.default_rng(8)))

    return sheet(
        [
            [("as it is", scaled(1)), ("scale 1/1.25", scaled(0.8)), ("scale 1.25", scaled(1.25))],
            [
                ("as it is", pixels[0]),
                ("intensity_range 0.3", varied(intensity=0.3)),
                ("intensity_range 0.6", varied(intensity=0.6)),
            ],
            [
                ("noise 0.03", varied(noise=0.03)),
                ("noise 0.2", varied(noise=0.2)),
                ("blur_px 2", blurred(pixels)),
            ],
            [
                ("as it is", as_rgb(slide)),
                ("stain_jitter 0.04", stained(0.04)),
                ("stain_jitter 0.3", stained(0.3)),
            ],
        ]
    )


def blurred(pixels: NDArray[np.float32]) -> NDArray[Any]:
    """Return the first random draw in which an image is blurred (most are not)."""
    for seed in range(100):
        changed = change_intensities(pixels, Strengths(blur_px=2.0), np.random.default_rng(seed))
        if np.abs(np.diff(changed)).mean() < 0.8 * np.abs(np.diff(pixels)).mean():
            return changed[0]
    return pixels[0]


def channels() -> Image.Image:
    """Show what a network may be shown of an H&E picture."""
    slide = histology()
    ways = (("mean", "mean"), ("channel", "channel:0"), ("haematoxylin", "haematoxylin"))
    return sheet([[("all", as_rgb(slide)), *[(name, shown(slide, way)[0]) for name, way in ways]]])


def recolouring() -> Image.Image:
    """Show pictures of two origins before and after Macenko's normalisation."""
    he = imread(str(files("stardist.data") / "images" / "histo.jpg"))[60:220, 180:340]
    ihc = imread(str(files("skimage.data") / "ihc.png"))[..., :3][100:260, 100:260]
    tiles = []
    for name, rgb in (("H&E", he), ("another stain", ihc)):
        image = np.moveaxis(rgb, -1, 0)
        after = normalize_image(image, invert=True, recolour=True)
        tiles += [(name, rgb / 255), (f"{name}, macenko", as_rgb(after))]
    return sheet([tiles])


def coverage() -> Image.Image:
    """Show what teaches in a region of which a part was annotated."""
    pixels, labels = nuclei()
    box, shape = (20, 20, 180, 180), (200, 200)
    some = np.where(np.isin(labels, np.unique(labels)[1::2]), labels, 0)
    complete = sparse_labels(labels, np.ones(labels.shape, bool), box=box, image_shape=shape)
    positives = sparse_labels(some, some > 0, box=box, image_shape=shape)
    banded = sparse_labels(some, some > 0, box=box, image_shape=shape, background_band_px=6)
    return sheet(
        [
            [
                ("image", pixels[0]),
                ("complete region", taught(complete)),
                ("objects only, no band", taught(positives)),
                ("background_band_px 6", taught(banded)),
            ]
        ]
    )


def taught(labels: NDArray[np.int32]) -> NDArray[Any]:
    """Colour what is object, what is background, and what does not teach."""
    colours = np.array([[0.55, 0.55, 0.55], [0.1, 0.1, 0.15], [0.2, 0.75, 0.75]])
    result = colours[np.sign(labels) + 1]
    result[find_boundaries(np.where(labels == UNKNOWN, 0, labels))] = 1
    return result


def rays() -> Image.Image:
    """Show outlines of 8, 32 and 64 corners."""
    pixels, labels = nuclei()
    drawn = [(f"n_rays {n}", outlined(pixels[0], labels, n)) for n in (8, 32, 64)]
    return sheet([[("image", pixels[0]), *drawn]])


def outlined(grey: NDArray[Any], labels: NDArray[Any], n_rays: int) -> NDArray[Any]:
    """Draw star-convex outlines from the objects' middles."""
    dist = star_dist(labels, n_rays)
    picture = Image.fromarray(to_bytes(grey)).convert("RGB").resize((SIDE, SIDE))
    draw = ImageDraw.Draw(picture)
    zoom = SIDE / labels.shape[0]
    for number in np.unique(labels)[1:]:
        middle = np.argwhere(labels == number).mean(axis=0).round().astype(int)
        corners = dist_to_coord(dist[tuple(middle)][np.newaxis], middle[np.newaxis])[0]
        points = [(float(col * zoom), float(row * zoom)) for row, col in corners.T]
        draw.line([*points, points[0]], fill=(255, 170, 40), width=1)
    return np.asarray(picture) / 255


def schedule() -> Image.Image:
    """Show the learning rate over a training of 200 steps."""
    width, height = 3 * SIDE, 100
    picture = Image.new("RGB", (width, height + TITLE), "white")
    draw = ImageDraw.Draw(picture)
    rates = [learning_rate(step, 200, 1.0, 20) for step in range(200)]
    points = [(2.3 * step + 8, TITLE + height - 8 - 80 * rate) for step, rate in enumerate(rates)]
    draw.line(points, fill=(13, 110, 120), width=2)
    draw.text(
        (8, 2), "learning rate: warmup_steps, then flat, then a fall over the last 40 %", "black"
    )
    return picture


def as_rgb(inverted: NDArray[np.float32]) -> NDArray[Any]:
    """Return 1 - x as a picture (h, w, 3)."""
    return np.moveaxis(1 - inverted, 0, -1)


def to_bytes(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Return 0 to 1 as bytes; grey is made brighter, as editors do with dim fluorescence."""
    clipped = np.clip(values, 0, 1)
    return (255 * (clipped**GAMMA if clipped.ndim == 2 else clipped)).astype(np.uint8)


def sheet(rows: Sequence[Sequence[Tile]]) -> Image.Image:
    """Lay tiles out in rows, each with its caption above."""
    n_columns = max(len(row) for row in rows)
    step_x, step_y = SIDE + GAP, SIDE + TITLE + GAP
    picture = Image.new("RGB", (n_columns * step_x - GAP, len(rows) * step_y - GAP), "white")
    draw = ImageDraw.Draw(picture)
    for i, row in enumerate(rows):
        for j, (caption, values) in enumerate(row):
            tile = Image.fromarray(to_bytes(values)).convert("RGB").resize((SIDE, SIDE))
            picture.paste(tile, (j * step_x, i * step_y + TITLE))
            draw.text((j * step_x, i * step_y + 3), caption, "black")
    return picture


if __name__ == "__main__":
    main()
