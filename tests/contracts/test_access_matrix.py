"""Every address, every method, every kind of person: the smallest role holds everywhere."""

from __future__ import annotations

import asyncio
import json
import re
import time
import uuid
from functools import partial

import pytest
from asgiref.sync import async_to_sync
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from django.test import Client
from knox.models import get_token_model

from annotations.labels import envelope
from annotations.models import Membership, Project, Role
from project import tiles
from tests.annotations.painting import box_op, new_id, paint_box, sent
from tests.contracts import access
from tests.contracts.access import (
    ACCESS,
    ADMIN,
    ANYONE,
    API,
    LADDER,
    PERSON,
    STREAMS,
    UPLOADER,
    admin_routes,
    fill,
    methods,
    request,
    routes,
)
from tests.contracts.furnished import furnish
from tests.factories import UserFactory
from tests.people import client_of, make_person

pytestmark = pytest.mark.django_db
DOORS = ("admin/login/", "admin/logout/")
ROWS = [(method, route) for route, row in ACCESS.items() for method in row]


@pytest.fixture(autouse=True)
def quiet(caplog):
    """Keep hundreds of expected refusals out of the report of a failure."""
    caplog.set_level("CRITICAL", "django.request")


@pytest.fixture
def clients(people):
    """One client per kind of person; None is nobody."""
    everyone = {
        **people,  # the stranger owns another project
        "nobody here": UserFactory(username="nobody-here"),
        "admin": UserFactory(username="the-admin", is_superuser=True, is_staff=True),
    }
    return {"nobody": Client(), **{name: client_of(user) for name, user in everyone.items()}}


def expected(person, need, route):
    """Return what the person must be answered: works, login, forbidden or missing."""
    if need == ANYONE:
        return "works"
    if person == "nobody":
        return "login"
    if need == PERSON:
        return "works"
    if need == ADMIN:
        return "works" if person == "admin" else "login"
    if person not in LADDER:
        return "missing"
    if need == UPLOADER:
        return "works" if person == "annotator" else "missing"
    return "works" if LADDER.index(person) >= LADDER.index(need) else "forbidden"


def outcome(answer, route):
    """Tell what an answer means."""
    to_login = answer.status_code == 302 and "/login/" in answer["Location"]
    if answer.status_code == 401 or to_login or (route == "metrics" and answer.status_code == 403):
        return "login"
    if answer.status_code < 400:
        return "works"
    return {403: "forbidden", 404: "missing"}.get(answer.status_code, str(answer.status_code))


def asked(client, method, route, world, **given):
    """Send a request, take back all that it wrote, and return the answer."""
    return undone(client, lambda: request(client, method, route, world, **given))


def undone(client, ask):
    """Take back all that a request writes, a logout too, and return its answer."""
    session = client.cookies.get("sessionid")
    with transaction.atomic():
        answer = ask()
        transaction.set_rollback(True)
    client.cookies.clear()
    if session is not None:
        client.cookies["sessionid"] = session.value
    return answer


def offered():
    """Return every method of every address."""
    return {(method, route) for route, view in routes() for method in methods(view)}


def test_no_endpoint_is_forgotten():
    """A new endpoint needs a row in tests/contracts/access.py."""
    assert offered() - set(ROWS) == set(), "say in tests/contracts/access.py who may"
    assert set(ROWS) - offered() == set(), "take what is gone out of tests/contracts/access.py"


def test_every_address_asks_for_its_role(furnished, clients):
    wrong = []
    for method, route in sorted(set(ROWS) & offered()):
        for person, client in clients.items():
            answer = asked(client, method, route, furnished)
            want = expected(person, ACCESS[route][method], route)
            if outcome(answer, route) != want:
                wrong.append(f"{method} {route} as {person}: {answer.status_code}, not {want}")

    assert not wrong, "\n".join(wrong)


def test_the_administration_is_for_administrators(furnished, clients):
    wrong = []
    for route in admin_routes():
        path = re.sub(r"<[^>]*>", "1", "/" + route.replace("(?P<url>.*)$", "x"))
        for person in ("nobody", "stranger", "viewer", "owner"):
            answer = undone(clients[person], partial(clients[person].get, path))
            if outcome(answer, route) != "login" and route not in DOORS:
                wrong.append(f"{path} as {person}: {answer.status_code}")

    assert not wrong, "\n".join(wrong)
    assert clients["admin"].get("/admin/").status_code == 200


def test_what_does_not_exist_looks_like_what_one_may_not_see(furnished, clients):
    """An answer must not tell a stranger that a row is there."""
    wrong = []
    for method, route in sorted(set(ROWS) & offered()):
        ids = {name: uuid.uuid4() for name in furnished.ids(route) if name.endswith("_id")}
        if "<uuid:" not in route:
            continue
        there = asked(clients["stranger"], method, route, furnished)
        gone = asked(
            clients["stranger"],
            method,
            route,
            furnished,
            ids={**ids, "member_id": 1, "instance_id": 1},
        )
        if told(there) != told(gone):
            wrong.append(f"{method} {route}: {told(there)} against {told(gone)}")

    assert not wrong, "\n".join(wrong)


