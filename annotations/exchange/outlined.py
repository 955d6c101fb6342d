"""An object as polygons, on its way to other tools."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

Ring = NDArray[Any]  # (k, 2): row and column in pixels, whose corners are at whole numbers


@dataclass(frozen=True, slots=True)
class Outlined:
    """An object of a label image; the first ring of each part is its border, others are holes."""

    instance_id: int
    parts: Sequence[Sequence[Ring]]
    score: float | None = None
    class_name: str = ""
    state: str = ""  # what a person made of it: proposed, accepted …
    z: int | None = None  # of a stack: the plane that this section of it lies in, from 0
    t: int | None = None  # of a time series: the time that it is of, from 0
