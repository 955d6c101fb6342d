"""Keeping which keys of the editor a person has chosen."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from annotations.actions.audit import not_audited
from annotations.models import KeyBindings


@not_audited("which keys one person presses: nothing that others work with changes")
@transaction.atomic
def keep_keys(*, user: Any, keys: dict[str, str]) -> None:
    """Keep the keys that differ from the editor's own, in the place of what was kept before."""
    if keys:
        KeyBindings.objects.update_or_create(user_id=user.pk, defaults={"keys": keys})
    else:
        KeyBindings.objects.filter(user=user.pk).delete()
