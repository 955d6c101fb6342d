"""The classes of a project: adding, changing, ordering and deleting kinds of objects.

Instances name their class, so a rename and a deletion reach into every layer of the project.
"""

from __future__ import annotations

import re
import uuid
from collections import Counter
from typing import Any

from django.db import transaction
from django.db.models import Max, OuterRef, Subquery

from annotations.actions.audit import audit
from annotations.actions.layer_news import tell_instances, tell_ops
from annotations.labels import class_meta, ops
from annotations.models import (
    Instance,
    LabelLayer,
    LabelOp,
    LayerKind,
    ObjectClass,
    Project,
    Role,
)
from annotations.queries.classes import (
    RENAMED,
    NoSuchClass,
    classes_of_project,
    find_class,
    hold_classes,
    objects_of_class,
)
from annotations.queries.images import find_project
from project import events
from project.errors import Conflict, InvalidInput

MAX_CLASSES = 100  # a network's class numbers fit into a byte
# Okabe and Ito's palette without its black (jfly.uni-koeln.de/color), told apart by people of any
# colour vision; those near the amber of drafts come last.
PALETTE = ("#56b4e9", "#d55e00", "#009e73", "#cc79a7", "#0072b2", "#f0e442", "#e69f00")
# Every other key means something in the editor already.
KEYS = "56789yz"
COLOUR = re.compile(r"#[0-9a-f]{6}")
ROWS_AT_ONCE = 1000


class BadClass(InvalidInput):
    """What is said about a class cannot be used."""

    code = "bad_class"


class ClassNameTaken(Conflict):
    """The project has a class of this name."""

    code = "class_name_taken"


class ClassKeyTaken(Conflict):
    """Another class of the project has this key."""

    code = "class_key_taken"


class TooManyClasses(Conflict):
    """A project tells only so many kinds apart."""

    code = "too_many_classes"


class ClassInUse(Conflict):
    """Objects have the class; it must be said what they become."""

    code = "class_in_use"


@transaction.atomic
def create_class(
    *,
    user: Any,
    project_id: uuid.UUID,
    name: str,
    colour: str = "",
    key: str = "",
    description: str = "",
) -> ObjectClass:
    """Add a class behind the others; without a colour it gets one that is easily told apart.

    Raises NotFound, NotAllowed, BadClass, ClassNameTaken, ClassKeyTaken and TooManyClasses.
    """
    hold_classes(alone=True)
    project = find_project(user, project_id, Role.REVIEWER)
    others = classes_of_project(project)
    if others.count() >= MAX_CLASSES:
        raise TooManyClasses(f"A project has at most {MAX_CLASSES} classes; delete one first.")
    last = others.aggregate(last=Max("position"))["last"]
    made = ObjectClass(
        project=project,
        name=free_name(project, name),
        colour=checked_colour(colour) if colour else next_colour(project),
        key=free_key(project, key),
        description=description.strip(),
        position=0 if last is None else last + 1,
    )
    made.save()
    _record(user, made, "create_class", name=made.name, colour=made.colour, key=made.key)
    return made


@transaction.atomic
def update_class(*, user: Any, class_id: uuid.UUID, **changes: Any) -> ObjectClass:
    """Change name, colour, key, description or position; objects of the class go along.

    A new name is written into every instance of the project's layers and drafts. What was frozen
    before keeps the old one.

    Raises NotFound, NotAllowed, BadClass, ClassNameTaken and ClassKeyTaken.
    """
    hold_classes(alone=True)
    one = find_class(user, class_id, Role.REVIEWER)
    before = one.name
    if "name" in changes:
        one.name = free_name(one.project, changes["name"], but=one)
    if "colour" in changes:
        one.colour = checked_colour(changes["colour"])
    if "key" in changes:
        one.key = free_key(one.project, changes["key"], but=one)
    if "description" in changes:
        one.description = changes["description"].strip()
    one.save()
    if "position" in changes:
        _move(one, changes["position"])
    renamed = {RENAMED: [before, one.name]} if one.name != before else {}
    if renamed:
        _rename(user, one.project, before, one.name)
    _record(user, one, "update_class", **changes, **renamed)
    return one


@transaction.atomic
def delete_class(*, user: Any, class_id: uuid.UUID, replace_by: str | None = None) -> None:
    """Delete a class; its objects get the class `replace_by`, or none when that is empty.

    Raises NotFound, NotAllowed, NoSuchClass, and ClassInUse when objects have the class and
    nothing was said about them.
    """
    hold_classes(alone=True)
    one = find_class(user, class_id, Role.REVIEWER)
    if replace_by:
        _check_replacement(one, replace_by)
    if replace_by is None:
        _refuse_in_use(one)
    new = replace_by or ""
    _rename(user, one.project, one.name, new)
    _record(user, one, "delete_class", name=one.name, **{RENAMED: [one.name, new]})
    one.delete()


