"""The queue: how a task is sent, and which broker carries it.

The broker is a doorbell only. What there is to do, and how far it is, stands in rows
(`project.leases`), so a message that is lost or comes twice costs time and nothing else.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from typing import Any

import dramatiq
import psycopg
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection, transaction
from dramatiq import Actor, Broker, Message
from dramatiq.brokers.stub import StubBroker
from dramatiq.common import current_millis, dq_name
from dramatiq.encoder import JSONEncoder
from dramatiq.errors import BrokerConnectionError
from dramatiq.middleware import CurrentMessage, Middleware, Retries, TimeLimit
from dramatiq_postgres.broker import QUERIES, PostgresBroker
from dramatiq_postgres.django.apps import DramatiqPostgresConfig
from dramatiq_postgres.django.middleware import DbConnectionsMiddleware
from dramatiq_postgres.utils import make_pool, tidy4json
from psycopg.types.json import Json

from project.errors import QueueUnavailable
from project.postgres import connection_parameters

logger = logging.getLogger(__name__)

STUB_URL = "stub://"  # tests: messages stay in memory until a test looks at them
COMMON_QUEUES = ("images", "default")
CONSUMER_TIMEOUT_MS = 7 * 24 * 3_600_000  # a week: longer than any training
# Tests name their own here.
TASK_MODULES = os.environ.get("CYTOLOOP_TASK_MODULES", "annotations.tasks training.tasks").split()
ENGINE_QUEUES = ("predict", "train")  # each with .<engine>


class LazyPool:
    """A connection pool that opens on first use: a web process never needs one."""

    def __init__(self) -> None:
        self._pool: Any = None
        self._lock = threading.Lock()

    def getconn(self) -> psycopg.Connection[Any]:
        """Lend a connection."""
        with self._lock:
            if self._pool is None:
                self._pool = make_pool(connection_parameters("cytoloop queue"))
        connection: psycopg.Connection[Any] = self._pool.getconn()
        return connection

    def putconn(self, connection: psycopg.Connection[Any]) -> None:
        """Take a connection back."""
        self._pool.putconn(connection)

    def close(self) -> None:
        """Close all connections."""
        if self._pool is not None:
            self._pool.close()


class SiteBroker(PostgresBroker):  # type: ignore[misc]
    """The PostgreSQL broker, sending through Django's connection.

    Upstream sends through a pool of its own, so a message could leave before, or without, the
    row it speaks of. Written by the same transaction, both exist or neither.
    """

    def enqueue(self, message: Message[Any], *, delay: int | None = None) -> Message[Any]:
        """Write the message into the queue's table, as part of the current transaction."""
        self.emit_before("enqueue", message, delay)
        if delay:
            message = message.copy(queue_name=dq_name(message.queue_name))
            message.options["eta"] = current_millis() + delay
        row = (message.queue_name, message.message_id, Json(tidy4json(message)), delay or 0)
        with connection.cursor() as cursor:
            cursor.execute(QUERIES.ENQUEUE, row)  # type: ignore[arg-type]
        self.emit_after("enqueue", message, delay)
        return message

    def close(self) -> None:
        """Stop listening and close the pool."""
        super().close()
        self.pool.close()


class QueueTables(DramatiqPostgresConfig):  # type: ignore[misc]
    """The app that holds the queue's tables; upstream's would set a broker of its own."""

    def ready(self) -> None:
        """Set the broker before any task is declared."""
        install(make_broker(settings.BROKER_URL))


def make_broker(url: str) -> Broker:
    """Return the broker for BROKER_URL; an empty one means the database.

    Raises ImproperlyConfigured for any other address, or when its package is not installed.
    """
    middleware: list[Middleware] = [
        TimeLimit(),
        Retries(max_retries=0),  # every actor states its own number
        CurrentMessage(),
        DbConnectionsMiddleware(),
    ]
    if not url:
        broker: Broker = SiteBroker(pool=LazyPool(), results=False, middleware=middleware)
    elif url == STUB_URL:
        broker = StubBroker(middleware=middleware)
    elif url.startswith(("amqp://", "amqps://")):
        broker = _with_extra("rabbitmq", _rabbitmq, url, middleware)
    elif url.startswith(("redis://", "rediss://")):
        broker = _with_extra("redis", _redis, url, middleware)
    else:
        raise ImproperlyConfigured(
            "BROKER_URL must begin with amqp:// (RabbitMQ) or redis://, or be empty."
        )
    for queue in all_queues():
        broker.declare_queue(queue)
    return broker


