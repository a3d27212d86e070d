"""A real PostgreSQL for the db variants: given by the user, or one of our own that lives as long as its block.

    with database(url=os.environ.get("BENCH_DATABASE_URL"), log=..., cores=..., pool_size=...) as db:
        db.url

Every driver reaches it over TCP, as applications mostly do; our own listens on 127.0.0.1 only.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter

from harness.postgres import table as postgres_table
from harness.postgres.binaries import CURE, NoPostgresError, ServerBinaries, Source, require_server
from harness.postgres.given import check_given, connect, given
from harness.postgres.keeper import Failure, Home, Orders, Report, remove
from harness.system.channel import Channel
from harness.system.pinning import running_on
from harness.system.places import python
from harness.system.process import end_group, tail

_MESSAGE: TypeAdapter[Report | Failure | Home] = TypeAdapter(Report | Failure | Home)
_REPORT_LIMIT_S = 600.0
"""More than the keeper takes at worst: it bounds its own waits, for initdb and for three starts of the server."""
_END_LIMIT_S = 30.0
"""More than the keeper takes at worst: a fast stop, an immediate one, SIGKILL, and removing the folder."""


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
        """Whether it accepts a connection now: 5 to 10 ms, and up to 2 s when it hangs."""
        import psycopg

        with suppress(psycopg.Error), connect(self.url, timeout_s=2):
            return True
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Available:
    """A database can be used or started."""

    source: Source
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unavailable:
    """No database can be used: why, and what to do about it."""

    reason: str
    cure: str


def availability(url: str | None = None) -> Available | Unavailable:
    """Say whether db variants can be served, in about 20 ms and without starting anything.

    A given URL is connected to. Raises EnvironmentUnfitError if that fails: a wrong URL is a mistake to report, not a
    database that is missing.
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
    """Provide the given database, or a server of our own: the system's binaries before the wheel's.

    Raises NoPostgresError when no server can be started (skip the db variants), and EnvironmentUnfitError when the
    given URL cannot be used (stop: the user meant it).
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

    When the block ends, or this process does in whatever way, the server is stopped and its folder removed. If it dies
    before, `is_alive` says so; a new context starts a new one. Raises NoPostgresError.
    """
    server = require_server(only)
    with _keeper(server, log, cores) as report:
        _make_table(report.url)
        yield Database(
            url=report.url,
            version=server.version,
            source=server.source,
            data_dir=report.home / "data",
            postmaster_pid=report.postmaster_pid,
        )


def _make_table(url: str) -> None:
    """Raise NoPostgresError where the server cannot, or ends meanwhile."""
    import psycopg

    try:
        with connect(url) as connection:
            postgres_table.make(connection)
    except psycopg.Error as error:
        raise NoPostgresError(f"PostgreSQL could not make its table ({str(error).splitlines()[0]})") from None


@contextmanager
def _keeper(server: ServerBinaries, log: Path, cores: tuple[int, ...]) -> Iterator[Report]:
    """Run the keeper, and with it the server; yield what it reports."""
    orders = Orders(server=server, log=log).model_dump_json()
    with log.open("ab") as sink, running_on(cores, enforced=bool(cores)):
        # not harness.system.process.child: that one has its children killed with us, and this one must clean up then
        process = subprocess.Popen(
            [*python("harness.postgres.keeper"), orders],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=sink,
            bufsize=0,
            start_new_session=True,
        )
    homes: list[Path] = []
    try:
        yield _read_report(Channel(process), log, homes)
    finally:
        end_group(process, ask=(0,), patience_s=_END_LIMIT_S)  # the end of its stdin is what asks it
        for home in homes:
            remove(home)  # in case the keeper was killed, and could not


def _read_report(keeper: Channel, log: Path, homes: list[Path]) -> Report:
    """Return what the keeper reports; the folder that it made is added to `homes` before. Raises NoPostgresError."""
    message = _next_message(keeper)
    if isinstance(message, Home):
        homes.append(message.home)
        message = _next_message(keeper)
    if isinstance(message, Report):
        return message
    error = message.error if isinstance(message, Failure) else "its keeper said the wrong thing"
    raise NoPostgresError(f"PostgreSQL could not be started: {error}", f"{CURE}{tail(log)}")


def _next_message(keeper: Channel) -> Report | Failure | Home:
    try:
        line, silence = keeper.receive(_REPORT_LIMIT_S), "ended without a word"
    except TimeoutError:
        line, silence = None, f"said nothing for {_REPORT_LIMIT_S:g} s"
    return _MESSAGE.validate_json(line) if line else Failure(error=f"its keeper {silence}")
