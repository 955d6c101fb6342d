"""Blobs of any age, and a history to be tidied."""

from __future__ import annotations

import os
import time
import uuid
from datetime import timedelta

from django.utils import timezone

from annotations.models import ChunkState, LabelOp
from project import storage
from tests.annotations.painting import paint_box, picture

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
