"""Drafts of stacks: planes one by one, linked or not, or volumes where the engine sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
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
from training.supervision.volumes import NoVolumes, plane_key
from training.supervision.warm import EngineRefused

Labels: TypeAlias = NDArray[np.uint32]
Segment: TypeAlias = Callable[[int], PredictionArrays]  # of a plane
Told: TypeAlias = Callable[[int, int], None]  # plane, of how many


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


def draw_stack(
    version: ModelVersion,
    image: Image,
    ours: Attempt[Any],
    *,
    fast: bool = False,
    tell: Told = lambda plane, of: None,
) -> Drawn:
    """Segment all planes of a stack and store their chunks, plane by plane.

    Raises DataProblem, EngineRefused, ChildCrashed, OutOfMemory, Interrupted, LeaseLost.
    """
    way = way_of(version)
    if way == StackDrafts.VOLUME:
        try:
            return _draw_volume(version, image, ours, fast=fast, tell=tell)
        except EngineRefused as error:
            if not only_planes(version, error):
                raise
    planes = StoredPlanes()
    drawn = PlanesInTurn(
        segmenter(version, image, ours, fast=fast), linked=way != StackDrafts.PLANES
    )
    for z, label_image in drawn.of(range(image.n_z), tell):
        planes.add(label_image, z)
    return Drawn(planes, drawn.linker.scores(), drawn.classes())


def segmenter(
    version: ModelVersion, image: Image, ours: Attempt[Any], *, fast: bool = False
) -> Segment:
    """Return what segments a plane of an image; before each a wish to stop is heard."""

    def segment(z: int) -> PredictionArrays:
        ours.check()
        return segment_image(version, image, ours, plane=(0, z), fast=fast)

    return segment


class PlanesInTurn:
    """Segments neighbouring planes one after the other; ids are those of the stack."""

    def __init__(self, segment: Segment, *, linked: bool) -> None:
        self._segment = segment
        self._knows_classes = False
        self.linker = PlaneLinker(LEAST_IOU if linked else None)

    def of(
        self, planes: Sequence[int], tell: Told = lambda plane, of: None
    ) -> Iterator[tuple[int, Labels]]:
        """Yield the planes with their label images."""
        for done, z in enumerate(planes, 1):
            tell(done, len(planes))
            found = self._segment(z)
            self._knows_classes |= found.classes is not None
            yield z, self.linker.add(found.label_image, found.scores, found.classes)

    def classes(self) -> NDArray[np.uint8] | None:
        """Return the kinds of the objects; None when the engine tells none apart."""
        return self.linker.classes() if self._knows_classes else None


def _draw_volume(
    version: ModelVersion, image: Image, ours: Attempt[Any], *, fast: bool, tell: Told
) -> Drawn:
    planes = StoredPlanes()
    tell(1, 1)
    with volume_of(version, image, ours, fast=fast) as arrays:
        for z in range(image.n_z):
            ours.check()
            planes.add(arrays[plane_key(z)], z)
        return Drawn(planes, arrays["scores"], arrays.get("classes"))


def volume_of(
    version: ModelVersion, image: Image, ours: Attempt[Any], *, fast: bool = False
) -> AbstractContextManager[Any]:
    """Open the child's answer about the whole stack, see `training.supervision.volumes`.

    Raises DataProblem for an image of one plane, EngineRefused (no_volumes) from an engine that
    looks at planes only, and what `answer_of` raises.
    """
    if image.n_z == 1:
        raise DataProblem(
            f"{version} finds objects in stacks, but {image.name} has a single plane."
        )
    return answer_of(
        version,
        pixels_to_segment(version, image),
        timeout_s=timeout_of(image.height or 0, image.width or 0, image.n_z),
        ours=ours,
        fast=fast,
        volume=True,
        t=0,
        anisotropy=anisotropy(image.z_step_um, image.pixel_size_um),
    )
