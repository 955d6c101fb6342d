from __future__ import annotations

import uuid

import pytest

from annotations.models import LayerKind, Purpose, Split
from project import processes
from tests.training.conftest import JOIN_S
from tests.training.worlds import annotated_image, wait_for
from training import tasks
from training.actions.runs import cancel_run, queue_run
from training.jobs.train import child_message
from training.models import Evaluation, ModelVersion, PredictionRun, RunState, TrainingRun

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def queued(owner, project, world):
    return queue_run(user=owner, project=project, engine="threshold")


def test_a_run_ends_as_a_version_with_epochs_and_log(odd_engine, queued, work_off):
    work_off()

    queued.refresh_from_db()
    assert queued.state == RunState.FINISHED, (queued.error_message, queued.traceback, queued.log)
    assert list(queued.epochs.order_by("epoch").values_list("epoch", flat=True)) == [1, 2, 3]
    assert "beginning at epoch 1" in queued.log
    assert queued.warnings == ["This engine only sleeps."]
    assert queued.lease is None
    assert queued.started_at < queued.finished_at
    assert 20 < queued.peak_mib < 4000, "of the child, whatever its parent holds"
    version = queued.version
    assert version.config["generation"] == 1
    assert version.origin == "scratch"
    assert version.export_digest


def test_a_version_leads_to_an_evaluation_and_a_draft_of_every_image(
    odd_engine, queued, work_off, project, world
):
    done = work_off()

    evaluation = Evaluation.objects.get()
    assert evaluation.state == RunState.FINISHED, (evaluation.error_message, evaluation.traceback)
    assert evaluation.metrics["pooled"]["ap"]["0.5"] > 0.9
    assert evaluation.metrics["n_images"] == 1
    assert evaluation.per_image[0]["name"] == "validation_0"
    predictions = PredictionRun.objects.all()
    assert {p.state for p in predictions} == {RunState.FINISHED}
    assert {p.image for p in predictions} == set(project.images.all())
    for prediction in predictions:
        assert prediction.layer.kind == LayerKind.PREDICTION
        assert prediction.layer.instances.count() == prediction.n_instances > 0
    assert [name for name, *_ in done][:3] == ["train", "predict", "evaluate"]


def test_the_second_version_starts_from_the_first_and_is_compared_on_the_same_regions(
    odd_engine, queued, work_off, owner, project
):
    work_off()
    first = ModelVersion.objects.get()
    annotated_image(owner, project, seed=50, name="corrected")
    run = queue_run(user=owner, project=project, engine="threshold", start=f"version:{first.pk}")
    work_off()

    run.refresh_from_db()
    assert run.state == RunState.FINISHED, run.error_message
    second = run.version
    assert (second.number, second.parent) == (2, first)
    assert second.config["generation"] == 2
    assert second.origin == "version:1"
    measured = Evaluation.objects.filter(training_set=run.training_set, state=RunState.FINISHED)
    assert {evaluation.version for evaluation in measured} == {first, second}
    assert PredictionRun.objects.filter(version=first, layer__isnull=False).count() == 4, (
        "older drafts stay"
    )


def test_the_engine_gets_training_and_validation_regions_but_no_test_regions(
    odd_engine, owner, project, world, work_off
):
    annotated_image(
        owner, project, seed=70, name="test", purpose=Purpose.BLIND_VALIDATION, split=Split.TEST
    )
    queue_run(user=owner, project=project, engine="threshold")
    work_off()

    version = ModelVersion.objects.get()
    assert sorted(split for split, *_ in version.config["regions"]) == [
        "train",
        "train",
        "validation",
    ]
    assert all(has_pixels for *_, has_pixels in version.config["regions"])
    assert set(version.evaluations.values_list("split", flat=True)) == {"validation", "test"}


def test_equal_runs_give_equal_checkpoints(odd_engine, queued, owner, project, work_off):
    again = queue_run(user=owner, project=project, engine="threshold")
    work_off()

    queued.refresh_from_db()
    again.refresh_from_db()
    assert queued.version.checkpoint_digest == again.version.checkpoint_digest
    assert queued.version.export_digest == again.version.export_digest


