"""What every engine offers: a frozen description, training, prediction.

An engine runs in a child process that knows neither Django nor the database: all it may read is
in the job it is handed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from project.errors import Cancelled
from training.datasets.large import Pixels

LabelImage: TypeAlias = NDArray[np.uint32]
Annotated: TypeAlias = NDArray[np.bool_]
StopFlag: TypeAlias = Callable[[], bool]


def stop_if(should_stop: StopFlag) -> None:
    """Raise Cancelled when a prediction shall stop."""
    if should_stop():
        raise Cancelled("The prediction was stopped.")


@dataclass(frozen=True, slots=True)
class ObjectSizes:
    """Diameters of circles of the annotated objects' areas, in pixels."""

    median_px: float
    small_px: float  # 5 % are smaller
    large_px: float  # 5 % are larger


@dataclass(frozen=True, slots=True)
class Remark:
    """What a person should know before a training, and what would mend it."""

    code: str
    sentence: str
    label: str = ""  # of the button that mends it; empty: no choice of the form does
    params: Mapping[str, Any] = field(default_factory=dict)
    start: str = ""


# (parameters, objects, config of the version to start from or None) -> what to know.
Adviser: TypeAlias = Callable[[Any, ObjectSizes, "Mapping[str, Any] | None"], list[Remark]]


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """Who an engine is and what it can do."""

    name: str  # "stardist"
    title: str  # "StarDist"
    version: str
    params: type[Any]  # frozen dataclass; its fields become the form
    max_channels: int
    produces: tuple[str, ...]  # the engine's own maps: ("prob", "dist") or ("flows", "cellprob")
    pretrained: tuple[str, ...]  # official models by name
    licence: str
    citation: str
    needs_gpu: bool = False
    n_dims: int = 2  # 3: objects are volumes; images and labels have planes
    classifies: bool = False  # tells kinds of objects apart
    advise: Adviser | None = None  # asked by the site before a training; imports no framework


@dataclass(frozen=True, slots=True)
class TrainingRegion:
    """One annotated box of one image, as files that the child may open.

    `pixels` is the canonical tiled TIFF of the whole image, axes TCZYX; `labels` an .npz with
    `label_image` (uint32, shape of the box) and `annotated` (bool, same shape). Box coordinates
    are (row0, col0, row1, col1), half-open, in pixels of the image. For engines whose objects are
    volumes a region is `depth` planes from `z` on, and both arrays have the shape (depth, h, w).

    Where people told kinds of objects apart, the .npz also has `class_ids` (uint32, shape (k,)),
    labels of the label image, and `class_numbers` (uint8, same shape), from 1, places in
    `TrainJob.classes`. The kind of a label that is not listed is unknown.
    """

    image_id: str
    pixels: Path
    labels: Path
    box: tuple[int, int, int, int]
    split: str  # train, validation or replay; never two for one image
    tags: tuple[str, ...] = ()
    t: int = 0
    z: int = 0
    depth: int = 1
    channels: tuple[int, ...] = ()  # empty: those of the job
    invert: bool | None = None  # None: as the job finds


@dataclass(frozen=True, slots=True)
class TrainJob:
    """All that a training may know."""

    regions: Sequence[TrainingRegion]
    params: dict[str, Any]  # fields of EngineSpec.params
    channels: tuple[int, ...]  # indices of the image's channels, in the order the net sees them
    seed: int
    workdir: Path  # one attempt's own: the checkpoint to resume from, what is derived
    parent: Path | None = None  # checkpoint folder to start from
    pretrained: str = ""  # official model to start from
    max_seconds: float | None = None  # of training proper, after imports
    device: str = "cpu"
    n_threads: int = 1
    offline: bool = True
    classes: tuple[str, ...] = ()  # names of the kinds of objects; empty: they are not told apart
    anisotropy: float = 0.0  # distance of planes in pixels of a plane; 0: unknown


@dataclass(frozen=True, slots=True)
class EpochReport:
    """What a training tells after each epoch."""

    epoch: int  # from 1
    n_epochs: int
    train_loss: float
    validation_loss: float | None
    learning_rate: float
    duration_s: float
    metrics: dict[str, float] = field(default_factory=dict)


class Reporter(Protocol):
    """Where a training reports to; lines reach the run's page at once."""

    def stage(self, name: str, **data: Any) -> None:
        """Say what happens now (loading, training, thresholds …)."""

    def epoch(self, report: EpochReport) -> None:
        """Hand over the numbers of an epoch."""

    def checkpoint(self, path: Path) -> None:
        """Say that a complete, resumable checkpoint lies at the path; it is packed aside at once.

        That takes its time: an engine with short epochs says so now and then, and before a stop.
        """

    def warn(self, sentence: str) -> None:
        """Tell the person something they should know."""


