from __future__ import annotations

import pytest

from tests.engines.children import run_program

pytestmark = pytest.mark.stardist


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stardist-3d")
    return run_program(
        "tests.engines.stardist_3d_checks",
        str(folder),
        answers=folder / "answers.json",
        timeout_s=900,
    )


def test_conformance(answers):
    failed = {name: said for name, said in answers.items() if said is not None}

    assert len(answers) > 20
    assert not failed, "\n".join(failed.values())
