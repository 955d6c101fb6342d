"""StarDist 0.9.2 in 2D behind the engine protocol; importing this does not import TensorFlow."""

from __future__ import annotations

from training.engines.stardist_engine.engine import StarDistEngine

__all__ = ["StarDistEngine"]
