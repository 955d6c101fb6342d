"""Official weights: fetched by us, whole or not at all, and only what has the known digest."""

from __future__ import annotations

import hashlib
import os
import urllib.error
import urllib.request
from pathlib import Path
from typing import BinaryIO

from training.engines.data import PretrainedUnavailable

# Where cellpose 4.2.1.1 (models.py:24) takes them from. Its own download switches the checking of
# TLS certificates off for the whole process (utils.py:72), and checks no digest.
MODELS_URL = "https://huggingface.co/mouseland/cellpose-sam/resolve/main/"
DIGESTS = {
    "cpsam_v2": "0f1cc3f7ecdd8a037a57c6c48d9d8921391be4cbce3fa9f13c3e3a2e1253c667",
    "cpsam": "e1440429eb384f95afe32bcba6510f90d518eaedc917ede549bed6804004abe2",
}
LICENCE = "CC-BY-NC-4.0"
MOST_DOWNLOADED_BYTES = 2 << 30  # they have 1.23 GB
BLOCK_BYTES = 1 << 20


def official_file(name: str, *, offline: bool) -> Path:
    """Return the file of an official model, fetched if need be; raises PretrainedUnavailable."""
    path = cached_file(name)
    if path.is_file():
        check_digest(name, path)
        return path
    if offline:
        raise PretrainedUnavailable(
            f"The official model {name} is not on this machine, and this installation makes no "
            f"network requests. Allow them (CYTOLOOP_OFFLINE=0), or put the file {name} from "
            f"{MODELS_URL} into {path.parent}, or start from another version.",
            name=name,
        )
    download(name, path)
    return path


def cached_file(name: str) -> Path:
    """Return where Cellpose itself would keep the model."""
    folder = os.environ.get("CELLPOSE_LOCAL_MODELS_PATH")
    home = Path(folder) if folder else Path.home() / ".cellpose" / "models"
    return home / name


def download(name: str, path: Path) -> None:
    """Fetch a model file; raises PretrainedUnavailable and leaves nothing half-made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with urllib.request.urlopen(MODELS_URL + name, timeout=60) as answer:  # noqa: S310
            copy_at_most(answer, part, MOST_DOWNLOADED_BYTES)
        check_digest(name, part)
        part.replace(path)
    except (urllib.error.URLError, OSError) as error:
        raise PretrainedUnavailable(
            f"The official model {name} could not be downloaded: the network or the server that "
            "holds it does not answer. Try again later, or start from another version.",
            name=name,
        ) from error
    finally:
        part.unlink(missing_ok=True)


def copy_at_most(source: BinaryIO, target: Path, n_bytes: int) -> None:
    """Write a stream into a file, at most so much of it."""
    with target.open("wb") as file:
        while n_bytes > 0 and (block := source.read(min(BLOCK_BYTES, n_bytes))):
            file.write(block)
            n_bytes -= len(block)


def check_digest(name: str, path: Path) -> None:
    """Refuse a file that is not the official one; raises PretrainedUnavailable."""
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != DIGESTS[name]:
        raise PretrainedUnavailable(
            f"The file {path} is not the official model {name}: its sha256 is {found}, and not "
            f"{DIGESTS[name]}. Remove it; to use it all the same, upload it as a model.",
            name=name,
        )
