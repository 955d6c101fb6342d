"""Print a link that logs a person in once."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from project.accounts import account, new_login_path
from project.headless import HeadlessCommand
from project.supervisor import running_url


class Command(HeadlessCommand):
    """Print a link that logs a person in once."""

    help = "Print a link that logs a person in once."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the user name."""
        super().add_arguments(parser)
        parser.add_argument("user", nargs="?", default=settings.CYTOLOOP_OWNER)

    def work(self, **options: Any) -> dict[str, Any]:
        """Make the link; the whole address when the site runs here."""
        return {"link": f"{running_url()}{new_login_path(account(options['user']))}"}

    def text(self, result: dict[str, Any]) -> str:
        """Return the link alone."""
        return str(result["link"])
