"""The test session's own world: a data directory, a queue in memory, and a database.

Loaded with `-p tests.database` before Django's settings are read. The database is the one that
DATABASE_URL names, else an embedded PostgreSQL server of our own, started when the first test
needs it and gone with the session.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

PREFIX = "cytoloop-test-"


def remove_leftovers() -> None:
    """Remove the folders of sessions that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        owner = folder.name.removeprefix(PREFIX).split("-")[0]
        if not owner.isdigit() or _runs(int(owner)):
            continue
        stop_server(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def stop_server(data_dir: Path) -> None:
    """Stop the embedded server of a data directory, if there is one."""
    if (data_dir / "postgres").exists():
        from project.localdb import LocalServer

        LocalServer(data_dir).stop()


def send_others_away() -> list[str]:
    """Let nobody into the test database any more; return who was in it beside this process' pool.

    A database with somebody in it cannot be dropped, and a thread or a server that ends a moment
    late is no reason for a session of good tests to fail.
    """
    from django.db import connection

    name = connection.settings_dict["NAME"]
    connection.close()
    connection.close_pool()
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {connection.ops.quote_name(name)} ALLOW_CONNECTIONS false")
        cursor.execute(
            "SELECT concat_ws(', ', application_name, state, query), pg_terminate_backend(pid) FROM"
            " pg_stat_activity WHERE datname = %s AND backend_type = 'client backend'",
            [name],
        )
        return [who for who, _ended in cursor.fetchall()]


def end_session(data_dir: Path, owner: int) -> None:
    """Stop the server and remove the folder, unless we are a forked copy of the session."""
    if os.getpid() == owner:
        stop_server(data_dir)
        shutil.rmtree(data_dir, ignore_errors=True)


remove_leftovers()
DATA_DIR = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
atexit.register(end_session, DATA_DIR, os.getpid())
EMBEDDED = not os.environ.get("DATABASE_URL")
os.environ["CYTOLOOP_DATA_DIR"] = str(DATA_DIR)
os.environ["BROKER_URL"] = "stub://"
os.environ["CYTOLOOP_OFFLINE"] = "1"
if EMBEDDED:
    from project.localdb import LocalServer

    LocalServer(DATA_DIR).ensure_password()  # the settings read it before the server starts
