"""The label endpoints as an editor uses them."""

from __future__ import annotations

import base64
import json
import uuid

import numpy as np
import pytest

from annotations.actions.drafts import store_prediction
from annotations.labels import envelope, ops
from annotations.models import LayerKind
from tests.annotations.painting import box_op, check_in_step, new_id, paint_box, sent
from tests.factories import ImageFactory, LayerFactory

OPS = "application/vnd.cytoloop.ops"
SESSION = uuid.UUID(int=9)


@pytest.fixture
def client(as_person, annotator):
    return as_person(annotator)


def post_ops(client, layer, *many, session=SESSION):
    return client.post(
        f"/api/v1/layers/{layer.pk}/ops/", envelope.write(session, list(many)), content_type=OPS
    )


def post(client, path, data=None):
    return client.post(path, json.dumps(data or {}), content_type="application/json")


def draft_of(image, n=3):
    label_image = np.zeros((image.height, image.width), np.uint32)
    for i in range(n):
        label_image[i * 30 : i * 30 + 20, :20] = i + 1
    return store_prediction(
        image=image, name="v1", label_image=label_image, scores=np.linspace(0.9, 0.1, n)
    )


# --- layers ------------------------------------------------------------------------------------


def test_looking_at_the_layers_makes_none(client, image):
    assert client.get(f"/api/v1/images/{image.pk}/layers/").json() == []
    layer = LayerFactory(image=image)

    listed = client.get(f"/api/v1/images/{image.pk}/layers/").json()

    assert [(one["id"], one["name"]) for one in listed] == [(str(layer.pk), "Annotation")]
    assert (listed[0]["height"], listed[0]["width"], listed[0]["chunk"]) == (700, 900, 512)


def test_drafts_follow_newest_first_with_their_counts(client, image):
    older, newer = draft_of(image), draft_of(image, 2)

    layers = client.get(f"/api/v1/images/{image.pk}/layers/").json()

    assert [layer["id"] for layer in layers] == [str(newer.pk), str(older.pk)]
    assert [(layer["n_instances"], layer["n_proposed"]) for layer in layers] == [(2, 2), (3, 3)]


def test_a_second_annotation_layer_is_made_once(client, image):
    one = post(client, f"/api/v1/images/{image.pk}/layers/", {"name": "Cytoplasm"})
    two = post(client, f"/api/v1/images/{image.pk}/layers/", {"name": "Cytoplasm"})

    assert (one.status_code, one.json()["id"]) == (201, two.json()["id"])


def test_a_layer_tells_its_seq(client, annotator, layer):
    paint_box(annotator, layer, (0, 0, 9, 9))

    answer = client.get(f"/api/v1/layers/{layer.pk}/").json()

    assert (answer["seq"], answer["kind"], answer["image"]) == (
        1,
        "annotation",
        str(layer.image_id),
    )


def test_ids_come_in_blocks(client, layer):
    path = f"/api/v1/layers/{layer.pk}/ids/"

    assert post(client, path, {"count": 100}).json() == {"first": 1, "count": 100}
    assert post(client, path, {"count": 1}).json() == {"first": 101, "count": 1}


@pytest.mark.parametrize("count", [0, -1, 10**9, "many", None])
def test_a_senseless_block_is_refused(client, layer, count):
    answer = post(client, f"/api/v1/layers/{layer.pk}/ids/", {"count": count})

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input")


def test_instances_come_as_columns(client, annotator, layer):
    paint_box(annotator, layer, (5, 6, 10, 20))

    columns = client.get(f"/api/v1/layers/{layer.pk}/instances/").json()

    assert columns["seq"] == 1
    assert columns["instance_id"] == [1]
    assert columns["area_px"] == [70]
    box = [columns[side][0] for side in ("row0", "col0", "row1", "col1")]
    assert box == [5, 6, 10, 20]


def test_an_empty_layer_has_empty_columns(client, layer):
    columns = client.get(f"/api/v1/layers/{layer.pk}/instances/").json()

    assert all(column == [] for name, column in columns.items() if name != "seq")


# --- ops ---------------------------------------------------------------------------------------


def test_ops_are_appended_and_read_back(client, annotator, layer):
    instance_id = new_id(annotator, layer)
    one = sent(box_op(layer, (0, 0, 9, 9), instance_id), n=3, meta={"group": 1})

    answer = post_ops(client, layer, one)

    assert answer.status_code == 200
    assert answer.json() == {
        "seq": 1,
        "results": [{"n": 3, "seq": 1, "n_refused": 0, "body": None}],
    }
    (op,) = client.get(f"/api/v1/layers/{layer.pk}/ops/?after=0").json()["ops"]
    assert base64.b64decode(op.pop("body")) == one.body
    assert op.pop("created_at")
    assert op == {
        "seq": 1,
        "session": str(SESSION),
        "n": 3,
        "user": annotator.pk,
        "kind": "brush",
        "t": 0,
        "z": 0,
        "meta": {"group": 1},
        "n_pixels": 81,
        "n_refused": 0,
    }


