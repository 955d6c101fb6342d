"""Time series from end to end: each time is drafted, accepted and measured on its own."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pytest
import tifffile
from roifile import ImagejRoi

from annotations.actions.drafts import DraftInBlindRegion, accept_draft
from annotations.actions.labels import ensure_annotation_layer
from annotations.actions.projects import update_project
from annotations.exchange import outlines_geojson, outlines_imagej
from annotations.models import Purpose, StackDrafts
from annotations.queries.chunks import layer_label_image
from tests.training.worlds import declare, draw_stack, paint, stored_image
from training.actions.predictions import MapsNotKept, images_for_maps, queue_predictions
from training.actions.runs import queue_run
from training.jobs.folder import segment_image_file
from training.models import Evaluation, PredictionRun, RunState
from training.queries.outlines import DraftOutlines
from training.queries.versions import drafts_under_way

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def version(odd_engine, version):
    return version


def draw_series(n_t=3, n_z=4):
    """Return (truth, pixels), both (T, Z, H, W): other columns at every time, ids go on."""
    truths, pixels, n = [], [], 0
    for t in range(n_t):
        stack, drawn = draw_stack(max(n_z, 3), seed=t)
        first = len(stack) // 2 if n_z == 1 else 0
        ids = np.unique(stack[first : first + n_z])
        truth = np.searchsorted(ids, stack[first : first + n_z]).astype(np.uint32)
        truths.append(np.where(truth > 0, truth + n, 0))
        pixels.append(drawn[first : first + n_z])
        n += int(truth.max())
    return np.stack(truths), np.stack(pixels)


def series(project, pixels, **fields):
    return stored_image(project, pixels[:, None], **fields)


def labels_of(layer):
    image = layer.image
    box = (0, 0, image.height, image.width)
    return np.stack(
        [
            [layer_label_image(layer, box, t=t, z=z) for z in range(image.n_z)]
            for t in range(image.n_t)
        ]
    )


def drafted(owner, version, image, work_off):
    queue_predictions(user=owner, version=version, images=[image.pk])
    work_off()
    row = PredictionRun.objects.select_related("layer__image", "version", "image").get(image=image)
    assert row.state == RunState.FINISHED, row.error_message + row.traceback
    return row


def is_same_partition(one, other):
    pairs = np.unique(np.stack([one.ravel(), other.ravel()]), axis=1)
    return pairs.shape[1] == np.unique(one).size == np.unique(other).size


@pytest.mark.parametrize(
    ("way", "n_z", "seen"),
    [
        (StackDrafts.LINKED, 1, False),
        (StackDrafts.LINKED, 4, False),
        (StackDrafts.PLANES, 4, False),
        (StackDrafts.VOLUME, 4, True),
        (StackDrafts.VOLUME, 4, False),
        (StackDrafts.VOLUME, 1, True),
    ],
)
def test_every_time_is_drafted_on_its_own(
    odd_engine, owner, project, version, work_off, way, n_z, seen
):
    odd_engine(volumes=seen)
    truth, pixels = draw_series(n_z=n_z)
    image = series(project, pixels)
    update_project(user=owner, project_id=project.pk, stack_drafts=way)

    row = drafted(owner, version, image, work_off)

    found = labels_of(row.layer)
    assert np.array_equal(found > 0, truth > 0)
    if way != StackDrafts.PLANES:
        assert is_same_partition(found, truth)
    rows = list(row.layer.instances.order_by("instance_id"))
    assert [one.instance_id for one in rows] == list(range(1, row.n_instances + 1))
    assert [one.t for one in rows] == sorted(one.t for one in rows)
    for one in rows:
        own = found == one.instance_id
        times, planes, *_ = np.nonzero(own)
        assert set(times.tolist()) == {one.t}
        assert (planes.min(), planes.max() + 1) == (one.z, one.z + one.depth)
        assert np.count_nonzero(own) == one.area_px
    assert row.stack_drafts == way


def test_how_far_a_series_is_tells_time_and_plane(owner, project, version, work_off, monkeypatch):
    told = []
    monkeypatch.setattr(
        "training.jobs.predict.publish_prediction_by_id",
        lambda pk: told.extend(drafts_under_way(version)),
    )
    image = series(project, draw_series(n_t=2, n_z=3)[1], name="film")

    drafted(owner, version, image, work_off)

    place = {"image": str(image.pk), "name": "film", "part": None, "of": None}
    assert told == [
        {**place, "time": t, "times": 2, "plane": z, "planes": 3} for t in (1, 2) for z in (1, 2, 3)
    ]


def test_one_accept_writes_all_times_and_each_can_be_undone_alone(
    owner, project, version, work_off
):
    image = series(project, draw_series()[1])
    draft = drafted(owner, version, image, work_off).layer
    layer = ensure_annotation_layer(user=owner, image=image)

    done = accept_draft(user=owner, layer_id=layer.pk, draft_id=draft.pk)

    assert done.n_accepted == draft.instances.count()
    assert np.array_equal(labels_of(layer), labels_of(draft))
    kept = dict(layer.instances.values_list("instance_id", "t"))
    assert kept == dict(draft.instances.values_list("instance_id", "t"))
    groups = {}
    for op in layer.ops.all():
        groups.setdefault(op.meta["group"], set()).add(op.t)
    assert sorted(map(sorted, groups.values())) == [[0], [1], [2]]


def test_a_blind_region_keeps_drafts_out_of_its_own_time_only(owner, project, version, work_off):
    image = series(project, draw_series(n_z=1)[1])
    draft = drafted(owner, version, image, work_off).layer
    declare(owner, image, purpose=Purpose.BLIND_VALIDATION, t=1, submit=False)
    layer = ensure_annotation_layer(user=owner, image=image)
    blind = list(draft.instances.filter(t=1).values_list("instance_id", flat=True))

    with pytest.raises(DraftInBlindRegion):
        accept_draft(user=owner, layer_id=layer.pk, draft_id=draft.pk, instance_ids=blind)
    done = accept_draft(user=owner, layer_id=layer.pk, draft_id=draft.pk)

    assert done.n_skipped == len(blind)
    assert set(layer.instances.values_list("t", flat=True)) == {0, 2}


def test_outlines_tell_the_time(owner, project, version, work_off):
    truth, pixels = draw_series(n_t=2, n_z=1)
    prediction = drafted(owner, version, series(project, pixels), work_off)

    text = b"".join(outlines_geojson.write(DraftOutlines(prediction)))
    archive = zipfile.ZipFile(
        io.BytesIO(b"".join(outlines_imagej.write(DraftOutlines(prediction))))
    )

    features = json.loads(text)["features"]
    places = [one["geometry"]["plane"] for one in features]
    n_each = [np.unique(time).size - 1 for time in truth]
    assert places == [{"c": -1, "z": 0, "t": t} for t in range(2) for _ in range(n_each[t])]
    rois = [ImagejRoi.frombytes(archive.read(name)) for name in archive.namelist()]
    assert [roi.t_position for roi in rois] == [one["t"] + 1 for one in places]


def test_maps_of_a_series_are_refused_with_a_sentence(owner, project, version):
    image = series(project, draw_series(n_z=1)[1], name="film")
    version.engine = "stardist"

    with pytest.raises(MapsNotKept, match=r"one plane only.*film"):
        images_for_maps(version, [image], named=True)


@pytest.mark.parametrize(
    ("way", "n_z"),
    [(StackDrafts.LINKED, 1), (StackDrafts.LINKED, 4), (StackDrafts.VOLUME, 4)],
)
def test_a_region_is_measured_against_what_is_drawn_at_its_time(
    odd_engine, owner, project, world, work_off, way, n_z
):
    odd_engine(volumes=True)
    truth, pixels = draw_series(n_z=n_z)
    image = series(project, pixels, name="measured")
    update_project(user=owner, project_id=project.pk, stack_drafts=way)
    for t in (1, 2):
        alone = np.where(truth[t] > 0, truth[t] - truth[t][truth[t] > 0].min() + 1, 0)
        paint(owner, image, alone, t=t)
        declare(owner, image, purpose=Purpose.BLIND_VALIDATION, t=t, depth=n_z)

    queue_run(user=owner, project=project, engine="threshold")
    work_off()

    evaluation = Evaluation.objects.get()
    assert evaluation.state == RunState.FINISHED, evaluation.error_message + evaluation.traceback
    (scores,) = [one for one in evaluation.per_image if one["name"] == "measured"]
    assert scores["n_truth"] == np.unique(truth[1:]).size - 1
    assert scores["ap"]["0.9"] == 1.0


def test_files_of_a_series_are_segmented_time_after_time(
    odd_engine, version, site_environment, tmp_path
):
    truth, pixels = draw_series(n_t=2, n_z=3)
    path = tmp_path / "film.tif"
    tifffile.imwrite(path, pixels, imagej=True, metadata={"axes": "TZYX"})

    found = segment_image_file(version, path)

    assert found.label_image.shape == (6, *truth.shape[-2:])
    assert is_same_partition(found.by_time(found.label_image), truth)
    assert len(found.scores) == int(found.label_image.max())
