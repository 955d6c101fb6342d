"""Rounds, and what is worth painting next."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from annotations.models import Image, Project, Purpose, Region
from training.models.sets import TrainingSet
from training.models.states import SupervisedRow
from training.models.versions import ModelVersion


class Round(models.Model):
    """Select, annotate, train, predict, once: closed when its training set is first trained on.

    What was labelled in a round is what its set has and the set of the round before has not.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="rounds")
    number = models.PositiveIntegerField()  # from 1
    training_set = models.OneToOneField(
        TrainingSet, on_delete=models.PROTECT, related_name="round"
    )  # its versions are those trained on it
    before = models.ForeignKey(
        ModelVersion, null=True, on_delete=models.SET_NULL, related_name="+"
    )  # newest version while people annotated; null in the first round
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    n_images = models.PositiveIntegerField(default=0)  # with something new
    n_regions = models.PositiveIntegerField(default=0)  # new ones
    n_instances = models.PositiveIntegerField(default=0)  # in the new regions
    n_ops = models.PositiveIntegerField(default=0)  # label operations of the time
    active_s = models.FloatField(default=0)  # people's time in the editor

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="one_round_per_number")
        ]

    def __str__(self) -> str:
        return f"round {self.number} of {self.project_id}"


class Selection(SupervisedRow):
    """One choice of regions worth painting next; made when a person or the loop asks for it."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="selections")
    version = models.ForeignKey(
        ModelVersion, null=True, on_delete=models.CASCADE, related_name="selections"
    )  # whose drafts were doubted; null: no model yet, so by typicality
    n_wanted = models.PositiveSmallIntegerField(default=8)
    seed = models.BigIntegerField(default=0)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )  # null: asked for by the loop itself

    def __str__(self) -> str:
        return f"selection {self.pk}"


class Strategy(models.TextChoices):
    """Why a region was chosen."""

    TYPICAL = "typical", "Typical"
    DOUBTFUL = "doubtful", "Doubtful"
    RANDOM = "random", "Random"


class SuggestionState(models.TextChoices):
    """What a person made of a suggestion."""

    OPEN = "open", "Open"
    TAKEN = "taken", "Taken"
    DISMISSED = "dismissed", "Dismissed"


class Suggestion(models.Model):
    """A region that is worth painting, and why."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    selection = models.ForeignKey(Selection, on_delete=models.CASCADE, related_name="suggestions")
    rank = models.PositiveSmallIntegerField()  # from 1, the best first
    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="suggestions")
    t = models.PositiveIntegerField(default=0)
    z = models.PositiveIntegerField(default=0)
    row0 = models.PositiveIntegerField()
    col0 = models.PositiveIntegerField()
    row1 = models.PositiveIntegerField()
    col1 = models.PositiveIntegerField()
    purpose = models.CharField(max_length=20, choices=Purpose.choices, default=Purpose.TRAINING)
    strategy = models.CharField(max_length=12, choices=Strategy.choices)
    reason = models.CharField(max_length=300)  # one sentence for the person
    score = models.FloatField(null=True)  # of the strategy; higher is chosen earlier
    facts = models.JSONField(default=dict)  # {n_instances, expected_wrong, …}
    state = models.CharField(
        max_length=12, choices=SuggestionState.choices, default=SuggestionState.OPEN
    )
    region = models.OneToOneField(
        Region, null=True, on_delete=models.SET_NULL, related_name="suggestion"
    )  # opened from it
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["selection", "rank"], name="one_suggestion_per_rank"),
            models.CheckConstraint(
                condition=Q(row1__gt=F("row0"), col1__gt=F("col0")),
                name="suggestion_not_empty",
            ),
        ]

    def __str__(self) -> str:
        return f"suggestion {self.rank} of {self.selection_id}"
