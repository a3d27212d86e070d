"""Middleware: as many as the settings say, of the kind they say; both kinds do the same."""

from __future__ import annotations

import asyncio

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


def test_without_it_an_app_has_none() -> None:
    assert create_app(Settings(works=frozenset({NOOP.name}))).user_middleware == []
    assert HEADER not in _ask(None).headers


def test_one_kind_is_starlettes_base_and_the_other_is_not() -> None:
    assert issubclass(TimedByBase, BaseHTTPMiddleware)
    assert not issubclass(TimedByASGI, BaseHTTPMiddleware)
