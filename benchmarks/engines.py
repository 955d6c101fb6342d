"""Time our predictors beside the stock calls: same image, same weights, same instances.

    python -m benchmarks.engines [--engine stardist|cellpose] [--out FILE.json] [--sparse SEEDS]

A model is trained for a minute on the nuclei image that comes inside the stardist package, then
exported, opened by the upstream tool, and both predict the picture, in turns. "cytoloop" is the way
that is chosen on this processor, "…, fast" the fast one, "…, tensorflow" or "…, pytorch" the
framework, "…, 32 bits" what a processor without bfloat16 does. Processes that import, load and
predict 512² once are also timed from their birth, with their memory then, and so are predictions by
the warm child that workers keep (benchmarks/warm_predictions.py).
`--large` adds 8192² (stock: `predict_instances_big`), once.
`--sparse 3` repeats the experiment of tests/engines/sparse_labels.py (needs the shared data) over
three seeds. Each engine runs in a process of its own, on one thread. Prints tables and JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

REPOSITORY = Path(__file__).resolve().parent.parent
ENGINES = ("stardist", "cellpose")
REPEATS = 3
FEW_REPEATS_FROM_PX = 2048  # one call is long enough to be a fair sample
LARGE_PX = 8192
TRAINING: dict[str, dict[str, Any]] = {
    "stardist": {"steps": 160},
    "cellpose": {"steps": 60, "patch_px": 96, "batch_size": 2, "learning_rate": 0.003},
}
# Variant to the folder of its checkpoint, and whether it is loaded to be fast.
WAYS: dict[str, dict[str, tuple[str, bool]]] = {
    "stardist": {
        "cytoloop, tensorflow": ("bare", False),
        "cytoloop": ("cytoloop", False),
        "cytoloop, fast": ("cytoloop", True),
    },
    "cellpose": {
        "cytoloop, pytorch": ("bare", False),
        "cytoloop, 32 bits": ("32 bits", False),
        "cytoloop": ("cytoloop", False),
        "cytoloop, fast": ("cytoloop", True),
    },
}
SIZES = {"stardist": (512, 1024, 2048), "cellpose": (512, 1024, 2048)}
COLUMNS = (
    "engine", "variant", "size_px", "first_s", "wall_s", "cpu_s", "n_instances", "ap90_to_stock",
    "identical",
)  # fmt: skip
WARM_COLUMNS = ("engine", "variant", "first_s", "second_s", "next_s", "rss_mib", "n_instances")
START_COLUMNS = ("engine", "variant", "wall_s", "cpu_s", "rss_mib", "n_instances")

Calls = dict[str, Callable[[np.ndarray], np.ndarray]]


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of the first call and the medians of the next ones, and the label image."""

    first_s: float
    wall_s: float
    cpu_s: float
    label_image: np.ndarray


def measure(calls: Calls, picture: np.ndarray, n_repeats: int) -> dict[str, Timing]:
    """Call each in turns, so that what else the machine does meets all of them.

    Without repeats the first calls are what is told.
    """
    label_images = {}
    walls: dict[str, list[float]] = {variant: [] for variant in calls}
    cpus: dict[str, list[float]] = {variant: [] for variant in calls}
    for _ in range(1 + n_repeats):
        for variant, call in calls.items():
            wall, cpu = time.perf_counter(), time.process_time()
            label_images[variant] = call(picture)
            walls[variant].append(time.perf_counter() - wall)
            cpus[variant].append(time.process_time() - cpu)
    return {
        variant: Timing(
            walls[variant][0],
            statistics.median(walls[variant][1:] or walls[variant]),
            statistics.median(cpus[variant][1:] or cpus[variant]),
            label_images[variant],
        )
        for variant in calls
    }


