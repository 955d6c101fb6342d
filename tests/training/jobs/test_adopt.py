from __future__ import annotations

import io
import json
import subprocess
import sys

import pytest

from project.storage import has_blob
from training.actions.versions import upload_version
from training.models import ModelVersion, RunState

pytestmark = pytest.mark.django_db(transaction=True)
GOOD = {"engine": "threshold", "level": 80, "channels": {"count": 2, "mapping": [0, 1]}}


@pytest.fixture
def upload(odd_engine, owner, project, work_off):
    def call(data, **fields):
        row = upload_version(
            user=owner,
            project=project,
            engine="threshold",
            stream=io.BytesIO(data),
            file_name="from a colleague.zip",
            size_bytes=len(data),
            **fields,
        )
        work_off()
        row.refresh_from_db()
        return row

    return call


def test_a_good_file_becomes_a_version_without_a_run(upload):
    row = upload(json.dumps(GOOD).encode(), licence="CC-BY-4.0")

    assert row.state == RunState.FINISHED, (row.error_message, row.traceback)
    version = row.version
    assert (version.origin, version.run, version.licence) == ("upload", None, "CC-BY-4.0")
    assert version.channels["mapping"] == [0, 1]
    assert has_blob(version.checkpoint_digest)
    assert has_blob(version.export_digest)


def test_a_bad_file_is_refused_with_the_engines_sentence(upload):
    row = upload(b"\x80\x04 not a model")

    assert row.state == RunState.FAILED
    assert row.error_message.startswith("from a colleague.zip cannot be used:")
    assert not ModelVersion.objects.exists()


def test_channels_that_do_not_fit_are_refused(upload):
    row = upload(json.dumps(GOOD).encode(), channels=[0])

    assert row.state == RunState.FAILED
    assert "2 channels, but 1" in row.error_message
    assert not ModelVersion.objects.exists()


@pytest.fixture
def cellpose_file(tmp_path):
    """What `cellpose` saves after a training: the state dict of a CPnet, smaller than usual."""
    path = tmp_path / "CP_model"
    script = (
        "import sys, torch; from cellpose.resnet_torch import CPnet;"
        "net = CPnet([2, 8, 16, 32, 256], 3, sz=3, mkldnn=False, diam_mean=30.0);"
        "torch.save(net.state_dict(), sys.argv[1])"
    )
    subprocess.run([sys.executable, "-c", script, str(path)], check=True)
    return path


@pytest.mark.cellpose
@pytest.mark.parametrize(
    ("channels", "mapping", "conversion"),
    [
        ([], [0], "one channel, second empty"),
        ([2, 0], [2, 0], "two channels as they are"),
        ([0, 1, 2], [0, 1, 2], "grey mean of 3 channels, second empty"),
    ],
)
def test_the_channels_that_a_person_names_for_a_cellpose_file_are_believed(
    owner, project, work_off, cellpose_file, channels, mapping, conversion
):
    data = cellpose_file.read_bytes()
    row = upload_version(
        user=owner,
        project=project,
        engine="cellpose",
        stream=io.BytesIO(data),
        file_name="cyto_of_a_colleague",
        size_bytes=len(data),
        channels=channels,
    )
    work_off()

    row.refresh_from_db()
    assert row.state == RunState.FINISHED, (row.error_message, row.traceback)
    expected = {"count": len(mapping), "mapping": mapping, "conversion": conversion}
    assert row.version.channels == expected
    assert row.version.config["channels"] == expected | {"way": "all"}


def test_a_file_that_kills_its_reader_fails_after_its_attempts(upload, odd_engine):
    odd_engine(fail="kill")
    row = upload(json.dumps(GOOD).encode())

    assert (row.state, row.attempt) == (RunState.FAILED, 3)
    assert not ModelVersion.objects.exists()
