"""A draft of many chunks is accepted some chunks at a time: the same labels, less in memory."""

from __future__ import annotations

import numpy as np
import pytest

from annotations.actions import drafts
from annotations.actions.drafts import Preserve, accept_draft, store_prediction
from annotations.actions.layer_writer import LayerWriter
from annotations.models import InstanceState, LabelOp
from annotations.queries.labels import layer_label_image
from tests.annotations.painting import check_in_step, paint_box
from tests.drawing import draw_blobs
from tests.factories import ImageFactory, LayerFactory

pytestmark = pytest.mark.django_db

SIZE = (1100, 1300)  # nine chunks
BOX = (0, 0, *SIZE)


@pytest.fixture
def accept(annotator, project):
    """Return a function that accepts the same draft into a new layer that has something already."""
    truth, _ = draw_blobs(*SIZE, n=120, radius=(20, 40), seed=5)

    def make(preserve):
        image = ImageFactory(project=project, height=SIZE[0], width=SIZE[1])
        layer = LayerFactory(image=image)
        paint_box(annotator, layer, (100, 100, 400, 400))
        scores = np.ones(int(truth.max()))
        draft = store_prediction(image=image, name="draft", label_image=truth, scores=scores)
        done = accept_draft(user=annotator, layer_id=layer.pk, draft_id=draft.pk, preserve=preserve)
        layer.refresh_from_db()
        return layer, draft, done

    return make


def rows_of(layer):
    names = ("instance_id", "area_px", "row0", "col0", "row1", "col1", "state", "score")
    return list(layer.instances.order_by("instance_id").values_list(*names))


@pytest.mark.parametrize("preserve", list(Preserve))
def test_batches_of_chunks_accept_what_one_op_does(accept, monkeypatch, preserve):
    whole, _, at_once = accept(preserve)
    monkeypatch.setattr(drafts, "CHUNKS_AT_ONCE", 2)
    most = []
    load = LayerWriter.chunks

    def noted(writer, plane, places):
        held = load(writer, plane, places)
        most.append(len(held))
        return held

    monkeypatch.setattr(LayerWriter, "chunks", noted)
    layer, draft, in_batches = accept(preserve)

    assert (layer_label_image(layer, BOX) == layer_label_image(whole, BOX)).all()
    assert rows_of(layer) == rows_of(whole)
    assert (in_batches.n_accepted, in_batches.n_skipped) == (at_once.n_accepted, at_once.n_skipped)
    check_in_step(layer)
    assert max(most) <= 2
    accepted = LabelOp.objects.filter(layer=layer, kind="accept")
    assert accepted.count() == 5
    assert len({op.meta["group"] for op in accepted}) == 1
    n_open = draft.instances.filter(state=InstanceState.PROPOSED).count()
    assert n_open == in_batches.n_skipped
