from __future__ import annotations

import math
import uuid
from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotations.actions.activity import FIRST_MOST_S, SLACK_S, record_activity
from annotations.models import Activity, AuditEntry
from annotations.queries.activity import active_seconds
from project.errors import Conflict, InvalidInput, NotAllowed, NotFound
from tests.factories import ImageFactory

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def record(user, image, n=0, active_s=10.0, *, session=None, at=NOON):
    with mock.patch("django.utils.timezone.now", return_value=at):
        return record_activity(
            user=user,
            image_id=image.pk,
            session=session or uuid.uuid4(),
            n=n,
            active_s=active_s,
        )


def test_what_an_editor_measured_is_kept(annotator, image):
    assert record(annotator, image, active_s=12.5) == 12.5

    entry = Activity.objects.get()
    assert (entry.user, entry.image, entry.active_s, entry.ended_at) == (
        annotator,
        image,
        12.5,
        NOON,
    )


def test_the_same_word_twice_counts_once(annotator, image):
    session = uuid.uuid4()

    first = record(annotator, image, 3, 8.0, session=session)
    again = record(annotator, image, 3, 50.0, session=session, at=NOON + timedelta(hours=1))

    assert (first, again) == (8.0, 8.0)
    assert Activity.objects.count() == 1


def test_the_first_word_of_a_session_is_believed_for_a_minute(annotator, image):
    assert record(annotator, image, active_s=3600) == FIRST_MOST_S


def test_nobody_works_longer_than_time_passes(annotator, image):
    session = uuid.uuid4()
    record(annotator, image, 0, 10, session=session)

    later = NOON + timedelta(seconds=15)
    assert record(annotator, image, 1, 500, session=session, at=later) == 15 + SLACK_S


def test_a_session_goes_on_with_the_next_image(annotator, project, image):
    session = uuid.uuid4()
    record(annotator, image, 0, 10, session=session)

    other = ImageFactory(project=project)
    later = NOON + timedelta(seconds=5)
    assert record(annotator, other, 1, 60, session=session, at=later) == 5 + SLACK_S


def test_a_clock_that_was_set_back_gives_no_negative_time(annotator, image):
    session = uuid.uuid4()
    record(annotator, image, 0, 10, session=session)

    earlier = NOON - timedelta(minutes=5)
    assert record(annotator, image, 1, 30, session=session, at=earlier) == SLACK_S


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(
            st.floats(0, 120),  # seconds since the message before
            st.floats(0, 1e6),  # what the editor claims
            st.integers(0, 5),  # its count, sometimes a retry
        ),
        min_size=1,
        max_size=12,
    )
)
def test_the_time_of_a_session_is_bounded_by_the_clock(annotator, image, words):
    session, at = uuid.uuid4(), NOON
    for pause_s, claimed, n in words:
        at += timedelta(seconds=pause_s)
        believed = record(annotator, image, n, claimed, session=session, at=at)
        assert believed >= 0

    entries = Activity.objects.filter(session=session)
    total = sum(entry.active_s for entry in entries)
    assert total <= (at - NOON).total_seconds() + FIRST_MOST_S + SLACK_S * len(words) + 1e-6
    assert entries.count() == len({n for _, _, n in words})


def test_somebody_elses_session_is_refused(annotator, reviewer, image):
    session = uuid.uuid4()
    record(annotator, image, 0, 5, session=session)

    for n in (0, 1):
        with pytest.raises(Conflict, match="somebody else"):
            record(reviewer, image, n, 5, session=session)


@pytest.mark.parametrize(("n", "active_s"), [(0, math.nan), (0, math.inf), (0, -1.0), (-1, 1.0)])
def test_nonsense_is_refused(annotator, image, n, active_s):
    with pytest.raises(InvalidInput):
        record(annotator, image, n, active_s)

    assert not Activity.objects.exists()


def test_viewers_do_not_work_and_strangers_find_nothing(viewer, stranger, annotator, image):
    with pytest.raises(NotAllowed):
        record(viewer, image)
    with pytest.raises(NotFound):
        record(stranger, image)
    with pytest.raises(NotFound):
        record_activity(
            user=annotator, image_id=uuid.uuid4(), session=uuid.uuid4(), n=0, active_s=1
        )


def test_the_row_is_the_record(annotator, image):
    record(annotator, image)

    assert record_activity.not_audited_because
    assert not AuditEntry.objects.exists()


def test_seconds_are_added_up_by_person_within_a_time(annotator, reviewer, project, image):
    record(annotator, image, 0, 10, at=NOON)
    record(annotator, image, 0, 20, at=NOON + timedelta(hours=1))
    record(reviewer, ImageFactory(project=project), 0, 5, at=NOON + timedelta(hours=2))
    ImageFactory()

    assert active_seconds(project) == {annotator.pk: 30, reviewer.pk: 5}
    assert active_seconds(project, since=NOON) == {annotator.pk: 20, reviewer.pk: 5}
    until = NOON + timedelta(hours=1)
    assert active_seconds(project, since=NOON, until=until) == {annotator.pk: 20}


def test_time_of_deleted_accounts_stays(annotator, project, image):
    record(annotator, image, 0, 10)
    annotator.delete()

    assert active_seconds(project) == {None: 10}


def test_it_costs_the_same_however_long_the_session(annotator, image, django_assert_num_queries):
    session = uuid.uuid4()
    for n in range(5):
        record(annotator, image, n, 1, session=session, at=NOON + timedelta(seconds=n))

    with django_assert_num_queries(8):  # two of them the savepoint
        record(annotator, image, 6, 1, session=session, at=NOON + timedelta(minutes=1))
