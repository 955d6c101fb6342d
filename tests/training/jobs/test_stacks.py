"""Stacks from end to end: drafts by planes, linked and as volumes; sets, trainings, numbers."""

from __future__ import annotations

import json

import numpy as np
import pytest

from annotations.actions.drafts import accept_draft
from annotations.actions.labels import ensure_annotation_layer
from annotations.actions.projects import update_project
from annotations.actions.regions import open_region, submit_region
from annotations.models import Coverage, Image, Purpose, StackDrafts
from annotations.queries.chunks import layer_label_image
from project.errors import Cancelled, DataProblem
from tests.training.worlds import annotated_stack, declare, draw_stack, paint, stored_image
from training.actions.predictions import MapsNotKept, images_for_maps, queue_predictions
from training.actions.runs import NoDeepRegions, queue_run
from training.actions.sets import freeze_training_set
from training.jobs.region_files import frozen_regions, write_region_files
from training.jobs.stacks import PlanesInTurn, refuse_too_large, segmenter, volume_of
from training.models import Evaluation, ModelVersion, PredictionRun, RunState, TrainingRun
from training.queries.candidates import typical_area
from training.queries.inspections import facts_of, rough_facts_of
from training.queries.preflight import preflight
from training.queries.sets import read_manifest

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stack_engine(odd_engine, settings):
    """Let both odd engines see volumes; call it to set the behaviour."""
    python = settings.CYTOLOOP_ENGINE_PYTHON
    settings.CYTOLOOP_ENGINE_PYTHON = {**python, "stardist_3d": python["threshold"]}
    odd_engine(volumes=True)
    return odd_engine


@pytest.fixture
def version(odd_engine, version):
    return version


def labels_of(layer):
    image = layer.image
    box = (0, 0, image.height, image.width)
    return np.stack([layer_label_image(layer, box, z=z) for z in range(image.n_z)])


def drafted(owner, version, image, work_off):
    queue_predictions(user=owner, version=version, images=[image.pk])
    work_off()
    row = PredictionRun.objects.select_related("layer__image").get(image=image)
    assert row.state == RunState.FINISHED, row.error_message + row.traceback
    return row


def change_way(owner, project, way):
    update_project(user=owner, project_id=project.pk, stack_drafts=way)


def is_same_partition(one, other):
    """Tell whether two label images differ in their ids at most."""
    pairs = np.unique(np.stack([one.ravel(), other.ravel()]), axis=1)
    return pairs.shape[1] == np.unique(one).size == np.unique(other).size


class CancelledAfter:
    """A claim on a row that somebody cancels when so much was told."""

    def __init__(self, told, n):
        self.told, self.n, self.beat = told, n, self

    def should_stop(self):
        return False

    def check(self):
        if len(self.told) == self.n:
            raise Cancelled("Cancelled.")


@pytest.mark.parametrize("way", StackDrafts.values)
def test_a_stack_is_drafted_as_the_project_says(
    stack_engine, owner, project, version, work_off, way
):
    truth, pixels = draw_stack()
    image = stored_image(project, pixels[None], pixel_size_um=0.5, z_step_um=1.0)
    change_way(owner, project, way)

    row = drafted(owner, version, image, work_off)

    found = labels_of(row.layer)
    assert np.array_equal(found > 0, truth > 0)
    n_sections = sum(np.unique(plane).size - 1 for plane in truth)
    rows = list(row.layer.instances.order_by("instance_id"))
    assert [one.instance_id for one in rows] == list(range(1, row.n_instances + 1))
    if way == StackDrafts.PLANES:
        assert row.n_instances == n_sections
        assert {one.depth for one in rows} == {1}
    else:
        assert is_same_partition(found, truth)
        assert {one.depth for one in rows} > {2}
    # The volume's scores tell the distance of planes: twice the size of a pixel, in tenths.
    expected = 0.2 if way == StackDrafts.VOLUME else 0.5
    assert {round(one.score, 4) for one in rows} == {expected}


def test_an_engine_that_sees_planes_only_is_linked_where_volumes_are_wanted(
    odd_engine, owner, project, version, work_off
):
    truth, pixels = draw_stack()
    image = stored_image(project, pixels[None])
    change_way(owner, project, StackDrafts.VOLUME)

    row = drafted(owner, version, image, work_off)

    assert is_same_partition(labels_of(row.layer), truth)
    assert set(row.layer.instances.values_list("score", flat=True)) == {0.5}


