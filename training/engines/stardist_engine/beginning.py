"""What a StarDist training starts from, in 2D and 3D; importing this imports TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.engines.base import EngineSpec, TrainJob
from training.engines.checkpoint import credits_in, read_config
from training.engines.data import (
    CropSettings,
    Polarity,
    TrainingData,
    View,
    choose_polarity,
    choose_view,
    crop_settings,
    normalisation_config,
)
from training.engines.stardist_engine.net import (
    Model,
    copy_weights,
    expect_objects,
    freeze_encoder,
    load_model,
    pretrained,
)

DARK_OBJECTS = {"2D_versatile_he"}  # it learnt from H&E images as they are: dark nuclei on white


@dataclass(frozen=True, slots=True)
class Start:
    """The network whose weights are taken, if any, and how images are shown to what learns."""

    source: Model | None
    origin: str
    parent_config: dict[str, Any] | None
    polarity: Polarity
    view: View
    classes: tuple[str, ...]  # the kinds of objects that are to be told apart

    def inputs(self) -> dict[str, Any]:
        """Return what of a network the data decide: how many channels and kinds it knows."""
        return {"n_channel_in": self.view.n_shown, "n_classes": len(self.classes) or None}

    def give_weights(self, model: Model, radius_px: float | NDArray[np.float32]) -> list[str]:
        """Copy the weights to start from; fresh ones are told how large objects are.

        Returns what was changed, in words.
        """
        if self.source is None:
            expect_objects(model, radius_px)
            return []
        known = (self.parent_config or {}).get("classes", [])
        return copy_weights(self.source, model, known=known, wanted=self.classes)

    def facts(self, data: TrainingData, conversion: Sequence[str]) -> dict[str, Any]:
        """Return what a version remembers of it; `conversion` says how weights were changed."""
        return {
            "origin": self.origin,
            "credits": credits_in(self.parent_config or {}),
            "channels": self.view.config(conversion),
            "normalisation": normalisation_config(self.polarity, recolour=data.recolour),
            **({"classes": list(self.classes)} if self.classes else {}),
        }


def start_of(spec: EngineSpec, job: TrainJob, params: Any, data: TrainingData, of: Any) -> Start:
    """Load what a training starts from, a model of the class `of`, and look at its images.

    Raises CheckpointCorrupt, PretrainedUnavailable.
    """
    origin, parent_config, source = "scratch", None, None
    if job.parent is not None:
        parent_config = read_config(job.parent, spec.name)
        source = load_model(job.parent, parent_config)
        origin = "parent"
    elif job.pretrained:
        source = pretrained(job.pretrained, offline=job.offline, of=of)
        origin = f"pretrained:{job.pretrained}"
        objects = "dark" if job.pretrained in DARK_OBJECTS else "bright"
        parent_config = {"normalisation": {"objects": objects}}
    polarity = choose_polarity(data, params.invert, parent_config=parent_config)
    view = choose_view(data, params.channel_input, polarity, parent_config=parent_config)
    return Start(source, origin, parent_config, polarity, view, tuple(job.classes))


def crops_for(model: Model, facts: dict[str, Any], params: Any, data: TrainingData) -> CropSettings:
    """Show the data as the network is to see it, keep what shall not learn, and choose crops."""
    invert = facts["normalisation"]["invert"]
    data.set_view(invert=invert, way=facts["channels"]["way"])
    if params.layers == "decoder":
        freeze_encoder(model)
    return crop_settings(
        params,
        patch_px=model.config.train_patch_size[-1],
        batch_size=int(model.config.train_batch_size),
        is_inverted=invert,
    )
