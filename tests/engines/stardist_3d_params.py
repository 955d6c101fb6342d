"""A StarDist 3D that learns made ellipsoids within seconds."""

from __future__ import annotations

TINY = {
    "steps": 100, "steps_per_epoch": 25, "patch_px": 48, "patch_planes": 16, "batch_size": 2,
    "n_rays": 32, "depth": 1, "filters": 8, "features": 32, "learning_rate": 0.004,
    "scale_range": 0.1,
}  # fmt: skip