def test_the_accepted_runs_come_back_when_pixels_were_refused(client, annotator, layer):
    paint_box(annotator, layer, (0, 0, 9, 3))
    instance_id = new_id(annotator, layer)

    answer = post_ops(client, layer, sent(box_op(layer, (0, 0, 9, 9), instance_id, old=0), n=1))

    (result,) = answer.json()["results"]
    assert result["n_refused"] == 27
    accepted = ops.decode(ops.unpack(base64.b64decode(result["body"])))
    assert accepted[0, 0].n_pixels == 54


def test_a_retry_gives_the_same_answer(client, annotator, layer):
    one = sent(box_op(layer, (0, 0, 9, 9), new_id(annotator, layer)), n=1)

    assert post_ops(client, layer, one).json() == post_ops(client, layer, one).json()
    check_in_step(layer)


def test_no_ops_are_fine(client, layer):
    assert post_ops(client, layer).json() == {"seq": 0, "results": []}


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"", OPS, 400),
        (b"junk", OPS, 400),
        (b"\x02\x00\x00\x00{}", OPS, 400),
        (b"{}", "application/json", 415),
        (bytes(envelope.MAX_BYTES + 1), OPS, 413),
    ],
)
def test_a_body_that_is_no_envelope_is_refused(client, layer, body, content_type, status):
    answer = client.post(f"/api/v1/layers/{layer.pk}/ops/", body, content_type=content_type)

    assert answer.status_code == status
    assert answer.json()["message"].endswith(".")


def test_a_bad_op_is_named(client, layer):
    answer = post_ops(client, layer, envelope.SentOp(12, "brush", b"not gzip"))

    assert (answer.status_code, answer.json()["data"]) == (400, {"n": 12})


def test_reading_on_starts_after_the_seq_and_stops_at_the_limit(client, annotator, layer):
    for k in range(5):
        paint_box(annotator, layer, (k * 10, 0, k * 10 + 5, 5))

    found = client.get(f"/api/v1/layers/{layer.pk}/ops/?after=2&limit=2").json()["ops"]

    assert [op["seq"] for op in found] == [3, 4]


@pytest.mark.parametrize("query", ["after=-1", "after=x", "limit=0", "limit=99999"])
def test_a_senseless_place_to_read_on_is_refused(client, layer, query):
    assert client.get(f"/api/v1/layers/{layer.pk}/ops/?{query}").status_code == 400


def test_appending_takes_a_fixed_number_of_queries(
    client, annotator, layer, django_assert_max_num_queries
):
    paint_box(annotator, layer, (100, 100, 110, 110))
    instance_id = new_id(annotator, layer)
    many = [sent(box_op(layer, (k * 9, 0, k * 9 + 9, 9), instance_id, old=0)) for k in range(20)]

    with django_assert_max_num_queries(18):
        post_ops(client, layer, *many)


# --- drafts ------------------------------------------------------------------------------------


def test_draft_objects_are_decided_about_and_accepted(client, image, layer):
    draft = draft_of(image)

    rejected = post(
        client,
        f"/api/v1/layers/{draft.pk}/instances/decide/",
        {"instance_ids": [3], "state": "rejected"},
    )
    accepted = post(
        client,
        f"/api/v1/layers/{layer.pk}/accept/",
        {"draft": str(draft.pk), "instance_ids": None, "min_score": 0.5, "preserve": "objects"},
    )

    assert rejected.json() == {"n_changed": 1}
    assert accepted.json() == {"seq": 1, "n_accepted": 2, "n_skipped": 0}
    states = client.get(f"/api/v1/layers/{draft.pk}/instances/").json()["state"]
    assert states == ["accepted", "accepted", "rejected"]


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"draft": "x"},
        {"draft": str(uuid.uuid4()), "preserve": "all"},
        {"draft": str(uuid.uuid4()), "instance_ids": [-1]},
    ],
)
def test_a_malformed_accept_is_refused(client, layer, data):
    assert post(client, f"/api/v1/layers/{layer.pk}/accept/", data).status_code == 400


@pytest.mark.parametrize(
    "data", [{}, {"instance_ids": [1], "state": "edited"}, {"instance_ids": 5, "state": "proposed"}]
)
def test_a_malformed_decision_is_refused(client, image, data):
    draft = draft_of(image)

    answer = post(client, f"/api/v1/layers/{draft.pk}/instances/decide/", data)

    assert answer.status_code == 400


# --- rights ------------------------------------------------------------------------------------

