"""What an engine's parameters mean for the objects at hand, told before anything is trained.

Needs no framework: the site asks while somebody fills in the form.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from training.datasets.scale import chosen_scale
from training.engines.base import ObjectSizes, Remark

Config = Mapping[str, Any] | None

GRIDS = (1, 2, 4, 8)
MOST_CROP_PX = 512  # no engine here trains on larger crops
MOST_CROP_PX_3D = 256  # nor on larger ones of volumes
WHOLE_IN_CROP = 0.8  # an object above this share of a crop is cut in nearly every one
SPREAD = 5.0  # large to small objects, above which one scale does not fit all
# Diameters that Cellpose-SAM was trained on, and their middle (its docs/settings.rst).
SAM_SMALLEST_PX, SAM_LARGEST_PX, SAM_DIAMETER_PX = 7.5, 120.0, 30.0
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


def stardist_scale(asked: float, diameter_px: float, parent: Config) -> float:
    """Return the factor by which images are resized for StarDist, see `chosen_scale`."""
    before = float((parent or {}).get("scale", 1.0))
    known_px = float((parent or {}).get("diameter_px") or 0.0) * before
    return chosen_scale(asked, diameter_px, known_px, before)


def advise_stardist(params: Any, sizes: ObjectSizes, parent: Config) -> list[Remark]:
    """Tell when objects are larger than what StarDist's network sees at once."""
    scale = stardist_scale(params.scale, sizes.median_px, parent)
    found = larger_than_crops(sizes, scale)
    net = (parent or {}).get("net") or {}
    grid = max(net.get("grid") or [params.grid or stardist_grid(scale * sizes.median_px)])
    depth = net.get("unet_n_depth") or params.depth
    reach = stardist_reach_px(int(depth), int(grid)) / scale
    if sizes.large_px <= reach:
        return found
    sentence = (
        f"Large objects are {sizes.large_px:.0f} px wide, but the network sees only {reach:.0f} px "
        "from any place: it has to guess where they end."
    )
    code = "beyond_receptive_field"
    if net:
        return [*found, Remark(code, sentence, "Start from scratch", start="scratch")]
    grid = next(
        (g for g in GRIDS if stardist_reach_px(int(depth), g) >= scale * sizes.large_px), GRIDS[-1]
    )
    return [*found, Remark(code, sentence, f"Use a grid of {grid}", params={"grid": grid})]


def advise_stardist_3d(params: Any, sizes: ObjectSizes, parent: Config) -> list[Remark]:
    """Tell when the network will see less than a large object in its planes."""
    found = larger_than_crops(sizes, most_px=MOST_CROP_PX_3D)
    net = (parent or {}).get("net", {})
    grid, depth = params.grid or stardist_grid(sizes.median_px), params.depth
    if len(net.get("grid", ())) == 3:
        grid, depth = net["grid"][-1], net.get("unet_n_depth", depth)
    reach_px = stardist_reach_px(int(depth), int(grid))
    if sizes.large_px <= reach_px:
        return found
    code = "beyond_receptive_field"
    sentence = (
        f"Large objects are {sizes.large_px:.0f} px wide in their planes; with a grid of {grid} "
        f"the network sees {reach_px} px around a point, so it will guess their outlines."
    )
    if net:
        return [*found, Remark(code, sentence, "Start from scratch", start="scratch")]
    sees = (g for g in GRIDS if stardist_reach_px(int(depth), g) >= sizes.large_px)
    wider = next(sees, GRIDS[-1])
    return [*found, Remark(code, sentence, f"Use a grid of {wider}", params={"grid": wider})]


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


def advise_cellpose_sam(params: Any, sizes: ObjectSizes, parent: Config) -> list[Remark]:
    """Tell when objects are of other sizes than those that official models were trained on."""
    scale = SAM_DIAMETER_PX / params.diameter_px if params.diameter_px else 1.0
    small, large = scale * sizes.small_px, scale * sizes.large_px
    if small >= SAM_SMALLEST_PX and large <= SAM_LARGEST_PX:
        return []
    sentence = (
        f"The network will see objects of {small:.0f} to {large:.0f} px; it was made for "
        f"{SAM_SMALLEST_PX} to {SAM_LARGEST_PX:.0f} px."
    )
    wanted = round(sizes.median_px, 1)
    if params.diameter_px == wanted:
        return [Remark("unusual_sizes", sentence)]
    label = "Scale images by the annotated objects' diameter"
    return [Remark("unusual_sizes", sentence, label, params={"diameter_px": wanted})]


def larger_than_crops(
    sizes: ObjectSizes, scale: float = 1.0, *, most_px: int = MOST_CROP_PX
) -> list[Remark]:
    """Tell when objects hardly fit into the largest crop, of images at a scale."""
    crop_px = most_px / scale
    if sizes.large_px <= WHOLE_IN_CROP * crop_px:
        return []
    sentence = (
        f"Large objects are {sizes.large_px:.0f} px wide, and crops at most {crop_px:.0f} px: "
        "hardly one is ever seen whole. Train on smaller copies of the images."
    )
    return [Remark("larger_than_crops", sentence)]