@dataclass(frozen=True, slots=True)
class PredictionArrays:
    """An engine's output for one image.

    `label_image` is uint32, shape (H, W), ids dense from 1; `scores` float32, shape (n,), the
    score of id i at i - 1, from 0 to 1; `maps` float32 arrays of shape (H, W) or (k, H, W) by
    the names in `EngineSpec.produces`, only when asked for. `outlines` is float32, shape
    (n, k, 2), from engines whose objects are polygons: row and column of the k corners of id i at
    i - 1, in pixels of the image with pixels as points in their middles. They are whole where
    other objects cover them, and may reach over the border of the image. `classes` is uint8,
    shape (n,), from engines that tell kinds of objects apart: places in the version's `classes`,
    from 1; 0 where the engine does not say. Of a stack the label image has the shape (Z, H, W),
    and maps (Z, H, W) or (k, Z, H, W).
    """

    label_image: LabelImage
    scores: NDArray[np.float32]
    maps: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    outlines: NDArray[np.float32] | None = None
    classes: NDArray[np.uint8] | None = None


class Engine(Protocol):
    """A segmentation method behind the one door."""

    spec: EngineSpec

    def train(self, job: TrainJob, report: Reporter, should_stop: StopFlag) -> Path:
        """Train and return the finished checkpoint folder (weights, config.json, LICENSE).

        Resumes from `job.workdir / "checkpoint"` when that is a checkpoint of the same job.
        Raises project.errors.JobError subclasses for what a person can understand.
        """

    def load(
        self, checkpoint: Path, *, device: str, n_threads: int, fast: bool = False
    ) -> Predictor:
        """Load a checkpoint folder; raises CheckpointCorrupt.

        With `fast` instances may differ a little from the usual ones where that saves time; an
        engine that has no such way loads as usual.
        """

    def export(self, checkpoint: Path, target: Path) -> None:
        """Write the folder that the upstream tool opens, with config and licence, into target."""

    def adopt(self, upload: Path, target: Path, *, channels: Sequence[int] = ()) -> Path:
        """Turn an uploaded file (ours, or the upstream tool's) into the checkpoint folder target.

        `channels` are the image's channels that a person named for it, in the order the net sees
        them; empty: as the file says. An engine whose files know their number of inputs may leave
        them to the platform, which compares the two. Nothing in the upload is executed. Raises
        CheckpointCorrupt.
        """


class Predictor(Protocol):
    """A loaded checkpoint, kept warm between images."""

    def predict(
        self,
        image: Pixels,
        *,
        want_maps: bool = False,
        should_stop: StopFlag = lambda: False,
        reference: Pixels | None = None,
    ) -> PredictionArrays:
        """Segment an image of shape (C, H, W), any real dtype, channels as the net was trained.

        The whole image is normalised by percentiles first; large images are tiled. Of a part of
        an image, `reference` holds pixels of the whole one, shape (C, h, w): the percentiles are
        theirs, so that the part is segmented as it would be within the whole. Of a plane of a
        stack it is a `PixelsOfFile`, whose `limits` are those of all planes.

        A large image may be no array but a `training.datasets.large.PixelsOfFile`, which is read
        where it is sliced; `np.asarray` makes it one. So may `reference`, the whole image then.

        A predictor may have an attribute `overlap_px`: how far a part of an image must reach into
        its neighbours so that each object is seen whole by one of them, and is seen there as it
        would be in the whole image.

        It may be a `LookingPredictor` and answer prompts from what its network says; of others
        the objects that they draw are chosen from.
        """


@dataclass(frozen=True, slots=True)
class Prompt:
    """Where a person points: at a pixel, or around an object; in pixels of what was looked at.

    `threshold` is in the engine's own unit; None lets the engine choose: its usual one, and a
    lower one where that finds nothing.
    """

    point: tuple[int, int] | None = None  # row, column
    box: tuple[int, int, int, int] | None = None  # row0, col0, row1, col1
    threshold: float | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """One object: bool pixels of shape (H, W), how sure the engine is, the threshold it took."""

    mask: NDArray[np.bool_]
    score: float
    threshold: float


class Sight(Protocol):
    """What an engine saw of an image; asked again and again, each time in some milliseconds."""

    def find(self, prompt: Prompt) -> Found | None:
        """Return the one object that a prompt means, or None."""


class LookingPredictor(Protocol):
    """A predictor that keeps what its network says, and finds single objects in it."""

    def look(self, image: Pixels, *, reference: Pixels | None = None) -> Sight:
        """Look at an image of shape (C, H, W), normalised as in `Predictor.predict`."""


class VolumePredictor(Protocol):
    """A loaded checkpoint that segments stacks as volumes.

    The predictors of engines with `EngineSpec.n_dims` 3 are these; those of other engines may be,
    too.
    """

    def predict_volume(
        self,
        stack: NDArray[Any],
        *,
        anisotropy: float = 0.0,
        want_maps: bool = False,
        should_stop: StopFlag = lambda: False,
        reference: NDArray[Any] | None = None,
    ) -> PredictionArrays:
        """Segment a stack of shape (C, Z, H, W), any real dtype.

        The whole stack is normalised by percentiles first. `anisotropy` is the distance of planes
        in pixels of a plane; 0 where nobody knows. Of a part of a stack, `reference` holds pixels
        of the whole one, shape (C, d, h, w).

        A predictor may have a method `volume_blocks(shape, anisotropy)`: into which blocks it cuts
        a stack of shape (Z, H, W), as `training.engines.cuboids.BlockSizes`. Then several workers
        make them. A block is asked for with all that it sees and is not to be cut once more:
        `stack` is an array then, and `reference` a `training.datasets.volumes.StackOfFile`, which
        is read where it is sliced.
        """
