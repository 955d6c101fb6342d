"""Where a region may be suggested: not blind where a model has drawn."""

from __future__ import annotations

import pytest

from annotations.models import Image
from tests.annotations.painting import box_op, new_id, paint_box, send, sent
from tests.factories import ImageFactory, LayerFactory
from training.queries.candidates import open_images

pytestmark = pytest.mark.django_db


def test_the_place_of_what_a_model_found_is_drafted_and_what_was_painted_is_not(project, annotator):
    image = ImageFactory(project=project)
    Image.objects.filter(pk=image.pk).update(pixels_digest="0" * 64)
    layer = LayerFactory(image=image)
    paint_box(annotator, layer, (300, 300, 330, 330))
    found = box_op(layer, (50, 60, 80, 90), new_id(annotator, layer))
    send(annotator, layer, sent(found, kind="prompt", meta={"prompt": {"by": "v1"}}))

    (only,) = open_images(project)

    assert only.drafted.on((0, 0)) == [(50, 60, 80, 90)]
