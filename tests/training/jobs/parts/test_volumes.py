"""Volumes are made in parts, by whoever is free, and come out as one worker makes them."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotations.actions.projects import update_project
from annotations.labels import chunks
from annotations.labels.label_image import measure, measures_of_stack
from annotations.models import Image, StackDrafts
from annotations.queries.chunks import layer_label_image, pixels_of
from project import leases
from project.storage import put_file, scratch_dir
from tests.training.jobs.parts.worlds import cancel_while_made, predicted, prediction_of, stop
from tests.training.worlds import draw_stack, stored_image
from training import tasks
from training.actions.predictions import queue_predictions
from training.actions.runs import queue_run
from training.engines.base import PredictionArrays
from training.engines.cuboids import cuboids, predict_in_cuboids
from training.jobs.volume_parts import merge_volumes
from training.models import ModelVersion, PredictionPart, RunState
from training.supervision.parts import write_part

pytestmark = pytest.mark.django_db(transaction=True)

BLOCKS = [[3, 60, 60], [2, 20, 20]]
N_BLOCKS = 8  # of a stack of 5 x 96 x 96


# --- putting together ---------------------------------------------------------------------------


def look(labels, corners):
    """Find the objects of a stack's truth that a block shows, numbered anew, each with a score."""
    place = tuple(map(slice, corners[:3], corners[3:]))
    ids, found = np.unique(labels[place], return_inverse=True)
    found = found.reshape(labels[place].shape) + (ids[0] != 0)
    kinds = ids[ids > 0]
    return PredictionArrays(
        found.astype(np.uint32),
        (kinds / 100).astype(np.float32),
        {},
        classes=kinds.astype(np.uint8),
    )


def stored_parts(labels, t, sides, overlaps, first_number):
    parts = []
    for one in cuboids(labels.shape, sides, overlaps):
        path = scratch_dir() / "part.npz"
        write_part(path, look(labels, one.outer))
        z0, row0, col0, z1, row1, col1 = one.core
        parts.append(
            PredictionPart(
                number=first_number + len(parts), is_volume=True, t=t, z=z0, depth=z1 - z0,
                row0=row0, col0=col0, row1=row1, col1=col1, overlap_z=overlaps[0],
                overlap_px=overlaps[1], result_digest=put_file(path),
            )
        )  # fmt: skip
    return parts


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    shape=st.tuples(st.integers(2, 9), st.integers(60, 140), st.integers(60, 140)),
    sides=st.tuples(st.integers(1, 6), st.integers(25, 150), st.integers(25, 150)),
    overlaps=st.tuples(st.integers(0, 4), st.integers(0, 30)),
    seed=st.integers(0, 99),
)
def test_merged_parts_are_the_blocks_of_one_process(data_dir, shape, sides, overlaps, seed):
    overlaps = (*overlaps, overlaps[1])
    times = [draw_stack(shape[0], 150, seed=seed + t)[0][:, : shape[1], : shape[2]] for t in (0, 1)]
    parts, expected, n_before = [], [], 0
    for t, labels in enumerate(times):
        whole = predict_in_cuboids(
            labels.shape, lambda box, of=labels: look(of, box), block_px=sides, overlap_px=overlaps
        )
        named = np.where(whole.label_image > 0, whole.label_image + np.uint32(n_before), 0)
        expected.append((named, whole.scores, whole.classes))
        n_before += len(whole.scores)
        parts += stored_parts(labels, t, sides, overlaps, len(parts) + 1)

    merged = merge_volumes(parts, Image(n_t=2, n_z=shape[0], height=shape[1], width=shape[2]))

    held = {key: pixels_of(digest) for key, digest in merged.planes.digests().items()}
    for t, (named, *_) in enumerate(expected):
        for z, plane in enumerate(named):
            of_plane = {
                place: chunk for (t1, z1, place), chunk in held.items() if (t1, z1) == (t, z)
            }
            assert np.array_equal(chunks.join(of_plane, (0, 0, *shape[1:])), plane)
        measures = merged.planes.measures()[t]
        truth = measures_of_stack({z: measure(plane) for z, plane in enumerate(named)})
        for name in ("instance_id", "area_px", "boxes", "z", "depth"):
            assert np.array_equal(getattr(measures, name), getattr(truth, name)), name
    assert all(chunk.any() for chunk in held.values()), "background is not stored"
    assert np.array_equal(merged.scores, np.concatenate([scores for _, scores, _ in expected]))
    assert np.array_equal(merged.classes, np.concatenate([kinds for *_, kinds in expected]))


# --- making them --------------------------------------------------------------------------------


@pytest.fixture
def version(odd_engine, owner, project, world, work_off):
    """A version whose engine sees volumes and cuts them, in a project that wants these."""
    queue_run(user=owner, project=project, engine="threshold")
    work_off()
    update_project(user=owner, project_id=project.pk, stack_drafts=StackDrafts.VOLUME)
    odd_engine(volumes=True, blocks=BLOCKS)
    return ModelVersion.objects.get()


@pytest.fixture
def stack(project):
    """A stack of which an engine makes eight blocks."""
    return stored_image(project, draw_stack()[1][None], pixel_size_um=0.5, z_step_um=1.0)


def labels_of(row):
    image = row.image
    box = (0, 0, image.height, image.width)
    return np.array(
        [
            [layer_label_image(row.layer, box, t=t, z=z) for z in range(image.n_z)]
            for t in range(image.n_t)
        ]
    )


def rows_of(row):
    names = ("instance_id", "t", "z", "depth", "area_px", "row0", "col0", "row1", "col1", "score")
    return list(row.layer.instances.order_by("instance_id").values_list(*names))


