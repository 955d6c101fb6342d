"""`manage.py engines`: what is installed, on what it runs, and whether it works."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command

from training.management.commands import engines as command


def listed(*arguments):
    out = io.StringIO()
    call_command("engines", *arguments, stdout=out)
    return out.getvalue()


def test_an_engine_that_works_tells_device_precision_and_packages():
    (row,) = json.loads(listed("threshold", "--json"))["engines"]

    assert (row["engine"], row["is_working"], row["device"]) == ("threshold", True, "cpu")
    assert {"numpy", "scipy"} <= set(row["packages"])
    assert row["duration_s"] > 0
    assert "works on cpu" in listed("threshold")


def test_every_engine_is_tried_unless_some_are_named(monkeypatch):
    tried = []
    monkeypatch.setattr(
        command,
        "try_engine",
        lambda name: tried.append(name) or command.Tried(True, "", 1.0, "cpu"),
    )

    listed()
    listed("cellpose")

    assert tried == ["stardist", "cellpose", "threshold", "stardist_3d", "cellpose"]


@pytest.mark.parametrize(
    ("behaviour", "sentence"),
    [
        ({"fail": "sentence", "fail_epoch": 1}, "All objects are larger than the image."),
        ({"fail": "defect", "fail_epoch": 1}, "KeyError: 'n_rays'"),
        ({"fail": "kill", "fail_epoch": 1}, ""),
    ],
)
def test_one_that_does_not_work_says_why_and_the_command_fails(odd_engine, behaviour, sentence):
    odd_engine(**behaviour)
    out = io.StringIO()

    with pytest.raises(CommandError, match="threshold"):
        call_command("engines", "threshold", "--json", stdout=out)

    (row,) = json.loads(out.getvalue())["engines"]
    assert not row["is_working"]
    assert sentence in row["sentence"]
    assert row["sentence"]


def test_an_unknown_engine_is_a_sentence():
    with pytest.raises(CommandError, match="There is no engine called 'abacus'"):
        listed("abacus")
