"""The chunks of a layer as an editor reads them."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
import zstandard

from annotations.labels.chunks import decode
from annotations.queries.chunks import pixels_of
from project import storage
from tests.annotations.painting import paint_box, picture

ALL = {"read_across_frames": True}


@pytest.fixture
def client(as_person, annotator):
    return as_person(annotator)


def test_chunks_are_listed_and_read_by_digest(client, annotator, layer):
    paint_box(annotator, layer, (500, 500, 530, 530))

    listed = client.get(f"/api/v1/layers/{layer.pk}/chunks/").json()
    assert (listed["seq"], [place[:2] for place in listed["chunks"]]) == (
        1,
        [[0, 0], [0, 1], [1, 0], [1, 1]],
    )

    shown = np.zeros((1024, 1024), np.uint32)
    for cy, cx, digest in listed["chunks"]:
        answer = client.get(
            f"/api/v1/layers/{layer.pk}/chunks/{digest}/", headers={"Accept-Encoding": "gzip, zstd"}
        )
        assert answer["Content-Encoding"] == "zstd"
        assert "immutable" in answer["Cache-Control"]
        chunk = decode(answer.content)
        shown[cy * 512 : cy * 512 + 512, cx * 512 : cx * 512 + 512] = chunk
    assert np.array_equal(shown[:700, :900], picture(layer))


@pytest.mark.parametrize(
    ("accepts", "encoding", "read"),
    [
        ("zstd", "zstd", lambda data: zstandard.ZstdDecompressor().decompress(data)),
        ("gzip, deflate", "gzip", gzip.decompress),
        ("", "identity", bytes),
    ],
)
def test_a_chunk_comes_as_the_client_can_read_it(client, annotator, layer, accepts, encoding, read):
    paint_box(annotator, layer, (0, 0, 9, 9))
    digest = layer.chunks.get().digest

    answer = client.get(
        f"/api/v1/layers/{layer.pk}/chunks/{digest}/", headers={"Accept-Encoding": accepts}
    )

    assert answer["Content-Encoding"] == encoding
    chunk = np.frombuffer(read(answer.content), "<u4").reshape(512, 512)
    assert (chunk[:9, :9] == 1).all()


@pytest.mark.parametrize(
    ("accepts", "read"),
    [
        ("zstd", lambda data: zstandard.ZstdDecompressor().stream_reader(data, **ALL).read()),
        ("gzip", gzip.decompress),
        ("", bytes),
    ],
)
def test_several_chunks_come_one_after_another(client, annotator, layer, accepts, read):
    paint_box(annotator, layer, (500, 500, 530, 530))
    digests = [chunk.digest for chunk in layer.chunks.order_by("-cy", "-cx")]
    path = f"/api/v1/layers/{layer.pk}/chunks/{','.join(digests)}/"

    answer = client.get(path, headers={"Accept-Encoding": accepts})

    expected = [pixels_of(digest) for digest in digests]
    got = np.frombuffer(read(answer.content), "<u4").reshape(-1, 512, 512)
    assert len(digests) == 4
    assert np.array_equal(got, np.stack(expected))


def test_no_chunk_comes_with_one_that_the_layer_does_not_hold(client, annotator, layer):
    paint_box(annotator, layer, (0, 0, 9, 9))
    digest = layer.chunks.get().digest

    answer = client.get(f"/api/v1/layers/{layer.pk}/chunks/{digest},{'0' * 64}/")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_seventeen_chunks_are_too_many_for_one_answer(client, annotator, layer):
    paint_box(annotator, layer, (0, 0, 9, 9))
    digest = layer.chunks.get().digest

    for n, status in ((16, 200), (17, 400)):
        path = f"/api/v1/layers/{layer.pk}/chunks/{','.join([digest] * n)}/"
        assert client.get(path).status_code == status


def test_a_chunk_that_the_client_has_is_not_sent_again(client, annotator, layer):
    paint_box(annotator, layer, (0, 0, 9, 9))
    path = f"/api/v1/layers/{layer.pk}/chunks/{layer.chunks.get().digest}/"
    etag = client.get(path)["ETag"]

    again = client.get(path, headers={"If-None-Match": etag})

    assert (again.status_code, again.content) == (304, b"")


def test_a_chunk_that_was_just_replaced_can_still_be_read(client, annotator, layer):
    paint_box(annotator, layer, (0, 0, 9, 9))
    digest = layer.chunks.get().digest
    paint_box(annotator, layer, (20, 20, 30, 30))

    assert client.get(f"/api/v1/layers/{layer.pk}/chunks/{digest}/").status_code == 200


def test_the_chunks_of_an_earlier_seq_are_listed(client, annotator, layer):
    paint_box(annotator, layer, (0, 0, 9, 9))
    before = layer.chunks.get().digest
    paint_box(annotator, layer, (20, 20, 30, 30))

    listed = client.get(f"/api/v1/layers/{layer.pk}/chunks/?seq=1").json()

    assert listed == {"seq": 1, "chunks": [[0, 0, before]], "remade": []}


def test_a_digest_opens_only_what_the_layer_holds(client, annotator, layer, image):
    secret = storage.put_bytes(b"another file")

    for digest in (secret, "0" * 64, "nonsense"):
        answer = client.get(f"/api/v1/layers/{layer.pk}/chunks/{digest}/")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
