"""Pictures of what was measured: people's outlines and a version's, of the same moment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotations.imaging.drawing import draw_outlines, enlarged, middle_of
from annotations.imaging.pyramid import encode_tile
from annotations.models import Image
from annotations.queries.images import view_of_box
from project.storage import put_bytes
from training.jobs.region_files import FrozenRegion
from training.metrics.matching import ImageMatch
from training.metrics.report import PRIMARY_IOU
from training.models import Evaluation, Example

Labels = NDArray[np.uint32]

# The page's legend has the same colours.
DRAWN = (60, 220, 235)
PREDICTED = (255, 170, 30)
MOST_PX = 256  # of the image: larger crops show objects too small to judge an outline
ZOOM = 3


def draw_example(image: Image, frozen: FrozenRegion, truth: Labels, prediction: Labels) -> bytes:
    """Return a JPEG of the middle of a region with both outlines; `truth` is of the region.

    Of several planes the one in the middle is drawn.
    """
    t, z = frozen.plane
    if frozen.depth > 1:
        middle = frozen.depth // 2
        z, truth, prediction = z + middle, truth[middle], prediction[middle]
    row0, col0, row1, col1 = middle_of(frozen.box, MOST_PX)
    top, left = row0 - frozen.box[0], col0 - frozen.box[1]
    view = view_of_box(image, (row0, col0, row1, col1), t=t, z=z)
    drawn = enlarged(view, ZOOM)
    truth = truth[top : top + row1 - row0, left : left + col1 - col0]
    draw_outlines(drawn, truth, DRAWN, zoom=ZOOM)
    draw_outlines(drawn, prediction[row0:row1, col0:col1], PREDICTED, zoom=ZOOM)
    return encode_tile(drawn)


def worst_middle_best(matches: Sequence[ImageMatch]) -> list[int]:
    """Return the places of an honest sample: at most three, each once, the worst AP first."""
    by_ap = sorted(range(len(matches)), key=lambda place: matches[place].counts[PRIMARY_IOU].ap)
    last = len(by_ap) - 1
    return [by_ap[at] for at in sorted({0, last // 2, last})]


def keep_examples(evaluation: Evaluation, pictures: Iterable[tuple[Any, bytes]]) -> None:
    """Store pictures by the images that they show, in the place of those of an earlier time."""
    Example.objects.filter(evaluation=evaluation).delete()
    Example.objects.bulk_create(
        Example(evaluation=evaluation, image_id=image_id, picture_digest=put_bytes(picture))
        for image_id, picture in pictures
    )
