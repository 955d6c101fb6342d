"""What is said before a training, each by the world that makes it true."""

from __future__ import annotations

import numpy as np
import pytest

from annotations.models import Coverage, Image, Purpose, Split
from project.errors import NotFound
from tests.training.kinds import boxes_image, classes, declare_kinds
from tests.training.worlds import (
    annotated_image,
    declare,
    draw_stack,
    paint,
    small_world,
    stored_image,
)
from training.actions.runs import queue_run
from training.engines.registry import BadEngineParams
from training.models import EpochRecord, ModelVersion, RunState, TrainingRun
from training.queries.plans import BadChannels, BadStart
from training.queries.preflight import preflight

pytestmark = pytest.mark.django_db


@pytest.fixture
def check(owner, project):
    def checked(engine="stardist", **plan):
        return preflight(user=owner, project=project, engine=engine, **plan)

    return checked


def finding(checked, code):
    found = [one for one in checked.findings if one.code == code]
    assert len(found) <= 1, "said once"
    return found[0] if found else None


def squares(*places, side=200):
    """Return a label image with squares (row, col, size) numbered from 1."""
    truth = np.zeros((side, side), np.uint32)
    for number, (row, col, size) in enumerate(places, 1):
        truth[row : row + size, col : col + size] = number
    return truth


def painted(user, project, truth, name="painted", **region):
    pixels = np.where(truth > 0, 200, 20).astype(np.uint8)
    image = stored_image(project, pixels, name=name)
    paint(user, image, truth)
    return image, declare(user, image, **region)


def test_a_project_with_enough_of_everything_has_nothing_against_it(owner, project, check):
    for seed in range(8):
        annotated_image(owner, project, seed=seed, name=f"train {seed}")
    for seed in range(5):
        blind = {"purpose": Purpose.BLIND_VALIDATION}
        annotated_image(owner, project, seed=20 + seed, name=f"blind {seed}", **blind)

    checked = check()

    assert checked.findings == []
    assert checked.estimate == "", "nothing was trained here yet"


def test_an_empty_project_is_told_what_to_do_first(project, check):
    image = stored_image(project, np.zeros((50, 50), np.uint8), name="free")

    checked = check()

    assert [(one.code, one.tone) for one in checked.findings] == [
        ("no_training_region", "problem"),
        ("no_validation", "warning"),
    ]
    assert {one.fix.image for one in checked.findings} == {image.pk}


def test_few_objects_and_few_to_measure_with_are_told(owner, project, check):
    small_world(owner, project)

    assert "16 whole objects" in finding(check(), "few_instances").sentence
    assert "8 objects" in finding(check(), "few_validation").sentence


def test_left_out_regions_are_told_by_reason_with_a_way_to_them(owner, project, check):
    small_world(owner, project)
    image, _ = annotated_image(owner, project, seed=9, name="both")
    Image.objects.filter(pk=image.pk).update(split=Split.VALIDATION)

    told = finding(check(), "left_out")

    assert "1 submitted region (both) is left out." in told.sentence
    assert (told.fix.image, told.fix.region) == (image.pk, image.regions.get().pk)


def test_objects_in_parts_and_specks_lead_to_their_region(owner, project, check):
    truth = squares((10, 10, 20), (60, 10, 20), (120, 120, 20), (160, 160, 2))
    truth[160:180, 20:40] = 2  # far from the rest of it
    region = painted(owner, project, truth, name="slips")[1]

    split, specks = finding(check(), "split_instances"), finding(check(), "specks")

    assert split.sentence.startswith("Objects in separate parts: 1.")
    assert specks.sentence.startswith("Objects below 10 px in area: 1.")
    assert "slips" in split.sentence
    assert split.fix.region == specks.fix.region == region.pk


def test_a_region_that_hardly_holds_an_object_and_one_without_any_are_told(owner, project, check):
    truth = squares((10, 10, 30), (100, 100, 30))
    painted(owner, project, truth, name="fine")
    painted(owner, project, truth, name="tiny", box=(0, 0, 45, 45))
    painted(owner, project, truth, name="empty", box=(0, 50, 90, 150), coverage="positives_only")

    assert "tiny" in finding(check(), "tiny_region").sentence
    assert "empty" in finding(check(), "empty_region").sentence


def test_a_complete_region_without_objects_teaches_background_and_is_fine(owner, project, check):
    truth = squares((10, 10, 30))
    painted(owner, project, truth, box=(50, 50, 200, 200), coverage=Coverage.COMPLETE)

    assert finding(check(), "empty_region") is None
    assert finding(check(), "few_instances").tone == "problem", "background alone teaches nothing"


def test_the_engine_speaks_of_its_own_limits_and_its_advice_mends_them(owner, project, check):
    painted(owner, project, squares((5, 5, 150), (160, 160, 20)))

    told = finding(check(params={"grid": 1}), "beyond_receptive_field")

    assert finding(check(params=told.fix.params), "beyond_receptive_field") is None


def test_images_with_other_channels_are_told(owner, project, check):
    two = np.stack([squares((10, 10, 30)).astype(np.uint8) * 90] * 2)
    image = stored_image(project, two, name="two channels")
    paint(owner, image, squares((10, 10, 30)))
    declare(owner, image)
    stored_image(project, two[0], name="one channel")
    stored_image(project, np.stack([two[0]] * 3), name="three channels")

    both, second = check(), check(channels=[1])

    assert "1 images" in finding(both, "channel_mismatch").sentence
    assert "channels 1, 2 only" in finding(both, "other_channels").sentence
    mended = check(channels=finding(second, "channel_mismatch").fix.channels)
    assert finding(mended, "channel_mismatch") is None


