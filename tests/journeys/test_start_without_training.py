"""A new project, images, a starter model, drafts: over REST only, before anybody painted."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.annotator import Annotator
from benchmarks.rest_client import Refused
from tests.drawing import draw_blobs
from tests.journeys.test_annotate_train_correct import InProcessClient, drafts, uploaded
from tests.training.starters import NAME
from training.metrics.matching import match
from training.metrics.report import report

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("starters_dir")]


@pytest.fixture
def api(reviewer, as_person):
    return InProcessClient(as_person(reviewer))


def test_the_first_draft_needs_no_training(api, work_off, tmp_path):
    project = api.post("/api/v1/projects/", {"name": "nuclei of a newt"})["id"]
    images = [uploaded(api, work_off, project, tmp_path, f"{k}.tif", seed=k) for k in range(2)]
    card = api.get("/api/v1/starters/")[0]
    assert (card["name"], card["engine"], card["n_channels"]) == (NAME, "threshold", 1)
    assert card["trained_on"][0]["licence"] == "CC0-1.0"
    assert card["size_bytes"] > 0

    added = api.post(f"/api/v1/projects/{project}/starters/", {"name": NAME})
    assert added["state"] == "queued"
    work_off()

    (standing,) = api.get(f"/api/v1/projects/{project}/starters/")
    assert (standing["id"], standing["state"]) == (added["id"], "finished")
    version = api.get(f"/api/v1/versions/{standing['version']}/")
    assert (version["number"], version["origin"]) == (1, f"starter:{NAME}")
    assert version["config"]["starter"]["title"] == "Drawn blobs"
    for image, truth in images:
        (draft,) = drafts(api, image)
        found = Annotator(api, image).read(draft)
        score = report([match(truth, np.asarray(found, np.uint32))])["pooled"]["ap"]["0.5"]
        assert score > 0.7, "a draft worth correcting"
    with pytest.raises(Refused, match="it is threshold v1"):
        api.post(f"/api/v1/projects/{project}/starters/", {"name": NAME})

    truth, _ = draw_blobs(192, 192, n=10, radius=(7, 12), seed=0)
    annotator = Annotator(api, images[0][0])
    assert annotator.correct(truth, drafts(api, images[0][0])[0]).n_accepted > 5
    annotator.declare(truth.shape, "training")
    asked = {"engine": "threshold", "start": f"version:{version['id']}"}
    run = api.post(f"/api/v1/projects/{project}/runs/", asked)
    work_off()
    newer = api.get(f"/api/v1/runs/{run['id']}/")["version"]
    assert newer["number"] == 2
    lineage = api.get(f"/api/v1/versions/{newer['id']}/")["lineage"]
    assert [one["origin"] for one in lineage] == ["version:1", f"starter:{NAME}"]
