"""Measure a model version on a folder of images with known labels."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from django.core.management.base import CommandParser

from annotations.exchange import label_files
from project.errors import InvalidInput, NotFound, PlatformError
from project.headless import HeadlessCommand
from training.jobs.evaluate import add_up
from training.jobs.folder import segment_image_file
from training.management.folders import files_by_stem
from training.metrics.matching import IOU_THRESHOLDS, match
from training.metrics.report import image_scores, report
from training.queries.versions import version_by_name


class FileRefused(InvalidInput):
    """A file of the folders cannot be used, so the numbers would not be those of the folder."""

    code: ClassVar[str] = "file_refused"


class Command(HeadlessCommand):
    """`manage.py evaluate --model VERSION --images DIR --labels DIR`."""

    help = (
        "Segment every image that has a label image of the same name, and print how well the "
        "objects agree; those of stacks are volumes, and every time of a series counts on "
        "its own. VERSION is an id, v3, or PROJECT/v3."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--model", required=True, metavar="VERSION")
        parser.add_argument("--images", required=True, type=Path, metavar="DIR")
        parser.add_argument("--labels", required=True, type=Path, metavar="DIR")

    def work(self, **options: Any) -> dict[str, Any]:
        version = version_by_name(options["model"])
        images, labels = files_by_stem(options["images"]), files_by_stem(options["labels"])
        names = [name for name in images if name in labels]
        if not names:
            raise NotFound(
                f"No image in {options['images']} has a label image of the same name in "
                f"{options['labels']}."
            )
        matches, per_image = [], []
        for i, name in enumerate(names, 1):
            self.progress("Measuring images", i, len(names))
            with naming(images[name]):
                found_in = segment_image_file(version, images[name])
            with naming(labels[name]), labels[name].open("rb") as file:
                truth = label_files.read(file, size=found_in.label_image.shape)
            pairs = zip(*map(found_in.by_time, (truth, found_in.label_image)), strict=True)
            found = add_up([match(drawn, predicted) for drawn, predicted in pairs])
            matches.append(found)
            per_image.append({"image": images[name].name, **image_scores(found)})
        return {
            "model": str(version.pk),
            "engine": version.engine,
            "number": version.number,
            **report(matches),
            "per_image": per_image,
            "without_labels": sorted(images[name].name for name in set(images) - set(labels)),
            "without_image": sorted(labels[name].name for name in set(labels) - set(images)),
        }

    def text(self, result: dict[str, Any]) -> str:
        heads = "".join(f"  AP@{iou:g}" for iou in IOU_THRESHOLDS)
        rows = [f"{'':<28}{heads}     F1     PQ     DQ     SQ  count error"]
        rows += [row(scores["image"], scores) for scores in result["per_image"]]
        rows.append(row(f"pooled ({result['n_instances']} objects)", result["pooled"]))
        rows.append(row(f"mean of {result['n_images']} images", result["mean"]))
        return "\n".join(rows)


def row(name: str, scores: dict[str, Any]) -> str:
    """Return one line of the table."""
    aps = "".join(f"  {scores['ap'][f'{iou:g}']:6.3f}" for iou in IOU_THRESHOLDS)
    return (
        f"{name[:28]:<28}{aps}  {scores['f1']['0.5']:5.3f}  {scores['panoptic_quality']:5.3f}"
        f"  {scores['detection_quality']:5.3f}  {scores['segmentation_quality']:5.3f}"
        f"  {scores['count_error']:11.3f}"
    )


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Say in a failure which file it is about; raises FileRefused."""
    try:
        yield
    except PlatformError as error:
        raise FileRefused(f"{path.name}: {error.message}", file=path.name) from error
