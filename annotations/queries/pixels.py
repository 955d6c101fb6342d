"""Stored pixel values, for looking at: raw tiles, and the values at one place."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from annotations.imaging.coarse import TilePlace, raw_tile
from annotations.imaging.open_files import OpenFiles
from annotations.imaging.pixels import PartOutOfImage, PixelFile, Pixels
from annotations.models import Image
from annotations.queries.images import find_ready_image
from project.errors import NotFound
from project.storage import blob_path

__all__ = ["find_ready_image", "raw_tile_of", "values_at"]

OPEN_FILES = 16  # a page list of a long stack takes a few MB

_files = OpenFiles(OPEN_FILES)


@contextmanager
def pixels_of(image: Image) -> Iterator[PixelFile]:
    """Give the open canonical file of an image; raises NotFound when it is not stored."""
    try:
        with _files.use(blob_path(image.pixels_digest)) as file:
            yield file
    except FileNotFoundError as error:
        raise NotFound(
            "The pixels of this image are missing; restore them from the backup."
        ) from error


def raw_tile_of(image: Image, *, plane: int, level: int, column: int, row: int) -> Pixels:
    """Return the stored values of a tile, shape (h, w); planes are counted as those of the tiles.

    Raises PartOutOfImage for a place that the image does not have, and for colour pictures.
    """
    if image.is_rgb:
        raise PartOutOfImage("The stored values of colour pictures are those of their tiles.")
    slice_, channel = divmod(plane, image.n_channels or 1)
    t, z = divmod(slice_, image.n_z)
    place = TilePlace(t, z, channel, level, column, row)
    with pixels_of(image) as file:
        return raw_tile(file, place, side=image.pyramid["tile"])


def values_at(user: Any, image_id: uuid.UUID, *, x: int, y: int, t: int, z: int) -> list[float]:
    """Return the stored value of every channel at a pixel; three in colour pictures.

    Raises NotFound, NotAllowed, NotReady, and PartOutOfImage for a place outside.
    """
    image = find_ready_image(user, image_id)
    with pixels_of(image) as file:
        area = file.read(t=t, z=z, channels=None, box=(y, x, y + 1, x + 1))
    values: list[float] = area[:, 0, 0].tolist()
    return values
