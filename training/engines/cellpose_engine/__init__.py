"""Cellpose 3.1.1.3 (CPnet, 2D) behind the engine protocol; importing this imports PyTorch."""

from __future__ import annotations

from training.engines.cellpose_engine.engine import CellposeEngine

__all__ = ["CellposeEngine"]
