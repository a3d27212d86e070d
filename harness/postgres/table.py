"""The table the db variants read: made, recognised, removed; on our own server and on a given one alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench_app.items import CREATE, KEY, LOOKUP, ROWS, SCHEMA, TABLE, row
from experiment.errors import EnvironmentUnfitError

if TYPE_CHECKING:
    from psycopg import Connection

_MARK = "made by handlerbench, may be dropped"


def make(connection: Connection[Any]) -> None:
    """Make schema and table, all or nothing, and have the planner know them. The connection is in autocommit."""
    with connection.transaction():
        connection.execute(
            f"CREATE SCHEMA {SCHEMA}; COMMENT ON SCHEMA {SCHEMA} IS '{_MARK}'; {CREATE.format(rows=ROWS)}"
        )
    connection.execute(f"VACUUM ANALYZE {TABLE}")


def make_unless_there(connection: Connection[Any]) -> None:
    """Make them, or use those that a campaign which was killed left behind.

    Raises EnvironmentUnfitError when a schema of the name exists that holds anything else.
    """
    if not _schema_exists(connection):
        make(connection)
    elif not _is_ours(connection):
        raise EnvironmentUnfitError(
            f"BENCH_DATABASE_URL: the database has a schema {SCHEMA} that this version did not make;"
            " drop or rename it, or name another database."
        )


def drop(connection: Connection[Any]) -> None:
    """Drop the schema with all that is in it."""
    connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")


def _schema_exists(connection: Connection[Any]) -> bool:
    return connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [SCHEMA]).fetchone() is not None


def _is_ours(connection: Connection[Any]) -> bool:
    """Whether the schema bears our mark and the table holds what it should."""
    marked = connection.execute(
        "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = %s", [SCHEMA]
    ).fetchone()
    exists = connection.execute("SELECT to_regclass(%s) IS NOT NULL", [TABLE]).fetchone()
    if marked != (_MARK,) or exists != (True,):
        return False
    counted = connection.execute(f"SELECT count(*) FROM {TABLE}").fetchone()  # noqa: S608 - a constant
    found = connection.execute(LOOKUP.format(key=KEY)).fetchone()
    return counted == (ROWS,) and found == row(KEY)
