"""How far a person is in the tour of the editor."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class TourStatus(models.TextChoices):
    """What a person wants of the tour; without a row it was never answered."""

    UNDER_WAY = "under_way", "Under way"
    LATER = "later", "Not now"
    DISMISSED = "dismissed", "Not again"
    DONE = "done", "Done"


class TourStep(models.TextChoices):
    """What the tour shows, in its order."""

    LOOK = "look", "Move and zoom"
    BRUSH = "brush", "Brush and size"
    PAINT = "paint", "Paint an object"
    EDGE = "edge", "Correct its edge"
    UNDO = "undo", "Undo and redo"
    FIND = "find", "Drafts, regions, help"


class TourState(models.Model):
    """One row per person, once they answered the tour or did a step of it."""

    id = models.BigAutoField(primary_key=True)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    status = models.CharField(max_length=10, choices=TourStatus)
    step = models.CharField(max_length=10, choices=TourStep)  # where it goes on
    changed_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.user}: {self.status}"
