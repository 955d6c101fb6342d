"""Whose page a request comes from: two accounts may use one browser, one after the other."""

from __future__ import annotations

from typing import Any

from drf_spectacular.authentication import SessionScheme
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request

from project.errors import NotAllowed


class OtherAccount(NotAllowed):
    """The page was opened by somebody else than who is signed in now."""

    code = "other_account"


class PageAuthentication(SessionAuthentication):
    """The session's person, unless the page that asks says that it belongs to another one.

    Somebody else may sign in in a second tab; what waits in the first must not become theirs.
    """

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        """Return the person; raises OtherAccount."""
        found = super().authenticate(request)
        owner = request.headers.get("X-Page-User")
        if found is not None and owner is not None and owner != str(found[0].pk):
            name = found[0].get_username()
            raise OtherAccount(
                f"You are signed in as {name} now, but somebody else opened this page. "
                "Sign in as that person again; what was done here is kept until then."
            )
        return found


class PageScheme(SessionScheme):  # type: ignore[no-untyped-call]
    """In the API's description it is the session cookie."""

    target_class = "project.page_owner.PageAuthentication"
