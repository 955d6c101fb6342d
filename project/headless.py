"""Management commands that work like the site, with or without a running site."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import connections

from project.errors import PlatformError, Unavailable
from project.services import Service
from project.supervisor import (
    STOP_TIMEOUT_S,
    close_pool,
    local_server,
    prepare_database,
    python_path,
    site_lock,
)
from project.worker import is_served

WORKER_START_TIMEOUT_S = 60


class WorkerDidNotStart(Unavailable):
    """A command's own worker never began to serve."""

    code = "worker_did_not_start"


def site_running() -> bool:
    """Tell whether `manage.py up` runs on this data directory."""
    return site_lock().held()


@contextlib.contextmanager
def own_database() -> Iterator[None]:
    """Have a database with up-to-date tables inside the block, started only if need be."""
    server = local_server()
    if site_running():
        yield
        return
    with server.in_use() if server else contextlib.nullcontext():
        prepare_database()
        try:
            yield
        finally:
            connections.close_all()
            close_pool()


@contextlib.contextmanager
def own_workers(queues: Sequence[str]) -> Iterator[None]:
    """Have the queues served inside the block: by the site, or by a worker of our own."""
    with own_database():
        missing = [] if site_running() else [queue for queue in queues if not is_served(queue)]
        if not missing:
            yield
            return
        argv = [sys.executable, "-m", "project.worker", *missing]
        env = {
            "DJANGO_SETTINGS_MODULE": "project.settings",
            "PYTHONPATH": python_path(),
            "CYTOLOOP_LOG_LEVEL": os.environ.get("CYTOLOOP_LOG_LEVEL", "WARNING"),
        }
        worker = Service("worker", argv, env=env)
        worker.start()
        try:
            _wait_until_served(worker, missing)
            yield
        finally:
            worker.terminate()
            worker.wait_or_kill(time.monotonic() + STOP_TIMEOUT_S)


def _wait_until_served(worker: Service, queues: Sequence[str]) -> None:
    deadline = time.monotonic() + WORKER_START_TIMEOUT_S
    while not all(is_served(queue) for queue in queues):
        if worker.pid is None or time.monotonic() > deadline:
            raise WorkerDidNotStart("The worker did not start; the lines above say why.")
        time.sleep(0.1)


class HeadlessCommand(BaseCommand):
    """A command for scripts: `work` does it, `--json` prints its result for machines.

    Progress goes to stderr, the result to stdout. An expected failure is one sentence on stderr
    and exit code 1.
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
            self._end_progress()
            self.stderr.write(error.message)
            sys.exit(1)
        except KeyboardInterrupt:
            self._end_progress()
            self.stderr.write("Stopped.")
            sys.exit(130)
        self._end_progress()
        self.stdout.write(json.dumps(result, default=str) if options["json"] else self.text(result))

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
