"""Make an API token for a person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from knox.models import AuthToken
from knox.settings import knox_settings

from project.accounts import account
from project.errors import InvalidInput
from project.headless import HeadlessCommand


class Command(HeadlessCommand):
    """Print a new API token; only its hash is stored."""

    help = "Print a new API token of a person; send it as 'Authorization: Token …'."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the command line."""
        super().add_arguments(parser)
        parser.add_argument("user", nargs="?", default=settings.CYTOLOOP_OWNER, help="user name")
        parser.add_argument(
            "--days",
            type=int,
            default=knox_settings.TOKEN_TTL.days,
            help="how long it is valid (default: %(default)s, from CYTOLOOP_TOKEN_DAYS)",
        )

    def work(self, **options: Any) -> dict[str, Any]:
        """Make the token and say until when it is valid."""
        if not 1 <= options["days"] <= 36_500:
            raise InvalidInput("A token is valid for 1 to 36500 days.")
        person = account(options["user"])
        row, token = AuthToken.objects.create(user=person, expiry=timedelta(days=options["days"]))
        # Not to stdout: TOKEN=$(manage.py api_token) takes all of that.
        self.stderr.write(f"Valid until {row.expiry:%Y-%m-%d %H:%M} UTC.", style_func=str)
        return {"token": token, "expires_at": row.expiry.isoformat()}

    def text(self, result: dict[str, Any]) -> str:
        """Return the token alone."""
        return str(result["token"])
