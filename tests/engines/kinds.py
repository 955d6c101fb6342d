"""Made images and stacks of two kinds of objects; what an engine that tells kinds apart must do.

Large round bright objects are `round`, small narrow dim ones `long`; outlines as well as
intensities tell them apart, so that a small network learns them within seconds.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.engines.worlds import Notes, never, write_region, write_volume
from training.engines.base import PredictionArrays, TrainingRegion
from training.engines.checkpoint import digest_of
from training.metrics.classes import ClassCounts, match_classes

NAMES = ("round", "long")
ENOUGH = 0.9
STEPS = 200  # kinds take longer than outlines; with 120, every other seed tells none apart
SIDE_PX = 128
SIDES_OF_STACK = (16, 64, 64)
FLATNESS = 2.0  # how much lower than wide what is drawn in stacks is
LOOKS = {1: ((8.0, 10.0), (0.85, 1.0), 1500), 2: ((6.0, 7.5), (0.4, 0.5), 700)}
LOOKS_IN_STACKS = {1: LOOKS[1], 2: ((6.5, 8.0), (0.6, 0.7), 700)}  # thinner ones take longer


Drawn = tuple[np.ndarray, np.ndarray, dict[int, int]]


def two_kinds(seed: int, *, n: int = 16) -> Drawn:
    """Return an image (1, H, W), its labels and the kind of each."""
    rng = np.random.default_rng(seed)
    rows, cols = np.mgrid[:SIDE_PX, :SIDE_PX]
    labels = np.zeros((SIDE_PX, SIDE_PX), np.uint32)
    image, kinds = np.full(labels.shape, 300.0), {}
    for number in range(1, n + 1):
        kind = 1 + number % 2
        radii, shares, brightness = LOOKS[kind]
        row, col, angle = *rng.uniform(8, SIDE_PX - 8, 2), rng.uniform(0, np.pi)
        a = rng.uniform(*radii)
        b = a * rng.uniform(*shares)
        u = (rows - row) * np.cos(angle) + (cols - col) * np.sin(angle)
        v = (cols - col) * np.cos(angle) - (rows - row) * np.sin(angle)
        inside = (u / a) ** 2 + (v / b) ** 2 <= 1
        if (labels[(u / (a + 2)) ** 2 + (v / (b + 2)) ** 2 <= 1] > 0).any():
            continue
        labels[inside], kinds[number] = number, kind
        image[inside] = brightness * rng.uniform(0.9, 1.1)
    image += rng.normal(0, 40, image.shape)
    return np.clip(image, 0, 65535).astype(np.uint16)[np.newaxis], labels, kinds


def two_kinds_of_volumes(seed: int, *, n: int = 40) -> Drawn:
    """Return a stack (1, Z, H, W) of objects half as high as wide, its labels and their kinds."""
    rng = np.random.default_rng(seed)
    planes, rows, cols = np.mgrid[: SIDES_OF_STACK[0], : SIDES_OF_STACK[1], : SIDES_OF_STACK[2]]
    labels = np.zeros(SIDES_OF_STACK, np.uint32)
    stack, kinds = np.full(labels.shape, 300.0), {}
    for number in range(1, n + 1):
        kind = 1 + number % 2
        radii, shares, brightness = LOOKS_IN_STACKS[kind]
        plane, row, col = (rng.uniform(0.1 * side, 0.9 * side) for side in SIDES_OF_STACK)
        angle, a = rng.uniform(0, np.pi), rng.uniform(*radii)
        b = a * rng.uniform(*shares)
        u = (rows - row) * np.cos(angle) + (cols - col) * np.sin(angle)
        v = (cols - col) * np.cos(angle) - (rows - row) * np.sin(angle)
        away = (u / a) ** 2 + (v / b) ** 2 + ((planes - plane) * FLATNESS / a) ** 2
        if (labels[away <= 1.5] > 0).any():
            continue
        labels[away <= 1], kinds[number] = number, kind
        stack[away <= 1] = brightness * rng.uniform(0.9, 1.1)
    stack += rng.normal(0, 40, stack.shape)
    return np.clip(stack, 0, 65535).astype(np.uint16)[np.newaxis], labels, kinds


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Pictures of two kinds, and how an engine takes them."""

    draw: Callable[..., Drawn]
    write: Callable[..., TrainingRegion]
    predict: Callable[[Any, np.ndarray], PredictionArrays]
    params: dict[str, Any]  # with which a tiny network learns the kinds
    piece_px: int  # a predictor with pieces so small puts four pictures together from several
    has_control: bool = True  # learn it once more with kinds swapped; in 3D that takes long


PLANES = World(
    draw=two_kinds,
    write=write_region,
    predict=lambda predictor, image: predictor.predict(image),
    params={"steps": STEPS},
    piece_px=96,
)
VOLUMES = World(
    draw=two_kinds_of_volumes,
    write=write_volume,
    predict=lambda predictor, stack: predictor.predict_volume(stack, anisotropy=FLATNESS),
    params={"steps": 240, "patch_px": 32, "n_rays": 16},
    piece_px=100_000,
    has_control=False,
)


