"""Official weights: fetched by us, whole or not at all.

Upstream's own download switches the checking of TLS certificates off for the whole process
(cellpose 3.1.1.3, utils.py:73; 4.2.1.1, utils.py:72), and checks nothing that it got.
"""

from __future__ import annotations

import os
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from training.engines.data import PretrainedUnavailable

BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Official:
    """An official model: its name, its file, where upstream has it, and what else is possible.

    `check` raises a PlatformError for a file that is not to be used.
    """

    name: str
    file_name: str
    folder_url: str
    otherwise: str
    most_bytes: int
    check: Callable[[Path], object]

    @property
    def path(self) -> Path:
        """Where Cellpose itself would keep the model."""
        folder = os.environ.get("CELLPOSE_LOCAL_MODELS_PATH")
        home = Path(folder) if folder else Path.home() / ".cellpose" / "models"
        return home / self.file_name

    def fetched(self, *, offline: bool) -> Path:
        """Return the file, fetched if need be; raises PretrainedUnavailable and what it fails."""
        if self.path.is_file():
            self.check(self.path)
        elif offline:
            raise PretrainedUnavailable(
                f"The official model {self.name} is not on this machine, and this installation "
                "makes no network requests. Allow them (CYTOLOOP_OFFLINE=0), or put the file "
                f"{self.file_name} from {self.folder_url} into {self.path.parent}, or "
                f"{self.otherwise}.",
                name=self.name,
            )
        else:
            self._download()
        return self.path

    def _download(self) -> None:
        """Fetch the file; raises PretrainedUnavailable and leaves nothing half-made."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_name(f"{self.file_name}.{os.getpid()}.part")
        try:
            with urllib.request.urlopen(self.folder_url + self.file_name, timeout=60) as answer:  # noqa: S310
                copy_at_most(answer, part, self.most_bytes)
            self.check(part)
            part.replace(self.path)
        except (urllib.error.URLError, OSError) as error:
            raise PretrainedUnavailable(
                f"The official model {self.name} could not be downloaded: the network or the "
                f"server that holds it does not answer. Try again later, or {self.otherwise}.",
                name=self.name,
            ) from error
        finally:
            part.unlink(missing_ok=True)


def copy_at_most(source: BinaryIO, target: Path, n_bytes: int) -> None:
    """Write a stream into a file, at most so much of it."""
    with target.open("wb") as file:
        while n_bytes > 0 and (block := source.read(min(BLOCK_BYTES, n_bytes))):
            file.write(block)
            n_bytes -= len(block)
