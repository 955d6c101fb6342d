"""What a measurement happens in: a data folder of its own, and a database where it needs one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def data_folder(**environment: str) -> Iterator[Path]:
    """Let Django use a new data folder, with more of the environment if given; remove it after."""
    import django

    with _folder(environment) as folder:
        django.setup()
        yield folder


@contextmanager
def database() -> Iterator[Path]:
    """As `data_folder`, with the database of DATABASE_URL, or a fresh embedded one."""
    if os.environ.get("DATABASE_URL"):
        with data_folder() as folder:
            yield folder
        return
    import django
    from django.core.management import call_command

    from project.localdb import LocalServer

    with _folder({}) as folder:
        server = LocalServer(folder)
        try:
            server.start()
            django.setup()
            call_command("migrate", verbosity=0)
            yield folder
        finally:
            server.destroy()


@contextmanager
def _folder(environment: Mapping[str, str]) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="cytoloop-bench-") as folder:
        os.environ |= {"CYTOLOOP_DATA_DIR": folder, **environment}
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
        os.environ.setdefault("CYTOLOOP_LOG_LEVEL", "WARNING")
        yield Path(folder)
