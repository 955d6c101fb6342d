"""A model file comes in, is trained further, drafts: Cellpose-SAM through the site's own jobs.

With the small network of the same build; see tests/engines/conftest.py for where this is collected.
"""

from __future__ import annotations

import io
import os
import subprocess

import pytest

from project.settings import BASE_DIR
from project.storage import has_blob
from training.actions.runs import queue_run
from training.actions.versions import upload_version
from training.models import PredictionRun, RunState

pytestmark = pytest.mark.django_db(transaction=True)
SCRIPT = """
import sys, torch
from training.engines.cellpose_sam_engine.net import SMALL, build
torch.manual_seed(0)
torch.save(build(SMALL).state_dict(), sys.argv[1])
"""


@pytest.fixture
def model_file(tmp_path):
    """What upstream would save after a training."""
    path = tmp_path / "model"
    python = os.environ["CYTOLOOP_ENGINE_PYTHON_CELLPOSE_SAM"]
    environment = {**os.environ, "PYTHONPATH": str(BASE_DIR)}
    subprocess.run([python, "-c", SCRIPT, str(path)], check=True, env=environment)
    return path.read_bytes()


def test_a_file_becomes_a_version_that_is_trained_further_and_drafts(
    owner, project, world, work_off, model_file
):
    upload = upload_version(
        user=owner,
        project=project,
        engine="cellpose_sam",
        stream=io.BytesIO(model_file),
        file_name="cpsam_small",
        size_bytes=len(model_file),
        channels=[0],
        licence="CC-BY-NC-4.0",
    )
    work_off()
    upload.refresh_from_db()
    assert upload.state == RunState.FINISHED, (upload.error_message, upload.traceback)
    assert upload.version.licence == "CC-BY-NC-4.0"

    run = queue_run(
        user=owner,
        project=project,
        engine="cellpose_sam",
        start=f"version:{upload.version.pk}",
        params={"steps": 4, "steps_per_epoch": 2, "learning_rate": 0.001},
    )
    work_off()
    run.refresh_from_db()
    assert run.state == RunState.FINISHED, (run.error_message, run.traceback)
    version = run.version
    assert version.config["net"] == "small"
    assert version.config["packages"]["cellpose"] == "4.2.1.1"
    assert has_blob(version.export_digest)
    states = {row.state for row in PredictionRun.objects.filter(version=version)}
    assert states == {RunState.FINISHED}
