"""Evaluate: how well a version finds what people drew without seeing a draft."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from annotations.models import Image
from project.errors import DataProblem
from project.storage import scratch_dir
from training.jobs import news
from training.jobs.attempt import Attempt, Ended, attempt
from training.jobs.examples import draw_example, keep_examples, worst_middle_best
from training.jobs.fast_way import ExactObjects
from training.jobs.predict import segment_image
from training.jobs.region_files import Box, FrozenRegion, frozen_labels, frozen_regions
from training.metrics.matching import IGNORED_SHARE, Counts, ImageMatch, keep_annotated, match
from training.metrics.report import image_scores, report
from training.models import Evaluation, ModelVersion, RunState
from training.queries.versions import measures_fast_way

Labels = NDArray[np.uint32]


def evaluate(evaluation_id: Any) -> Ended[None]:
    """Measure a version on the held-out regions of a set."""
    return attempt(Evaluation, evaluation_id, _evaluate, on_change=tell)


def tell(evaluation_id: Any) -> None:
    """Tell open pages how an evaluation stands."""
    rows = Evaluation.objects.select_related("version").defer("log", "traceback")
    evaluation = rows.filter(pk=evaluation_id).first()
    if evaluation is not None:
        news.publish_evaluation(evaluation)


def _evaluate(ours: Attempt[Evaluation]) -> None:
    rows = Evaluation.objects.select_related("version__project", "training_set")
    evaluation = rows.get(pk=ours.pk)
    images = images_to_measure(evaluation)
    matches, per_image, pictures = [], [], []
    with TemporaryDirectory(dir=scratch_dir()) as folder:
        exact = ExactObjects(Path(folder)) if measures_fast_way(evaluation) else None
        for done, (image, regions) in enumerate(images):
            ours.write(progress={"stage": "measuring", "image": done + 1, "of": len(images)})
            found, picture = measure_image(evaluation.version, image, regions, ours, exact)
            matches.append(found)
            per_image.append({"image": str(image.pk), "name": image.name, **image_scores(found)})
            pictures.append((image.pk, picture))
        metrics: dict[str, Any] = report(matches)
        if exact is not None:
            metrics["fast"] = measure_fast_way(evaluation.version, images, ours, exact)
    with transaction.atomic():
        ours.finish(
            RunState.FINISHED, metrics=metrics, per_image=per_image, progress={"stage": "done"}
        )
        keep_examples(evaluation, [pictures[place] for place in worst_middle_best(matches)])


def images_to_measure(evaluation: Evaluation) -> list[tuple[Image, list[FrozenRegion]]]:
    """Return the images of the evaluation's split with their regions; raises DataProblem."""
    by_image: dict[str, list[FrozenRegion]] = defaultdict(list)
    for frozen in frozen_regions(evaluation.training_set, {evaluation.split}):
        by_image[frozen.image["id"]].append(frozen)
    if not by_image:
        raise DataProblem("This training set has no region to measure with.")
    found = {str(image.pk): image for image in Image.objects.filter(pk__in=by_image)}
    for image_id, regions in by_image.items():
        if image_id not in found:
            raise DataProblem(f"{regions[0].image['name']} was deleted and cannot be measured.")
    return [(found[image_id], regions) for image_id, regions in by_image.items()]


def measure_image(
    version: ModelVersion,
    image: Image,
    regions: Sequence[FrozenRegion],
    ours: Attempt[Evaluation],
    exact: ExactObjects | None = None,
) -> tuple[ImageMatch, bytes]:
    """Segment each plane that has regions; add up what was found, and draw the first region.

    Where the fast way is to be compared, what was found is kept.
    """
    found, picture = [], b""
    for seen in look(version, image, regions, ours):
        found.append(seen.match())
        picture = picture or draw_example(image, seen.frozen, seen.truth, seen.prediction)
        if exact is not None:
            exact.keep(seen.frozen, seen.judged())
    return add_up(found), picture


