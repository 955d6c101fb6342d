"""The past of a layer as an editor asks for it."""

from __future__ import annotations

import gzip
from datetime import timedelta

import numpy as np
import pytest
import zstandard
from django.utils import timezone

from annotations.labels.chunks import decode
from annotations.models import ChunkState, LabelOp
from annotations.queries.history import thin_out
from tests.annotations.painting import paint_box, picture


@pytest.fixture
def client(as_person, annotator):
    return as_person(annotator)


@pytest.fixture
def old_states(annotator, layer):
    """Return what an old layer showed after each of its ops; only its newest state is stored."""
    states = [picture(layer)]
    for k in range(3):
        paint_box(annotator, layer, (k * 10, 0, k * 10 + 15, 40))
        states.append(picture(layer))
    then = timezone.now() - timedelta(days=30)
    ChunkState.objects.update(created_at=then)
    LabelOp.objects.update(created_at=then)
    thin_out(timezone.now())
    return states


def test_a_moment_whose_chunks_are_not_stored_names_them_and_they_are_made(
    client, layer, old_states
):
    path = f"/api/v1/layers/{layer.pk}"
    listed = client.get(f"{path}/chunks/?seq=2").json()

    assert (listed["seq"], listed["chunks"], listed["remade"]) == (2, [], [[0, 0]])
    answer = client.get(f"{path}/at/2/chunks/0/0/", headers={"Accept-Encoding": "zstd"})
    assert answer["Content-Encoding"] == "zstd"
    assert "immutable" in answer["Cache-Control"]
    assert np.array_equal(decode(answer.content), old_states[2][:512, :512])
    plain = client.get(f"{path}/at/1/chunks/0/0/", headers={"Accept-Encoding": "gzip"})
    labels = np.frombuffer(gzip.decompress(plain.content), "<u4").reshape(512, 512)
    assert np.array_equal(labels, old_states[1][:512, :512])
    empty = client.get(f"{path}/at/1/chunks/1/1/", headers={"Accept-Encoding": "zstd"})
    assert not zstandard.ZstdDecompressor().decompress(empty.content).strip(b"\0")


def test_what_has_not_been_yet_is_not_answered(client, annotator, layer):
    paint_box(annotator, layer, (0, 0, 9, 9))

    for path in ("at/2/chunks/0/0/", "at/2/classes/", "instances/7/history/"):
        answer = client.get(f"/api/v1/layers/{layer.pk}/{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert client.get(f"/api/v1/layers/{layer.pk}/at/1/classes/").json()["classes"] == {}


def test_the_list_of_steps_over_rest(client, annotator, layer):
    one = paint_box(annotator, layer, (0, 0, 9, 9))
    paint_box(annotator, layer, (100, 100, 109, 109))
    path = f"/api/v1/layers/{layer.pk}/history/"

    def seqs(query):
        return [row["seq"] for row in client.get(path + query).json()["ops"]]

    assert seqs("") == [2, 1]
    assert seqs("?limit=1") == [2]
    assert seqs("?before=2") == [1]
    assert seqs(f"?instance_id={one}") == [1]
    assert seqs(f"?person={annotator.pk}&z=0") == [2, 1]
    assert seqs("?row0=90&col0=0&row1=200&col1=200") == [2]
    assert client.get(path + "?row0=90").status_code == 400
    assert "body" not in client.get(path).json()["ops"][0]


def test_the_history_of_an_instance_over_rest(client, annotator, layer):
    one = paint_box(annotator, layer, (0, 0, 9, 9))

    found = client.get(f"/api/v1/layers/{layer.pk}/instances/{one}/history/").json()

    assert (found["created_by"], found["area_px"], found["before"]) == ("annotator", 81, None)
    assert found["created"] == found["changes"][0]
    assert (found["changes"][0]["gained_px"], found["changes"][0]["lost_px"]) == (81, 0)
