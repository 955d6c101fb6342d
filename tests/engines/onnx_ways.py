"""What the comparisons of an engine's two ways through its network have in common."""

from __future__ import annotations

import importlib.util
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from training.metrics.matching import match

ONNX_WEIGHTS = "weights.onnx"
MOST_TIPPED = 1e-4  # of the pixels
WRITERS = ("onnx_graph", "onnx_export")


def way_of(predictor: Any) -> str:
    """Name what computes a predictor's network."""
    return type(predictor._forward).__name__.removesuffix("Forward")


def uses_onnx(predictor: Any) -> bool:
    return way_of(predictor) == "Onnx"


def has_bfloat16() -> bool:
    """Tell whether this processor has the instructions that OpenVINO wants for bfloat16."""
    flags = Path("/proc/cpuinfo")
    is_known = flags.is_file() and importlib.util.find_spec("openvino") is not None
    return is_known and "avx512_bf16" in flags.read_text(encoding="ascii", errors="replace")


def share_alike(expected: Any, found: Any, iou: float) -> float:
    """Return the share of the instances of two predictions that match."""
    counts = match(expected.label_image, found.label_image).counts[iou]
    n_most = max(len(expected.scores), len(found.scores))
    return counts.tp / n_most if n_most else 1.0


def same(found: Any, label_image: np.ndarray, scores: np.ndarray) -> None:
    assert (found.label_image == label_image).all()
    assert np.allclose(found.scores, scores, atol=1e-5)


def nearly_same(found: Any, expected: Any) -> None:
    """Compare two predictions whose maps differ by rounding: a pixel at a threshold may tip."""
    assert (found.label_image != expected.label_image).mean() <= MOST_TIPPED
    assert found.scores.shape == expected.scores.shape
    assert np.allclose(found.scores, expected.scores, atol=0.01)


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
