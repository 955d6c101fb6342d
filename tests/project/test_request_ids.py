"""A request's id is the same in its answer, in its header and in the log."""

from __future__ import annotations

import asyncio
import io
import logging

import pytest
from django.test import AsyncClient, Client

from project.request_ids import AddRequestId, request_id


@pytest.fixture
def log():
    """The lines that the site's log would hold."""
    handler = logging.StreamHandler(io.StringIO())
    handler.addFilter(AddRequestId())
    handler.setFormatter(logging.Formatter("%(levelname)s%(request_note)s %(message)s"))
    logging.getLogger().addHandler(handler)
    yield handler.stream
    logging.getLogger().removeHandler(handler)


@pytest.mark.django_db
def test_an_expected_error_has_the_id_that_the_header_has(client):
    answer = client.get("/api/v1/projects/")

    assert answer.status_code == 401
    assert answer.json()["request_id"] == answer["X-Request-ID"]
    assert client.get("/livez")["X-Request-ID"] != answer["X-Request-ID"]


@pytest.mark.django_db
def test_an_unexpected_error_is_json_under_api_and_its_traceback_is_logged(
    log, monkeypatch, admin_user
):
    def fall(*args, **kwargs):
        raise ZeroDivisionError("by nothing")

    client = Client(raise_request_exception=False)
    client.force_login(admin_user, backend="django.contrib.auth.backends.ModelBackend")
    monkeypatch.setattr("rest_framework.views.APIView.initial", fall)

    answer = client.get("/api/v1/projects/")

    assert answer.status_code == 500
    assert answer["Content-Type"] == "application/json"
    body = answer.json()
    assert body["code"] == "internal_error"
    assert body["request_id"] == answer["X-Request-ID"]
    assert f"[{body['request_id']}] Internal Server Error: /api/v1/projects/" in log.getvalue()
    assert "ZeroDivisionError: by nothing" in log.getvalue()


@pytest.mark.django_db
def test_a_broken_page_says_its_id_too(log, monkeypatch):
    def fall(request):
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr("project.health._may_read_metrics", fall)

    answer = Client(raise_request_exception=False).get("/metrics")

    assert answer.status_code == 500
    assert answer["X-Request-ID"] in answer.content.decode()
    assert answer["X-Request-ID"] in log.getvalue()


@pytest.mark.django_db(transaction=True)
def test_requests_at_once_keep_their_ids_apart():
    async def scenario():
        client = AsyncClient()
        return await asyncio.gather(*(client.get("/api/v1/projects/") for _ in range(8)))

    answers = asyncio.run(scenario())

    assert all(one.json()["request_id"] == one["X-Request-ID"] for one in answers)
    assert len({one["X-Request-ID"] for one in answers}) == 8


def test_an_id_that_came_with_the_request_is_not_believed(client, db):
    answer = client.get("/livez", headers={"X-Request-ID": "made up"})

    assert answer["X-Request-ID"] != "made up"
    assert len(answer["X-Request-ID"]) == 32


def test_a_line_outside_of_a_request_has_no_id():
    import contextvars

    record = logging.makeLogRecord({})
    contextvars.Context().run(AddRequestId().filter, record)

    assert record.request_note == ""
    assert contextvars.Context().run(request_id) == ""