@pytest.mark.parametrize("n_t", [1, 2])
def test_a_volume_in_parts_is_that_of_one_worker(
    version, owner, project, work_off, news, monkeypatch, n_t
):
    pixels = np.stack([draw_stack(seed=t)[1] for t in range(n_t)])[:, None]
    spacing = {"pixel_size_um": 0.5, "z_step_um": 1.0}
    with monkeypatch.context() as patch:
        patch.setattr("training.jobs.predict.cut_volumes", lambda *wanted, **how: [])
        image = stored_image(project, pixels, name="whole", **spacing)
        alone = predicted(owner, version, image, work_off)
    assert not any("part" in one.get("progress", {}) for one in news)

    cut = stored_image(project, pixels, name="cut", **spacing)
    together = predicted(owner, version, cut, work_off)

    assert np.array_equal(labels_of(together), labels_of(alone))
    assert rows_of(together) == rows_of(alone)
    assert together.n_instances == 9 * n_t
    assert {round(score, 4) for *_, score in rows_of(together)} == {0.2}, "by the anisotropy"
    told = [one["progress"] for one in news if one.get("progress", {}).get("stage") == "parts"]
    of = N_BLOCKS * n_t
    assert {(one["part"], one["of"]) for one in told} == {(k, of) for k in range(of + 1)}
    assert not PredictionPart.objects.exists(), "they are put together"
    assert together.stack_drafts == StackDrafts.VOLUME
    assert {path.name.split("-")[0] for path in scratch_dir().iterdir()} == {"checkpoint"}


def test_other_workers_make_blocks_too_and_none_twice(
    odd_engine, version, owner, stack, work_off, monkeypatch, tmp_path
):
    odd_engine(volumes=True, blocks=BLOCKS, seen=str(tmp_path / "seen"))
    helped = []

    def help_once(engine):
        for part in PredictionPart.objects.filter(state=RunState.QUEUED)[: 0 if helped else 3]:
            tasks.predict_part.fn(str(part.pk))
            helped.append(part.number)

    monkeypatch.setattr("training.jobs.predict.draw_in_view", help_once)
    predicted(owner, version, stack, work_off)

    assert len(helped) == 3
    seen = (tmp_path / "seen").read_text().split()
    assert len(seen) == len(set(seen)) == N_BLOCKS


def test_a_block_whose_worker_was_killed_is_made_by_another(
    version, owner, stack, work_off, monkeypatch
):
    taken = []

    def take_one(engine):
        if not taken:
            part = PredictionPart.objects.get(number=5)
            taken.append(leases.claim(PredictionPart, part.pk))
            expired = {"lease_until": timezone.now() - timedelta(seconds=1)}
            leases.write(PredictionPart, part.pk, taken[0], **expired)

    monkeypatch.setattr("training.jobs.predict.draw_in_view", take_one)
    row = predicted(owner, version, stack, work_off)

    assert taken
    assert row.n_instances == 9


def test_a_child_that_is_killed_loses_the_block_it_was_at(
    odd_engine, version, owner, stack, work_off, tmp_path
):
    files = {"fail_once": str(tmp_path / "was killed"), "seen": str(tmp_path / "seen")}
    odd_engine(volumes=True, blocks=BLOCKS, fail="kill", **files)

    row = predicted(owner, version, stack, work_off)

    assert (tmp_path / "was killed").exists()
    assert row.attempt == 1
    assert len((tmp_path / "seen").read_text().split()) == N_BLOCKS


def test_blocks_that_are_made_are_used_when_the_holder_stops(
    odd_engine, version, owner, stack, work_off, monkeypatch, tmp_path
):
    queue_predictions(user=owner, version=version, images=[stack.pk])
    with monkeypatch.context() as patch:
        patch.setattr("training.jobs.parts.make_next", stop)
        tasks.predict.fn("threshold")
    for part in PredictionPart.objects.order_by("number")[:3]:
        tasks.predict_part.fn(str(part.pk))
    odd_engine(volumes=True, blocks=BLOCKS, seen=str(tmp_path / "seen"))

    work_off()

    assert prediction_of(stack).state == RunState.FINISHED
    assert len((tmp_path / "seen").read_text().split()) == N_BLOCKS - 3


def test_a_cancel_stops_the_block_that_is_being_made(
    odd_engine, version, owner, stack, in_background
):
    odd_engine(volumes=True, blocks=BLOCKS, predict_s=600)

    cancel_while_made(owner, version, stack, in_background)

    assert set(PredictionPart.objects.values_list("state", flat=True)) == {RunState.CANCELLED}


@pytest.mark.parametrize("blocks", [None, [[5, 96, 96], [2, 20, 20]]])
def test_what_is_looked_at_in_one_piece_has_no_parts(
    odd_engine, version, owner, stack, work_off, news, blocks
):
    odd_engine(volumes=True, blocks=blocks)

    row = predicted(owner, version, stack, work_off)

    assert row.n_instances == 9
    assert not any("part" in one.get("progress", {}) for one in news)


def test_an_engine_of_planes_still_draws_linked_planes(odd_engine, version, owner, stack, work_off):
    odd_engine(blocks=BLOCKS)

    row = predicted(owner, version, stack, work_off)

    assert {score for *_, score in rows_of(row)} == {0.5}


def test_labels_of_a_volume_in_parts_need_not_fit_into_memory(
    version, owner, stack, work_off, monkeypatch
):
    monkeypatch.setattr("training.jobs.stacks.MOST_LABELS_SHARE", 1e-6)

    assert predicted(owner, version, stack, work_off).n_instances == 9
