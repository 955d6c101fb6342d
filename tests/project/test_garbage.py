from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import threading
import time
import uuid
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from annotations.actions.images import delete_image, register_image
from annotations.actions.regions import open_region, submit_region
from annotations.labels import chunks, ops
from annotations.models import ChunkState, Image, LabelChunk, LabelLayer, LabelOp, LayerSnapshot
from annotations.queries.chunks import snapshot_label_image
from annotations.queries.history import states_at
from project import garbage, storage
from project.backup import backup, restore
from project.garbage import CollectionBusy, ReferencesUnknown, collect, collect_daily
from tests.annotations.painting import check_in_step, label_image_at, paint_box, picture
from tests.factories import ImageFactory, LayerFactory, ProjectFactory
from tests.running_site import wait_for
from training.models import (
    Evaluation,
    Example,
    ModelVersion,
    PredictionPart,
    PredictionRun,
    RunState,
    TrainingRun,
    TrainingSet,
    VersionUpload,
)

pytestmark = pytest.mark.django_db(transaction=True)

OLD_S = 25 * 3600


def make_old(digest, age_s=OLD_S):
    then = time.time() - age_s
    os.utime(storage.blob_path(digest), (then, then))
    return digest


def stored(data=None, age_s=OLD_S):
    return make_old(storage.put_bytes(data or uuid.uuid4().bytes), age_s)


def all_blobs():
    return {path.name for path in storage.blobs_dir().glob("??/*")}


def make_all_old():
    for digest in all_blobs():
        make_old(digest)


@pytest.fixture
def image(project):
    return ImageFactory(project=project)


@pytest.fixture
def layer(image):
    return LayerFactory(image=image)


# --- what goes, what stays ----------------------------------------------------------------------


def test_an_old_blob_that_nothing_names_goes_and_its_bytes_are_counted():
    digest = stored(b"x" * 1000)

    done = collect()

    assert (done["n_removed"], done["removed_bytes"]) == (1, 1000)
    assert not storage.has_blob(digest)


def test_a_young_blob_stays_its_row_may_not_be_committed_yet():
    digest = stored(age_s=23 * 3600)

    assert collect()["n_young"] == 1
    assert storage.has_blob(digest)


def test_a_blob_that_is_stored_again_is_young_again():
    digest = stored(b"again")
    assert storage.put_bytes(b"again") == digest

    collect()

    assert storage.has_blob(digest)


def test_a_dry_run_counts_the_same_and_removes_nothing():
    stored(b"x" * 1000)

    told, again = collect(dry_run=True), collect(dry_run=True)
    done = collect()

    for one in (told, again):
        assert (one["n_removed"], one["removed_bytes"]) == (1, 1000)
    assert done["n_removed"] == 1


