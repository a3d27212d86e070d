"""A database query: one row by its key, with a wait of settings.query_s on the server, or (`-plain`) without one.

All send the same statement (see items.py) through pools of the same size. db_pools.py says what else is equal, and
what is not. A request waits if no connection is free. Each driver of the table gets two variants per style.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.concurrency import run_in_threadpool

from bench_app.db_drivers import DB_DRIVERS, DbDriver
from bench_app.items import EXPECTED, KEY, LOOKUP, PLAIN, WAITING_LOOKUP, Answer
from bench_app.registry import Resource, variant
from bench_app.resources import bench
from bench_app.styles import ASYNC_BLOCKING, ASYNC_NATIVE, ASYNC_OFFLOAD, DEF, Style
from bench_app.works import DB


@dataclass(frozen=True, slots=True)
class Query:
    """A driver's query as its handlers need it: `call` returns what `driver.fetch` takes."""

    driver: DbDriver
    sql: str
    waits: bool

    def call(self, request: Request) -> tuple[Any, str, dict[str, float]]:
        """Return the pool, the SQL and its parameters in the order in which the SQL has them."""
        app = bench(request)
        parameters: dict[str, float] = {"key": KEY}
        if self.waits:
            parameters["wait_s"] = app.settings.query_s
        return app.shared[self.driver.name], self.sql, parameters


def _native(query: Query) -> Callable[..., Any]:
    fetch = query.driver.fetch

    async def async_native(request: Request) -> Answer:
        return await fetch(*query.call(request))  # type: ignore[no-any-return]

    return async_native


def _blocking(query: Query) -> Callable[..., Any]:
    fetch = query.driver.fetch

    async def async_blocking(request: Request) -> Answer:
        return fetch(*query.call(request))  # type: ignore[no-any-return]

    return async_blocking


def _def(query: Query) -> Callable[..., Any]:
    fetch = query.driver.fetch

    def plain_def(request: Request) -> Answer:
        return fetch(*query.call(request))  # type: ignore[no-any-return]

    return plain_def


def _offload(query: Query) -> Callable[..., Any]:
    fetch = query.driver.fetch

    async def async_offload(request: Request) -> Answer:
        return await run_in_threadpool(fetch, *query.call(request))

    return async_offload


_HANDLERS: dict[Style, tuple[Callable[[Query], Callable[..., Any]], str]] = {
    ASYNC_NATIVE: (_native, "Await {}"),
    ASYNC_BLOCKING: (_blocking, "Call {} on the loop: nobody is served while the database thinks"),
    DEF: (_def, "Call {} in a def handler's thread"),
    ASYNC_OFFLOAD: (_offload, "Offload {} with run_in_threadpool"),
}


def _register(driver: DbDriver, style: Style, *, waits: bool) -> None:
    template = WAITING_LOOKUP if waits else LOOKUP
    make, says = _HANDLERS[style]
    variant(
        work=DB,
        style=style,
        tool=driver.tool + ("" if waits else PLAIN),
        family=DB.name + ("" if waits else PLAIN),
        expected=EXPECTED,
        needs=(Resource.DATABASE,),
        uses=driver,
        summary=says.format(driver.words) + ("." if waits else "; the query does not wait."),
    )(make(Query(driver, template.format(key=driver.key, wait_s=driver.wait_s), waits)))


for _driver in DB_DRIVERS.values():
    for _style in _driver.styles:
        for _waits in (True, False):
            _register(_driver, _style, waits=_waits)
