"""What the environment may say, and the secrets that a site makes for itself."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from project import env
from project.localdb import LocalServer
from project.processes import scrubbed_environment
from project.supervisor import answers

ROOT = Path(__file__).resolve().parents[2]
READERS = re.compile(r'env_(?:str|bool|int|list|path|secret)\(\s*f?"([A-Z_]+)')


def test_every_setting_is_described_in_the_manual():
    code = "\n".join(path.read_text() for path in (ROOT / "project").glob("*.py"))
    manual = (ROOT / "docs" / "operation.md").read_text()
    names = set(READERS.findall(code))

    assert len(names) > 25
    assert [name for name in sorted(names) if name not in manual] == []


@pytest.mark.parametrize(
    ("word", "value"),
    [("", True), (" ", True), ("1", True), ("on", True), ("0", False), ("off", False)],
)
def test_an_empty_yes_or_no_is_the_default(monkeypatch, word, value):
    monkeypatch.setenv("CYTOLOOP_OFFLINE", word)

    assert env.env_bool("CYTOLOOP_OFFLINE", True) is value


def test_a_secret_is_made_once_and_for_its_owner_only(tmp_path):
    path = tmp_path / "new" / "secret"

    made = env.own_secret(path)

    assert len(made) > 40
    assert env.own_secret(path) == made
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("make", [env.own_secret, None], ids=["secret key", "password"])
def test_an_empty_secret_of_a_crash_is_made_anew(tmp_path, make):
    server = LocalServer(tmp_path)
    server.password_file.parent.mkdir(parents=True)
    server.password_file.touch()

    if make:
        make(server.password_file)
    server.ensure_password()

    assert len(server.password_file.read_text()) > 40


def test_of_many_who_make_a_secret_at_once_all_have_the_same(tmp_path):
    seen = []
    threads = [
        threading.Thread(target=lambda: seen.append(env.own_secret(tmp_path / "secret")))
        for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(seen) == 20
    assert len(set(seen)) == 1


def test_a_secret_that_cannot_be_kept_is_one_sentence(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(ImproperlyConfigured, match="CYTOLOOP_DATA_DIR"):
        env.own_secret(tmp_path / "file" / "secret")


@pytest.mark.parametrize("command", [["manage.py", "check"], ["-m", "project.worker", "images"]])
def test_a_wrong_broker_is_one_sentence(command):
    ended = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={**os.environ, "BROKER_URL": "kafka://x", "DJANGO_SETTINGS_MODULE": "project.settings"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode != 0
    assert ended.stderr.strip() == (
        "BROKER_URL must begin with amqp:// (RabbitMQ) or redis://, or be empty."
    )


def test_children_learn_no_secret(monkeypatch):
    for name in ("CYTOLOOP_METRICS_TOKEN", "CYTOLOOP_METRICS_TOKEN_FILE", "BROKER_URL_FILE"):
        monkeypatch.setenv(name, "x")

    assert not {name for name in scrubbed_environment() if "METRICS" in name or "BROKER" in name}


def test_the_machine_itself_is_always_an_allowed_host():
    code = "from project.settings import ALLOWED_HOSTS as hosts; print(*hosts)"
    told = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={
            **os.environ,
            "CYTOLOOP_ALLOWED_HOSTS": "lab.example.org",
            "CYTOLOOP_HOST": "192.0.2.7",
        },
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert told.split() == ["lab.example.org", "192.0.2.7", "localhost", "127.0.0.1", "[::1]"]


def test_the_start_asks_no_proxy_whether_the_site_is_ready(monkeypatch, socket_enabled):
    class Ready(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Ready)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert "http" in urllib.request.getproxies()

    assert answers(f"http://127.0.0.1:{server.server_port}/readyz")

    server.shutdown()
    server.server_close()


@pytest.mark.django_db
@pytest.mark.parametrize("sent", ["Bearer t0ken", "Bearer wrong", "", "Bearer \u00e4"])
def test_metrics_are_for_who_has_the_token(client, sent, monkeypatch):
    monkeypatch.setattr(settings, "CYTOLOOP_METRICS_TOKEN", "t0ken")

    status = client.get("/metrics", headers={"Authorization": sent}).status_code

    assert status == (200 if sent == "Bearer t0ken" else 403)
