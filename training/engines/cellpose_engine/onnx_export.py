"""A CPnet written as ONNX, part by part, as cellpose 3.1.1.3 (resnet_torch.py) computes it.

PyTorch's own export refuses the style's mean over a whole tile when tiles may have any size.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from training.engines.cellpose_engine.cpnet import sums_that_meet
from training.engines.onnx_graph import OnnxGraph


def onnx_bytes(net: Any) -> bytes:
    """Return a CPnet as an ONNX file: input (n, 2, h, w), output (n, 3, h, w)."""
    network = _Network()
    output = network.cpnet(net, "input")
    return network.graph.content(
        "cpnet",
        ["tiles", net.nchan, "height", "width"],
        {output: ["tiles", net.nout, None, None]},
    )


class _Network:
    """What is written so far; tensors go by their names."""

    def __init__(self) -> None:
        self.graph = OnnxGraph()

    def cpnet(self, net: Any, x: str) -> str:
        """Write the whole network."""
        seen = []
        for number, part in enumerate(net.downsample.down):
            if number:
                x = self.graph.node("MaxPool", [x], kernel_shape=[2, 2], strides=[2, 2])
            x = self._resdown(part, x)
            seen.append(x)
        style = self._style(x)
        x = self._resup(net.upsample.up[-1], x, x, style)
        for part, skipped in zip(net.upsample.up[-2::-1], seen[-2::-1], strict=True):
            x = self._resup(part, x, skipped, style, doubled=True)
        return self._layers(net.output, x)

    def _resdown(self, part: Any, x: str) -> str:
        inner = self._layers(part.conv[1], self._layers(part.conv[0], x))
        x = self._add(self._layers(part.proj, x), inner)
        return self._add(x, self._layers(part.conv[3], self._layers(part.conv[2], x)))

    def _resup(self, part: Any, x: str, skipped: str, style: str, *, doubled: bool = False) -> str:
        """Write a part that goes upwards; doubled: of an image whose pixels are repeated first."""
        first = self._of_doubled(part.conv[0], x) if doubled else self._layers(part.conv[0], x)
        projected = self._layers(part.proj, x)  # of single pixels: as well before repeating them
        if doubled:
            projected = self.graph.upsampled(projected, (2, 2))
        inner = self._add(first, skipped)
        x = self._add(projected, self._styled(part.conv[1], style, inner))
        return self._add(x, self._styled(part.conv[3], style, self._styled(part.conv[2], style, x)))

    def _of_doubled(self, layers: Iterable[Any], x: str) -> str:
        """Write a 3 x 3 convolution of an image whose pixels are repeated along rows and columns.

        As `cpnet.of_doubled` computes it: a transposed convolution, with half the products.
        """
        *before, layer = layers
        summed = sums_that_meet(layer.weight.detach().cpu().double()).float()
        inputs = [self._layers(before, x), *self._arrays(summed, layer.bias)]
        return self.graph.node("ConvTranspose", inputs, strides=[2, 2], pads=[1, 1, 1, 1])

    def _style(self, x: str) -> str:
        """Write the mean over a tile, of length 1."""
        mean = self.graph.node("GlobalAveragePool", [x])
        length = self.graph.node("ReduceL2", [mean], axes=[1], keepdims=1)
        return self.graph.node("Div", [mean, length])

    def _styled(self, part: Any, style: str, x: str) -> str:
        # A full layer of a vector is a convolution of an image of one pixel.
        kernel, bias = part.full.weight[:, :, None, None], part.full.bias
        shift = self.graph.node("Conv", [style, *self._arrays(kernel, bias)])
        return self._layers(part.conv, self._add(x, shift))

    def _layers(self, layers: Iterable[Any], x: str) -> str:
        for layer in layers:
            x = getattr(self, f"_{type(layer).__name__.lower()}")(layer, x)
        return x

    def _batchnorm2d(self, layer: Any, x: str) -> str:
        arrays = self._arrays(layer.weight, layer.bias, layer.running_mean, layer.running_var)
        return self.graph.node("BatchNormalization", [x, *arrays], epsilon=layer.eps)

    def _relu(self, layer: Any, x: str) -> str:
        return self.graph.node("Relu", [x])

    def _conv2d(self, layer: Any, x: str) -> str:
        arrays = self._arrays(layer.weight, layer.bias)
        return self.graph.node("Conv", [x, *arrays], pads=[*layer.padding, *layer.padding])

    def _add(self, x: str, y: str) -> str:
        return self.graph.node("Add", [x, y])

    def _arrays(self, *tensors: Any) -> list[str]:
        return [self.graph.array(each.detach().cpu().numpy()) for each in tensors]
