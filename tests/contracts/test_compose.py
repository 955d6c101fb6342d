"""The container files fit the Compose specification and each other; they are not run here."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def compose() -> dict:
    return yaml.safe_load((ROOT / "docker" / "compose.yml").read_text())


def test_the_compose_file_fits_the_specification(compose):
    schema = json.loads(Path(__file__).with_name("compose-schema.json").read_text())

    jsonschema.Draft202012Validator(schema).validate(compose)


def test_the_schema_notices_a_misspelled_key(compose):
    schema = json.loads(Path(__file__).with_name("compose-schema.json").read_text())
    broken = {**compose, "services": {"web": {"image": "x", "enviroment": {}}}}

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema).validate(broken)


def test_every_file_service_and_volume_that_is_named_exists(compose):
    for service in compose["services"].values():
        if "build" in service:
            assert (ROOT / service["build"]["dockerfile"]).is_file()
        assert set(service.get("depends_on", {})) <= set(compose["services"])
        for volume in service.get("volumes", []):
            assert volume.split(":")[0] in compose["volumes"]


def test_nothing_listens_beyond_this_machine_and_no_password_is_written_down(compose):
    text = (ROOT / "docker" / "compose.yml").read_text()
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]

    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert re.search(r"PASSWORD: (?!\$\{)", text) is None


def test_together_the_workers_serve_every_queue(compose, settings):
    from fnmatch import fnmatch

    from project.broker import all_queues

    script = (ROOT / "docker" / "worker.sh").read_text()
    engines = [
        service["build"]["args"]["ENGINE"]
        for name, service in compose["services"].items()
        if name.startswith("worker-")
    ]
    patterns = re.search(r"project\.worker (images .*)", script)[1].replace("'", "").split()
    patterns += [f"{kind}.{e}" for e in engines if e != "images" for kind in ("predict", "train")]

    unserved = [q for q in all_queues() if not any(fnmatch(q, one) for one in patterns)]
    assert unserved == []
