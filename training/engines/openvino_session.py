"""A network computed by OpenVINO in bfloat16, on processors that do so themselves.

It reads the ONNX file that a checkpoint holds beside its weights (training/engines/onnx_session).
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from training.engines.onnx_session import ONNX_WEIGHTS

logger = logging.getLogger(__name__)

REPORTER = "openvino_telemetry"
# An array for the network's one input to those of its outputs.
Computed: TypeAlias = Callable[[NDArray[np.float32]], list[NDArray[np.float32]]]


def open_bfloat16(checkpoint: Path, n_threads: int) -> Computed | None:
    """Open a checkpoint's network for bfloat16; None where that cannot be done or is no faster.

    A file that does not open is no reason to refuse: the weights it was made of lie beside it.
    """
    path = checkpoint / ONNX_WEIGHTS
    if not path.is_file():
        return None
    try:
        core = _import_silent().Core()
        if not _knows_bfloat16(core):
            return None
        settings = {
            "INFERENCE_PRECISION_HINT": "bf16",
            "INFERENCE_NUM_THREADS": n_threads,
            "NUM_STREAMS": 1,
            # Several children on one machine would else be bound to the same cores.
            "ENABLE_CPU_PINNING": False,
        }
        compiled = core.compile_model(core.read_model(str(path)), "CPU", settings)
    except Exception as error:  # noqa: BLE001 (its errors have no class in common)
        logger.warning("OpenVINO cannot compute %s, so another way is taken: %s", path.name, error)
        return None
    return _computed(compiled)


def has_bfloat16() -> bool:
    """Tell whether the processor computes in bfloat16; False where OpenVINO is not there to ask."""
    try:
        return _knows_bfloat16(_import_silent().Core())
    except ImportError:
        return False


def _knows_bfloat16(core: Any) -> bool:
    # Named only where the processor has instructions for it.
    return "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def _import_silent() -> Any:
    """Import OpenVINO such that it finds no package to report with.

    Importing it (2026.4.1, tools/ovc/__init__.py:16) else writes an identifier into the home
    folder and sends a request to its maker's analytics; without the package it takes a stub.
    """
    sys.modules[REPORTER] = None  # type: ignore[assignment]  # how Python says: not to be found
    import openvino  # noqa: PLC0415 (may be missing, and takes a while)

    return openvino


def _computed(compiled: Any) -> Computed:
    request = compiled.create_infer_request()
    n_outputs = len(compiled.outputs)

    def compute(x: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        request.infer({0: x}, share_inputs=True)
        # Its own memory, which the next call writes over.
        return [request.get_output_tensor(i).data.copy() for i in range(n_outputs)]

    return compute
