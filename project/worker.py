"""A worker process: `python -m project.worker images default` or `'train.*'`.

One thread takes one task at a time; what is heavy happens in a child of it. Beside it a thread
looks after rows whose worker is gone, and tells everybody which queues are served.
"""

from __future__ import annotations

import contextlib
import fnmatch
import importlib
import logging
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import django
import dramatiq
import psycopg
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection

from project import processes
from project.broker import TASK_MODULES
from project.childside import follow_parent
from project.errors import PlatformError

logger = logging.getLogger("project.worker")

STOP_TIMEOUT_S = 30  # a job gets this long to save its checkpoint and hand its row back
SCRATCH_MAX_AGE_S = 24 * 3600  # longer than any upload or job leaves its files alone
HOUSEKEEPING_S = 3600  # what it looks for is a day old: more often finds nothing
# What ends by itself (the database restarts, the queue's broker answers again): the thread that
# looks after rows must outlive it.
PASSING = (DatabaseError, psycopg.Error, PlatformError, OSError)


def main(patterns: Sequence[str]) -> int:
    """Serve the queues that match the patterns until SIGTERM or SIGINT."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    try:
        django.setup()
    except ImproperlyConfigured as error:
        sys.stderr.write(f"{error}\n")
        return 2
    follow_parent()
    for name in TASK_MODULES:
        importlib.import_module(name)
    return serve(patterns)


def serve(patterns: Sequence[str]) -> int:
    """Run the worker threads; return when they have ended in good order."""
    from dramatiq.worker import Worker  # noqa: PLC0415 (reads its settings when imported)

    broker = dramatiq.get_broker()
    queues = matching(patterns, broker.get_declared_queues())
    if not queues:
        sys.stderr.write(f"No queue is named {' or '.join(patterns)}.\n")
        return 2
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _ask_to_stop)
    worker = Worker(broker, queues=queues, worker_threads=1)
    # Of each queue at most one message is taken, done ones not counted, so that others get the
    # rest. A worker of several queues still holds one of each while it works on one of them: with
    # several workers for training, let each serve the queue of one engine (docs/operation.md).
    worker.queue_prefetch = 1
    worker.start()
    keeper = Keeper(queues)
    keeper.start()
    logger.info("serving %s", ", ".join(sorted(queues)))
    while not processes.stopping.wait(0.5):
        pass
    worker.stop(timeout=STOP_TIMEOUT_S * 1000)
    processes.stop_all()
    keeper.join(timeout=5)
    broker.close()
    return 0


def matching(patterns: Sequence[str], queues: set[str]) -> set[str]:
    """Return the queues that match any of the shell patterns."""
    return {name for name in queues if any(fnmatch.fnmatch(name, one) for one in patterns)}


class Keeper(threading.Thread):
    """Reaps rows, tidies up, and holds one shared advisory lock per served queue."""

    def __init__(self, queues: set[str]) -> None:
        super().__init__(name="keeper", daemon=True)
        self._queues = queues
        self._locks: psycopg.Connection[Any] | None = None
        self._tidied_at = 0.0
        self._collection: threading.Thread | None = None

    def run(self) -> None:
        """Work until the process is asked to stop; a failing database is tried again."""
        from project.leases import reap_registered  # noqa: PLC0415 (needs Django's setup)

        pause_s = min(5.0, settings.CYTOLOOP_LEASE_S / 4)
        while not processes.stopping.is_set():
            try:
                self._hold_locks()
                reap_registered()
            except PASSING as error:
                logger.warning("Looking after rows failed, trying again: %s", error)
            finally:
                connection.close()
            self._tidy()
            processes.stopping.wait(pause_s)
        if self._locks is not None:
            self._locks.close()

    def _tidy(self) -> None:
        if self._tidied_at and time.monotonic() - self._tidied_at < HOUSEKEEPING_S:
            return
        self._tidied_at = time.monotonic()
        try:
            tidy_scratch(Path(settings.CYTOLOOP_DATA_DIR) / "scratch")
        except OSError as error:
            logger.warning("The scratch folder was not tidied: %s", error)
        self._collect_garbage()

    def _collect_garbage(self) -> None:
        """Begin a collection when one is due, beside the reaping, which must not wait for it."""
        if self._collection is None or not self._collection.is_alive():
            self._collection = threading.Thread(target=_collect, name="garbage", daemon=True)
            self._collection.start()

    def _hold_locks(self) -> None:
        from project.postgres import connection_parameters  # noqa: PLC0415 (as above)

        if self._locks is not None:
            with contextlib.suppress(psycopg.Error):
                self._locks.execute("SELECT 1")
                return
            self._locks.close()
        self._locks = psycopg.connect(
            **connection_parameters("cytoloop worker"), autocommit=True, connect_timeout=10
        )
        for queue in self._queues:
            self._locks.execute(
                "SELECT pg_advisory_lock_shared(hashtext('cytoloop.queue'), hashtext(%s))", [queue]
            )


def is_served(queue: str) -> bool:
    """Tell whether some worker, anywhere, serves the queue right now."""
    return n_serving(queue) > 0


def n_serving(queue: str) -> int:
    """Count the workers that serve the queue right now."""
    with connection.cursor() as cursor:
        # Read, not tried: of two who try the lock at once, one would take the other for a worker.
        cursor.execute(
            "SELECT count(DISTINCT pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            " AND objsubid = 2"  # the lock has a name of two numbers
            " AND classid = hashtext('cytoloop.queue')::oid AND objid = hashtext(%s)::oid",
            [queue],
        )
        return int(cursor.fetchone()[0])


def tidy_scratch(folder: Path) -> None:
    """Remove half-made files that nobody has touched for a day."""
    before = time.time() - SCRATCH_MAX_AGE_S
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        with contextlib.suppress(OSError):
            if path.stat().st_mtime > before:
                continue
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()


def _collect() -> None:
    from project.garbage import collect_daily  # noqa: PLC0415 (as above)

    try:
        collect_daily()
    except PASSING as error:
        logger.warning("Garbage was not collected: %s", error)
    finally:
        connection.close()


def _ask_to_stop(number: int, frame: FrameType | None) -> None:
    if processes.stopping.is_set():
        os._exit(1)  # asked twice: the children die with us, the reaper does the rest
    processes.stopping.set()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
