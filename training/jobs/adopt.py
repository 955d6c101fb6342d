"""Adopt: an uploaded model file becomes a version, opened by the engine's own child."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path
from typing import Any

from django.db import transaction

from annotations.actions.audit import audit
from project.errors import DataProblem
from project.processes import Limits, run_child
from project.storage import blob_path, scratch_dir
from training.jobs import news
from training.jobs.attempt import Attempt, Ended, attempt
from training.jobs.checkpoints import Finished, store_finished
from training.jobs.register import FollowUp, queue_drafts
from training.models import ModelVersion, RunState, VersionUpload
from training.queries.numbers import lock_numbers, next_number
from training.queries.starters import ORIGIN, one_starter
from training.supervision.child import child_argv, child_environment
from training.supervision.warm import ChildCrashed, EngineDefect, ceiling_bytes

WALL_S = 600.0  # imports and one pass over the weights; a hostile file may want more


def adopt(upload_id: Any) -> Ended[FollowUp]:
    """Bring an uploaded file to its end: a version, or a sentence why not.

    A starter model also drafts the project's images, as a trained version does.
    """
    return attempt(VersionUpload, upload_id, _adopt, on_change=tell)


def tell(upload_id: Any) -> None:
    """Tell open pages how an upload stands."""
    upload = VersionUpload.objects.defer("log", "traceback").filter(pk=upload_id).first()
    if upload is not None:
        news.publish_upload(upload)


def _adopt(ours: Attempt[VersionUpload]) -> FollowUp:
    upload = VersionUpload.objects.select_related("created_by").get(pk=ours.pk)
    folder = scratch_dir() / f"adopt-{secrets.token_hex(8)}"
    folder.mkdir()
    try:
        stored = store_finished(open_in_child(ours, upload, folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    ours.check()
    with transaction.atomic():
        version = make_version(upload, stored)
        predictions = queue_drafts(version) if upload.starter else []
        ours.finish(RunState.FINISHED, version=version, progress={"stage": "done"})
    return FollowUp(version.engine, len(predictions))


def open_in_child(ours: Attempt[VersionUpload], upload: VersionUpload, folder: Path) -> Finished:
    """Let the engine's child read the file; raises what it reported."""
    reports: list[dict[str, Any]] = []
    end = run_child(
        child_argv("adopt", upload.engine),
        job={
            "upload": str(blob_path(upload.upload_digest)),
            "channels": upload.channels,
            "workdir": str(folder),
            "target": str(folder / "checkpoint.zip"),
            "export_target": str(folder / "export.zip"),
        },
        limits=Limits(rss_bytes=ceiling_bytes(), wall_s=WALL_S),
        on_report=reports.append,
        should_stop=ours.beat.should_stop,
        env=child_environment(),
        cwd=folder,
        grace_s=0,
    )
    ours.check()
    last = reports[-1] if reports else {"type": ""}
    if last["type"] == "done":
        return Finished.from_report(last)
    if last["type"] == "error":
        raise DataProblem(f"{upload.file_name} cannot be used: {last['message']}")
    if last["type"] == "crash":
        raise EngineDefect(last["traceback"])
    if end.too_big or end.timed_out:
        raise DataProblem(f"{upload.file_name} took too much memory or time to be opened.")
    raise ChildCrashed(f"The process that opened {upload.file_name} ended unexpectedly.")


def origin_of(upload: VersionUpload) -> str:
    """Say where the weights came from."""
    return f"{ORIGIN}{upload.starter}" if upload.starter else "upload"


def named_as(upload: VersionUpload, stored: dict[str, Any]) -> dict[str, Any]:
    """Give a version's fields the licence that a person named, and a starter model its card.

    Raises NotFound when that starter model no longer comes along.
    """
    if upload.licence:
        stored = {**stored, "licence": upload.licence}
    if not upload.starter:
        return stored
    card = one_starter(upload.starter).card
    said = {"origin": origin_of(upload), "licence": upload.licence, "starter": card}
    return {**stored, "config": {**stored["config"], **said}}


def make_version(upload: VersionUpload, stored: dict[str, Any]) -> ModelVersion:
    """Make the version row of an adopted model, inside the caller's transaction."""
    project = upload.project
    lock_numbers(project)
    said = stored["config"].get("channels", {})
    mapping = upload.channels or said.get("mapping") or [0]
    if said.get("count", len(mapping)) != len(mapping):
        raise DataProblem(
            f"{upload.file_name} looks at {said['count']} channels, but {len(mapping)} were named."
        )
    stored = named_as(upload, stored)
    version = ModelVersion.objects.create(
        project=project,
        number=next_number(project, ModelVersion),
        engine=upload.engine,
        origin=origin_of(upload),
        channels={
            "count": len(mapping),
            "mapping": mapping,
            "conversion": said.get("conversion", ""),
        },
        created_by=upload.created_by,
        **stored,
    )
    audit(
        user=upload.created_by,
        project=project,
        verb="register_version",
        target=version,
        upload=str(upload.pk),
        digest=version.checkpoint_digest,
    )
    news.publish_version(version)
    return version
