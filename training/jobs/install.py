"""Install an engine into an environment of its own: aside first, in its place when it works."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import venv
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from django.conf import settings

from project.errors import Conflict, InvalidInput, StorageFull, Unavailable
from project.filelock import FileLock
from project.processes import scrubbed_environment
from project.storage import FULL, storage_error
from training.engines import registry
from training.engines.checkpoint import whole_folder
from training.engines.registry import OwnEnvironment
from training.jobs.self_test import Tried, try_engine
from training.supervision.interpreters import environment_of, python_in

TAIL_LINES = 40
# How pip says that it reached no index, or that an index lacks what it was asked for.
UNREACHABLE_WORDS = (
    "connection broken",
    "failed to establish a new connection",
    "temporary failure in name resolution",
    "name or service not known",
    "max retries exceeded",
    "cannot connect to proxy",
    "connecttimeout",
    "read timed out",
)
LACKING_WORDS = ("no matching distribution", "could not find a version", "resolutionimpossible")
FULL_WORDS = ("no space left on device", "disk quota exceeded")


class NoOwnEnvironment(InvalidInput):
    """An engine runs in the site's own environment."""

    code: ClassVar[str] = "no_own_environment"


class AlreadyInstalled(Conflict):
    """An engine's environment is there."""

    code: ClassVar[str] = "already_installed"


class NotInstallable(Unavailable):
    """An engine's packages could not be had, or do not work here."""

    code: ClassVar[str] = "not_installable"


@dataclass(frozen=True, slots=True)
class PackageSource:
    """Where pip takes packages from, besides what its own settings say."""

    index_url: str = ""
    extra_index_urls: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    no_index: bool = False

    def options(self) -> list[str]:
        """Return pip's options."""
        options = ["--index-url", self.index_url] if self.index_url else []
        for url in self.extra_index_urls:
            options += ["--extra-index-url", url]
        for place in self.find_links:
            options += ["--find-links", place]
        return [*options, "--no-index"] if self.no_index else options


def install(
    engine: str,
    source: PackageSource,
    *,
    again: bool = False,
    tell: Callable[[str], object] = lambda line: None,
) -> Tried:
    """Make an engine's environment, try the engine out in it, and put it in its place.

    Raises UnknownEngine, NoOwnEnvironment, AlreadyInstalled, NotInstallable, LockHeld,
    StorageFull, StorageUnavailable.
    """
    environment = own_environment(engine)
    target = environment_of(engine)
    if target.exists() and not again:
        raise AlreadyInstalled(
            f"{target} is there already; --again makes it anew and then replaces it."
        )
    with made_aside(target) as new:
        tell(f"Making {target} …")
        venv.create(new, with_pip=False, symlinks=os.name != "nt")
        fetch(python_in(new), environment, source, tell)
        tell("Trying it out …")
        tried = try_engine(engine, python=str(python_in(new)))
        if not tried.is_working:
            raise NotInstallable(
                f"{engine} was installed but does not work here, so it was removed again: "
                f"{tried.sentence}"
            )
    return tried


def own_environment(engine: str) -> OwnEnvironment:
    """Return what an engine's environment is made of; raises UnknownEngine, NoOwnEnvironment."""
    environment = registry.registration(engine).environment
    if environment is None:
        raise NoOwnEnvironment(
            f"{engine} runs in the site's own environment: pip install 'cytoloop[{engine}]'."
        )
    return environment


@contextlib.contextmanager
def made_aside(target: Path) -> Iterator[Path]:
    """Give a folder that takes the target's place only when the block ends well.

    Interpreters of virtual environments find their packages from where they lie, so that a folder
    may be renamed; only scripts that were installed with packages would not start any more.
    Raises LockHeld when another process is at it, StorageFull, StorageUnavailable.
    """
    try:
        with FileLock(target.with_name(f".{target.name}.lock")), whole_folder(target) as new:
            yield new
    except OSError as error:
        raise storage_error(error) from error


def fetch(
    python: Path,
    environment: OwnEnvironment,
    source: PackageSource,
    tell: Callable[[str], object],
) -> None:
    """Let the site's pip install packages for another interpreter.

    Raises NotInstallable, StorageFull.
    """
    command = [
        *(sys.executable, "-m", "pip", "--python", str(python), "install"),
        *environment.packages,
        *("--constraint", str(Path(settings.BASE_DIR) / environment.constraints)),
        *("--retries", "2", "--progress-bar", "off", "--disable-pip-version-check", "--no-input"),
        *source.options(),
    ]
    said: deque[str] = deque(maxlen=TAIL_LINES)
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=scrubbed_environment(),
    ) as pip:
        assert pip.stdout is not None
        try:
            for line in pip.stdout:
                said.append(line.rstrip())
                tell(f"  {line.rstrip()}")
        except BaseException:
            pip.kill()
            raise
    if pip.returncode:
        raise failure(list(said))


def failure(said: list[str]) -> NotInstallable | StorageFull:
    """Return the error for what pip said last."""
    words = "\n".join(said).lower()
    if any(word in words for word in FULL_WORDS):
        return StorageFull(FULL)
    elsewhere = (
        "Name an index of your own with --index-url (or PIP_INDEX_URL), or a folder of wheels "
        "with --find-links FOLDER --no-index."
    )
    if any(word in words for word in UNREACHABLE_WORDS):
        return NotInstallable(f"The package index cannot be reached. {elsewhere}")
    reasons = [line for line in said if line.startswith("ERROR:")] or said[-1:] or ["no word"]
    reason = reasons[0].removeprefix("ERROR:").strip().rstrip(".")
    if any(word in words for word in LACKING_WORDS):
        return NotInstallable(f"The package index lacks something: {reason}. {elsewhere}")
    return NotInstallable(f"pip could not install the packages: {reason}.")
