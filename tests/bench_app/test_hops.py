"""How often a request goes to a thread and back: what the claims about dependencies and annotations rest on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import anyio.to_thread
import httpx
import pytest

from bench_app.app import create_app
from bench_app.catalogue import CATALOGUE
from bench_app.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

HOPS = {
    "noop.async-native": 0,
    "noop.def": 1,
    "noop.def.annotated": 2,
    "noop.async-native.deps-sync-1": 1,
    "noop.async-native.deps-sync-3": 3,
    "noop.async-native.deps-sync-5": 5,
    "noop.async-native.deps-async-1": 0,
    "noop.async-native.deps-async-3": 0,
    "noop.async-native.deps-async-5": 0,
    "noop.async-native.deps-class-5": 5,
    "noop.async-native.deps-yield-5": 10,
    "noop.async-native.deps-yield-async-5": 0,
}


def test_every_variant_with_dependencies_is_counted_here() -> None:
    assert {name for name in CATALOGUE if ".deps-" in name} <= HOPS.keys()


@pytest.mark.parametrize(("name", "hops"), HOPS.items(), ids=list(HOPS))
def test_a_request_goes_to_a_thread_as_often_as_theory_says(
    name: str, hops: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[str] = []
    go = anyio.to_thread.run_sync

    async def run_sync(function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        counted.append(repr(function))
        return await go(function, *arguments, **options)

    monkeypatch.setattr(anyio.to_thread, "run_sync", run_sync)
    app = create_app(Settings(variants=frozenset({name})))

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app") as http:
            return await http.get(CATALOGUE[name].path)

    answer = asyncio.run(ask())
    assert CATALOGUE[name].complaint(answer.status_code, answer.content) is None
    assert len(counted) == hops, counted
