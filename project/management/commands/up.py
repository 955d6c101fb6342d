"""Start the whole site: database, migrations, web and workers."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from project.errors import PlatformError
from project.supervisor import Site


class Command(BaseCommand):
    """Start everything on this machine and keep it running until Ctrl-C."""

    help = "Start everything on this machine and keep it running until Ctrl-C."
    requires_system_checks: list[str] = []  # they want a database that is not there yet

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the site."""
        try:
            sys.exit(Site(self._say).run())
        except PlatformError as error:
            self.stderr.write(error.message)
            sys.exit(1)

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
