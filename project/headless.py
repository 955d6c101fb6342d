"""Management commands that work like the site, with or without a running site."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, NoReturn, Self

import psycopg
from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, connection, connections

from project.errors import Conflict, PlatformError, Unavailable
from project.filelock import LockHeld
from project.postgres import connection_parameters
from project.services import Service
from project.supervisor import (
    RESTORING,
    STOP_TIMEOUT_S,
    close_pool,
    local_server,
    prepare_database,
    python_path,
    site_lock,
)
from project.worker import is_served

logger = logging.getLogger(__name__)

WORKER_START_TIMEOUT_S = 60  # imports take long on a machine that is busy training
WATCH_S = 1.0
# A site starts its own worker again within seconds; only one that has none for a queue needs ours.
SITE_GRACE_S = 15.0


class WorkerDidNotStart(Unavailable):
    """A command's own worker never began to serve."""

    code = "worker_did_not_start"


class SiteIsRunning(Conflict):
    """What should be done needs a site that does not run."""

    code = "site_is_running"


class RestoreUnderWay(Conflict):
    """The database is just being replaced."""

    code = "restore_under_way"


def site_running() -> bool:
    """Tell whether `manage.py up` (or a restore) runs on this data directory."""
    return site_lock().held()


@contextlib.contextmanager
def site_kept_out() -> Iterator[None]:
    """Keep a site from starting inside the block; raise SiteIsRunning when one runs."""
    lock = site_lock()
    try:
        lock.acquire()
    except LockHeld as error:
        raise SiteIsRunning("cytoloop is running; stop it before a restore.") from error
    try:
        lock.write_note(f"{RESTORING} {os.getpid()}")
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def own_database() -> Iterator[None]:
    """Have a database with up-to-date tables inside the block, started only if need be.

    It stays until the block ends, even when the site that started it stops before.
    """
    server = local_server()
    with server.in_use() if server else contextlib.nullcontext():
        # Directly and once: the pool would try for long, and log every attempt.
        psycopg.connect(**{"connect_timeout": 10, **connection_parameters()}).close()
        lock = site_lock()
        if not lock.held():
            prepare_database()
        elif lock.note().startswith(RESTORING):
            raise RestoreUnderWay("A backup is just being restored; try again afterwards.")
        try:
            yield
        finally:
            connections.close_all()
            close_pool()


@contextlib.contextmanager
def own_workers(queues: Sequence[str]) -> Iterator[None]:
    """Have the queues served inside the block: by others, or by workers of our own."""
    with own_database(), OwnWorkers(queues) if queues else contextlib.nullcontext():
        yield


class OwnWorkers(threading.Thread):
    """Workers for queues that nobody serves, now or later: the other's worker may end any time."""

    def __init__(self, queues: Sequence[str]) -> None:
        super().__init__(name="own-workers", daemon=True)
        self._queues = queues
        self._services: list[Service] = []
        self._ours: set[str] = set()  # kept alive by their service
        self._served_at = dict.fromkeys(queues, time.monotonic())
        self._done = threading.Event()

    def __enter__(self) -> Self:
        try:
            if not site_running():
                self._start_missing()
                self._wait_until_served()
            self.start()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._done.set()
        self.join()
        self._end()

    def run(self) -> None:
        """Look after our workers, and see whether others are still there for the other queues."""
        while not self._done.wait(WATCH_S):
            for service in self._services:
                service.look()
            try:
                self._start_missing(SITE_GRACE_S if site_running() else 0.0)
            except (DatabaseError, OSError) as error:
                logger.warning("Looking after the workers failed, trying again: %s", error)
            finally:
                connection.close()

    def _start_missing(self, grace_s: float = 0.0) -> None:
        """Start a worker for the queues that nobody has served for longer than the grace."""
        now = time.monotonic()
        unserved = {one for one in self._queues if one not in self._ours and not is_served(one)}
        self._served_at |= dict.fromkeys(set(self._queues) - unserved, now)
        missing = sorted(one for one in unserved if now - self._served_at[one] >= grace_s)
        if missing:
            self._services.append(worker_service(missing))
            self._ours.update(missing)
            self._services[-1].start()

    def _wait_until_served(self) -> None:
        deadline = time.monotonic() + WORKER_START_TIMEOUT_S
        while not all(is_served(queue) for queue in self._queues):
            ended = any(service.pid is None for service in self._services)
            if ended or time.monotonic() > deadline:
                raise WorkerDidNotStart("The worker did not start; the lines above say why.")
            time.sleep(0.1)

    def _end(self) -> None:
        for service in self._services:
            service.terminate()
        for service in self._services:
            service.wait_or_kill(time.monotonic() + STOP_TIMEOUT_S)


