"""What an engine's parameters mean for the objects at hand, told before anything is trained.

Needs no framework: the site asks while somebody fills in the form.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from training.engines.base import ObjectSizes, Remark

Config = Mapping[str, Any] | None

GRIDS = (1, 2, 4, 8)
MOST_CROP_PX = 512  # no engine here trains on larger crops
WHOLE_IN_CROP = 0.8  # an object above this share of a crop is cut in nearly every one
SPREAD = 5.0  # large to small objects, above which one scale does not fit all
SLIP = 1.8  # a diameter off by this factor is a slip, or in other units


def stardist_reach_px(depth: int, grid: int) -> int:
    """Return how far StarDist's network sees from a pixel, in pixels of the image.

    Parameters
    ----------
    depth : int
        Levels of the U-Net.
    grid : int
        Pixels per prediction, a power of two.

    Returns
    -------
    int

    Notes
    -----
    Fits what stardist 0.9.2 measures for the same purpose (`_compute_receptive_field` in
    models/base.py): 23 pixels at depth 2 and 47 at depth 3, times the grid.

    Examples
    --------
    >>> stardist_reach_px(3, 2)
    94
    """
    return grid * ((6 << depth) - 1)


def stardist_grid(diameter_px: float) -> int:
    """Return the grid that keeps an object of this diameter above five cells."""
    return 1 if diameter_px < 10 else 2 if diameter_px < 60 else 4


def advise_stardist(params: Any, sizes: ObjectSizes, parent: Config) -> list[Remark]:
    """Tell when objects are larger than what StarDist's network sees at once."""
    found = larger_than_crops(sizes)
    net = (parent or {}).get("net") or {}
    grid = max(net.get("grid") or [params.grid or stardist_grid(sizes.median_px)])
    depth = net.get("unet_n_depth") or params.depth
    reach = stardist_reach_px(int(depth), int(grid))
    if sizes.large_px <= reach:
        return found
    sentence = (
        f"Large objects are {sizes.large_px:.0f} px wide, but the network sees only {reach} px "
        "from any place: it has to guess where they end."
    )
    code = "beyond_receptive_field"
    if net:
        return [*found, Remark(code, sentence, "Start from scratch", start="scratch")]
    grid = next((g for g in GRIDS if stardist_reach_px(int(depth), g) >= sizes.large_px), GRIDS[-1])
    return [*found, Remark(code, sentence, f"Use a grid of {grid}", params={"grid": grid})]


def advise_cellpose(params: Any, sizes: ObjectSizes, parent: Config) -> list[Remark]:
    """Tell when Cellpose's one diameter does not fit the objects."""
    found = larger_than_crops(sizes)
    asked = params.diameter_px
    if asked and not 1 / SLIP < asked / sizes.median_px < SLIP:
        found.append(
            Remark(
                "diameter_mismatch",
                f"The diameter is set to {asked:.0f} px, but the annotated objects' median is "
                f"{sizes.median_px:.0f} px.",
                "Use the annotated objects' diameter",
                params={"diameter_px": 0.0},
            )
        )
    if sizes.large_px > SPREAD * sizes.small_px:
        found.append(
            Remark(
                "mixed_sizes",
                f"Objects are from {sizes.small_px:.0f} to {sizes.large_px:.0f} px wide. Cellpose "
                "scales every image by one diameter, so the smallest or the largest will suffer.",
            )
        )
    return found


def larger_than_crops(sizes: ObjectSizes) -> list[Remark]:
    """Tell when objects hardly fit into the largest crop."""
    if sizes.large_px <= WHOLE_IN_CROP * MOST_CROP_PX:
        return []
    sentence = (
        f"Large objects are {sizes.large_px:.0f} px wide, and crops at most {MOST_CROP_PX} px: "
        "hardly one is ever seen whole. Train on smaller copies of the images."
    )
    return [Remark("larger_than_crops", sentence)]
