"""Fixtures that every test may use."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import dramatiq
import pytest
from dramatiq.brokers.stub import StubBroker
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from tests import database

pytest_plugins = ["tests.people"]

# How long an example takes says how busy the machine is, and nothing of the product.
hypothesis_settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("any machine")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("processes"):
            item.fixturenames.insert(0, "real_broker")  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """Start the embedded server when the first test wants the database."""
    if database.EMBEDDED:
        from project.localdb import LocalServer

        LocalServer(database.DATA_DIR).start()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker, pytestconfig) -> Iterator[None]:
    """Make the test database as pytest-django does, and end all sessions in it before its end."""
    yield
    with django_db_blocker.unblock():
        others = database.send_others_away()
    if others:
        capture = pytestconfig.pluginmanager.getplugin("capturemanager")
        with capture.global_and_fixture_disabled():
            print("\nStill in the test database at the end:", *others, sep="\n  ", file=sys.stderr)


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, settings) -> Path:
    """Give every test a data directory of its own."""
    settings.CYTOLOOP_DATA_DIR = tmp_path / "data"
    settings.CYTOLOOP_DATA_DIR.mkdir()
    return settings.CYTOLOOP_DATA_DIR


@pytest.fixture(autouse=True)
def static_files_without_a_manifest(settings) -> None:
    """Let pages render without `collectstatic`."""
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)  # WhiteNoise warns otherwise
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture(autouse=True)
def front_end_stands_in(monkeypatch, tmp_path: Path) -> None:
    """Let pages render where the front end is not built; a real build is used as it is."""
    from project.templatetags import vite

    if not vite.MANIFEST.exists():
        entries = {f"src/{name}.tsx": {"file": f"assets/{name}.js"} for name in ("pages", "editor")}
        (tmp_path / "manifest.json").write_text(json.dumps(entries))
        monkeypatch.setattr(vite, "MANIFEST", tmp_path / "manifest.json")


@pytest.fixture(autouse=True)
def empty_queue() -> None:
    """Forget the messages of the test before."""
    broker = dramatiq.get_broker()
    if isinstance(broker, StubBroker):
        broker.flush_all()


@pytest.fixture
def sent_messages():
    """Return a function that lists the messages sent so far: (queue, task, arguments)."""

    def messages(queue: str | None = None) -> list[tuple[str, str, tuple]]:
        broker = dramatiq.get_broker()
        names = [queue] if queue else list(broker.queues)
        waiting = [
            dramatiq.Message.decode(raw)
            for name in names
            for raw in list(broker.queues[name].queue)
        ]
        return [(m.queue_name, m.actor_name, tuple(m.args)) for m in waiting]

    return messages


@pytest.fixture
def real_broker() -> Iterator[dramatiq.Broker]:
    """Send messages through the database, as the site does (automatic for `processes`)."""
    from project.broker import install, make_broker

    stub = dramatiq.get_broker()
    broker = make_broker("")
    broker.actors.update(stub.actors)
    install(broker)
    yield broker
    install(stub)
    broker.close()


@pytest.fixture
def site_environment(transactional_db, data_dir) -> dict[str, str]:
    """Return the environment in which a real process finds the test's database and data."""
    from psycopg.conninfo import make_conninfo

    from project.postgres import connection_parameters

    return {
        **os.environ,
        "DATABASE_URL": make_conninfo(**connection_parameters()),
        "CYTOLOOP_DATA_DIR": str(data_dir),
        "BROKER_URL": "",
        "DJANGO_SETTINGS_MODULE": "project.settings",
    }
