"""A database that the user names by BENCH_DATABASE_URL: checked before anything is measured, left as it was found."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from experiment.errors import EnvironmentUnfitError
from harness.postgres import table as postgres_table

if TYPE_CHECKING:
    from psycopg import Connection, Error

APPLICATION = "handlerbench-harness"
_CONNECT_LIMIT_S = 5
_STATEMENT_LIMIT_S = 120
"""Seconds for a statement of ours; without it another session's lock on the table would keep us for ever."""
_OWN_CONNECTIONS = 4
"""What the harness itself may hold at a time: the lock, the watch, a look whether the server is alive, one to spare."""

_LOCK = int.from_bytes(b"hndlbnch", "big", signed=True)
"""The advisory lock of the campaign that uses a database; any number would do that nobody else uses."""

_SHAPE = "postgresql://user:password@host:port/database"
# What psycopg, psycopg2 and asyncpg all read in a URL; asyncpg would send anything else to the server as a setting.
_OPTIONS_OF_ALL = {
    *("host", "port", "dbname", "user", "password", "passfile"),
    *("sslmode", "sslcert", "sslkey", "sslrootcert", "sslcrl", "target_session_attrs", "service"),
}


def connect(url: str, *, timeout_s: int = _CONNECT_LIMIT_S, application: str = APPLICATION) -> Connection[Any]:
    """Connect in autocommit mode. Raises psycopg.Error."""
    import psycopg

    return psycopg.connect(url, autocommit=True, connect_timeout=timeout_s, application_name=application)


def check_given(url: str, *, pool_size: int = 20) -> str:
    """Return the version of the PostgreSQL at `url`; makes nothing there.

    Raises EnvironmentUnfitError, in one sentence, when `url` is no PostgreSQL URL, when it cannot be connected to, and
    when the server is not PostgreSQL or has no room for a pool of `pool_size`.
    """
    check_form(url)
    with _explained(url), connect(url) as connection:
        version = _version(connection)
        _check_room(connection, pool_size)
    return version


@contextmanager
def given(url: str, *, pool_size: int) -> Iterator[str]:
    """Have the table in the given database until the block ends, and no other campaign there; yield the version.

    Raises EnvironmentUnfitError as `check_given` does, when another campaign is using the database, and when the schema
    cannot be made.
    """
    version = check_given(url, pool_size=pool_size)
    with _alone(url) as holder:
        with _session(url) as connection:
            is_ours_to_drop = postgres_table.make_unless_there(connection)
        try:
            yield version
        finally:
            if is_ours_to_drop:
                _drop(url, holder)


def _drop(url: str, holder: Connection[Any]) -> None:
    """Drop the schema while the lock is held, and only then: without it somebody else may be using it by now."""
    # the server may have ended, or the schema be locked; it says of itself that it may be dropped
    with suppress(EnvironmentUnfitError):
        try:
            with _explained(url):
                _drop_by(holder)
        except EnvironmentUnfitError:
            if not holder.broken:
                raise
            with _alone(url) as again, _explained(url):
                _drop_by(again)


def _drop_by(connection: Connection[Any]) -> None:
    _bound_statements(connection)
    postgres_table.drop(connection)


@contextmanager
def _alone(url: str) -> Iterator[Connection[Any]]:
    """Keep others out of a database: they would share its speed, and the first to end would drop the table.

    Yields the connection that holds the lock, so that it ends with this process however that ends.
    """
    with ExitStack() as until_the_end:
        with _explained(url):
            holder = until_the_end.enter_context(closing(connect(url)))
            got = holder.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK]).fetchone()
        if got != (True,):
            raise _unfit(
                "another campaign, or `bench serve`, is using the database; wait until it ends, or name another one."
            )
        yield holder


@contextmanager
def _session(url: str) -> Iterator[Connection[Any]]:
    """Connect, with a bound for every statement. Raises EnvironmentUnfitError for what PostgreSQL refuses."""
    with _explained(url), connect(url) as connection:
        _bound_statements(connection)
        yield connection


def _bound_statements(connection: Connection[Any]) -> None:
    connection.execute(f"SET statement_timeout = '{_STATEMENT_LIMIT_S}s'")


@contextmanager
def _explained(url: str) -> Iterator[None]:
    """Turn what PostgreSQL refuses into one sentence."""
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        raise _unfit(_explain(error, url)) from None


def _unfit(what: str) -> EnvironmentUnfitError:
    return EnvironmentUnfitError(f"BENCH_DATABASE_URL: {what}")


def check_form(url: str) -> None:
    import psycopg

    scheme = url.split(":", 1)[0] if "://" in url else ""
    if scheme not in {"postgresql", "postgres"}:
        kind = f"{scheme}:// is not PostgreSQL" if scheme else "not a URL"
        raise _unfit(f"{kind}; write {_SHAPE}.")
    try:  # what the parsers say would repeat the password
        options = {name for name, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True)}
        psycopg.conninfo.conninfo_to_dict(url.partition("?")[0])
        _ = urlsplit(url).port
    except (ValueError, psycopg.Error):
        raise _unfit(f"malformed; write {_SHAPE}.") from None
    if unknown := options - _OPTIONS_OF_ALL:
        raise _unfit(f"not every driver understands the option {min(unknown)}; leave it out.")


def _version(connection: Connection[Any]) -> str:
    (version,) = connection.execute("SELECT version()").fetchone() or (None,)
    if not str(version).startswith("PostgreSQL "):
        raise _unfit(f"what answers there is not PostgreSQL but {str(version)[:60]}.")
    return str(version).split()[1]


def _check_room(connection: Connection[Any], pool_size: int) -> None:
    found = connection.execute(
        "SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,"
        " (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid())"
    ).fetchone()
    allowed, used = found or (0, 0)
    if allowed - used < (wanted := pool_size + _OWN_CONNECTIONS):
        raise _unfit(
            f"{wanted} connections are needed, and of the {allowed} that its max_connections allows {used} are taken;"
            f" raise max_connections."
        )


def _explain(error: Error, url: str) -> str:
    said = _one_line(str(error), url)
    if "invalid response" in said or "unexpected response" in said or "expected authentication request" in said:
        return f"what answers there is not PostgreSQL ({said})."
    return f"the database cannot be used: {said}."


def _one_line(text: str, url: str) -> str:
    """Return a message in one line, without the password."""
    line = "; ".join(part.strip() for part in text.splitlines() if part.strip()).rstrip(".")
    with suppress(ValueError):
        password = urlsplit(url).password
        return line.replace(password, "***") if password else line
    return line
