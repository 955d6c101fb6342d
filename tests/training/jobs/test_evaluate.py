from __future__ import annotations

import numpy as np
import pytest

from annotations.models import Purpose
from tests.drawing import draw_blobs
from tests.training.worlds import annotated_image, declare, paint, stored_image
from training.actions.runs import queue_run
from training.models import Evaluation, ModelVersion, RunState

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_region_is_measured_on_its_own_plane(owner, project, work_off):
    annotated_image(owner, project, seed=1)
    truth, drawn = draw_blobs(160, 160, n=8, radius=(7, 12), seed=2)
    stack = np.stack([np.zeros_like(drawn), drawn])[None]  # nothing to see in the first plane
    image = stored_image(project, stack, name="stack")
    paint(owner, image, truth, z=1)
    declare(owner, image, purpose=Purpose.BLIND_VALIDATION, z=1)

    run = queue_run(user=owner, project=project, engine="threshold")
    work_off()
    run.refresh_from_db()
    assert run.state == RunState.FINISHED, run.error_message + run.traceback

    evaluation = Evaluation.objects.get(version=ModelVersion.objects.get())
    assert evaluation.state == RunState.FINISHED, evaluation.error_message
    assert evaluation.metrics["pooled"]["ap"]["0.5"] > 0.8
