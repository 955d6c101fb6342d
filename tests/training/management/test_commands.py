"""The scripting interface with the real threshold engine, real workers and real files."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
import tifffile

from project.headless import HeadlessCommand
from tests.documented import keys_of, parts_of
from tests.drawing import draw_blobs
from tests.terminal import run
from tests.training.worlds import wait_for
from training.actions.runs import pause_run, resume_run
from training.models import ModelVersion, RunState, TrainingRun

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def workers(site_environment, monkeypatch):
    """Let the commands' own worker find the test's database."""
    for name, value in site_environment.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def folders(tmp_path):
    """Two images with labels in folders, as a script would have them."""
    for name in ("images", "labels"):
        (tmp_path / name).mkdir()
    for i in range(2):
        truth, pixels = draw_blobs(128, 160, n=8, radius=(7, 12), seed=300 + i)
        tifffile.imwrite(tmp_path / "images" / f"cells_{i}.tif", pixels)
        tifffile.imwrite(tmp_path / "labels" / f"cells_{i}.tif", truth.astype(np.uint16))
    return tmp_path


@pytest.fixture
def trained(world, workers, project):
    code, out, err = run("train", "--project", project.name, "--engine", "threshold", "--json")
    assert code == 0, err
    return json.loads(out)


def test_train_predict_and_evaluate_from_the_command_line(trained, folders, project):
    assert set(trained) == keys_of("train")
    assert set(trained["evaluations"][0]) == parts_of("train", "evaluations")
    assert trained["name"] == f"{project.name}/v1"
    assert trained["evaluations"][0]["metrics"]["pooled"]["ap"]["0.5"] > 0.8

    out_folder = folders / "out"
    code, out, err = run(
        "predict", "--model", "v1", "--images", folders / "images", "--out", out_folder, "--json"
    )
    assert code == 0, err
    predicted = json.loads(out)
    assert set(predicted) == keys_of("predict")
    assert set(predicted["images"][0]) == parts_of("predict", "images")
    assert [image["image"] for image in predicted["images"]] == ["cells_0.tif", "cells_1.tif"]
    labels = tifffile.imread(out_folder / "cells_0.tif")
    assert labels.shape == (128, 160)
    assert labels.max() >= 6
    with (out_folder / "cells_0.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["id"]) for row in rows] == list(range(1, labels.max() + 1))
    assert {row["class"] for row in rows} == {""}, "this engine tells no kinds apart"

    code, out, err = run(
        "evaluate",
        *("--model", trained["name"], "--images", folders / "images"),
        *("--labels", folders / "labels", "--json"),
    )
    assert code == 0, err
    measured = json.loads(out)
    assert set(measured) == keys_of("evaluate")
    assert set(measured["pooled"]["ap"]) == {"0.5", "0.6", "0.7", "0.8", "0.9"}
    assert measured["pooled"]["ap"]["0.5"] > 0.8
    for name in ("panoptic_quality", "detection_quality", "segmentation_quality", "count_error"):
        assert 0 <= measured["mean"][name] <= 1
    assert [image["image"] for image in measured["per_image"]] == ["cells_0.tif", "cells_1.tif"]

    code, out, err = run(
        "evaluate",
        *("--model", trained["version"], "--images", folders / "images"),
        *("--labels", folders / "labels"),
    )
    assert code == 0, err
    assert "pooled" in out

    code, out, err = run(
        "train", "--project", project.name, "--engine", "threshold", "--start", "v1", "--json"
    )
    assert code == 0, err
    assert ModelVersion.objects.get(number=2).parent.number == 1
    assert TrainingRun.objects.filter(state=RunState.FINISHED).count() == 2


def test_train_waits_while_its_run_is_paused(
    odd_engine, world, workers, owner, project, in_background, monkeypatch
):
    odd_engine(epochs=40, epoch_s=0.1)
    said = []  # all of it: on a terminal the line changes, elsewhere one comes every 5 s
    monkeypatch.setattr(HeadlessCommand, "progress", lambda self, what, *_: said.append(what))

    def pause_and_go_on():
        made = wait_for(lambda: TrainingRun.objects.filter(epochs__epoch=1).first())
        pause_run(user=owner, run=made)
        wait_for(lambda: any("paused at step" in what for what in said))
        resume_run(user=owner, run=made)

    in_background(pause_and_go_on)
    code, out, err = run("train", "--project", project.name, "--engine", "threshold", "--json")

    assert code == 0, err
    assert json.loads(out)["n_epochs"] == 40
    assert any(what.endswith("of 40; continue it on its page") for what in said)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["train", "--project", "nowhere", "--engine", "threshold"], "no project 'nowhere'"),
        (["train", "--project", "P", "--engine", "magic"], "no engine called 'magic'"),
        (["train", "--project", "P", "--engine", "threshold", "--start", "v9"], "version 'v9'"),
        (["train", "--project", "P", "--engine", "threshold", "--start", "nuclei"], "neither"),
        (["train", "--project", "P", "--engine", "threshold", "--params", "{"], "no JSON"),
        (["train", "--project", "P", "--engine", "threshold", "--seed", "-1"], "seed"),
        (["train", "--project", "P", "--engine", "threshold"], "annotated objects"),
        (["predict", "--model", "v7", "--images", ".", "--out", "x"], "model version 'v7'"),
        (["predict", "--model", "best", "--images", ".", "--out", "x"], "names no model version"),
        (["evaluate", "--model", "P/v1", "--images", ".", "--labels", "."], "model version 'P/v1'"),
    ],
)
def test_a_mistake_ends_with_one_sentence_and_exit_code_1(
    workers, owner, project, arguments, word, monkeypatch
):
    monkeypatch.setattr("project.headless.own_workers", own_database_only)
    arguments = [project.name if argument == "P" else argument for argument in arguments]
    code, out, err = run(*arguments)

    assert code == 1
    assert word in err
    assert len(err.strip().splitlines()) == 1
    assert not out


def own_database_only(queues):
    from project.headless import own_database

    return own_database()


def test_predict_names_the_file_that_cannot_be_read_and_writes_the_others(trained, folders):
    (folders / "images" / "broken.tif").write_bytes(b"II*\0 no image at all")
    code, out, err = run(
        "predict",
        "--model",
        "v1",
        "--images",
        folders / "images",
        "--out",
        folders / "out",
        "--json",
    )

    assert code == 1
    assert "broken.tif" in err
    said = json.loads(out)
    assert (said["code"], len(said["data"]["images"])) == ("some_predictions_failed", 2)
    assert [one["file"] for one in said["data"]["failed"]] == ["broken.tif"]
    assert sorted(path.name for path in (folders / "out").iterdir()) == [
        f"cells_{i}.{ending}" for i in range(2) for ending in ("csv", "tif")
    ]


def test_two_images_of_one_stem_are_refused(trained, folders):
    (folders / "images" / "cells_0.png").write_bytes(b"")
    code, _, err = run(
        "predict", "--model", "v1", "--images", folders / "images", "--out", folders / "out"
    )

    assert code == 1
    assert "cells_0.png and cells_0.tif" in err


def test_evaluate_names_the_label_file_that_does_not_fit_and_those_without_a_partner(
    trained, folders
):
    (folders / "labels" / "cells_1.tif").rename(folders / "labels" / "other.tif")
    asked = ("evaluate", "--model", "v1", "--images", folders / "images", "--labels")
    code, out, err = run(*asked, folders / "labels", "--json")
    assert code == 0, err
    measured = json.loads(out)
    assert measured["n_images"] == 1
    assert measured["without_labels"] == ["cells_1.tif"]
    assert measured["without_image"] == ["other.tif"]

    tifffile.imwrite(folders / "labels" / "cells_0.tif", np.zeros((5, 7), np.uint8))
    code, out, err = run(*asked, folders / "labels", "--json")

    assert code == 1
    assert err.startswith("cells_0.tif: The label image has 5 rows and 7 columns")
    assert json.loads(out)["code"] == "file_refused"
