"""Print a link that logs a person in once."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from project.accounts import new_login_path
from project.supervisor import site_lock


class Command(BaseCommand):
    """Print a link that logs a person in once."""

    help = "Print a link that logs a person in once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the user name."""
        parser.add_argument("user", nargs="?", default=settings.CYTOLOOP_OWNER)

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the link; the whole address when the site runs here."""
        user = get_user_model()._default_manager.filter(username=options["user"]).first()
        if user is None:
            raise CommandError(f"There is no account named {options['user']}.")
        lock = site_lock()
        url = lock.note().partition(" ")[0] if lock.held() else ""
        self.stdout.write(f"{url}{new_login_path(user)}")
