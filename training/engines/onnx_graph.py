"""An ONNX file put together node by node; equal networks give equal bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET, IR_VERSION = 17, 8  # of 2022: whatever computes ONNX today reads them


class OnnxGraph:
    """Nodes and weights so far; all tensors are of float32 and numbered."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._arrays: list[Any] = []

    def node(self, kind: str, inputs: Sequence[str], **attributes: Any) -> str:
        """Add a node and return the name of its output."""
        output = f"t{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def array(self, values: NDArray[Any]) -> str:
        """Add weights and return their name."""
        name = f"w{len(self._arrays)}"
        self._arrays.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def upsampled(self, x: str, size: Sequence[int]) -> str:
        """Repeat each pixel `size` times along rows and columns."""
        scales = self.array(np.array([1, 1, *size], np.float32))
        nearest = {"mode": "nearest", "nearest_mode": "floor"}
        return self.node(
            "Resize", [x, "", scales], coordinate_transformation_mode="asymmetric", **nearest
        )

    def content(
        self, name: str, input_shape: Sequence[int | str], outputs: dict[str, Sequence[Any]]
    ) -> bytes:
        """Return the file of a network with one tensor called "input", and outputs by shape."""
        tensors = {"input": input_shape} | outputs
        first, *others = (
            helper.make_tensor_value_info(tensor, TensorProto.FLOAT, shape)
            for tensor, shape in tensors.items()
        )
        graph = helper.make_graph(self._nodes, name, [first], others, self._arrays)
        opsets = [helper.make_opsetid("", OPSET)]
        file = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
        onnx.checker.check_model(file, full_check=True)
        content: bytes = file.SerializeToString(deterministic=True)
        return content