READS = [
    "/api/v1/images/{image}/layers/",
    "/api/v1/images/{image}/regions/",
    "/api/v1/layers/{layer}/",
    "/api/v1/layers/{layer}/chunks/",
    "/api/v1/layers/{layer}/chunks/{digest}/",
    "/api/v1/layers/{layer}/ops/",
    "/api/v1/layers/{layer}/instances/",
    "/api/v1/regions/{region}/",
]
WRITES = [
    ("/api/v1/images/{image}/layers/", {"name": "x"}, 201),
    ("/api/v1/layers/{layer}/ids/", {"count": 1}, 200),
    ("/api/v1/layers/{draft}/instances/decide/", {"instance_ids": [1], "state": "rejected"}, 200),
    ("/api/v1/layers/{layer}/accept/", {"draft": "{draft}"}, 200),
    ("/api/v1/images/{image}/regions/", {"row0": 500, "col0": 0, "row1": 600, "col1": 9}, 201),
    ("/api/v1/regions/{region}/submit/", {}, 200),
]


@pytest.fixture
def places(annotator, image, layer):
    from annotations.actions.regions import open_region

    paint_box(annotator, layer, (400, 400, 409, 409))
    region = open_region(user=annotator, image_id=image.pk, box=(0, 0, 100, 100))
    return {
        "image": image.pk,
        "layer": layer.pk,
        "draft": draft_of(image).pk,
        "region": region.pk,
        "digest": layer.chunks.get().digest,
    }


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize(
    ("person", "status"),
    [("owner", 200), ("reviewer", 200), ("annotator", 200), ("viewer", 200), ("stranger", 404)],
)
def test_who_may_read(people, as_person, places, path, person, status):
    answer = as_person(people[person]).get(path.format(**places))

    assert answer.status_code == status


@pytest.mark.parametrize(("path", "data", "good"), WRITES, ids=[path for path, _, _ in WRITES])
@pytest.mark.parametrize(
    ("person", "status"),
    [("owner", 0), ("reviewer", 0), ("annotator", 0), ("viewer", 403), ("stranger", 404)],
)
def test_who_may_write(people, as_person, places, path, data, good, person, status):
    data = {k: v.format(**places) if isinstance(v, str) else v for k, v in data.items()}

    answer = post(as_person(people[person]), path.format(**places), data)

    assert answer.status_code == (status or good), answer.content


@pytest.mark.parametrize(("person", "status"), [("viewer", 403), ("stranger", 404)])
def test_who_may_not_paint(people, as_person, layer, person, status):
    assert post_ops(as_person(people[person]), layer).status_code == status


@pytest.mark.parametrize("path", [*READS, *[path for path, _, _ in WRITES]])
def test_nobody_sees_anything_without_logging_in(db, places, path):
    from django.test import Client

    assert Client().get(path.format(**places)).status_code == 401


@pytest.mark.parametrize("path", ["layers/{id}/", "layers/{id}/ops/", "images/{id}/layers/"])
def test_what_does_not_exist_is_not_found(client, path):
    answer = client.get(f"/api/v1/{path.format(id=uuid.uuid4())}")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_layer_of_another_project_answers_as_if_it_were_not_there(client, project):
    foreign = LayerFactory(image=ImageFactory(), kind=LayerKind.PREDICTION)

    there = client.get(f"/api/v1/layers/{foreign.pk}/").json()
    nowhere = client.get(f"/api/v1/layers/{uuid.uuid4()}/").json()

    assert there["message"] == nowhere["message"]


def test_strokes_of_a_page_never_become_those_of_another_account(
    as_person, annotator, owner, layer
):
    one = sent(box_op(layer, (0, 0, 9, 9), new_id(annotator, layer)), n=1)
    path, body = f"/api/v1/layers/{layer.pk}/ops/", envelope.write(SESSION, [one])
    headers = {"X-Page-User": str(annotator.pk)}

    answer = as_person(owner).post(path, body, content_type=OPS, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "other_account")
    assert owner.username in answer.json()["message"]
    assert not layer.ops.exists()

    assert (
        as_person(annotator).post(path, body, content_type=OPS, headers=headers).status_code == 200
    )
    assert layer.ops.get().user == annotator


def test_instances_name_the_people_who_made_them(client, annotator, reviewer, layer, image):
    paint_box(annotator, layer, (0, 0, 9, 9))
    paint_box(reviewer, layer, (20, 0, 29, 9))

    told = client.get(f"/api/v1/layers/{layer.pk}/instances/").json()

    names = {one["id"]: one["name"] for one in told["authors"]}
    assert [names[pk] for pk in told["created_by_id"]] == ["annotator", "reviewer"]
    draft = client.get(f"/api/v1/layers/{draft_of(image).pk}/instances/").json()
    assert (draft["created_by_id"], draft["authors"]) == ([None, None, None], [])
