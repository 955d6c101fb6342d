"""From the axes of a file to time, channel and z."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from annotations.imaging.tiff_header import ImageUnreadable


@dataclass(frozen=True, slots=True)
class AxisPlan:
    """How the leading axes of a file become T, C and Z.

    `strides` tells by how many pages one step of t, c or z moves on. `n_samples` is the number
    of values side by side in one pixel of a page.
    """

    n_t: int
    n_c: int
    n_z: int
    strides: tuple[int, int, int]
    n_samples: int

    def page(self, *, t: int, c: int, z: int) -> int:
        """Return which page of the file holds a plane."""
        step_t, step_c, step_z = self.strides
        return t * step_t + c * step_c + z * step_z


def plan_axes(axes: str, shape: Sequence[int], n_samples: int) -> AxisPlan:
    """Give every leading axis a meaning.

    Parameters
    ----------
    axes : str
        Letters of the leading axes in file order, as tifffile names them: T, C, Z, and others
        for "unknown" (Q, I, …).
    shape : sequence of int
        Their lengths.
    n_samples : int
        Values per pixel inside one page.

    Returns
    -------
    AxisPlan
        An unknown axis becomes z where the file names none, else time: a stack without a word
        is most often a z stack.

    Raises
    ------
    ImageUnreadable
        When more axes are left than time and z can take.
    """
    step = prod(shape)
    found: dict[str, tuple[int, int]] = {}
    unknown: list[tuple[int, int]] = []
    for letter, length in zip(axes, shape, strict=True):
        step //= max(length, 1)
        if length == 1:
            continue
        if letter in "TCZ" and letter not in found:
            found[letter] = (length, step)
        else:
            unknown.append((length, step))
    for place in unknown:
        free = next((letter for letter in "ZT" if letter not in found), None)
        if free is None:
            raise ImageUnreadable(
                "This image has more dimensions than time, z, channel, height and width. "
                "Export one position or one angle of it."
            )
        found[free] = place
    sizes = {letter: found.get(letter, (1, 0)) for letter in "TCZ"}
    return AxisPlan(
        n_t=sizes["T"][0],
        n_c=sizes["C"][0],
        n_z=sizes["Z"][0],
        strides=(sizes["T"][1], sizes["C"][1], sizes["Z"][1]),
        n_samples=n_samples,
    )
