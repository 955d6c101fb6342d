from __future__ import annotations

import pytest

from project.templatetags.durations import duration


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59.4, "59 s"), (60, "1 min"), (89, "1 min"), (3599, "1 h 0 min")],
)
def test_a_time_of_work_reads_as_a_person_says_it(seconds, words):
    assert duration(seconds) == words


def test_long_work_is_in_hours():
    assert duration(3 * 3600 + 5 * 60) == "3 h 5 min"
