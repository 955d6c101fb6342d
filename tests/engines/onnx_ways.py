"""What the comparisons of an engine's two ways through its network have in common."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

ONNX_WEIGHTS = "weights.onnx"
WRITERS = ("onnx_graph", "onnx_export")


def uses_onnx(predictor: Any) -> bool:
    return type(predictor._forward).__name__ == "OnnxForward"


def same(found: Any, label_image: np.ndarray, scores: np.ndarray) -> None:
    assert (found.label_image == label_image).all()
    assert np.allclose(found.scores, scores, atol=1e-5)


def third_time(asked: list[int]) -> bool:
    asked.append(1)
    return len(asked) == 3


@contextmanager
def without_package(name: str) -> Iterator[None]:
    """Make imports of a package fail, also by our modules that write files with it."""
    hidden = [
        key for key in sys.modules if key.split(".")[0] == name or key.split(".")[-1] in WRITERS
    ]
    kept = {key: sys.modules.pop(key) for key in hidden}
    sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[name]
        sys.modules.update(kept)


@contextmanager
def onnx_warnings() -> Iterator[list[logging.LogRecord]]:
    """Collect what is said of files that ONNX Runtime does not open."""
    records: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = records.append  # type: ignore[method-assign]
    logger = logging.getLogger("training.engines.onnx_session")
    logger.addHandler(handler)
    try:
        yield records
    finally:
        logger.removeHandler(handler)