def test_every_kind_of_row_keeps_its_files(project, image, layer):
    columns = garbage.digest_columns()
    names = {f"{model.__name__}.{field}" for model, field in columns}
    assert names == {
        *(f"Image.{kind}_digest" for kind in ("original", "pixels", "pyramid", "thumbnail")),
        *("LabelChunk.digest", "ChunkState.digest", "LayerSnapshot.manifest_digest"),
        *("TrainingSet.manifest_digest", "VersionUpload.upload_digest"),
        *("ModelVersion.checkpoint_digest", "ModelVersion.export_digest"),
        *("Example.picture_digest", "PredictionRun.details_digest"),
        "PredictionPart.result_digest",
    }
    for name in ("original", "pixels", "pyramid", "thumbnail"):
        setattr(image, f"{name}_digest", stored())
    image.save()
    place = {"layer": layer, "cy": 0, "cx": 0, "seq": 1}
    LabelChunk.objects.create(**place, digest=stored(), size_bytes=1)
    ChunkState.objects.create(**place, digest=stored())
    chunk = stored()
    manifest = json.dumps({"chunks": {"0/0/0/0": chunk}}).encode()
    LayerSnapshot.objects.create(layer=layer, seq=1, manifest_digest=stored(manifest))
    gone = stored(), stored(), stored()  # of an image that is no more
    of_set = {
        "images": [{"original": gone[0], "pixels": gone[1], "regions": [{"labels": gone[2]}]}]
    }
    used = TrainingSet.objects.create(
        project=project, number=1, manifest_digest=stored(json.dumps(of_set).encode())
    )
    run = TrainingRun.objects.create(
        project=project, number=1, training_set=used, engine="threshold"
    )
    version = ModelVersion.objects.create(
        project=project,
        number=1,
        engine="threshold",
        run=run,
        origin="scratch",
        checkpoint_digest=stored(),
        size_bytes=1,
        export_digest=stored(),
    )
    measured = Evaluation.objects.create(version=version, training_set=used, split="validation")
    Example.objects.create(evaluation=measured, image=image, picture_digest=stored())
    predicted = PredictionRun.objects.create(version=version, image=image, details_digest=stored())
    part = PredictionPart.objects.create(
        prediction=predicted,
        number=1,
        row0=0,
        col0=0,
        row1=9,
        col1=9,
        overlap_px=0,
        result_digest=stored(),
    )
    waiting = VersionUpload.objects.create(
        project=project, engine="threshold", file_name="a.zip", upload_digest=stored()
    )
    before = all_blobs()
    assert len(before) == 4 + 2 + 2 + 4 + 2 + 1 + 1 + 1 + 1
    nobodys = stored()

    assert collect()["n_removed"] == 1
    assert all_blobs() == before
    assert not storage.has_blob(nobodys)

    VersionUpload.objects.filter(pk=waiting.pk).update(state=RunState.FAILED)
    collect()
    assert before - all_blobs() == {waiting.upload_digest}, "nobody reads it again"

    PredictionRun.objects.filter(pk=predicted.pk).update(state=RunState.FINISHED)
    collect()
    assert before - all_blobs() == {waiting.upload_digest, part.result_digest}


def test_a_deleted_image_takes_labels_and_snapshots_along(annotator, owner, project):
    image = ImageFactory(project=project)
    layer = LayerFactory(image=image)
    other = LayerFactory(image=ImageFactory(project=project))
    for one in (layer, other):
        paint_box(annotator, one, (0, 0, 600, 600))
        region = open_region(
            user=annotator, image_id=one.image_id, box=(0, 0, 700, 900), layer_id=one.pk
        )
        submit_region(user=annotator, region_id=region.pk)
    make_all_old()
    n_blobs = len(all_blobs())
    delete_image(user=owner, image_id=image.pk)

    done = collect()

    # The two pictures are equal, so their chunks are shared: only the manifest goes.
    assert (done["n_removed"], len(all_blobs())) == (1, n_blobs - 1)
    check_in_step(other)
    delete_image(user=owner, image_id=other.image_id)
    collect()
    assert not all_blobs()


def test_a_missing_manifest_is_counted_and_the_rest_goes_on(layer):
    LayerSnapshot.objects.create(layer=layer, seq=1, manifest_digest="0" * 64)
    stored()

    done = collect()

    assert (done["n_manifests_missing"], done["n_removed"]) == (1, 1)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[]", b'{"chunks": 3}', b"{}"])
def test_a_damaged_manifest_ends_the_collection_before_anything_goes(layer, content):
    digest = stored(b"a")
    LayerSnapshot.objects.create(layer=layer, seq=1, manifest_digest=stored(content))

    with pytest.raises(ReferencesUnknown, match="damaged"):
        collect()

    assert storage.has_blob(digest)
    assert collect_again_works(layer)


def collect_again_works(layer):
    LayerSnapshot.objects.all().delete()
    return collect()["n_removed"] == 2


def test_a_process_that_cannot_read_every_manifest_removes_nothing(monkeypatch):
    garbage.know_the_apps()
    monkeypatch.delitem(garbage._manifests, (TrainingSet, "manifest_digest"))
    digest = stored()

    with pytest.raises(ReferencesUnknown, match="TrainingSet"):
        collect()

    assert storage.has_blob(digest)


