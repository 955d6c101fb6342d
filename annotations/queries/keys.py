"""Reading which keys of the editor a person has chosen."""

from __future__ import annotations

from typing import Any

from annotations.models import KeyBindings


def keys_of(user: Any) -> dict[str, str]:
    """Return the keys that differ from the editor's own, by what they do; "" is no key."""
    row = KeyBindings.objects.filter(user=user.pk).first()
    return row.keys if row is not None else {}
