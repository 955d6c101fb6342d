"""Upstream's CPnet, computed with fewer products where it doubles the size of its maps.

The weights, their names and the function are upstream's (cellpose 3.1.1.3, resnet_torch.py).
"""

from __future__ import annotations

from typing import Any

import torch
from cellpose.resnet_torch import CPnet
from torch.nn.functional import conv_transpose2d, interpolate, pad


class Network(CPnet):  # type: ignore[misc]  # cellpose has no types
    """A CPnet that repeats pixels as late as it can."""

    def forward(self, data: Any) -> tuple[Any, Any, list[Any]]:
        """Return the maps (n, 3, h, w), the style and what the way down saw."""
        seen = self.downsample(data)
        style = self.make_style(seen[-1])
        parts = self.upsample.up
        x = parts[-1](seen[-1], seen[-1], style)
        for part, skipped in zip(parts[-2::-1], seen[-2::-1], strict=True):
            x = doubled(part, x, skipped, style)
        return self.output(x), style, seen


def doubled(part: Any, x: Any, skipped: Any, style: Any) -> Any:
    """Return what a part of the way up (`resup`) makes of `x` with each pixel repeated, 2 x 2.

    Normalising, cutting at 0 and the 1 x 1 convolution treat pixels one by one: they are done
    before, on a quarter of the pixels. (The variance that batch normalisation remembers is
    corrected for their number: by a part in 10,000 more than upstream's.)
    """
    normalise, cut, convolve = part.conv[0]
    first = of_doubled(convolve, cut(normalise(x)))
    projected = interpolate(part.proj(x), scale_factor=2, mode="nearest")
    x = projected + part.conv[1](style, first, y=skipped)
    return x + part.conv[3](style, part.conv[2](style, x))


def of_doubled(convolve: Any, x: Any) -> Any:
    """Return a 3 x 3 convolution of an image whose pixels are repeated along rows and columns.

    Its nine products per pixel meet only four different pixels. With the kernel's parts that meet
    the same one added up it is a transposed convolution, with half the products.
    """
    return conv_transpose2d(x, sums_that_meet(convolve.weight), convolve.bias, stride=2, padding=1)


def sums_that_meet(kernel: Any) -> Any:
    """Return what a 3 x 3 kernel (o, i, 3, 3) multiplies single pixels of a doubled image by.

    Its shape is (i, o, 4, 4), as a transposed convolution takes it.
    """
    padded = pad(kernel, (1, 1, 1, 1))
    rows = padded[:, :, 1:] + padded[:, :, :-1]
    sums = rows[:, :, :, 1:] + rows[:, :, :, :-1]
    return sums.flip(2, 3).transpose(0, 1).contiguous(memory_format=torch.channels_last)
