"""Comparing layers: what is told of them, and what is not."""

from __future__ import annotations

import numpy as np
import pytest

from annotations.actions.drafts import store_prediction
from annotations.queries import differences
from tests.annotations.painting import paint_box
from tests.factories import ImageFactory, LayerFactory, MembershipFactory, RegionFactory


@pytest.fixture
def client(as_person, annotator):
    return as_person(annotator)


def draft_of(image, name, *boxes, z=0):
    """Store a draft with one instance per box, ids from 1."""
    label_image = np.zeros((image.height, image.width), np.uint32)
    for instance_id, (row0, col0, row1, col1) in enumerate(boxes, 1):
        label_image[row0:row1, col0:col1] = instance_id
    return store_prediction(
        image=image, name=name, label_image=label_image, scores=np.full(len(boxes), 0.5), z=z
    )


SAME = (10, 10, 40, 40)
GONE = (100, 100, 120, 130)
WHOLE = (500, 500, 540, 540)  # over the corner of four chunks
HALVES = (500, 500, 540, 520), (500, 520, 540, 540)


@pytest.fixture
def two(image):
    return draft_of(image, "v2", SAME, GONE, WHOLE), draft_of(image, "v3", SAME, *HALVES)


def compared(client, a, b, **query):
    answer = client.get(f"/api/v1/layers/{a.pk}/differences/", {"other": str(b.pk), **query})
    assert answer.status_code == 200, answer.content
    return answer.json()


def refused(client, a, other, **query):
    answer = client.get(f"/api/v1/layers/{a.pk}/differences/", {"other": str(other), **query})
    return answer.status_code, answer.json()


def told(answer):
    return [(one["kind"], one["a_ids"], one["b_ids"]) for one in answer["groups"]]


def counted(answer):
    return {kind: n for kind, n in answer["counts"].items() if n}


def test_two_versions_drafts_are_compared(client, two):
    a, b = two

    answer = compared(client, a, b)

    assert counted(answer) == {"split": 1, "vanished": 1, "same": 1}
    assert told(answer) == [("split", [3], [2, 3]), ("vanished", [2], []), ("same", [1], [1])]
    assert (answer["a"]["name"], answer["b"]["name"]) == ("v2", "v3")
    split = answer["groups"][0]
    assert [split[name] for name in ("row0", "col0", "row1", "col1")] == list(WHOLE)
    assert (split["iou"], split["changed_px"]) == (1, 0)
    assert answer["groups"][1]["changed_px"] == 20 * 30
    assert told(compared(client, b, a))[0] == ("merged", [2, 3], [3])


def test_a_draft_is_compared_with_what_became_of_it(client, annotator, image, layer):
    draft = draft_of(image, "v1", SAME, GONE)
    paint_box(annotator, layer, (10, 10, 40, 60))

    assert told(compared(client, draft, layer)) == [("vanished", [2], []), ("moved", [1], [1])]


def test_two_peoples_layers_are_compared_as_they_are_now(client, annotator, image, layer):
    second = LayerFactory(image=image, name="Second opinion")
    mine = paint_box(annotator, layer, SAME)
    assert told(compared(client, layer, second)) == [("vanished", [mine], [])]

    theirs = paint_box(annotator, second, SAME)

    assert told(compared(client, layer, second)) == [("same", [mine], [theirs])]


def test_groups_come_in_pages_and_by_kind(client, two):
    a, b = two

    pages = [compared(client, a, b, offset=n, limit=1) for n in range(4)]

    assert [one for page in pages for one in told(page)] == told(compared(client, a, b))
    assert {page["n_groups"] for page in pages} == {3}
    only = compared(client, a, b, kind="vanished")
    assert (only["n_groups"], told(only)) == (1, [("vanished", [2], [])])
    assert counted(only) == {"split": 1, "vanished": 1, "same": 1}
    assert compared(client, a, b, limit=0)["groups"] == []