def version_on(run, **fields):
    return ModelVersion.objects.create(
        project=run.project,
        number=1,
        engine=run.engine,
        run=run,
        origin="scratch",
        checkpoint_digest="0" * 64,
        size_bytes=1,
        **fields,
    )


def give_look(images, share):
    """Let images have their brightness at that share of the window."""
    counts = [0] * 10
    counts[round(share * 10 - 0.5)] = 100
    channels = [{"name": "c", "colour": "#ffffff", "window": [0, 100]}]
    images.update(histograms=[{"low": 0, "high": 100, "counts": counts}], channels=channels)


@pytest.mark.parametrize(("now", "is_told"), [(0.75, True), (0.25, False)])
def test_images_unlike_those_of_the_version_to_start_from_are_told(
    owner, project, check, now, is_told
):
    small_world(owner, project)
    parent = version_on(queue_run(user=owner, project=project, engine="stardist"))
    give_look(Image.objects.filter(project=project), 0.15)
    for number in range(5):
        annotated_image(owner, project, seed=40 + number, name=f"new {number}")
    give_look(Image.objects.filter(name__startswith="new"), now)

    told = finding(check(start=f"version:{parent.pk}"), "other_look")

    assert (told is not None) == is_told
    if told:
        assert "mostly brighter" in told.sentence


def test_the_estimate_is_by_the_newest_run_of_the_same_kind(owner, project, check):
    small_world(owner, project)
    run = queue_run(user=owner, project=project, engine="stardist")
    for epoch in (1, 2):
        EpochRecord.objects.create(run=run, epoch=epoch, n_epochs=2, duration_s=8.0)
    assert check(max_minutes=4).estimate == "", "it has not ended"
    TrainingRun.objects.update(state=RunState.FINISHED)

    assert check(max_minutes=4).estimate.startswith("About 4 min for some 600 steps")
    assert "memory" not in check(max_minutes=4).estimate, "nobody counted it"
    TrainingRun.objects.update(peak_mib=900)
    assert check(max_minutes=4).estimate.endswith("It needed 0.9 GiB of memory.")
    assert check(params={"steps": 100}).estimate.startswith("About 40 s for some 100 steps")
    assert check(params={"steps": 100_000}, max_minutes=4).estimate.startswith("About 4 min")
    assert check(params={"patch_px": 256}, max_minutes=4).estimate == "", "another kind"


def test_what_would_be_refused_is_refused(owner, project, check):
    small_world(owner, project)

    with pytest.raises(BadEngineParams):
        check(params={"grid": 99})
    with pytest.raises(BadStart):
        check(start="nowhere")
    with pytest.raises(BadChannels):
        check(channels=[5])
    with pytest.raises(NotFound):
        check(engine="no such engine")


def test_nothing_is_measured_twice(owner, project, check, monkeypatch):
    small_world(owner, project)
    first = check()
    monkeypatch.setattr("training.queries.inspections.inspect_labels", None)

    assert check() == first


def test_when_time_is_up_the_rest_is_told_from_the_table_of_instances(
    owner, project, check, monkeypatch
):
    truth = squares((10, 10, 20), (60, 10, 20), (120, 120, 20), (160, 160, 2))
    truth[160:180, 20:40] = 2
    painted(owner, project, truth)
    monkeypatch.setattr("training.queries.inspections.PATIENCE_S", 0)
    monkeypatch.setattr("training.queries.inspections.inspect_labels", None)

    rough = check(params={"grid": 1})

    assert finding(rough, "few_instances").sentence.startswith("Only 4 whole objects")
    assert finding(rough, "specks") is not None
    assert finding(rough, "split_instances") is None, "that needs a look at the pixels"


def test_classes_with_few_objects_and_objects_without_are_told(owner, project, check):
    classes(owner, project, "round", "long", "split")
    boxes_image(owner, project, ["round"] * 10 + ["long"] * 3 + [""] * 2, name="some")
    boxes_image(owner, project, ["round", ""], name="others")

    few, nameless = finding(check(), "few_of_class"), finding(check(), "no_class")

    assert "long (3)" in few.sentence
    assert "round" not in few.sentence
    assert nameless.sentence.startswith("Objects without a class: 3.")
    assert nameless.fix.region is not None
    other = check(engine="cellpose")
    assert finding(other, "few_of_class") is None
    assert "Cellpose does not tell" in finding(other, "classes_unused").sentence


def test_of_a_class_that_only_planes_show_an_engine_of_volumes_has_no_object(owner, project, check):
    classes(owner, project, "round", "flat")
    truth, pixels = draw_stack()
    ids = np.unique(truth[truth > 0])
    image = stored_image(project, pixels[None], name="stack")
    declare_kinds(owner, image, truth, ["round"] * len(ids))
    boxes_image(owner, project, ["flat"] * 11 + [""], name="planes")

    few = finding(check(engine="stardist_3d"), "few_of_class")

    assert len(ids) >= 9
    assert "flat (0)" in few.sentence
    assert finding(check(engine="stardist_3d"), "no_class") is None
    assert "flat" not in finding(check(), "few_of_class").sentence
    assert finding(check(), "no_class") is not None


def test_nothing_is_said_of_classes_that_nobody_gave(owner, project, check):
    classes(owner, project, "round")
    boxes_image(owner, project, ["", ""])

    codes = {one.code for engine in ("stardist", "cellpose") for one in check(engine).findings}

    assert not codes & {"few_of_class", "no_class", "classes_unused"}
