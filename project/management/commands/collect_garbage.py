"""Remove stored files that nothing names any more."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from project.garbage import collect
from project.headless import HeadlessCommand


class Command(HeadlessCommand):
    """Remove stored files that nothing names any more; the site may run meanwhile."""

    help = "Remove stored files that nothing names any more; the site may run meanwhile."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take --dry-run."""
        super().add_arguments(parser)
        parser.add_argument(
            "--dry-run", action="store_true", help="only count what would be removed"
        )

    def work(self, **options: Any) -> dict[str, Any]:
        """Collect."""
        return collect(dry_run=options["dry_run"], tell=self.progress)

    def text(self, result: dict[str, Any]) -> str:
        """Say how many files and bytes."""
        verb = "would be removed" if result["dry_run"] else "removed"
        return (
            f"{result['n_removed']} files, {result['removed_bytes']:,} bytes {verb}; "
            f"{result['n_kept']} files, {result['kept_bytes']:,} bytes are in use; "
            f"{result['n_young']} are too young to judge."
        )
