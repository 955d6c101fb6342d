from __future__ import annotations

import importlib.util

import pytest

from tests.engines.children import run_program
from tests.engines.onnx_ways import has_bfloat16
from training.engines.openvino_session import open_bfloat16

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("openvino") is None,
    reason="OpenVINO is there for x86-64 processors only.",
)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    folder = tmp_path_factory.mktemp("openvino")
    return run_program(
        "tests.engines.openvino_silence",
        str(folder),
        answers=folder / "answers.json",
        timeout_s=120,
    )


def test_it_reports_to_nobody(told):
    assert told["imported"]
    assert told["reporters"] == []
    assert told["asked"] == []
    assert told["written"] == []


def test_it_computes_in_bfloat16_where_the_processor_does(told):
    assert (told["off"] is not None) == has_bfloat16()
    assert told["off"] is None or 1e-6 < told["off"] < 0.02


def test_without_a_file_there_is_no_way(tmp_path):
    assert open_bfloat16(tmp_path, 1) is None
