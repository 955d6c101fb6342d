"""Evaluate: how well a version finds what people drew without seeing a draft."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from annotations.models import Image
from project.errors import DataProblem
from training.jobs import news
from training.jobs.attempt import Attempt, Ended, attempt
from training.jobs.examples import draw_example, keep_examples, worst_middle_best
from training.jobs.predict import segment_image
from training.jobs.region_files import FrozenRegion, frozen_labels, frozen_regions
from training.metrics.matching import IGNORED_SHARE, Counts, ImageMatch, keep_annotated, match
from training.metrics.report import image_scores, report
from training.models import Evaluation, ModelVersion, RunState

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
    evaluation = Evaluation.objects.select_related("version", "training_set").get(pk=ours.pk)
    by_image: dict[str, list[FrozenRegion]] = defaultdict(list)
    for frozen in frozen_regions(evaluation.training_set, {evaluation.split}):
        by_image[frozen.image["id"]].append(frozen)
    if not by_image:
        raise DataProblem("This training set has no region to measure with.")
    matches, per_image, pictures = [], [], []
    for done, (image_id, regions) in enumerate(by_image.items()):
        ours.write(progress={"stage": "measuring", "image": done + 1, "of": len(by_image)})
        image = Image.objects.filter(pk=image_id).first()
        if image is None:
            raise DataProblem(f"{regions[0].image['name']} was deleted and cannot be measured.")
        found, picture = measure_image(evaluation.version, image, regions, ours)
        matches.append(found)
        per_image.append({"image": image_id, "name": image.name, **image_scores(found)})
        pictures.append((image_id, picture))
    with transaction.atomic():
        ours.finish(
            RunState.FINISHED,
            metrics=report(matches),
            per_image=per_image,
            progress={"stage": "done"},
        )
        keep_examples(evaluation, [pictures[place] for place in worst_middle_best(matches)])


def measure_image(
    version: ModelVersion, image: Image, regions: Sequence[FrozenRegion], ours: Attempt[Evaluation]
) -> tuple[ImageMatch, bytes]:
    """Segment each plane that has regions; add up what was found, and draw the first region."""
    by_plane: dict[tuple[int, int], list[FrozenRegion]] = defaultdict(list)
    for frozen in regions:
        by_plane[frozen.plane].append(frozen)
    found, picture = [], b""
    for plane, of_plane in by_plane.items():
        prediction = segment_image(version, image, ours, plane=plane).label_image
        areas = np.bincount(prediction.ravel())
        for frozen in of_plane:
            truth, annotated = frozen_labels(frozen)
            found.append(match_box(prediction, areas, frozen.box, truth, annotated))
            picture = picture or draw_example(image, frozen, truth, prediction)
    return add_up(found), picture


def match_box(
    prediction: Labels,
    areas: NDArray[np.int64],
    box: tuple[int, int, int, int],
    truth: Labels,
    annotated: NDArray[np.bool_],
) -> ImageMatch:
    """Match one box: only predicted objects that lie in what a person vouches for are judged.

    An object that the box's border cuts is known in full here, so it is left out when more than
    a share of it lies outside; matching the cut-out alone would call its stump wrong.
    """
    row0, col0, row1, col1 = box
    inside = prediction[row0:row1, col0:col1]
    vouched = np.bincount(inside[annotated], minlength=len(areas))
    judged = (areas - vouched) <= IGNORED_SHARE * areas
    judged[0] = False
    kept = np.where(annotated & judged[inside], inside, 0)
    return match(keep_annotated(truth, annotated), kept)


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