def region_of_kinds(
    folder: Path, seed: int, *, split: str = "train", swapped: bool = False, of: World = PLANES
) -> TrainingRegion:
    """Write a region whose file tells the kinds of its objects, or of each the other one."""
    image, labels, kinds = of.draw(seed)
    folder.mkdir(parents=True, exist_ok=True)
    region = of.write(folder, f"kinds-{seed}", image, labels, split=split)
    numbers = np.array(list(kinds.values()), np.uint8)
    if swapped:
        numbers = 3 - numbers
    return with_kinds(region, np.array(list(kinds), np.uint32), numbers)


def with_kinds(region: TrainingRegion, ids: np.ndarray, numbers: np.ndarray) -> TrainingRegion:
    """Write the kinds of a region's labels into its file."""
    with np.load(region.labels) as stored:
        arrays = dict(stored)
    np.savez_compressed(region.labels, **arrays, class_ids=ids, class_numbers=numbers)
    return region


def kinds_world(folder: Path, *, swapped: bool = False, of: World = PLANES) -> list[TrainingRegion]:
    """Write some training images and one for validation."""
    train = [region_of_kinds(folder, seed, swapped=swapped, of=of) for seed in range(4)]
    return [*train, region_of_kinds(folder, 90, split="validation", swapped=swapped, of=of)]


def judged(predictor: Any, of: World = PLANES) -> ClassCounts:
    """Compare the kinds that a predictor says with the true ones of images it never saw."""
    total = ClassCounts.none(len(NAMES))
    for seed in range(50, 54):
        image, labels, kinds = of.draw(seed)
        found = of.predict(predictor, image)
        n = len(found.scores)
        assert found.classes.dtype == np.uint8
        assert found.classes.shape == (n,)
        assert (found.classes <= len(NAMES)).all()
        said = dict(enumerate(found.classes.tolist(), 1))
        total += match_classes(labels, found.label_image, kinds, said, n_classes=len(NAMES))
    return total


def check_kinds(suite: Any, of: World = PLANES) -> Path:
    """Check an engine that classifies, and return what it learnt.

    `suite` is a tests.engines.conformance.Conformance, or has the same methods.
    """
    model = _learnt(suite, "kinds", of)
    assert json.loads((model / "config.json").read_text())["classes"] == list(NAMES)
    learnt = judged(suite.load(model), of)
    assert learnt.matched.sum() >= 20, learnt
    assert learnt.accuracy > ENOUGH, learnt
    assert learnt.matched[1:].sum(axis=1).min() >= 8, learnt
    if of.has_control:
        # Kinds at random would be none: a network says what most of them say, which is right for
        # each look as often as not.
        misled = judged(suite.load(_learnt(suite, "swapped", of, swapped=True)), of)
        assert misled.matched.sum() >= 20, misled
        assert misled.accuracy < 1 - ENOUGH, misled
    _seams_keep_kinds(suite.load(model), of)
    _the_export_knows_its_kinds(suite, model, of)
    _kinds_that_nobody_asks_for_do_not_matter(suite, of)
    return model


def _learnt(suite: Any, name: str, of: World, *, swapped: bool = False) -> Path:
    regions = kinds_world(suite.folder / name, swapped=swapped, of=of)
    params = of.params if suite.is_network else {}
    job = suite.job(f"{name}-run", params=params, regions=regions, classes=NAMES)
    return suite.engine.train(job, Notes(), never)


def _seams_keep_kinds(predictor: Any, of: World) -> None:
    pictures = [of.draw(seed) for seed in range(60, 64)]
    image = np.block([[pictures[0][0], pictures[1][0]], [pictures[2][0], pictures[3][0]]])
    whole = of.predict(predictor, image)
    setattr(predictor, "piece_px" if hasattr(predictor, "piece_px") else "block_px", of.piece_px)
    pieces = of.predict(predictor, image)
    counts = match_classes(
        whole.label_image,
        pieces.label_image,
        dict(enumerate(whole.classes.tolist(), 1)),
        dict(enumerate(pieces.classes.tolist(), 1)),
        n_classes=len(NAMES),
    )
    assert len(pieces.classes) == len(pieces.scores)
    assert counts.accuracy > 0.97, counts


def _the_export_knows_its_kinds(suite: Any, model: Path, of: World) -> None:
    exported, adopted = suite.folder / "kinds-exported", suite.folder / "kinds-adopted"
    suite.engine.export(model, exported)
    suite.engine.adopt(exported, adopted)
    assert json.loads((adopted / "config.json").read_text())["classes"] == list(NAMES)
    image = of.draw(55)[0]
    expected, found = (of.predict(suite.load(each), image) for each in (model, adopted))
    assert (found.label_image == expected.label_image).all()
    assert (found.classes == expected.classes).all()


def _kinds_that_nobody_asks_for_do_not_matter(suite: Any, of: World) -> None:
    """A job without classes is the same whether its files tell kinds or not."""
    made = []
    for name, is_told in (("told", True), ("silent", False)):
        region = region_of_kinds(suite.folder / name, 3, of=of)
        if not is_told:
            with np.load(region.labels) as stored:
                arrays = {key: stored[key] for key in ("label_image", "annotated")}
            np.savez_compressed(region.labels, **arrays)
        regions = [region, dataclasses.replace(region, split="validation")]
        checkpoint = suite.engine.train(suite.few(f"{name}-run", regions=regions), Notes(), never)
        assert of.predict(suite.load(checkpoint), of.draw(56)[0]).classes is None
        made.append(digest_of(checkpoint))
    assert made[0] == made[1]
