"""Train the starter models that come with cytoloop, from the training split of the shared images.

    python -m benchmarks.starter_models [NAME …]

Writes `training/starters/NAME.zip` (the engine's own export), `NAME.json` (the model card) and
`NAME.npz` (a few tiles for replay). Takes ten to twenty minutes each on one core. A starter that
begins with another one needs that one's zip in the target folder.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.real_images import (
    Picture,
    ap_of,
    as_regions,
    digest_of_data,
    held_out,
    pictures,
)
from project.errors import CheckpointCorrupt
from tests.engines.worlds import Notes, make_job, never
from training.engines import registry
from training.engines.base import Predictor
from training.engines.checkpoint import write_json
from training.supervision.archive import pack

TARGET = Path(__file__).resolve().parent.parent / "training" / "starters"
SEED = 1
JUDGES_EVERY = 8  # groups of images
SHIPPED_LICENCES = ("CC0-1.0", "CC-BY-4.0", "MIT")
N_TILES, TILE_PX = 16, 128
MOST_BYTES = 6_000_000


@dataclass(frozen=True, slots=True)
class Starter:
    """What a starter model is trained on and how."""

    title: str
    engine: str
    category: str
    objects: str
    channels: tuple[int, ...]
    params: dict[str, Any] = field(default_factory=dict)
    parent: str = ""  # the starter that it begins with


STARTERS = {
    "nuclei-fluorescence-stardist": Starter(
        "Nuclei, fluorescence",
        "stardist",
        "fluo",
        "nuclei, bright on dark (Hoechst, DAPI)",
        (0,),
        {"steps": 3000, "steps_per_epoch": 100, "averaging": 0.99, "batch_size": 8},
    ),
    "nuclei-fluorescence-cellpose": Starter(
        "Nuclei, fluorescence",
        "cellpose",
        "fluo",
        "nuclei, bright on dark (Hoechst, DAPI)",
        (0,),
        {"net": "small", "steps": 1500, "steps_per_epoch": 75, "averaging": 0.99, "batch_size": 8},
    ),
    "nuclei-histology-stardist": Starter(
        "Nuclei, H&E",
        "stardist",
        "he",
        "nuclei in H&E and similar purple stains, dark on white",
        (0, 1, 2),
        {"steps": 6000, "steps_per_epoch": 200, "averaging": 0.99, "batch_size": 8},
        parent="nuclei-fluorescence-stardist",
    ),
    "cells-phase-cellpose": Starter(
        "Whole cells, phase contrast",
        "cellpose",
        "cells_phase",
        "spread whole cells in phase contrast",
        (0,),
        {"net": "small", "steps": 2400, "steps_per_epoch": 100, "averaging": 0.99, "batch_size": 8},
    ),
}


def main() -> None:
    """Train the starters that were named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--target", type=Path, default=TARGET)
    options = parser.parse_args()
    for name in options.names or STARTERS:
        card = make(name, STARTERS[name], options.target)
        print(json.dumps({"name": name, **card["test"], "cpu_s": card["cpu_s"]}), flush=True)


def make(name: str, starter: Starter, target: Path) -> dict[str, Any]:
    """Train one starter and write its files; returns the model card."""
    began = time.process_time()
    teach, judge = taught(starter)
    engine = registry.load(starter.engine)
    with tempfile.TemporaryDirectory(prefix="starter-") as scratch:
        folder = Path(scratch)
        regions = as_regions(teach, folder / "data", "train")
        regions += as_regions(judge, folder / "data", "validation")
        job = make_job(
            regions,
            folder / "run",
            params=starter.params,
            seed=SEED,
            channels=starter.channels,
        )
        if starter.parent:
            adopted = engine.adopt(target / f"{starter.parent}.zip", folder / "parent")
            job = replace(job, parent=adopted)
        checkpoint = engine.train(job, Telling(), never)
        cpu_s = time.process_time() - began
        target.mkdir(parents=True, exist_ok=True)
        slim = write_slim(checkpoint, target / f"{name}.zip", credits_of(behind(starter)))
        write_tiles(teach, target / f"{name}.npz")
        predictor = engine.load(engine.adopt(slim, folder / "adopted"), device="cpu", n_threads=1)
        config = json.loads((checkpoint / "config.json").read_text())
        card = card_of(name, starter, predictor, config, cpu_s)
    text = json.dumps(card, indent=1, sort_keys=True) + "\n"
    (target / f"{name}.json").write_text(text, encoding="utf-8")
    return card


def taught(starter: Starter) -> tuple[list[Picture], list[Picture]]:
    """Return the images that teach a starter, and those that judge its training."""
    return held_out(shippable(starter.category, "train"), JUDGES_EVERY)


