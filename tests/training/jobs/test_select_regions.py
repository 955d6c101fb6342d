from __future__ import annotations

import json
from contextlib import closing
from itertools import takewhile

import numpy as np
import psycopg
import pytest

from annotations.actions.regions import open_region
from annotations.models import (
    AuditEntry,
    Coverage,
    Image,
    ImageState,
    Instance,
    Purpose,
    Region,
    Split,
)
from project.events import publish
from project.postgres import connection_parameters
from tests.drawing import draw_blobs
from tests.training.worlds import annotated_image, declare, paint, small_world, stored_image
from training import tasks
from training.actions.predictions import queue_predictions
from training.actions.runs import queue_run
from training.actions.suggestions import dismiss_suggestion, suggest_regions, take_suggestion
from training.jobs import second_looks
from training.jobs import suggestions as job
from training.models import (
    ModelVersion,
    PredictionRun,
    RunState,
    Selection,
    Strategy,
    Suggestion,
)

pytestmark = pytest.mark.django_db(transaction=True)


def plain_images(project, n, *, side=280, **fields):
    made = []
    for i in range(n):
        _, pixels = draw_blobs(side, side, n=4 + i, radius=(7, 12), seed=300 + i)
        made.append(stored_image(project, pixels, name=f"plain_{i:02}", **fields))
    return made


def choose(user, project, work_off, **wanted):
    """Ask for a selection, make it, and return it with its suggestions."""
    selection = suggest_regions(user=user, project=project, **wanted)
    work_off()
    selection.refresh_from_db()
    return selection, list(selection.suggestions.select_related("image").order_by("rank"))


def boxes_of(suggestions):
    return [(s.image.name, s.row0, s.col0, s.row1, s.col1, s.purpose) for s in suggestions]


# --- before there is a model --------------------------------------------------------------------


def test_without_a_model_typical_regions_are_suggested_with_a_sentence_each(
    annotator, project, work_off
):
    plain_images(project, 12)

    selection, suggestions = choose(annotator, project, work_off)

    assert (selection.state, selection.version) == (RunState.FINISHED, None)
    assert [s.rank for s in suggestions] == list(range(1, 9))
    assert len({s.image_id for s in suggestions}) == 8
    by_strategy = {strategy: [] for strategy in Strategy}
    for suggestion in suggestions:
        by_strategy[suggestion.strategy].append(suggestion)
    assert {s.purpose for s in by_strategy[Strategy.TYPICAL]} == {Purpose.TRAINING}
    assert len(by_strategy[Strategy.TYPICAL]) == 5
    blind = [s for s in suggestions if s.purpose == Purpose.BLIND_VALIDATION]
    assert len(blind) == 2
    assert all(s.strategy == Strategy.RANDOM for s in blind)
    assert "blind validation" in blind[0].reason
    assert sum("check the choices" in s.reason for s in suggestions) == 1
    assert "regions that look like this" in suggestions[0].reason
    assert AuditEntry.objects.filter(verb="select_regions", target=str(selection.pk)).count() == 1


def test_the_same_seed_chooses_the_same_regions_and_another_one_others(
    annotator, project, work_off
):
    plain_images(project, 14)

    first = boxes_of(choose(annotator, project, work_off, seed=5, n=4)[1])
    again = boxes_of(choose(annotator, project, work_off, seed=5, n=4)[1])
    others = boxes_of(choose(annotator, project, work_off, seed=6, n=4)[1])

    # The second batch of a project has a random region, so one typical one less.
    assert set(first[:2]) & set(again)
    assert first != others


def test_a_large_image_is_suggested_in_parts_and_those_without_objects_are_not(
    annotator, project, work_off
):
    pixels = np.random.default_rng(0).normal(30, 4, (1200, 900)).clip(0, 255).astype(np.uint8)
    pixels[:600, :450] = draw_blobs(600, 450, n=40, seed=1)[1]
    stored_image(project, pixels, name="slide")

    _, suggestions = choose(annotator, project, work_off, n=3)

    assert len(suggestions) == 3
    for one in suggestions:
        assert 256 <= one.row1 - one.row0 <= 512
        assert one.row0 < 600
        assert one.col0 < 450


