"""The objects of a draft as polygons: the engine's own, or traced along the edges of pixels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotations.exchange.outlined import Outlined
from annotations.labels import chunks
from annotations.labels.contours import parts_of
from annotations.labels.ops import SIDE
from annotations.models import Instance, LabelLayer
from annotations.queries.chunks import digests_by_plane, pixels_of
from project.errors import NotFound
from project.storage import open_blob
from training.models import PredictionRun
from training.supervision.details import OUTLINES, names_in, outlines_in

BATCH = 2000  # rows of the database at a time
HALF_PX = 0.5  # an engine's pixels are points in their middles; in files corners are whole numbers
ROW = np.dtype([("id", "i8"), ("row0", "i8"), ("col0", "i8"), ("row1", "i8"), ("col1", "i8"),
                ("t", "i4"), ("z", "i4"), ("depth", "i4"),
                ("score", "f8"), ("words", "i4")])  # fmt: skip
FIELDS = (
    *("instance_id", "row0", "col0", "row1", "col1", "t", "z", "depth"),
    *("score", "state", "class_name"),
)


class DraftOutlines:
    """The outlines of a finished prediction; iterating asks nothing of the database any more.

    Pixels and outlines are read a piece at a time, rows are held as numbers. An object of a stack
    comes as a section per plane. Raises NotFound when
    there is no draft, or when its file is missing.
    """

    def __init__(self, prediction: PredictionRun) -> None:
        if prediction.layer is None:
            raise NotFound("This prediction has no draft yet; wait until it is finished.")
        n_t, n_z = prediction.image.n_t, prediction.image.n_z
        self._is_series, self._is_stack = n_t > 1, n_z > 1
        self._digests = {
            (t, z): of_plane
            for t in range(n_t)
            for z, of_plane in digests_by_plane(prediction.layer, (0, n_z), t=t).items()
        }
        self._words: dict[tuple[str, str], int] = {}
        self._rows = self._read(prediction.layer)
        is_drawn = OUTLINES in details_of(prediction)
        self._details = prediction.details_digest if is_drawn else ""

    def __iter__(self) -> Iterator[Outlined]:
        words = list(self._words)
        for row, z, parts in self._drawn_by_engine() if self._details else self._traced():
            state, class_name = words[row["words"]]
            score = None if np.isnan(row["score"]) else round(float(row["score"]), 4)
            yield Outlined(
                int(row["id"]),
                parts,
                score,
                class_name,
                state,
                z=z if self._is_stack else None,
                t=int(row["t"]) if self._is_series else None,
            )

    def _read(self, layer: LabelLayer) -> NDArray[Any]:
        found = Instance.objects.filter(layer=layer, area_px__gt=0)
        rows = found.order_by("instance_id").values_list(*FIELDS).iterator(chunk_size=BATCH)
        return np.fromiter(
            (
                (*where, np.nan if score is None else score, self._number_of((state, name)))
                for *where, score, state, name in rows
            ),
            ROW,
        )

    def _number_of(self, words: tuple[str, str]) -> int:
        return self._words.setdefault(words, len(self._words))

    def _drawn_by_engine(self) -> Iterator[tuple[Any, int, list[list[NDArray[Any]]]]]:
        with open_blob(self._details) as file:
            for row, outline in zip(self._rows, outlines_in(file), strict=True):
                yield row, 0, [[outline + np.float32(HALF_PX)]]

    def _traced(self) -> Iterator[tuple[Any, int, list[list[NDArray[Any]]]]]:
        # Chunk by chunk, so that few of them are in memory.
        rows = self._rows
        order = np.lexsort((rows["col0"] // SIDE, rows["row0"] // SIDE, rows["z"], rows["t"]))
        for row in rows[order]:
            box = (int(row["row0"]), int(row["col0"]), int(row["row1"]), int(row["col1"]))
            for z in range(int(row["z"]), int(row["z"] + row["depth"])):
                digests = self._digests.get((int(row["t"]), z), {})
                held = {
                    place: pixels_of(digests[place])
                    for place in chunks.places(box)
                    if place in digests
                }
                own = chunks.join(held, box) == row["id"]
                if own.any():
                    offset = np.array(box[:2])
                    yield (
                        row,
                        z,
                        [
                            [ring + offset for ring in (part.outer, *part.holes)]
                            for part in parts_of(own)
                        ],
                    )


def details_of(prediction: PredictionRun) -> set[str]:
    """Return the names of what was kept besides pixels; raises NotFound when it is missing."""
    if not prediction.details_digest:
        return set()
    with open_blob(prediction.details_digest) as file:
        return names_in(file)


def maps_digest(prediction: PredictionRun) -> str:
    """Return the digest of the file with a prediction's maps; raises NotFound without maps."""
    if details_of(prediction) <= {OUTLINES}:
        raise NotFound(
            "No maps were kept of this prediction. To have them, predict the image again with "
            '"Keep the engine\'s maps" on the page of the version, or with keep_maps over REST.'
        )
    return prediction.details_digest
