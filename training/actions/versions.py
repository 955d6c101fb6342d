"""Bring a model version in from outside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, BinaryIO, ClassVar

from django.conf import settings
from django.db import transaction

from annotations.actions.audit import audit
from annotations.models import Project, Role
from annotations.rules import require
from project.broker import send
from project.errors import InvalidInput
from project.storage import put_stream
from training import tasks
from training.engines import registry
from training.jobs.news import publish_upload
from training.models import VersionUpload
from training.supervision.interpreters import require_installed

MIB = 1 << 20


class NotACheckpoint(InvalidInput):
    """The uploaded file cannot be a model."""

    code: ClassVar[str] = "not_a_checkpoint"


@transaction.atomic
def upload_version(  # noqa: PLR0913 (one argument per thing a person can say about the file)
    *,
    user: Any,
    project: Project,
    engine: str,
    stream: BinaryIO,
    file_name: str,
    size_bytes: int,
    channels: Sequence[int] = (),
    licence: str = "",
) -> VersionUpload:
    """Store a model file and queue its check by the engine; a version appears when it is good.

    Nothing of the file is opened here: it comes from outside, so only the engine's child reads it.
    Raises NotAllowed, NotFound, UnknownEngine, EngineNotInstalled, NotACheckpoint.
    """
    require(user, project, Role.REVIEWER)
    require_installed(engine)
    most = registry.spec(engine).max_channels
    if size_bytes == 0 or size_bytes > settings.CYTOLOOP_MAX_UPLOAD_MIB * MIB:
        raise NotACheckpoint(
            f"A model file has from 1 byte to {settings.CYTOLOOP_MAX_UPLOAD_MIB} MiB; this one has "
            f"{size_bytes} bytes."
        )
    if len(set(channels)) != len(channels) or any(channel < 0 for channel in channels):
        raise NotACheckpoint("Name each channel once, counted from 0.")
    if len(channels) > most:
        raise NotACheckpoint(f"{engine} takes at most {most} channels.")
    upload = VersionUpload(
        project=project,
        engine=engine,
        file_name=file_name[-255:],
        upload_digest=put_stream(stream),
        channels=list(channels),
        licence=licence[:100],
        created_by=user,
    )
    queue_adoption(upload)
    audit(
        user=user,
        project=project,
        verb="upload_version",
        target=upload,
        engine=engine,
        digest=upload.upload_digest,
    )
    return upload


def queue_adoption(upload: VersionUpload) -> None:
    """Save the row of a stored model file and queue its check, in the caller's transaction."""
    upload.save(force_insert=True)
    publish_upload(upload)
    send(tasks.adopt, str(upload.pk), queue=tasks.predict_queue(upload.engine))
