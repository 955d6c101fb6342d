"""What the values of each channel are: range, histogram, display window; filled in band by band.

The window is where the 8-bit view is black and white. It is stored beside the image and never
applied to the stored pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from annotations.imaging.pixels import Pixels

# Below and above lie hot pixels, debris and saturated spots.
WINDOW_PERCENT = (0.1, 99.9)
N_BINS = 256  # as wide as the histogram is drawn, and one per value of 8 bits
SAMPLE_PIXELS = 2_000_000  # per channel, where the values are too many to count each
EXACT_IN_FLOAT32 = 1 << 24


@dataclass(frozen=True, slots=True)
class ChannelSummary:
    """What was seen of one channel."""

    low: float
    high: float
    window: tuple[float, float]
    histogram: tuple[int, ...]  # N_BINS equal bins from low to high


@dataclass(slots=True)
class ChannelStatistics:
    """Collects one channel; `step` is every how many pixels one is kept as a sample."""

    dtype: np.dtype[np.generic]
    step: int = 1
    n_undefined: int = 0  # NaN and infinite pixels
    low: float = np.inf
    high: float = -np.inf
    exact_float32: bool = True
    _counts: NDArray[np.int64] | None = None
    _samples: list[Pixels] = field(default_factory=list)
    _offset: int = 0

    def add(self, band: Pixels) -> None:
        """Take in some rows; undefined pixels are counted and otherwise ignored."""
        flat = band.reshape(-1)
        if self.dtype in (np.uint8, np.uint16):
            counts = np.bincount(flat, minlength=np.iinfo(self.dtype.name).max + 1)
            self._counts = counts if self._counts is None else self._counts + counts
            return
        sample = flat[self._offset :: self.step]
        self._offset = (self._offset - flat.size) % self.step
        if self.dtype.kind == "f":
            finite = np.isfinite(flat)
            self.n_undefined += int(flat.size - np.count_nonzero(finite))
            flat, sample = flat[finite], sample[np.isfinite(sample)]
        if flat.size:
            self.low, self.high = min(self.low, flat.min()), max(self.high, flat.max())
            if self.dtype == np.float64 and self.exact_float32:
                with np.errstate(over="ignore"):
                    self.exact_float32 = bool((flat.astype(np.float32) == flat).all())
            self._samples.append(sample.copy())

    def range(self) -> tuple[float, float] | None:
        """Return the smallest and largest value; None when no pixel holds a number."""
        if self._counts is not None:
            used = np.flatnonzero(self._counts)
            return float(used[0]), float(used[-1])
        return (float(self.low), float(self.high)) if self.low <= self.high else None

    def summary(self) -> ChannelSummary:
        """Return range, window and histogram; of an empty channel all zero."""
        low, high = self.range() or (0.0, 0.0)
        if self._counts is not None:
            values = np.arange(self._counts.size)
            shares = np.cumsum(self._counts) / self._counts.sum()
            ends = [float(np.searchsorted(shares, percent / 100)) for percent in WINDOW_PERCENT]
            histogram = np.histogram(
                values, N_BINS, (low, max(high, low + 1)), weights=self._counts
            )[0]
        else:
            sample = np.concatenate(self._samples) if self._samples else np.zeros(0)
            # A sample may miss everything in a tiny image whose step is 1: then it is all of it.
            sample = sample if sample.size else np.array([low])
            # No interpolation: between the largest and the smallest float lies more than a float.
            found = np.percentile(sample, WINDOW_PERCENT, method="nearest")
            ends = [float(value) for value in found]
            histogram = equal_bins(sample.astype(np.float64), low, high)
        return ChannelSummary(
            low, high, widened((ends[0], ends[1])), tuple(int(n) for n in histogram)
        )


def widened(window: tuple[float, float]) -> tuple[float, float]:
    """Return a window with some width, as a constant image has none."""
    low, high = window
    return (low, high) if high > low else (low, low + max(1.0, abs(low) * 1e-6))


def equal_bins(sample: NDArray[np.float64], low: float, high: float) -> NDArray[np.int64]:
    """Count a sample in N_BINS equal bins; unlike numpy's, for ranges of any size or none."""
    if not high > low:
        return np.bincount([0] * sample.size, minlength=N_BINS)
    # Each end is scaled by itself, as their difference may be more than a float can hold.
    scale = max(abs(low), abs(high))
    share = (sample / scale - low / scale) / (high / scale - low / scale)
    return np.bincount(np.clip(share * N_BINS, 0, N_BINS - 1).astype(np.int64), minlength=N_BINS)


def sample_step(n_pixels: int) -> int:
    """Return every how many pixels to keep one."""
    return max(1, n_pixels // SAMPLE_PIXELS)


def narrowest_dtype(dtype: str, statistics: list[ChannelStatistics]) -> str:
    """Return the smallest of uint8, uint16 and float32 that keeps every value, else the same.

    Only signed, 32-bit and 64-bit whole numbers and float64 are narrowed: uint8, uint16 and
    float32 are what everything else understands.
    """
    given = np.dtype(dtype)
    if dtype == "float64":
        finite_in_32 = all(channel.exact_float32 for channel in statistics)
        return "float32" if finite_in_32 else dtype
    if given.kind not in "iu" or dtype in ("uint8", "uint16"):
        return dtype
    ranges = [found for channel in statistics if (found := channel.range()) is not None]
    low, high = min(found[0] for found in ranges), max(found[1] for found in ranges)
    for name in ("uint8", "uint16"):
        fits = low >= 0 and high <= np.iinfo(name).max
        if fits and np.dtype(name).itemsize <= given.itemsize:
            return name
    if given.itemsize == 8 and abs(low) <= EXACT_IN_FLOAT32 and high <= EXACT_IN_FLOAT32:
        return "float32"
    return dtype


def to_view(band: Pixels, window: tuple[float, float]) -> NDArray[np.uint8]:
    """Map values to 0…255 for looking at; undefined pixels become black."""
    low, high = window
    if band.dtype == np.uint8 and (low, high) == (0.0, 255.0):
        return np.asarray(band)
    if band.dtype in (np.uint8, np.uint16):
        return window_table(band.dtype.name, low, high)[band]
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = (band.astype(np.float32) - np.float32(low)) * np.float32(255 / (high - low))
    return np.nan_to_num(np.clip(scaled, 0, 255), nan=0.0).round().astype(np.uint8)


def window_table(dtype: str, low: float, high: float) -> NDArray[np.uint8]:
    """Return the view value of every value of an 8- or 16-bit type."""
    values = np.arange(np.iinfo(dtype).max + 1, dtype=np.float64)
    view: NDArray[np.uint8] = (
        np.clip((values - low) * (255 / (high - low)), 0, 255).round().astype(np.uint8)
    )
    return view