def told(answer):
    """Return all that a person can learn from a refusal."""
    if answer.headers.get("Content-Type") == "application/json" and answer.content:
        return answer.status_code, {**answer.json(), "request_id": ""}
    return answer.status_code, re.findall(r"<p[^>]*>.*?</p>", answer.content.decode())


def test_a_token_is_worth_what_its_person_is(furnished, people):
    token_of = get_token_model().objects.create
    wrong = []
    for person in ("viewer", "reviewer", "stranger"):
        _, token = token_of(user=people[person])
        client = Client(headers={"Authorization": f"Token {token}"})
        for method, route in sorted(set(ROWS) & offered()):
            need = ACCESS[route][method]
            if route.startswith(API):
                want = expected(person, need, route)
                found = outcome(asked(client, method, route, furnished), route)
                if found != want:
                    wrong.append(f"{method} {route} as {person}: {found}, not {want}")
            elif need in (*LADDER, PERSON):  # pages are for browsers: a session, no token
                found = outcome(asked(client, method, route, furnished), route)
                if found != "login":
                    wrong.append(f"{method} {route}: a token opens a page, {found}")

    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("change", ["made up", "removed", "expired", "person inactive"])
def test_a_token_that_is_no_longer_good_opens_nothing(furnished, people, change):
    row, token = get_token_model().objects.create(user=people["owner"])
    if change == "made up":
        token = "f" * len(token)
    elif change == "removed":
        row.delete()
    elif change == "expired":
        row.expiry = row.created
        row.save()
    else:
        people["owner"].is_active = False
        people["owner"].save()
    client = Client(headers={"Authorization": f"Token {token}"})

    assert request(client, "GET", API + access.PROJECT, furnished).status_code == 401


