"""Bring a model version in from outside."""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

from django.conf import settings
from django.db import transaction

from annotations.actions.audit import audit
from annotations.models import Project, Role
from annotations.rules import require
from project.errors import CheckpointCorrupt, InvalidInput
from project.storage import put_file, scratch_dir
from training.actions.sets import lock_numbers, next_number
from training.engines import registry
from training.engines.checkpoint import read_config
from training.jobs.news import publish_version
from training.models import ModelVersion
from training.supervision.archive import pack, unpack

MIB = 1 << 20


class NotACheckpoint(InvalidInput):
    """The uploaded file holds no weights that an engine here can use."""

    code: ClassVar[str] = "not_a_checkpoint"


def upload_version(
    *,
    user: Any,
    project: Project,
    engine: str,
    stream: BinaryIO,
    channels: Sequence[int] | None = None,
    licence: str = "",
) -> ModelVersion:
    """Register a checkpoint file as a version of the project.

    1. Unpack it in scratch, looking for what is hostile or damaged.
    2. Check that its config belongs to the engine. Nothing is executed here: the weights are
       first opened by the engine's own child process.
    3. Store it in its one canonical form and register it.

    Raises NotAllowed, NotFound, UnknownEngine, NotACheckpoint.
    """
    require(user, project, Role.REVIEWER)
    registry.spec(engine)
    folder = scratch_dir() / f"upload-{secrets.token_hex(8)}"
    try:
        folder.mkdir()
        config = unpacked_config(stream, folder / "checkpoint", engine)
        archive = folder / "checkpoint.zip"
        pack(folder / "checkpoint", archive)
        digest, size_bytes = put_file(archive), archive.stat().st_size
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    mapping = list(channels or config.get("channels") or [0])
    if min(mapping) < 0 or len(set(mapping)) != len(mapping):
        raise NotACheckpoint("Name each channel once, counted from 0.")
    return register_upload(
        user=user,
        project=project,
        engine=engine,
        fields={
            "checkpoint_digest": digest,
            "size_bytes": size_bytes,
            "config": config,
            "licence": licence[:100] or registry.spec(engine).licence,
            "channels": {"count": len(mapping), "mapping": mapping, "conversion": ""},
        },
    )


@transaction.atomic
def register_upload(
    *, user: Any, project: Project, engine: str, fields: dict[str, Any]
) -> ModelVersion:
    """Make the version row of a stored checkpoint."""
    lock_numbers(project)
    version = ModelVersion.objects.create(
        project=project,
        number=next_number(project, ModelVersion),
        engine=engine,
        origin="upload",
        created_by=user,
        **fields,
    )
    audit(
        user=user,
        project=project,
        verb="upload_version",
        target=version,
        engine=engine,
        digest=version.checkpoint_digest,
    )
    publish_version(version)
    return version


def unpacked_config(stream: BinaryIO, folder: Path, engine: str) -> dict[str, Any]:
    """Unpack an uploaded checkpoint and return its config; raises NotACheckpoint."""
    folder.mkdir()
    try:
        unpack(stream, folder, max_bytes=settings.CYTOLOOP_MAX_UPLOAD_MIB * MIB)
        lift_single_folder(folder)
        config = read_config(folder, engine)
    except (CheckpointCorrupt, json.JSONDecodeError) as error:
        raise NotACheckpoint(
            f"This file is no {registry.spec(engine).title} model version: {error} Upload the zip "
            "that a version's download button gives."
        ) from error
    return config


def lift_single_folder(folder: Path) -> None:
    """Move everything up when the zip holds one folder only, as file managers pack it."""
    entries = list(folder.iterdir())
    if len(entries) == 1 and entries[0].is_dir():
        inner = entries[0].rename(folder.parent / "inner")
        folder.rmdir()
        inner.rename(folder)
