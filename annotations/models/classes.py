"""Kinds of objects that a project tells apart."""

from __future__ import annotations

import uuid

from django.core.validators import RegexValidator
from django.db import models

from annotations.models.projects import Project


class ObjectClass(models.Model):
    """A kind of object; instances name it, so that a draft may know kinds that are gone here."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="classes")
    name = models.CharField(max_length=64)
    colour = models.CharField(max_length=7, validators=[RegexValidator(r"^#[0-9a-f]{6}$")])
    key = models.CharField(max_length=1, blank=True)  # of the keyboard, to choose it
    description = models.TextField(blank=True)  # what a person should mark as this
    position = models.PositiveSmallIntegerField(default=0)  # in lists, and in a network's outputs
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "object classes"
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="one_class_per_name"),
            models.UniqueConstraint(
                fields=["project", "key"],
                condition=~models.Q(key=""),
                name="one_class_per_key",
            ),
        ]

    def __str__(self) -> str:
        return self.name
