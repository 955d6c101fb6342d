"""A Keras network written as ONNX, layer by layer.

Keras' own export goes through tf2onnx, which numbers its names from a counter of the process, so
that equal weights give unequal bytes, and spells out the upsampling in fifty small nodes. The
layers of a U-Net are few; a network with another one is refused.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET, IR_VERSION = 17, 8  # of 2022: whatever computes ONNX today reads them
ACTIVATIONS = {"relu": "Relu", "elu": "Elu", "sigmoid": "Sigmoid", "tanh": "Tanh", "linear": ""}
OUTPUTS = ("prob", "dist")


def onnx_bytes(keras_model: Any) -> bytes:
    """Return a StarDist network as an ONNX file; raises ValueError for parts not known here.

    Its input is (1, C, H, W), its outputs are prob (1, 1, h, w) and dist (1, n_rays, h, w).
    """
    graph = _Graph()
    for layer in keras_model.layers:
        graph.add(layer)
    shape = [1, keras_model.input_shape[-1], "height", "width"]
    made = helper.make_graph(
        graph.nodes,
        "stardist",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)],
        [
            helper.make_tensor_value_info(
                graph.tensor_of[name], TensorProto.FLOAT, [1] + 3 * [None]
            )
            for name in OUTPUTS
        ],
        graph.arrays,
    )
    opsets = [helper.make_opsetid("", OPSET)]
    file = helper.make_model(made, opset_imports=opsets, ir_version=IR_VERSION)
    onnx.checker.check_model(file, full_check=True)
    content: bytes = file.SerializeToString(deterministic=True)
    return content


class _Graph:
    """Nodes and weights so far; tensors are numbered, since Keras' names depend on the process."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.arrays: list[Any] = []
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

    def _node(self, kind: str, inputs: list[str], **attributes: Any) -> str:
        output = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def _array(self, values: NDArray[Any]) -> str:
        name = f"w{len(self.arrays)}"
        self.arrays.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def _conv2d(self, layer: Any, x: str) -> str:
        if layer.dilation_rate != (1, 1) or layer.groups != 1:
            raise ValueError("a dilated or grouped convolution")
        kernel, *bias = layer.get_weights()
        weights = [kernel.transpose(3, 2, 0, 1), *bias]
        y = self._node(
            "Conv",
            [x, *(self._array(each) for each in weights)],
            kernel_shape=kernel.shape[:2],
            strides=layer.strides,
            auto_pad=_padding(layer),
        )
        return self._activation(layer, y)

    def _activation(self, layer: Any, x: str) -> str:  # of a convolution, or a layer of its own
        name = getattr(layer.activation, "__name__", "")
        if name not in ACTIVATIONS:
            raise ValueError(f"the activation {name or layer.activation!r}")
        return self._node(ACTIVATIONS[name], [x]) if ACTIVATIONS[name] else x

    def _maxpooling2d(self, layer: Any, x: str) -> str:
        size = {"kernel_shape": layer.pool_size, "strides": layer.strides}
        return self._node("MaxPool", [x], auto_pad=_padding(layer), **size)

    def _upsampling2d(self, layer: Any, x: str) -> str:
        if layer.interpolation != "nearest":
            raise ValueError(f"upsampling by {layer.interpolation} interpolation")
        scales = self._array(np.array([1, 1, *layer.size], np.float32))
        nearest = {"mode": "nearest", "nearest_mode": "floor"}
        return self._node(
            "Resize", [x, "", scales], coordinate_transformation_mode="asymmetric", **nearest
        )

    def _concatenate(self, layer: Any, *inputs: str) -> str:
        return self._node("Concat", list(inputs), axis=1)

    def _batchnormalization(self, layer: Any, x: str) -> str:
        if not (layer.scale and layer.center):
            raise ValueError("a normalisation without scale or centre")
        weights = [self._array(each) for each in layer.get_weights()]
        return self._node("BatchNormalization", [x, *weights], epsilon=float(layer.epsilon))

    def _dropout(self, layer: Any, x: str) -> str:
        return x  # acts in training only


def _padding(layer: Any) -> str:
    return {"same": "SAME_UPPER", "valid": "VALID"}[layer.padding]
