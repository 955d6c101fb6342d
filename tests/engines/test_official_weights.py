"""Official weights of Cellpose-SAM: by our own download, and only those of the known digest."""

from __future__ import annotations

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from training.engines.cellpose_sam_engine import official
from training.engines.cellpose_sam_engine.official import DIGESTS, official_file
from training.engines.data import PretrainedUnavailable
from training.engines.specs import CELLPOSE_SAM

CONTENT = b"weights " * 200_000


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CELLPOSE_LOCAL_MODELS_PATH", str(tmp_path / "models"))
    return tmp_path / "models"


@pytest.fixture
def publisher(monkeypatch):
    """Serve CONTENT as the official file cpsam_v2; returns a dict that can change it."""
    served = {"content": CONTENT, "promised": None}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path != "/cpsam_v2":
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(served["promised"] or len(served["content"])))
            self.end_headers()
            self.wfile.write(served["content"])

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setattr(official, "MODELS_URL", f"http://127.0.0.1:{server.server_port}/")
    monkeypatch.setitem(DIGESTS, "cpsam_v2", hashlib.sha256(CONTENT).hexdigest())
    yield served
    server.shutdown()
    thread.join()
    server.server_close()


def test_every_official_model_has_a_digest():
    assert set(DIGESTS) == set(CELLPOSE_SAM.pretrained)
    assert all(len(digest) == 64 for digest in DIGESTS.values())


def test_offline_the_sentence_names_file_and_folder(folder):
    with pytest.raises(PretrainedUnavailable) as raised:
        official_file("cpsam_v2", offline=True)

    assert "the file cpsam_v2" in raised.value.message
    assert f"into {folder}" in raised.value.message
    assert "CYTOLOOP_OFFLINE=0" in raised.value.message


def test_it_is_fetched_once_and_then_found_offline(folder, publisher):
    path = official_file("cpsam_v2", offline=False)
    publisher["content"] = b"changed"

    assert path == folder / "cpsam_v2"
    assert path.read_bytes() == CONTENT
    assert official_file("cpsam_v2", offline=True) == path
    assert [each.name for each in folder.iterdir()] == ["cpsam_v2"]


@pytest.mark.parametrize(
    ("content", "promised", "limit"),
    [(CONTENT[:-1] + b"!", None, None), (CONTENT[:-8], None, None), (CONTENT, None, 1000)],
)
def test_other_bytes_are_refused_and_nothing_stays(
    folder, publisher, monkeypatch, content, promised, limit
):
    publisher["content"] = content
    if limit is not None:
        monkeypatch.setattr(official, "MOST_DOWNLOADED_BYTES", limit)

    with pytest.raises(PretrainedUnavailable, match="is not the official model cpsam_v2"):
        official_file("cpsam_v2", offline=False)
    assert list(folder.iterdir()) == []


def test_a_publisher_that_does_not_answer_is_a_sentence(folder, publisher):
    with pytest.raises(PretrainedUnavailable, match="could not be downloaded"):
        official_file("cpsam", offline=False)
    assert list(folder.iterdir()) == []


def test_a_file_that_somebody_put_there_is_checked_too(folder, publisher):
    folder.mkdir()
    (folder / "cpsam_v2").write_bytes(b"another model")

    with pytest.raises(PretrainedUnavailable, match="upload it as a model"):
        official_file("cpsam_v2", offline=True)
