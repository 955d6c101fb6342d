"""The home page: a person's projects, each with its newest model version."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from annotations.actions.projects import create_project
from annotations.queries.overview import project_overviews
from project.errors import Conflict, InvalidInput
from project.pages import PageView
from training.queries.overview import latest_versions


class HomePage(PageView):
    """Projects as cards, and the form for a new one."""

    template_name = "training/home.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        """Return the cards."""
        overviews = project_overviews(self.request.user)
        latest = latest_versions(card.project.pk for card in overviews)
        return {"cards": [(card, latest.get(card.project.pk)) for card in overviews]}


class ProjectAdd(HomePage):
    """Make a project; its maker is its first owner."""

    http_method_names = ("post", "options")

    def post(self, request: HttpRequest) -> HttpResponse:
        """Make it and go there; a mistake keeps what was typed."""
        typed = {name: request.POST.get(name, "").strip() for name in ("name", "description")}
        try:
            project = create_project(user=request.user, **typed)
        except (InvalidInput, Conflict) as error:
            context = {**self.context(), "typed": typed, "add_error": error.message}
            return render(request, self.template_name, context, status=error.http_status)
        return redirect("project", project_id=project.pk)
