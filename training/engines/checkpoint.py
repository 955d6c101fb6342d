"""Checkpoint folders: config.json, the weights file, LICENSE; written whole or not at all.

A *finished* checkpoint is what a model version stores. A *resumable* one lies in
`workdir/checkpoint`, holds the optimizer's state and the step too, and is replaced now and then.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import IO, Any

from project.errors import CheckpointCorrupt
from training.datasets.channels import ALL, is_way
from training.engines.base import EngineSpec, TrainJob

FORMAT = 1
RESUME_FOLDER = "checkpoint"
TRIALS_FILE = "trials.json"
CONFIG_BYTES = 4 << 20  # far above any config we write; an uploaded one may be hostile
MOST_UNPACKED_BYTES = 2 << 30
CONFIG_FILES = ("config.json", "cytoloop.json")
KNOWN_FILES = {
    "config.json", "thresholds.json", "cytoloop.json", "LICENSE", "weights.h5", "weights_best.h5",
    "weights_last.h5", "weights.safetensors", "weights8.safetensors", "cellpose_model",
}  # fmt: skip

MOST_CREDITS = 20
FOREIGN_NOTICE = "They were uploaded; ask their author for their licence."
BSD_TEXT = """\
Redistribution and use in source and binary forms, with or without modification, are permitted
provided that the following conditions are met: 1. Redistributions of source code must retain the
above copyright notice, this list of conditions and the following disclaimer. 2. Redistributions in
binary form must reproduce the above copyright notice, this list of conditions and the following
disclaimer in the documentation and/or other materials provided with the distribution. 3. Neither
the name of the copyright holder nor the names of its contributors may be used to endorse or promote
products derived from this software without specific prior written permission.
THIS SOFTWARE IS PROVIDED "AS IS" AND ANY EXPRESS OR IMPLIED WARRANTIES ARE DISCLAIMED.
"""


def versions_of(*packages: str) -> dict[str, str]:
    """Return the installed versions of packages, absent ones left out."""
    found = {}
    for package in packages:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[package] = metadata.version(package)
    return found


def write_json(path: Path, data: Any) -> None:
    """Write canonical JSON, so that equal configs are equal bytes."""
    path.write_text(json.dumps(data, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def read_config(folder: Path, engine: str) -> dict[str, Any]:
    """Read and check the config of a checkpoint folder; raises CheckpointCorrupt."""
    config = read_json_file(folder / "config.json")
    if config.get("format") != FORMAT:
        raise CheckpointCorrupt("This checkpoint was written in a format that is not known here.")
    if config.get("engine") != engine:
        raise CheckpointCorrupt(
            f"This checkpoint belongs to the engine {config.get('engine')!r}, not {engine!r}."
        )
    return config


def write_licence(
    folder: Path, spec: EngineSpec, origin: str, notice: str = "", owed: Sequence[str] = ()
) -> None:
    """Write the LICENSE file: whose software, weights and images these are."""
    lines = [
        f"Weights of {spec.title} {spec.version}; they started from: {origin}.",
        "They were fitted to the annotations of a project, whose owners decide on their use.",
        *([notice] if notice else []),
        *owed,
        f"The software that runs them is {spec.title} ({spec.licence}); cite {spec.citation}.",
    ]
    text = "\n".join(lines) + "\n"
    if spec.licence.startswith("BSD-3-Clause"):
        text += "\n" + BSD_TEXT
    (folder / "LICENSE").write_text(text, encoding="utf-8")


def write_finished(
    target: Path,
    spec: EngineSpec,
    facts: dict[str, Any],
    *,
    packages: Sequence[str] = (),
    save: Callable[[Path], None] = lambda folder: None,
    notice: str = "",
) -> Path:
    """Write what a model version stores: the weights by `save`, config.json and LICENSE.

    `notice` is what the weights' licence asks of whoever uses them.
    """
    with whole_folder(target) as folder:
        save(folder)
        config = {"licence": spec.licence} | facts
        config |= {
            "format": FORMAT,
            "engine": spec.name,
            "engine_version": spec.version,
            "packages": versions_of(*packages, "numpy"),
        }
        write_json(folder / "config.json", config)
        is_foreign = facts["origin"] == "upload"
        notice = FOREIGN_NOTICE if is_foreign else notice
        write_licence(folder, spec, facts["origin"], notice, credits_in(facts))
    return target


def credits_in(config: dict[str, Any]) -> list[str]:
    """Return whom a model owes its training images to, in sentences that travel with it."""
    found = config.get("credits")
    if not isinstance(found, list):
        return []
    return [each for each in found[:MOST_CREDITS] if isinstance(each, str) and len(each) < 1000]


@contextlib.contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """Fill a new folder that takes the target's name only when the block ends well."""
    new, old = target.with_name(target.name + ".new"), target.with_name(target.name + ".old")
    if old.exists() and not target.exists():
        old.rename(target)  # the machine died between the two renames below: it is the only one
    for leftover in (new, old):
        shutil.rmtree(leftover, ignore_errors=True)
    new.mkdir(parents=True)
    try:
        yield new
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    if target.exists():
        target.rename(old)
    new.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def digest_of(folder: Path) -> str:
    """Return the sha256 over the names and bytes of all files in a folder."""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            total.update(f"{path.relative_to(folder).as_posix()}\0{content}\n".encode())
    return total.hexdigest()


