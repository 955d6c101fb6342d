"""Outlines as a zip of ImageJ ROIs, which Fiji's ROI Manager opens."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray
from roifile import ROI_TYPE, ImagejRoi

from annotations.exchange.outlined import Outlined, Ring

# Segments of a path with several rings, as ImageJ numbers them (ij/gui/ShapeRoi.java).
MOVE_TO, LINE_TO, CLOSE = 0.0, 1.0, 4.0
NAME_DIGITS = 6  # the ROI Manager sorts by name


def write(objects: Iterable[Outlined]) -> Iterator[bytes]:
    """Write a zip file with one ROI for each object.

    Parameters
    ----------
    objects : iterable of Outlined

    Yields
    ------
    bytes
        Pieces of the zip file. x and y are in pixels, the upper left corner of the image's first
        pixel being (0, 0). An object in several parts, or with holes, is a composite ROI; one of a
        stack is a ROI per plane.
    """
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]
        for one in objects:
            entry = zipfile.ZipInfo(f"{name_of(one)}.roi")
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, roi_of(one).tobytes())
            yield sink.taken()
    yield sink.taken()


def name_of(one: Outlined) -> str:
    """Return the name of an object's ROI, with its time and plane, if any, counted from 1."""
    time = "" if one.t is None else f"-t{one.t + 1:04}"
    plane = "" if one.z is None else f"-z{one.z + 1:04}"
    return f"{one.instance_id:0{NAME_DIGITS}}{time}{plane}"


def roi_of(one: Outlined) -> ImagejRoi:
    """Return an object as an ImageJ ROI."""
    rings = [ring for part in one.parts for ring in part]
    if len(rings) == 1:
        roi = ImagejRoi.frompoints(_x_y(rings[0]), name=name_of(one))
        roi.roitype = ROI_TYPE.POLYGON
    else:
        roi = _composite(rings, name_of(one))
    if one.z is not None:
        roi.z_position = one.z + 1
    if one.t is not None:
        roi.t_position = one.t + 1
    if one.score is not None:
        roi.props = f"score: {one.score}\n"
    return roi


def _composite(rings: list[Ring], name: str) -> ImagejRoi:
    path = np.concatenate([_path(_x_y(ring)) for ring in rings])
    points = np.concatenate([_x_y(ring) for ring in rings])
    left, top = np.floor(points.min(axis=0)).astype(int)
    right, bottom = np.ceil(points.max(axis=0)).astype(int)
    roi = ImagejRoi(roitype=ROI_TYPE.RECT, name=name)
    roi.left, roi.top, roi.right, roi.bottom = int(left), int(top), int(right), int(bottom)
    roi.multi_coordinates = path
    roi.shape_roi_size = len(path)
    return roi


def _path(points: NDArray[np.float32]) -> NDArray[np.float32]:
    kinds = np.full((len(points), 1), LINE_TO, np.float32)
    kinds[0] = MOVE_TO
    return np.append(np.hstack([kinds, points]).ravel(), CLOSE).astype(np.float32)


def _x_y(ring: Ring) -> NDArray[np.float32]:
    """Return x and y; ImageJ keeps fractions, and places beyond 16 bits, in 32-bit floats."""
    return ring[:, ::-1].astype(np.float32)


class _Sink:
    """A file that can only be written to, and whose content is taken away piece by piece."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Do nothing: nothing is held back."""

    def taken(self) -> bytes:
        """Return what was written since the last time."""
        data, self._pieces = b"".join(self._pieces), []
        return data
