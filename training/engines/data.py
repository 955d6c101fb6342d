"""What a training learns from: the sources of crops, their polarity and their object sizes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from project.errors import DataProblem
from training.datasets.augment import Strengths
from training.datasets.balance import region_weights
from training.datasets.crops import CropSource
from training.datasets.normalize import LOWER, UPPER, contrast_of_objects
from training.engines.base import EngineSpec, Reporter, TrainJob

POLARITY_REGIONS = 8
UNCLEAR_CONTRAST = 0.02
MOST_PX = 512


class EmptyTrainingSet(DataProblem):
    """There is nothing to learn from."""

    code: ClassVar[str] = "empty_training_set"


class MixedChannelCounts(DataProblem):
    """The images do not have the channels that the run was told to use."""

    code: ClassVar[str] = "mixed_channel_counts"


class PretrainedUnavailable(DataProblem):
    """An official model is not here and cannot be fetched."""

    code: ClassVar[str] = "pretrained_unavailable"


@dataclass(frozen=True, slots=True)
class TrainingData:
    """Sources of crops for training and validation."""

    train: CropSource
    validation: CropSource
    weights: NDArray[np.float64]
    diameter_px: float  # median of the annotated objects
    folder: Path  # what is derived from the regions; each attempt derives it anew

    @property
    def n_channels(self) -> int:
        """Count the channels the images are read with."""
        return len(self.train.channels)

    def set_polarity(self, invert: bool) -> None:
        """Read all crops inverted, or not."""
        self.train.invert = self.validation.invert = invert


def open_data(spec: EngineSpec, job: TrainJob, params: Any, report: Reporter) -> TrainingData:
    """Prepare the regions of a job; raises EmptyTrainingSet, MixedChannelCounts."""
    if not 1 <= len(job.channels) <= spec.max_channels:
        raise MixedChannelCounts(
            f"{spec.title} takes from 1 to {spec.max_channels} channels; {len(job.channels)} "
            "were chosen."
        )
    report.stage("preparing", n_regions=len(job.regions))
    sources = {}
    for split in ("train", "validation"):
        regions = [region for region in job.regions if region.split == split]
        sources[split] = CropSource(
            regions,
            job.channels,
            job.workdir / "cache" / split,
            background_band_px=params.background_band_px,
        )
    train = sources["train"]
    if not sum(region.n_instances for region in train.regions):
        raise EmptyTrainingSet(
            "There is no annotated object to learn from: paint some objects in a training region "
            "and submit it. Objects cut by a region's border do not count."
        )
    if not sources["validation"].regions:
        report.warn(
            "There is no validation region, so the training cannot tell when it gets worse."
        )
    found = np.concatenate([region.diameters for region in train.regions])
    weights = region_weights(
        [region.n_annotated for region in train.regions],
        [region.n_instances for region in train.regions],
        [region.region.tags for region in train.regions],
    )
    return TrainingData(
        train, sources["validation"], weights, float(np.median(found)), job.workdir / "cache"
    )


@dataclass(frozen=True, slots=True)
class Polarity:
    """Whether intensities are inverted, and how objects look to the network then."""

    invert: bool
    objects: str  # bright or dark


def choose_polarity(
    data: TrainingData, asked: str, *, parent_config: dict[str, Any] | None
) -> Polarity:
    """Decide whether intensities are inverted, so that objects look as the weights expect.

    From scratch, objects are made brighter than their surroundings. A parent says what it was
    trained on; where the contrast is unclear, its own choice is kept. Whoever asks for "yes" or
    "no" may teach the weights another look, which is what the next training must know.
    """
    parent = (parent_config or {}).get("normalisation", {})
    objects = str(parent.get("objects", "bright"))
    contrast = _contrast(data)
    is_clear = abs(contrast) >= UNCLEAR_CONTRAST
    if asked != "auto":
        invert = asked == "yes"
    elif is_clear:
        invert = (contrast > 0) != (objects == "bright")
    else:
        invert = bool(parent.get("invert", False))
    if is_clear:
        objects = "bright" if (contrast > 0) != invert else "dark"
    return Polarity(invert, objects)


def _contrast(data: TrainingData) -> float:
    """Measure how much brighter objects are than what is around them, as the images are."""
    crops = [
        data.train.whole(i, most_px=MOST_PX) for i in range(min(POLARITY_REGIONS, len(data.train)))
    ]
    return contrast_of_objects(
        [crop.pixels for crop in crops],
        [crop.labels > 0 for crop in crops],
        [crop.labels == 0 for crop in crops],
    )


def normalisation_config(polarity: Polarity) -> dict[str, Any]:
    """Return what a version stores about intensities."""
    return {
        "lower_percentile": LOWER,
        "upper_percentile": UPPER,
        "over": "whole image, per channel",
        "invert": polarity.invert,
        "objects": polarity.objects,
    }


@dataclass(frozen=True, slots=True)
class CropSettings:
    """How crops are drawn and changed."""

    patch_px: int
    batch_size: int
    foreground: float
    scale_range: float
    strengths: Strengths


def crop_settings(
    params: Any, *, patch_px: int, batch_size: int, is_inverted: bool
) -> CropSettings:
    """Return the settings that a run's parameters ask for."""
    strengths = strengths_of(params, is_inverted=is_inverted)
    return CropSettings(patch_px, batch_size, params.foreground, params.scale_range, strengths)


def strengths_of(params: Any, *, is_inverted: bool) -> Strengths:
    """Return the augmentation strengths; stains vary only where white is background."""
    return Strengths(
        intensity=params.intensity_range,
        noise=params.noise,
        blur_px=params.blur_px,
        stain=params.stain_jitter if is_inverted else 0.0,
    )
