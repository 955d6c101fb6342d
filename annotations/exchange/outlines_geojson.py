"""Outlines as the GeoJSON that QuPath imports (File → Import objects from file)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from annotations.exchange.outlined import Outlined, Ring

DECIMALS = 2  # a hundredth of a pixel
ALL_CHANNELS = -1  # as QuPath writes it


def write(objects: Iterable[Outlined]) -> Iterator[bytes]:
    """Write a FeatureCollection, object by object.

    Parameters
    ----------
    objects : iterable of Outlined

    Yields
    ------
    bytes
        Pieces of UTF-8. x and y are in pixels of the whole image, the upper left corner of its
        first pixel being (0, 0); rings are closed. An object in one part is a Polygon, another
        one a MultiPolygon; one of a stack is a feature per plane, which QuPath's `plane` in the
        geometry tells. QuPath's own names in the properties are `objectType`, `name`,
        `classification` and `measurements`.
    """
    before = b'{"type": "FeatureCollection", "features": [\n'
    for one in objects:
        yield before + json.dumps(feature(one), ensure_ascii=False).encode()
        before = b",\n"
    yield (b"\n" if before == b",\n" else before) + b"]}\n"


def feature(one: Outlined) -> dict[str, Any]:
    """Return an object as a GeoJSON feature."""
    properties: dict[str, Any] = {
        "objectType": "annotation",
        "name": str(one.instance_id),
        "id": one.instance_id,
        "score": one.score,
    }
    if one.score is not None:
        properties["measurements"] = {"score": one.score}
    if one.class_name:
        properties["classification"] = {"name": one.class_name}
    if one.state:
        properties["state"] = one.state
    polygons = [[_closed(ring) for ring in part] for part in one.parts]
    geometry: dict[str, Any] = (
        {"type": "Polygon", "coordinates": polygons[0]}
        if len(polygons) == 1
        else {"type": "MultiPolygon", "coordinates": polygons}
    )
    if one.z is not None or one.t is not None:
        geometry["plane"] = {"c": ALL_CHANNELS, "z": one.z or 0, "t": one.t or 0}
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def _closed(ring: Ring) -> list[list[float]]:
    x_y = ring[:, ::-1]
    if x_y.dtype.kind == "f":
        x_y = np.round(x_y.astype(np.float64), DECIMALS)
    points: list[list[float]] = x_y.tolist()
    return [*points, points[0]]
