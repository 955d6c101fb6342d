"""What the labels of a region look like to somebody who is about to train on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annotations.labels.label_image import measure, scattered_ids

SPECK_PX = 10  # an instance below this area is more often a slip than an object


@dataclass(frozen=True, slots=True, eq=False)
class LabelFacts:
    """Instances of a region that teach, and what may be wrong with them."""

    diameters_px: NDArray[np.float32]  # of circles of the instances' areas, shape (n,)
    n_scattered: int  # instances in more than one part
    instance_ids: NDArray[np.int64]  # ascending, shape (k,); of several planes each once
    largest_px: NDArray[np.int64]  # their areas where they are largest, shape (k,)

    @classmethod
    def of_areas(
        cls,
        area_px: NDArray[np.int64],
        instance_ids: NDArray[np.int64],
        *,
        n_scattered: int = 0,
    ) -> LabelFacts:
        """Make them from the instances' areas and ids, shape (n,)."""
        return cls(
            diameters_px=(2 * np.sqrt(area_px / np.pi)).astype(np.float32),
            n_scattered=n_scattered,
            instance_ids=np.sort(instance_ids),
            largest_px=area_px[np.argsort(instance_ids)],
        )

    @classmethod
    def of_planes(cls, planes: Sequence[LabelFacts]) -> LabelFacts:
        """Put together what was found in the planes of a region; each section counts."""
        sections = np.concatenate([one.instance_ids for one in planes])
        instance_ids, whose = np.unique(sections, return_inverse=True)
        largest_px = np.zeros(len(instance_ids), np.int64)
        np.maximum.at(largest_px, whose, np.concatenate([one.largest_px for one in planes]))
        return cls(
            diameters_px=np.concatenate([one.diameters_px for one in planes]),
            n_scattered=sum(one.n_scattered for one in planes),
            instance_ids=instance_ids,
            largest_px=largest_px,
        )

    @property
    def n_instances(self) -> int:
        """Count the instances that teach."""
        return len(self.diameters_px)

    @property
    def n_specks(self) -> int:
        """Count the instances that are small even where they are largest."""
        return int(np.count_nonzero(self.largest_px < SPECK_PX))


def inspect_labels(label_image: NDArray[np.uint32], annotated: NDArray[np.bool_]) -> LabelFacts:
    """Measure the instances that a person vouches for.

    Parameters
    ----------
    label_image : ndarray of uint32, shape (H, W)
    annotated : ndarray of bool, shape (H, W)
        Pixels that a person vouches for; objects cut by a border are outside.

    Returns
    -------
    LabelFacts
    """
    taught = np.where(annotated, label_image, np.uint32(0))
    found = measure(taught)
    n_scattered = len(scattered_ids(taught))
    return LabelFacts.of_areas(found.area_px, found.instance_id, n_scattered=n_scattered)
