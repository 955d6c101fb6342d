"""The numbers shown for a model version: pooled over images, and as a mean of images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from training.metrics.matching import Counts, ImageMatch

Scores: TypeAlias = dict[str, float | dict[str, float]]
Report: TypeAlias = dict[str, Scores | int]

PRIMARY_IOU = 0.5


def image_scores(result: ImageMatch) -> Scores:
    """Return the scores of one image by name.

    Parameters
    ----------
    result : ImageMatch

    Returns
    -------
    dict
        ``ap``, ``f1``, ``precision`` and ``recall`` by IoU threshold ("0.5" …); at IoU 0.5
        ``panoptic_quality`` with ``segmentation_quality`` and ``detection_quality``, and
        ``mean_matched_iou``; ``ap_mean`` over the thresholds; ``count_error`` and
        ``count_bias`` relative to the true count; ``n_truth`` and ``n_predicted``.
    """
    scores = _scores(dict(result.counts))
    scores["count_bias"] = result.count_bias
    scores["count_error"] = abs(result.count_bias)
    scores["n_truth"] = float(result.n_truth)
    scores["n_predicted"] = float(result.n_predicted)
    return scores


def report(results: Sequence[ImageMatch]) -> Report:
    """Summarise a set of images in the two usual ways.

    Parameters
    ----------
    results : sequence of ImageMatch
        At least one.

    Returns
    -------
    dict
        ``pooled``: objects of all images counted together (StarDist's way, weighs crowded
        images more); ``mean``: the mean of the images' scores (Cellpose's way);
        ``n_images`` and ``n_instances`` (true objects).

    Raises
    ------
    ValueError
        When there is no image.

    References
    ----------
    .. [1] Kirillov et al., CVPR 2019, doi:10.1109/CVPR.2019.00963 (panoptic quality)
    .. [2] Foucart et al., Scientific Reports 13 (2023), doi:10.1038/s41598-023-35605-7
       (why PQ is never shown without DQ and SQ)
    """
    if not results:
        raise ValueError("there is no image to report on")
    n_truth = sum(result.n_truth for result in results)
    n_predicted = sum(result.n_predicted for result in results)
    return {
        "pooled": image_scores(ImageMatch(_pooled_counts(results), n_truth, n_predicted)),
        "mean": _mean([image_scores(result) for result in results]),
        "n_images": len(results),
        "n_instances": n_truth,
    }


def _pooled_counts(results: Sequence[ImageMatch]) -> dict[float, Counts]:
    return {
        threshold: sum((result.counts[threshold] for result in results), Counts(0, 0, 0))
        for threshold in results[0].counts
    }


def _scores(counts: dict[float, Counts]) -> Scores:
    primary = counts.get(PRIMARY_IOU, next(iter(counts.values())))
    by_threshold = {f"{threshold:g}": count for threshold, count in counts.items()}
    return {
        "ap": {key: count.ap for key, count in by_threshold.items()},
        "f1": {key: count.f1 for key, count in by_threshold.items()},
        "precision": {key: count.precision for key, count in by_threshold.items()},
        "recall": {key: count.recall for key, count in by_threshold.items()},
        "ap_mean": float(np.mean([count.ap for count in counts.values()])),
        "panoptic_quality": primary.panoptic_quality,
        "segmentation_quality": primary.segmentation_quality,
        "detection_quality": primary.detection_quality,
        "mean_matched_iou": primary.mean_matched_iou,
    }


def _mean(images: Sequence[Scores]) -> Scores:
    """Average score by score, through the one level of nesting."""
    means: Scores = {}
    for name, first in images[0].items():
        if isinstance(first, dict):
            columns = [scores[name] for scores in images]
            means[name] = {
                key: float(np.mean([column[key] for column in columns if isinstance(column, dict)]))
                for key in first
            }
        else:
            means[name] = float(np.mean([scores[name] for scores in images]))  # type: ignore[arg-type]
    return means
