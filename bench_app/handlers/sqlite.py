"""Rows of an SQLite file, looked up by key: one, or a hundred one after the other, as a loop over related rows does."""

from functools import partial
from typing import TYPE_CHECKING

from fastapi import Request

from bench_app.items import Answer, as_answer, row
from bench_app.registry import variant
from bench_app.resources import bench
from bench_app.sqlite_pools import AIOSQLITE, SQLITE3
from bench_app.styles import ASYNC_NATIVE, DEF
from bench_app.works import SQLITE

if TYPE_CHECKING:
    import sqlite3

    import aiosqlite

KEY = 543
MANY = 100
LOOKUP = "SELECT id, name, price_cents, digest FROM items WHERE id = ?"
_ALL_PRICES = {"price_cents": sum(row(key)[2] for key in range(1, MANY + 1))}

_one = partial(variant, work=SQLITE, expected=as_answer(row(KEY)))
_many = partial(variant, work=SQLITE, family="sqlite-many", expected=_ALL_PRICES)


def found(connection: "sqlite3.Connection", key: int) -> Answer:
    return as_answer(connection.execute(LOOKUP, (key,)).fetchone())


async def found_awaiting(connection: "aiosqlite.Connection", key: int) -> Answer:
    """Look up a row as aiosqlite's documentation does: execute, fetchone and close are a call to its thread each."""
    async with connection.execute(LOOKUP, (key,)) as cursor:
        return as_answer(tuple(await cursor.fetchone() or ()))


@_one(style=DEF, tool="sqlite3", uses=SQLITE3)
def plain_def(request: Request) -> Answer:
    """Call sqlite3 in a def handler's thread."""
    with bench(request).shared[SQLITE3.name].connection() as connection:
        return found(connection, KEY)


@_many(style=DEF, tool="sqlite3-many", uses=SQLITE3)
def plain_def_many(request: Request) -> dict[str, int]:
    """Call sqlite3 a hundred times in a def handler's thread."""
    with bench(request).shared[SQLITE3.name].connection() as connection:
        return {"price_cents": sum(int(found(connection, key)["price_cents"]) for key in range(1, MANY + 1))}


@_one(style=ASYNC_NATIVE, tool="aiosqlite", uses=AIOSQLITE, imports=("aiosqlite",))
async def async_native(request: Request) -> Answer:
    """Await aiosqlite."""
    async with bench(request).shared[AIOSQLITE.name].connection() as connection:
        return await found_awaiting(connection, KEY)


@_many(style=ASYNC_NATIVE, tool="aiosqlite-many", uses=AIOSQLITE, imports=("aiosqlite",))
async def async_native_many(request: Request) -> dict[str, int]:
    """Await aiosqlite a hundred times."""
    async with bench(request).shared[AIOSQLITE.name].connection() as connection:
        prices = [int((await found_awaiting(connection, key))["price_cents"]) for key in range(1, MANY + 1)]
    return {"price_cents": sum(prices)}
