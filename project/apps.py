"""The floor as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class ProjectConfig(AppConfig):
    """Registers the system checks."""

    name = "project"

    def ready(self) -> None:
        """Let Django know of the checks."""
        import project.checks  # noqa: PLC0415 (checks need the settings)

        assert project.checks
