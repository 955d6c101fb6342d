"""Official weights of Cellpose-SAM: only what has the known digest."""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import Path

from training.engines.data import PretrainedUnavailable
from training.engines.flow_networks.official import Official

# Where cellpose 4.2.1.1 (models.py:24) takes them from.
MODELS_URL = "https://huggingface.co/mouseland/cellpose-sam/resolve/main/"
DIGESTS = {
    "cpsam_v2": "0f1cc3f7ecdd8a037a57c6c48d9d8921391be4cbce3fa9f13c3e3a2e1253c667",
    "cpsam": "e1440429eb384f95afe32bcba6510f90d518eaedc917ede549bed6804004abe2",
}
LICENCE = "CC-BY-NC-4.0"
MOST_DOWNLOADED_BYTES = 2 << 30  # they have 1.23 GB


def official_file(name: str, *, offline: bool) -> Path:
    """Return the file of an official model, fetched if need be; raises PretrainedUnavailable."""
    official = Official(
        name=name,
        file_name=name,
        folder_url=MODELS_URL,
        otherwise="start from another version",
        most_bytes=MOST_DOWNLOADED_BYTES,
        check=partial(check_digest, name),
    )
    return official.fetched(offline=offline)


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
