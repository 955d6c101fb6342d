"""Fixtures of the browser tests: `site`, `image`, `browser`, `open_editor`."""

from __future__ import annotations

import io
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pil
from playwright.sync_api import sync_playwright

from annotations.actions.images import register_image
from annotations.jobs.images import ingest_image
from tests.drawing import draw_blobs
from tests.e2e.editor import Editor
from tests.e2e.site import (
    CHROMIUM_ARGUMENTS,
    VIEWPORT,
    LiveSite,
    build_front_end,
    chromium,
    collect_static_files,
)
from tests.shared_data import shared_data

# Playwright's loop runs in this thread, which Django takes for an async context.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


def pytest_collection_modifyitems(items):
    """Mark every test of this folder."""
    here = Path(__file__).parent
    for item in items:
        if here in Path(item.fspath).parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def static_files(tmp_path_factory):
    build_front_end()
    return collect_static_files(tmp_path_factory.mktemp("static-files"))


@pytest.fixture
def site(site_environment, data_dir, static_files, tmp_path, settings):
    """A live server over this test's database; `site.kill()` and `site.start()` as needed."""
    shutil.copytree(static_files, data_dir / "static", dirs_exist_ok=True)
    # Sessions made in this process must be valid in that one.
    environment = {**site_environment, "CYTOLOOP_SECRET_KEY": settings.SECRET_KEY}
    live = LiveSite(environment, tmp_path / "web.log")
    try:
        live.start()
        yield live
    finally:
        live.kill()


@pytest.fixture
def picture() -> bytes:
    """The bytes of a real image where the shared data are, else of a drawn one."""
    folder = shared_data()
    real = folder / "he" / "images" / "he_0001.png" if folder else None
    if real is not None and real.exists():
        return real.read_bytes()
    _labels, grey = draw_blobs(256, 320, n=12)
    out = io.BytesIO()
    Pil.fromarray(np.stack([grey] * 3, axis=-1)).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def image(transactional_db, project, annotator, picture):
    """An ingested image of the annotator's project."""
    made = register_image(
        user=annotator, project=project, file_name="field.png", stream=io.BytesIO(picture)
    )
    ingest_image(made.pk)
    made.refresh_from_db()
    return made


@pytest.fixture(scope="module")  # its loop must not run beside tests that run one of their own
def playwright():
    with sync_playwright() as started:
        yield started


@pytest.fixture
def browser(playwright):
    """A fresh Chromium."""
    path = chromium()
    if path is None:
        pytest.skip("No Chromium is installed here (Debian: apt-get install chromium).")
    opened = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
    yield opened
    opened.close()


@pytest.fixture
def open_editor(browser, site, image, annotator):
    """Return a function that opens the image's editor in a browser of its own."""

    def open_one(user=annotator, query="", script="", *, knows_tour=True, **options):
        """Open it as this person; `script` runs before the page, options are the context's."""
        context = browser.new_context(**{"viewport": VIEWPORT, **options})
        context.add_cookies([site.session_cookie(user, knows_tour=knows_tour)])
        if script:
            context.add_init_script(script)
        return Editor(context, site.url, image, query)

    return open_one
