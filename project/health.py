"""What machines ask the site: does it live, is it ready, how much is waiting."""

from __future__ import annotations

import hmac
import logging
import tempfile
from collections.abc import Callable

import dramatiq
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from dramatiq.brokers.stub import StubBroker

from project.broker import SiteBroker
from project.leases import registered_models
from project.storage import free_bytes, scratch_dir

logger = logging.getLogger(__name__)

# Full of half-written images is as bad as full: uploads are refused below this.
LOW_DISK_BYTES = 200 << 20


def check_database() -> None:
    """Ask the database something."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def check_migrations() -> None:
    """Raise when tables are older than the code."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise RuntimeError("migrations are waiting")


def check_storage() -> None:
    """Write a byte into the data directory."""
    with tempfile.TemporaryFile(dir=scratch_dir()) as file:
        file.write(b"x")
        file.flush()
    if free_bytes() < LOW_DISK_BYTES:
        raise RuntimeError("the disk is almost full")


def check_queue() -> None:
    """Reach the broker."""
    broker = dramatiq.get_broker()
    if isinstance(broker, SiteBroker):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM dramatiq.queue LIMIT 1")
    elif hasattr(broker, "connection"):  # RabbitMQ
        broker.connection  # noqa: B018 (opens it)
    elif hasattr(broker, "client"):  # Redis
        broker.client.ping()
    elif not isinstance(broker, StubBroker):
        raise RuntimeError("the broker is of an unknown kind")


CHECKS: dict[str, Callable[[], None]] = {
    "database": check_database,
    "migrations": check_migrations,
    "storage": check_storage,
    "queue": check_queue,
}


@never_cache
@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    """Answer as long as the process serves at all."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 when everything a request may need works, else 503; details go to the log."""
    answers = dict.fromkeys(CHECKS, False)
    for name, check in CHECKS.items():
        answers[name] = _passes(name, check)
        if not answers["database"]:
            break  # the others would each wait for it as long again
    return JsonResponse(
        {name: "ok" if passed else "failed" for name, passed in answers.items()},
        status=200 if all(answers.values()) else 503,
    )


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer the counts that an operator watches, in Prometheus' text format.

    Only for administrators and, with CYTOLOOP_METRICS_TOKEN, for a scraper that sends it.
    """
    if not _may_read_metrics(request):
        return HttpResponse("Log in as an administrator.\n", status=403, content_type="text/plain")
    lines = [
        "# HELP cytoloop_rows Rows that workers look after, by kind and state.",
        "# TYPE cytoloop_rows gauge",
    ]
    with connection.cursor() as cursor:
        for model in registered_models():
            table = connection.ops.quote_name(model._meta.db_table)
            cursor.execute(f"SELECT state, count(*) FROM {table} GROUP BY state ORDER BY state")  # noqa: S608 (our own table)
            lines += [
                f'cytoloop_rows{{kind="{model._meta.model_name}",state="{state}"}} {count}'
                for state, count in cursor.fetchall()
            ]
        lines += [
            "# HELP cytoloop_messages Messages in the queue.",
            "# TYPE cytoloop_messages gauge",
        ]
        cursor.execute(
            "SELECT queue_name, state, count(*) FROM dramatiq.queue GROUP BY 1, 2 ORDER BY 1, 2"
        )
        lines += [
            f'cytoloop_messages{{queue="{queue}",state="{state}"}} {count}'
            for queue, state, count in cursor.fetchall()
        ]
    lines += [
        "# HELP cytoloop_free_bytes Room left in the data directory.",
        "# TYPE cytoloop_free_bytes gauge",
        f"cytoloop_free_bytes {free_bytes()}",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4")


def _may_read_metrics(request: HttpRequest) -> bool:
    token = settings.CYTOLOOP_METRICS_TOKEN
    sent = request.headers.get("Authorization", "").encode()
    if token and hmac.compare_digest(sent, f"Bearer {token}".encode()):
        return True
    return bool(request.user.is_authenticated and request.user.is_superuser)


def _passes(name: str, check: Callable[[], None]) -> bool:
    try:
        check()
    except Exception as error:  # noqa: BLE001 (whatever it is, the site is not ready)
        logger.warning("The check of %s failed: %r", name, error)
        return False
    return True
