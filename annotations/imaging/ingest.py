"""Turn one uploaded file into canonical pixels, a tile pyramid and a thumbnail.

The file is decoded once: while the canonical pixels are written, every channel's values are
counted; the pyramid is then made from the canonical file with the windows found.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from PIL import Image as PillowImage

from annotations.imaging.drawing import added_up
from annotations.imaging.normalize import (
    ChannelStatistics,
    ChannelSummary,
    narrowest_dtype,
    sample_step,
    to_view,
    widened,
)
from annotations.imaging.pixels import Pixels, PixelShape, open_pixels, write_pixels
from annotations.imaging.probe import Limits, probe
from annotations.imaging.pyramid import TILE_SIZE, View, plan_levels, write_pyramid
from annotations.imaging.readers import open_source
from annotations.imaging.sources import Description, Source
from annotations.imaging.tiff_header import ImageUnreadable
from project.tile_index import Geometry

Progress: TypeAlias = Callable[[str, float], None]  # stage, share done of the stage

THUMBNAIL_PX = 256
# Told apart by people with any colour vision, bright on black.
COLOURS = ("#3d8bff", "#2ee66b", "#ff4d4d", "#ffd02e", "#e05cff", "#2ee6e6", "#ff9a2e", "#ffffff")
RGB_CHANNELS = (("Red", "#ff0000"), ("Green", "#00ff00"), ("Blue", "#0000ff"))


@dataclass(frozen=True, slots=True)
class Ingested:
    """The three files that were made and what is now known of the image (JSON values)."""

    pixels: Path
    pyramid: Path
    thumbnail: Path
    fields: dict[str, Any]


def ingest(path: Path, out: Path, limits: Limits, progress: Progress) -> Ingested:
    """Read an image file and write what the site needs of it into the folder `out`.

    Parameters
    ----------
    path : Path
        The file as it was uploaded; only read.
    out : Path
        An empty folder; half-made files are left there for the caller to remove.
    limits : Limits
        What is the most to unpack.
    progress : callable
        Told the stage ("read" or "view") and the share of it that is done.

    Raises
    ------
    ImageUnreadable
        With the sentence for the person. Decoders raise their own errors for damaged files.
    """
    found = probe(path, limits)
    source = open_source(path, found, out)
    try:
        description = source.description
        check_channels(description, limits)
        pixels, statistics = store_pixels(source, out, progress)
    finally:
        source.close()
    summaries = summarise(description.shape, statistics)
    pixels, dtype = narrow(pixels, description, statistics)
    pyramid, thumbnail, geometry = store_view(pixels, summaries, description, out, progress)
    notes = list(description.notes)
    n_undefined = sum(channel.n_undefined for channel in statistics)
    if n_undefined:
        notes.append(f"{n_undefined:,} pixels without a value (NaN or infinite) were set to 0.")
    return Ingested(
        pixels, pyramid, thumbnail, fields_of(description, summaries, geometry, dtype, notes)
    )


def check_channels(description: Description, limits: Limits) -> None:
    """Refuse more channels than the site shows."""
    n_channels = description.shape.n_channels
    if n_channels > limits.max_channels:
        raise ImageUnreadable(
            f"This image has {n_channels} channels; at most {limits.max_channels} can be read "
            "here. If it is a stack of slices, save it with z instead of channels."
        )


def channel_of_page(shape: PixelShape, page: int) -> int:
    """Return which channel a page of the canonical file belongs to."""
    return 0 if shape.is_rgb else page // shape.n_z % shape.n_channels


def store_pixels(
    source: Source, out: Path, progress: Progress
) -> tuple[Path, list[ChannelStatistics]]:
    """Write the canonical file and count values on the way; undefined pixels become 0."""
    shape = source.description.shape
    channels = 1 if shape.is_rgb else shape.n_channels
    per_channel = shape.height * shape.width * shape.n_t * shape.n_z
    step = sample_step(per_channel)
    statistics = [ChannelStatistics(np.dtype(shape.dtype), step) for _ in range(channels)]

    def rows(page: int, row0: int, row1: int) -> Pixels:
        band = source.rows(page, row0, row1)
        statistics[channel_of_page(shape, page)].add(band)
        progress("read", (page + row1 / shape.height) / shape.n_pages)
        return np.nan_to_num(band, nan=0, posinf=0, neginf=0) if band.dtype.kind == "f" else band

    description = source.description
    path = out / "pixels.tif"
    names = names_of(description)
    write_pixels(
        path,
        shape,
        rows,
        channel_names=names,
        pixel_size_um=description.pixel_size_um,
        z_step_um=description.z_step_um,
    )
    if all(channel.range() is None for channel in statistics):
        raise ImageUnreadable(
            "No pixel of this image holds a number (all are NaN or infinite). Export it again."
        )
    return path, statistics


def summarise(shape: PixelShape, statistics: list[ChannelStatistics]) -> list[ChannelSummary]:
    """Return a summary per channel; a colour picture is never windowed colour by colour."""
    summaries = [channel.summary() for channel in statistics]
    if not shape.is_rgb:
        return summaries
    top = 255.0 if shape.dtype == "uint8" else summaries[0].window[1]
    return [replace(summaries[0], window=widened((0.0, top)))] * 3


def narrow(
    path: Path, description: Description, statistics: list[ChannelStatistics]
) -> tuple[Path, str]:
    """Rewrite the canonical file in a smaller number type when that keeps every value."""
    shape = description.shape
    dtype = narrowest_dtype(shape.dtype, statistics)
    if dtype == shape.dtype:
        return path, dtype
    narrowed = path.with_name("narrowed.tif")
    with open_pixels(path) as file:
        write_pixels(
            narrowed,
            replace(shape, dtype=dtype),
            lambda page, row0, row1: file.rows(page, row0, row1).astype(dtype),
            channel_names=names_of(description),
            pixel_size_um=description.pixel_size_um,
            z_step_um=description.z_step_um,
        )
    path.unlink()
    return narrowed, dtype


def store_view(
    pixels: Path,
    summaries: list[ChannelSummary],
    description: Description,
    out: Path,
    progress: Progress,
) -> tuple[Path, Path, Geometry]:
    """Write the pyramid of the windowed view and the thumbnail."""
    shape = description.shape
    planes_per_slice = 1 if shape.is_rgb else shape.n_channels
    n_planes = shape.n_t * shape.n_z * planes_per_slice
    geometry = Geometry(TILE_SIZE, tuple(plan_levels(shape.width, shape.height)), n_planes)
    thumbnail_from = shape.n_z // 2 * planes_per_slice
    small: dict[int, View] = {}

    def keep(plane: int, view: View) -> None:
        if thumbnail_from <= plane < thumbnail_from + planes_per_slice:
            small[plane - thumbnail_from] = view

    with open_pixels(pixels) as file:

        def rows(plane: int, row0: int, row1: int) -> View:
            tz, channel = divmod(plane, planes_per_slice)
            t, z = divmod(tz, shape.n_z)
            page = (t * planes_per_slice + channel) * shape.n_z + z
            progress("view", (plane + row1 / shape.height) / n_planes)
            return to_view(file.rows(page, row0, row1), summaries[channel].window)

        path = out / "pyramid.tif"
        write_pyramid(path, geometry, rows, is_rgb=shape.is_rgb, scratch=out, keep=keep)
    thumbnail = out / "thumbnail.jpg"
    views = [small[channel] for channel in range(planes_per_slice)]
    write_thumbnail(thumbnail, views, colours_of(description))
    return path, thumbnail, geometry


def write_thumbnail(path: Path, views: list[View], colours: list[str]) -> None:
    """Write a small JPEG; several channels are added up in their colours."""
    drawn = views[0] if len(views) == 1 else added_up(views, colours)
    picture = PillowImage.fromarray(np.ascontiguousarray(drawn))
    picture.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
    picture.save(path, "JPEG", quality=85)


def names_of(description: Description) -> list[str]:
    """Return a name for every channel that the canonical file counts."""
    shape = description.shape
    if shape.is_rgb:
        return []
    given = description.channel_names or ("",) * shape.n_channels
    return [name or f"Channel {number}" for number, name in enumerate(given, 1)]


def colours_of(description: Description) -> list[str]:
    """Return a colour for every channel: the file's own, else white or ours in turn."""
    n_channels = description.shape.n_channels
    given = description.channel_colours or (None,) * n_channels
    default = ("#ffffff",) if n_channels == 1 else COLOURS
    return [colour or default[number % len(default)] for number, colour in enumerate(given)]


