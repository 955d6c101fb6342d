"""A small starter model, trained by the real threshold engine, in a folder like the shipped one."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.drawing import draw_blobs
from tests.engines.worlds import Notes, make_job, never, write_region
from training.engines import registry
from training.supervision.archive import pack

NAME = "drawn-blobs"
N_TILES = 3
CARD = {
    "name": NAME,
    "title": "Drawn blobs",
    "engine": "threshold",
    "objects": "bright disks on a dark ground",
    "n_channels": 1,
    "diameter_px": 18.5,
    "licence": "MIT",
    "test": {"n_images": 2, "ap50": 0.9},
    "trained_on": [
        {
            "dataset": "Drawings",
            "licence": "CC0-1.0",
            "source": "doi:10.0000/drawings",
            "n_images": 2,
            "n_objects": 16,
        }
    ],
}


def write_starter(folder: Path, model: Path, **changes: object) -> None:
    """Write the three files of a starter model; `changes` are of its card."""
    card = {**CARD, **changes}
    name = card["name"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.zip").write_bytes(model.read_bytes())
    (folder / f"{name}.json").write_text(json.dumps(card), encoding="utf-8")
    arrays = {}
    for number in range(N_TILES):
        labels, pixels = draw_blobs(96, 96, n=4, radius=(7, 12), seed=500 + number)
        arrays[f"pixels_{number}"] = np.stack([pixels] * int(str(card["n_channels"])))
        arrays[f"labels_{number}"] = labels.astype(np.uint16)
    np.savez_compressed(folder / f"{name}.npz", **arrays)


@pytest.fixture(scope="session")
def threshold_model(tmp_path_factory) -> Path:
    """The zip of a model that the threshold engine made of drawings."""
    folder = tmp_path_factory.mktemp("starter")
    regions = []
    for seed in range(2):
        labels, pixels = draw_blobs(160, 160, n=8, radius=(7, 12), seed=400 + seed)
        regions.append(write_region(folder, f"drawing-{seed}", pixels[None], labels))
    engine = registry.load("threshold")
    checkpoint = engine.train(make_job(regions, folder / "run"), Notes(), never)
    pack(checkpoint, folder / "model.zip")
    return folder / "model.zip"


@pytest.fixture
def starters_dir(settings, tmp_path, threshold_model) -> Path:
    """Offer the small starter model, and no other."""
    settings.CYTOLOOP_STARTERS_DIR = tmp_path / "starters"
    write_starter(settings.CYTOLOOP_STARTERS_DIR, threshold_model)
    return settings.CYTOLOOP_STARTERS_DIR
