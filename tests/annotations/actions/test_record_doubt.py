from __future__ import annotations

import json

import numpy as np
import pytest

from annotations.actions.drafts import NotADraft, record_doubt, store_prediction
from annotations.models import AuditEntry, Instance
from annotations.queries.instances import instances_json
from project.errors import InvalidInput
from tests.factories import ImageFactory, LayerFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(project):
    label_image = np.zeros((700, 900), np.uint32)
    for instance_id in (1, 2, 3):
        label_image[instance_id * 20 : instance_id * 20 + 9, :9] = instance_id
    return store_prediction(
        image=ImageFactory(project=project),
        name="stardist v1",
        label_image=label_image,
        scores=np.ones(3, np.float32),
    )


def test_doubt_stands_with_its_object_and_in_the_list_of_instances(draft):
    n_written = record_doubt(
        layer=draft, instance_ids=np.array([3, 1]), doubt=np.array([0.75, 0.25])
    )

    assert n_written == 2
    assert json.loads(instances_json(draft))["doubt"] == [0.25, None, 0.75]
    entry = AuditEntry.objects.get(verb="record_doubt")
    assert (entry.user, entry.data["n_instances"]) == (None, 2)


def test_a_later_look_takes_the_place_of_an_earlier_one(draft):
    for doubt in (0.9, 0.1):
        record_doubt(layer=draft, instance_ids=np.array([2]), doubt=np.array([doubt]))

    assert Instance.objects.get(layer=draft, instance_id=2).doubt == 0.1


def test_objects_that_are_not_there_are_passed_over(draft):
    assert record_doubt(layer=draft, instance_ids=np.array([9]), doubt=np.array([0.5])) == 0
    assert record_doubt(layer=draft, instance_ids=np.zeros(0, int), doubt=np.zeros(0)) == 0


@pytest.mark.parametrize("doubt", [[-0.1], [1.1], [float("nan")], [0.1, 0.2]])
def test_doubt_is_a_share_for_each_object(draft, doubt):
    with pytest.raises(InvalidInput):
        record_doubt(layer=draft, instance_ids=np.array([1]), doubt=np.array(doubt))


def test_what_people_painted_is_not_doubted(project):
    layer = LayerFactory(image=ImageFactory(project=project))

    with pytest.raises(NotADraft):
        record_doubt(layer=layer, instance_ids=np.array([1]), doubt=np.array([0.5]))
