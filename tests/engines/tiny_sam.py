"""An encoder and a decoder with the tensors of Segment Anything's export, and a few numbers."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIDE_PX, CELLS, DEPTH = 64, 4, 2
FLOAT = TensorProto.FLOAT


def save(path, nodes, arrays, inputs, outputs):
    infos = [
        [helper.make_tensor_value_info(name, FLOAT, shape) for name, shape in each.items()]
        for each in (inputs, outputs)
    ]
    tensors = [numpy_helper.from_array(values, name) for name, values in arrays.items()]
    graph = helper.make_graph(nodes, "tiny", *infos, tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString())


def write_encoder(path, output="image_embeddings"):
    """Mean of red per cell in the first plane of the embeddings, zeros in the second."""
    size = SIDE_PX // CELLS
    node = helper.make_node
    nodes = [
        node("AveragePool", ["x"], ["pooled"], kernel_shape=[size] * 2, strides=[size] * 2),
        node("Slice", ["pooled", "zero", "one", "axis"], ["red"]),
        node("Sub", ["red", "red"], ["nothing"]),
        node("Concat", ["red", "nothing"], [output], axis=1),
    ]
    numbers = {"zero": 0, "one": 1, "axis": 1}
    arrays = {name: np.array([value], np.int64) for name, value in numbers.items()}
    inputs = {"x": ["batch", 3, SIDE_PX, SIDE_PX]}
    save(path, nodes, arrays, inputs, {output: ["batch", DEPTH, CELLS, CELLS]})


def write_decoder(path, takes="point_coords"):
    """Two masks: none of the pixels, and those whose cell is brighter than the image's mean.

    The second is better where the first point is an inner one. All inputs are used as upstream's
    export has them.
    """
    node = helper.make_node
    nodes = [
        node("Slice", ["image_embeddings", "zero", "one", "axis"], ["bright"]),
        node("Cast", ["orig_im_size"], ["size"], to=TensorProto.INT64),
        node("Concat", ["one", "one", "size"], ["sizes"], axis=0),
        node("Resize", ["bright", "", "", "sizes"], ["large"], mode="nearest"),
        node("Neg", ["large"], ["small"]),
        node("Abs", ["large"], ["abs"]),
        node("Neg", ["abs"], ["never"]),
        node("Sub", ["never", "unit"], ["none"]),
        node("Concat", ["none", "large"], ["masks"], axis=1),
        node("ReduceMean", ["mask_input"], ["asked"], axes=[1, 2, 3], keepdims=0),
        node("ReduceMean", [takes], ["placed"], axes=[1, 2], keepdims=0),
        node("Mul", ["placed", "nil"], ["placed0"]),
        node("ReduceMax", ["point_labels"], ["label"], axes=[1], keepdims=0),
        node("Mul", ["label", "tenth"], ["share"]),
        node("Add", ["share", "asked"], ["one_share"]),
        node("Add", ["one_share", "has_mask_input"], ["two_share"]),
        node("Add", ["two_share", "placed0"], ["sum"]),
        node("Unsqueeze", ["sum", "axis"], ["first"]),
        node("Add", ["first", "half"], ["second"]),
        node("Concat", ["first", "second"], ["iou_predictions"], axis=1),
        node("Identity", ["bright"], ["low_res_masks"]),
    ]
    numbers = {"zero": 0, "one": 1, "axis": 1}
    arrays = {name: np.array([value], np.int64) for name, value in numbers.items()}
    floats = {"unit": 1, "tenth": 0.1, "half": 0.5, "nil": 0}
    arrays |= {name: np.array([value], np.float32) for name, value in floats.items()}
    inputs = {
        "image_embeddings": [1, DEPTH, CELLS, CELLS],
        takes: [1, "num_points", 2],
        "point_labels": [1, "num_points"],
        "mask_input": [1, 1, 4 * CELLS, 4 * CELLS],
        "has_mask_input": [1],
        "orig_im_size": [2],
    }
    outputs = {
        "masks": [1, 2, "h", "w"],
        "iou_predictions": [1, 2],
        "low_res_masks": [1, 1, CELLS, CELLS],
    }
    save(path, nodes, arrays, inputs, outputs)


def write_weights(folder):
    """Write both files."""
    folder.mkdir(parents=True)
    write_encoder(folder / "encoder.onnx")
    write_decoder(folder / "decoder.onnx")
