"""Segment a folder of images with a model version."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from django.core.management.base import CommandParser

from annotations.exchange import label_tiff
from project.errors import InvalidInput, PlatformError
from project.headless import HeadlessCommand
from training.jobs.folder import Segmented, segment_image_file
from training.jobs.predict import class_names
from training.management.folders import files_by_stem
from training.models import ModelVersion
from training.queries.versions import version_by_name


class SomePredictionsFailed(InvalidInput):
    """At least one image could not be segmented; the label images of the others are written."""

    code: ClassVar[str] = "some_predictions_failed"


class Command(HeadlessCommand):
    """`manage.py predict --model VERSION --images DIR --out DIR`."""

    help = (
        "Segment every image of a folder and write a label image (TIFF, 0 is background) of the "
        "same name for each, with a page for each plane of a stack, time after time, and a table "
        "(CSV) of its objects with their classes and scores. VERSION is an id, v3, or PROJECT/v3."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--model", required=True, metavar="VERSION")
        parser.add_argument("--images", required=True, type=Path, metavar="DIR")
        parser.add_argument("--out", required=True, type=Path, metavar="DIR")

    def work(self, **options: Any) -> dict[str, Any]:
        version = version_by_name(options["model"])
        files = files_by_stem(options["images"])
        out = options["out"]
        make_folder(out)
        done: list[dict[str, Any]] = []
        failed: list[dict[str, str]] = []
        for i, (name, path) in enumerate(files.items(), 1):
            self.progress("Segmenting images", i, len(files))
            try:
                found = segment_image_file(version, path)
            except PlatformError as error:
                failed.append({"file": path.name, "code": error.code, "message": error.message})
                continue
            target = out / f"{name}.tif"
            with target.open("wb") as file:
                label_tiff.write(file, found.label_image)
            table = out / f"{name}.csv"
            write_objects(table, version, found)
            done.append(
                {
                    "image": path.name,
                    "labels": str(target),
                    "objects": str(table),
                    "n_instances": len(found.scores),
                }
            )
        if failed:
            sentences = [f"{one['file']}: {one['message']}" for one in failed[:20]]
            raise SomePredictionsFailed(
                f"{len(failed)} of {len(files)} images could not be segmented; the others are in "
                f"{out}. " + " ".join(sentences),
                images=done,
                failed=failed,
            )
        return {
            "model": str(version.pk),
            "engine": version.engine,
            "number": version.number,
            "out": str(out),
            "images": done,
        }

    def text(self, result: dict[str, Any]) -> str:
        n_instances = sum(image["n_instances"] for image in result["images"])
        return f"{len(result['images'])} images, {n_instances} objects, in {result['out']}."


def write_objects(table: Path, version: ModelVersion, found: Segmented) -> None:
    """Write a row for each object: its number in the label image, its class, its score.

    The class is empty where the version knows none, the score where its engine gives none.
    """
    names = class_names(version, found.classes) or [""] * len(found.scores)
    with table.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "class", "score"])
        for number, (name, score) in enumerate(zip(names, found.scores, strict=True), 1):
            rows.writerow([number, name, "" if np.isnan(score) else f"{score:.4f}"])


def make_folder(folder: Path) -> None:
    """Make the folder for what is written; raises InvalidInput when that is impossible."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput(f"{folder} cannot be written to: {error.strerror}.") from error
