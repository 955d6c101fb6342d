"""System checks: what an installation can get wrong, said before it hurts."""

from __future__ import annotations

import importlib.util
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004 (Django's name)

ENGINE_MODULES = {"stardist": "stardist", "cellpose": "cellpose"}


@register("cytoloop")
def data_directory_is_writable(
    app_configs: Sequence[AppConfig] | None, **_: Any
) -> list[CheckMessage]:
    """E001: nothing works without a place for images."""
    folder = Path(settings.CYTOLOOP_DATA_DIR)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return [
            Error(
                f"The data directory {folder} cannot be written: {error.strerror}.",
                hint="Choose another with CYTOLOOP_DATA_DIR, or change its owner.",
                id="project.E001",
            )
        ]
    return []


@register("cytoloop")
def engines_are_importable(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """W003: an engine that is not installed is offered but fails."""
    found: list[CheckMessage] = []
    for engine, module in ENGINE_MODULES.items():
        python = settings.CYTOLOOP_ENGINE_PYTHON.get(engine, "")
        if python and shutil.which(python) is None:
            found.append(
                Error(
                    f"The interpreter of {engine}, {python}, does not exist.",
                    hint=f"Mend CYTOLOOP_ENGINE_PYTHON_{engine.upper()}.",
                    id="project.E003",
                )
            )
        elif not python and importlib.util.find_spec(module) is None:
            found.append(
                Warning(
                    f"{engine} is not installed: its runs on this machine will fail.",
                    hint=f"pip install 'cytoloop[{engine}]'",
                    id="project.W003",
                )
            )
    return found


@register("cytoloop")
def leases_leave_time(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """E004: a lease of a few seconds is lost on every busy machine."""
    if settings.CYTOLOOP_LEASE_S < 2:
        return [
            Error(
                "CYTOLOOP_LEASE_S is shorter than 2 seconds.",
                hint="60 is a good value.",
                id="project.E004",
            )
        ]
    return []