def test_a_project_without_images_ends_with_a_sentence(annotator, project, work_off):
    selection, suggestions = choose(annotator, project, work_off)

    assert (selection.state, selection.error_code) == (RunState.FAILED, "nothing_to_suggest")
    assert "upload" in selection.error_message
    assert suggestions == []


def test_images_that_are_not_ready_or_of_the_test_split_are_not_suggested(
    annotator, project, work_off
):
    waiting, tested = plain_images(project, 2)
    Image.objects.filter(pk=waiting.pk).update(state=ImageState.FAILED)
    Image.objects.filter(pk=tested.pk).update(split=Split.TEST)

    selection, _ = choose(annotator, project, work_off)

    assert selection.state == RunState.FAILED
    assert "test split" in selection.error_message


def test_what_has_a_region_or_was_dismissed_is_not_suggested_again(annotator, project, work_off):
    covered, dismissed, left = plain_images(project, 3)
    open_region(user=annotator, image_id=covered.pk, box=(10, 10, 40, 40))
    _, suggestions = choose(annotator, project, work_off, n=3)
    assert {s.image_id for s in suggestions} == {dismissed.pk, left.pk}
    for one in suggestions:
        if one.image_id == dismissed.pk:
            dismiss_suggestion(user=annotator, suggestion_id=one.pk)

    _, suggestions = choose(annotator, project, work_off, n=3)

    assert {s.image_id for s in suggestions} == {left.pk}

    declare(annotator, left)
    selection, _ = choose(annotator, project, work_off, n=3)
    assert "covered" in selection.error_message


def test_purposes_keep_to_the_split_of_the_image_and_its_group(annotator, project, work_off):
    images = plain_images(project, 10)
    for image, fields in zip(
        images,
        [
            {"split": Split.TRAIN},
            {"split": Split.VALIDATION},
            {"group": "tested", "split": Split.TEST},
            {"group": "tested"},
            {"group": "taught"},
            {"group": "taught"},
            {"group": "measured"},
            {"group": "measured"},
            {"group": "fresh"},
            {"group": "fresh"},
        ],
        strict=True,
    ):
        Image.objects.filter(pk=image.pk).update(**fields)
    open_region(user=annotator, image_id=images[4].pk, box=(0, 0, 100, 100))
    open_region(
        user=annotator,
        image_id=images[6].pk,
        box=(0, 0, 100, 100),
        purpose=Purpose.BLIND_VALIDATION,
    )

    for seed in range(6):
        _, suggestions = choose(annotator, project, work_off, seed=seed, n=8)
        uses = {(s.image.name, s.purpose) for s in suggestions}
        of_group = {s.image.group: set() for s in suggestions if s.image.group}
        for one in suggestions:
            if one.image.group:
                of_group[one.image.group].add(one.purpose)
        assert ("plain_00", Purpose.BLIND_VALIDATION) not in uses
        assert ("plain_01", Purpose.TRAINING) not in uses
        assert "tested" not in of_group
        assert of_group.get("taught", {Purpose.TRAINING}) == {Purpose.TRAINING}
        assert of_group.get("measured", {Purpose.BLIND_VALIDATION}) == {Purpose.BLIND_VALIDATION}
        assert len(of_group.get("fresh", set())) < 2


def test_a_place_with_objects_from_a_draft_is_no_blind_validation(annotator, project, work_off):
    image, other = plain_images(project, 2)
    Image.objects.filter(project=project).update(split=Split.VALIDATION)
    layer = paint(annotator, image, draw_blobs(280, 280, n=4, radius=(7, 12), seed=300)[0])
    layer.instances.update(source_layer=layer, source_instance_id=1)

    _, suggestions = choose(annotator, project, work_off, n=8)

    assert [s.image_id for s in suggestions] == [other.pk]


def test_a_place_that_somebody_opens_meanwhile_is_not_suggested(
    annotator, project, work_off, monkeypatch
):
    images = plain_images(project, 3)
    store = job._store

    def slow_store(selection, choices):
        declare(annotator, images[0], submit=False)
        store(selection, choices)

    monkeypatch.setattr(job, "_store", slow_store)
    _, made = choose(annotator, project, work_off)

    assert {one.image for one in made} == set(images[1:])


