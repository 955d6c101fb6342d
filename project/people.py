"""What people are called on pages: everywhere the same."""

from __future__ import annotations

from typing import Any

from django.db.models import CharField, F, Value
from django.db.models.functions import Coalesce, Concat, NullIf, Trim


def display_name(person: Any) -> str:
    """Return the full name of an account, or its user name where there is none."""
    name: str = person.get_full_name() or person.get_username()
    return name


def display_name_of(relation: str = "") -> Coalesce:
    """Return the same as an expression, for the account at the end of a relation.

    NULL where there is no account (any more). Two people may have the same name: group by their
    ids, never by this.
    """
    at = f"{relation}__" if relation else ""
    full = Trim(Concat(F(f"{at}first_name"), Value(" "), F(f"{at}last_name")))
    return Coalesce(
        NullIf(full, Value(""), output_field=CharField()),
        F(f"{at}username"),
        output_field=CharField(),
    )
