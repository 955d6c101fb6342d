from __future__ import annotations

import pytest

from training.actions.runs import queue_run
from training.jobs import train as train_module
from training.models import EpochRecord, ModelVersion, RunState, TrainingRun

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def queued(odd_engine, owner, project, world):
    """A run of an engine that learns in batches."""
    run = queue_run(user=owner, project=project, engine="threshold")
    return with_batch(run, 8)


def with_batch(run, batch_size):
    run.params = {"batch_size": batch_size, "patch_px": 128}
    run.save(update_fields=["params"])
    return run


@pytest.mark.parametrize("fail", ["memory", "grow"])
def test_a_training_without_enough_memory_begins_again_with_half_the_batch(
    odd_engine, queued, work_off, settings, fail
):
    settings.CYTOLOOP_TRAIN_MAX_MIB = 300  # "grow" really takes 400 MiB and is ended for it
    odd_engine(fail=fail, fits=4)
    work_off()

    queued.refresh_from_db()
    assert queued.state == RunState.FINISHED, (queued.error_message, queued.traceback)
    assert queued.attempt == 2
    assert queued.params == {"batch_size": 4, "patch_px": 128}, "what was really used"
    assert queued.warnings == [
        "Memory ran out with 8 crops per batch, so the training began again with 4.",
        "This engine only sleeps.",
    ]
    assert queued.error_message == ""
    assert "beginning at epoch 1" in queued.log
    assert list(queued.epochs.order_by("epoch").values_list("epoch", flat=True)) == [1, 2, 3]


def test_a_batch_that_the_engine_chose_is_halved_too(odd_engine, queued, work_off):
    with_batch(queued, 0)
    odd_engine(fail="memory", fits=2)
    work_off()

    queued.refresh_from_db()
    assert queued.state == RunState.FINISHED, queued.error_message
    assert queued.params["batch_size"] == 2
    assert [sentence for sentence in queued.warnings if "Memory" in sentence] == [
        "Memory ran out with 8 crops per batch, so the training began again with 4.",
        "Memory ran out with 4 crops per batch, so the training began again with 2.",
    ]


def test_when_the_attempts_are_used_up_the_sentence_names_the_batch(odd_engine, queued, work_off):
    odd_engine(fail="memory")
    work_off()

    queued.refresh_from_db()
    assert (queued.state, queued.error_code) == (RunState.FAILED, "out_of_memory")
    assert queued.attempt == queued.max_attempts == 3
    assert "the last time with 2 crops per batch" in queued.error_message
    assert "Choose a batch size of 1" in queued.error_message
    assert not ModelVersion.objects.exists()


def test_a_single_crop_cannot_be_halved(odd_engine, queued, work_off):
    with_batch(queued, 1)
    odd_engine(fail="memory")
    work_off()

    queued.refresh_from_db()
    assert (queued.state, queued.error_code) == (RunState.FAILED, "out_of_memory")
    assert queued.attempt == 1
    assert "single crop" in queued.error_message


def test_a_child_that_linux_killed_for_memory_counts_as_out_of_memory(
    odd_engine, queued, work_off, monkeypatch
):
    counted = iter(range(100))  # one kill more at every look
    monkeypatch.setattr(train_module, "oom_kills", lambda: next(counted))
    odd_engine(fail="kill", fits=4)
    work_off()

    queued.refresh_from_db()
    assert queued.state == RunState.FINISHED, queued.error_message
    assert queued.params["batch_size"] == 4


def test_any_other_kill_changes_no_parameter(odd_engine, queued, work_off, tmp_path):
    odd_engine(fail="kill", fail_once=str(tmp_path / "killed"))
    work_off()

    queued.refresh_from_db()
    assert (queued.state, queued.attempt) == (RunState.FINISHED, 2)
    assert queued.params["batch_size"] == 8
    assert queued.warnings == ["This engine only sleeps."]


def test_epochs_of_the_larger_batch_are_forgotten(odd_engine, queued, work_off, monkeypatch):
    kept = []

    def look(run_id, epoch, progress):
        attempt = TrainingRun.objects.get(pk=run_id).attempt
        kept.append((attempt, EpochRecord.objects.filter(run=run_id).count()))

    monkeypatch.setattr("training.jobs.news.publish_epoch", look)
    odd_engine(fail="memory", fail_epoch=3, fits=4, epochs=3)
    work_off()

    assert kept == [(1, 1), (1, 2), (2, 1), (2, 2), (2, 3)]
    queued.refresh_from_db()
    assert queued.state == RunState.FINISHED
