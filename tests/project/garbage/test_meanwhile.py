"""Others write, delete and make backups while files are collected."""

from __future__ import annotations

import hashlib
import io
import threading

import numpy as np
import pytest
from django.db import connection

from annotations.actions.images import delete_image, register_image
from annotations.models import LabelChunk, LabelLayer
from project import garbage, storage
from project.backup import backup, restore
from project.garbage import CollectionBusy, collect, collect_daily
from tests.annotations.painting import check_in_step, label_image_at
from tests.project.garbage.blobs import (
    age_history,
    all_blobs,
    make_all_old,
    painted_history,
    stored,
)

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_blob_that_is_stored_again_during_the_sweep_survives(monkeypatch):
    digest = stored(b"again")
    unnamed = garbage._unnamed

    def put_meanwhile(digests):
        found = unnamed(digests)
        if digest in digests:
            storage.put_bytes(b"again")
        return found

    monkeypatch.setattr(garbage, "_unnamed", put_meanwhile)
    collect()

    assert storage.has_blob(digest)


def test_a_row_that_is_committed_during_the_sweep_finds_its_new_blob(layer, monkeypatch):
    sweep = garbage.sweep
    made = []

    def commit_meanwhile(*arguments):
        made.append(storage.put_bytes(b"new"))
        LabelChunk.objects.create(layer=layer, cy=0, cx=0, seq=1, digest=made[0], size_bytes=1)
        sweep(*arguments)

    monkeypatch.setattr(garbage, "sweep", commit_meanwhile)
    collect()

    assert storage.read_blob(made[0]) == b"new"


def test_writers_and_a_collection_at_once_never_lose_a_blob_that_was_just_stored():
    n_raced = 0
    for turn in range(6):
        contents = [f"content {turn} {n}".encode() for n in range(400)]
        for data in contents:
            stored(data)
        writers = [
            threading.Thread(target=lambda part: list(map(storage.put_bytes, part)), args=[part])
            for part in (contents[:300], contents[200:300][::-1])
        ]
        for thread in writers:
            thread.start()
        n_raced += 0 < collect()["n_removed"] < 400
        for thread in writers:
            thread.join()

        assert all(map(storage.has_blob, map(digest_of, contents[:300])))
        assert not any(map(storage.has_blob, map(digest_of, contents[300:])))
    assert n_raced, "some were removed before they were stored again"


def digest_of(data):
    return hashlib.sha256(data).hexdigest()


def test_only_one_collects_and_a_backup_keeps_everything(tmp_path):
    digest = stored()
    seen = []

    def collect_meanwhile():
        for remove in (collect, collect_daily):
            try:
                remove()
            except CollectionBusy as error:
                seen.append(error.message)
        connection.close()

    with garbage.nothing_is_removed():
        thread = threading.Thread(target=collect_meanwhile)
        thread.start()
        thread.join()
        assert storage.has_blob(digest)
    assert "backup" in seen[0]
    collect()
    assert not storage.has_blob(digest)


def test_an_image_deleted_during_a_backup_loses_its_files_later(owner, project, data_dir):
    from annotations.jobs.images import remove_unused_blobs

    image = register_image(
        user=owner, project=project, file_name="a.png", stream=io.BytesIO(b"not read")
    )
    delete_image(user=owner, image_id=image.pk)

    def delete_meanwhile():
        remove_unused_blobs([image.original_digest])
        connection.close()

    with garbage.nothing_is_removed():
        thread = threading.Thread(target=delete_meanwhile)
        thread.start()
        thread.join()
    assert storage.has_blob(image.original_digest)

    make_all_old()
    collect()
    assert not storage.has_blob(image.original_digest)


def test_a_backup_after_a_collection_brings_everything_back(annotator, layer, tmp_path):
    states = painted_history(annotator, layer)
    age_history(layer, days=8)
    make_all_old()
    collect()
    kept = all_blobs()
    backup(tmp_path / "site.tar")
    for digest in kept:
        storage.blob_path(digest).unlink()

    restore(tmp_path / "site.tar", replace=True)

    assert all_blobs() == kept
    layer = LabelLayer.objects.get()
    assert np.array_equal(label_image_at(layer, 1, (0, 0, 700, 900)), states[1])
    check_in_step(layer)
