"""Which stored files of images are still in use.

A stored file is shared by every image with the same bytes. Whoever stores one holds the lock
together with others until its row is committed; whoever removes some holds it alone.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection
from django.db.models import Q

from annotations.models import Image

FIELDS = ("original_digest", "pixels_digest", "pyramid_digest", "thumbnail_digest")
LOCK = "cytoloop.blobs"


def hold_blobs(*, alone: bool = False) -> None:
    """Keep others from removing stored files until this transaction ends.

    `alone` also keeps them from storing: for the one who removes.
    """
    kind = "" if alone else "_shared"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock{kind}(hashtext(%s), 0)", [LOCK])


def digests_of(image: Image) -> list[str]:
    """Return the digests of the files that belong to an image."""
    return [digest for name in FIELDS if (digest := getattr(image, name))]


def unused(digests: Iterable[str]) -> set[str]:
    """Return those that no image refers to."""
    left = set(digests)
    for name in FIELDS:
        rows = Image.objects.filter(Q(**{f"{name}__in": left}))
        left -= set(rows.values_list(name, flat=True))
    return left
