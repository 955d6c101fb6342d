"""The classical baseline: smooth, threshold, split by distance watershed; fitted in seconds."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.filters import threshold_otsu
from skimage.segmentation import watershed

from project.errors import Cancelled, CheckpointCorrupt
from training.datasets.crops import Crop
from training.datasets.labels import Box
from training.datasets.large import Pixels, normalized
from training.engines.base import (
    EngineSpec,
    EpochReport,
    PredictionArrays,
    Predictor,
    Reporter,
    StopFlag,
    TrainJob,
    stop_if,
)
from training.engines.blocks import predict_in_blocks
from training.engines.checkpoint import (
    read_config,
    unpacked,
    whole_folder,
    write_finished,
)
from training.engines.data import choose_polarity, normalisation_config, open_data
from training.engines.fitting import agreement
from training.engines.registry import parse_params
from training.engines.specs import THRESHOLD, ThresholdParams

SIGMAS = (0.05, 0.12)  # of the diameter
FACTORS = (0.7, 0.9, 1.1)
MODES = ("global", "local")
SEED_SIGMAS = (0.1, 0.25)  # of the diameter
CROP_PX = 512
BLOCK_PX = 4096
PACKAGES = ("scikit-image", "scipy")


@dataclass(frozen=True, slots=True)
class Recipe:
    """All numbers of the method, lengths as shares of the objects' diameter."""

    mode: str
    sigma: float
    factor: float
    seed_sigma: float


class ThresholdEngine:
    """No network: settings searched on the annotated regions."""

    spec: EngineSpec = THRESHOLD

    def train(self, job: TrainJob, report: Reporter, should_stop: StopFlag) -> Path:
        """Search the recipe with the best AP and return the finished checkpoint folder."""
        params: ThresholdParams = parse_params(ThresholdParams, job.params)
        data = open_data(self.spec, job, params, report)
        parent_config = read_config(job.parent, self.spec.name) if job.parent else None
        polarity = choose_polarity(data, params.invert, parent_config=parent_config)
        data.set_view(invert=polarity.invert)
        rng = np.random.default_rng(job.seed)
        numbers = rng.permutation(len(data.train))[: params.max_regions]
        crops = [data.train.whole(int(i), most_px=CROP_PX) for i in numbers]
        report.stage("training", n_steps=len(SIGMAS), n_epochs=len(SIGMAS))
        recipe = search(crops, data.diameter_px, report, should_stop)
        facts = {
            "origin": "parent" if job.parent else "scratch",
            "device": "cpu",
            "channels": {
                "count": data.n_channels,
                "mapping": list(job.channels),
                "conversion": "mean of the channels",
            },
            "normalisation": normalisation_config(polarity),
            "thresholds": asdict(recipe),
            "thresholds_from": "training regions",
            "diameter_px": data.diameter_px,
            "params": asdict(params),
            "seed": job.seed,
        }
        return write_finished(job.workdir / "finished", self.spec, facts, packages=PACKAGES)

    def load(
        self, checkpoint: Path, *, device: str, n_threads: int, fast: bool = False
    ) -> Predictor:
        """Load a checkpoint folder; it is fast as it is."""
        config = read_config(checkpoint, self.spec.name)
        try:
            recipe = Recipe(**config["thresholds"])
            return ThresholdPredictor(
                recipe, float(config["diameter_px"]), bool(config["normalisation"]["invert"])
            )
        except (KeyError, TypeError, ValueError) as error:
            raise CheckpointCorrupt("The checkpoint's config is not complete.") from error

    def export(self, checkpoint: Path, target: Path) -> None:
        """Write the config alone; no other tool reads it."""
        with whole_folder(target) as folder:
            for name in ("config.json", "LICENSE"):
                (folder / name).write_bytes((checkpoint / name).read_bytes())

    def adopt(self, upload: Path, target: Path, *, channels: Sequence[int] = ()) -> Path:
        """Check an exported folder or zip and copy its config."""
        with unpacked(upload, target.parent) as source:
            config = read_config(source, self.spec.name)
            self.load(source, device="cpu", n_threads=1)
        facts = config | {"origin": "upload"}
        return write_finished(target, self.spec, facts, packages=PACKAGES)


