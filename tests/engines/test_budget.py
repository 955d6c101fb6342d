from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.engines.budget import StepPlan, learning_rate


def test_without_a_limit_the_steps_are_those_asked_or_usual():
    assert StepPlan(0, 300, 20, None).n_steps == 300
    assert StepPlan(7, 300, 20, None).n_steps == 7
    assert StepPlan(21, 300, 20, None).n_epochs == 2


def test_a_limit_is_filled_with_steps_of_the_measured_length():
    plan, spent = StepPlan(0, 300, 20, 100.0), 0.0
    for step in range(6):
        duration = 9.0 if step == 0 else 0.5  # the first one traces
        spent += duration
        plan.note(duration, spent)

    assert plan.planned
    assert plan.n_steps == 6 + int((90 - spent) / 0.5)
    assert plan.is_over_time(100.0)


def test_a_limit_does_not_add_to_the_steps_asked_for():
    plan = StepPlan(30, 300, 20, 1000.0)
    for step in range(6):
        plan.note(0.1, 0.1 * (step + 1))

    assert plan.n_steps == 30


@given(st.integers(1, 500), st.integers(0, 50), st.floats(1e-5, 1e-1))
def test_the_rate_is_never_zero_and_reaches_its_peak(n_steps, warmup, peak):
    rates = [learning_rate(step, n_steps, peak, warmup) for step in range(n_steps)]

    assert all(0 < rate <= peak * 1.0001 for rate in rates)
    assert max(rates) == pytest.approx(peak)
