from __future__ import annotations

import errno
import io
import json
import shutil
import tarfile

import pytest
from django.contrib.auth import get_user_model
from django.db import connection

from annotations.models import Project
from project import backup as backups
from project import storage
from project.backup import BackupFailed, NotABackup, NotEmpty, backup, restore
from project.errors import StorageFull

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def filled():
    user = get_user_model().objects.create_user("maria")
    Project.objects.create(name="Nuclei", created_by=user)
    return [storage.put_bytes(b"original image"), storage.put_bytes(b"x" * 100_000)]


def empty_site() -> None:
    Project.objects.all().delete()
    get_user_model().objects.all().delete()
    shutil.rmtree(storage.blobs_dir())


def test_what_was_backed_up_comes_back(filled, tmp_path):
    told: list[str] = []
    made = backup(tmp_path / "site.tar", told.append)
    empty_site()

    restore(tmp_path / "site.tar")

    assert made["n_blobs"] == 2
    assert told[-1] == "file 2 of 2"
    assert Project.objects.get().created_by.username == "maria"
    assert [storage.read_blob(digest)[:3] for digest in filled] == [b"ori", b"xxx"]
    assert not list(tmp_path.glob("*.partial"))


def test_projects_are_replaced_only_when_asked(filled, tmp_path):
    backup(tmp_path / "site.tar")
    Project.objects.create(name="Newer work")

    with pytest.raises(NotEmpty, match="--replace"):
        restore(tmp_path / "site.tar")
    assert Project.objects.count() == 2

    restore(tmp_path / "site.tar", replace=True)
    assert Project.objects.get().name == "Nuclei"


def test_a_damaged_blob_is_put_right_by_a_restore(filled, tmp_path):
    backup(tmp_path / "site.tar")
    storage.blob_path(filled[0]).write_bytes(b"rotten bits")

    with pytest.raises(NotEmpty):
        restore(tmp_path / "site.tar")
    restore(tmp_path / "site.tar", replace=True)

    assert storage.read_blob(filled[0]) == b"original image"


@pytest.mark.parametrize("content", [b"", b"no tar at all" * 100])
def test_a_file_that_is_no_backup_changes_nothing(filled, tmp_path, content):
    (tmp_path / "bad.tar").write_bytes(content)

    with pytest.raises(NotABackup):
        restore(tmp_path / "bad.tar", replace=True)

    assert Project.objects.count() == 1


def test_a_cut_off_backup_changes_nothing_in_the_database(filled, tmp_path):
    made = backup(tmp_path / "site.tar")
    whole = (tmp_path / "site.tar").read_bytes()
    (tmp_path / "cut.tar").write_bytes(whole[: made["size_bytes"] - 60_000])

    with pytest.raises(NotABackup):
        restore(tmp_path / "cut.tar", replace=True)

    assert Project.objects.count() == 1


def test_a_blob_whose_bytes_do_not_fit_its_name_is_refused(filled, tmp_path):
    backup(tmp_path / "site.tar")
    with tarfile.open(tmp_path / "site.tar", "a") as tar:
        info = tarfile.TarInfo(f"blobs/{'a' * 64}")
        info.size = 3
        tar.addfile(info, io.BytesIO(b"bad"))

    with pytest.raises(NotABackup, match="damaged"):
        restore(tmp_path / "site.tar", replace=True)
    assert Project.objects.count() == 1


def test_a_name_that_leaves_the_folder_is_refused(filled, tmp_path):
    backup(tmp_path / "site.tar")
    with tarfile.open(tmp_path / "site.tar", "a") as tar:
        info = tarfile.TarInfo("blobs/../../etc/passwd")
        info.size = 3
        tar.addfile(info, io.BytesIO(b"bad"))

    with pytest.raises(NotABackup):
        restore(tmp_path / "site.tar", replace=True)


def rewritten(source, target, change):
    """Copy a backup, passing every member's name and bytes through `change`."""
    with tarfile.open(source) as old, tarfile.open(target, "w") as new:
        for member in old:
            data = change(member.name, old.extractfile(member).read())
            info = tarfile.TarInfo(member.name)
            info.size = len(data)
            new.addfile(info, io.BytesIO(data))
    return target


def test_a_rotten_bit_in_the_dump_changes_nothing(filled, tmp_path):
    def rot(name, data):
        half = len(data) // 2
        return data[:half] + b"?" + data[half + 1 :] if name == backups.DUMP else data

    backup(tmp_path / "site.tar")
    bad = rewritten(tmp_path / "site.tar", tmp_path / "bad.tar", rot)

    with pytest.raises(NotABackup, match="nothing was changed"):
        restore(bad, replace=True)
    assert Project.objects.get().name == "Nuclei"


@pytest.mark.parametrize("keep", [5, 0.6], ids=["a newer format", "cut off"])
def test_a_dump_that_postgres_cannot_read_changes_nothing(filled, tmp_path, keep):
    def spoil(name, data):
        if name == backups.MANIFEST:  # as in a backup of before the digest
            return json.dumps({"format": 1, "n_blobs": 2}).encode()
        if name != backups.DUMP:
            return data
        # The archive's version stands behind "PGDMP".
        return data[:5] + b"\x7f\x7f" + data[7:] if keep == 5 else data[: int(len(data) * keep)]

    backup(tmp_path / "site.tar")
    bad = rewritten(tmp_path / "site.tar", tmp_path / "bad.tar", spoil)

    with pytest.raises(NotABackup, match="nothing was changed"):
        restore(bad, replace=True)
    assert Project.objects.get().name == "Nuclei"


def test_a_failure_in_the_middle_of_the_restore_leaves_the_database_as_it_was(
    filled, tmp_path, monkeypatch
):
    backup(tmp_path / "site.tar")
    Project.objects.create(name="Newer work")
    monkeypatch.setattr(backups, "DROPS", f"{backups.DROPS}CREATE TABLE public.auth_user ();\n")

    with pytest.raises(BackupFailed, match="auth_user"):
        restore(tmp_path / "site.tar", replace=True)
    assert Project.objects.count() == 2


def test_a_full_disk_is_named_and_no_reproach_to_the_backup(filled, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    backup(tmp_path / "site.tar")
    monkeypatch.setattr(shutil, "copyfileobj", full)

    with pytest.raises(StorageFull):
        restore(tmp_path / "site.tar", replace=True)


def test_a_missing_program_is_named(filled, tmp_path):
    with pytest.raises(BackupFailed, match="pg_other cannot be started"):
        backups._run("pg_other")


def test_a_program_gets_every_option_of_the_connection(settings, monkeypatch):
    ran = {}
    monkeypatch.setattr(backups, "_run", lambda *argv, env: ran.update(argv=argv, env=env))
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "sslrootcert", "/etc/ca.pem")
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "keepalives_idle", "30")

    backups._run_in_database("psql")

    assert ran["env"]["PGSSLROOTCERT"] == "/etc/ca.pem"
    assert "keepalives_idle=30" in ran["argv"][1]
    assert "password" not in ran["argv"][1]


@pytest.mark.parametrize("content", [b"{", b"[]", b"{}"])
def test_a_damaged_list_of_contents_is_said_in_a_sentence(filled, tmp_path, content):
    backup(tmp_path / "site.tar")
    bad = rewritten(
        tmp_path / "site.tar",
        tmp_path / "bad.tar",
        lambda name, data: content if name == backups.MANIFEST else data,
    )

    with pytest.raises(NotABackup, match="damaged"):
        restore(bad, replace=True)