# --- history ------------------------------------------------------------------------------------


def age_history(layer, days):
    then = timezone.now() - timedelta(days=days)
    ChunkState.objects.filter(layer=layer).update(created_at=then)
    LabelOp.objects.filter(layer=layer).update(created_at=then)


def painted_history(annotator, layer, n=4):
    states = [picture(layer)]
    for k in range(n):
        paint_box(annotator, layer, (k * 10, 0, k * 10 + 20, 600))
        states.append(picture(layer))
    return states


def test_old_chunk_states_are_thinned_out_and_every_state_can_still_be_made(annotator, layer):
    states = painted_history(annotator, layer)
    age_history(layer, days=8)
    make_all_old()
    n_blobs = len(all_blobs())

    done = collect()

    assert done["n_tidied"] == 2 * 3, "of each chunk the newest stays"
    assert done["n_removed"] == n_blobs - 2
    for seq, state in enumerate(states):
        assert np.array_equal(label_image_at(layer, seq, (0, 0, 700, 900)), state)
        assert np.array_equal(label_image_at(layer, seq, (3, 5, 30, 520)), state[3:30, 5:520])
    assert states_at(layer, 2).digests == {}
    assert states_at(layer, 2).remade == [(0, 0), (0, 1)]
    check_in_step(layer)
    paint_box(annotator, layer, (100, 100, 200, 200))
    check_in_step(layer)


def test_what_a_layer_was_within_the_last_week_stays_readable_chunk_by_chunk(annotator, layer):
    states = painted_history(annotator, layer, n=3)
    age_history(layer, days=30)
    states += painted_history(annotator, layer, n=3)[1:]
    make_all_old()

    collect()

    for seq in range(3, 7):
        assert len(states_at(layer, seq).digests) == 2, "it was there until a moment ago"
        assert np.array_equal(label_image_at(layer, seq, (0, 0, 700, 900)), states[seq])
    for seq in range(3):
        assert np.array_equal(label_image_at(layer, seq, (0, 0, 700, 900)), states[seq])


def test_a_snapshot_survives_what_came_after_it(annotator, layer):
    paint_box(annotator, layer, (0, 0, 50, 50))
    region = open_region(
        user=annotator, image_id=layer.image_id, box=(0, 0, 700, 900), layer_id=layer.pk
    )
    snapshot = submit_region(user=annotator, region_id=region.pk).snapshot
    was = picture(layer)
    painted_history(annotator, layer)
    age_history(layer, days=99)
    make_all_old()

    collect()

    assert np.array_equal(snapshot_label_image(snapshot, (0, 0, 700, 900)), was)
    assert np.array_equal(label_image_at(layer, 3, (0, 0, 9, 9)), picture_at(layer, 3))


def picture_at(layer, seq):
    """Replay from the first op, snapshots aside."""
    assert LayerSnapshot.objects.filter(seq__lte=seq).exists(), "the short way is under test"
    held = {(0, 0): chunks.empty()}
    for row in layer.ops.filter(seq__lte=seq).order_by("seq"):
        op = ops.decode(ops.unpack(bytes(row.body)))
        here = {place: runs for place, runs in op.items() if place in held}
        ops.apply(here, held, height=700, width=900)
    return held[0, 0][:9, :9]


# --- at the same time ---------------------------------------------------------------------------


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


# --- when and by whom ---------------------------------------------------------------------------


def test_it_runs_at_most_once_a_day(monkeypatch):
    stored()
    runs = []
    monkeypatch.setattr(garbage, "collect", lambda: runs.append(1))

    collect_daily()
    assert not runs, "a new site has nothing that is old"
    os.utime(garbage.record_path(), (time.time() - 90_000,) * 2)
    collect_daily()
    assert runs == [1]


