"""Raw tiles and pixel values are exactly what is stored, for those who may look."""

from __future__ import annotations

import gzip
import io
import threading

import numpy as np
import pytest
import tifffile
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from annotations.actions.images import register_image
from annotations.imaging.coarse import MAX_LEVEL, mean_halved
from annotations.imaging.open_files import OpenFiles
from annotations.imaging.pixels import PixelShape, write_pixels
from annotations.imaging.pyramid import plan_levels
from annotations.jobs.images import ingest_image

pytestmark = pytest.mark.django_db

N_T, N_Z, N_C, HEIGHT, WIDTH = 2, 3, 2, 301, 530


@pytest.fixture
def client(as_person, annotator):
    return as_person(annotator)


def ingested(project, annotator, pixels, axes, name="a.tif"):
    out = io.BytesIO()
    tifffile.imwrite(out, pixels, ome=True, metadata={"axes": axes})
    image = register_image(
        user=annotator, project=project, file_name=name, stream=io.BytesIO(out.getvalue())
    )
    ingest_image(image.pk)
    image.refresh_from_db()
    return image


@pytest.fixture
def stack(project, annotator):
    """A 16-bit stack of two channels and times, and its pixels as TZCYX."""
    pixels = np.random.default_rng(3).integers(
        0, 60_000, (N_T, N_Z, N_C, HEIGHT, WIDTH), dtype=np.uint16
    )
    return ingested(project, annotator, pixels, "TZCYX", "stack.ome.tif"), pixels


def address(image, plane, level=0, column=0, row=0):
    return f"/api/v1/images/{image.pk}/pixels/{plane}/{level}/{column}/{row}/"


def unpacked(answer):
    raw = {
        "zstd": lambda data: zstandard.ZstdDecompressor().decompress(data),
        "gzip": gzip.decompress,
        "identity": bytes,
    }[answer["Content-Encoding"]](answer.content)
    return np.frombuffer(raw, np.dtype(answer["X-Pixel-Type"]))


@pytest.mark.parametrize("coding", ["zstd", "gzip", "identity", "br, zstd;q=0.5"])
def test_tiles_at_full_size_are_the_stored_plane_exactly(client, stack, coding):
    image, pixels = stack
    t, z, channel = 1, 2, 1
    plane = (t * N_Z + z) * N_C + channel
    whole = np.zeros((HEIGHT, WIDTH), np.uint16)

    for row in range(2):
        for column in range(3):
            answer = client.get(
                address(image, plane, 0, column, row), headers={"Accept-Encoding": coding}
            )
            assert answer.status_code == 200
            top, left = row * 256, column * 256
            shape = (min(256, HEIGHT - top), min(256, WIDTH - left))
            whole[top : top + 256, left : left + 256] = unpacked(answer).reshape(shape)

    assert (whole == pixels[t, z, channel]).all()


def test_coarser_tiles_have_the_size_of_the_pyramids_levels(client, stack):
    image, pixels = stack

    for level, (width, height) in enumerate(plan_levels(WIDTH, HEIGHT)):
        answer = client.get(address(image, 0, level))
        shape = (min(256, height), min(256, width))
        tile = unpacked(answer).reshape(shape)
        side = 1 << level
        inside = pixels[0, 0, 0, : side * 64, : side * 64]
        means = inside.reshape(64, side, 64, side).mean(axis=(1, 3))
        # Each halving rounds once.
        assert np.abs(tile[:64, :64] - means).max() <= level


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ((999,), "not inside"),
        ((0, 0, 3, 0), "not inside"),
        ((0, 0, 0, 2), "not inside"),
        ((0, MAX_LEVEL + 1), "zoom in"),
    ],
)
def test_what_the_image_does_not_have_is_refused_with_a_sentence(client, stack, place, said):
    answer = client.get(address(stack[0], *place))

    assert answer.status_code == 400
    assert said in answer.json()["message"]


