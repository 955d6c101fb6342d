"""Rows that a worker claims for a while: one owner at a time, taken over when the owner is gone.

The row is the truth and the queue only rings the bell: a message that comes twice, or not at
all, changes nothing but the time.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, ClassVar, Self, TypeVar

from django.conf import settings
from django.db import DatabaseError, connection, models, transaction
from django.db.models import F, Q
from django.utils import timezone

from project.broker import is_waiting
from project.errors import WorkerLost
from project.processes import stopping

logger = logging.getLogger(__name__)

CANCEL_POLL_S = 1.0  # a person who cancels should see it happen
REAP_BATCH = 200  # rows per round, so that no round locks a table's worth of rows


class LeasedRow(models.Model):
    """Work that is queued, then owned by the worker whose token stands in `lease`."""

    QUEUED_STATE: ClassVar[str]
    RUNNING_STATE: ClassVar[str]
    LOST_STATE: ClassVar[str]  # when every attempt was used up without an end

    attempt = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField(default=3)
    lease = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    queued_at = models.DateTimeField(default=timezone.now)  # when the bell was rung last
    error_code = models.CharField(max_length=64, blank=True)
    error_message = models.TextField(blank=True)  # one sentence for the person

    class Meta:
        abstract = True


Row = TypeVar("Row", bound=LeasedRow)


def claim(model: type[Row], pk: Any) -> uuid.UUID | None:
    """Make the row ours, if it waits or its owner let the lease run out; return our token.

    One conditional UPDATE decides, so of many workers exactly one gets it and the others None.
    """
    token = uuid.uuid4()
    now = timezone.now()
    free = Q(state=model.QUEUED_STATE) | Q(state=model.RUNNING_STATE, lease_until__lt=now)
    updated = model._default_manager.filter(free, pk=pk, attempt__lt=F("max_attempts")).update(
        state=model.RUNNING_STATE,
        lease=token,
        lease_until=now + timedelta(seconds=settings.CYTOLOOP_LEASE_S),
        attempt=F("attempt") + 1,
    )
    return token if updated == 1 else None


def renew(model: type[Row], pk: Any, token: uuid.UUID, **fields: Any) -> bool:
    """Prolong our lease and write fields with it; False means that someone else owns the row."""
    until = timezone.now() + timedelta(seconds=settings.CYTOLOOP_LEASE_S)
    return write(model, pk, token, lease_until=until, **fields)


def write(model: type[Row], pk: Any, token: uuid.UUID, **fields: Any) -> bool:
    """Write fields only while the lease is ours (fencing); tell whether they were written."""
    rows = model._default_manager.filter(pk=pk, lease=token, state=model.RUNNING_STATE)
    return rows.update(**fields) == 1


def finish(model: type[Row], pk: Any, token: uuid.UUID, state: str, **fields: Any) -> bool:
    """End our ownership in a final state; False means that it was no longer ours to end."""
    return write(model, pk, token, state=state, lease=None, lease_until=None, **fields)


def hand_back(model: type[Row], pk: Any, token: uuid.UUID) -> bool:
    """Put the row back into the queue without using up an attempt (a deploy, a clean stop).

    Rings the bell in the same transaction when the model is registered for reaping.
    """
    with transaction.atomic():
        handed_back = write(
            model,
            pk,
            token,
            state=model.QUEUED_STATE,
            lease=None,
            lease_until=None,
            queued_at=timezone.now(),
            attempt=F("attempt") - 1,
        )
        if handed_back:
            ring(model, pk)
    return handed_back


def ring(model: type[LeasedRow], pk: Any) -> None:
    """Queue the task of a row, together with the current transaction, if the model has one."""
    if model in _registered:
        _registered[model].send(pk)


WISHES = ("cancel_requested", "pause_requested")  # fields that a person sets; a model may lack some


class Heartbeat:
    """Keeps a lease alive from a thread while the job works, and hears of wishes meanwhile.

    `lost`: someone else owns the row, or it could not be renewed in time; stop and write nothing.
    `cancel_requested`, `pause_requested`: a person asked for it. `should_stop()`: any of them, or
    the worker is stopping.
    """

    def __init__(self, model: type[LeasedRow], pk: Any, token: uuid.UUID) -> None:
        self._model, self._pk, self._token = model, pk, token
        self._lost = threading.Event()
        self._heard = {name: threading.Event() for name in WISHES if hasattr(model, name)}
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    @property
    def lost(self) -> bool:
        """Tell whether the row is no longer ours."""
        return self._lost.is_set()

    @property
    def cancel_requested(self) -> bool:
        """Tell whether a person asked to stop for good."""
        return self._has_heard("cancel_requested")

    @property
    def pause_requested(self) -> bool:
        """Tell whether a person asked to stop for a while: hand the row back."""
        return self._has_heard("pause_requested")

    @property
    def stopping(self) -> bool:
        """Tell whether this worker was asked to stop: hand the row back."""
        return stopping.is_set()

    def should_stop(self) -> bool:
        """Tell whether the job should end early, for whatever reason."""
        return self.lost or self.cancel_requested or self.pause_requested or self.stopping

    def _has_heard(self, wish: str) -> bool:
        return wish in self._heard and self._heard[wish].is_set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._done.set()
        self._thread.join(timeout=10)  # it may wait for a database that is down

    def _beat(self) -> None:
        lease_s = settings.CYTOLOOP_LEASE_S
        renewed_at = time.monotonic()
        try:
            while not self._done.wait(min(CANCEL_POLL_S, lease_s / 5)):
                due = time.monotonic() - renewed_at > lease_s / 5
                try:
                    if not self._look(due):
                        self._lost.set()
                        return
                    renewed_at = time.monotonic() if due else renewed_at
                except DatabaseError as failure:
                    logger.warning("A lease could not be renewed: %s", failure)
                if time.monotonic() - renewed_at > lease_s:
                    self._lost.set()  # by now the reaper may have given the row away
                    return
        finally:
            connection.close()

    def _look(self, due: bool) -> bool:
        """Renew the lease when it is due, read what people wish; False when not ours."""
        try:
            if due and not renew(self._model, self._pk, self._token):
                return False
            if not self._heard:
                return True
            rows = _rows(self._model).filter(pk=self._pk, lease=self._token)
            wishes = rows.values(*self._heard).first()
            for name, is_wished in (wishes or {}).items():
                if is_wished:
                    self._heard[name].set()
            return wishes is not None
        finally:
            connection.close()  # back into the pool between two looks


@dataclass(frozen=True, slots=True)
class Registered:
    """How the reaper rings the bell for rows of a model, and whom it tells of a lost one."""

    send: Callable[[Any], None]
    on_lost: Callable[[Any], None] | None


_registered: dict[type[LeasedRow], Registered] = {}


def register_for_reaping(
    model: type[LeasedRow],
    send: Callable[[Any], None],
    on_lost: Callable[[Any], None] | None = None,
) -> None:
    """Let the reaper look after a model: `send(pk)` queues the row's task again.

    `on_lost(pk)` is called in the same transaction when a row has used up its attempts.
    """
    _registered[model] = Registered(send, on_lost)


def registered_models() -> list[type[LeasedRow]]:
    """Return the models that the reaper looks after."""
    return list(_registered)


def reap(
    model: type[LeasedRow],
    requeue: Callable[[Any], None],
    on_lost: Callable[[Any], None] | None = None,
) -> int:
    """Queue rows whose owner let the lease run out, and rows whose message got lost.

    A row without an attempt left ends as lost. Row and message change in one transaction.
    Returns how many rows were touched.
    """
    now = timezone.now()
    with transaction.atomic():
        return _reap_expired(model, requeue, on_lost, now) + _ring_again(model, requeue, now)


def reap_registered() -> int:
    """Reap every registered model, if no other worker is doing it right now.

    A process that is frozen in here would keep every other from reaping; its session ends, and
    its lock with it, after as long a silence as costs a lease.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('idle_in_transaction_session_timeout', %s, true)",
                [f"{int(settings.CYTOLOOP_LEASE_S)}s"],
            )
            cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('cytoloop.reaper'), 0)")
            if not cursor.fetchone()[0]:
                return 0
        return sum(reap(model, how.send, how.on_lost) for model, how in _registered.items())


