"""List the engines and try each of them out."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from project.errors import PlatformError
from training.engines import registry
from training.jobs.self_test import Tried, try_engine
from training.supervision.interpreters import EngineNotInstalled, interpreter_of


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
            tried = tried_or_missing(spec.name)
            rows.append({"engine": spec.name, "version": spec.version, **tried})
            if not options["json"]:
                self.stdout.write(line(rows[-1]))
        if options["json"]:
            self.stdout.write(json.dumps({"engines": rows}))
        # One that nobody installed is only missed by who asked for it.
        is_asked = bool(options["engines"])
        broken = [
            row["engine"]
            for row in rows
            if not row["is_working"] and (is_asked or row["is_installed"])
        ]
        if broken:
            raise CommandError(f"Not working here: {', '.join(broken)}.")


def tried_or_missing(engine: str) -> dict[str, Any]:
    """Try an engine out, or say how it is installed."""
    try:
        python = interpreter_of(engine)
    except EngineNotInstalled as error:
        tried = Tried(is_working=False, sentence=error.message, duration_s=0.0)
        return {"python": "", "is_installed": False, **asdict(tried)}
    return {"python": python, "is_installed": True, **asdict(try_engine(engine))}


def line(row: dict[str, Any]) -> str:
    """Return the lines of one engine."""
    head = f"{row['engine']} {row['version']}  {row['python']}".rstrip()
    if not row["is_working"]:
        return f"{head}\n  {row['sentence']}"
    packages = ", ".join(f"{name} {version}" for name, version in row["packages"].items())
    device = " ".join(word for word in (row["device"], row["precision"]) if word)
    return f"{head}\n  works on {device}, tried in {row['duration_s']:.0f} s; {packages}"
