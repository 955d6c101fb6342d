"""The part of an op's meta that says of which class instances are from then on.

``{"classes": {"mitosis": [12, 15], "": [3]}}``; the empty name stands for unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from annotations.labels.ops import MAX_LABEL
from project.errors import InvalidInput

MAX_IDS = 100_000  # as many as ids are handed out at once
MAX_NAME = 64

KEY = "classes"
RENAMES = "renames"  # {"old": "new"}, in ops that the platform itself writes


def read(meta: Mapping[str, Any]) -> dict[int, str]:
    """Read which class each instance gets.

    Parameters
    ----------
    meta : mapping
        Of an op as it was sent.

    Returns
    -------
    dict of int to str
        Class name by instance id; empty when the op says nothing of classes.

    Raises
    ------
    InvalidInput
        When it is malformed, or names an instance twice.

    Examples
    --------
    >>> read({"classes": {"mitosis": [12, 15], "": [3]}})
    {12: 'mitosis', 15: 'mitosis', 3: ''}
    """
    if RENAMES in meta:
        raise InvalidInput("Classes are renamed in the project and not by an operation.")
    groups = meta.get(KEY, {})
    if not isinstance(groups, dict):
        raise InvalidInput("classes must list instance ids by the name of their class.")
    found: dict[int, str] = {}
    for name, ids in groups.items():
        if len(name) > MAX_NAME or not isinstance(ids, list):
            raise InvalidInput("classes must list instance ids by the name of their class.")
        for one in ids:
            if type(one) is not int or not 0 < one <= MAX_LABEL or one in found:
                raise InvalidInput("classes must name each instance once, by its number.")
            found[one] = name
    if len(found) > MAX_IDS:
        raise InvalidInput(f"Set the class of at most {MAX_IDS} objects at once.")
    return found


def write(class_of: Mapping[int, str]) -> dict[str, list[int]]:
    """Group instance ids by their class; what `read` takes apart.

    Parameters
    ----------
    class_of : mapping of int to str

    Returns
    -------
    dict of str to list of int
        Ids ascending.

    Examples
    --------
    >>> write({15: "mitosis", 3: "", 12: "mitosis"})
    {'mitosis': [12, 15], '': [3]}
    """
    groups: dict[str, list[int]] = {}
    for instance_id, name in class_of.items():
        groups.setdefault(name, []).append(instance_id)
    return {name: sorted(ids) for name, ids in groups.items()}
