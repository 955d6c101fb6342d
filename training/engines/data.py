"""What a training learns from: the sources of crops, their polarity and their object sizes."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from project.errors import DataProblem
from training.datasets.augment import Strengths
from training.datasets.balance import region_weights
from training.datasets.channels import ALL, HAEMATOXYLIN, ONE, in_words, n_shown
from training.datasets.crops import REPLAY, CropSource
from training.datasets.normalize import LOWER, N_RGB, UPPER, contrast_of_objects
from training.datasets.volumes import VolumeSource
from training.engines.base import EngineSpec, Reporter, TrainJob
from training.engines.checkpoint import read_config

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
    recolour: bool = False  # whether the colours of stains are brought to one look

    @property
    def n_channels(self) -> int:
        """Count the channels the images are read with."""
        return len(self.train.channels)

    def set_view(self, *, invert: bool, way: str = ALL) -> None:
        """Read all crops inverted, or not, and with these channels."""
        for source in (self.train, self.validation):
            source.invert, source.way = invert, way


def open_data(spec: EngineSpec, job: TrainJob, params: Any, report: Reporter) -> TrainingData:
    """Prepare the regions of a job; raises EmptyTrainingSet, MixedChannelCounts."""
    if not 1 <= len(job.channels) <= spec.max_channels:
        raise MixedChannelCounts(
            f"{spec.title} takes from 1 to {spec.max_channels} channels; {len(job.channels)} "
            "were chosen."
        )
    report.stage("preparing", n_regions=len(job.regions))
    recolour = is_recoloured(spec, job, params)
    shutil.rmtree(job.workdir / "cache", ignore_errors=True)  # of another training there

    def source(*splits: str) -> CropSource:
        regions = [region for split in splits for region in job.regions if region.split == split]
        folder = job.workdir / "cache" / splits[0]
        band = params.background_band_px
        if spec.n_dims == 3:
            anisotropy = job.anisotropy
            return VolumeSource(
                regions, job.channels, folder, background_band_px=band, anisotropy=anisotropy
            )
        return CropSource(regions, job.channels, folder, background_band_px=band, recolour=recolour)

    train, validation = source("train", REPLAY), source("validation")
    if not sum(train.regions[i].n_instances for i in train.own):
        raise EmptyTrainingSet(
            "There is no annotated object to learn from: paint some objects in a training region "
            "and submit it. Objects cut by a region's border do not count."
        )
    if not validation.regions:
        report.warn(
            "There is no validation region, so the training cannot tell when it gets worse."
        )
    found = np.concatenate([train.regions[i].diameters for i in train.own])
    return TrainingData(
        train,
        validation,
        weights_of(train, getattr(params, "replay_share", 0.0)),
        float(np.median(found)),
        job.workdir / "cache",
        recolour,
    )


def weights_of(source: CropSource, replay_share: float) -> NDArray[np.float64]:
    """Return how often each region is drawn from, replayed ones together by their share."""
    own = np.zeros(len(source), bool)
    own[source.own] = True
    weights = np.zeros(len(source))
    share = replay_share if not own.all() else 0.0
    for members, total in ((own, 1 - share), (~own, share)):
        regions = [source.regions[i] for i in np.flatnonzero(members)]
        weights[members] = total * region_weights(
            [region.n_annotated for region in regions],
            [region.n_instances for region in regions],
            [region.region.tags for region in regions],
        )
    return weights


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


def _contrast(data: TrainingData, channels: slice = slice(None)) -> float:
    """Measure how much brighter objects are than what is around them, as the images are."""
    data.set_view(invert=False)
    crops = [data.train.whole(i, most_px=MOST_PX) for i in data.train.own[:POLARITY_REGIONS]]
    return contrast_of_objects(
        [crop.pixels[channels] for crop in crops],
        [crop.labels > 0 for crop in crops],
        [crop.labels == 0 for crop in crops],
    )


def clearest_channel(data: TrainingData) -> int:
    """Return the channel in which objects stand out most."""
    contrasts = [abs(_contrast(data, slice(i, i + 1))) for i in range(data.n_channels)]
    return int(np.argmax(contrasts))


@dataclass(frozen=True, slots=True)
class View:
    """How the network is shown an image's channels."""

    mapping: tuple[int, ...]  # the image's channels
    way: str

    @property
    def n_shown(self) -> int:
        """Count what the network is shown."""
        return n_shown(len(self.mapping), self.way)

    def config(self, conversion: Sequence[str] = ()) -> dict[str, Any]:
        """Return what a version stores about channels; `conversion` is what came of them then."""
        words = [in_words(self.way, len(self.mapping))] if self.way != ALL else []
        return {
            "count": len(self.mapping),
            "mapping": list(self.mapping),
            "way": self.way,
            "conversion": "; ".join([*words, *conversion]) or in_words(ALL, len(self.mapping)),
        }


class NoStains(DataProblem):
    """The haematoxylin of pictures was asked for that cannot show any."""

    code: ClassVar[str] = "no_stains"


def choose_view(
    data: TrainingData, asked: str, polarity: Polarity, *, parent_config: dict[str, Any] | None
) -> View:
    """Decide which channels a network is shown: as asked, as its parent was, or all of them.

    Raises NoStains.
    """
    channels = (parent_config or {}).get("channels", {})
    way = asked
    if asked == "auto":
        is_same = channels.get("count") == data.n_channels
        way = str(channels.get("way", ALL)) if is_same else ALL
    elif asked == ONE:
        way = f"{ONE}:{clearest_channel(data)}"
    if way == HAEMATOXYLIN and not (polarity.invert and data.n_channels == N_RGB):
        raise NoStains(
            "Haematoxylin can only be told apart in bright-field pictures of three channels, in "
            "which objects are dark. Choose other channels to be shown."
        )
    return View(data.train.channels, way)


def is_recoloured(spec: EngineSpec, job: TrainJob, params: Any) -> bool:
    """Tell whether the colours of stains are brought to one look: as asked, or as the parent's."""
    asked = getattr(params, "stain_normalisation", "none")
    if asked == "auto" and job.parent:
        normalisation = read_config(job.parent, spec.name).get("normalisation", {})
        return bool(normalisation.get("recolour", False))
    return asked == "macenko"


def normalisation_config(polarity: Polarity, *, recolour: bool = False) -> dict[str, Any]:
    """Return what a version stores about intensities."""
    return {
        "recolour": recolour,
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
        stain=getattr(params, "stain_jitter", 0.0) if is_inverted else 0.0,
    )