def fields_of(
    description: Description,
    summaries: list[ChannelSummary],
    geometry: Geometry,
    dtype: str,
    notes: list[str],
) -> dict[str, Any]:
    """Return what is stored with the image, as JSON values named as the columns are."""
    shape = description.shape
    pairs = (
        list(RGB_CHANNELS)
        if shape.is_rgb
        else list(zip(names_of(description), colours_of(description), strict=True))
    )
    channels = [
        {"name": name[:100], "colour": colour, "window": list(summary.window)}
        for (name, colour), summary in zip(pairs, summaries, strict=True)
    ]
    histograms = [
        {"low": summary.low, "high": summary.high, "counts": list(summary.histogram)}
        for summary in (summaries[:1] if shape.is_rgb else summaries)
    ]
    levels = [{"width": width, "height": height} for width, height in geometry.levels]
    return {
        "height": shape.height,
        "width": shape.width,
        "n_channels": shape.n_channels,
        "n_z": shape.n_z,
        "n_t": shape.n_t,
        "dtype": dtype,
        "is_rgb": shape.is_rgb,
        "pixel_size_um": description.pixel_size_um,
        "z_step_um": description.z_step_um,
        "channels": channels,
        "pyramid": {"tile": geometry.tile_size, "levels": levels, "planes": geometry.planes},
        "histograms": histograms,
        "source": {
            "format": description.format,
            "dtype": description.file_dtype,
            "z_step_um": description.z_step_um,
            "notes": notes,
        },
    }
