"""Run as a child: compare the linking of planes with Cellpose's, where no overlaps are equal."""

from __future__ import annotations

import itertools
import json
import sys
from pathlib import Path

import numpy as np
from cellpose.utils import stitch3D

from tests.training.datasets.test_stacks import iou, random_stack, scores_of
from training.datasets.stacks import LEAST_IOU, link_planes


def without_ties(stack):
    """Tell whether no object overlaps two of a neighbouring plane alike."""
    for below, above in itertools.pairwise(stack):
        table = np.array(
            [
                [iou(below == b, above == a) for a in range(1, above.max() + 1)]
                for b in range(1, below.max() + 1)
            ]
        )
        for line in (*table, *table.T):
            known = line[line > 0]
            if np.unique(known).size != known.size:
                return False
    return True


if __name__ == "__main__":
    stacks = [stack for seed in range(40) if without_ties(stack := random_stack(seed))]
    equal = [
        np.array_equal(
            link_planes(stack, scores_of(stack))[0], stitch3D(stack.astype(np.int64), LEAST_IOU)
        )
        for stack in stacks
    ]
    answer = {"compared": len(equal), "equal": sum(equal)}
    Path(sys.argv[1]).write_text(json.dumps(answer), encoding="utf-8")