def test_of_a_box_only_the_pixels_inside_count(client, two):
    a, b = two

    assert told(compared(client, a, b, box="0,0,90,90")) == [("same", [1], [1])]
    # The box cuts one half off: what is seen of the other two is the same.
    cut = compared(client, a, b, box="490,490,600,520")
    assert told(cut) == [("same", [3], [2])]
    assert cut["groups"][0]["col1"] == 520
    assert compared(client, a, b, box="690,890,5000,5000")["n_groups"] == 0


def test_planes_are_compared_one_at_a_time(client, project):
    image = ImageFactory(project=project, n_z=3)
    a, b = draft_of(image, "v1", SAME, z=1), draft_of(image, "v2", GONE, z=2)

    assert compared(client, a, b)["n_groups"] == 0
    assert counted(compared(client, a, b, z=1)) == {"vanished": 1}
    assert counted(compared(client, a, b, z=2)) == {"appeared": 1}


def test_an_open_blind_region_tells_nothing_of_a_draft(client, annotator, image, layer, two):
    a, b = two
    paint_box(annotator, layer, GONE)
    everything = compared(client, a, layer)
    assert counted(everything) == {"vanished": 2, "same": 1}
    assert not everything["hides_blind"]

    region = RegionFactory(
        image=image,
        layer=layer,
        purpose="blind_validation",
        coverage="complete",
        row0=110,
        col0=90,
        row1=300,
        col1=510,
    )

    for one, other in ((a, layer), (layer, a)):
        hidden = compared(client, one, other)
        # Neither that there is a draft here nor that there is none.
        assert hidden["hides_blind"]
        assert [group["row0"] for group in hidden["groups"]] == [500, 10]
    assert counted(compared(client, a, b)) == {"split": 1, "same": 1}
    # What people drew is no draft.
    other = LayerFactory(image=image, name="Second opinion")
    assert counted(compared(client, layer, other)) == {"vanished": 1}

    region.depth, region.z = 1, 1
    region.save()
    assert not compared(client, a, b)["hides_blind"]


def test_layers_of_other_images_and_projects_are_not_compared(client, image, two, annotator):
    a, _ = two
    elsewhere = draft_of(ImageFactory(project=image.project), "v1", SAME)
    foreign = draft_of(ImageFactory(), "v1", SAME)

    assert refused(client, a, elsewhere.pk)[1]["code"] == "not_comparable"
    assert refused(client, a, a.pk)[1]["code"] == "not_comparable"
    assert refused(client, a, foreign.pk)[0] == 404
    assert refused(client, foreign, a.pk)[0] == 404
    MembershipFactory(project=foreign.image.project, user=annotator)
    assert refused(client, a, foreign.pk)[1]["code"] == "not_comparable"
    assert refused(client, a, "nothing")[0] == 400
    for box in ("1,2,3", "5,5,5,9", "-1,0,4,4", "a,b,c,d"):
        assert refused(client, a, two[1].pk, box=box)[0] == 400


def test_what_is_too_large_is_refused_with_a_sentence_and_a_part_of_it_is_not(
    client, two, monkeypatch
):
    monkeypatch.setattr(differences, "MOST_CHUNKS", 3)
    a, b = two

    status, error = refused(client, a, b.pk)

    assert (status, error["code"]) == (409, "comparison_too_large")
    assert "Compare a part of the image." in error["message"]
    assert counted(compared(client, a, b, box="0,0,512,900")) != {}


def test_a_comparison_that_takes_long_goes_on_where_it_stopped(client, two, monkeypatch):
    differences._compared.cache_clear()
    a, b = two
    # Time goes on with what is counted.
    monkeypatch.setattr(differences, "TIME_S", 1.5)
    monkeypatch.setattr(differences, "JOINED_AT_ONCE", 1)
    counting = differences._overlaps_of.cache_info
    monkeypatch.setattr(differences.time, "monotonic", lambda: counting().misses)

    n_done = []
    for _ in range(4):
        differences._overlaps_of.cache_clear()
        status, answer = refused(client, a, b.pk)
        if status == 200:
            break
        assert (status, answer["code"]) == (422, "comparison_unfinished")
        n_done.append(answer["data"]["n_done"])

    assert n_done == [2]  # and not the same two again and again
    assert counted(answer) == {"split": 1, "vanished": 1, "same": 1}
