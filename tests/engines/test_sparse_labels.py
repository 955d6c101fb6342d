from __future__ import annotations

import pytest

from tests.engines.children import run_program
from tests.shared_data import needs_shared_data

pytestmark = needs_shared_data


def both_arms(engine: str, folder) -> dict[str, dict[str, float]]:
    return run_program(
        "tests.engines.sparse_labels",
        engine,
        str(folder),
        "0",
        "fluo",
        "masked",
        "naive",
        answers=folder / "answers.json",
        timeout_s=1200,
    )


@pytest.mark.stardist
def test_stardist_learns_more_from_a_tenth_of_the_objects_when_the_rest_is_masked(tmp_path):
    arms = both_arms("stardist", tmp_path)

    assert arms["masked"]["ap50"] > arms["naive"]["ap50"] + 0.03, arms
    assert arms["masked"]["recall"] > arms["naive"]["recall"], arms


@pytest.mark.cellpose
def test_cellpose_learns_more_from_a_tenth_of_the_objects_when_the_rest_is_masked(tmp_path):
    arms = both_arms("cellpose", tmp_path)

    assert arms["masked"]["ap50"] > arms["naive"]["ap50"] + 0.03, arms
    assert arms["masked"]["recall"] > arms["naive"]["recall"], arms