def test_a_collection_says_when_it_was_and_what_it_did():
    stored(b"x" * 10)

    collect()

    record = json.loads(garbage.record_path().read_text())
    assert (record["n_removed"], record["removed_bytes"]) == (1, 10)
    assert time.time() - garbage.record_path().stat().st_mtime < 60


@pytest.mark.processes
def test_a_worker_collects_in_the_background(site_environment, data_dir):
    digest = stored()
    garbage.record_path().write_text("{}")
    os.utime(garbage.record_path(), (time.time() - 90_000,) * 2)
    worker = subprocess.Popen(
        [sys.executable, "-m", "project.worker", "images", "default"],
        env=site_environment,
        cwd=Path(__file__).resolve().parents[2],
    )
    try:
        wait_for(lambda: not storage.has_blob(digest))
    finally:
        worker.terminate()
        worker.wait(120)


def test_the_command_says_how_much(capsys):
    stored(b"x" * 2000)

    call_command("collect_garbage", "--dry-run")
    assert "1 files, 2,000 bytes would be removed" in capsys.readouterr().out
    call_command("collect_garbage", "--json")
    assert json.loads(capsys.readouterr().out)["removed_bytes"] == 2000


# --- whatever happens ---------------------------------------------------------------------------


class Collecting(RuleBasedStateMachine):
    """Rows come and go, blobs are stored and grow old, collections run: what is named stays."""

    digests = Bundle("digests")

    @initialize()
    def begin(self):
        self.layer = LayerFactory(image=ImageFactory(project=ProjectFactory()))
        self.stored = set()
        self.young = set()
        self.n = 0

    @rule(target=digests, content=st.integers(0, 8))
    def put(self, content):
        digest = storage.put_bytes(f"blob {content}".encode())
        self.stored.add(digest)
        self.young.add(digest)
        return digest

    @rule(digest=digests)
    def grow_old(self, digest):
        if storage.has_blob(digest):
            make_old(digest)
            self.young.discard(digest)

    @rule(digest=digests)
    def name_in_a_row(self, digest):
        if digest in self.young:  # whoever names a blob has just stored it
            self.n += 1
            place = {"layer": self.layer, "cy": self.n, "cx": 0, "seq": 1}
            LabelChunk.objects.create(**place, digest=digest, size_bytes=1)

    @rule(digest=digests)
    def name_in_a_manifest(self, digest):
        if digest in self.young:
            self.n += 1
            manifest = json.dumps({"n": self.n, "chunks": {"0/0/0/0": digest}}).encode()
            LayerSnapshot.objects.create(
                layer=self.layer, seq=self.n, manifest_digest=stored(manifest)
            )

    @rule()
    def forget_a_row(self):
        row = LabelChunk.objects.order_by("pk").first() or LayerSnapshot.objects.first()
        if row is not None:
            row.delete()

    @rule()
    def roll_back(self):
        with transaction.atomic():
            digest = self.put(0)
            self.name_in_a_row(digest)
            transaction.set_rollback(True)

    @rule()
    def collect(self):
        collect()
        left = all_blobs()
        assert left == self.named() | (self.young & left)
        assert self.young <= left

    def named(self):
        named = set(LabelChunk.objects.values_list("digest", flat=True))
        for manifest in LayerSnapshot.objects.values_list("manifest_digest", flat=True):
            named |= {manifest, *json.loads(storage.read_blob(manifest))["chunks"].values()}
        return named

    @invariant()
    def what_is_named_is_there(self):
        if hasattr(self, "layer"):
            assert self.named() <= all_blobs()

    def teardown(self):
        if hasattr(self, "layer"):
            LayerSnapshot.objects.all().delete()
            Image.objects.all().delete()
            for digest in all_blobs():
                storage.blob_path(digest).unlink()


def test_whatever_happens_what_is_named_stays_and_what_is_not_goes():
    run_state_machine_as_test(
        Collecting,
        settings=hypothesis_settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
