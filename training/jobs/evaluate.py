"""Evaluate: how well a version finds what people drew without seeing a draft."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
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
from training.jobs.class_tally import ClassTally
from training.jobs.examples import draw_example, keep_examples, worst_middle_best
from training.jobs.fast_way import ExactObjects
from training.jobs.looks import look
from training.jobs.region_files import FrozenRegion, frozen_regions
from training.jobs.stacks import sees_volumes, way_of
from training.metrics.matching import Counts, ImageMatch, keep_annotated
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
        tally = ClassTally(evaluation.version, [one for _, found in images for one in found])
        for done, (image, regions) in enumerate(images):
            ours.write(progress={"stage": "measuring", "image": done + 1, "of": len(images)})
            found, picture = measure_image(evaluation.version, image, regions, ours, tally, exact)
            matches.append(found)
            per_image.append({"image": str(image.pk), "name": image.name, **image_scores(found)})
            pictures.append((image.pk, picture))
        metrics: dict[str, Any] = report(matches)
        if any(one.depth > 1 for _, regions in images for one in regions):
            metrics["stack_drafts"] = str(way_of(evaluation.version))  # what counts as an object
        if (kinds := tally.report()) is not None:
            metrics["classes"] = kinds
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
        if frozen.depth > 1 or not sees_volumes(evaluation.version):
            by_image[frozen.image["id"]].append(frozen)
    if not by_image:
        what = "of several planes " * sees_volumes(evaluation.version)
        raise DataProblem(f"This training set has no region {what}to measure with.")
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
    tally: ClassTally,
    exact: ExactObjects | None = None,
) -> tuple[ImageMatch, bytes]:
    """Segment each plane that has regions; add up what was found, and draw the first region.

    Kinds are counted apart. Where the fast way is to be compared, what was found is kept.
    """
    found, picture = [], b""
    for seen in look(version, image, regions, ours):
        found.append(seen.match())
        truth = keep_annotated(seen.truth, seen.annotated)
        tally.take(seen.frozen, truth, seen.judged(), seen.classes)
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
