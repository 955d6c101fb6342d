"""A whole stack segmented as a volume, its answer plane by plane."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from annotations.imaging.pixels import open_pixels
from project.errors import DataProblem
from training.datasets.volumes import StackOfFile
from training.engines.base import Predictor

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
    predict_volume = getattr(predictor, "predict_volume", None)
    if predict_volume is None:
        raise NoVolumes("This engine looks at planes only; it cannot segment a stack as a volume.")
    with open_pixels(request["pixels"]) as file:
        stack: Any = StackOfFile(file, t=request["t"], channels=request["channels"])
        if np.prod(stack.shape) <= MOST_WHOLE:
            stack = np.asarray(stack)
        found = predict_volume(stack, anisotropy=request["anisotropy"])
    arrays: dict[str, NDArray[Any]] = {"scores": found.scores}
    if found.classes is not None:
        arrays["classes"] = found.classes
    return arrays | {plane_key(z): plane for z, plane in enumerate(found.label_image)}
