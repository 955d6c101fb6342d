"""What every page shares: a person must be logged in, and expected failures read as a page."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views import View

from project.errors import PlatformError

HEADINGS = {
    403: "You may not do this",
    404: "There is nothing here",
    409: "That does not fit any more",
    422: "Something must be done first",
    503: "This does not work right now",
}


class PageView(LoginRequiredMixin, View):
    """A page: one GET that writes nothing, rendered at once so that its errors are caught."""

    template_name = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer, turning every expected failure into a page with its sentence."""
        try:
            return super().dispatch(request, *args, **kwargs)
        except PlatformError as error:
            return error_page(request, error)

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Render the template with the page's context."""
        return render(request, self.template_name, self.context(**kwargs))

    def context(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return what the template shows; a page overrides this."""
        return {}


def error_page(request: HttpRequest, error: PlatformError) -> HttpResponse:
    """Show an expected failure: what happened and what to do."""
    context = {
        "heading": HEADINGS.get(error.http_status, "That did not work"),
        "sentence": error.message,
    }
    return render(request, "error.html", context, status=error.http_status)
