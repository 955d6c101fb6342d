from __future__ import annotations

import io
import shutil
import tarfile

import pytest
from django.contrib.auth import get_user_model

from annotations.models import Project
from project import storage
from project.backup import NotABackup, NotEmpty, backup, restore

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
