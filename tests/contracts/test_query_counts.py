"""How many SQL statements reading costs: the same for one row as for twenty, and as written down.

query_counts.json is the baseline. After a change that is meant, write it anew:

    WRITE_QUERY_COUNTS=1 .venv/bin/python -m pytest tests/contracts/test_query_counts.py
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.contracts.access import ACCESS, LADDER, PERSON, methods, request, routes
from tests.contracts.furnished import furnish_more
from tests.people import client_of

pytestmark = pytest.mark.django_db
BASELINE = Path(__file__).with_name("query_counts.json")
AGAIN = "WRITE_QUERY_COUNTS=1 .venv/bin/python -m pytest tests/contracts/test_query_counts.py"


def counts(client, world):
    """Return the number of statements of a GET of every address that shows rows."""
    found = {}
    for route, view in routes():
        if ACCESS.get(route, {}).get("GET") not in (*LADDER, PERSON) or "GET" not in methods(view):
            continue
        if route.startswith("accounts/"):
            continue
        request(client, "GET", route, world)  # what a process reads once is not counted
        with CaptureQueriesContext(connection) as asked:
            answer = request(client, "GET", route, world)
        assert answer.status_code == 200, f"{route}: {answer.status_code}"
        said = [query["sql"] for query in asked.captured_queries]
        found[f"/{route}"] = sum("SAVEPOINT" not in sql for sql in said)
    return found


def test_reading_costs_the_same_for_many_rows_and_what_is_written_down(furnished, people):
    client = client_of(people["owner"])

    furnish_more(furnished, people["owner"], places=range(1))
    few = counts(client, furnished)
    furnish_more(furnished, people["owner"], places=range(1, 20))
    many = counts(client, furnished)

    grown = {route: f"{few[route]} → {many[route]}" for route in few if many[route] != few[route]}
    assert not grown, f"more rows, more statements (select_related, prefetch_related): {grown}"
    if os.environ.get("WRITE_QUERY_COUNTS"):
        BASELINE.write_text(json.dumps(few, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    written = json.loads(BASELINE.read_text(encoding="utf-8"))
    changed = {
        route: f"{written.get(route)} → {few.get(route)}"
        for route in written.keys() | few.keys()
        if written.get(route) != few.get(route)
    }
    assert not changed, f"{changed}\nIf that is meant: {AGAIN}"