class ThresholdPredictor:
    """A recipe, ready to be used."""

    def __init__(self, recipe: Recipe, diameter_px: float, invert: bool) -> None:
        self.recipe = recipe
        self.diameter_px = diameter_px
        self._invert = invert
        self.block_px = BLOCK_PX
        self.overlap_px = int(3 * diameter_px)

    def predict(
        self,
        image: Pixels,
        *,
        want_maps: bool = False,
        should_stop: StopFlag = lambda: False,
        reference: Pixels | None = None,
    ) -> PredictionArrays:
        """Segment an image of shape (C, H, W)."""
        pixels = normalized(image, invert=self._invert, reference=reference)

        def one(box: Box) -> PredictionArrays:
            stop_if(should_stop)
            block = pixels[:, box[0] : box[2], box[1] : box[3]]
            return segment(block, self.recipe, self.diameter_px, want_maps=want_maps)

        return predict_in_blocks(
            (pixels.shape[1], pixels.shape[2]),
            one,
            block_px=self.block_px,
            overlap_px=self.overlap_px,
        )


def segment(
    pixels: NDArray[np.float32], recipe: Recipe, diameter_px: float, *, want_maps: bool = False
) -> PredictionArrays:
    """Segment normalised pixels (C, h, w)."""
    grey = ndimage.gaussian_filter(pixels.mean(axis=0), recipe.sigma * diameter_px)
    level = foreground_level(grey, recipe, diameter_px)
    foreground = grey > level
    inside = ndimage.distance_transform_edt(foreground)
    hills = ndimage.gaussian_filter(inside, recipe.seed_sigma * diameter_px)
    reach = 2 * max(1, round(0.25 * diameter_px)) + 1
    tops = (hills == ndimage.maximum_filter(hills, reach)) & foreground
    seeds, _ = ndimage.label(tops, structure=np.ones((3, 3)))
    labels = watershed(-hills, seeds, mask=foreground)
    areas = np.bincount(labels.ravel())
    too_small = areas < 0.1 * np.pi * (diameter_px / 2) ** 2
    too_small[0] = True
    new_ids = np.where(too_small, 0, np.cumsum(~too_small)).astype(np.uint32)
    label_image = new_ids[labels]
    margin = np.bincount(label_image.ravel(), weights=(grey - level).ravel())[1:]
    scores = 1 - np.exp(-4 * np.maximum(margin / np.bincount(label_image.ravel())[1:], 0))
    maps = {"foreground": foreground.astype(np.float32)} if want_maps else {}
    return PredictionArrays(label_image, scores.astype(np.float32), maps)


def foreground_level(
    grey: NDArray[np.float32], recipe: Recipe, diameter_px: float
) -> NDArray[np.float32]:
    """Return the level that foreground exceeds: Otsu's, or that of the surroundings."""
    spread = float(grey.max() - grey.min())
    if spread < 1e-6:
        return np.full_like(grey, np.inf)  # a constant image has no objects
    if recipe.mode == "local":
        around = ndimage.gaussian_filter(grey, 2 * diameter_px)
        level: NDArray[np.float32] = around + 0.25 * recipe.factor * float(grey.std())
        return level
    return np.full_like(grey, recipe.factor * threshold_otsu(grey))


def search(
    crops: Sequence[Crop], diameter_px: float, report: Reporter, should_stop: StopFlag
) -> Recipe:
    """Try all recipes and return the one with the best AP over IoU 0.3, 0.5, 0.7."""
    best, best_score = Recipe("global", SIGMAS[0], 1.0, SEED_SIGMAS[0]), -1.0
    for epoch, sigma in enumerate(SIGMAS, start=1):
        for mode, factor, seed_sigma in itertools.product(MODES, FACTORS, SEED_SIGMAS):
            if should_stop():
                raise Cancelled("The training was stopped.")
            recipe = Recipe(mode, sigma, factor, seed_sigma)
            score = _score(crops, recipe, diameter_px)
            if score > best_score:
                best, best_score = recipe, score
        report.epoch(
            EpochReport(epoch, len(SIGMAS), 1 - best_score, None, 0.0, 0.0, {"ap": best_score})
        )
    return best


def _score(crops: Sequence[Crop], recipe: Recipe, diameter_px: float) -> float:
    return agreement(
        crops, (segment(crop.pixels, recipe, diameter_px).label_image for crop in crops)
    )