def free_name(project: Project, name: str, *, but: ObjectClass | None = None) -> str:
    """Return a class name without outer blanks that no other class of the project has.

    Raises BadClass and ClassNameTaken; upper and lower case are the same name.
    """
    clean = "".join(letter for letter in name if letter.isprintable()).strip()
    if not clean:
        raise BadClass("Give the class a name, such as mitosis.")
    if len(clean) > class_meta.MAX_NAME:
        raise BadClass(
            f"The name of a class has at most {class_meta.MAX_NAME} letters; this one has "
            f"{len(clean)}."
        )
    taken = _others(project, but).filter(name__iexact=clean).first()
    if taken is not None:
        raise ClassNameTaken(
            f"This project has a class named {taken.name!r} already; choose another name."
        )
    return clean


def free_key(project: Project, key: str, *, but: ObjectClass | None = None) -> str:
    """Return a key of the keyboard that chooses no other class, or empty for none.

    Raises BadClass and ClassKeyTaken.
    """
    clean = key.strip().lower()
    if not clean:
        return ""
    if len(clean) > 1 or clean not in KEYS:
        raise BadClass(
            f"The key of a class is one of {' '.join(KEYS)}; the editor uses the others itself."
        )
    taken = _others(project, but).filter(key=clean).first()
    if taken is not None:
        raise ClassKeyTaken(f"The key {clean} chooses {taken.name!r} already; choose another key.")
    return clean


def checked_colour(colour: str) -> str:
    """Return a colour in lower case; raises BadClass for anything but #rrggbb."""
    clean = colour.strip().lower()
    if not COLOUR.fullmatch(clean):
        raise BadClass("Write the colour as # and six digits from 0 to f, such as #56b4e9.")
    return clean


def next_colour(project: Project) -> str:
    """Return the colour of the palette that the fewest classes have."""
    used = Counter(classes_of_project(project).values_list("colour", flat=True))
    return min(PALETTE, key=lambda colour: used[colour])


def _others(project: Project, but: ObjectClass | None) -> Any:
    classes = ObjectClass.objects.filter(project=project)
    return classes if but is None else classes.exclude(pk=but.pk)


def _move(one: ObjectClass, place: int) -> None:
    """Put a class at a place, counted from 0, and number all classes anew."""
    order = [other for other in classes_of_project(one.project) if other.pk != one.pk]
    order.insert(place, one)
    for position, other in enumerate(order):
        other.position = position
    ObjectClass.objects.bulk_update(order, ["position"])


def _check_replacement(one: ObjectClass, name: str) -> None:
    if not _others(one.project, one).filter(name=name).exists():
        raise NoSuchClass(
            f"This project has no other class named {name!r} that the objects could get."
        )


def _refuse_in_use(one: ObjectClass) -> None:
    """Raise ClassInUse when people's objects or undecided draft objects have the class."""
    n, n_drafted = objects_of_class(one)
    if not n and not n_drafted:
        return
    found = [f"{n} {'object' if n == 1 else 'objects'}"] if n else []
    if n_drafted:
        found.append(f"{n_drafted} {'object' if n_drafted == 1 else 'objects'} of drafts")
    has = "has" if n + n_drafted == 1 else "have"
    raise ClassInUse(
        f"{' and '.join(found)} {has} the class {one.name!r}. Say which class they get instead "
        "(replace_by), or that they get none (replace_by empty).",
        n_instances=n,
        n_drafted=n_drafted,
    )


def _rename(user: Any, project: Project, old: str, new: str) -> None:
    """Write a new class name into every instance that has the old one, and tell who watches."""
    having = Instance.objects.filter(layer__image__project=project, class_name=old)
    kinds = dict(having.order_by().values_list("layer_id", "layer__kind").distinct())
    drawn = [layer for layer, kind in kinds.items() if kind == LayerKind.ANNOTATION]
    _log_renames(user, drawn, old, new)
    seq = LabelLayer.objects.filter(pk=OuterRef("layer_id")).values("seq")
    having.filter(layer__in=drawn).update(class_name=new, seq=Subquery(seq))
    having.exclude(layer__in=drawn).update(class_name=new)
    for layer_id in kinds.keys() - set(drawn):
        tell_instances(layer_id)


def _log_renames(user: Any, layer_ids: list[uuid.UUID], old: str, new: str) -> None:
    """Append to every layer an op without pixels: a snapshot of before is not one of after."""
    layers = LabelLayer.objects.select_for_update().filter(pk__in=layer_ids).order_by("pk")
    session, body = uuid.uuid4(), ops.pack(ops.encode({}))
    rows = []
    for layer in layers:
        layer.seq += 1
        rows.append(
            LabelOp(
                layer=layer,
                seq=layer.seq,
                session=session,
                n=1,
                user_id=getattr(user, "pk", None),
                kind="rename-class",
                body=body,
                meta={class_meta.RENAMES: {old: new}},
            )
        )
    LabelOp.objects.bulk_create(rows, batch_size=ROWS_AT_ONCE)
    LabelLayer.objects.bulk_update([row.layer for row in rows], ["seq"], batch_size=ROWS_AT_ONCE)
    for row in rows:
        tell_ops(row.layer_id, row.seq)


def _record(user: Any, one: ObjectClass, verb: str, **data: Any) -> None:
    """Write the audit entry and tell open editors that the list is another one."""
    audit(user=user, project=one.project, verb=verb, target=one, **data)
    events.publish(f"project:{one.project_id}", {"type": "classes"})
