"""Replay: what the versions that a run starts from learnt from, and the run's own set has not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import numpy as np

from annotations.models import Split
from training.models import ModelVersion, TrainingRun
from training.queries.sets import read_manifest
from training.queries.starters import Starter, starter_of
from training.queries.versions import lineage

MOST_REGIONS = 64


@dataclass(frozen=True, slots=True)
class Look:
    """How a network was shown images: which channels, and whether inverted (None: unknown)."""

    channels: tuple[int, ...]
    invert: bool | None


@dataclass(frozen=True, slots=True)
class ReplayedRegion:
    """A region of an ancestor's set: the manifest's entries of its image and of itself."""

    image: dict[str, Any]
    region: dict[str, Any]
    look: Look

    @property
    def key(self) -> tuple[str, str]:
        """What it is sorted by."""
        return str(self.image["id"]), str(self.region["id"])


@dataclass(frozen=True, slots=True)
class ReplayedStarter:
    """A starter model among the ancestors, whose tiles are replayed."""

    starter: Starter
    look: Look


@dataclass(frozen=True, slots=True)
class Replay:
    """All that a run replays."""

    regions: tuple[ReplayedRegion, ...] = ()
    starters: tuple[ReplayedStarter, ...] = ()


def replay_of(run: TrainingRun) -> Replay:
    """Choose what a run replays: at most MOST_REGIONS regions, and all tiles of starter models.

    Made of frozen sets and the run's seed alone, so that every attempt of a run chooses the same.
    """
    if run.parent is None or not run.params.get("replay_share"):
        return Replay()
    own = OwnSet(read_manifest(run.training_set))
    found: dict[str, ReplayedRegion] = {}
    given: dict[str, ReplayedStarter] = {}
    for ancestor in lineage(run.parent):  # the newest first: its state of a region counts
        starter = starter_of(ancestor)
        if starter is not None:
            look = Look(tuple(range(starter.n_channels)), is_inverted(ancestor))
            given.setdefault(starter.name, ReplayedStarter(starter, look))
        for taught in own.without(taught_by(ancestor)):
            found.setdefault(str(taught.region["id"]), taught)
    chosen = evenly(found.values(), run.seed)
    return Replay(tuple(chosen), tuple(given.values()))


def taught_by(version: ModelVersion) -> Iterator[ReplayedRegion]:
    """Yield the regions that taught a version; none when it was not trained here."""
    if version.run is None:
        return
    manifest = read_manifest(version.run.training_set)
    look = Look(tuple(version.run.channels), is_inverted(version))
    for image in manifest["images"]:
        if image["split"] == Split.TRAIN:
            for region in image["regions"]:
                yield ReplayedRegion({**image, "project": manifest["project"]}, region, look)


def is_inverted(version: ModelVersion) -> bool | None:
    """Tell whether a version saw intensities inverted; None where its config does not say."""
    invert = version.config.get("normalisation", {}).get("invert")
    return invert if isinstance(invert, bool) else None


class OwnSet:
    """What a run's set knows, so that nothing of it is replayed and nothing held out leaks.

    An image is known by its id, by its file (it may be in another project too), by its group, and
    by a region that was left out: what is used to measure is left out of teaching.
    """

    def __init__(self, manifest: dict[str, Any]) -> None:
        images = manifest["images"]
        self._images = {image["id"] for image in images}
        self._files = {image[name] for image in images for name in ("original", "pixels")} - {""}
        self._groups = {(manifest["project"], image["group"]) for image in images if image["group"]}
        self._left_out = {entry["region"] for entry in manifest["left_out"]}

    def without(self, taught: Iterable[ReplayedRegion]) -> list[ReplayedRegion]:
        """Return the regions of images that the set does not know."""
        found = list(taught)
        left_out = {one.image["id"] for one in found if one.region["id"] in self._left_out}
        return [
            one for one in found if one.image["id"] not in left_out and not self._knows(one.image)
        ]

    def _knows(self, image: dict[str, Any]) -> bool:
        return (
            image["id"] in self._images
            or not self._files.isdisjoint((image["original"], image["pixels"]))
            or (image["project"], image["group"]) in self._groups
        )


def evenly(
    found: Iterable[ReplayedRegion], seed: int, most: int = MOST_REGIONS
) -> list[ReplayedRegion]:
    """Choose at most so many regions: one of each image by chance, then one more of each."""
    rng = np.random.default_rng(seed)
    of_images: dict[str, list[ReplayedRegion]] = defaultdict(list)
    for one in sorted(found, key=lambda one: one.key):
        of_images[one.key[0]].append(one)
    queues = [[members[i] for i in rng.permutation(len(members))] for members in of_images.values()]
    shuffled = [queues[i] for i in rng.permutation(len(queues))]
    in_turn = [one for turn in zip_longest(*shuffled) for one in turn if one is not None]
    return sorted(in_turn[:most], key=lambda one: one.key)
