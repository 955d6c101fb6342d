"""Read a backup back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import CommandParser

from project.backup import restore
from project.errors import Conflict
from project.headless import HeadlessCommand, site_running


class SiteIsRunning(Conflict):
    """What should be done needs a site that does not run."""

    code = "site_is_running"


class Command(HeadlessCommand):
    """Read a backup back; the site must not run."""

    help = "Read a backup back; the site must not run."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the file's name."""
        super().add_arguments(parser)
        parser.add_argument("file", type=Path)
        parser.add_argument("--replace", action="store_true", help="replace what is there")

    def work(self, **options: Any) -> dict[str, Any]:
        """Restore, then bring an older backup's tables up to date."""
        if site_running():
            raise SiteIsRunning("cytoloop is running; stop it before a restore.")
        result = restore(options["file"].absolute(), replace=options["replace"], tell=self.progress)
        call_command("migrate", interactive=False, verbosity=0)
        return result
