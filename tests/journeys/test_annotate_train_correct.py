"""Upload, paint, train, get drafts, correct, train again, see how much better: over REST only."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tifffile

from benchmarks.annotator import Annotator
from benchmarks.rest_client import Client, Refused
from tests.drawing import draw_blobs

pytestmark = pytest.mark.django_db(transaction=True)


class InProcessClient(Client):
    """The scripts' client, talking to the site in this process."""

    def __init__(self, django_client):
        super().__init__("", "")
        self.django_client = django_client

    def send(self, method, path, body=None, content_type="application/json", headers=None):
        answer = self.django_client.generic(
            method, path, body or b"", content_type, headers=headers or {}
        )
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        if answer.status_code >= 400:
            raise Refused(answer.status_code, json.loads(content))
        return dict(answer.headers), content


@pytest.fixture
def api(owner, as_person):
    return InProcessClient(as_person(owner))


def uploaded(api, work_off, project, folder, name, seed):
    """Upload a drawn image and wait until it is read; return (id, truth)."""
    truth, pixels = draw_blobs(192, 192, n=10, radius=(7, 12), seed=seed)
    tifffile.imwrite(folder / name, pixels)
    image = api.upload(project, folder / name)
    work_off()
    assert api.wait_for_image(image)["width"] == 192
    return image, truth


def trained(api, work_off, project, start):
    """Train and return the finished run."""
    asked = {"engine": "threshold", "start": start, "params": {}, "seed": 1}
    run = api.post(f"/api/v1/projects/{project}/runs/", asked)
    work_off()
    run = api.get(f"/api/v1/runs/{run['id']}/")
    assert run["state"] == "finished", (run["error_message"], run["log"])
    return run


def drafts(api, image):
    return [layer for layer in Annotator(api, image).layers() if layer["kind"] == "prediction"]


def test_annotate_train_correct_and_train_again(api, work_off, tmp_path):
    project = api.post("/api/v1/projects/", {"name": "nuclei of a zebrafish"})["id"]
    images = {
        name: uploaded(api, work_off, project, tmp_path, f"{name}.tif", seed)
        for seed, name in enumerate(["painted", "measured", "corrected", "untouched"])
    }

    for name, purpose in (("painted", "training"), ("measured", "blind_validation")):
        image, truth = images[name]
        annotator = Annotator(api, image)
        assert annotator.draw_all(truth).n_drawn == truth.max()
        annotator.declare(truth.shape, purpose)
    first = trained(api, work_off, project, "scratch")

    version = api.get(f"/api/v1/versions/{first['version']['id']}/")
    assert version["evaluations"][0]["metrics"]["pooled"]["ap"]["0.5"] > 0.8
    assert version["training_set"]["splits"]["train"]["images"] == 1
    for image, _ in images.values():
        assert len(drafts(api, image)) == 1, "every image has its draft"

    image, truth = images["corrected"]
    annotator = Annotator(api, image)
    effort = annotator.correct(truth, drafts(api, image)[0])
    assert effort.n_accepted > 0
    painted = annotator.read(annotator.layer)
    assert np.array_equal(painted > 0, truth > 0) or effort.n_accepted == truth.max()
    annotator.declare(truth.shape, "training")
    second = trained(api, work_off, project, f"version:{version['id']}")

    newer = api.get(f"/api/v1/versions/{second['version']['id']}/")
    assert [one["number"] for one in newer["lineage"]] == [2, 1]
    assert newer["training_set"]["n_instances"] > version["training_set"]["n_instances"]
    board = api.get(f"/api/v1/projects/{project}/leaderboard/")
    assert {row["version"]["number"] for row in board} == {1, 2}, "before and after, same regions"
    assert len(drafts(api, images["untouched"][0])) == 2, "older drafts stay"
    example = newer["evaluations"][0]["examples"][0]
    assert example["image"] == images["measured"][0]
    assert api.send("GET", f"/api/v1/examples/{example['id']}/")[1][:2] == b"\xff\xd8"
    check_rounds(api.get(f"/api/v1/projects/{project}/rounds/"), effort)

    _, archive = api.send("GET", f"/api/v1/versions/{newer['id']}/download/")
    assert archive[:2] == b"PK"


def check_rounds(found, effort):
    """Both rounds say what was labelled and what it gave, the second on the same regions."""
    second, first = found["rounds"]
    assert (first["n_images"], first["n_regions"], first["before"]) == (2, 2, None)
    assert (second["n_images"], second["n_regions"]) == (1, 1)
    assert second["n_instances"] >= effort.n_accepted
    assert second["n_ops"] > 0
    assert second["before"]["version"] == first["after"][0]["version"]
    assert second["before"]["ap50"] is not None
    assert [one["version"]["number"] for one in second["after"]] == [2]
    assert second["after"][0]["ap50"] is not None
    assert found["open"]["n_regions"] == 0
