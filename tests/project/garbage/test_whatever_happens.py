"""Rows, blobs and collections in any order."""

from __future__ import annotations

import json

import pytest
from django.db import transaction
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

from annotations.models import Image, LabelChunk, LayerSnapshot
from project import storage
from project.garbage import collect
from tests.factories import ImageFactory, LayerFactory, ProjectFactory
from tests.project.garbage.blobs import all_blobs, make_old, stored

pytestmark = pytest.mark.django_db(transaction=True)


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
