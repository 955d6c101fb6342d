"""Kinds of objects from painting to drafts and numbers, with real networks in their children."""

from __future__ import annotations

import numpy as np
import pytest

from annotations.actions.classes import update_class
from annotations.actions.drafts import accept_draft
from annotations.actions.labels import ensure_annotation_layer
from annotations.models import Instance, Purpose
from tests.engines.conformance import TINY
from tests.engines.kinds import FLATNESS, NAMES, PLANES, VOLUMES, World
from tests.engines.stardist_3d_params import TINY as TINY_3D
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


def painted(user, project, of, seed, *, purpose=Purpose.TRAINING):
    pixels, labels, kinds = of.draw(seed)
    truth, named = dense(labels, kinds)
    apart = {"pixel_size_um": 0.5, "z_step_um": 0.5 * FLATNESS}
    image = stored_image(project, pixels, name=f"image {seed}", **apart)
    declare_kinds(user, image, truth, named, purpose=purpose)
    return image


@pytest.mark.parametrize(
    ("engine", "of", "tiny"),
    [("stardist", PLANES, TINY["stardist"]), ("stardist_3d", VOLUMES, TINY_3D)],
)
def test_a_version_learns_kinds_drafts_them_and_is_measured_by_kind(
    owner, project, work_off, engine: str, of: World, tiny
):
    classes(owner, project, *NAMES)
    for seed in range(4):
        painted(owner, project, of, seed)
    painted(owner, project, of, 90, purpose=Purpose.BLIND_VALIDATION)
    queue_run(user=owner, project=project, engine=engine, params=tiny | of.params)
    work_off()
    version = ModelVersion.objects.get()
    assert version.config["classes"] == list(NAMES)
    measured = Evaluation.objects.get(version=version, state=RunState.FINISHED).metrics["classes"]
    assert measured["names"] == list(NAMES)
    assert measured["accuracy"] > 0.9
    assert measured["n_judged"] >= 6
    assert all(one["ap"] > 0.4 for one in measured["by_class"])

    long = project.classes.get(name="long")
    update_class(user=owner, class_id=long.pk, name="slender")
    pixels, labels, kinds = of.draw(55)
    image = stored_image(project, pixels, name="new")
    queue_predictions(user=owner, version=version, images=[image.pk])
    work_off()

    draft = PredictionRun.objects.get(image=image, state=RunState.FINISHED).layer
    names = ["", "round", "slender"]
    rows = list(Instance.objects.filter(layer=draft))
    right = 0
    planes = labels.reshape(-1, *labels.shape[-2:])
    for row in rows:
        middle = (row.row0 + row.row1) // 2, (row.col0 + row.col1) // 2
        right += row.class_name == names[kinds.get(planes[row.z + row.depth // 2][middle], 0)]
    assert len(rows) >= 6
    assert right >= 0.8 * len(rows)

    layer = ensure_annotation_layer(user=owner, image=image)
    accept_draft(user=owner, layer_id=layer.pk, draft_id=draft.pk)
    kept = {row.source_instance_id: row.class_name for row in Instance.objects.filter(layer=layer)}
    assert kept == {row.instance_id: row.class_name for row in rows}
