from __future__ import annotations

import importlib
import shutil
import socket
import subprocess

import dramatiq
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from django.urls import reverse
from dramatiq.encoder import JSONEncoder
from dramatiq.errors import ConnectionClosed

from annotations.models import Project
from project.broker import all_queues, install, is_waiting, make_broker, send
from project.worker import matching
from tests.running_site import wait_for

RabbitMQ, Redis = "rabbitmq-server", "redis-server"


@dramatiq.actor(queue_name="default", max_retries=0, time_limit=1000, priority=0)
def ring(pk: str) -> None:
    """Do nothing."""


def queued() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT message->'args'->>0 FROM dramatiq.queue ORDER BY position")
        return [argument for (argument,) in cursor.fetchall()]


@pytest.fixture
def empty_table(transactional_db, real_broker):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM dramatiq.queue")


def test_a_message_goes_with_its_transaction_or_not_at_all(empty_table):
    with transaction.atomic():
        send(ring, "kept")
    with transaction.atomic():
        send(ring, "undone")
        transaction.set_rollback(True)
    send(ring, "alone")

    assert queued() == ["kept", "alone"]
    assert is_waiting("kept")
    assert not is_waiting("undone")


def test_a_message_can_be_sent_to_the_queue_of_an_engine(empty_table):
    send(ring, "a", queue="train.stardist")

    with connection.cursor() as cursor:
        cursor.execute("SELECT queue_name FROM dramatiq.queue")
        assert cursor.fetchall() == [("train.stardist",)]


@pytest.mark.django_db
def test_a_broker_without_transactions_gets_the_message_after_the_commit(
    django_capture_on_commit_callbacks, sent_messages
):
    with django_capture_on_commit_callbacks(execute=True):
        send(ring, "later")
        assert sent_messages() == []

    assert sent_messages() == [("default", "ring", ("later",))]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("error", [ConnectionClosed("gone"), RuntimeError("of any other kind")])
def test_what_was_committed_stays_when_the_broker_does_not_answer(monkeypatch, caplog, error):
    def refuse(message, delay=None):
        raise error

    monkeypatch.setattr(dramatiq.get_broker(), "enqueue", refuse)

    with transaction.atomic():
        project = Project.objects.create(name="Nuclei")
        send(ring, "later")

    assert Project.objects.filter(pk=project.pk).exists()
    assert str(error) in caplog.text


def test_messages_are_json_and_never_pickles():
    assert isinstance(dramatiq.get_encoder(), JSONEncoder)


def test_every_task_states_its_four_options():
    for name in ("annotations.tasks", "training.tasks"):
        importlib.import_module(name)

    for actor in dramatiq.get_broker().actors.values():
        assert {"max_retries", "time_limit"} <= set(actor.options), actor.actor_name
        assert actor.queue_name in {*all_queues(), "train.threshold"}, actor.actor_name
        assert isinstance(actor.priority, int)


def test_an_address_of_an_unknown_kind_is_refused():
    with pytest.raises(ImproperlyConfigured, match="must begin with"):
        make_broker("http://localhost")


def test_the_workers_of_a_laptop_serve_every_queue_once(settings):
    from project.supervisor import worker_groups

    served = [queue for group in worker_groups() for queue in matching(group, set(all_queues()))]

    assert sorted(served) == sorted(all_queues())


@pytest.mark.django_db
def test_health_and_schema_answer(client):
    assert client.get("/livez").status_code == 200
    assert client.get("/readyz").json() == dict.fromkeys(
        ["database", "migrations", "storage", "queue"], "ok"
    )
    assert client.get("/metrics").status_code == 403


@pytest.mark.django_db
def test_an_administrator_reads_the_metrics(admin_client):
    text = admin_client.get("/metrics").content.decode()

    assert "cytoloop_free_bytes" in text
    assert admin_client.get(reverse("api-schema")).status_code == 200


@pytest.mark.django_db
def test_a_data_directory_that_cannot_be_written_is_not_ready(client, settings, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    settings.CYTOLOOP_DATA_DIR = blocked

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["storage"] == "failed"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def redis_url(tmp_path):
    if shutil.which(Redis) is None:
        pytest.skip("redis-server is not installed on this machine")
    port = free_port()
    command = [Redis, "--port", str(port), "--dir", str(tmp_path), "--save", ""]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    wait_for(lambda: listens(port))
    yield f"redis://127.0.0.1:{port}/0"
    server.terminate()
    server.wait()


@pytest.fixture
def rabbitmq_url(tmp_path):
    if shutil.which(RabbitMQ) is None:
        pytest.skip("rabbitmq-server is not installed on this machine")
    port = free_port()
    import os

    env = {
        **os.environ,
        "RABBITMQ_NODENAME": f"cytoloop{port}@localhost",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_MNESIA_BASE": str(tmp_path / "mnesia"),
        "RABBITMQ_LOG_BASE": str(tmp_path / "log"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(tmp_path / "plugins"),
        "RABBITMQ_PID_FILE": str(tmp_path / "pid"),
    }
    program = "/usr/lib/rabbitmq/bin/rabbitmq-server"
    server = subprocess.Popen([program], env=env, stdout=subprocess.DEVNULL, start_new_session=True)
    wait_for(lambda: listens(port) or server.poll() is not None)
    if server.poll() is not None:
        pytest.skip("rabbitmq-server does not start on this machine")
    yield f"amqp://guest:guest@127.0.0.1:{port}/"
    server.terminate()
    server.wait(timeout=30)


def carries_a_message(url: str) -> bool:
    from dramatiq.worker import Worker

    before = dramatiq.get_broker()
    broker = make_broker(url)
    install(broker)
    heard: list[str] = []
    try:
        actor = dramatiq.actor(
            heard.append,
            actor_name="hear",
            queue_name="default",
            max_retries=0,
            time_limit=1000,
            priority=0,
            broker=broker,
        )
        worker = Worker(broker, worker_threads=1)
        worker.start()
        send(actor, "hello")
        wait_for(lambda: bool(heard))
        worker.stop()
        broker.close()
    finally:
        install(before)
    return heard == ["hello"]


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_redis_carries_messages_and_looks_after_dead_workers(redis_url, socket_enabled):
    broker = make_broker(redis_url)
    assert (broker.heartbeat_timeout, broker.maintenance_chance) == (60_000, 1_000_000)

    assert carries_a_message(redis_url)


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_rabbitmq_carries_messages(rabbitmq_url, socket_enabled):
    assert carries_a_message(rabbitmq_url)
