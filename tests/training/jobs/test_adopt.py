from __future__ import annotations

import io
import json

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


def test_a_file_that_kills_its_reader_fails_after_its_attempts(upload, odd_engine):
    odd_engine(fail="kill")
    row = upload(json.dumps(GOOD).encode())

    assert (row.state, row.attempt) == (RunState.FAILED, 3)
    assert not ModelVersion.objects.exists()
