"""A reporter for work of which nobody needs to hear."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from training.engines.base import EpochReport


class Silent:
    """A reporter that nobody listens to."""

    def stage(self, name: str, **data: Any) -> None:
        """Do nothing."""

    def epoch(self, report: EpochReport) -> None:
        """Do nothing."""

    def checkpoint(self, path: Path) -> None:
        """Do nothing."""

    def warn(self, sentence: str) -> None:
        """Do nothing."""
