from __future__ import annotations

import pytest

from tests.contracts.furnished import furnish


@pytest.fixture
def furnished(people, project):
    """A project that has one of everything."""
    return furnish(people["owner"], people["annotator"], project)
