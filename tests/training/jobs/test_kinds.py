"""Kinds of objects from painting to drafts and numbers, with a real StarDist in its child."""

from __future__ import annotations

import numpy as np
import pytest

from annotations.actions.classes import update_class
from annotations.models import Instance, Purpose
from tests.engines.conformance import TINY
from tests.engines.kinds import NAMES, STEPS, two_kinds
from tests.training.kinds import classes, declare_kinds
from tests.training.worlds import stored_image
from training.actions.predictions import queue_predictions
from training.actions.runs import queue_run
from training.models import Evaluation, ModelVersion, PredictionRun, RunState

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.stardist]


def dense(labels, kinds):
    """Return labels numbered from 1 without gaps, and the name of each."""
    ids = [one for one in np.unique(labels) if one]
    named = [NAMES[kinds[one] - 1] for one in ids]
    return np.searchsorted([0, *ids], labels).astype(np.uint32), named


def painted(user, project, seed, *, purpose=Purpose.TRAINING):
    pixels, labels, kinds = two_kinds(seed)
    truth, named = dense(labels, kinds)
    image = stored_image(project, pixels[0], name=f"image {seed}")
    declare_kinds(user, image, truth, named, purpose=purpose)
    return image


@pytest.fixture
def version(owner, project, work_off):
    classes(owner, project, *NAMES)
    for seed in range(4):
        painted(owner, project, seed)
    painted(owner, project, 90, purpose=Purpose.BLIND_VALIDATION)
    queue_run(
        user=owner, project=project, engine="stardist", params=TINY["stardist"] | {"steps": STEPS}
    )
    work_off()
    return ModelVersion.objects.get()


def test_a_version_learns_kinds_drafts_them_and_is_measured_by_kind(
    version, owner, project, work_off
):
    assert version.config["classes"] == list(NAMES)
    measured = Evaluation.objects.get(version=version, state=RunState.FINISHED).metrics["classes"]
    assert measured["names"] == list(NAMES)
    assert measured["accuracy"] > 0.9
    assert measured["n_judged"] >= 6
    assert all(one["ap"] > 0.4 for one in measured["by_class"])

    long = project.classes.get(name="long")
    update_class(user=owner, class_id=long.pk, name="slender")
    pixels, labels, kinds = two_kinds(55)
    image = stored_image(project, pixels[0], name="new")
    queue_predictions(user=owner, version=version, images=[image.pk])
    work_off()

    draft = PredictionRun.objects.get(image=image, state=RunState.FINISHED).layer
    names = ["", "round", "slender"]
    rows = list(Instance.objects.filter(layer=draft))
    right = 0
    for row in rows:
        middle = labels[(row.row0 + row.row1) // 2, (row.col0 + row.col1) // 2]
        right += row.class_name == names[kinds.get(middle, 0)]
    assert len(rows) >= 6
    assert right >= 0.8 * len(rows)
