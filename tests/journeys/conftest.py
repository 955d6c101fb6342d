"""Fixtures of the journeys: the training tests' worker in this process."""

from __future__ import annotations

from tests.training.conftest import no_warm_children, work_off

__all__ = ["no_warm_children", "work_off"]
