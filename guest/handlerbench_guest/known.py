"""Libraries whose calls block, or whose clients are meant to be shared, by the names that their users write."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Iterator
from typing import Any

_HTTP = ("delete", "get", "head", "options", "patch", "post", "put", "request")
_SQL = ("execute", "executemany", "executescript", "commit", "rollback")

BLOCKING: tuple[str, ...] = (
    "time.sleep",
    "builtins.open",
    "builtins.input",
    "os.system",
    *(f"subprocess.{name}" for name in ("run", "call", "check_call", "check_output", "getoutput")),
    *(f"requests.{name}" for name in _HTTP),
    *(f"httpx.{name}" for name in (*_HTTP, "stream")),
    *(f"httpx2.{name}" for name in (*_HTTP, "stream")),
    "urllib.request.urlopen",
    "urllib.request.urlretrieve",
    "socket.create_connection",
    "socket.getaddrinfo",
    *("sqlite3.connect", "psycopg.connect", "psycopg.Connection.connect", "psycopg2.connect", "pymysql.connect"),
    *("hashlib.pbkdf2_hmac", "hashlib.scrypt", "bcrypt.hashpw", "bcrypt.checkpw"),
    *("shutil.copyfile", "shutil.copytree", "shutil.rmtree", "shutil.make_archive"),
    *("pandas.read_csv", "pandas.read_excel", "pandas.read_sql"),
)
"""Functions that hold up the loop when an async function calls them."""

BLOCKING_METHODS: dict[str, tuple[str, ...]] = {
    "requests.Session": (*_HTTP, "send"),
    "httpx.Client": (*_HTTP, "send", "stream"),
    "httpx2.Client": (*_HTTP, "send", "stream"),
    "sqlite3.Connection": _SQL,
    "sqlite3.Cursor": (*_SQL, "fetchall", "fetchmany", "fetchone"),
    "psycopg.Connection": _SQL,
    "psycopg.Cursor": (*_SQL, "fetchall", "fetchmany", "fetchone"),
    "psycopg2.extensions.connection": _SQL,
    "psycopg2.extensions.cursor": (*_SQL, "fetchall", "fetchmany", "fetchone"),
    "psycopg_pool.ConnectionPool": ("connection", "getconn"),
    "sqlalchemy.orm.Session": (*_SQL, "flush", "get", "query", "refresh", "scalar", "scalars"),
    "sqlalchemy.engine.Connection": (*_SQL, "scalar", "scalars"),
    "sqlalchemy.engine.Engine": ("begin", "connect"),
    "pathlib.Path": ("read_bytes", "read_text", "write_bytes", "write_text"),
    "subprocess.Popen": ("communicate", "wait"),
    "concurrent.futures.Future": ("result",),
    "threading.Thread": ("join",),
    "passlib.context.CryptContext": ("hash", "verify"),
    "redis.Redis": ("delete", "execute_command", "get", "hget", "hset", "incr", "mget", "ping", "publish", "set"),
    "pymongo.collection.Collection": ("aggregate", "count_documents", "find_one", "insert_one", "update_one"),
}
"""By class: its methods that do."""

CLIENTS: tuple[str, ...] = (
    *("httpx.Client", "httpx.AsyncClient", "httpx2.Client", "httpx2.AsyncClient"),
    *("aiohttp.ClientSession", "requests.Session", "requests.session"),
    *("sqlalchemy.create_engine", "sqlalchemy.ext.asyncio.create_async_engine"),
    *("psycopg.connect", "psycopg.Connection.connect", "psycopg.AsyncConnection.connect", "psycopg2.connect"),
    *("psycopg_pool.ConnectionPool", "psycopg_pool.AsyncConnectionPool", "asyncpg.connect", "asyncpg.create_pool"),
    *("redis.Redis", "redis.from_url", "redis.asyncio.Redis", "redis.asyncio.from_url"),
    *("pymongo.MongoClient", "pymongo.AsyncMongoClient", "boto3.client", "boto3.resource", "boto3.Session"),
    *("openai.OpenAI", "openai.AsyncOpenAI", "anthropic.Anthropic", "anthropic.AsyncAnthropic"),
)
"""Clients and pools that are built once and shared."""

CLIENT_INSIDE: tuple[str, ...] = tuple(
    f"{library}.{name}" for library in ("httpx", "httpx2") for name in (*_HTTP, "stream")
)
"""Functions that build such a client for each call."""

CHEAP_WITH = ("verify", "transport", "connector")
"""Arguments that make a client cheap to build: most of its cost is reading certificates."""

RETURNS: dict[str, str] = {
    "sqlite3.connect": "sqlite3.Connection",
    "psycopg.connect": "psycopg.Connection",
    "psycopg2.connect": "psycopg2.extensions.connection",
    "requests.session": "requests.Session",
    "sqlalchemy.create_engine": "sqlalchemy.engine.Engine",
    "sqlalchemy.orm.sessionmaker": "sqlalchemy.orm.Session",
    "sqlalchemy.orm.scoped_session": "sqlalchemy.orm.Session",
    "subprocess.Popen": "subprocess.Popen",
}
"""What a function returns, or what calling an instance of a class does."""

ROOTS = frozenset(name.split(".", maxsplit=1)[0] for name in (*BLOCKING, *BLOCKING_METHODS, *CLIENTS))


def objects(dotted: str) -> Iterator[Any]:
    """Yield what a dotted name stands for, if its library is loaded: nothing or one."""
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        found: Any = sys.modules.get(".".join(parts[:length]))
        if found is not None:
            for name in parts[length:]:
                found = getattr(found, name, None)
            if found is not None:
                yield found
            return


def key(obj: Any) -> tuple[int, ...]:
    """Return by what two looks at the same function agree; a bound method is a new object each time."""
    return (id(obj.__func__), id(obj.__self__)) if inspect.ismethod(obj) else (id(obj),)


def named(names: Iterable[str]) -> dict[tuple[int, ...], str]:
    """Return the names of those that are loaded, by key."""
    return {key(obj): name for name in names for obj in objects(name)}
