"""Add a starter model to a project."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db import transaction
from django.db.models import Max

from annotations.actions.audit import audit
from annotations.models import Project, Role
from annotations.rules import require
from project.errors import Conflict
from project.storage import put_file
from training.actions.versions import queue_adoption
from training.models import RunState, VersionUpload
from training.queries.numbers import lock_numbers
from training.queries.plans import BadChannels
from training.queries.predictions import images_to_predict
from training.queries.starters import Starter, one_starter
from training.supervision.interpreters import require_installed


class StarterIsHere(Conflict):
    """The project has the starter model already, or is getting it."""

    code: ClassVar[str] = "starter_is_here"


@transaction.atomic
def add_starter(
    *, user: Any, project: Project, name: str, channels: Sequence[int] = ()
) -> VersionUpload:
    """Store a starter model's file and queue its adoption; the version drafts the images.

    `channels` are those of the images that it looks at; none: the first ones. One that could not
    be adopted may be added again. Raises NotAllowed, NotFound, EngineNotInstalled, BadChannels,
    StarterIsHere.
    """
    require(user, project, Role.REVIEWER)
    starter = one_starter(name)
    require_installed(starter.engine)
    chosen = chosen_channels(starter, project, channels)
    lock_numbers(project)
    refuse_a_second(project, starter)
    upload = VersionUpload(
        project=project,
        engine=starter.engine,
        starter=starter.name,
        file_name=starter.model.name,
        upload_digest=put_file(starter.model),
        channels=chosen,
        licence=starter.licence[:100],
        created_by=user,
    )
    queue_adoption(upload)
    audit(
        user=user,
        project=project,
        verb="add_starter",
        target=upload,
        engine=starter.engine,
        digest=upload.upload_digest,
        starter=starter.name,
    )
    return upload


def chosen_channels(starter: Starter, project: Project, wanted: Sequence[int]) -> list[int]:
    """Return the images' channels that it will look at; raises BadChannels.

    As long as no image is read nobody knows which there are. Images that have fewer than others
    get no draft, and each says so.
    """
    n_channels = "1 channel" if starter.n_channels == 1 else f"{starter.n_channels} channels"
    chosen = list(wanted) or list(range(starter.n_channels))
    if len(chosen) != starter.n_channels:
        raise BadChannels(
            f"{starter.title} looks at {n_channels}, but {len(chosen)} were named.",
            channels=chosen,
        )
    if len(set(chosen)) != len(chosen) or min(chosen) < 0:
        raise BadChannels("Name each channel once, counted from 0.", channels=chosen)
    most = images_to_predict(project).aggregate(most=Max("n_channels"))["most"]
    if most is not None and max(chosen) >= most:
        raise BadChannels(
            f"{starter.title} would look at channel {max(chosen)} (counted from 0), but no image "
            f"of this project has more than {most}. It is made for images with {n_channels}.",
            channels=chosen,
            most=most,
        )
    return chosen


def refuse_a_second(project: Project, starter: Starter) -> None:
    """Refuse a starter model that the project has or is getting; raises StarterIsHere."""
    rows = VersionUpload.objects.filter(project=project, starter=starter.name)
    here = rows.exclude(state__in=RunState.repeatable_states()).select_related("version").first()
    if here is None:
        return
    if here.version is None:
        raise StarterIsHere(f"{starter.title} is being added to this project already.")
    raise StarterIsHere(
        f"This project has {starter.title} already: it is {here.version}.",
        version=str(here.version_id),
    )
