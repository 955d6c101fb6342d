"""Drawn images whose truth is known; needs numpy only."""

from __future__ import annotations

import numpy as np


def draw_blobs(height, width, *, n=20, radius=(8, 16), seed=0, gap=2):
    """Return (label_image uint32, image uint8) with n separate bright disks on a dark ground.

    Fewer than n are drawn when the image has no room left. Ids are dense from 1.
    """
    rng = np.random.default_rng(seed)
    label_image = np.zeros((height, width), np.uint32)
    rows, cols = np.mgrid[:height, :width]
    image = rng.normal(30, 4, (height, width))
    instance_id = 0
    for _ in range(n * 30):
        if instance_id == n:
            break
        r = int(rng.integers(radius[0], radius[1] + 1))
        if 2 * r + 2 >= min(height, width):
            continue
        row, col = int(rng.integers(r, height - r)), int(rng.integers(r, width - r))
        distance = np.hypot(rows - row, cols - col)
        if label_image[distance <= r + gap].any():
            continue
        instance_id += 1
        disk = distance <= r
        label_image[disk] = instance_id
        image[disk] += 110 + 25 * (1 - distance[disk] / r) + rng.normal(0, 4, int(disk.sum()))
    return label_image, np.clip(image, 0, 255).astype(np.uint8)
