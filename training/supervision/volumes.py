"""A stack segmented as a volume: the whole, its answer plane by plane, or a block of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, cast

import numpy as np
from numpy.typing import NDArray

from annotations.imaging.pixels import open_pixels
from project.errors import DataProblem
from training.datasets.volumes import StackOfFile
from training.engines.base import PredictionArrays, Predictor, VolumePredictor
from training.engines.cuboids import BlockSizes
from training.supervision.parts import write_part

MOST_WHOLE = 32 << 20  # numbers of a stack that is read at once; a larger one where it is looked at


class NoVolumes(DataProblem):
    """The engine looks at planes only."""

    code: ClassVar[str] = "no_volumes"


def plane_key(z: int) -> str:
    """Return the name of a plane in an answer."""
    return f"plane_{z}"


def predict_stack(predictor: Predictor, request: dict[str, Any]) -> dict[str, NDArray[Any]]:
    """Segment all planes of an image as one volume.

    Parameters
    ----------
    predictor : Predictor
        With `predict_volume`, see `training.engines.base.VolumePredictor`.
    request : dict
        `pixels` (path of the canonical file), `t`, `channels`, `anisotropy`.

    Returns
    -------
    dict of ndarray
        `plane_0` … (uint32, shape (H, W)), the label image plane by plane, so that who reads the
        answer need not hold all of it; `scores` (float32, shape (n,)), and `classes` (uint8,
        shape (n,)) of an engine that tells kinds apart.

    Raises
    ------
    NoVolumes
        When the engine has no `predict_volume`.
    """
    predict_volume = _seer(predictor)
    with open_pixels(request["pixels"]) as file:
        stack: Any = StackOfFile(file, t=request["t"], channels=request["channels"])
        if np.prod(stack.shape) <= MOST_WHOLE:
            stack = np.asarray(stack)
        found = predict_volume(stack, anisotropy=request["anisotropy"])
    arrays: dict[str, NDArray[Any]] = {"scores": found.scores}
    if found.classes is not None:
        arrays["classes"] = found.classes
    return arrays | {plane_key(z): plane for z, plane in enumerate(found.label_image)}


def blocks_of(predictor: Predictor, request: dict[str, Any]) -> BlockSizes | None:
    """Return how a predictor cuts stacks of `shape` (Z, H, W) at an `anisotropy`, if it says so.

    Raises NoVolumes.
    """
    _seer(predictor)
    volume_blocks = getattr(predictor, "volume_blocks", None)
    if volume_blocks is None:
        return None
    sizes: BlockSizes = volume_blocks(tuple(request["shape"]), request["anisotropy"])
    return sizes


def make_part(predictor: Predictor, request: dict[str, Any]) -> int:
    """Segment a block of a stack as it would be within the whole, and leave its file.

    Parameters
    ----------
    predictor : Predictor
        As for `predict_stack`.
    request : dict
        What `predict_stack` needs; `corners` (z0, row0, col0, z1, row1, col1), all that the block
        sees; `target` (path of the file to be made, see `training.supervision.parts.write_part`).

    Returns
    -------
    int
        Number of objects that it shows.
    """
    z0, row0, col0, z1, row1, col1 = request["corners"]
    with open_pixels(request["pixels"]) as file:
        stack = StackOfFile(file, t=request["t"], channels=request["channels"])
        found = _seer(predictor)(
            stack[:, z0:z1, row0:row1, col0:col1],
            anisotropy=request["anisotropy"],
            reference=stack,
        )
    write_part(Path(request["target"]), found)
    return len(found.scores)


def _seer(predictor: Predictor) -> Callable[..., PredictionArrays]:
    """Return what segments stacks; raises NoVolumes."""
    if not hasattr(predictor, "predict_volume"):
        raise NoVolumes("This engine looks at planes only; it cannot segment a stack as a volume.")
    return cast("VolumePredictor", predictor).predict_volume
