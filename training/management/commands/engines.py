"""List the engines and try each of them out."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from project.errors import PlatformError
from training.engines import registry
from training.jobs.self_test import Tried, try_engine


class Command(BaseCommand):
    """`manage.py engines [ENGINE …] [--json]`."""

    help = (
        "List the installed engines with interpreter, device and precision, and let each train a "
        "few steps on a made image; exits with 1 when one does not work. Needs no database."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("engines", nargs="*", metavar="ENGINE", help="default: all")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, **options: Any) -> None:
        try:
            specs = [registry.spec(name) for name in options["engines"] or registry.names()]
        except PlatformError as error:
            raise CommandError(error.message) from error
        rows = []
        for spec in specs:
            if sys.stderr.isatty():
                self.stderr.write(f"Trying {spec.title} …")
            python = settings.CYTOLOOP_ENGINE_PYTHON.get(spec.name) or sys.executable
            tried = try_engine(spec.name)
            rows.append({"engine": spec.name, "version": spec.version, "python": python})
            rows[-1] |= asdict(tried)
            if not options["json"]:
                self.stdout.write(line(rows[-1], tried))
        if options["json"]:
            self.stdout.write(json.dumps({"engines": rows}))
        broken = [row["engine"] for row in rows if not row["is_working"]]
        if broken:
            raise CommandError(f"Not working here: {', '.join(broken)}.")


def line(row: dict[str, Any], tried: Tried) -> str:
    """Return the lines of one engine."""
    head = f"{row['engine']} {row['version']}  {row['python']}"
    if not tried.is_working:
        return f"{head}\n  {tried.sentence}"
    packages = ", ".join(f"{name} {version}" for name, version in tried.packages.items())
    device = " ".join(word for word in (tried.device, tried.precision) if word)
    return f"{head}\n  works on {device}, tried in {tried.duration_s:.0f} s; {packages}"
