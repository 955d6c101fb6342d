"""The editor works in Firefox too: it opens, a stroke is painted, and the server has it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import pytest

from tests.e2e.editor import stored_labels
from tests.e2e.site import REPOSITORY

SMOKE = REPOSITORY / "frontend" / "tests" / "smoke" / "firefox.mjs"
LIMIT_S = 300  # against hanging only


@pytest.fixture
def firefox():
    path = shutil.which("firefox-esr") or shutil.which("firefox")
    if path is None:
        pytest.skip("No Firefox is installed here (Debian: apt-get install firefox-esr).")
    return path


def test_a_stroke_painted_in_firefox_is_saved(firefox, site, image, annotator, tmp_path):
    argv = ["node", str(SMOKE), firefox, site.url]
    argv += [site.session_cookie(annotator)["value"], f"/images/{image.pk}/"]
    environment = {**os.environ, "HOME": str(tmp_path)}  # no profile of the person who tests
    run = subprocess.run(
        argv, env=environment, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    assert run.returncode == 0, run.stderr
    seen = json.loads(run.stdout)
    assert seen["problems"] == []
    [label] = set(seen["labels"])
    assert label > 0
    assert set(stored_labels(image, 60, 60, 90, 61)[0]) == {label}
