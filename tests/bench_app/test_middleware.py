"""Middleware: as many as the settings say, of the kind they say; both kinds do the same."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

import httpx
import pytest
from starlette.middleware.base import BaseHTTPMiddleware

from bench_app.app import create_app
from bench_app.handlers.noop import OK
from bench_app.middleware import HEADER, KINDS, MOST, TimedByASGI, TimedByBase
from bench_app.settings import Settings
from bench_app.works import NOOP
from experiment.design.factors import MIDDLEWARE


def _ask(middleware: str | None) -> httpx.Response:
    app = create_app(Settings(works=frozenset({NOOP.name}), middleware=middleware))

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app") as http:
            return await http.get("/noop/async-native")

    return asyncio.run(ask())


def test_the_factor_has_every_kind_in_every_number() -> None:
    assert set(MIDDLEWARE.values) == {f"{kind}-{n}" for kind in KINDS for n in range(1, MOST + 1)}


@pytest.mark.parametrize("chosen", MIDDLEWARE.values)
def test_an_app_has_the_middleware_that_is_chosen(chosen: str) -> None:
    app = create_app(Settings(works=frozenset({NOOP.name}), middleware=chosen))
    kind, _, count = chosen.partition("-")
    found: list[object] = [added.cls for added in app.user_middleware]
    assert found == [KINDS[kind]] * int(count)


@pytest.mark.parametrize("chosen", MIDDLEWARE.values)
def test_it_says_how_long_a_request_took_and_leaves_the_answer_as_it_is(chosen: str) -> None:
    answer = _ask(chosen)
    assert (answer.status_code, answer.json()) == (200, OK)
    assert float(answer.headers[HEADER]) >= 0
    assert len(answer.headers.get_list(HEADER)) == 1


def _tasks_of_a_request(middleware: str | None) -> int:
    """Return how many tasks an app makes for one request."""
    app = create_app(Settings(works=frozenset({NOOP.name}), middleware=middleware))
    made = 0

    def counted(loop: asyncio.AbstractEventLoop, work: Any, **options: Any) -> asyncio.Task[Any]:
        nonlocal made
        made += 1
        return asyncio.Task(work, loop=loop, **options)

    async def ask() -> int:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app") as http:
            asyncio.get_running_loop().set_task_factory(counted)
            await http.get("/noop/async-native")
        return made

    return asyncio.run(ask())


def test_each_base_makes_tasks_of_its_own_and_a_pure_one_none() -> None:
    base = [_tasks_of_a_request(chosen) for chosen in (None, "base-1", "base-2", "base-3")]
    assert base[0] < base[1]
    assert len({more - fewer for fewer, more in pairwise(base)}) == 1
    assert _tasks_of_a_request("asgi-3") == base[0]


def test_without_it_an_app_has_none() -> None:
    assert create_app(Settings(works=frozenset({NOOP.name}))).user_middleware == []
    assert HEADER not in _ask(None).headers


def test_one_kind_is_starlettes_base_and_the_other_is_not() -> None:
    assert issubclass(TimedByBase, BaseHTTPMiddleware)
    assert not issubclass(TimedByASGI, BaseHTTPMiddleware)
