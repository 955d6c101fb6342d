"""No file that somebody uploads as a model runs code or reads other files of the server."""

from __future__ import annotations

import pytest

from tests.engines.children import run_program
from tests.engines.foreign_files import REFUSED


@pytest.mark.parametrize(
    "engine",
    [
        pytest.param("stardist", marks=pytest.mark.stardist),
        pytest.param("cellpose", marks=pytest.mark.cellpose),
        "threshold",
    ],
)
def test_every_harmful_file_is_refused_with_a_sentence_and_nothing_runs(engine, tmp_path):
    answers = run_program(
        "tests.engines.foreign_files",
        engine,
        str(tmp_path),
        answers=tmp_path / "answers.json",
        timeout_s=300,
    )

    assert answers.pop("code ran") == "False"
    assert answers.pop("harmless", "adopted") == "adopted", "it is the harm that is refused"
    assert len(answers) >= 10
    refused = {file: said.removeprefix(REFUSED) for file, said in answers.items()}
    assert all(said != answers[file] for file, said in refused.items()), answers
    assert not list(tmp_path.parent.glob("weights.h5"))
