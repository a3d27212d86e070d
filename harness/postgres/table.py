"""The table that the db variants read: made, recognised and removed, on our own server as on a given one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench_app.db_pools import APPLICATION
from bench_app.items import CREATE, KEY, LOOKUP, ROWS, SCHEMA, TABLE, row
from experiment.errors import EnvironmentUnfitError

if TYPE_CHECKING:
    from psycopg import Connection

_APPS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = %s"
_MARK = "made by handlerbench, may be dropped"


def make(connection: Connection[Any]) -> None:
    """Make schema and table, both or neither, and the planner's statistics. The connection is in autocommit."""
    with connection.transaction():
        connection.execute(
            f"CREATE SCHEMA {SCHEMA}; COMMENT ON SCHEMA {SCHEMA} IS '{_MARK}'; {CREATE.format(rows=ROWS)}"
        )
    connection.execute(f"VACUUM ANALYZE {TABLE}")


def make_unless_there(connection: Connection[Any]) -> bool:
    """Make them, or use those that are there; return whether they may be dropped in the end.

    Those that a killed campaign left behind may, those that an app is connected for may not: somebody serves it. Raises
    EnvironmentUnfitError when a schema of the name exists that holds anything else.
    """
    if _one(connection, "SELECT 1 FROM pg_namespace WHERE nspname = %s", SCHEMA) is None:
        make(connection)
        return True
    if not _is_ours(connection):
        raise EnvironmentUnfitError(
            f"BENCH_DATABASE_URL: the database has a schema {SCHEMA} that this version did not make;"
            " drop or rename it, or name another database."
        )
    return not _one(connection, _APPS, APPLICATION)


def drop(connection: Connection[Any]) -> None:
    connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")


def _one(connection: Connection[Any], question: str, *parameters: str) -> Any:
    """Return the only value of the first row; None without a row."""
    return (connection.execute(question, parameters).fetchone() or (None,))[0]


def _is_ours(connection: Connection[Any]) -> bool:
    """Say whether the schema has our mark, and the table the rows it has to have."""
    mark = "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = %s"
    if _one(connection, mark, SCHEMA) != _MARK or not _one(connection, "SELECT to_regclass(%s) IS NOT NULL", TABLE):
        return False
    found = connection.execute(LOOKUP.format(key=KEY)).fetchone()
    return _one(connection, f"SELECT count(*) FROM {TABLE}") == ROWS and found == row(KEY)  # noqa: S608 - a constant
