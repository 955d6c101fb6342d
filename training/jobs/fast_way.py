"""What the exact way found in regions, kept on disk until the fast way has looked at them.

Both ways take turns image by image only at the price of loading the version each time, and label
images of large regions would fill the memory; compressed they are small.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.jobs.region_files import FrozenRegion
from training.metrics.matching import Counts, match

Labels = NDArray[np.uint32]

SAME_IOU = 0.9  # from here on two outlines are called the same object


class ExactObjects:
    """Label images of regions in a folder, and how many of their objects were found again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._counts = Counts(0, 0, 0)

    def keep(self, frozen: FrozenRegion, label_image: Labels) -> None:
        """Keep what the exact way found in a region."""
        with self._file(frozen).open("wb") as file:
            np.savez_compressed(file, label_image=label_image)

    def compare(self, frozen: FrozenRegion, label_image: Labels) -> None:
        """Count which of the kept objects are in another label image of the region, too."""
        with np.load(self._file(frozen), allow_pickle=False) as kept:
            found = match(kept["label_image"], label_image, thresholds=[SAME_IOU])
        self._counts += found.counts[SAME_IOU]

    def agreement(self) -> dict[str, Any]:
        """Return the counts, and the share of the same objects (None where there is no object)."""
        n_same, n_objects = self._counts.tp, self._counts.tp + self._counts.fn
        return {
            "iou": SAME_IOU,
            "n_objects": n_objects,
            "n_same": n_same,
            "share": n_same / n_objects if n_objects else None,
        }

    def _file(self, frozen: FrozenRegion) -> Path:
        return self._folder / f"{frozen.name}.npz"
