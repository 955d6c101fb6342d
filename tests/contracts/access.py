"""Who may what: for every address and method the smallest role, and a request that works.

A new endpoint needs a row here; tests/contracts/test_access_matrix.py finds one that has none.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import URLPattern, URLResolver, get_resolver

from annotations.actions.uploads import path_of
from annotations.labels import envelope
from tests.annotations.painting import box_op, sent
from tests.contracts.furnished import Furnished

ANYONE, PERSON, ADMIN = "anyone", "person", "admin"
VIEWER, ANNOTATOR, REVIEWER, OWNER = "viewer", "annotator", "reviewer", "owner"
UPLOADER = "uploader"  # nobody but who began it
LADDER = (VIEWER, ANNOTATOR, REVIEWER, OWNER)

API = "api/v1/"
PROJECT = "projects/<uuid:project_id>/"
IMAGE = "images/<uuid:image_id>/"
LAYER = "layers/<uuid:layer_id>/"
REGION = "regions/<uuid:region_id>/"
PEOPLE = PROJECT + "people/"
MEMBER = PEOPLE + "<int:member_id>/"

LOOK = {"GET": VIEWER}

ACCESS: dict[str, dict[str, str]] = {
    "livez": {"GET": ANYONE},
    "readyz": {"GET": ANYONE},
    "metrics": {"GET": ADMIN},
    "api/schema/": {"GET": ANYONE},
    "login/once/<str:uidb64>/<str:token>/": {"GET": ANYONE, "POST": ANYONE},
    "accounts/login/": {"GET": ANYONE, "POST": ANYONE, "PUT": ANYONE},
    "accounts/logout/": {"GET": ANYONE, "POST": ANYONE},
    "accounts/inactive/": {"GET": ANYONE},
    "accounts/signup/": {"GET": ANYONE, "POST": ANYONE, "PUT": ANYONE},
    "accounts/reauthenticate/": {"GET": PERSON, "POST": PERSON, "PUT": PERSON},
    "accounts/password/change/": {"GET": PERSON, "POST": PERSON, "PUT": PERSON},
    "accounts/password/set/": {"GET": PERSON, "POST": PERSON, "PUT": PERSON},
    # --- the REST interface: images and labels
    API + "projects/": {"GET": PERSON, "POST": PERSON},
    API + PROJECT: {"GET": VIEWER, "PATCH": OWNER},
    API + PROJECT + "images/": LOOK,
    API + PROJECT + "uploads/": {"POST": ANNOTATOR},
    API + PROJECT + "classes/": {"GET": VIEWER, "POST": REVIEWER},
    API + "classes/<uuid:class_id>/": {"GET": VIEWER, "PATCH": REVIEWER, "DELETE": REVIEWER},
    API + PROJECT + "events/": LOOK,
    API + "uploads/<uuid:upload_id>/": {"HEAD": UPLOADER, "PATCH": UPLOADER, "DELETE": UPLOADER},
    API + IMAGE: {"GET": VIEWER, "PATCH": ANNOTATOR, "DELETE": REVIEWER},
    API + IMAGE + "view/": {"GET": VIEWER, "POST": VIEWER},
    API + IMAGE + "retry/": {"POST": ANNOTATOR},
    API + IMAGE + "thumbnail/": LOOK,
    API + IMAGE + "histogram/": LOOK,
    API + IMAGE + "original/": LOOK,
    API + IMAGE + "activity/": {"POST": ANNOTATOR},
    API + IMAGE + "layers/": {"GET": VIEWER, "POST": ANNOTATOR},
    API + IMAGE + "regions/": {"GET": VIEWER, "POST": ANNOTATOR},
    API + PROJECT + "view-settings/": {"GET": VIEWER, "PUT": VIEWER},
    API + IMAGE + "values/<int:row>/<int:column>/": LOOK,
    API + IMAGE + "pixels/<int:plane>/<int:level>/<int:column>/<int:row>/": LOOK,
    API + IMAGE + "bookmarks/": {"GET": VIEWER, "POST": VIEWER},
    API + "bookmarks/<uuid:bookmark_id>/": {"PATCH": UPLOADER, "DELETE": UPLOADER},
    API + "me/tour/": {"GET": PERSON, "PUT": PERSON},
    API + "me/keys/": {"GET": PERSON, "PUT": PERSON, "DELETE": PERSON},
    API + LAYER: LOOK,
    API + LAYER + "ids/": {"POST": ANNOTATOR},
    API + LAYER + "chunks/": LOOK,
    API + LAYER + "chunks/<str:digest>/": LOOK,
    API + LAYER + "ops/": {"GET": VIEWER, "POST": ANNOTATOR},
    API + LAYER + "events/": LOOK,
    API + LAYER + "presence/": {"POST": VIEWER},
    API + LAYER + "instances/": LOOK,
    API + LAYER + "differences/": LOOK,
    API + LAYER + "instances/decide/": {"POST": ANNOTATOR},
    API + LAYER + "history/": LOOK,
    API + LAYER + "instances/<int:instance_id>/history/": LOOK,
    API + LAYER + "at/<int:seq>/classes/": LOOK,
    API + LAYER + "at/<int:seq>/chunks/<int:cy>/<int:cx>/": LOOK,
    API + LAYER + "classes/": {"POST": ANNOTATOR},
    API + LAYER + "accept/": {"POST": ANNOTATOR},
    API + REGION: {"GET": VIEWER, "PATCH": ANNOTATOR, "DELETE": ANNOTATOR},
    API + REGION + "submit/": {"POST": ANNOTATOR},
    API + REGION + "reopen/": {"POST": ANNOTATOR},
    # --- the REST interface: training
    API + "engines/": {"GET": PERSON},
    API + PROJECT + "runs/": {"GET": VIEWER, "POST": REVIEWER},
    API + PROJECT + "runs/check/": {"POST": REVIEWER},
    API + PROJECT + "versions/": {"GET": VIEWER, "POST": REVIEWER},
    API + "prompters/": {"GET": PERSON},
    API + "starters/": {"GET": PERSON},
    API + PROJECT + "starters/": {"GET": VIEWER, "POST": REVIEWER},
    API + PROJECT + "leaderboard/": LOOK,
    API + PROJECT + "predictions/": {"POST": ANNOTATOR},
    API + PROJECT + "predictions/cancel/": {"POST": REVIEWER},
    API + "predictions/<uuid:prediction_id>/cancel/": {"POST": REVIEWER},
    API + "predictions/<uuid:prediction_id>/outlines/": LOOK,
    API + "predictions/<uuid:prediction_id>/rois/": LOOK,
    API + "predictions/<uuid:prediction_id>/maps/": LOOK,
    API + PROJECT + "suggestions/": {"GET": VIEWER, "POST": ANNOTATOR},
    API + PROJECT + "rounds/": LOOK,
    API + "suggestions/<uuid:suggestion_id>/take/": {"POST": ANNOTATOR},
    API + "suggestions/<uuid:suggestion_id>/dismiss/": {"POST": ANNOTATOR},
    API + "runs/<uuid:run_id>/": LOOK,
    API + "runs/<uuid:run_id>/cancel/": {"POST": REVIEWER},
    API + "runs/<uuid:run_id>/pause/": {"POST": REVIEWER},
    API + "runs/<uuid:run_id>/resume/": {"POST": REVIEWER},
    API + "runs/<uuid:run_id>/events/": LOOK,
    API + "versions/<uuid:version_id>/": LOOK,
    API + "versions/<uuid:version_id>/download/": LOOK,
    API + "version-uploads/<uuid:upload_id>/": LOOK,
    API + IMAGE + "predictions/": LOOK,
    API + IMAGE + "maps/": {"POST": ANNOTATOR},
    API + IMAGE + "maps/<str:key>/": LOOK,
    API + IMAGE + "maps/<str:key>/picture/": LOOK,
    API + IMAGE + "prompts/": {"POST": ANNOTATOR},
    API + IMAGE + "prompts/<str:key>/": LOOK,
    API + "examples/<uuid:example_id>/": LOOK,
    API + "evaluations/<uuid:evaluation_id>/repeat/": {"POST": REVIEWER},
    API + "training-sets/<uuid:set_id>/": LOOK,
    # --- pages
    "": {"GET": PERSON},
    "projects/add/": {"POST": PERSON},
    PROJECT: LOOK,
    PROJECT + "training/": LOOK,
    PEOPLE: LOOK,
    PEOPLE + "add/": {"POST": OWNER},
    MEMBER + "role/": {"POST": OWNER},
    MEMBER + "remove/": {"POST": OWNER},
    MEMBER + "link/": {"POST": OWNER},
    IMAGE: LOOK,
    "runs/<uuid:run_id>/": LOOK,
    "versions/<uuid:version_id>/": LOOK,
}  # fmt: skip

STREAMS = [route for route in ACCESS if route.endswith("/events/")]


@dataclass(frozen=True)
class Sent:
    """What a request brings along: a body, headers, other rows for its placeholders."""

    body: Any
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    ids: dict[str, Any] = field(default_factory=dict)


FORM = "application/x-www-form-urlencoded"
TUS = {"Tus-Resumable": "1.0.0"}


def next_piece(world: Furnished) -> Sent:
    """Send on from what was received, which may be gone: only rows are taken back."""
    path_of(world.upload).write_bytes(b"01234")
    return Sent(b"567", "application/offset+octet-stream", {**TUS, "Upload-Offset": "5"})


# What a permitted request must send to succeed; an empty JSON object where nothing stands here.
SENT: dict[tuple[str, str], Callable[[Furnished], Sent]] = {
    ("POST", "accounts/login/"): lambda w: Sent("login=nobody&password=none", FORM),
    ("POST", API + "projects/"): lambda w: Sent({"name": "a new one"}),
    ("PATCH", API + PROJECT): lambda w: Sent({"description": "more"}),
    ("POST", API + PROJECT + "uploads/"): lambda w: Sent({}, headers={**TUS, "Upload-Length": "7"}),
    ("HEAD", API + "uploads/<uuid:upload_id>/"): lambda w: Sent({}, headers=TUS),
    ("DELETE", API + "uploads/<uuid:upload_id>/"): lambda w: Sent({}, headers=TUS),
    ("PATCH", API + "uploads/<uuid:upload_id>/"): next_piece,
    ("PATCH", API + IMAGE): lambda w: Sent({"tags": ["DAPI"]}),
    ("DELETE", API + IMAGE): lambda w: Sent({}, ids={"image_id": w.failed.pk}),
    ("POST", API + IMAGE + "retry/"): lambda w: Sent({}, ids={"image_id": w.failed.pk}),
    ("POST", API + IMAGE + "activity/"): lambda w: Sent(
        {"session": str(uuid.uuid4()), "n": 1, "active_s": 3.5}
    ),
    ("POST", API + IMAGE + "layers/"): lambda w: Sent({"name": "Cytoplasm"}),
    ("POST", API + IMAGE + "regions/"): lambda w: Sent(
        {"row0": 60, "col0": 60, "row1": 90, "col1": 90}
    ),
    ("PUT", API + PROJECT + "view-settings/"): lambda w: Sent({"is_inverted": True}),
    ("POST", API + IMAGE + "bookmarks/"): lambda w: Sent(
        {"name": "a place", "place": {"x": 3, "y": 4, "scale": 2}}
    ),
    ("PATCH", API + "bookmarks/<uuid:bookmark_id>/"): lambda w: Sent({"name": "another"}),
    ("PUT", API + "me/tour/"): lambda w: Sent({"status": "later", "step": "paint"}),
    ("PUT", API + "me/keys/"): lambda w: Sent({"keys": {"brush": "p"}}),
    ("POST", API + LAYER + "ids/"): lambda w: Sent({"count": 3}),
    ("POST", API + LAYER + "ops/"): lambda w: Sent(
        envelope.write(uuid.uuid4(), [sent(box_op(w.layer, (12, 12, 14, 14), 0))]),
        "application/vnd.cytoloop.ops",
    ),
    ("GET", API + LAYER + "differences/"): lambda w: Sent({"other": str(w.draft.pk)}),
    ("POST", API + LAYER + "presence/"): lambda w: Sent({"session": str(uuid.uuid4())}),
    ("POST", API + LAYER + "instances/decide/"): lambda w: Sent(
        {"instance_ids": [1], "state": "rejected"}, ids={"layer_id": w.draft.pk}
    ),
    ("POST", API + PROJECT + "classes/"): lambda w: Sent({"name": "resting"}),
    ("PATCH", API + "classes/<uuid:class_id>/"): lambda w: Sent({"colour": "#ff0000"}),
    ("POST", API + LAYER + "classes/"): lambda w: Sent(
        {"instance_ids": [1], "class_name": w.object_class.name}
    ),
    ("POST", API + LAYER + "accept/"): lambda w: Sent({"draft": str(w.draft.pk)}),
    ("PATCH", API + REGION): lambda w: Sent({"coverage": "positives_only"}),
    ("POST", API + REGION + "reopen/"): lambda w: Sent({}, ids={"region_id": w.submitted.pk}),
    ("POST", API + PROJECT + "runs/"): lambda w: Sent({"engine": "threshold"}),
    ("POST", API + PROJECT + "runs/check/"): lambda w: Sent({"engine": "threshold"}),
    ("POST", API + PROJECT + "versions/"): lambda w: Sent(
        {"engine": "threshold", "file": SimpleUploadedFile("m.zip", b"model")}, "multipart"
    ),
    ("POST", API + PROJECT + "starters/"): lambda w: Sent({"name": "drawn-blobs"}),
    ("POST", API + IMAGE + "maps/"): lambda w: Sent({"name": "foreground", "box": [0, 0, 32, 32]}),
    ("POST", API + IMAGE + "prompts/"): lambda w: Sent({"point": [20, 20]}),
    ("POST", API + PROJECT + "predictions/"): lambda w: Sent(
        {"version": str(w.version.pk), "images": [str(w.image.pk)]}
    ),
    ("POST", "projects/add/"): lambda w: Sent("name=another+one", FORM),
    ("POST", PEOPLE + "add/"): lambda w: Sent("username=somebody&role=viewer", FORM),
    ("POST", MEMBER + "role/"): lambda w: Sent("role=viewer", FORM),
    ("POST", MEMBER + "remove/"): lambda w: Sent("", FORM),
    ("POST", MEMBER + "link/"): lambda w: Sent("", FORM),
}


def routes() -> Iterator[tuple[str, Any]]:
    """Yield every address of the site with its view, the administration's own left out."""
    yield from _routes(get_resolver().url_patterns, "")