def _with_extra(
    extra: str, make: Callable[[str, list[Middleware]], Broker], url: str, middleware: Any
) -> Broker:
    try:
        return make(url, middleware)
    except ImportError as error:
        raise ImproperlyConfigured(
            f"BROKER_URL needs a package that is not installed: pip install 'cytoloop[{extra}]'."
        ) from error


def _rabbitmq(url: str, middleware: list[Middleware]) -> Broker:
    from dramatiq.brokers.rabbitmq import RabbitmqBroker  # noqa: PLC0415 (an optional extra)

    class PatientRabbitmqBroker(RabbitmqBroker):
        """Lets a task take longer than half an hour.

        After `consumer_timeout` (30 minutes) RabbitMQ closes the channel and delivers the message
        of a running task again, for ever (dramatiq #827). RabbitMQ before 3.12 reads the argument
        over, there `consumer_timeout` belongs into rabbitmq.conf.
        """

        def _build_queue_arguments(self, queue_name: str) -> dict[str, Any]:
            arguments = super()._build_queue_arguments(queue_name)  # type: ignore[no-untyped-call]
            return {**arguments, "x-consumer-timeout": CONSUMER_TIMEOUT_MS}

    # confirm_delivery: a message is sent when the broker says so, not when the socket took it.
    return PatientRabbitmqBroker(url=url, middleware=middleware, confirm_delivery=True)


def _redis(url: str, middleware: list[Middleware]) -> Broker:
    from dramatiq.brokers.redis import RedisBroker  # noqa: PLC0415 (an optional extra)

    # By default a dead worker's messages are looked for in one of 1000 fetches, which took up to
    # 25 minutes; look at every fetch, and call a worker dead after a minute of silence.
    return RedisBroker(  # type: ignore[no-untyped-call]
        url=url, middleware=middleware, heartbeat_timeout=60_000, maintenance_chance=1_000_000
    )


def install(broker: Broker) -> None:
    """Make a broker the one of this process; messages are JSON, never pickles."""
    dramatiq.set_encoder(JSONEncoder())
    dramatiq.set_broker(broker)


def all_queues() -> list[str]:
    """Return every queue that a worker may serve."""
    engines = settings.CYTOLOOP_ENGINE_PYTHON
    return [*COMMON_QUEUES, *(f"{kind}.{engine}" for kind in ENGINE_QUEUES for engine in engines)]


def send(actor: Actor[Any, Any], *arguments: Any, queue: str | None = None) -> None:
    """Send a task, together with the current transaction.

    With the PostgreSQL broker the message is part of the transaction. Any other broker gets it
    right after the commit: when it does not answer then, the row is there all the same, and the
    reaper rings for it later.

    Raises QueueUnavailable when the database refuses the message.
    """
    message = actor.message(*arguments)
    if queue is not None:
        message = message.copy(queue_name=queue)
    broker = dramatiq.get_broker()
    if isinstance(broker, SiteBroker):
        _enqueue(broker, message)
    else:
        # No partial: Django asks for the name of a function that failed.
        transaction.on_commit(lambda: _enqueue_later(broker, message), robust=True)


def _enqueue(broker: Broker, message: Message[Any]) -> None:
    try:
        broker.enqueue(message)
    except (BrokerConnectionError, DatabaseError) as error:
        raise QueueUnavailable(
            "The work could not be queued because the queue does not answer; try again."
        ) from error


def _enqueue_later(broker: Broker, message: Message[Any]) -> None:
    try:
        _enqueue(broker, message)
    except QueueUnavailable as error:
        logger.warning("%s waits without a message: %s", message, error.__cause__)


def is_waiting(argument: str) -> bool:
    """Tell whether a message with this first argument is known to wait or to be worked on.

    Only the database can be asked; other brokers answer False, and a message too many is sent.
    """
    if not isinstance(dramatiq.get_broker(), SiteBroker):
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM dramatiq.queue WHERE state IN ('queued', 'consumed')"
            " AND message->'args'->>0 = %s LIMIT 1",
            [argument],
        )
        return cursor.fetchone() is not None
