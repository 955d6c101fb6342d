from __future__ import annotations

import pytest

from tests.engines.children import run_program

pytestmark = pytest.mark.cellpose


def test_stacks_are_segmented_as_upstream_does(tmp_path):
    answers = run_program(
        "tests.engines.cellpose_volumes",
        str(tmp_path),
        answers=tmp_path / "answers.json",
        timeout_s=600,
    )

    failed = {name: said for name, said in answers.items() if said is not None}
    assert len(answers) == 5
    assert not failed, "\n".join(failed.values())
