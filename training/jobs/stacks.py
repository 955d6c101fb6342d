"""Drafts of stacks: planes one by one, linked or not, or volumes where the engine sees them.

Of a time series each time is a stack, or a plane, of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from annotations.actions.whole_planes import StoredPlanes
from annotations.models import Image, StackDrafts
from project.errors import DataProblem
from training.datasets.stacks import LEAST_IOU, PlaneLinker, anisotropy
from training.engines import registry
from training.engines.base import PredictionArrays
from training.jobs.attempt import Attempt
from training.jobs.segment import answer_of, pixels_to_segment, segment_image, timeout_of
from training.models import ModelVersion
from training.supervision.child import MIB
from training.supervision.volumes import NoVolumes, plane_key
from training.supervision.warm import EngineRefused, ceiling_bytes

Labels: TypeAlias = NDArray[np.uint32]
Segment: TypeAlias = Callable[[int], PredictionArrays]  # of a plane
BYTES_PER_VOXEL = 4  # of a label image, the only thing about a whole stack that is in memory
MOST_LABELS_SHARE = 0.6  # of what a child may take; the rest is for a block and its candidates
Told: TypeAlias = Callable[[int, int | None], None]  # time, and plane where it is one by one


def _nobody(t: int, z: int | None) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a version drew, its chunks stored."""

    planes: StoredPlanes
    scores: NDArray[np.float32]
    classes: NDArray[np.uint8] | None
    details_digest: str = ""  # blob of training.supervision.details; stacks have none


def sees_volumes(version: ModelVersion) -> bool:
    """Tell whether the engine's objects are volumes, so that it cannot look at a plane."""
    return registry.spec(version.engine).n_dims == 3


def way_of(version: ModelVersion) -> StackDrafts:
    """Return how stacks are drafted by a version: as its engine must, else as the project says."""
    if sees_volumes(version):
        return StackDrafts.VOLUME
    return StackDrafts(version.project.stack_drafts)


def only_planes(version: ModelVersion, refused: EngineRefused) -> bool:
    """Tell whether planes must do, since the engine said that it cannot see volumes."""
    return refused.code == NoVolumes.code and not sees_volumes(version)


def draw_volumes(
    version: ModelVersion,
    image: Image,
    ours: Attempt[Any],
    *,
    fast: bool = False,
    tell: Told = _nobody,
) -> Drawn | None:
    """Segment every time as a volume and store its chunks; None when the engine sees planes only.

    Raises DataProblem, EngineRefused, ChildCrashed, OutOfMemory, Interrupted, LeaseLost.
    """
    planes = StoredPlanes()
    scores, classes = list[NDArray[np.float32]](), list[NDArray[np.uint8]]()
    n_objects = 0
    for t in range(image.n_t):
        tell(t, None)
        try:
            with volume_of(version, image, ours, t=t, fast=fast) as arrays:
                for z in range(image.n_z):
                    ours.check()
                    planes.add(numbered_from(arrays[plane_key(z)], n_objects), z, t)
                scores.append(arrays["scores"])
                if "classes" in arrays:
                    classes.append(arrays["classes"])
        except EngineRefused as error:
            if only_planes(version, error):
                return None
            raise
        n_objects += len(scores[-1])
    return Drawn(planes, np.concatenate(scores), np.concatenate(classes) if classes else None)


def numbered_from(label_image: Labels, n_before: int) -> Labels:
    """Return a label image whose ids go on after those of earlier times."""
    return np.where(label_image > 0, label_image + np.uint32(n_before), np.uint32(0))


def draw_planes(
    version: ModelVersion,
    image: Image,
    ours: Attempt[Any],
    *,
    linked: bool,
    fast: bool = False,
    tell: Told = _nobody,
) -> Drawn:
    """Segment the planes of every time one by one and store their chunks.

    What is held of pixels is a plane and the one before. Raises DataProblem, EngineRefused,
    ChildCrashed, OutOfMemory, Interrupted, LeaseLost.
    """
    planes = StoredPlanes()
    drawn = PlanesInTurn(linked=linked)
    for t in range(image.n_t):
        segment = segmenter(version, image, ours, t=t, fast=fast)
        for z, label_image in drawn.of(segment, range(image.n_z), partial(tell, t)):
            planes.add(label_image, z, t)
    return Drawn(planes, drawn.linker.scores(), drawn.classes())


def segmenter(
    version: ModelVersion, image: Image, ours: Attempt[Any], *, t: int = 0, fast: bool = False
) -> Segment:
    """Return what segments a plane of an image; before each a wish to stop is heard."""

    def segment(z: int) -> PredictionArrays:
        ours.check()
        return segment_image(version, image, ours, plane=(t, z), fast=fast)

    return segment


class PlanesInTurn:
    """Segments the planes of stacks one after the other; no two stacks share an id."""

    def __init__(self, *, linked: bool) -> None:
        self._knows_classes = False
        self.linker = PlaneLinker(LEAST_IOU if linked else None)

    def of(
        self, segment: Segment, planes: Sequence[int], tell: Callable[[int], None] = lambda z: None
    ) -> Iterator[tuple[int, Labels]]:
        """Yield neighbouring planes of a stack with their label images."""
        self.linker.begin()
        for z in planes:
            tell(z)
            found = segment(z)
            self._knows_classes |= found.classes is not None
            yield z, self.linker.add(found.label_image, found.scores, found.classes)

    def classes(self) -> NDArray[np.uint8] | None:
        """Return the kinds of the objects; None when the engine tells none apart."""
        return self.linker.classes() if self._knows_classes else None


def volume_of(
    version: ModelVersion, image: Image, ours: Attempt[Any], *, t: int = 0, fast: bool = False
) -> AbstractContextManager[Any]:
    """Open the child's answer about a whole stack, see `training.supervision.volumes`.

    Raises DataProblem for an image of one plane and for one too large, EngineRefused (no_volumes)
    from an engine that looks at planes only, and what `answer_of` raises.
    """
    if image.n_z == 1:
        raise DataProblem(
            f"{version} finds objects in stacks, but {image.name} has a single plane."
        )
    refuse_too_large(version, image)
    return answer_of(
        version,
        pixels_to_segment(version, image),
        timeout_s=timeout_of(image.height or 0, image.width or 0, image.n_z),
        ours=ours,
        fast=fast,
        volume=True,
        t=t,
        anisotropy=anisotropy(image.z_step_um, image.pixel_size_um),
    )


def refuse_too_large(version: ModelVersion, image: Image) -> None:
    """Raise DataProblem where the label image alone leaves no memory to make it with.

    Networks look at a stack block by block; the child would be ended after hours of that.
    """
    sides = image.n_z, image.height or 0, image.width or 0
    labels_mib = math.ceil(BYTES_PER_VOXEL * math.prod(sides) / MIB)
    if labels_mib * MIB <= MOST_LABELS_SHARE * ceiling_bytes():
        return
    otherwise = "upload it in parts"
    if not sees_volumes(version):
        otherwise = "have the planes of stacks linked (training page, Drafts of stacks)"
    raise DataProblem(
        f"{image.name} is too large to be drawn as a volume: the labels of its {sides[0]} "
        f"planes of {sides[1]} by {sides[2]} pixels take {labels_mib} MiB of the "
        f"{settings.CYTOLOOP_WARM_MAX_MIB} MiB that a prediction may have. Raise "
        f"CYTOLOOP_WARM_MAX_MIB, or {otherwise}."
    )
