"""One prediction child per engine and worker process, kept with framework and model in memory.

Loading TensorFlow and a model takes five to ten seconds, a prediction often less than one.
"""

from __future__ import annotations

import atexit
import itertools
import logging
import threading
import time
from collections.abc import Callable
from typing import Any, ClassVar

from django.conf import settings

from project.errors import JobError, OutOfMemory, ResourceProblem
from project.processes import Child
from training.supervision.child import MIB, child_argv, child_environment

logger = logging.getLogger(__name__)

POLL_S = 0.5  # how soon a wish to stop is noticed
IDLE_CHECK_S = 5.0
# Above this share of the ceiling a child is replaced between two requests: frameworks grow slowly.
RECYCLE_SHARE = 0.75


class ChildCrashed(ResourceProblem):
    """An engine's process ended without a word."""

    code: ClassVar[str] = "child_crashed"


class ChildTooSlow(ResourceProblem):
    """An engine's process took longer than any prediction should."""

    code: ClassVar[str] = "child_too_slow"


class EngineRefused(JobError):
    """An engine said in a sentence why it could not do it."""

    code: ClassVar[str] = "engine_refused"

    def __init__(self, code: str, message: str, *, retryable: bool = False) -> None:
        super().__init__(message)
        self.code = code  # type: ignore[misc]  # the code the child reported
        self.retryable = retryable  # type: ignore[misc]


class EngineDefect(Exception):
    """An engine raised what nobody expected; the text is the child's traceback."""


class WarmChild:
    """A child that answers requests one at a time and is started again when it is gone."""

    def __init__(self, engine: str) -> None:
        self.engine = engine
        self.last_used = time.monotonic()
        self._lock = threading.Lock()
        self._child: Child | None = None
        self._ids = itertools.count(1)

    @property
    def pid(self) -> int | None:
        """The process id, while a child runs."""
        return self._child.pid if self._child is not None and self._child.running else None

    def ask(
        self,
        kind: str,
        *,
        timeout_s: float,
        should_stop: Callable[[], bool] = lambda: False,
        **fields: Any,
    ) -> dict[str, Any] | None:
        """Send a request and return the answer, or None when should_stop() said so.

        Raises EngineRefused, EngineDefect, ChildCrashed, ChildTooSlow, OutOfMemory.
        """
        with self._lock:
            child = self._running_child()
            request_id = next(self._ids)
            request = {"type": kind, "id": request_id, **fields}
            deadline = time.monotonic() + timeout_s
            try:
                if not child.send(request):
                    raise self._crash(child)
                answer = self._wait_for(child, request_id, deadline, should_stop)
                if answer is None:
                    self._close()  # it cannot be interrupted, and nobody waits for it any more
                elif child.rss_bytes() > RECYCLE_SHARE * ceiling_bytes():
                    self._close()
                return answer
            except (ResourceProblem, EngineDefect):
                self._close()
                raise
            finally:
                self.last_used = time.monotonic()

    def close_if_idle(self, idle_s: float) -> None:
        """End the child when nothing was asked of it for so long."""
        if self._child is None or not self._lock.acquire(blocking=False):
            return
        try:
            if time.monotonic() - self.last_used >= idle_s:
                self._close()
        finally:
            self._lock.release()

    def close(self) -> None:
        """End the child."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._child is not None:
            self._child.close()
            self._child = None

    def _running_child(self) -> Child:
        if self._child is not None and not self._child.running:
            logger.info("The warm %s child is gone; starting another.", self.engine)
            self._close()
        if self._child is None:
            self._child = Child(child_argv("predict", self.engine), env=child_environment())
        return self._child

    def _wait_for(
        self,
        child: Child,
        request_id: int,
        deadline: float,
        should_stop: Callable[[], bool],
    ) -> dict[str, Any] | None:
        while True:
            for report in child.reports(POLL_S):
                if report.get("id", request_id) == request_id and report["type"] != "ready":
                    return read_answer(report)
            if should_stop():
                return None
            if child.drained:
                raise self._crash(child)
            if child.rss_bytes() > ceiling_bytes():
                raise OutOfMemory(
                    f"Predicting this image took more than {settings.CYTOLOOP_WARM_MAX_MIB} MiB. "
                    "Raise CYTOLOOP_WARM_MAX_MIB, or cut the image into smaller ones."
                )
            if time.monotonic() > deadline:
                raise ChildTooSlow(f"{self.engine} did not answer in time and was stopped.")

    def _crash(self, child: Child) -> ChildCrashed:
        status = child.wait(2.0)
        logger.warning("The warm %s child ended with %s: %s", self.engine, status, child.log_tail())
        return ChildCrashed(
            f"The process of {self.engine} ended unexpectedly (status {status}), often for lack "
            "of memory."
        )


def read_answer(report: dict[str, Any]) -> dict[str, Any]:
    """Return an answer, or raise what the child reported instead."""
    if report["type"] == "error":
        raise EngineRefused(report["code"], report["message"], retryable=report["retryable"])
    if report["type"] == "crash":
        raise EngineDefect(report["traceback"])
    return report


def ceiling_bytes() -> int:
    """Return how much memory a warm child may take."""
    return int(settings.CYTOLOOP_WARM_MAX_MIB) * MIB


_children: dict[str, WarmChild] = {}
_children_lock = threading.Lock()


def warm_child(engine: str) -> WarmChild:
    """Return this process's child for an engine; it starts with the first request."""
    with _children_lock:
        if not _children:
            threading.Thread(target=_close_idle_for_ever, name="warm-idle", daemon=True).start()
            atexit.register(close_all)
        return _children.setdefault(engine, WarmChild(engine))


def close_all() -> None:
    """End every warm child of this process."""
    for child in list(_children.values()):
        child.close()


def _close_idle_for_ever() -> None:
    while True:
        time.sleep(min(IDLE_CHECK_S, max(0.2, settings.CYTOLOOP_WARM_IDLE_S / 4)))
        for child in list(_children.values()):
            child.close_if_idle(settings.CYTOLOOP_WARM_IDLE_S)
