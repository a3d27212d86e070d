"""A real PostgreSQL for the db variants: given by the user, or one of our own that lives as long as its block.

    with database(url=os.environ.get("BENCH_DATABASE_URL"), log=..., cores=..., pool_size=...) as db:
        db.url

Every driver reaches it over TCP, as applications mostly do; our own listens on 127.0.0.1 only.
"""

from __future__ import annotations

import json
import subprocess
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.postgres import table as postgres_table
from harness.postgres.binaries import CURE, NoPostgresError, ServerBinaries, Source, find_server, require_server
from harness.postgres.given import check_given, connect, given
from harness.postgres.keeper import remove
from harness.system.pinning import running_on
from harness.system.places import python
from harness.system.process import tail

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "Available",
    "Database",
    "NoPostgresError",
    "ServerBinaries",
    "Source",
    "Unavailable",
    "availability",
    "check_given",
    "database",
    "find_server",
    "postgres",
]

_END_LIMIT_S = 30.0
"""More than the keeper takes at worst: it asks the server fast, then hard, then kills it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """A database that holds the table. `data_dir` and `postmaster_pid` are those of our own server, else None.

    `url` contains the password: for the SUT's environment, not for messages or the manifest.
    """

    url: str = field(repr=False)
    version: str
    source: Source
    data_dir: Path | None = None
    postmaster_pid: int | None = None

    @property
    def is_alive(self) -> bool:
        """Whether it lets us connect now (5 to 10 ms; up to 2 s when it hangs)."""
        import psycopg

        with suppress(psycopg.Error), connect(self.url, timeout_s=2):
            return True
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Available:
    """A database can be had."""

    source: Source
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unavailable:
    """None can be had: why, and what to do about it."""

    reason: str
    cure: str


def availability(url: str | None = None) -> Available | Unavailable:
    """Say whether db variants can be served, without starting anything: about 20 ms.

    With a given URL it is connected to, and EnvironmentUnfitError raised if that fails: a wrong URL is a mistake to
    tell, not a database that is missing.
    """
    if url is not None:
        return Available(source=Source.GIVEN, version=check_given(url))
    try:
        server = require_server()
    except NoPostgresError as error:
        return Unavailable(reason=error.reason, cure=error.cure)
    return Available(source=server.source, version=server.version)


@contextmanager
def database(*, url: str | None, log: Path, cores: tuple[int, ...], pool_size: int = 20) -> Iterator[Database]:
    """Provide the given database, else a server of our own: the system's binaries before the wheel's.

    Raises NoPostgresError when no server can be started (skip the db variants), EnvironmentUnfitError when the given
    URL cannot be used (stop: the user meant it).
    """
    if url is None:
        with postgres(log=log, cores=cores) as own:
            yield own
    else:
        with given(url, pool_size=pool_size) as version:
            yield Database(url=url, version=version, source=Source.GIVEN)


@contextmanager
def postgres(*, log: Path, cores: tuple[int, ...] = (), only: Source | None = None) -> Iterator[Database]:
    """Run a server of our own, with the table in it. Output goes to `log`.

    When the block ends, or this process does in whatever way, the server is stopped and its folder removed. Should it
    die meanwhile, `is_alive` says so; a new context starts a new one. Raises NoPostgresError.
    """
    server = require_server(only)
    with _keeper(server, log, cores) as report:
        with connect(report["url"]) as connection:
            postgres_table.make(connection)
        yield Database(
            url=report["url"],
            version=server.version,
            source=server.source,
            data_dir=Path(report["home"]) / "data",
            postmaster_pid=report["postmaster_pid"],
        )


@contextmanager
def _keeper(server: ServerBinaries, log: Path, cores: tuple[int, ...]) -> Iterator[dict[str, Any]]:
    """Run the keeper, and with it the server; yield what it reports."""
    with ExitStack() as stack:
        with log.open("ab") as sink, running_on(cores, enforced=bool(cores)):
            # not harness.process.child: that one has its children killed with us, and this one must clean up then
            process = subprocess.Popen(
                _keeper_command(server, log),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=sink,
                start_new_session=True,
            )
        stack.callback(_end, process)
        report = _read_report(process, log)
        stack.callback(remove, Path(report["home"]))  # in case the keeper was killed, and could not
        stack.callback(_end, process)
        yield report


def _keeper_command(server: ServerBinaries, log: Path) -> list[str]:
    command = [*python("harness.postgres.keeper"), "--bindir", str(server.bindir), "--log", str(log)]
    if server.account is not None:
        command += ["--uid", str(server.account.uid), "--gid", str(server.account.gid)]
    return [*command, "--copy"] if server.is_out_of_reach else command


def _read_report(process: subprocess.Popen[bytes], log: Path) -> dict[str, Any]:
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    line = process.stdout.readline()  # the keeper bounds its own waits, and always has a last word
    report = json.loads(line) if line else {"error": "its keeper ended without a word"}
    if "error" in report:
        raise NoPostgresError(f"PostgreSQL could not be started: {report['error']}", f"{CURE}{tail(log)}")
    return dict(report)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Have the keeper stop its server, by ending its stdin. Safe to call twice."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
    try:
        process.wait(_END_LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()  # and the kernel stops the server
        process.wait()