def test_every_suggestion_can_be_taken(annotator, project, work_off):
    plain_images(project, 10)
    _, suggestions = choose(annotator, project, work_off)

    for one in suggestions:
        take_suggestion(user=annotator, suggestion_id=one.pk)

    regions = Region.objects.filter(image__project=project)
    assert regions.count() == 8
    assert set(regions.values_list("coverage", flat=True)) == {Coverage.COMPLETE}
    assert regions.filter(purpose=Purpose.BLIND_VALIDATION).count() == 2


# --- with a model -------------------------------------------------------------------------------


@pytest.fixture
def version(owner, project, world, work_off):
    """Train the threshold engine; its chain draws all drafts and makes a selection."""
    plain_images(project, 5)
    queue_run(user=owner, project=project, engine="threshold")
    work_off()
    return ModelVersion.objects.get()


def test_after_a_training_the_loop_itself_selects_once(version, project, work_off):
    selection = Selection.objects.get(project=project)

    assert (selection.state, selection.version) == (RunState.FINISHED, version)
    assert selection.created_by is None
    assert selection.suggestions.exists()
    tasks.predict.fn("threshold")
    tasks.predict.fn("threshold")
    assert work_off() == []
    assert Selection.objects.count() == 1


def test_doubt_is_written_with_the_drafts_that_were_looked_at_again(version):
    drafted = Instance.objects.filter(layer__prediction_run__version=version)
    plain = drafted.filter(layer__image__name__startswith="plain")
    held_out = Suggestion.objects.filter(purpose=Purpose.BLIND_VALIDATION).values("image")
    # A blind validation is drawn without a draft, so its doubt is of no use.
    assert not plain.filter(layer__image__in=held_out, doubt__isnull=False).exists()
    plain = plain.exclude(layer__image__in=held_out)

    assert plain.exists()
    assert not plain.filter(doubt=None).exists()
    assert not plain.exclude(doubt__gte=0, doubt__lte=1).exists()
    # Nothing is left to suggest on what is labelled wholly.
    assert not drafted.filter(layer__image__name__startswith="train", doubt__isnull=False).exists()


def test_a_draft_that_is_waited_for_does_not_wait_for_a_selection(
    version, owner, annotator, project
):
    image = plain_images(project, 6)[-1]
    draft = queue_predictions(user=owner, version=version, images=[image.pk])[0]
    selection = suggest_regions(user=annotator, project=project)

    tasks.select_regions.fn(str(selection.pk))  # by the one worker of the queue

    selection.refresh_from_db()
    draft.refresh_from_db()
    assert (selection.state, draft.state) == (RunState.FINISHED, RunState.FINISHED)
    assert draft.finished_at < selection.finished_at


def test_the_reason_counts_the_drafted_objects(version):
    suggestion = Suggestion.objects.filter(strategy=Strategy.DOUBTFUL).first()

    n_drafted = suggestion.image.predictions.get(version=version).n_instances
    assert suggestion.facts["n_instances"] == n_drafted
    assert "drafted object" in suggestion.reason
    assert suggestion.score is not None
    assert suggestion.facts["seconds"] > 3


def test_a_person_gets_doubtful_regions_of_the_newest_version_with_drafts(
    version, annotator, project, work_off
):
    newer = ModelVersion.objects.create(
        project=project,
        number=2,
        engine="threshold",
        origin="upload",
        checkpoint_digest=version.checkpoint_digest,
        size_bytes=1,
    )

    selection, suggestions = choose(annotator, project, work_off, n=4)

    assert selection.version == version != newer
    assert Strategy.DOUBTFUL in {s.strategy for s in suggestions}