def worker_service(queues: Sequence[str]) -> Service:
    """Return a worker process for the queues, not started yet."""
    argv = [sys.executable, "-m", "project.worker", *queues]
    env = {
        "DJANGO_SETTINGS_MODULE": "project.settings",
        "PYTHONPATH": python_path(),
        "CYTOLOOP_LOG_LEVEL": os.environ.get("CYTOLOOP_LOG_LEVEL", "WARNING"),
    }
    return Service("worker", argv, env=env)


def sentence(error: OSError | DatabaseError | psycopg.Error) -> str:
    """Say what a file, a disk or the database refused."""
    if isinstance(error, OSError):
        name = f"{error.filename}: " if error.filename else ""
        return f"{name}{error.strerror or error}."
    # PostgreSQL's first line is the fact, the others are hints for its administrator.
    told = (str(error).strip().splitlines() or [type(error).__name__])[0].strip()
    return f"The database does not do what is needed: {told}"


class HeadlessCommand(BaseCommand):
    """A command for scripts: `work` does it, `--json` prints its result for machines.

    Progress goes to stderr, the result to stdout. An expected failure is one sentence on stderr
    and exit code 1; with --json stdout gets it as the REST interface would say it.
    """

    requires_system_checks: list[str] = []
    queues: Sequence[str] = ()  # that must be served while `work` runs; empty: none

    def add_arguments(self, parser: CommandParser) -> None:
        """Add --json; a command that has arguments of its own calls this first."""
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def needed_queues(self, **options: Any) -> Sequence[str]:
        """Return the queues for these options; override when they depend on them."""
        return self.queues

    def work(self, **options: Any) -> dict[str, Any]:
        """Do it and return the result; raise PlatformError for what a person can mend."""
        raise NotImplementedError

    def text(self, result: dict[str, Any]) -> str:
        """Return the result for a person; override for something nicer."""
        return "\n".join(f"{name}: {value}" for name, value in result.items())

    def handle(self, *args: Any, **options: Any) -> None:
        """Run `work` with database and workers around it."""
        self._said_at = 0.0
        try:
            with own_workers(self.needed_queues(**options)):
                result = self.work(**options)
        except PlatformError as error:
            self._fail(options, code=error.code, message=error.message, data=error.data)
        except (OSError, DatabaseError, psycopg.Error) as error:
            logger.debug("The command failed.", exc_info=True)
            self._fail(options, code="unavailable", message=sentence(error), data={})
        except KeyboardInterrupt:
            self._end_progress()
            self.stderr.write("Stopped.")
            sys.exit(130)
        self._end_progress()
        self.stdout.write(json.dumps(result, default=str) if options["json"] else self.text(result))

    def _fail(self, options: dict[str, Any], **said: Any) -> NoReturn:
        """Say the sentence, for machines the whole error, and end with code 1."""
        self._end_progress()
        self.stderr.write(said["message"])
        if options["json"]:
            self.stdout.write(json.dumps(said, default=str))
        sys.exit(1)

    def progress(self, what: str, done: float | None = None, of: float | None = None) -> None:
        """Show how far the work is: one changing line on a terminal, else a line every 5 s."""
        share = f" {done:g}/{of:g}" if done is not None and of is not None else ""
        if sys.stderr.isatty():
            self._said_at = time.monotonic()
            sys.stderr.write(f"\r\033[K{what}{share}")
            sys.stderr.flush()
        elif time.monotonic() - self._said_at > 5:
            self._said_at = time.monotonic()
            sys.stderr.write(f"{what}{share}\n")

    def _end_progress(self) -> None:
        if sys.stderr.isatty() and self._said_at:
            sys.stderr.write("\r\033[K")
