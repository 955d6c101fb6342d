"""`manage.py up`: database, migrations, web and workers as one command, with a clean stop."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import connection, connections

from project.accounts import make_owner, new_login_path
from project.env import env_secret
from project.errors import Conflict, PlatformError, Unavailable
from project.filelock import FileLock, LockHeld
from project.localdb import LocalServer
from project.services import Service
from project.storage import write_atomically

logger = logging.getLogger(__name__)

RESTORING = "restore"  # stands in the lock's note instead of an address
READY_TIMEOUT_S = 120  # as long as the database may take to recover
STOP_TIMEOUT_S = 35  # a worker takes up to 30 s to hand its job back
WATCH_S = 0.2  # a person who pressed Ctrl-C should not notice
DATABASE_WATCH_S = 1.0


class AlreadyRunning(Conflict):
    """Another site runs on this data directory."""

    code = "already_running"


class SiteDidNotStart(Unavailable):
    """The site never said that it is ready."""

    code = "site_did_not_start"


def site_lock() -> FileLock:
    """Return the lock that a running site holds; its note is `URL process`."""
    return FileLock(Path(settings.CYTOLOOP_DATA_DIR) / "site.lock")


def running_url() -> str:
    """Return the address of the site that runs on this data directory; empty when none does."""
    lock = site_lock()
    url = lock.note().partition(" ")[0] if lock.held() else ""
    return "" if url == RESTORING else url


def local_server() -> LocalServer | None:
    """Return the embedded server, or None when DATABASE_URL names another one."""
    if env_secret("DATABASE_URL"):
        return None
    return LocalServer(Path(settings.CYTOLOOP_DATA_DIR))


def prepare_database() -> None:
    """Bring tables, cache table and static files up to date; quick when nothing changed."""
    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)


def worker_groups() -> list[list[str]]:
    """Return the queue patterns of each worker process."""
    groups = [group.split() for group in settings.CYTOLOOP_WORKERS.split("|")]
    return [group for group in groups if group]


class Site:
    """Everything that `manage.py up` starts, and stops again."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._stop = threading.Event()
        self._lock = site_lock()
        self._server = local_server()
        self._services: list[Service] = []
        self._listening: socket.socket | None = None  # kept open for every next web process

    def run(self) -> int:
        """Start everything, keep it running until SIGINT or SIGTERM, stop everything.

        Raises AlreadyRunning, SiteDidNotStart, LocalDatabaseError.
        """
        self._take_lock()
        try:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, self._ask_to_stop)
            with self._server.in_use() if self._server else contextlib.nullcontext():
                try:
                    self._start()
                    self._watch()
                finally:
                    self._stop_all()
        finally:
            self._lock.release()
        return 0

    def _take_lock(self) -> None:
        try:
            self._lock.acquire()
        except LockHeld as error:
            url, _, pid = str(error.data["note"]).partition(" ")
            if url == RESTORING:
                raise AlreadyRunning(
                    f"A backup is just being restored (process {pid}); start again afterwards."
                ) from error
            raise AlreadyRunning(
                f"cytoloop is already running at {url or 'an address not known yet'}"
                f" (process {pid or 'unknown'}); use that, or stop it first."
            ) from error

    def _start(self) -> None:
        listening = self._listening = listen(settings.CYTOLOOP_HOST, settings.CYTOLOOP_PORT)
        url = site_url(listening)
        self._lock.write_note(f"{url} {os.getpid()}")
        prepare_database()
        collect_static_files()
        link = self._login_link(url)
        # The children open their own connections; ours would outlive the database.
        connections.close_all()
        close_pool()
        self._start_services(listening)
        if not self._wait_until_ready(url):
            return
        if link:
            self._say(f"Log in once as {settings.CYTOLOOP_OWNER}: {link}")
        self._say(f"cytoloop ready at {url}")

    def _start_services(self, listening: socket.socket) -> None:
        number = listening.fileno()
        web = [sys.executable, "-m", "project.web", str(number)]
        env = {"DJANGO_SETTINGS_MODULE": "project.settings", "PYTHONPATH": python_path()}
        self._services.append(Service("web", web, env=env, pass_fds=[number]))
        for group in worker_groups():
            argv = [sys.executable, "-m", "project.worker", *group]
            self._services.append(Service(f"worker {' '.join(group)}", argv, env=env))
        for service in self._services:
            service.start()

    def _wait_until_ready(self, url: str) -> bool:
        """Wait for /readyz; False when we are asked to stop meanwhile."""
        deadline = time.monotonic() + READY_TIMEOUT_S
        web = self._services[0]
        while not self._stop.is_set():
            if answers(f"{url}/readyz"):
                return True
            if web.n_starts > 3 or time.monotonic() > deadline:
                raise SiteDidNotStart("The site did not get ready; the lines above say why.")
            self._look()
            self._stop.wait(0.1)
        return False

    def _watch(self) -> None:
        looked_at = time.monotonic()
        while not self._stop.wait(WATCH_S):
            self._look()
            if self._server is not None and time.monotonic() - looked_at > DATABASE_WATCH_S:
                looked_at = time.monotonic()
                self._look_at_database(self._server)

    def _look(self) -> None:
        for service in self._services:
            service.look()

    def _look_at_database(self, server: LocalServer) -> None:
        if server.postmaster() is not None:
            return
        logger.warning("The database server ended; it is started again.")
        try:
            server.start()
        except PlatformError as error:
            logger.error("%s", error.message)

    def _stop_all(self) -> None:
        deadline = time.monotonic() + STOP_TIMEOUT_S
        for service in self._services:
            service.terminate()
        for service in self._services:
            service.wait_or_kill(deadline)
        if self._listening is not None:
            self._listening.close()
        close_pool()

    def _login_link(self, url: str) -> str:
        owner = make_owner()
        return "" if owner.has_usable_password() else f"{url}{new_login_path(owner)}"

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        if self._stop.is_set():
            for service in self._services:  # asked twice: no grace
                service.wait_or_kill(0)
        self._stop.set()


def listen(host: str, port: int) -> socket.socket:
    """Open the site's socket; port 0 takes any free one.

    Raises SiteDidNotStart when the port is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise SiteDidNotStart(
            f"Port {port} of {host} cannot be used ({error.strerror}); "
            "choose another with CYTOLOOP_PORT, or 0 for any free one."
        ) from error
    listening.listen(2048)
    listening.set_inheritable(True)
    return listening


def site_url(listening: socket.socket) -> str:
    """Return the address to open in a browser."""
    host, port = listening.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # noqa: S104 (compared, not bound)
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def answers(url: str) -> bool:
    """Tell whether the address answers 200; it is our own, so no proxy is asked."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def collect_static_files() -> None:
    """Collect the static files when one of them changed since the last time."""
    stamp = Path(settings.CYTOLOOP_DATA_DIR) / "static.stamp"
    state = static_state()
    if stamp.exists() and stamp.read_text() == state and Path(settings.STATIC_ROOT).exists():
        return
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    write_atomically(stamp, state.encode())


def static_state() -> str:
    """Return a digest of the names, sizes and times of all static files."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list([]):
            status = Path(storage.path(name)).stat()
            digest.update(f"{name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def close_pool() -> None:
    """Close Django's connection pool; it opens again when it is needed."""
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]


def python_path() -> str:
    """Return PYTHONPATH with the project's folder, so that the children find it anywhere."""
    return os.pathsep.join([str(settings.BASE_DIR), *filter(None, [os.environ.get("PYTHONPATH")])])
