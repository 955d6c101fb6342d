"""Whether OpenVINO computes what the file says, and tells nobody.

    python -m tests.engines.openvino_silence FOLDER

with FOLDER as home; prints what was asked of the network and written, and how far numbers are off.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

NETWORK_EVENTS = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto")


def tried(folder: Path) -> dict[str, Any]:
    home = folder / "home"
    home.mkdir()
    os.environ["HOME"] = str(home)
    asked: list[str] = []
    sys.addaudithook(lambda event, _: asked.append(event) if event in NETWORK_EVENTS else None)

    from training.engines.onnx_graph import OnnxGraph
    from training.engines.onnx_session import ONNX_WEIGHTS
    from training.engines.openvino_session import open_bfloat16

    kernel = np.random.default_rng(0).normal(size=(3, 2, 1, 1)).astype(np.float32)
    graph = OnnxGraph()
    mixed = graph.node("Conv", ["input", graph.array(kernel)])
    content = graph.content("mix", [1, 2, "h", "w"], {mixed: [1, 3, "h", "w"]})
    (folder / ONNX_WEIGHTS).write_bytes(content)
    compute = open_bfloat16(folder, 1)
    off = None
    if compute is not None:
        x = np.random.default_rng(1).normal(size=(1, 2, 20, 30)).astype(np.float32)
        first = compute(x)[0]
        compute(2 * x)
        expected = np.einsum("oi,bihw->bohw", kernel[:, :, 0, 0], x)
        off = float(np.abs(first - expected).max() / np.abs(expected).max())
    return {
        "imported": "openvino" in sys.modules,
        "reporters": [name for name in sys.modules if name.startswith("openvino_telemetry.")],
        "asked": asked,
        "written": [path.name for path in home.rglob("*")],
        "off": off,
    }


if __name__ == "__main__":
    where = Path(sys.argv[1])
    (where / "answers.json").write_text(json.dumps(tried(where)))
