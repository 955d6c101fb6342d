from __future__ import annotations

import io
import json
import zipfile

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from roifile import ImagejRoi
from skimage.draw import polygon2mask

from annotations.exchange import outlines_geojson, outlines_imagej
from annotations.exchange.outlined import Outlined
from annotations.labels.contours import parts_of

SIDE = 9
masks = arrays(bool, (SIDE, SIDE)).filter(np.any)
STAR = np.array([[3.25, 2.123456], [5.5, 9.75], [70000.5, 4.0]], np.float32)
CORNER_TO_MIDDLE = -0.5


def outlined(mask, number=1, **fields):
    parts = [[part.outer, *part.holes] for part in parts_of(mask)]
    return Outlined(number, parts, **fields)


def parsed(objects):
    return json.loads(b"".join(outlines_geojson.write(objects)))


def filled(rings):
    """Fill rings of (x, y) by the even-odd rule."""
    inside = np.zeros((SIDE, SIDE), bool)
    for ring in rings:
        inside ^= polygon2mask((SIDE, SIDE), np.array(ring)[:, ::-1] + CORNER_TO_MIDDLE)
    return inside


@settings(max_examples=100, deadline=None)
@given(mask=masks)
def test_geojson_filled_gives_the_object_again_and_rings_are_closed(mask):
    (feature,) = parsed([outlined(mask)])["features"]

    shape = feature["geometry"]
    parts = [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]
    rings = [ring for part in parts for ring in part]
    assert all(ring[0] == ring[-1] for ring in rings)
    assert (filled(rings) == mask).all()
    assert (shape["type"] == "Polygon") == (len(parts_of(mask)) == 1)


def test_geojson_says_in_quopaths_words_what_an_object_is():
    ring = [[STAR]]
    known = Outlined(7, ring, score=0.875, class_name="mitosis", state="accepted")

    first, second = parsed([known, Outlined(8, ring)])["features"]

    assert first["type"] == "Feature"
    assert first["properties"] == {
        "objectType": "annotation",
        "name": "7",
        "id": 7,
        "score": 0.875,
        "measurements": {"score": 0.875},
        "classification": {"name": "mitosis"},
        "state": "accepted",
    }
    assert second["properties"] == {
        "objectType": "annotation", "name": "8", "id": 8, "score": None,
    }  # fmt: skip
    corners = first["geometry"]["coordinates"][0]
    assert corners[:3] == [[2.12, 3.25], [9.75, 5.5], [4.0, 70000.5]], "x, then y"


def test_geojson_of_nothing_is_an_empty_collection():
    assert parsed([]) == {"type": "FeatureCollection", "features": []}


def rois_of(objects):
    written = io.BytesIO(b"".join(outlines_imagej.write(objects)))
    with zipfile.ZipFile(written) as archive:
        assert archive.testzip() is None
        return {name: ImagejRoi.frombytes(archive.read(name)) for name in archive.namelist()}


@settings(max_examples=50, deadline=None)
@given(mask=masks)
def test_imagej_rois_filled_give_the_object_again(mask):
    (roi,) = rois_of([outlined(mask)]).values()

    found = roi.coordinates(multi=True)
    rings = found if isinstance(found, list) else [found]
    assert (filled(rings) == mask).all()
    rows, cols = np.nonzero(mask)
    assert (roi.top, roi.left) == (rows.min(), cols.min())


def test_imagej_rois_keep_fractions_far_places_and_scores():
    rois = rois_of([Outlined(7, [[STAR]], score=0.875), Outlined(123, [[STAR]])])

    assert list(rois) == ["000007.roi", "000123.roi"]
    assert np.array_equal(rois["000007.roi"].coordinates(), STAR[:, ::-1])
    assert "score: 0.875" in rois["000007.roi"].props


@given(n=st.integers(0, 4))
def test_files_come_in_pieces(n):
    many = [Outlined(k + 1, [[STAR]]) for k in range(n)]

    assert sum(1 for _ in outlines_geojson.write(iter(many))) == n + 1
    assert sum(1 for _ in outlines_imagej.write(iter(many))) == n + 1
