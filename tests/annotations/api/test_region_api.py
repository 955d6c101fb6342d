from __future__ import annotations

import json

import pytest

from annotations.models import Image


@pytest.fixture
def client(as_person, annotator):
    return as_person(annotator)


def post(client, path, data=None):
    return client.post(path, json.dumps(data or {}), content_type="application/json")


def patch(client, path, data):
    return client.patch(path, json.dumps(data), content_type="application/json")


def test_a_region_lives_from_open_to_reopened(client, annotator, image):
    path = f"/api/v1/images/{image.pk}/regions/"
    box = {"row0": 0, "col0": 0, "row1": 200, "col1": 300}

    made = post(client, path, {**box, "coverage": "positives_only"})
    assert made.status_code == 201
    region = made.json()
    assert region["opened_by"] == annotator.pk
    assert {side: region[side] for side in box} == box
    assert client.get(path).json() == [region]

    one = f"/api/v1/regions/{region['id']}/"
    changed = patch(client, one, {"row1": 250, "coverage": "complete"}).json()
    assert (changed["row1"], changed["col1"], changed["coverage"]) == (250, 300, "complete")

    submitted = post(client, f"{one}submit/").json()
    assert (submitted["state"], submitted["submitted_by"]) == ("submitted", annotator.pk)
    assert submitted["snapshot"]
    again = post(client, f"{one}submit/")
    assert (again.status_code, again.json()["code"]) == (409, "region_not_open")

    assert post(client, f"{one}reopen/").json()["state"] == "open"
    assert client.delete(one).status_code == 204
    assert client.get(one).status_code == 404


def test_without_a_box_the_whole_image_is_meant(client, image):
    region = post(client, f"/api/v1/images/{image.pk}/regions/").json()

    assert [region[side] for side in ("row0", "col0", "row1", "col1")] == [0, 0, 700, 900]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"row0": 5}, "invalid_input"),
        ({"row0": 0, "col0": 0, "row1": 5, "col1": "x"}, "invalid_input"),
        ({"row0": 0, "col0": 0, "row1": 5, "col1": 9999}, "region_out_of_image"),
        ({"row0": 5, "col0": 0, "row1": 5, "col1": 9}, "region_out_of_image"),
        ({"coverage": "most"}, "invalid_input"),
        ({"purpose": "fun"}, "invalid_input"),
        ({"t": 3}, "region_out_of_image"),
    ],
)
def test_a_wrong_region_is_refused(client, image, data, code):
    answer = post(client, f"/api/v1/images/{image.pk}/regions/", data)

    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_overlapping_regions_are_refused_with_the_one_in_the_way(client, image):
    path = f"/api/v1/images/{image.pk}/regions/"
    first = post(client, path).json()

    answer = post(client, path)

    assert answer.status_code == 409
    assert answer.json()["code"] == "regions_overlap"
    assert answer.json()["data"]["region"] == first["id"]


def test_a_region_of_several_planes_is_made_and_changed(client, image):
    Image.objects.filter(pk=image.pk).update(n_z=5)
    path = f"/api/v1/images/{image.pk}/regions/"

    region = post(client, path, {"z": 1, "depth": 3}).json()
    assert (region["z"], region["depth"]) == (1, 3)
    changed = patch(client, f"/api/v1/regions/{region['id']}/", {"z": 0, "depth": 5})
    assert (changed.json()["z"], changed.json()["depth"]) == (0, 5)
    refused = patch(client, f"/api/v1/regions/{region['id']}/", {"depth": 6})

    assert (refused.status_code, refused.json()["code"]) == (400, "region_out_of_image")
    assert "5 planes" in refused.json()["message"]
    assert patch(client, f"/api/v1/regions/{region['id']}/", {"depth": 0}).status_code == 400
    assert post(client, path, {"z": 0}).json()["code"] == "regions_overlap"