def test_a_second_message_changes_nothing(odd_engine, queued, work_off):
    tasks.ring_for_run(queued.pk)
    work_off()
    tasks.train.fn(str(queued.pk))

    assert ModelVersion.objects.count() == 1
    queued.refresh_from_db()
    assert queued.attempt == 1


def test_a_run_cancelled_before_it_began_never_starts(odd_engine, queued, owner, work_off):
    cancel_run(user=owner, run=queued)
    work_off()

    queued.refresh_from_db()
    assert queued.state == RunState.CANCELLED
    assert queued.attempt == 0
    assert not queued.log


def test_a_running_training_stops_when_a_person_cancels_it(
    odd_engine, queued, owner, work_off, in_background
):
    odd_engine(epochs=1000, epoch_s=0.1)
    working = in_background(work_off)
    wait_for(lambda: queued.epochs.count() >= 2)

    cancel_run(user=owner, run=queued)
    working.join(JOIN_S)

    assert not working.is_alive()
    queued.refresh_from_db()
    assert queued.state == RunState.CANCELLED
    assert queued.finished_at
    assert not ModelVersion.objects.exists()


def test_a_child_that_ignores_being_asked_is_killed(
    odd_engine, queued, owner, work_off, in_background, monkeypatch
):
    monkeypatch.setattr("training.jobs.train.GRACE_S", 0.5)
    odd_engine(fail="hang")
    working = in_background(work_off)
    wait_for(lambda: queued.epochs.count() >= 1)

    cancel_run(user=owner, run=queued)
    working.join(JOIN_S)

    queued.refresh_from_db()
    assert queued.state == RunState.CANCELLED


def test_a_killed_child_is_replaced_and_resumes_at_its_checkpoint(
    odd_engine, queued, work_off, tmp_path
):
    odd_engine(epochs=5, fail="kill", fail_epoch=4, fail_once=str(tmp_path / "killed"))
    work_off()

    queued.refresh_from_db()
    assert queued.state == RunState.FINISHED, queued.error_message
    assert queued.attempt == 2
    assert queued.epochs.count() == 5
    assert "beginning at epoch 4" in queued.log


def test_an_attempt_removes_what_earlier_ones_derived(queued, tmp_path):
    (tmp_path / "attempt-0" / "cache" / "flows").mkdir(parents=True)
    (tmp_path / "resume-0-1.zip").touch()
    queued.attempt = 1

    child_message(queued, tmp_path)

    assert {path.name for path in tmp_path.iterdir()} >= {"attempt-1", "resume-0-1.zip"}
    assert not (tmp_path / "attempt-0").exists()


def test_a_child_that_is_killed_every_time_ends_as_failed_with_a_sentence(
    odd_engine, queued, work_off
):
    odd_engine(fail="kill")
    work_off()

    queued.refresh_from_db()
    assert queued.state == RunState.FAILED
    assert queued.attempt == queued.max_attempts
    assert queued.error_code == "child_crashed"
    assert "memory" in queued.error_message


@pytest.mark.parametrize(
    ("fail", "state", "code", "word"),
    [
        ("memory", RunState.FAILED, "out_of_memory", "smaller batch"),
        ("sentence", RunState.FAILED, "data_problem", "larger than the image"),
        ("defect", RunState.ERRORED, "internal_error", "looks after the site"),
    ],
)
def test_a_failure_ends_the_run_in_one_attempt_and_says_why(
    odd_engine, queued, work_off, fail, state, code, word
):
    odd_engine(fail=fail)
    work_off()

    queued.refresh_from_db()
    assert (queued.state, queued.error_code, queued.attempt) == (state, code, 1)
    assert word in queued.error_message
    assert ("KeyError: 'n_rays'" in queued.traceback) == (state == RunState.ERRORED)
    assert not ModelVersion.objects.exists()


def test_a_child_above_the_memory_ceiling_is_ended_with_a_sentence(
    odd_engine, queued, work_off, settings
):
    settings.CYTOLOOP_TRAIN_MAX_MIB = 300
    odd_engine(fail="grow")
    work_off()

    queued.refresh_from_db()
    assert (queued.state, queued.error_code) == (RunState.FAILED, "out_of_memory")
    assert "300 MiB" in queued.error_message


