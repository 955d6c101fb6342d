"""Read a backup back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from project.backup import restore
from project.headless import HeadlessCommand, site_kept_out
from project.supervisor import prepare_database


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
        with site_kept_out():
            source = options["file"].absolute()
            result = restore(source, replace=options["replace"], tell=self.progress)
            prepare_database()
        return result
