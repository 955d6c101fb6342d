"""Readers of environment variables; a wrong value stops the start with a sentence."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

TRUE_WORDS = {"1", "true", "yes", "on"}
FALSE_WORDS = {"0", "false", "no", "off"}


def env_str(name: str, default: str = "") -> str:
    """Read a text value."""
    return os.environ.get(name, default)


def env_bool(name: str, default: bool = False) -> bool:
    """Read a yes/no value, empty is the default; raise ImproperlyConfigured on any other word."""
    raw = os.environ.get(name, "")
    word = raw.strip().lower()
    if not word:
        return default
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise ImproperlyConfigured(f"{name} must be 1 or 0, not {raw!r}.")


def env_int(name: str, default: int) -> int:
    """Read a whole number; raise ImproperlyConfigured on anything else."""
    raw = os.environ.get(name)
    if raw is None or raw == "":
        return default
    try:
        return int(raw)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {raw!r}.") from error


def env_list(name: str, default: str = "") -> list[str]:
    """Read a comma-separated list without empty entries."""
    return [part.strip() for part in env_str(name, default).split(",") if part.strip()]


def env_path(name: str, default: Path) -> Path:
    """Read an absolute folder; `~` stands for the home folder."""
    raw = os.environ.get(name)
    return Path(raw).expanduser().resolve() if raw else default


def env_secret(name: str) -> str:
    """Read NAME, or the file that NAME_FILE names; an absent secret is empty.

    Raises ImproperlyConfigured when the named file cannot be read.
    """
    file_name = os.environ.get(f"{name}_FILE")
    if not file_name:
        return env_str(name)
    try:
        return Path(file_name).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE names {file_name!r}: {error.strerror}.") from error


def own_secret(path: Path) -> str:
    """Return the secret kept in a file that only its owner may read; make it on first use.

    Written beside its place and renamed: a crash or a full disk leaves no half a secret, with
    which nothing would ever start again. Raises ImproperlyConfigured when that is impossible.
    """
    try:
        if not (path.exists() and path.stat().st_size):
            path.parent.mkdir(parents=True, exist_ok=True)
            _make_secret(path)
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"The secret {path} cannot be kept: {error.strerror}. "
            "Name a folder that can be written in CYTOLOOP_DATA_DIR."
        ) from error


def _make_secret(path: Path) -> None:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(file.fileno())
        if path.exists() and path.stat().st_size == 0:  # of a crash, when it was written in place
            temporary.replace(path)
            return
        # Of two processes that start at once, both must use the secret of the first.
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