def test_the_same_draft_again_keeps_its_layer_and_what_people_decided(
    owner, project, version, work_off
):
    image = stored_image(project, draw_stack()[1][None])
    first = drafted(owner, version, image, work_off)
    layer = ensure_annotation_layer(user=owner, image=image)
    accept_draft(user=owner, layer_id=layer.pk, draft_id=first.layer_id, instance_ids=[1])
    PredictionRun.objects.filter(pk=first.pk).update(**PredictionRun.queued_anew())

    again = drafted(owner, version, image, work_off)

    assert again.layer_id == first.layer_id
    assert again.layer.instances.filter(state="accepted").count() == 1


def test_a_draft_made_another_way_is_another_layer(owner, project, version, work_off):
    image = stored_image(project, draw_stack()[1][None])
    flat = drafted(owner, version, stored_image(project, draw_stack(seed=7)[1][2]), work_off)
    first = drafted(owner, version, image, work_off)
    change_way(owner, project, StackDrafts.PLANES)
    version = ModelVersion.objects.get()
    unasked = PredictionRun.objects.get(pk=first.pk)
    assert unasked.state == RunState.FINISHED, "nothing is made again unasked"

    queued = queue_predictions(user=owner, version=version)
    work_off()

    assert [row.pk for row in queued if row.state == RunState.QUEUED] == [first.pk]
    again = PredictionRun.objects.select_related("layer").get(pk=first.pk)
    assert again.layer_id != first.layer_id
    assert again.n_instances > first.n_instances
    assert (first.layer.name, again.layer.name) == (str(version), f"{version}, planes apart")
    assert PredictionRun.objects.get(pk=flat.pk).layer_id == flat.layer_id
    (row,) = queue_predictions(user=owner, version=version, images=[image.pk])
    assert row.state == RunState.FINISHED, "it is as the project wants it"


@pytest.mark.parametrize(
    ("engine", "otherwise"), [("stardist_3d", "upload it in parts"), ("threshold", "linked")]
)
def test_a_stack_whose_labels_do_not_fit_into_memory_is_refused_at_once(
    project, settings, engine, otherwise
):
    version = ModelVersion(project=project, number=1, engine=engine)
    fits = Image(name="deep", n_z=600, height=1000, width=1000)
    too_large = Image(name="deep", n_z=660, height=1000, width=1000)
    settings.CYTOLOOP_WARM_MAX_MIB = 4096

    refuse_too_large(version, fits)
    with pytest.raises(DataProblem, match=rf"deep is too large.*2518 MiB of the 4096.*{otherwise}"):
        volume_of(version, too_large, ours=None)

    settings.CYTOLOOP_WARM_MAX_MIB = 8192
    refuse_too_large(version, too_large)


def test_between_two_planes_a_wish_to_stop_is_heard(owner, project, version):
    image = stored_image(project, draw_stack()[1][None])

    told = []
    segment = segmenter(version, image, CancelledAfter(told, 3))

    with pytest.raises(Cancelled):
        list(PlanesInTurn(linked=True).of(segment, range(image.n_z), told.append))

    assert told == [0, 1, 2]


def test_maps_of_a_stack_are_refused_with_a_sentence(owner, project, version):
    image = stored_image(project, draw_stack()[1][None], name="deep")
    version.engine = "stardist"

    with pytest.raises(MapsNotKept, match=r"one plane only.*deep"):
        images_for_maps(version, [image], named=True)


# --- what teaches ------------------------------------------------------------------------------


@pytest.fixture
def stacks(owner, project):
    """A stack that teaches in planes 1 to 3 and one that measures in all five."""
    taught = annotated_stack(
        owner, project, seed=1, z=1, depth=3, name="taught", pixel_size_um=0.5, z_step_um=1.5
    )
    measured = annotated_stack(
        owner, project, seed=2, purpose=Purpose.BLIND_VALIDATION, name="measured"
    )
    return taught, measured


