"""Reading the classes of a project, and what a name that was one is called now."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count, Q, QuerySet

from annotations.models import (
    AuditEntry,
    Instance,
    InstanceState,
    LayerKind,
    LayerSnapshot,
    ObjectClass,
    Project,
    Role,
)
from annotations.queries.chunks import snapshot_classes
from annotations.rules import allowed_row
from project.errors import InvalidInput

LOCK = "cytoloop.classes"
RENAMED = "renamed"  # in the data of an audit entry: [old name, new name]


class NoSuchClass(InvalidInput):
    """The project has no class of this name."""

    code = "no_such_class"


def hold_classes(*, alone: bool = False) -> None:
    """Keep class names from changing until this transaction ends.

    Whoever writes a name into an instance holds the lock together with others, and takes it
    before a layer's; whoever renames holds it `alone`, so that no instance keeps the old name.
    """
    kind = "" if alone else "_shared"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock{kind}(hashtext(%s), 0)", [LOCK])


def classes_of_project(project: Project) -> QuerySet[ObjectClass]:
    """Return the project's classes in their order."""
    return ObjectClass.objects.filter(project=project).order_by("position", "name")


def find_class(user: Any, class_id: uuid.UUID, role: Role = Role.VIEWER) -> ObjectClass:
    """Return a class of a project in which the person has the role.

    Raises NotFound or NotAllowed.
    """
    classes = ObjectClass.objects.select_related("project")
    return allowed_row(user, classes, class_id, role, project_of=lambda one: one.project)


def objects_of_class(one: ObjectClass) -> tuple[int, int]:
    """Count people's objects of a class in its project, and undecided objects of drafts."""
    is_drawn = Q(layer__kind=LayerKind.ANNOTATION)
    is_open = Q(layer__kind=LayerKind.PREDICTION, state=InstanceState.PROPOSED)
    counted = Instance.objects.filter(
        layer__image__project=one.project_id, class_name=one.name, area_px__gt=0
    ).aggregate(drawn=Count("pk", filter=is_drawn), drafted=Count("pk", filter=is_open))
    return counted["drawn"], counted["drafted"]


def names_now(project: Project, names: Iterable[str], *, restores: bool = False) -> dict[str, str]:
    """Return what each name is called now: itself, or what its class was renamed to or became.

    A stroke may have waited on a computer while the class was renamed. The empty name, for
    unknown, stays. What `restores` may bring back a name that only a draft knows.

    Raises NoSuchClass for a name that never was one.
    """
    wanted = set(names) - {""}
    if not wanted:
        return {"": ""}
    there = set(
        ObjectClass.objects.filter(project=project, name__in=wanted).values_list("name", flat=True)
    )
    later = renames(project) if wanted - there else {}
    for name in sorted(wanted - there - later.keys()):
        if not restores:
            raise NoSuchClass(
                f"This project has no class named {name!r}; add it first, or choose another."
            )
    return {"": "", **{name: name if name in there else later.get(name, name) for name in wanted}}


def renames(
    project: Project, since: datetime | None = None, until: datetime | None = None
) -> dict[str, str]:
    """Return what class names of a time are called now; empty for a class that is gone.

    Without a time: what every name is called that ever was one. With `until`, what they were
    called then. Names that stayed are left out.
    """
    entries = AuditEntry.objects.filter(project=project, data__has_key=RENAMED)
    if since is not None:
        entries = entries.filter(created_at__gt=since)
    if until is not None:
        entries = entries.filter(created_at__lte=until)
    called: dict[str, str] = {}
    for old, new in entries.order_by("pk").values_list(
        f"data__{RENAMED}__0", f"data__{RENAMED}__1"
    ):
        called = {name: new if now == old else now for name, now in called.items()}
        called[old] = new
    return called


def classes_in(snapshot: LayerSnapshot, *, at: datetime | None = None) -> dict[int, str]:
    """Return the class of each instance of a snapshot that has one, by today's names, or a time's.

    The snapshot keeps the names of its time; a class that was renamed or replaced since then is
    the same class.
    """
    frozen = snapshot_classes(snapshot)
    if not frozen:
        return {}
    called = renames(snapshot.layer.image.project, snapshot.created_at, at)
    named = {one: called.get(name, name) for one, name in frozen.items()}
    return {one: name for one, name in named.items() if name}
