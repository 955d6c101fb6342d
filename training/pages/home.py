"""The home page: a person's projects, each with its newest model version."""

from __future__ import annotations

from typing import Any

from annotations.queries.overview import project_overviews
from project.pages import PageView
from training.queries.overview import latest_versions


class HomePage(PageView):
    """Projects as cards, and the form for a new one."""

    template_name = "training/home.html"

    def context(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the cards."""
        overviews = project_overviews(self.request.user)
        latest = latest_versions(card.project.pk for card in overviews)
        return {"cards": [(card, latest.get(card.project.pk)) for card in overviews]}
