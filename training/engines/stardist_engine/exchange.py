"""StarDist's own model folders, in and out."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import Any

from project.errors import CheckpointCorrupt
from training.datasets.channels import ALL, n_shown
from training.datasets.scale import LARGEST, SMALLEST
from training.engines.base import EngineSpec
from training.engines.checkpoint import (
    facts_of_upload,
    read_json_file,
    unpacked,
    whole_folder,
    write_finished,
    write_json,
)
from training.engines.specs import STARDIST
from training.engines.stardist_engine.hdf5_files import refuse_references
from training.engines.stardist_engine.keras_network import shape_of
from training.engines.stardist_engine.net import (
    WEIGHTS,
    build,
    checked_net,
    load_model,
    load_weights,
    net_config,
    save_network,
    save_weights,
)
from training.engines.stardist_engine.thresholds import DEFAULT

logger = logging.getLogger(__name__)

UPSTREAM_WEIGHTS = ("weights_best.h5", "weights_last.h5")
MOST_CHARACTERS = 64  # of the name of a kind of objects


def export(checkpoint: Path, target: Path, config: dict[str, Any]) -> None:
    """Write config.json, thresholds.json and weights_best.h5 as StarDist does, and our config."""
    model = load_model(checkpoint, config)
    with whole_folder(target) as folder:
        write_json(folder / "config.json", vars(model.config))
        write_json(folder / "thresholds.json", config["thresholds"])
        save_weights(model, folder / UPSTREAM_WEIGHTS[0])
        write_json(folder / "cytoloop.json", config)
        shutil.copyfile(checkpoint / "LICENSE", folder / "LICENSE")


def adopt(upload: Path, target: Path, spec: EngineSpec = STARDIST) -> Path:
    """Rebuild a network from an uploaded description and check that the weights fit it.

    The weights, and the ONNX file, are written anew from the arrays that were read: what else an
    upload may hold does not come along.
    """
    with unpacked(upload, target.parent) as source:
        raw = read_json_file(source / "config.json")
        ours = raw if raw.get("engine") == spec.name else None
        if ours is None and (source / "cytoloop.json").is_file():
            ours = read_json_file(source / "cytoloop.json")
        net = raw["net"] if ours is raw and isinstance(raw.get("net"), dict) else raw
        names = (WEIGHTS, *UPSTREAM_WEIGHTS)
        weights = next((source / name for name in names if (source / name).is_file()), None)
        if weights is None:
            raise CheckpointCorrupt(f"The upload has no weights file ({', '.join(names)}).")
        refuse_references(weights)
        model = build(checked_net(net, spec.n_dims))
        load_weights(model, weights)
        facts = _facts(ours or {}, source, net_config(model))
        return write_finished(
            target,
            spec,
            facts | {"network_sees_px": list(shape_of(model).sees_px)},
            packages=("stardist", "keras", "onnx"),
            save=lambda folder: save_network(model, folder, logger.warning),
        )


def _facts(ours: dict[str, Any], source: Path, net: dict[str, Any]) -> dict[str, Any]:
    """Return the config of an adopted model: ours where it came from here, else the usual."""
    thresholds = dict(DEFAULT)
    path = source / "thresholds.json"
    given = read_json_file(path) if path.is_file() else ours.get("thresholds", {})
    for key in thresholds:
        value = given.get(key)
        if isinstance(value, int | float) and 0 < value < 1:
            thresholds[key] = float(value)
    n_channels = int(net["n_channel_in"])
    facts = facts_of_upload(ours, conversion="as they are", n_channels=n_channels)
    said = facts["channels"]
    if n_shown(said["count"], said.get("way", ALL)) != n_channels:
        facts = facts_of_upload({}, conversion="as they are", n_channels=n_channels)
    diameter = ours.get("diameter_px")
    return facts | {
        "diameter_px": diameter if isinstance(diameter, int | float) else None,
        "scale": _scale_of(ours),
        "licence": "unknown",
        "origin": "upload",
        "thresholds": thresholds,
        "thresholds_from": "upload",
        "net": net,
        **_classes_of(ours, net.get("n_classes")),
    }


def _classes_of(ours: dict[str, Any], n_classes: int | None) -> dict[str, list[str]]:
    """Return the names of the kinds that an adopted model tells apart, made up if need be."""
    if n_classes is None:
        return {}
    names = ours.get("classes")
    if not (
        isinstance(names, list)
        and len(names) == n_classes
        and all(isinstance(each, str) and 0 < len(each) <= MOST_CHARACTERS for each in names)
        and len(set(names)) == n_classes
    ):
        names = [f"class {number + 1}" for number in range(n_classes)]
    return {"classes": names}


def _scale_of(ours: dict[str, Any]) -> float:
    """Return the image scale of an adopted model where it makes sense."""
    scale = ours.get("scale", 1.0)
    is_number = isinstance(scale, int | float) and not isinstance(scale, bool)
    return float(scale) if is_number and SMALLEST <= scale <= LARGEST else 1.0
