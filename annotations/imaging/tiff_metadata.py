"""Names, colours and pixel sizes that OME-XML, ImageJ or resolution tags tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

# Micrometres per unit, as OME and ImageJ write them.
UNITS_UM = {
    "": 1.0, "um": 1.0, "µm": 1.0, "μm": 1.0, "\\u00B5m": 1.0, "micron": 1.0, "microns": 1.0,
    "micrometer": 1.0, "nm": 1e-3, "mm": 1e3, "cm": 1e4, "m": 1e6, "inch": 25_400.0, "in": 25_400.0,
    "Å": 1e-4, "pm": 1e-6,
}  # fmt: skip
# Outside of this no light microscope works: 72 dpi of a print setting is 353 µm.
PLAUSIBLE_UM = (1e-3, 20.0)
STEP_UM = (1e-3, 1e3)  # light sheets of whole organs step farther than their pixels are wide


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a file tells beside its pixels; empty where it is silent."""

    channel_names: tuple[str, ...] = ()
    channel_colours: tuple[str | None, ...] = ()
    pixel_size_um: float | None = None
    z_step_um: float | None = None


def calibration(tiff: Any, series: Any) -> Calibration:
    """Read what an open tifffile.TiffFile tells about its first image."""
    if tiff.is_ome and tiff.ome_metadata:
        return from_ome(tiff.ome_metadata)
    if tiff.is_imagej:
        return from_imagej(tiff.imagej_metadata or {}, resolution(series.keyframe))
    size = resolution(series.keyframe)
    unit = {2: "inch", 3: "cm"}.get(int(series.keyframe.tags.valueof(296, default=2)), "inch")
    return Calibration(pixel_size_um=plausible(size, UNITS_UM[unit]))


def resolution(page: Any) -> float | None:
    """Return units per pixel from the resolution tags; None when absent or not square."""
    sides = []
    for code in (282, 283):
        value = page.tags.valueof(code)
        if not value or not value[0] or not value[1]:
            return None
        sides.append(value[1] / value[0])
    return sides[0] if abs(sides[0] - sides[1]) <= 0.01 * sides[0] else None


def plausible(
    size: float | None, unit_um: float | None, within_um: tuple[float, float] = PLAUSIBLE_UM
) -> float | None:
    """Return micrometres, or None for what no microscope gives."""
    if size is None or unit_um is None:
        return None
    size_um = size * unit_um
    return size_um if within_um[0] <= size_um <= within_um[1] else None


def from_ome(xml: str) -> Calibration:
    """Read OME-XML; anything odd in it is as good as silence.

    The probe refused entity declarations before, so that the parser cannot be made to expand.
    """
    try:
        root = ET.fromstring(xml)  # noqa: S314
    except ET.ParseError:
        return Calibration()
    pixels = root.find(".//{*}Image/{*}Pixels")
    if pixels is None:
        return Calibration()
    channels = pixels.findall("{*}Channel")
    sizes = [ome_length(pixels, name) for name in ("PhysicalSizeX", "PhysicalSizeY")]
    square = (
        sizes[0] if sizes[0] and sizes[1] and abs(sizes[0] - sizes[1]) <= 0.01 * sizes[0] else None
    )
    return Calibration(
        tuple(channel.get("Name", "") for channel in channels),
        tuple(ome_colour(channel.get("Color")) for channel in channels),
        plausible(square, 1.0),
        plausible(ome_length(pixels, "PhysicalSizeZ"), 1.0, STEP_UM),
    )


def ome_length(pixels: ET.Element, name: str) -> float | None:
    """Return a length of OME-XML in micrometres."""
    unit = UNITS_UM.get(pixels.get(f"{name}Unit", "µm"))
    try:
        value = float(pixels.get(name, ""))
    except ValueError:
        return None
    return value * unit if unit is not None and 0 < value < 1e6 else None


def ome_colour(text: str | None) -> str | None:
    """Turn OME's signed RGBA number into "#rrggbb"; white is OME's word for "not set"."""
    try:
        value = int(text or "") & 0xFFFFFFFF
    except ValueError:
        return None
    return None if value >> 8 == 0xFFFFFF else f"#{value >> 8:06x}"


def from_imagej(metadata: dict[str, Any], units_per_pixel: float | None) -> Calibration:
    """Read ImageJ's description and look-up tables."""
    unit = UNITS_UM.get(str(metadata.get("unit", "none")))
    spacing = metadata.get("spacing")
    # Negative where the stage moved down.
    z_step = abs(float(spacing)) if isinstance(spacing, int | float) else None
    tables = metadata.get("LUTs") or []
    colours = tuple(lut_colour(table) for table in tables)
    return Calibration(
        (), colours, plausible(units_per_pixel, unit), plausible(z_step, unit, STEP_UM)
    )


def lut_colour(table: Any) -> str | None:
    """Return the colour at the bright end of a look-up table; None for black or white."""
    red, green, blue = (int(value) for value in table[:, -1])
    colour = f"#{red:02x}{green:02x}{blue:02x}"
    return None if colour in ("#000000", "#ffffff") else colour