def compare(engine_name: str, folder: Path, *, large: bool) -> list[dict[str, Any]]:
    """Train, export, and time all ways on some sizes."""
    from tests.engines.worlds import Notes, make_job, never, write_region
    from training.engines import registry

    image, labels = nuclei()
    half = labels.shape[1] // 2
    region = write_region(
        folder, "nuclei", image, labels.astype(np.uint32), box=(0, 0, labels.shape[0], half)
    )
    engine = registry.load(engine_name)
    job = make_job([region], folder / "run", params=TRAINING[engine_name])
    checkpoint = engine.train(job, Notes(), never)
    checkpoint.rename(folder / "cytoloop")
    engine.export(folder / "cytoloop", folder / "upstream")
    make_checkpoints(engine_name, folder)
    calls = {each: opened(each, engine_name, folder) for each in ("stock", *WAYS[engine_name])}
    rows = []
    for size in SIZES[engine_name]:
        n_repeats = 1 if size >= FEW_REPEATS_FROM_PX else REPEATS
        picture = np.tile(image, (1, size // 512, size // 512))
        rows += rows_of(engine_name, calls, picture, n_repeats)
    if large:
        config = json.loads((folder / "cytoloop" / "config.json").read_text(encoding="utf-8"))
        calls["stock"] = large_stardist(folder, config)
        del calls["cytoloop, tensorflow"]
        rows += rows_of(engine_name, calls, np.tile(image, (1, *2 * [LARGE_PX // 512])), 0)
    return rows


def rows_of(
    engine_name: str, calls: Calls, picture: np.ndarray, n_repeats: int
) -> list[dict[str, Any]]:
    times = measure(calls, picture, n_repeats)
    size = picture.shape[1]
    return [row(engine_name, each, size, timing, times["stock"]) for each, timing in times.items()]


def make_checkpoints(engine_name: str, folder: Path) -> None:
    """Copy the checkpoint for the ways that a checkpoint decides."""
    bare = shutil.copytree(folder / "cytoloop", folder / "bare")
    (bare / "weights.onnx").unlink()
    path = shutil.copytree(folder / "cytoloop", folder / "32 bits") / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    config["params"]["precision"] = "float32"
    path.write_text(json.dumps(config), encoding="utf-8")


def opened(variant: str, engine_name: str, folder: Path) -> Callable[[np.ndarray], np.ndarray]:
    """Load the trained model and return what segments a picture with it."""
    from training.datasets.normalize import normalize_image

    if variant == "stock":
        config = json.loads((folder / "cytoloop" / "config.json").read_text(encoding="utf-8"))
        stock = {"stardist": stock_stardist, "cellpose": stock_cellpose}[engine_name]
        segment = stock(folder, config)
        return lambda picture: segment(normalize_image(picture))
    from training.engines import registry

    name, fast = WAYS[engine_name][variant]
    ours = registry.load(engine_name).load(folder / name, device="cpu", n_threads=1, fast=fast)
    return lambda picture: ours.predict(picture).label_image


def start(variant: str, engine_name: str, folder: Path, began: float) -> dict[str, Any]:
    """Open the model and segment once, in a process that has done nothing else."""
    import psutil

    label_image = opened(variant, engine_name, folder)(nuclei()[0])
    return {
        "engine": engine_name,
        "variant": variant,
        "wall_s": time.time() - began,
        "cpu_s": time.process_time(),
        "rss_mib": psutil.Process().memory_info().rss / 2**20,
        "n_instances": int(label_image.max()),
    }


def starts(engine_name: str, folder: Path) -> list[dict[str, Any]]:
    """Return the medians over processes that were started in turns."""
    told: dict[str, list[dict[str, Any]]] = {each: [] for each in ("stock", *WAYS[engine_name])}
    for _ in range(REPEATS):
        for variant in told:
            what = ("--engine", engine_name, "--start", variant, "--child", str(folder))
            in_child("benchmarks.engines", *what, "--began", str(time.time()))
            told[variant].append(json.loads((folder / "rows.json").read_text(encoding="utf-8")))
    return [
        each[0]
        | {
            key: round(statistics.median(one[key] for one in each), 2)
            for key in ("wall_s", "cpu_s", "rss_mib")
        }
        for each in told.values()
    ]


def warm_predictions(engine_name: str, folder: Path) -> list[dict[str, Any]]:
    """Return how long predictions by the warm child take."""
    rows = []
    for variant in ("cytoloop", "cytoloop, fast"):
        name, fast = WAYS[engine_name][variant]
        what = [engine_name, str(folder / name), *(["--fast"] if fast else [])]
        told = json.loads(in_child("benchmarks.warm_predictions", *what).splitlines()[-1])
        rows.append({"engine": engine_name, "variant": variant} | told)
    return rows


def nuclei() -> tuple[np.ndarray, np.ndarray]:
    """Return the packaged test picture (1, 512, 512) and its labels, without importing stardist."""
    import importlib.util

    import tifffile

    spec = importlib.util.find_spec("stardist")
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent / "data" / "images"
    image, labels = (tifffile.imread(folder / f"{name}2d.tif") for name in ("img", "mask"))
    return image[np.newaxis], labels


def stock_stardist(folder: Path, config: dict[str, Any]) -> Callable[[np.ndarray], np.ndarray]:
    from stardist.models import StarDist2D

    model = StarDist2D(None, name="upstream", basedir=str(folder))
    return lambda pixels: model.predict_instances(pixels[0])[0]


def large_stardist(folder: Path, config: dict[str, Any]) -> Callable[[np.ndarray], np.ndarray]:
    from stardist.models import StarDist2D

    from training.datasets.normalize import normalize_image

    model = StarDist2D(None, name="upstream", basedir=str(folder))
    cut = {"block_size": 2048, "min_overlap": 128, "context": 96, "show_progress": False}
    return lambda picture: model.predict_instances_big(
        normalize_image(picture)[0], axes="YX", **cut
    )[0]


def stock_cellpose(folder: Path, config: dict[str, Any]) -> Callable[[np.ndarray], np.ndarray]:
    from cellpose.models import CellposeModel

    path = folder / "upstream" / "cellpose_model"
    model = CellposeModel(gpu=False, pretrained_model=str(path))
    thresholds = config["thresholds"]
    return lambda pixels: model.eval(
        pixels[0],
        channels=[0, 0],
        diameter=config["diameter_px"],
        normalize={"normalize": False},  # a dict: True or False would change a global of theirs
        batch_size=4,
        flow_threshold=thresholds["flow"],
        cellprob_threshold=thresholds["cellprob"],
    )[0]


def row(engine: str, variant: str, size: int, timing: Timing, reference: Timing) -> dict[str, Any]:
    from training.metrics.matching import match

    label_image, stock = (each.label_image.astype(np.int64) for each in (timing, reference))
    pairs = np.unique(label_image.ravel() * (stock.max() + 1) + stock.ravel())
    same = len(pairs) == len(np.unique(label_image)) == len(np.unique(stock))
    return {
        "engine": engine,
        "variant": variant,
        "size_px": size,
        "first_s": round(timing.first_s, 3),
        "wall_s": round(timing.wall_s, 3),
        "cpu_s": round(timing.cpu_s, 3),
        "n_instances": int(label_image.max()),
        "ap90_to_stock": round(match(stock, label_image).counts[0.9].ap, 4),
        "identical": bool(same),
    }


def in_child(module: str, *arguments: str) -> str:
    """Run a module with the settings of a worker's child, and return what it prints."""
    environment = os.environ | {
        "OMP_WAIT_POLICY": "PASSIVE",
        "OMP_NUM_THREADS": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONPATH": str(REPOSITORY),
    }
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env=environment,
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
        text=True,
    )
    return done.stdout


def sparse(engine: str, n_seeds: int) -> list[dict[str, Any]]:
    """Repeat masked against naive with one object in ten labelled."""
    rows = []
    for seed in range(n_seeds):
        with tempfile.TemporaryDirectory() as name:
            in_child("tests.engines.sparse_labels", engine, name, str(seed))
            arms = json.loads((Path(name) / "answers.json").read_text(encoding="utf-8"))
        rows += [
            {"engine": engine, "seed": seed, "arm": arm}
            | {key: round(value, 3) for key, value in scores.items()}
            for arm, scores in arms.items()
        ]
    return rows


def table(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> str:
    cells = [list(columns), *([str(each[column]) for column in columns] for each in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=ENGINES)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--sparse", type=int, default=0, metavar="SEEDS")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--start", help=argparse.SUPPRESS)
    parser.add_argument("--began", type=float, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        rows = (
            start(options.start, options.engine, options.child, options.began)
            if options.start
            else compare(options.engine, options.child, large=options.large)
        )
        (options.child / "rows.json").write_text(json.dumps(rows), encoding="utf-8")
        return
    result: dict[str, Any] = {"inference": [], "start": [], "warm": [], "sparse_labels": []}
    for engine in [options.engine] if options.engine else ENGINES:
        with tempfile.TemporaryDirectory() as name:
            large = ["--large"] if options.large and engine == "stardist" else []
            in_child("benchmarks.engines", "--engine", engine, *large, "--child", name)
            text = (Path(name) / "rows.json").read_text(encoding="utf-8")
            result["inference"] += json.loads(text)
            result["start"] += starts(engine, Path(name))
            result["warm"] += warm_predictions(engine, Path(name))
        result["sparse_labels"] += sparse(engine, options.sparse)
    write = sys.stdout.write
    write(table(result["inference"], COLUMNS) + "\n")
    write("\n" + table(result["start"], START_COLUMNS) + "\n")
    write("\n" + table(result["warm"], WARM_COLUMNS) + "\n")
    if result["sparse_labels"]:
        write("\n" + table(result["sparse_labels"], tuple(result["sparse_labels"][0])) + "\n")
    write("\n" + json.dumps(result) + "\n")
    if options.out:
        options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