def test_another_site_cannot_act_in_a_persons_name(furnished, people):
    """Every change by a session needs the token against cross-site requests."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(people["owner"], backend="django.contrib.auth.backends.ModelBackend")
    wrong = []
    for method, route in sorted(set(ROWS) & offered()):
        if method not in ("GET", "HEAD"):
            answer = asked(client, method, route, furnished)
            if answer.status_code != 403:
                wrong.append(f"{method} {route}: {answer.status_code}")

    assert not wrong, "\n".join(wrong)


def test_who_left_or_was_locked_out_is_a_stranger_at_once(furnished, people, clients):
    Membership.objects.filter(user=people["reviewer"]).delete()
    people["owner"].is_active = False
    people["owner"].save()
    wrong = []
    for method, route in sorted(set(ROWS) & offered()):
        if ACCESS[route][method] in LADDER:
            for person, want in (("reviewer", "missing"), ("owner", "login")):
                found = outcome(asked(clients[person], method, route, furnished), route)
                if found != want:
                    wrong.append(f"{method} {route}, {person}: {found}, not {want}")

    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("role", [None, Role.VIEWER])
def test_an_upload_ends_with_the_right_to_upload(furnished, people, clients, role):
    Membership.objects.filter(user=people["annotator"]).delete()
    if role:
        make_person("annotator", furnished.project, role)
    route = API + "uploads/<uuid:upload_id>/"

    answer = asked(clients["annotator"], "PATCH", route, furnished)

    assert answer.status_code == (403 if role else 404)


# --- rows of another project in one's own requests ---------------------------------------------


@pytest.fixture
def foreign(people):
    """A furnished project of the stranger, who owns nothing here."""
    there = Project.objects.get(memberships__user=people["stranger"])
    return furnish(people["stranger"], make_person("helper", there, Role.ANNOTATOR), there)


def test_rows_of_another_project_are_refused_in_a_body(furnished, foreign, clients):
    layer, image, project = furnished.layer, furnished.image, furnished.project
    addresses = {
        "accept a foreign draft": (f"layers/{layer.pk}/accept/", {"draft": str(foreign.draft.pk)}),
        "a region on a foreign layer": (
            f"images/{image.pk}/regions/",
            {"layer": str(foreign.layer.pk), "row0": 0, "col0": 60, "row1": 9, "col1": 69},
        ),
        "start from a foreign version": (
            f"projects/{project.pk}/runs/",
            {"engine": "threshold", "start": f"version:{foreign.version.pk}"},
        ),
        "predict by a foreign version": (
            f"projects/{project.pk}/predictions/",
            {"version": str(foreign.version.pk)},
        ),
        "cancel predictions of a foreign version": (
            f"projects/{project.pk}/predictions/cancel/",
            {"version": str(foreign.version.pk)},
        ),
        "predict foreign images": (
            f"projects/{project.pk}/predictions/",
            {"version": str(furnished.version.pk), "images": [str(foreign.image.pk)]},
        ),
    }
    for name, (path, body) in addresses.items():
        answer = clients["owner"].post(
            f"/api/v1/{path}", json.dumps(body), content_type="application/json"
        )
        assert answer.status_code in (400, 404), f"{name}: {answer.status_code}"


def test_an_op_cannot_claim_objects_of_a_foreign_draft(furnished, foreign, people, clients):
    layer = furnished.layer
    wanted = new_id(people["owner"], layer)
    claim = {"layer": str(foreign.draft.pk), "instance_id": 1, "new_id": wanted}
    op = sent(box_op(layer, (60, 60, 70, 70), wanted), meta={"accepts": [claim]})

    answer = clients["owner"].post(
        f"/api/v1/layers/{layer.pk}/ops/",
        envelope.write(uuid.uuid4(), [op]),
        content_type="application/vnd.cytoloop.ops",
    )

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input")


def test_chunks_of_another_layer_cannot_be_read_through_ones_own(furnished, foreign, clients):
    paint_box(Membership.objects.get(project=foreign.project, role="owner").user, foreign.layer,
              (40, 40, 77, 61))  # fmt: skip
    digest = foreign.layer.chunks.first().digest

    answer = clients["owner"].get(f"/api/v1/layers/{furnished.layer.pk}/chunks/{digest}/")

    assert answer.status_code == 404


def test_members_are_changed_through_their_own_project_only(furnished, foreign, clients):
    for what in ("role", "remove", "link"):
        path = f"/projects/{furnished.project.pk}/people/{foreign.member.pk}/{what}/"
        assert clients["owner"].post(path, {"role": "owner"}).status_code == 404
    assert Membership.objects.filter(pk=foreign.member.pk, role="annotator").exists()


# --- tiles and event streams, through the raw ASGI application ---------------------------------


@pytest.fixture
def site():
    """The whole site as the server sees it, on the connection of the test."""
    from project.asgi import application

    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    yield application
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)
    for file in tiles._files.values():
        file.close()
    tiles._files.clear()


def raw(site, path, *, client=None, headers=()):
    """Return (status, headers, first bytes) of a GET; an endless answer is hung up on."""
    cookies = client.cookies.output(header="", sep=";").strip() if client else ""
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 1),
        "headers": [(b"host", b"localhost"), (b"cookie", cookies.encode()), *headers],
    }

    async def talk():
        answer = asyncio.Queue()
        asks = [{"type": "http.request", "body": b"", "more_body": False}]
        hung_up = asyncio.Event()

        async def receive():
            if asks:
                return asks.pop()
            await hung_up.wait()
            return {"type": "http.disconnect"}

        talking = asyncio.ensure_future(site(scope, receive, answer.put))
        start = await asyncio.wait_for(answer.get(), 20)
        body = await asyncio.wait_for(answer.get(), 20)
        hung_up.set()
        await asyncio.wait_for(talking, 20)
        return start["status"], dict(start["headers"]), body["body"]

    return async_to_sync(talk)()


def test_a_stream_opens_for_members_and_sends_no_byte_to_others(furnished, clients, site):
    refused = {"nobody": 401, "stranger": 404, "nobody here": 404, "admin": 404}
    assert len(STREAMS) >= 3
    for route in STREAMS:
        path = fill(route, furnished.ids(route))
        for person, status in refused.items():
            found, headers, body = raw(site, path, client=clients[person])
            assert (found, headers[b"Content-Type"]) == (status, b"application/json"), person
            assert json.loads(body)["code"] in ("not_found", "not_authenticated"), person
        status, headers, body = raw(site, path, client=clients["viewer"])
        assert (status, headers[b"Content-Type"]) == (200, b"text/event-stream"), route
        assert body == b": open\n\n", route


def test_a_tile_needs_the_token_of_its_own_image(furnished, foreign, clients, site):
    """The token names the pyramid, so that of one image never opens another's tiles."""
    own, other = tile_view(clients["viewer"], furnished), tile_view(clients["stranger"], foreign)

    assert own != other
    assert raw(site, f"{own}/0/0/0_0.jpg")[0] == 200
    for token in ("", "x", "A" * 96, own.removeprefix("/tiles/")[:-2] + "AA"):
        assert raw(site, f"/tiles/{token}/0/0/0_0.jpg", client=clients["owner"])[0] == 403
    view = {"ids": {"image_id": foreign.image.pk}}
    for person in ("owner", "admin"):
        route = API + access.IMAGE + "view/"
        assert asked(clients[person], "POST", route, furnished, **view).status_code == 404


def test_a_token_outlives_a_membership_by_an_hour_at_most(
    furnished, people, clients, site, monkeypatch
):
    """Tiles ask no database: that is what makes them cheap. What holds is the token's end."""
    address = tile_view(clients["viewer"], furnished)
    Membership.objects.filter(user=people["viewer"]).delete()

    assert (
        asked(clients["viewer"], "POST", API + access.IMAGE + "view/", furnished).status_code == 404
    )
    assert raw(site, f"{address}/0/0/0_0.jpg")[0] == 200
    now = time.time()
    monkeypatch.setattr(tiles.time, "time", lambda: now + 3601)
    assert raw(site, f"{address}/0/0/0_0.jpg")[0] == 403


def tile_view(client, world):
    """Ask for the tiles of the world's image; return the address before the plane."""
    return asked(client, "POST", API + access.IMAGE + "view/", world).json()["tiles"]
