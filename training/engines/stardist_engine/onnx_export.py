"""A Keras network written as ONNX, layer by layer.

Keras' own export goes through tf2onnx, which numbers its names from a counter of the process, so
that equal weights give unequal bytes, and spells out the upsampling in fifty small nodes. The
layers of a U-Net are few; a network with another one is refused.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from training.engines.onnx_graph import OnnxGraph

ACTIVATIONS = {
    "relu": "Relu", "elu": "Elu", "sigmoid": "Sigmoid", "tanh": "Tanh", "softmax": "Softmax",
    "linear": "",
}  # fmt: skip
ALONG_CHANNELS = {"Softmax": {"axis": 1}}
OUTPUTS = ("prob", "dist", "prob_class")  # the last one of networks that tell kinds apart


def onnx_bytes(keras_model: Any) -> bytes:
    """Return a StarDist network as an ONNX file; raises ValueError for parts not known here.

    Its input is (1, C, H, W), its outputs are prob (1, 1, h, w), dist (1, n_rays, h, w), and
    where the network has it prob_class (1, n_classes + 1, h, w). In 3D all have planes, too.
    """
    network = _Network()
    for layer in keras_model.layers:
        network.add(layer)
    axes = ("depth", "height", "width")[-(len(keras_model.input_shape) - 2) :]
    return network.graph.content(
        "stardist",
        [1, keras_model.input_shape[-1], *axes],
        {
            network.tensor_of[name]: [1, None, *[None] * len(axes)]
            for name in OUTPUTS
            if name in network.tensor_of
        },
    )


class _Network:
    """What is written so far; Keras' own names depend on the process."""

    def __init__(self) -> None:
        self.graph = OnnxGraph()
        self.tensor_of: dict[str, str] = {}  # layer → its output

    def add(self, layer: Any) -> None:
        """Write one layer."""
        kind = type(layer).__name__
        if kind == "InputLayer":
            self.tensor_of[layer.name] = "input"
            return
        write = getattr(self, f"_{kind.lower()}", None)
        if write is None:
            raise ValueError(f"a layer of the kind {kind}")
        given = layer.input if isinstance(layer.input, list) else [layer.input]
        inputs = [self.tensor_of[each._keras_history.operation.name] for each in given]
        self.tensor_of[layer.name] = write(layer, *inputs)

    def _conv2d(self, layer: Any, x: str) -> str:
        if set(layer.dilation_rate) != {1} or layer.groups != 1:
            raise ValueError("a dilated or grouped convolution")
        kernel, *bias = layer.get_weights()
        weights = [np.moveaxis(kernel, (-1, -2), (0, 1)), *bias]
        y = self.graph.node(
            "Conv",
            [x, *(self.graph.array(each) for each in weights)],
            kernel_shape=kernel.shape[:-2],
            strides=layer.strides,
            auto_pad=_padding(layer),
        )
        return self._activation(layer, y)

    _conv3d = _conv2d

    def _activation(self, layer: Any, x: str) -> str:  # of a convolution, or a layer of its own
        name = getattr(layer.activation, "__name__", "")
        if name not in ACTIVATIONS:
            raise ValueError(f"the activation {name or layer.activation!r}")
        kind = ACTIVATIONS[name]
        return self.graph.node(kind, [x], **ALONG_CHANNELS.get(kind, {})) if kind else x

    def _maxpooling2d(self, layer: Any, x: str) -> str:
        size = {"kernel_shape": layer.pool_size, "strides": layer.strides}
        return self.graph.node("MaxPool", [x], auto_pad=_padding(layer), **size)

    _maxpooling3d = _maxpooling2d

    def _upsampling2d(self, layer: Any, x: str) -> str:
        interpolation = getattr(layer, "interpolation", "nearest")  # in 3D there is no other
        if interpolation != "nearest":
            raise ValueError(f"upsampling by {interpolation} interpolation")
        return self.graph.upsampled(x, layer.size)

    _upsampling3d = _upsampling2d

    def _concatenate(self, layer: Any, *inputs: str) -> str:
        return self.graph.node("Concat", list(inputs), axis=1)

    def _add(self, layer: Any, *inputs: str) -> str:
        return self.graph.node("Sum", list(inputs))

    def _batchnormalization(self, layer: Any, x: str) -> str:
        if not (layer.scale and layer.center):
            raise ValueError("a normalisation without scale or centre")
        weights = [self.graph.array(each) for each in layer.get_weights()]
        return self.graph.node("BatchNormalization", [x, *weights], epsilon=float(layer.epsilon))

    def _dropout(self, layer: Any, x: str) -> str:
        return x  # acts in training only


def _padding(layer: Any) -> str:
    return {"same": "SAME_UPPER", "valid": "VALID"}[layer.padding]
