"""StarDist 0.9.2 in 3D behind the engine protocol; importing this does not import TensorFlow.

What does not depend on the number of axes is that of `training.engines.stardist_engine`.
"""

from __future__ import annotations

from training.engines.stardist_3d_engine.engine import StarDist3DEngine

__all__ = ["StarDist3DEngine"]
