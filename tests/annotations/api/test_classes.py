"""Classes over REST, as the editor and scripts use them."""

from __future__ import annotations

import uuid

import pytest

from annotations.actions.classes import create_class
from annotations.models import Instance, ObjectClass
from tests.annotations.painting import paint_box
from tests.people import client_of

JSON = "application/json"


@pytest.fixture
def client(reviewer):
    return client_of(reviewer)


@pytest.fixture
def mitosis(reviewer, project):
    return create_class(user=reviewer, project_id=project.pk, name="mitosis", key="5")


def test_a_class_is_added_listed_changed_and_deleted(client, project):
    path = f"/api/v1/projects/{project.pk}/classes/"

    made = client.post(path, {"name": "mitosis", "key": "5"}, content_type=JSON)
    client.post(path, {"name": "resting", "colour": "#ff0000"}, content_type=JSON)
    one = f"/api/v1/classes/{made.json()['id']}/"
    changed = client.patch(one, {"name": "dividing", "position": 1}, content_type=JSON)

    assert (made.status_code, changed.status_code) == (201, 200)
    assert made.json() == {
        "id": made.json()["id"],
        "name": "mitosis",
        "colour": "#56b4e9",
        "key": "5",
        "description": "",
        "position": 0,
    }
    listed = client.get(path).json()
    assert [(row["name"], row["colour"], row["position"]) for row in listed] == [
        ("resting", "#ff0000", 0),
        ("dividing", "#56b4e9", 1),
    ]
    assert client.delete(one).status_code == 204
    assert [row["name"] for row in client.get(path).json()] == ["resting"]


def test_what_is_wrong_is_one_sentence(client, project, mitosis):
    path = f"/api/v1/projects/{project.pk}/classes/"

    answers = [
        client.post(path, {"name": name, "key": key}, content_type=JSON)
        for name, key in (("", ""), ("x" * 80, ""), ("mitosis", ""), ("other", "5"))
    ]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (400, "bad_class"),
        (400, "bad_class"),
        (409, "class_name_taken"),
        (409, "class_key_taken"),
    ]
    assert all(answer.json()["message"].endswith(".") for answer in answers)


def test_a_class_in_use_goes_only_with_a_replacement(client, annotator, layer, mitosis):
    instance_id = paint_box(annotator, layer, (0, 0, 9, 9))
    give = {"instance_ids": [instance_id], "class_name": "mitosis"}
    given = client_of(annotator).post(
        f"/api/v1/layers/{layer.pk}/classes/", give, content_type=JSON
    )
    path = f"/api/v1/classes/{mitosis.pk}/"

    counted = client.get(path).json()
    refused = client.delete(path)
    done = client.delete(f"{path}?replace_by=")

    assert (counted["name"], counted["n_instances"], counted["n_drafted"]) == ("mitosis", 1, 0)
    assert given.json() == {"n_changed": 1, "seq": 2}
    assert (refused.status_code, refused.json()["code"]) == (409, "class_in_use")
    assert refused.json()["data"] == {"n_instances": 1, "n_drafted": 0}
    assert "1 object has the class 'mitosis'" in refused.json()["message"]
    assert done.status_code == 204
    assert Instance.objects.get(instance_id=instance_id).class_name == ""
    assert not ObjectClass.objects.exists()


def test_the_instance_table_tells_the_class(client, annotator, layer, mitosis):
    ids = [paint_box(annotator, layer, (20 * k, 0, 20 * k + 9, 9)) for k in range(2)]
    path = f"/api/v1/layers/{layer.pk}/"

    client.post(
        f"{path}classes/", {"instance_ids": ids[1:], "class_name": "mitosis"}, content_type=JSON
    )

    assert client.get(f"{path}instances/").json()["class_name"] == ["", "mitosis"]


def test_an_unknown_class_and_an_unknown_layer_are_told_apart(client, layer, mitosis):
    give = {"instance_ids": [1], "class_name": "apoptosis"}

    unknown = client.post(f"/api/v1/layers/{layer.pk}/classes/", give, content_type=JSON)
    nowhere = client.post(f"/api/v1/layers/{uuid.uuid4()}/classes/", give, content_type=JSON)

    assert (unknown.status_code, unknown.json()["code"]) == (400, "no_such_class")
    assert nowhere.status_code == 404
