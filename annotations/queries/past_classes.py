"""Which class instances had at an earlier moment, read from the op log."""

from __future__ import annotations

from django.db.models import F, Q

from annotations.labels import class_meta
from annotations.models import LabelLayer, LabelOp
from annotations.queries.classes import renames


def classes_at(layer: LabelLayer, seq: int) -> dict[str, list[int]]:
    """Return instance ids by the class that they had after the op `seq`, by today's names.

    Without those unknown, and with those that are deleted since, or were then. Reads of every op
    up to then what it says of classes: few do.
    """
    said = LabelOp.objects.filter(layer=layer, seq__lte=seq).filter(
        Q(meta__has_key=class_meta.KEY) | Q(meta__has_key=class_meta.RENAMES)
    )
    class_of: dict[int, str] = {}
    rows = said.order_by("seq").annotate(
        groups=F(f"meta__{class_meta.KEY}"), renamed=F(f"meta__{class_meta.RENAMES}")
    )
    for groups, renamed in rows.values_list("groups", "renamed").iterator(chunk_size=500):
        for old, new in (renamed or {}).items():
            class_of = {one: new if name == old else name for one, name in class_of.items()}
        for name, ids in (groups or {}).items():
            class_of |= dict.fromkeys(ids, name)
    called = renames(layer.image.project) if class_of else {}
    # A name that is in use again is a class of its own, whatever it was renamed to before.
    there = set(layer.image.project.classes.values_list("name", flat=True)) if called else set()
    now = {one: name if name in there else called.get(name, name) for one, name in class_of.items()}
    return class_meta.write({one: name for one, name in now.items() if name})