def behind(starter: Starter) -> list[Picture]:
    """Return all images that a starter and those before it have seen."""
    seen = [picture for part in taught(starter) for picture in part]
    return seen + (behind(STARTERS[starter.parent]) if starter.parent else [])


def card_of(
    name: str, starter: Starter, predictor: Predictor, config: dict[str, Any], cpu_s: float
) -> dict[str, Any]:
    """Return a model card; its AP is of what the slim file became, on the test split."""
    used = behind(starter)
    tested = pictures(starter.category, "test")
    return {
        "name": name,
        "title": starter.title,
        "engine": starter.engine,
        "objects": starter.objects,
        "n_channels": len(starter.channels),
        "diameter_px": round(config["diameter_px"], 1),
        "licence": "MIT",
        "trained_on": described(used),
        "data_digest": digest_of_data(used),
        "seed": SEED,
        "params": starter.params,
        "parent": starter.parent,
        "n_steps": config["n_steps"],
        "packages": config["packages"],
        "cpu_s": round(cpu_s),
        "test": {"n_images": len(tested), **ap_of(predictor, tested)},
    }


def shippable(category: str, split: str) -> list[Picture]:
    """Return images whose licence lets a model that learnt from them be given away."""
    found = pictures(category, split)
    return [each for each in found if each.facts["licence"] in SHIPPED_LICENCES]


def described(found: list[Picture]) -> list[dict[str, Any]]:
    """Say which data sets were used, and under which licences."""
    sets: dict[tuple[str, str, str], list[Picture]] = {}
    for picture in found:
        facts = picture.facts
        sets.setdefault((facts["dataset"], facts["licence"], facts["source"]), []).append(picture)
    return [
        {
            "dataset": dataset,
            "licence": licence,
            "source": source,
            "n_images": len(members),
            "n_objects": sum(int(each.facts["n_objects"]) for each in members),
        }
        for (dataset, licence, source), members in sorted(sets.items())
    ]


def credits_of(found: list[Picture]) -> list[str]:
    """Say in sentences whose model it is and whose images these were."""
    return [
        "A starter model of cytoloop; its weights may be used under the MIT licence.",
        *(
            f"Trained on {each['n_images']} images of {each['dataset']} ({each['licence']}, "
            f"{each['source']})."
            for each in described(found)
        ),
    ]


def write_slim(checkpoint: Path, target: Path, owed: list[str]) -> Path:
    """Pack weights and config; licence and ONNX form are made again where it is adopted."""
    with tempfile.TemporaryDirectory(prefix="starter-") as scratch:
        for path in checkpoint.iterdir():
            if path.name == "weights.safetensors":
                write_eight_bits(path, Path(scratch))
            elif path.name == "config.json":
                config = json.loads(path.read_text()) | {"credits": owed}
                write_json(Path(scratch) / path.name, config)
            elif path.name != "LICENSE" and path.suffix != ".onnx":
                (Path(scratch) / path.name).write_bytes(path.read_bytes())
        pack(Path(scratch), target)
    if target.stat().st_size > MOST_BYTES:
        raise CheckpointCorrupt(f"{target.name} has {target.stat().st_size} bytes: too many.")
    return target


def write_eight_bits(weights: Path, folder: Path) -> None:
    """Write Cellpose's weights in a quarter of the bytes; the card's numbers are of these."""
    from training.engines.cellpose_engine import eight_bits
    from training.engines.flow_networks.states import read_state

    eight_bits.save(read_state(weights), folder / eight_bits.FILE_NAME)


def write_tiles(found: list[Picture], target: Path) -> None:
    """Keep tiles of the training images that a later training replays."""
    rng = np.random.default_rng(SEED)
    chosen = rng.permutation(len(found))[:N_TILES]
    arrays: dict[str, Any] = {}
    for number, index in enumerate(chosen):
        picture = found[int(index)]
        rows, cols = (
            int(rng.integers(0, max(1, side - TILE_PX + 1))) for side in picture.labels.shape
        )
        place = (slice(rows, rows + TILE_PX), slice(cols, cols + TILE_PX))
        arrays[f"pixels_{number}"] = picture.pixels[(slice(None), *place)]
        arrays[f"labels_{number}"] = picture.labels[place].astype(np.uint16)
    packed = io.BytesIO()
    np.savez_compressed(packed, **arrays)
    target.write_bytes(packed.getvalue())


class Telling(Notes):
    """Prints the curve now and then."""

    def epoch(self, report: Any) -> None:
        """Print an epoch."""
        load = os.getloadavg()[0]
        print(
            f"{report.epoch}/{report.n_epochs} train {report.train_loss:.4f} "
            f"validation {report.validation_loss} {report.duration_s:.1f} s load {load:.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