def job_fingerprint(job: TrainJob) -> str:
    """Return a digest of all that decides a training's outcome, wherever its files lie.

    A resumable checkpoint of another fingerprint is not used. Time limit, device and threads are
    left out: they may differ between two attempts of one run.
    """
    regions = []
    for region in job.regions:
        facts = dataclasses.asdict(region)
        del facts["pixels"]
        facts["labels"] = hashlib.sha256(region.labels.read_bytes()).hexdigest()
        regions.append(facts)
    facts = {
        "regions": regions,
        "params": job.params,
        "channels": list(job.channels),
        "seed": job.seed,
        "parent": digest_of(job.parent) if job.parent else "",
        "pretrained": job.pretrained,
        **({"classes": list(job.classes)} if job.classes else {}),
        **({"anisotropy": job.anisotropy} if job.anisotropy else {}),
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def resumable(workdir: Path, fingerprint: str) -> Path | None:
    """Return the folder of the newest resumable checkpoint of a job, if there is one."""
    # ".old" is what is left when the machine died between the two renames of `whole_folder`.
    for name in (RESUME_FOLDER, RESUME_FOLDER + ".old"):
        state = workdir / name / "state.json"
        with contextlib.suppress(OSError, ValueError):
            if json.loads(state.read_text(encoding="utf-8"))["job"] == fingerprint:
                return state.parent
    return None


def read_json_file(path: Path) -> dict[str, Any]:
    """Read a JSON object of bounded size; raises CheckpointCorrupt."""
    try:
        if path.stat().st_size > CONFIG_BYTES:
            raise CheckpointCorrupt(f"The file {path.name} is far too large.")
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise CheckpointCorrupt(f"The file {path.name} is missing or cannot be read.") from error
    if not isinstance(found, dict):
        raise CheckpointCorrupt(f"The file {path.name} does not describe a model.")
    return found


def facts_of_upload(ours: dict[str, Any], *, conversion: str, n_channels: int) -> dict[str, Any]:
    """Return what an adopted model says of itself, where it makes sense.

    A predictor relies on them, and a config that came from outside may say anything.
    """
    channels, normalisation = ours.get("channels"), ours.get("normalisation")
    if not _are_channels(channels):
        mapping = list(range(n_channels))
        channels = {"count": n_channels, "mapping": mapping, "conversion": conversion}
    if not isinstance(normalisation, dict) or not isinstance(normalisation.get("invert"), bool):
        normalisation = {
            "invert": False,
            "objects": "bright",
            "over": "whole image, per channel",
        }
    params = ours.get("params")
    return {
        "credits": credits_in(ours),
        "channels": channels,
        "normalisation": normalisation,
        "params": params if isinstance(params, dict) else {},
    }


def _are_channels(found: Any) -> bool:
    """Tell whether a config's channels are a mapping of as many channels as it counts."""
    if not isinstance(found, dict) or not isinstance(found.get("mapping"), list):
        return False
    mapping = found["mapping"]
    are_numbers = all(isinstance(each, int) and 0 <= each < 64 for each in mapping)
    is_counted = bool(mapping) and are_numbers and found.get("count") == len(mapping)
    return is_counted and is_way(found.get("way", ALL), len(mapping))


@contextlib.contextmanager
def unpacked(upload: Path, scratch: Path) -> Iterator[Path]:
    """Give the folder that an uploaded folder or zip holds.

    Only files with a name we know, beside the config.json, come out of a zip, under that bare
    name: paths that lead elsewhere and bombs find no way.
    """
    if upload.is_dir():
        yield upload
        return
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=scratch, prefix="upload-") as name:
        folder = Path(name)
        try:
            with zipfile.ZipFile(upload) as archive:
                _extract_known(archive, folder)
        except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError) as error:
            raise CheckpointCorrupt("The upload is not a readable zip file.") from error
        yield folder


def holds_config(upload: Path) -> bool:
    """Tell whether a file is a zip with a config of ours; PyTorch's own files are zips too."""
    try:
        with zipfile.ZipFile(upload) as archive:
            return any(path.name in CONFIG_FILES for path in _members(archive))
    except (zipfile.BadZipFile, OSError):
        return False


def _members(archive: zipfile.ZipFile) -> list[PurePosixPath]:
    return [PurePosixPath(info.filename) for info in archive.infolist()]


def _extract_known(archive: zipfile.ZipFile, folder: Path) -> None:
    """Copy the known files that lie beside the config.json nearest to the top."""
    parents = [path.parent for path in _members(archive) if path.name in CONFIG_FILES]
    if not parents:
        raise CheckpointCorrupt("The zip file has no config.json.")
    parent = min(parents, key=lambda path: len(path.parts))
    total = 0
    for info in archive.infolist():
        path = PurePosixPath(info.filename)
        if path.parent != parent or path.name not in KNOWN_FILES or info.is_dir():
            continue
        total += info.file_size
        if total > MOST_UNPACKED_BYTES:
            raise CheckpointCorrupt("The zip file is far too large for a model.")
        with archive.open(info) as source, (folder / path.name).open("wb") as target:
            _copy_at_most(source, target, info.file_size)


def _copy_at_most(source: IO[bytes], target: IO[bytes], size: int) -> None:
    """Copy as many bytes as the directory of the zip promised; more is a lie."""
    left = size
    while block := source.read(1 << 20):
        left -= len(block)
        if left < 0:
            raise CheckpointCorrupt("The zip file is damaged.")
        target.write(block)
