"""Large images, and their predictions."""

from __future__ import annotations

import numpy as np

from annotations.models import Instance, InstanceState
from annotations.queries.labels import layer_label_image
from tests.drawing import draw_blobs
from tests.training.conftest import JOIN_S
from tests.training.worlds import wait_for
from training import tasks
from training.actions.predictions import cancel_prediction, queue_predictions
from training.jobs.attempt import Interrupted
from training.models import PredictionPart, PredictionRun, RunState
from training.supervision.warm import warm_child

PART_PX = 700  # parts own 512 x 512


def scattered(height, width, seed=0):
    """Return (truth, image) of blobs: a drawn tile again and again, which is quick to draw."""
    truth, pixels = draw_blobs(256, 256, n=24, radius=(7, 12), seed=seed)
    rows, cols = -(-height // 256), -(-width // 256)
    n = int(truth.max())
    tiles = np.arange(rows * cols, dtype=np.uint32).reshape(rows, cols)
    whole = np.tile(truth, (rows, cols))
    whole = np.where(whole > 0, whole + n * tiles.repeat(256, 0).repeat(256, 1), 0)
    noise = np.random.default_rng(seed).integers(0, 3, whole.shape, np.uint8)
    return whole[:height, :width], (np.tile(np.minimum(pixels, 250), (rows, cols)) + noise)[
        :height, :width
    ]


def drawn(prediction):
    image = prediction.image
    return layer_label_image(prediction.layer, (0, 0, image.height, image.width))


def prediction_of(image):
    return PredictionRun.objects.select_related("layer", "image").get(image=image)


def predicted(owner, version, image, work_off, **wanted):
    queue_predictions(user=owner, version=version, images=[image.pk], **wanted)
    work_off()
    row = prediction_of(image)
    assert row.state == RunState.FINISHED, row.error_message or row.traceback
    return row


def make_parts(prediction, n):
    """Make some parts as other workers do, after their holder has laid them out."""
    for _ in range(n):
        part = PredictionPart.objects.filter(prediction=prediction, state=RunState.QUEUED).first()
        tasks.predict_part.fn(str(part.pk))


def cancel_while_made(owner, version, image, in_background):
    """Cancel a prediction while a part of it is being made, and wait for its worker."""
    queue_predictions(user=owner, version=version, images=[image.pk])
    working = in_background(lambda: tasks.predict.fn("threshold"))
    wait_for(PredictionPart.objects.filter(state=RunState.RUNNING).first)
    wait_for(lambda: warm_child("threshold").pid)

    cancel_prediction(user=owner, prediction=prediction_of(image))
    working.join(JOIN_S)

    assert not working.is_alive()
    assert prediction_of(image).state == RunState.CANCELLED


def check_rows(prediction, label_image):
    """Compare the rows of a draft's objects with its pixels."""
    rows = list(Instance.objects.filter(layer=prediction.layer).order_by("instance_id"))
    assert [row.instance_id for row in rows] == np.unique(label_image)[1:].tolist()
    assert len(rows) == prediction.n_instances
    for row in rows:
        box = (slice(row.row0, row.row1), slice(row.col0, row.col1))
        mine = label_image[box] == row.instance_id
        assert np.count_nonzero(mine) == row.area_px
        assert mine[0].any()
        assert mine[-1].any()
        assert mine[:, 0].any()
        assert mine[:, -1].any()
        assert row.score is not None
        assert row.state == InstanceState.PROPOSED
    assert np.count_nonzero(label_image) == sum(row.area_px for row in rows)


def refuse(*arguments, **options):
    raise OSError("not now")


def stop(*arguments, **options):
    raise Interrupted
