"""The engines that ship with the site, described without importing a framework.

The fields of each params class become the form of a training run: `metadata` holds the label,
the help text and the allowed range or choices.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from training.engines.advice import (
    advise_cellpose,
    advise_cellpose_sam,
    advise_stardist,
    advise_stardist_3d,
)
from training.engines.base import EngineSpec

STARDIST_PRETRAINED = ("2D_versatile_fluo", "2D_versatile_he", "2D_paper_dsb2018", "2D_demo")
CELLPOSE_PRETRAINED = (
    "cyto3", "nuclei", "cyto2_cp3", "cyto2", "cyto", "tissuenet_cp3", "livecell_cp3",
    "yeast_PhC_cp3", "yeast_BF_cp3", "bact_phase_cp3", "bact_fluor_cp3", "deepbacs_cp3",
)  # fmt: skip


def _param(default: Any, title: str, help_text: str, **limits: Any) -> Any:
    """Declare a field with what a form needs: low, high, choices, and whether it is advanced."""
    return field(default=default, metadata={"title": title, "help": help_text, **limits})


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkParams:
    """What every trained network asks for."""

    steps: int = _param(
        0,
        "Steps",
        "Weight updates; 0 chooses: as many as fit into the time given, else a sensible number.",
        low=0,
        high=1_000_000,
        advanced=False,
    )
    recipe: str = _param(
        "usual",
        "Recipe",
        "auto tries a few ways of training for a moment each (channels, layers, learning rate)"
        " and trains on with the one that does best on the blind validation regions.",
        choices=("usual", "auto"),
        advanced=False,
    )
    steps_per_epoch: int = _param(20, "Steps per epoch", "Updates between reports.", low=1)
    learning_rate: float = _param(
        0.0, "Learning rate", "0 chooses by where the weights come from.", low=0.0, high=1.0
    )
    rate_factor: float = _param(
        1.0, "Rate factor", "The learning rate is multiplied by this.", low=0.001, high=100.0
    )
    layers: str = _param(
        "all",
        "Layers",
        "Which part of the network learns; decoder leaves the first half as it was.",
        choices=("all", "decoder"),
    )
    pull_to_start: float = _param(
        0.0,
        "Pull to the start",
        "How strongly weights are drawn back to where they came from (L2-SP); 0 switches it off.",
        low=0.0,
        high=100.0,
    )
    averaging: float = _param(
        0.95,
        "Averaging",
        "Share that the running average of the weights keeps at each step; 0 switches it off.",
        low=0.0,
        high=0.9999,
    )
    replay_share: float = _param(
        0.1,
        "Replay",
        "Share of crops from what the earlier versions were trained on, where that is not in the"
        " set, so that it is not forgotten.",
        low=0.0,
        high=0.5,
    )
    warmup_steps: int = _param(10, "Warm-up steps", "Updates until the full learning rate.", low=0)
    batch_size: int = _param(0, "Batch size", "Crops per update; 0 chooses.", low=0, high=256)
    patch_px: int = _param(
        128, "Crop size", "Side of a training crop in pixels.", low=32, high=1024
    )
    foreground: float = _param(
        0.9, "Object crops", "Share of crops that are drawn around an object.", low=0.0, high=1.0
    )
    background_band_px: int = _param(
        6,
        "Background band",
        "Where only objects were marked and no background, this many pixels around each object"
        " count as background; 0 switches it off.",
        low=0,
        high=64,
    )
    invert: str = _param(
        "auto",
        "Invert intensities",
        "Objects darker than their surroundings are inverted so that they become bright.",
        choices=("auto", "yes", "no"),
    )
    channel_input: str = _param(
        "auto",
        "Channels shown",
        "Of several channels the network is shown all, their mean, the one in which objects stand"
        " out most, or the haematoxylin of a bright-field picture; auto does as the version that"
        " it starts from, else shows all.",
        choices=("auto", "all", "mean", "channel", "haematoxylin"),
    )
    scale_range: float = _param(
        0.25, "Scale augmentation", "Crops are resized by up to this share.", low=0.0, high=0.9
    )
    intensity_range: float = _param(
        0.3, "Intensity augmentation", "Strength of brightness and contrast changes.", low=0, high=1
    )
    noise: float = _param(0.03, "Noise augmentation", "Largest noise added.", low=0.0, high=1.0)
    blur_px: float = _param(0.7, "Blur augmentation", "Largest blur added.", low=0.0, high=5.0)
    keep: str = _param(
        "best",
        "Keep",
        "The weights of the epoch with the lowest validation loss, or the last ones.",
        choices=("best", "last"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedParams(NetworkParams):
    """What every network that looks at single planes asks for."""

    stain_normalisation: str = _param(
        "auto",
        "Stain normalisation",
        "Macenko brings the colours of H&E pictures to one look before anything else; for slides of"
        " several laboratories or scanners. auto does as the version that it starts from.",
        choices=("auto", "none", "macenko"),
    )
    stain_jitter: float = _param(
        0.04, "Stain augmentation", "Colour changes for bright-field RGB images.", low=0.0, high=0.5
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StarDistParams(SharedParams):
    """How StarDist is built and trained."""

    n_rays: int = _param(32, "Rays", "Corners of each object's outline.", low=8, high=128)
    grid: int = _param(0, "Grid", "Pixels per prediction; 0 chooses by object size.", low=0, high=8)
    scale: float = _param(
        0.0,
        "Image scale",
        "Images are resized by this before the network sees them; 0 keeps objects about as large as"
        " those that the weights know.",
        low=0.0,
        high=4.0,
    )
    filters: int = _param(16, "Filters", "Width of the network's first level.", low=4, high=64)
    depth: int = _param(3, "Depth", "Levels of the network.", low=1, high=5)
    features: int = _param(64, "Feature filters", "Width before the outputs.", low=8, high=256)
    precision: str = _param(
        "auto",
        "Precision",
        "bfloat16 makes an update a quarter shorter where the processor supports it.",
        choices=("auto", "float32", "bfloat16"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StarDist3DParams(NetworkParams):
    """How StarDist for volumes is built and trained; z counts planes."""

    patch_px: int = _param(
        96, "Crop size", "Side of a training crop in its planes, in pixels.", low=16, high=512
    )
    patch_planes: int = _param(
        0, "Crop planes", "Planes of a training crop; 0 chooses by object size.", low=0, high=256
    )
    channel_input: str = _param(
        "auto",
        "Channels shown",
        "Of several channels the network is shown all, their mean, or the one in which objects"
        " stand out most; auto does as the version that it starts from, else shows all.",
        choices=("auto", "all", "mean", "channel"),
    )
    n_rays: int = _param(96, "Rays", "Corners of each object's surface.", low=16, high=256)
    grid: int = _param(
        0, "Grid", "Pixels per prediction in planes; 0 chooses by object size.", low=0, high=8
    )
    grid_z: int = _param(
        0, "Grid along z", "Planes per prediction; 0 chooses by object size.", low=0, high=8
    )
    anisotropy: float = _param(
        0.0,
        "Anisotropy",
        "Distance of planes in pixels of a plane; 0 takes the images', and where they do not say"
        " measures how much flatter the annotated objects look.",
        low=0.0,
        high=50.0,
    )
    filters: int = _param(16, "Filters", "Width of the network's first level.", low=4, high=64)
    depth: int = _param(2, "Depth", "Levels of the network.", low=1, high=4)
    features: int = _param(64, "Feature filters", "Width before the outputs.", low=8, high=256)


@dataclass(frozen=True, slots=True, kw_only=True)
class CellposeParams(SharedParams):
    """How Cellpose is built and trained."""

    net: str = _param(
        "standard",
        "Network",
        "Standard is Cellpose's own; small and tiny are faster and less able.",
        choices=("standard", "small", "tiny"),
        advanced=False,
    )
    diameter_px: float = _param(
        0.0, "Object diameter", "0 takes the median of the annotated objects.", low=0.0, high=2000
    )
    diameter_at: str = _param(
        "annotations",
        "Diameter when predicting",
        "image looks at each image at the annotated diameter first, and again at the median of what"
        " it found; for images in other magnifications.",
        choices=("annotations", "image"),
    )
    weight_decay: float = _param(1e-5, "Weight decay", "AdamW's decay.", low=0.0, high=1.0)
    precision: str = _param(
        "auto",
        "Precision",
        "bfloat16 is about three times faster where the processor supports it.",
        choices=("auto", "float32", "bfloat16"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdParams:
    """How the classical baseline searches its settings."""

    invert: str = _param(
        "auto",
        "Invert intensities",
        "Objects darker than their surroundings are inverted so that they become bright.",
        choices=("auto", "yes", "no"),
    )
    background_band_px: int = _param(6, "Background band", "As for the networks.", low=0, high=64)
    max_regions: int = _param(
        12, "Regions used", "Regions that the settings are fitted on.", low=1, high=1000
    )


STARDIST = EngineSpec(
    name="stardist",
    title="StarDist",
    version="0.9.2",
    params=StarDistParams,
    max_channels=16,
    produces=("prob", "dist"),
    pretrained=STARDIST_PRETRAINED,
    licence="BSD-3-Clause",
    citation="Schmidt et al., MICCAI 2018, doi:10.1007/978-3-030-00934-2_30",
    classifies=True,
    advise=advise_stardist,
)
STARDIST_3D = EngineSpec(
    name="stardist_3d",
    title="StarDist 3D",
    version="0.9.2",
    params=StarDist3DParams,
    max_channels=16,
    produces=("prob", "dist"),
    pretrained=("3D_demo",),
    licence="BSD-3-Clause",
    citation="Weigert et al., WACV 2020, doi:10.1109/WACV45572.2020.9093435",
    classifies=True,
    n_dims=3,
    advise=advise_stardist_3d,
)
CELLPOSE = EngineSpec(
    name="cellpose",
    title="Cellpose",
    version="3.1.1.3",
    params=CellposeParams,
    max_channels=16,
    produces=("flows", "cellprob"),
    pretrained=CELLPOSE_PRETRAINED,
    licence="BSD-3-Clause",
    citation="Stringer et al., Nature Methods 2021, doi:10.1038/s41592-020-01018-x",
    advise=advise_cellpose,
)
THRESHOLD = EngineSpec(
    name="threshold",
    title="Threshold and watershed",
    version="1",
    params=ThresholdParams,
    max_channels=16,
    produces=("foreground",),
    pretrained=(),
    licence="MIT",
    citation="Otsu, IEEE SMC 1979, doi:10.1109/TSMC.1979.4310076",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CellposeSamParams(SharedParams):
    """How Cellpose-SAM is trained; its network is always the same."""

    averaging: float = _param(
        0.0,
        "Averaging",
        "Share that the running average of the weights keeps at each step; it takes as much memory"
        " as the weights again. 0 switches it off.",
        low=0.0,
        high=0.9999,
    )
    patch_px: int = _param(256, "Crop size", "The network knows no other size.", low=256, high=256)
    batch_size: int = _param(0, "Batch size", "Crops per update; 0 is 1.", low=0, high=64)
    invert: str = _param(
        "no",
        "Invert intensities",
        "Objects darker than their surroundings are inverted; official models know both.",
        choices=("no", "auto", "yes"),
    )
    diameter_px: float = _param(
        0.0,
        "Object diameter",
        "0 takes images as they are, which suits objects of 8 to 120 px; else images are scaled so"
        " that objects of this diameter have 30.",
        low=0.0,
        high=2000,
    )
    weight_decay: float = _param(0.1, "Weight decay", "AdamW's decay.", low=0.0, high=1.0)
    precision: str = _param(
        "auto",
        "Precision",
        "bfloat16 is about twice as fast where the device supports it.",
        choices=("auto", "float32", "bfloat16"),
    )


CELLPOSE_SAM = EngineSpec(
    name="cellpose_sam",
    title="Cellpose-SAM",
    version="4.2.1.1",
    params=CellposeSamParams,
    max_channels=3,
    produces=("flows", "cellprob"),
    pretrained=("cpsam_v2", "cpsam"),
    licence="BSD-3-Clause; official weights CC-BY-NC-4.0",
    citation="Pachitariu et al., bioRxiv 2025, doi:10.1101/2025.04.28.651001",
    needs_gpu=True,
    advise=advise_cellpose_sam,
)
