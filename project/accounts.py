"""Accounts: no open sign-up, and a login link that works once."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.contrib.auth import get_user_model, login
from django.contrib.auth.models import AbstractUser, User
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode
from django.views import View
from django.views.decorators.cache import never_cache

from project.errors import NotFound

BACKEND = "django.contrib.auth.backends.ModelBackend"


class ClosedSignupAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts are made by an owner, never by a visitor."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Refuse sign-up."""
        return False


class LoginTokens(PasswordResetTokenGenerator):
    """Signs login links; a token dies with the next login, a new password, or after three days.

    Django's own token covers the last login to the second only, so two logins within a second
    would share one; here it is covered in full.
    """

    key_salt = "project.accounts.LoginTokens"

    def _make_hash_value(self, user: AbstractUser, timestamp: int) -> str:
        last_login = user.last_login.isoformat() if user.last_login else ""
        return f"{user.pk}{user.password}{last_login}{timestamp}"


tokens = LoginTokens()


def new_login_path(user: Any) -> str:
    """Return the path of a link that logs this person in, once."""
    uid = urlsafe_base64_encode(str(user.pk).encode())
    return reverse("login_once", args=[uid, tokens.make_token(user)])


def account(name: str) -> User:
    """Return the account of this name; raise NotFound when there is none."""
    user = get_user_model()._default_manager.filter(username=name).first()
    if user is None:
        raise NotFound(f"There is no account named {name}.")
    return user


def make_owner() -> User:
    """Return the site's first administrator, made without a password on the first start."""
    users = get_user_model()._default_manager
    owner = users.filter(is_superuser=True, is_active=True).order_by("pk").first()
    if owner is not None:
        return owner
    owner = get_user_model()(
        username=settings.CYTOLOOP_OWNER, is_superuser=True, is_staff=True, is_active=True
    )
    owner.set_unusable_password()
    owner.save()
    return owner


@method_decorator(never_cache, name="dispatch")
class LoginOnce(View):
    """Show one button, and log in by it; the link works once.

    Chat programs and mail scanners fetch every link that they see: that must not use it up.
    """

    http_method_names = ["get", "post"]

    def get(self, request: HttpRequest, uidb64: str, token: str) -> HttpResponse:
        """Show the button."""
        person = person_of_link(uidb64, token)
        if person is None:
            return render(request, "account/link_used.html", status=410)
        return render(request, "account/log_in_once.html", {"person": person})

    def post(self, request: HttpRequest, uidb64: str, token: str) -> HttpResponse:
        """Log in."""
        person = take_link(uidb64, token)
        if person is None:
            return render(request, "account/link_used.html", status=410)
        login(request, person, backend=BACKEND)
        if not person.has_usable_password():
            return redirect("account_set_password")
        return redirect(settings.LOGIN_REDIRECT_URL)


@transaction.atomic
def take_link(uidb64: str, token: str) -> User | None:
    """Use up a link and return its person; None when it was used, is too old or was made up."""
    # Locked, so that of two clicks at once only one finds the token unused.
    user = person_of_link(uidb64, token, lock=True)
    if user is not None:
        user.last_login = timezone.now()
        user.save(update_fields=["last_login"])
    return user


def person_of_link(uidb64: str, token: str, *, lock: bool = False) -> User | None:
    """Return whom a link would log in; None when it was used, is too old or was made up."""
    try:
        pk = int(urlsafe_base64_decode(uidb64).decode())
    except (ValueError, UnicodeDecodeError):
        return None
    users = get_user_model()._default_manager
    user = (users.select_for_update() if lock else users).filter(pk=pk).first()
    if user is None or not user.is_active or not tokens.check_token(user, token):
        return None
    return user
