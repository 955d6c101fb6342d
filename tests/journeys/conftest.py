"""Fixtures of the journeys: the training tests' worker in this process."""

from __future__ import annotations

from tests.training.conftest import no_warm_children, work_off
from tests.training.starters import starters_dir, threshold_model

__all__ = ["no_warm_children", "starters_dir", "threshold_model", "work_off"]