def test_a_loss_that_is_no_number_is_stored_as_none(odd_engine, queued, work_off):
    odd_engine(fail="nan", fail_epoch=99)
    work_off()

    assert set(queued.epochs.values_list("train_loss", flat=True)) == {None}


def test_a_run_that_ended_leaves_nothing_in_the_data_directory(
    odd_engine, queued, work_off, data_dir
):
    work_off()

    assert not list((data_dir / "runs").iterdir())
    left = {path.name.split("-")[0] for path in (data_dir / "scratch").iterdir()}
    assert left <= {"checkpoint"}


def test_a_worker_that_lost_the_run_writes_nothing_more(
    odd_engine, queued, work_off, in_background, settings
):
    odd_engine(epochs=1000, epoch_s=0.1)
    working = in_background(work_off)
    wait_for(lambda: queued.epochs.count() >= 1)

    other = uuid.uuid4()
    TrainingRun.objects.filter(pk=queued.pk).update(lease=other, progress={"stage": "other"})
    working.join(JOIN_S)

    assert not working.is_alive()
    queued.refresh_from_db()
    assert (queued.state, queued.lease) == (RunState.RUNNING, other)
    assert queued.progress == {"stage": "other"}


def test_a_worker_that_is_asked_to_stop_hands_the_run_back_uncounted(
    odd_engine, queued, in_background, sent_messages
):
    odd_engine(epochs=1000, epoch_s=0.1)
    working = in_background(lambda: tasks.train.fn(str(queued.pk)))
    wait_for(lambda: queued.epochs.count() >= 2)

    processes.stopping.set()
    try:
        working.join(JOIN_S)
    finally:
        processes.stopping.clear()

    queued.refresh_from_db()
    assert (queued.state, queued.attempt, queued.lease) == (RunState.QUEUED, 0, None)
    assert queued.resume_file
    assert (
        sent_messages("train.threshold").count(("train.threshold", "train", (str(queued.pk),))) == 2
    ), "the bell was rung again"


def test_pages_hear_of_states_and_epochs(odd_engine, queued, work_off, monkeypatch):
    heard = []
    monkeypatch.setattr("training.jobs.news.publish", lambda *event: heard.append(event))
    work_off()

    of_run = [data for channel, data in heard if channel == f"run:{queued.pk}"]
    states = [data["state"] for data in of_run if data["type"] == "state"]
    assert states[0] == "running"
    assert states[-1] == "finished"
    assert [data["epoch"] for data in of_run if data["type"] == "epoch"] == [1, 2, 3]
    assert any("beginning" in data["text"] for data in of_run if data["type"] == "log")
    assert "version" in {d["type"] for c, d in heard if c == f"project:{queued.project_id}"}


def test_a_version_takes_the_place_of_drafts_nobody_began(
    odd_engine, queued, owner, project, work_off
):
    tasks.train.fn(str(queued.pk))  # its drafts wait
    run = queue_run(user=owner, project=project, engine="threshold")
    tasks.train.fn(str(run.pk))

    first = PredictionRun.objects.filter(version__number=1)
    assert set(first.values_list("state", "error_code")) == {(RunState.CANCELLED, "superseded")}
    assert set(PredictionRun.objects.filter(version__number=2).values_list("state", flat=True)) == {
        RunState.QUEUED
    }


def test_the_version_before_the_round_is_measured_on_the_new_regions_by_its_own_engine(
    odd_engine, queued, work_off, owner, project, sent_messages
):
    work_off()
    uploaded = ModelVersion.objects.create(
        project=project,
        number=2,
        engine="stardist",
        origin="upload",
        checkpoint_digest="0" * 64,
        size_bytes=1,
    )
    annotated_image(owner, project, seed=50, name="corrected")
    run = queue_run(user=owner, project=project, engine="threshold")
    tasks.train.fn(str(run.pk))

    measured = Evaluation.objects.filter(training_set=run.training_set)
    assert {one.version.engine for one in measured} == {"threshold", "stardist"}
    assert {one.version.number for one in measured} == {1, 2, 3}, "also the newest of the engine"
    waiting = measured.get(version=uploaded)
    assert ("predict.stardist", "evaluate", (str(waiting.pk),)) in sent_messages()
