"""Write the database and all stored files into one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from project.backup import backup
from project.headless import HeadlessCommand


class Command(HeadlessCommand):
    """Write the database and all stored files into one file; the site may run meanwhile."""

    help = "Write the database and all stored files into one file; the site may run meanwhile."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the file's name."""
        super().add_arguments(parser)
        parser.add_argument("file", type=Path)

    def work(self, **options: Any) -> dict[str, Any]:
        """Write the backup."""
        return backup(options["file"].absolute(), self.progress)
