from __future__ import annotations

import pytest

from tests.contracts.furnished import furnish
from tests.training.starters import starters_dir, threshold_model

__all__ = ["furnished", "starters_dir", "threshold_model"]


@pytest.fixture
def furnished(people, project, starters_dir):
    """A project that has one of everything."""
    return furnish(people["owner"], people["annotator"], project)
