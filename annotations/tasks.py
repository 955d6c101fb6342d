"""Tasks of images and labels: ids in, one job call, nothing else."""

from __future__ import annotations

import uuid
from typing import Any

import dramatiq

from annotations.jobs import images
from annotations.models import ChunkState, Image, LayerSnapshot
from annotations.queries.chunks import read_snapshot
from annotations.queries.history import kept_states, thin_out
from project import garbage
from project.broker import send
from project.leases import register_for_reaping

MINUTE_MS = 60_000


# The child's own limits end a long reading; the time limit here only ends a stuck worker.
@dramatiq.actor(queue_name="images", max_retries=0, time_limit=60 * MINUTE_MS, priority=0)
def ingest_image(image_id: str) -> None:
    """Read an uploaded image."""
    images.ingest_image(uuid.UUID(image_id))


@dramatiq.actor(queue_name="default", max_retries=5, time_limit=5 * MINUTE_MS, priority=50)
def remove_unused_blobs(digests: list[str]) -> None:
    """Remove the stored files of deleted images."""
    images.remove_unused_blobs(digests)


def send_image(image_id: Any) -> None:
    """Queue the reading of an image (also called by the reaper)."""
    send(ingest_image, str(image_id))


register_for_reaping(Image, send_image, images.announce_lost)

garbage.register_manifest(LayerSnapshot, "manifest_digest", lambda m: read_snapshot(m).values())
garbage.register_wanted(ChunkState, "digest", kept_states)
garbage.register_tidying(thin_out)