def test_depth_and_anisotropy_are_frozen_and_only_where_they_matter(owner, project, stacks, world):
    manifest = read_manifest(freeze_training_set(user=owner, project=project))

    images = {image["name"]: image for image in manifest["images"]}
    assert images["taught"]["regions"][0]["depth"] == 3
    assert images["taught"]["anisotropy"] == 3.0
    assert images["measured"]["regions"][0]["depth"] == 5
    assert "anisotropy" not in images["measured"]
    for name in ("train_0", "validation_0"):
        assert "depth" not in images[name]["regions"][0]
        assert "anisotropy" not in images[name]


def test_engines_of_planes_get_every_plane_and_those_of_volumes_whole_regions(
    owner, project, stacks, world, tmp_path
):
    training_set = freeze_training_set(user=owner, project=project)
    (taught, truth), _ = stacks

    planes = write_region_files(training_set, tmp_path / "2", n_dims=2)
    volumes = write_region_files(training_set, tmp_path / "3", n_dims=3)

    of_stack = [one for one in planes if one["image_id"] == str(taught.pk)]
    assert [(one["z"], one["depth"]) for one in of_stack] == [(1, 1), (2, 1), (3, 1)]
    for one in of_stack:
        with np.load(one["labels"]) as arrays:
            assert np.array_equal(arrays["label_image"] > 0, truth[one["z"]] > 0)
    assert len(planes) == 3 + 5 + 3
    assert len(volumes) == 2
    (one,) = [one for one in volumes if one["image_id"] == str(taught.pk)]
    assert (one["z"], one["depth"]) == (1, 3)
    with np.load(one["labels"]) as arrays:
        assert np.array_equal(arrays["label_image"] > 0, truth[1:4] > 0)
        cut = set(np.unique(truth[1])) | set(np.unique(truth[3]))
        whole = set(np.unique(truth[1:4])) - cut
        vouched = arrays["annotated"] & (arrays["label_image"] > 0)
        assert np.array_equal(vouched, np.isin(truth[1:4], list(whole)))


def test_what_is_left_out_later_of_some_planes_does_not_teach_there(owner, project, stacks):
    (taught, _), _ = stacks
    layer = ensure_annotation_layer(user=owner, image=taught)
    taught.regions.update(state="open", snapshot=None)
    cut = open_region(
        user=owner,
        image_id=taught.pk,
        box=(0, 0, 20, 96),
        coverage=Coverage.IGNORE,
        layer_id=layer.pk,
        plane=(0, 3),
        depth=2,
    )
    for region in (cut, taught.regions.exclude(pk=cut.pk).get()):
        submit_region(user=owner, region_id=region.pk)

    training_set = freeze_training_set(user=owner, project=project)

    (frozen,) = frozen_regions(training_set, {"train"})
    assert frozen.region["left_out"] == [[0, 0, 20, 96, 3, 4]]


def test_an_engine_of_volumes_is_trained_on_volumes(
    stack_engine, owner, project, stacks, world, work_off
):
    queue_run(user=owner, project=project, engine="stardist_3d")
    work_off()

    run = TrainingRun.objects.get()
    assert run.state == RunState.FINISHED, run.error_message + run.traceback
    assert any("single plane are not used by this engine: 2" in told for told in run.warnings)
    config = ModelVersion.objects.get().config
    assert sorted(config["planes"]) == [[0, 5, [5, 96, 96]], [1, 3, [3, 96, 96]]]
    assert config["anisotropy"] == 3.0
    assert json.dumps(config)


def test_an_engine_of_volumes_needs_a_region_of_two_planes(stack_engine, owner, project, world):
    image, _ = annotated_stack(owner, project, seed=1, z=2, depth=1, name="flat")

    with pytest.raises(NoDeepRegions, match="two planes or more"):
        queue_run(user=owner, project=project, engine="stardist_3d")
    told = {
        one.code: one
        for one in preflight(user=owner, project=project, engine="stardist_3d").findings
    }
    assert told["no_deep_regions"].tone == "problem"
    assert told["no_deep_regions"].fix.image == image.pk
    planes = preflight(user=owner, project=project, engine="threshold").findings
    assert "no_deep_regions" not in {one.code for one in planes}
    assert not TrainingRun.objects.exists()


