from __future__ import annotations

import io
import stat
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from project.errors import CheckpointCorrupt
from training.supervision.archive import pack, unpack

NAMES = st.text("abcxyz_0123", min_size=1, max_size=8)


@given(st.dictionaries(NAMES, st.binary(max_size=200), min_size=1, max_size=5))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_what_is_packed_comes_out_the_same(tmp_path_factory, files):
    folder = tmp_path_factory.mktemp("in")
    for name, data in files.items():
        (folder / "weights").mkdir(exist_ok=True)
        (folder / "weights" / name).write_bytes(data)
    archive = tmp_path_factory.mktemp("zip") / "a.zip"
    pack(folder, archive)
    out = tmp_path_factory.mktemp("out")
    unpack(archive, out)

    found = {path.name: path.read_bytes() for path in (out / "weights").iterdir()}
    assert found == files


def test_equal_folders_give_equal_bytes(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text("{}")
        pack(tmp_path / name, tmp_path / f"{name}.zip")

    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def zip_of(entries):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data, mode in entries:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            archive.writestr(entry, data)
    file.seek(0)
    return file


@pytest.mark.parametrize(
    "entries",
    [
        [],
        [("../outside", b"x", stat.S_IFREG)],
        [("/etc/outside", b"x", stat.S_IFREG)],
        [("a/../../outside", b"x", stat.S_IFREG)],
        [("..\\outside", b"x", stat.S_IFREG)],
        [("link", b"/etc/passwd", stat.S_IFLNK)],
        [(f"f{i}", b"", stat.S_IFREG) for i in range(2001)],
        [("bomb", b"0" * 3_000_000, stat.S_IFREG)],
    ],
)
def test_a_hostile_zip_is_refused_and_writes_nothing_outside(tmp_path, entries):
    (tmp_path / "in").mkdir()

    with pytest.raises(CheckpointCorrupt):
        unpack(zip_of(entries), tmp_path / "in", max_bytes=1_000_000)

    assert not list((tmp_path / "in").iterdir())
    assert {path.name for path in tmp_path.iterdir()} == {"in", "data"}


@given(st.binary(max_size=300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_other_bytes_are_refused_with_a_sentence(tmp_path_factory, data):
    with pytest.raises(CheckpointCorrupt, match="zip"):
        unpack(io.BytesIO(data), tmp_path_factory.mktemp("out"))


def test_a_damaged_entry_is_refused(tmp_path):
    good = zip_of([("weights", bytes(range(256)) * 100, stat.S_IFREG)]).getvalue()
    damaged = bytearray(good)
    damaged[60:90] = b"\0" * 30

    with pytest.raises(CheckpointCorrupt):
        unpack(io.BytesIO(bytes(damaged)), tmp_path)
