"""Make an API token for a person."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from knox.models import AuthToken


class Command(BaseCommand):
    """Print a new API token; only its hash is stored."""

    help = "Print a new API token of a person; send it as 'Authorization: Token …'."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the command line."""
        parser.add_argument("user", nargs="?", default=settings.CYTOLOOP_OWNER, help="user name")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the token; raise CommandError when there is no such person."""
        person = get_user_model().objects.filter(username=options["user"]).first()
        if person is None:
            raise CommandError(f"There is no account named {options['user']}.")
        _, token = AuthToken.objects.create(user=person)
        self.stdout.write(token)