def measure_fast_way(
    version: ModelVersion,
    images: Sequence[tuple[Image, Sequence[FrozenRegion]]],
    ours: Attempt[Evaluation],
    exact: ExactObjects,
) -> dict[str, Any]:
    """Measure the same regions the fast way; return its scores, and how it agrees with the exact.

    An object is the same when what the exact way drew is there, whether it is judged or not.
    """
    matches = []
    for done, (image, regions) in enumerate(images):
        ours.write(progress={"stage": "measuring fast", "image": done + 1, "of": len(images)})
        found = []
        for seen in look(version, image, regions, ours, fast=True):
            found.append(seen.match())
            exact.compare(seen.frozen, seen.inside())
        matches.append(add_up(found))
    return {**report(matches), "agreement": exact.agreement()}


@dataclass(frozen=True, slots=True)
class Seen:
    """A region with what a version drew, and what people drew."""

    frozen: FrozenRegion
    prediction: Labels  # of the whole plane
    areas: NDArray[np.int64]  # of its objects
    truth: Labels
    annotated: NDArray[np.bool_]

    def match(self) -> ImageMatch:
        """Compare the two."""
        return match_box(self.prediction, self.areas, self.frozen.box, self.truth, self.annotated)

    def judged(self) -> Labels:
        """Return the version's objects that count."""
        return judged_objects(self.prediction, self.areas, self.frozen.box, self.annotated)

    def inside(self) -> Labels:
        """Return all that the version drew where a person vouches."""
        row0, col0, row1, col1 = self.frozen.box
        return np.where(self.annotated, self.prediction[row0:row1, col0:col1], np.uint32(0))


def look(
    version: ModelVersion,
    image: Image,
    regions: Sequence[FrozenRegion],
    ours: Attempt[Evaluation],
    *,
    fast: bool = False,
) -> Iterator[Seen]:
    """Segment each plane that has regions, and yield region by region."""
    by_plane: dict[tuple[int, int], list[FrozenRegion]] = defaultdict(list)
    for frozen in regions:
        by_plane[frozen.plane].append(frozen)
    for plane, of_plane in by_plane.items():
        prediction = segment_image(version, image, ours, plane=plane, fast=fast).label_image
        areas = np.bincount(prediction.ravel())
        for frozen in of_plane:
            yield Seen(frozen, prediction, areas, *frozen_labels(frozen))


def match_box(
    prediction: Labels,
    areas: NDArray[np.int64],
    box: Box,
    truth: Labels,
    annotated: NDArray[np.bool_],
) -> ImageMatch:
    """Match one box of a whole prediction with what people drew there."""
    judged = judged_objects(prediction, areas, box, annotated)
    return match(keep_annotated(truth, annotated), judged)


def judged_objects(
    prediction: Labels, areas: NDArray[np.int64], box: Box, annotated: NDArray[np.bool_]
) -> Labels:
    """Keep the predicted objects of a box that lie in what a person vouches for.

    An object that the box's border cuts is known in full here, so it is left out when more than
    a share of it lies outside; matching the cut-out alone would call its stump wrong.
    """
    row0, col0, row1, col1 = box
    inside = prediction[row0:row1, col0:col1]
    vouched = np.bincount(inside[annotated], minlength=len(areas))
    judged = (areas - vouched) <= IGNORED_SHARE * areas
    judged[0] = False
    return np.where(annotated & judged[inside], inside, np.uint32(0))


def add_up(matches: Sequence[ImageMatch]) -> ImageMatch:
    """Count the objects of several parts of one image together."""
    thresholds = matches[0].counts
    return ImageMatch(
        {
            threshold: sum((found.counts[threshold] for found in matches), Counts(0, 0, 0))
            for threshold in thresholds
        },
        sum(found.n_truth for found in matches),
        sum(found.n_predicted for found in matches),
    )
