"""Looking changes nothing: GET, HEAD and OPTIONS write neither rows nor files, on any address."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.contracts.access import ACCESS, fill, methods, request, routes
from tests.people import client_of

pytestmark = pytest.mark.django_db
WRITES = re.compile(
    r"\s*(INSERT|UPDATE|DELETE|TRUNCATE|CREATE|ALTER|DROP)\b|.*pg_notify", re.I | re.S
)
LOCKS = re.compile(r"\bFOR (NO KEY )?UPDATE\b")

TRIES = re.compile(r'.* "cache" .*:allauth:rl:|DELETE FROM "cache"', re.S)  # counted by any method


def files_in(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_looking_writes_nothing(furnished, people, data_dir, method):
    client = client_of(people["owner"])
    before = files_in(data_dir)
    wrong = []
    for route, view in routes():
        if route not in ACCESS:
            continue
        if method == "OPTIONS":
            with CaptureQueriesContext(connection) as asked:
                client.options(fill(route, furnished.ids(route)))
        elif method in methods(view) or (method == "HEAD" and "GET" in methods(view)):
            with CaptureQueriesContext(connection) as asked:
                request(client, method, route, furnished)
        else:
            continue
        said = [query["sql"] for query in asked.captured_queries]
        wrong += [
            f"{method} {route}: {sql[:150]}"
            for sql in said
            if (WRITES.match(sql) or LOCKS.search(sql))
            and not (route.startswith("accounts/") and TRIES.match(sql))
        ]

    assert not wrong, "\n".join(wrong)
    assert files_in(data_dir) == before
