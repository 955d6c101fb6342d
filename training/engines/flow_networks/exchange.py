"""Networks given to upstream and taken from it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from training.datasets.channels import ALL, n_shown
from training.engines.checkpoint import (
    facts_of_upload,
    holds_config,
    read_json_file,
    unpacked,
    whole_folder,
    write_json,
)
from training.engines.flow_networks.drawing import DEFAULT

EXPORTED = "cellpose_model"
MOST_THRESHOLD = 10.0


def export_network(net: Any, config: dict[str, Any], checkpoint: Path, target: Path) -> None:
    """Write the file that `CellposeModel(pretrained_model=…)` opens, with our config."""
    with whole_folder(target) as folder:
        state = {key: value.contiguous() for key, value in net.state_dict().items()}
        torch.save(state, folder / EXPORTED)
        write_json(folder / "cytoloop.json", config)
        shutil.copyfile(checkpoint / "LICENSE", folder / "LICENSE")


def read_upload(
    upload: Path,
    scratch: Path,
    *,
    read_file: Callable[[Path], dict[str, Any]],
    read_folder: Callable[[Path], dict[str, Any]],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the config, empty for a bare model file, and the weights of an upload.

    Raises CheckpointCorrupt.
    """
    if not upload.is_dir() and not holds_config(upload):
        return {}, read_file(upload)
    with unpacked(upload, scratch) as source:
        name = "config.json" if (source / "config.json").is_file() else "cytoloop.json"
        return read_json_file(source / name), read_folder(source)


def adopted_facts(
    ours: dict[str, Any], channels: Sequence[int], conversion_of: Callable[[int], str]
) -> dict[str, Any]:
    """Return what any adopted model's config says: ours where it came from here, else the usual.

    A network has the same inputs whatever it was trained on, so the channels that a person names
    are believed.
    """
    given = ours.get("thresholds")
    facts = facts_of_upload(ours, conversion=conversion_of(1), n_channels=1)
    said = facts["channels"]
    mapping = list(channels) or said["mapping"]
    way = said.get("way", ALL) if len(mapping) == said["count"] else ALL
    return facts | {
        "channels": {
            "count": len(mapping),
            "mapping": mapping,
            "way": way,
            "conversion": conversion_of(n_shown(len(mapping), way)),
        },
        "thresholds": {
            key: number_of(given if isinstance(given, dict) else {}, key, usual, MOST_THRESHOLD)
            for key, usual in DEFAULT.items()
        },
        "thresholds_from": "upload",
        "origin": "upload",
        "licence": "unknown",
        "precision": "float32",
    }


def number_of(
    found: dict[str, Any], key: str, default: float, most: float, least: float | None = None
) -> float:
    """Return a number of an uploaded config, or the default where that says something else."""
    value = found.get(key)
    low = -most if least is None else least
    if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= most:
        return float(value)
    return default
