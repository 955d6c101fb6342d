"""The keys of the editor as a person has them."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class KeyBindings(models.Model):
    """Keys that differ from the editor's own; without a row all are as they come."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    # {what the key does: its name, "" for no key}: see the API.
    keys: models.JSONField[dict[str, str]] = models.JSONField(default=dict)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "key bindings"

    def __str__(self) -> str:
        return str(self.user)