def test_tiles_may_be_kept_for_ever_and_are_not_sent_twice(client, stack):
    first = client.get(address(stack[0], 0))
    again = client.get(address(stack[0], 0), headers={"If-None-Match": first["ETag"]})

    assert "immutable" in first["Cache-Control"]
    assert "private" in first["Cache-Control"]
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(address(stack[0], 1))["ETag"] != first["ETag"]


@pytest.mark.parametrize(("name", "status"), [("viewer", 200), ("stranger", 404)])
def test_only_members_see_stored_values(as_person, people, stack, name, status):
    seen = as_person(people[name])

    assert seen.get(address(stack[0], 0)).status_code == status
    assert seen.get(f"/api/v1/images/{stack[0].pk}/values/0/0/").status_code == status
    etag = {"If-None-Match": f'"{stack[0].pixels_digest}-0-0-0-0"'}
    assert seen.get(address(stack[0], 0), headers=etag).status_code in (status, 304)
    if status == 404:
        assert seen.get(address(stack[0], 0), headers=etag).status_code == 404


def test_values_at_a_pixel_are_those_of_every_channel(client, stack):
    image, pixels = stack

    answer = client.get(f"/api/v1/images/{image.pk}/values/300/529/?t=1&z=2")

    assert answer.json()["values"] == pixels[1, 2, :, 300, 529].tolist()
    outside = client.get(f"/api/v1/images/{image.pk}/values/301/0/")
    assert outside.status_code == 400


def test_values_of_colour_are_three_and_raw_tiles_are_refused(client, project, annotator):
    pixels = np.random.default_rng(1).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    out = io.BytesIO()
    tifffile.imwrite(out, pixels, photometric="rgb")
    image = register_image(
        user=annotator, project=project, file_name="c.tif", stream=io.BytesIO(out.getvalue())
    )
    ingest_image(image.pk)
    image.refresh_from_db()

    values = client.get(f"/api/v1/images/{image.pk}/values/7/9/").json()["values"]

    assert values == pixels[7, 9].tolist()
    assert client.get(address(image, 0)).status_code == 400


def test_floats_come_as_they_are(client, project, annotator):
    pixels = np.random.default_rng(1).normal(0, 1e-3, (40, 50)).astype(np.float32)
    image = ingested(project, annotator, pixels, "YX", "f.ome.tif")

    answer = client.get(address(image, 0))

    assert answer["X-Pixel-Type"] == "float32"
    assert (unpacked(answer).reshape(40, 50) == pixels).all()


def test_missing_pixels_are_told(client, stack):
    image, _ = stack
    type(image).objects.filter(pk=image.pk).update(pixels_digest="a" * 64)

    answer = client.get(address(image, 0))

    assert answer.status_code == 404
    assert "backup" in answer.json()["message"]


@given(
    st.integers(1, 9), st.integers(1, 9), st.sampled_from(["uint8", "uint16", "int16", "float32"])
)
def test_halving_stays_within_what_it_is_made_of(rows, columns, dtype):
    area = np.random.default_rng(rows * 10 + columns).integers(-100, 100, (rows, columns))
    area = (area if np.dtype(dtype).kind != "u" else abs(area)).astype(dtype)

    half = mean_halved(area)

    assert half.shape == (-(-rows // 2), -(-columns // 2))
    assert half.dtype == area.dtype
    assert half.min() >= area.min()
    assert half.max() <= area.max()


def test_files_stay_open_up_to_a_limit_while_many_read(tmp_path):
    paths = []
    for k in range(4):
        path = tmp_path / f"{k}.tif"
        plane = np.full((64, 64), k, np.uint16)
        write_pixels(
            path, PixelShape(1, 1, 1, 64, 64, "uint16"), lambda p, a, b, plane=plane: plane[a:b]
        )
        paths.append(path)
    files = OpenFiles(limit=2)
    wrong = []

    def read(seed):
        for k in np.random.default_rng(seed).integers(0, 4, 60):
            with files.use(paths[k]) as file:
                area = file.read(channels=None, box=(0, 0, 64, 64))
            if not (area == k).all():
                wrong.append(int(k))

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
    assert len(files._held) <= 2
    files.close()
