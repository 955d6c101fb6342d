from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from training.supervision.progress import KEPT_LOG_BYTES, LogTail, TimeLeft, pieces


def test_time_left_is_what_the_last_epochs_took(monkeypatch):
    left = TimeLeft(None)
    assert left.after_epoch(1, 11, 60) == 600
    for epoch in range(2, 11):
        remaining = left.after_epoch(epoch, 11, 2)
    assert remaining == 2, "the slow first epoch is forgotten"
    assert left.after_epoch(11, 11, 2) == 0


def test_time_left_never_exceeds_the_time_that_was_given():
    assert TimeLeft(30).after_epoch(1, 1000, 5) <= 30


def test_a_log_is_told_once_and_only_its_new_part(tmp_path):
    path = tmp_path / "log.txt"
    log = LogTail(path)
    assert log.new_text() == ""
    path.write_text("one\n")
    assert log.new_text() == "one\n"
    with path.open("a") as file:
        file.write("two\r\0three\n")
    assert log.new_text() == "two\nthree\n"
    assert log.new_text() == ""
    assert log.newest() == "one\ntwo\nthree\n"


def test_of_a_flood_only_the_newest_part_is_kept(tmp_path):
    path = tmp_path / "log.txt"
    path.write_text("x" * 10 * KEPT_LOG_BYTES + "end")

    assert len(LogTail(path).newest()) == KEPT_LOG_BYTES
    assert LogTail(path).newest().endswith("end")


@given(st.text(max_size=3000), st.integers(100, 1000))
def test_pieces_fit_and_lose_nothing(text, max_bytes):
    cut = pieces(text, max_bytes)

    assert "".join(cut) == text
    assert all(len(json.dumps(piece)) - 2 <= max_bytes for piece in cut)