def admin_routes() -> list[str]:
    """Return every address of the administration."""
    admin = next(one for one in get_resolver().url_patterns if str(one.pattern) == "admin/")
    return [route for route, _ in _routes(admin.url_patterns, "admin/")]


def _routes(patterns: list[Any], before: str) -> Iterator[tuple[str, Any]]:
    for one in patterns:
        route = before + str(one.pattern)
        if isinstance(one, URLResolver):
            if route != "admin/":
                yield from _routes(one.url_patterns, route)
        elif isinstance(one, URLPattern):
            yield route, one.callback


def methods(view: Any) -> set[str]:
    """Return the methods that a view offers, without HEAD (of GET) and OPTIONS.

    A plain function does not tell: those here refuse all but GET by a decorator.
    """
    of = getattr(view, "view_class", None) or getattr(view, "cls", None)
    if of is None:
        return {"GET"}
    offered = {name.upper() for name in of.http_method_names if hasattr(of, name)}
    offered.discard("OPTIONS")
    return offered - {"HEAD"} if "GET" in offered else offered


def fill(route: str, ids: dict[str, Any]) -> str:
    """Put values in the place of a route's placeholders."""
    return "/" + re.sub(r"<\w+:(\w+)>", lambda found: str(ids[found[1]]), route)


def request(client: Any, method: str, route: str, world: Furnished, **given: Any) -> Any:
    """Send the request of a route that works when the person may; return the answer.

    `ids` replaces placeholders, `headers` adds headers.
    """
    nothing = Sent("", FORM) if route.startswith("accounts/") else Sent({})
    wanted = SENT.get((method, route), lambda world: nothing)(world)
    path = fill(route, {**world.ids(route), **wanted.ids, **given.get("ids", {})})
    headers = {**wanted.headers, **given.get("headers", {})}
    if wanted.content_type == "multipart" and method == "POST":
        answer = client.post(path, wanted.body, headers=headers)
    elif method in ("GET", "HEAD"):
        answer = getattr(client, method.lower())(path, wanted.body or None, headers=headers)
    else:
        is_json = wanted.content_type == "application/json"
        body = json.dumps(wanted.body) if is_json else wanted.body
        answer = client.generic(
            method, path, body, content_type=wanted.content_type, headers=headers
        )
    for close in getattr(answer, "_resource_closers", []):
        close()  # of the file only: closing the answer would end the test's connection
    return answer
