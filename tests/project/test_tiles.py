from __future__ import annotations

import asyncio
import time
import uuid

import numpy as np
import pytest

from annotations.imaging.pyramid import plan_levels, write_pyramid
from project import tiles
from project.storage import put_file
from project.tile_index import Geometry


def stored_pyramid(folder, tile_size=256):
    view = np.arange(300 * 700, dtype=np.uint32).reshape(300, 700).astype(np.uint8)
    path = folder / f"pyramid-{tile_size}.tif"
    geometry = Geometry(tile_size, tuple(plan_levels(700, 300, tile_size)), 1)
    write_pyramid(
        path, geometry, lambda plane, row0, row1: view[row0:row1], is_rgb=False, scratch=folder
    )
    return put_file(path)


@pytest.fixture(autouse=True)
def _closed_files():
    yield
    for file in tiles._files.values():
        file.close()
    tiles._files.clear()


@pytest.fixture
def digest(tmp_path):
    return stored_pyramid(tmp_path)


def token_for(digest):
    return tiles.make_token(image=uuid.uuid4(), pyramid_digest=digest, user_id=1)[0]


def get(path, method="GET"):
    """Return (status, headers, body) of a request to the raw function."""
    sent = []

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path}
    asyncio.run(tiles.tiles_app(scope, None, send))
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers, sent[1]["body"]


def test_a_stored_tile_is_sent_as_it_is(digest):
    status, headers, body = get(f"/tiles/{token_for(digest)}/0/0/2_1.jpg")

    assert status == 200
    assert body.startswith(b"\xff\xd8")
    assert body == tiles.open_tiles(digest).tile(0, 0, 2, 1)
    assert headers["content-type"] == "image/jpeg"
    assert headers["cache-control"].startswith("private, max-age=")
    assert headers["content-length"] == str(len(body))


@pytest.mark.parametrize(
    "rest",
    [
        "0/0/3_0.jpg", "0/0/0_2.jpg", "1/0/0_0.jpg", "0/9/0_0.jpg", "0/0/0.jpg", "0/0/-1_0.jpg",
        "0/0/a_b.jpg", "0/0/٣_0.jpg", "0/0", "0/0/0_0.jpg/x", "", "0/0/99999999999999999999_0.jpg",
        "../../0_0.jpg",
    ],
)  # fmt: skip
def test_an_address_without_a_tile_is_not_found(digest, rest):
    assert get(f"/tiles/{token_for(digest)}/{rest}")[0] == 404


@pytest.mark.parametrize("token", ["", "x", "A" * 96, "é", "=" * 50])
def test_a_made_up_token_opens_nothing(digest, token):
    assert get(f"/tiles/{token}/0/0/0_0.jpg")[0] == 403


def test_a_changed_token_opens_nothing(digest):
    token = token_for(digest)

    for place in range(len(token)):
        letter = "B" if token[place] == "A" else "A"
        changed = token[:place] + letter + token[place + 1 :]
        assert get(f"/tiles/{changed}/0/0/0_0.jpg")[0] == 403


def test_a_token_ends(digest, monkeypatch):
    now = time.time()
    monkeypatch.setattr(tiles.time, "time", lambda: now)
    token, expires = tiles.make_token(image=uuid.uuid4(), pyramid_digest=digest, user_id=1)
    assert tiles.PERIOD_S < expires - now <= 2 * tiles.PERIOD_S
    assert get(f"/tiles/{token}/0/0/0_0.jpg")[0] == 200

    monkeypatch.setattr(tiles.time, "time", lambda: expires + 1)

    assert get(f"/tiles/{token}/0/0/0_0.jpg")[0] == 403


def test_a_token_of_another_secret_opens_nothing(digest, settings):
    token = token_for(digest)
    settings.SECRET_KEY = "another one"

    assert get(f"/tiles/{token}/0/0/0_0.jpg")[0] == 403


def test_the_same_person_gets_the_same_address_for_a_while(digest, monkeypatch):
    image, began = uuid.uuid4(), time.time() // tiles.PERIOD_S * tiles.PERIOD_S
    monkeypatch.setattr(tiles.time, "time", lambda: began)
    first = tiles.make_token(image=image, pyramid_digest=digest, user_id=1)

    monkeypatch.setattr(tiles.time, "time", lambda: began + tiles.PERIOD_S - 1)
    assert tiles.make_token(image=image, pyramid_digest=digest, user_id=1)[0] == first[0]
    assert tiles.make_token(image=image, pyramid_digest=digest, user_id=2)[0] != first[0]


def test_a_pyramid_that_was_removed_is_not_found():
    assert get(f"/tiles/{token_for('ab' * 32)}/0/0/0_0.jpg")[0] == 404


def test_nothing_can_be_written(digest):
    assert get(f"/tiles/{token_for(digest)}/0/0/0_0.jpg", "POST")[0] == 405


def test_only_so_many_files_stay_open(tmp_path, monkeypatch):
    monkeypatch.setattr(tiles, "OPEN_FILES", 2)
    digests = [stored_pyramid(tmp_path, tile_size) for tile_size in (64, 128, 256)]

    for digest in digests + digests:
        assert get(f"/tiles/{token_for(digest)}/0/0/0_0.jpg")[0] == 200

    assert list(tiles._files) == digests[1:]