def _reap_expired(
    model: type[LeasedRow],
    requeue: Callable[[Any], None],
    on_lost: Callable[[Any], None] | None,
    now: datetime,
) -> int:
    # SKIP LOCKED: an owner that renews at this very moment keeps its row.
    rows = _rows(model).select_for_update(skip_locked=True)
    expired = rows.filter(state=model.RUNNING_STATE, lease_until__lt=now)[:REAP_BATCH]
    n_reaped = 0
    for row in expired:
        n_reaped += 1
        ours = _rows(model).filter(pk=row.pk)
        if row.attempt < row.max_attempts:
            ours.update(state=model.QUEUED_STATE, lease=None, lease_until=None, queued_at=now)
            requeue(row.pk)
            continue
        ours.update(**_lost_fields(model, row, now))
        if on_lost is not None:
            on_lost(row.pk)
    return n_reaped


def _lost_fields(model: type[LeasedRow], row: LeasedRow, now: datetime) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "state": model.LOST_STATE,
        "lease": None,
        "lease_until": None,
        "error_code": WorkerLost.code,
        "error_message": (
            f"The worker vanished {row.attempt} times while doing this, probably because memory "
            "ran out; try a smaller input or a machine with more memory."
        ),
    }
    if hasattr(model, "finished_at"):
        fields["finished_at"] = now
    return fields


def _ring_again(model: type[LeasedRow], requeue: Callable[[Any], None], now: datetime) -> int:
    """Send the message of rows that wait for long without one."""
    rows = _rows(model).select_for_update(skip_locked=True)
    before = now - timedelta(seconds=settings.CYTOLOOP_RING_AGAIN_S)
    forgotten = rows.filter(state=model.QUEUED_STATE, queued_at__lt=before)[:REAP_BATCH]
    n_sent = 0
    for row in forgotten:
        if not is_waiting(str(row.pk)):
            requeue(row.pk)
            n_sent += 1
        _rows(model).filter(pk=row.pk).update(queued_at=now)
    return n_sent


def _rows(model: type[LeasedRow]) -> Any:
    """Return the model's manager; the states and their field belong to the concrete models."""
    return model._default_manager