def test_a_large_image_is_looked_at_in_parts_with_a_margin(
    version, owner, annotator, project, work_off, monkeypatch
):
    monkeypatch.setattr(second_looks, "WHOLE_PX", 100 * 100)
    Instance.objects.filter(layer__prediction_run__version=version).update(doubt=None)
    _, pixels = draw_blobs(620, 620, n=60, radius=(7, 12), seed=77)
    image = stored_image(project, pixels, name="large")
    queue_predictions(user=owner, version=version, images=[image.pk])
    work_off()
    Image.objects.filter(project=project).exclude(pk=image.pk).update(split=Split.TEST)
    Image.objects.filter(pk=image.pk).update(split=Split.TRAIN)

    selection, suggestions = choose(annotator, project, work_off, n=4)

    assert selection.state == RunState.FINISHED, selection.error_message
    assert len(suggestions) == 4
    drafted = Instance.objects.filter(layer__prediction_run__image=image)
    assert drafted.count() > 40
    assert not drafted.filter(doubt=None).exists()
    # Cut with a margin and normalised by the whole image, most objects are found again.
    assert np.median(drafted.values_list("doubt", flat=True)) < 0.15
    n_inside = sum(s.facts["n_instances"] for s in suggestions if "n_instances" in s.facts)
    assert 0 < n_inside <= drafted.count()


def test_with_no_time_for_second_looks_the_rest_is_typical(
    version, annotator, project, work_off, settings
):
    settings.CYTOLOOP_SELECT_S = 0

    _, suggestions = choose(annotator, project, work_off, n=4)

    strategies = [s.strategy for s in suggestions]
    assert strategies.count(Strategy.DOUBTFUL) == 1
    assert Strategy.TYPICAL in strategies


def test_an_image_without_the_versions_channel_is_passed_over(
    version, annotator, project, work_off
):
    ModelVersion.objects.update(channels={"count": 1, "mapping": [3]})

    selection, suggestions = choose(annotator, project, work_off, n=4)

    assert selection.state == RunState.FINISHED
    assert Strategy.DOUBTFUL not in {s.strategy for s in suggestions}


def test_a_second_message_for_a_selection_does_nothing(version, project):
    selection = Selection.objects.get()
    before = list(selection.suggestions.values_list("pk", flat=True))

    tasks.select_regions.fn(str(selection.pk))

    assert list(selection.suggestions.values_list("pk", flat=True)) == before


def test_a_lost_child_costs_an_attempt_and_the_selection_is_made(
    odd_engine, annotator, owner, project, world, work_off, tmp_path
):
    plain_images(project, 4)
    queue_run(user=owner, project=project, engine="threshold")
    work_off()
    odd_engine(fail="kill", fail_once=str(tmp_path / "killed"))

    selection, suggestions = choose(annotator, project, work_off, n=3)

    assert (tmp_path / "killed").exists()
    assert (selection.state, selection.attempt) == (RunState.FINISHED, 2)
    assert suggestions


def test_weights_that_were_lost_end_the_selection_with_a_sentence(
    version, annotator, project, work_off
):
    ModelVersion.objects.update(checkpoint_digest="a" * 64)

    selection, _ = choose(annotator, project, work_off)

    assert (selection.state, selection.error_code) == (RunState.FAILED, "checkpoint_corrupt")


def test_pages_hear_of_a_selection_from_waiting_to_made(annotator, project, work_off):
    plain_images(project, 3)
    with psycopg.connect(**connection_parameters("test"), autocommit=True) as listening:
        listening.execute("LISTEN cytoloop")
        selection, suggestions = choose(annotator, project, work_off, n=2)
        publish("end", {})
        with closing(listening.notifies(timeout=60)) as notices:
            payloads = (json.loads(notice.payload) for notice in notices)
            news = list(takewhile(lambda one: one["c"] != "end", payloads))

    told = [one["d"] for one in news if one["d"].get("type") == "selection"]
    assert [one["state"] for one in (told[0], told[-1])] == ["queued", "finished"]
    assert {one["id"] for one in told} == {str(selection.pk)}
    assert told[-1]["n_suggestions"] == len(suggestions)


def test_a_newer_version_is_selected_for_when_its_drafts_are_drawn(
    version, owner, project, work_off
):
    annotated_image(owner, project, seed=9, name="more")
    queue_run(user=owner, project=project, engine="threshold")
    work_off()

    newest = ModelVersion.objects.order_by("-number").first()
    assert (
        list(Selection.objects.order_by("created_at").values_list("version__number", flat=True))[-1]
        == newest.number
    )
    assert PredictionRun.objects.filter(version=newest).count() == Image.objects.count()


def test_small_worlds_have_one_place_left(owner, project, work_off):
    small_world(owner, project)

    _, suggestions = choose(owner, project, work_off)

    assert [s.image.name for s in suggestions] == ["plain_0"]
