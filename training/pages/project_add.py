"""The form for a new project."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from annotations.actions.projects import create_project
from project.errors import Conflict, InvalidInput
from training.pages.home import HomePage


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
