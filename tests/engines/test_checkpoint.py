from __future__ import annotations

import dataclasses
import errno
import json
import zipfile
from pathlib import Path

import pytest

from project.errors import CheckpointCorrupt
from tests.engines.worlds import make_job, small_world
from training.engines.checkpoint import (
    digest_of,
    job_fingerprint,
    read_config,
    resumable,
    unpacked,
    whole_folder,
)


def test_a_folder_appears_whole_or_not_at_all(tmp_path):
    target = tmp_path / "model"
    with whole_folder(target) as folder:
        (folder / "a").write_text("old")

    def die_half_way() -> None:
        with whole_folder(target) as folder:
            (folder / "a").write_text("new")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        die_half_way()

    assert (target / "a").read_text() == "old"
    assert not list(tmp_path.glob("model.*"))


def found_for(job):
    return resumable(job.workdir, job_fingerprint(job))


def test_only_the_checkpoint_of_the_same_job_is_resumed(tmp_path):
    job = make_job(small_world(tmp_path / "data", n_train=1), tmp_path / "run")
    folder = job.workdir / "checkpoint"
    folder.mkdir(parents=True)
    (folder / "state.json").write_text(json.dumps({"job": job_fingerprint(job)}))

    assert found_for(job) == folder
    assert found_for(dataclasses.replace(job, max_seconds=9.0, n_threads=2)) == folder
    assert found_for(dataclasses.replace(job, seed=8)) is None
    assert found_for(dataclasses.replace(job, params={"steps": 1})) is None
    (folder / "state.json").write_text("{")
    assert found_for(job) is None


def test_what_is_left_of_a_death_between_two_renames_is_found(tmp_path):
    job = make_job(small_world(tmp_path / "data", n_train=1), tmp_path / "run")
    folder = job.workdir / "checkpoint.old"
    folder.mkdir(parents=True)
    (folder / "state.json").write_text(json.dumps({"job": job_fingerprint(job)}))

    assert found_for(job) == folder


def test_a_full_disk_after_a_death_between_two_renames_loses_nothing(tmp_path):
    target = tmp_path / "checkpoint"
    old = tmp_path / "checkpoint.old"
    old.mkdir()
    (old / "weights").write_text("the only ones")

    def disk_is_full() -> None:
        with whole_folder(target):
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        disk_is_full()

    assert (target / "weights").read_text() == "the only ones"


def test_the_digest_sees_names_and_bytes(tmp_path):
    (tmp_path / "a").write_text("1")
    before = digest_of(tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")

    assert digest_of(tmp_path) != before


@pytest.mark.parametrize("text", ["", "[]", "{", '{"format": 99}', '{"format": 1, "engine": "x"}'])
def test_a_config_that_is_not_ours_is_refused(tmp_path, text):
    (tmp_path / "config.json").write_text(text)

    with pytest.raises(CheckpointCorrupt):
        read_config(tmp_path, "stardist")


def zipped(path: Path, **files: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def test_only_known_files_beside_the_config_come_out_of_a_zip(tmp_path):
    names = {
        "model/config.json": "{}",
        "model/weights_best.h5": "w",
        "model/../../evil.py": "x",
        "model/deeper/weights_last.h5": "y",
        "model/run_me.sh": "z",
    }

    with unpacked(zipped(tmp_path / "a.zip", **names), tmp_path / "scratch") as folder:
        found = sorted(path.name for path in folder.iterdir())

    assert found == ["config.json", "weights_best.h5"]
    assert not list(tmp_path.rglob("evil.py"))


def test_a_bomb_is_refused_before_it_unfolds(tmp_path, monkeypatch):
    monkeypatch.setattr("training.engines.checkpoint.MOST_UNPACKED_BYTES", 1000)
    bomb = zipped(tmp_path / "b.zip", **{"config.json": "{}", "weights.h5": "0" * 5000})

    with (
        pytest.raises(CheckpointCorrupt, match="too large"),
        unpacked(bomb, tmp_path / "scratch"),
    ):
        pass


def test_a_zip_without_a_config_is_refused(tmp_path):
    with (
        pytest.raises(CheckpointCorrupt, match=r"no config\.json"),
        unpacked(zipped(tmp_path / "c.zip", readme="hello"), tmp_path / "scratch"),
    ):
        pass
