"""One attempt at a supervised row: claimed, kept alive, ended exactly once."""

from __future__ import annotations

import logging
import traceback
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.utils import timezone

from project import leases
from project.errors import Cancelled, DiskFull, PlatformError
from project.storage import FULL, is_full
from training.models import RunState, SupervisedRow
from training.supervision.warm import ChildCrashed, EngineDefect

logger = logging.getLogger(__name__)

Row = TypeVar("Row", bound=SupervisedRow)
Made = TypeVar("Made")


class LeaseLost(Exception):
    """Another worker owns the row now: write nothing more."""


class Interrupted(Exception):
    """The worker was asked to stop, or a person to pause; the row goes back into the queue."""


class WorthAnotherAttempt(Exception):
    """Another attempt may succeed, with these fields of the row changed; else the error stands."""

    def __init__(self, error: PlatformError, **fields: Any) -> None:
        super().__init__(error.message)
        self.error = error
        self.fields = fields


@dataclass(frozen=True, slots=True)
class Attempt(Generic[Row]):
    """Our claim on a row; everything is written through it."""

    model: type[Row]
    pk: Any
    token: uuid.UUID
    beat: leases.Heartbeat

    def row(self) -> Row:
        """Read the row."""
        return self.model._default_manager.get(pk=self.pk)

    def write(self, **fields: Any) -> None:
        """Write fields while the row is ours; raises LeaseLost."""
        if not leases.write(self.model, self.pk, self.token, **fields):
            raise LeaseLost

    def finish(self, state: str, **fields: Any) -> None:
        """End the row; raises LeaseLost, so that the transaction around it leaves nothing."""
        fields.setdefault("finished_at", timezone.now())
        if not leases.finish(self.model, self.pk, self.token, state, **fields):
            raise LeaseLost

    def check(self) -> None:
        """Raise what the heartbeat heard: LeaseLost, Cancelled or Interrupted."""
        if self.beat.lost:
            raise LeaseLost
        if self.beat.cancel_requested:
            raise Cancelled("Cancelled.")
        if self.beat.pause_requested or self.beat.stopping:
            raise Interrupted

    def try_again(self, **fields: Any) -> bool:
        """Put the row back with this attempt used up; False when it was the last one."""
        row = self.row()
        if row.attempt >= row.max_attempts:
            return False
        self.write(
            state=RunState.QUEUED,
            lease=None,
            lease_until=None,
            queued_at=timezone.now(),
            **fields,
        )
        return True


@dataclass(frozen=True, slots=True)
class Ended(Generic[Made]):
    """How an attempt ended: what it made, or that the row waits for another one."""

    made: Made | None = None
    again: bool = False


def attempt(
    model: type[Row],
    pk: Any,
    work: Callable[[Attempt[Row]], Made],
    *,
    on_change: Callable[[Any], None],
) -> Ended[Made]:
    """Claim a row and work on it; every outcome becomes a state of the row.

    1. Someone else has it, or it has ended: nothing happens.
    2. The work returns: it has ended the row itself, in the transaction that stored its product.
    3. Cancelled → cancelled; a sentence for people → failed; the child vanished, or it is
       worth another attempt → another one while there is one; anything unexpected → errored,
       with the traceback.
    4. The worker is stopping, or a person asked for a pause → back into the queue, this attempt
       not counted; the bell of the queue pauses a row for which that was asked.
    """
    token = leases.claim(model, pk)
    if token is None:
        return Ended()
    with leases.Heartbeat(model, pk, token) as beat:
        ours = Attempt(model, pk, token, beat)
        try:
            model._default_manager.filter(pk=pk, started_at=None).update(started_at=timezone.now())
            ended = _work(ours, work, on_change)
        except LeaseLost:
            logger.warning("%s %s is no longer ours; left alone.", model.__name__, pk)
            return Ended()
        except BaseException:
            # The worker itself is being torn down: do not make the next one wait for the lease.
            leases.hand_back(model, pk, token)
            raise
    on_change(pk)
    return ended


def _work(
    ours: Attempt[Row], work: Callable[[Attempt[Row]], Made], on_change: Callable[[Any], None]
) -> Ended[Made]:
    """Do the work and turn its failures into states; raises LeaseLost."""
    on_change(ours.pk)
    try:
        return Ended(made=work(ours))
    except LeaseLost:
        raise
    except Interrupted:
        leases.hand_back(ours.model, ours.pk, ours.token)
    except Cancelled as error:
        ours.finish(RunState.CANCELLED, error_code=error.code, error_message=error.message)
    except ChildCrashed as error:
        if ours.try_again():
            return Ended(again=True)
        fail(ours, error)
    except WorthAnotherAttempt as worth:
        if ours.try_again(**worth.fields):
            return Ended(again=True)
        fail(ours, worth.error)
    except Exception as error:  # noqa: BLE001 (a defect of ours must end the row, not hang it)
        end_by(ours, error)
    return Ended()


def end_by(ours: Attempt[Row], error: Exception) -> None:
    """End the row by an error: with a sentence when there is one, else with the traceback."""
    if is_full(error):
        fail(ours, DiskFull(FULL))
    elif isinstance(error, PlatformError):
        fail(ours, error)
    else:
        stop_with_traceback(ours, error)


def fail(ours: Attempt[Row], error: PlatformError) -> None:
    """End the row with a sentence for people."""
    ours.finish(RunState.FAILED, error_code=error.code, error_message=error.message)


def stop_with_traceback(ours: Attempt[Row], error: Exception) -> None:
    """End the row because of a defect; the traceback is kept for whoever mends it."""
    is_childs = isinstance(error, EngineDefect)
    text = str(error) if is_childs else "".join(traceback.format_exception(error))
    logger.error("%s %s ended by a defect: %s", ours.model.__name__, ours.pk, text)
    ours.finish(
        RunState.ERRORED,
        error_code="internal_error",
        error_message=(
            "Something went wrong inside the program; the details are kept with this entry. "
            "Please show them to whoever looks after the site."
        ),
        traceback=text[-20_000:],
    )
