"""The part of a network that tells kinds of objects apart: what it learns, and where it starts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.datasets.labels import Classes, SparseLabels

FEATURES, OUTPUT = "features_class", "prob_class"  # stardist's names (0.9.2, models/model2d.py)
CLASS_LAYERS = (FEATURES, OUTPUT)
BACKGROUND_BIAS = 2.0
MOST_CLASSES = 255  # a kind is stored in eight bits, 0 being unknown


def class_targets(
    labels: SparseLabels, classes: Classes | None, n_classes: int, grid: tuple[int, ...]
) -> NDArray[np.float32]:
    """Return what the network should say about kinds.

    Parameters
    ----------
    labels : ndarray of int32, shape (h, w) or (d, h, w)
        -1 where nothing is known.
    classes : ndarray of uint8, shape (n + 1,), or None
        The kind of the label i at i, see `training.datasets.crops.Crop`.
    n_classes : int
    grid : tuple of int
        Pixels per prediction along each axis.

    Returns
    -------
    ndarray of float32, shape (h / grid, w / grid, n_classes + 1), planes first where there are any
        1 for what a pixel is, background first. -1 switches the loss off where nothing is known;
        objects of unknown kind have no 1, which does the same.

    Notes
    -----
    As `stardist.utils.mask_to_categorical` (0.9.2) makes them, at the pixels at which `prob` and
    `dist` are. Upstream takes others there, up to a grid's side away: it shrinks the maps by
    `scipy.ndimage.zoom` (models/model2d.py:116, model3d.py:120), so that next to an ignored pixel
    it may teach background.
    """
    on_grid = labels[tuple(slice(None, None, cell) for cell in grid)]
    table = np.full((max(int(labels.max()), 0) + 2, n_classes + 1), -1, np.float32)
    table[0] = np.eye(n_classes + 1)[0]
    table[1:-1, 0] = 0  # the last row is that of -1
    if classes is not None:
        numbers = classes[1 : len(table) - 1].astype(np.intp)
        known = np.flatnonzero((numbers > 0) & (numbers <= n_classes))
        table[known + 1] = np.eye(n_classes + 1)[numbers[known]]
    result: NDArray[np.float32] = table[on_grid]
    return result


def expect_background(layers: Sequence[Any]) -> None:
    """Let fresh class layers, if there are any, begin with what most pixels are.

    Their loss else outweighs that of the outlines for the first hundred steps.
    """
    for layer in layers:
        if layer.name == OUTPUT:
            kernel, bias = (np.array(each) for each in layer.get_weights())
            bias[0] = BACKGROUND_BIAS
            layer.set_weights([kernel, bias])


def without_class_layers(layers: Sequence[Any]) -> list[Any]:
    """Return the layers that a network has whether it tells kinds apart or not, in its order."""
    return [layer for layer in layers if layer.name not in CLASS_LAYERS]


def bring_class_layers(
    source: Sequence[Any], target: Sequence[Any], known: Sequence[str], wanted: Sequence[str]
) -> list[str]:
    """Copy what of a network's class layers fits another one; say what came of them.

    Kinds are the same where their names are. The features below them are the source's, or where
    it knew no kinds those that it draws outlines by.

    Parameters
    ----------
    source, target : sequence of layers
        Of networks that are the same but for their class layers.
    known, wanted : sequence of str
        Names of the kinds that each tells apart, in the order of its outputs.

    Returns
    -------
    list of str
        Empty when nothing is new and nothing is lost.
    """
    old = {layer.name: layer for layer in source}
    new = {layer.name: layer for layer in target}
    if OUTPUT not in old:
        known = []
    if wanted and not known:
        expect_background(target)
    if FEATURES in new:
        new[FEATURES].set_weights(old[FEATURES if known else "features"].get_weights())
    if known and wanted:
        new[OUTPUT].set_weights(_outputs(old[OUTPUT], new[OUTPUT], known, wanted))
    return _in_words([name for name in wanted if name not in known], known, wanted)


def _outputs(
    old: Any, new: Any, known: Sequence[str], wanted: Sequence[str]
) -> list[NDArray[np.float32]]:
    """Return the weights of the last layer, with the old ones of background and of known kinds."""
    places = [(0, 0)]
    places += [(known.index(name) + 1, i + 1) for i, name in enumerate(wanted) if name in known]
    sources, targets = (list(each) for each in zip(*places, strict=True))
    weights: list[NDArray[np.float32]] = new.get_weights()
    for before, after in zip(old.get_weights(), weights, strict=True):
        after[..., targets] = before[..., sources]
    return weights


def _in_words(fresh: Sequence[str], known: Sequence[str], wanted: Sequence[str]) -> list[str]:
    lost = [name for name in known if name not in wanted]
    words = [f"new outputs for the classes {', '.join(fresh)}"] if fresh else []
    if lost:
        words.append(f"the classes {', '.join(lost)} are not told apart any more")
    return words
