"""Which interpreter runs an engine: one that is named, its own environment's, or the site's."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import ClassVar

from django.conf import settings

from project.errors import NotReady
from training.engines import registry


class EngineNotInstalled(NotReady):
    """An engine has no environment to run in yet."""

    code: ClassVar[str] = "engine_not_installed"


def environment_of(engine: str) -> Path:
    """Return the folder in which `install_engine` makes an engine's environment."""
    return Path(settings.CYTOLOOP_DATA_DIR) / "engines" / engine


def python_in(environment: Path) -> Path:
    """Return the interpreter of a virtual environment."""
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def interpreter_of(engine: str) -> str:
    """Return the interpreter of an engine; raises UnknownEngine, EngineNotInstalled.

    CYTOLOOP_ENGINE_PYTHON is believed: it may name one of the machine that the workers are on.
    """
    named = settings.CYTOLOOP_ENGINE_PYTHON.get(engine)
    if named:
        return str(named)
    if registry.registration(engine).environment is None:
        return sys.executable
    own = python_in(environment_of(engine))
    if own.exists():
        return str(own)
    raise EngineNotInstalled(
        f"{registry.spec(engine).title} is not installed: run manage.py install_engine {engine}.",
        engine=engine,
    )


def require_installed(engine: str) -> None:
    """Refuse work that no interpreter could do; raises UnknownEngine, EngineNotInstalled."""
    interpreter_of(engine)


def why_missing(engine: str) -> str:
    """Return the sentence that says what an engine lacks, empty when it can be started."""
    try:
        interpreter_of(engine)
    except EngineNotInstalled as error:
        return error.message
    return ""
