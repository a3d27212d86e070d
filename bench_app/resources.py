"""What a handler can use through its request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractAsyncContextManager

    from fastapi import Request

    from bench_app.probe import ServedCounter
    from bench_app.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What the lifespan prepared: the settings, the open clients and pools by name, and the counter of work done."""

    settings: Settings
    shared: Mapping[str, Any]
    count_served: ServedCounter


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What the lifespan opens once for the variants that use it: `name` is how requests find it."""

    name: str
    open: Callable[[Settings], AbstractAsyncContextManager[Any]]


def bench(request: Request) -> Bench:
    prepared: Bench = request.app.state.bench
    return prepared