def test_what_a_deep_region_shows_are_sections(owner, project, stacks):
    (image, truth), _ = stacks
    region = image.regions.get()

    facts, rough = facts_of(region), rough_facts_of(region)

    assert facts.n_instances == sum(np.unique(plane).size - 1 for plane in truth[1:4])
    assert rough.n_instances == np.unique(truth[1:4]).size - 1
    assert np.median(rough.diameters_px) == pytest.approx(np.median(facts.diameters_px), rel=0.1)
    assert typical_area(project) == pytest.approx(np.pi * 7.5**2, rel=0.5)


# --- what is measured --------------------------------------------------------------------------


@pytest.mark.parametrize("way", StackDrafts.values)
def test_a_stack_is_measured_as_it_is_drafted(stack_engine, owner, project, stacks, work_off, way):
    change_way(owner, project, way)
    _, (_, truth) = stacks

    queue_run(user=owner, project=project, engine="threshold")
    work_off()

    evaluation = Evaluation.objects.get()
    assert evaluation.state == RunState.FINISHED, evaluation.error_message + evaluation.traceback
    pooled = evaluation.metrics["pooled"]
    assert pooled["ap"]["0.9"] == 1.0
    n_sections = sum(np.unique(plane).size - 1 for plane in truth)
    n_objects = np.unique(truth).size - 1
    assert pooled["n_truth"] == (n_sections if way == StackDrafts.PLANES else n_objects)
    assert evaluation.examples.count() == 1
    assert evaluation.metrics["stack_drafts"] == way


@pytest.mark.parametrize("way", [StackDrafts.LINKED, StackDrafts.VOLUME])
def test_in_the_middle_of_a_stack_only_whole_volumes_are_measured(
    stack_engine, owner, project, work_off, way
):
    annotated_stack(owner, project, seed=1, name="taught")
    _, truth = annotated_stack(
        owner,
        project,
        seed=3,
        n_z=7,
        z=1,
        depth=5,
        purpose=Purpose.BLIND_VALIDATION,
        name="measured",
    )
    change_way(owner, project, way)

    queue_run(user=owner, project=project, engine="threshold")
    work_off()

    whole = set(np.unique(truth[2:5])) - set(np.unique(truth[1])) - set(np.unique(truth[5]))
    pooled = Evaluation.objects.get().metrics["pooled"]
    assert (pooled["n_truth"], pooled["n_predicted"]) == (len(whole), len(whole))
    assert pooled["ap"]["0.9"] == 1.0


def test_a_version_of_volumes_drafts_stacks_and_refuses_planes(
    stack_engine, owner, project, stacks, world, work_off
):
    queue_run(user=owner, project=project, engine="stardist_3d")
    work_off()
    version = ModelVersion.objects.get()

    assert Evaluation.objects.get().metrics["pooled"]["ap"]["0.9"] == 1.0
    (_, _), (stack, truth) = stacks
    draft = PredictionRun.objects.select_related("layer__image").get(version=version, image=stack)
    assert is_same_partition(labels_of(draft.layer), truth)
    flat = PredictionRun.objects.get(version=version, image=world["plain"][0])
    assert flat.state == RunState.FAILED
    assert "single plane" in flat.error_message


def test_a_version_of_volumes_is_not_measured_on_planes(
    stack_engine, owner, project, world, work_off
):
    annotated_stack(owner, project, seed=1, name="taught")

    queue_run(user=owner, project=project, engine="stardist_3d")
    work_off()

    evaluation = Evaluation.objects.get()
    assert evaluation.state == RunState.FAILED
    assert "no region of several planes" in evaluation.error_message


def test_a_stack_with_a_region_of_one_plane_measures_that_plane(
    stack_engine, owner, project, work_off
):
    annotated_stack(owner, project, seed=1, name="taught")
    truth, pixels = draw_stack(seed=5)
    image = stored_image(project, pixels[None], name="measured")
    paint(owner, image, truth)
    declare(owner, image, purpose=Purpose.BLIND_VALIDATION, z=2)

    queue_run(user=owner, project=project, engine="threshold")
    work_off()

    pooled = Evaluation.objects.get().metrics["pooled"]
    assert pooled["n_truth"] == np.unique(truth[2]).size - 1
    assert pooled["ap"]["0.9"] == 1.0
