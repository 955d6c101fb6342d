"""Arithmetic on a network's weights while it learns: their average, and a pull to where they began.

Weights travel as arrays by name, so that both are the same for every framework.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Weights: TypeAlias = dict[str, NDArray[np.float32]]

FILE_NAME = "average.npz"


class MovingAverage:
    """An exponential moving average of weights.

    Parameters
    ----------
    decay : float
        Share of the old average that a step keeps, 0 to 1; fewer in the first steps, so that the
        start is forgotten: at most (1 + n) / (10 + n) after n steps [1]_.

    Attributes
    ----------
    values : dict of str to ndarray of float32
        Empty before the first step.

    References
    ----------
    .. [1] `tf.train.ExponentialMovingAverage`, argument `num_updates`.
    """

    def __init__(self, decay: float) -> None:
        self.decay = decay
        self.values: Weights = {}

    def take(self, weights: Weights, n_steps: int) -> None:
        """Move the average towards the weights after `n_steps` steps."""
        if not self.values:
            self.values = {name: array.copy() for name, array in weights.items()}
            return
        share = np.float32(1 - min(self.decay, (1 + n_steps) / (10 + n_steps)))
        for name, array in weights.items():
            self.values[name] += share * (array - self.values[name])

    def save(self, folder: Path) -> None:
        """Write the average into a resumable checkpoint."""
        np.savez(folder / FILE_NAME, **self.values)

    def load(self, folder: Path) -> None:
        """Read the average of a resumable checkpoint."""
        with np.load(folder / FILE_NAME, allow_pickle=False) as stored:
            self.values = dict(stored)


def pulled(weights: Weights, start: Weights, share: float, names: Collection[str]) -> Weights:
    """Return weights moved towards those of the start.

    Parameters
    ----------
    weights, start : dict of str to ndarray of float32
    share : float
        Of the way back, 0 to 1: learning rate times strength.
    names : collection of str
        Which ones are moved; statistics of batches are not.

    Returns
    -------
    dict of str to ndarray of float32

    Notes
    -----
    L2-SP [1]_, decoupled from Adam's scaling of gradients as AdamW's decay is [2]_.

    References
    ----------
    .. [1] Li, Grandvalet and Davoine, ICML 2018, arXiv:1802.01483
    .. [2] Loshchilov and Hutter, ICLR 2019, arXiv:1711.05101
    """
    step = np.float32(min(share, 1.0))
    return {
        name: array + step * (start[name] - array) if name in names else array
        for name, array in weights.items()
    }
