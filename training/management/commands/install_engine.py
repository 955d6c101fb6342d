"""Make the environment of an engine that has one of its own."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from project.errors import PlatformError
from training.engines import registry
from training.jobs.install import PackageSource, install


class Command(BaseCommand):
    """`manage.py install_engine ENGINE [--again] [--index-url URL] …`."""

    help = (
        "Install an engine that runs in an environment of its own, below the data directory, and "
        "try it out; from then on the site offers it. Fetches pinned packages from PyPI, or from "
        "where the options or pip's own settings (PIP_INDEX_URL …) say; nothing else of the site "
        "uses the network for it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        own = [name for name in registry.names() if registry.registration(name).environment]
        parser.add_argument("engine", metavar="ENGINE", help=", ".join(own))
        parser.add_argument("--again", action="store_true", help="replace what is installed")
        parser.add_argument("--index-url", default="", metavar="URL", help="instead of PyPI")
        parser.add_argument(
            "--extra-index-url", action="append", default=[], metavar="URL", help="besides it"
        )
        parser.add_argument(
            "--find-links", action="append", default=[], metavar="PLACE", help="folder of wheels"
        )
        parser.add_argument("--no-index", action="store_true", help="only what --find-links has")

    def handle(self, **options: Any) -> None:
        source = PackageSource(
            index_url=options["index_url"],
            extra_index_urls=tuple(options["extra_index_url"]),
            find_links=tuple(options["find_links"]),
            no_index=options["no_index"],
        )
        try:
            tried = install(
                options["engine"], source, again=options["again"], tell=self.stdout.write
            )
        except PlatformError as error:
            raise CommandError(error.message) from error
        title = registry.spec(options["engine"]).title
        self.stdout.write(f"{title} is installed and works on {tried.device}.")
