"""The app under test with work planted in one of its routes: `uvicorn --factory benchmarks.planted_app:create_app`.

The route is the copy of the plainest one. Its handler first runs so many turns of an empty loop as PLANTED_TURNS says.
Everything else is the app itself, so that the route costs the turns more than the plain one.
"""

import os
from collections.abc import Awaitable, Callable
from itertools import repeat

from fastapi import FastAPI

from bench_app import app
from bench_app.registry import REGISTRY
from bench_app.styles import ASYNC_NATIVE
from bench_app.works import NOOP

VARIANT = "noop.async-native.copy"
TURNS = "PLANTED_TURNS"


def create_app() -> FastAPI:
    """Build the app of this environment; the route stays replaced. Raises KeyError where PLANTED_TURNS is missing."""
    plain = REGISTRY[VARIANT]
    REGISTRY.remove(VARIANT)
    register = REGISTRY.variant(work=NOOP, style=ASYNC_NATIVE, tool=plain.tool, expected=plain.expected)
    register(_handler(int(os.environ[TURNS])))
    return app.create_app()


def _handler(turns: int) -> Callable[[], Awaitable[dict[str, bool]]]:
    async def planted() -> dict[str, bool]:
        """Run the turns, then answer on the loop."""
        for _ in repeat(None, turns):
            pass
        return {"ok": True}

    return planted
