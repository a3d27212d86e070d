"""Waiting for a fixed time: I/O without any library. With BENCH_SLEEP_CPU_S the handler computes first."""

import asyncio
import logging
import time
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any

from fastapi import HTTPException, Query, Request
from fastapi.concurrency import run_in_threadpool

from bench_app.registry import variant
from bench_app.resources import Bench, bench
from bench_app.styles import ASYNC_BLOCKING, ASYNC_NATIVE, ASYNC_OFFLOAD, ASYNC_TO_THREAD, DEF
from bench_app.works import SLEEP

DONE = {"status": "done"}
_log = logging.getLogger(__name__)

Seconds = Annotated[float | None, Query(ge=0, allow_inf_nan=False)]


def _nap_s(request: Request, seconds: float | None) -> float:
    settings = bench(request).settings
    if seconds is None:
        return settings.sleep_s
    if seconds > settings.sleep_max_s:
        raise HTTPException(422, f"seconds: at most {settings.sleep_max_s:g}")
    return seconds


def _compute(cpu_s: float) -> None:
    """Use so much CPU time of this thread, in Python, which holds the GIL as a handler's own code does."""
    if not cpu_s:
        return
    until = time.thread_time() + cpu_s
    while time.thread_time() < until:
        pass


def _sleep_counted(app: Bench, nap_s: float) -> None:
    with app.count_served:
        _compute(app.settings.sleep_cpu_s)
        time.sleep(nap_s)


@variant(work=SLEEP, style=ASYNC_NATIVE, expected=DONE)
async def async_native(request: Request, seconds: Seconds = None) -> dict[str, str]:
    """Await asyncio.sleep: the loop serves other requests in the meantime."""
    nap_s = _nap_s(request, seconds)
    with bench(request).count_served:
        _compute(bench(request).settings.sleep_cpu_s)
        await asyncio.sleep(nap_s)
    return DONE


@variant(work=SLEEP, style=ASYNC_BLOCKING, expected=DONE)
async def async_blocking(request: Request, seconds: Seconds = None) -> dict[str, str]:
    """Call time.sleep on the loop: no other request is served in the meantime."""
    nap_s = _nap_s(request, seconds)
    with bench(request).count_served:
        _compute(bench(request).settings.sleep_cpu_s)
        time.sleep(nap_s)
    return DONE


@variant(work=SLEEP, style=DEF, expected=DONE)
def plain_def(request: Request, seconds: Seconds = None) -> dict[str, str]:
    """Call time.sleep in the worker thread that FastAPI runs a def handler in."""
    nap_s = _nap_s(request, seconds)
    with bench(request).count_served:
        _compute(bench(request).settings.sleep_cpu_s)
        time.sleep(nap_s)
    return DONE


@variant(work=SLEEP, style=ASYNC_OFFLOAD, expected=DONE)
async def async_offload(request: Request, seconds: Seconds = None) -> dict[str, str]:
    """Offload time.sleep with run_in_threadpool: the same threads that def handlers have."""
    nap_s = _nap_s(request, seconds)
    await run_in_threadpool(_sleep_counted, bench(request), nap_s)
    return DONE


@variant(work=SLEEP, style=ASYNC_TO_THREAD, expected=DONE)
async def async_to_thread(request: Request, seconds: Seconds = None) -> dict[str, str]:
    """Offload time.sleep with asyncio.to_thread: the loop's own, smaller pool."""
    nap_s = _nap_s(request, seconds)
    await asyncio.to_thread(_sleep_counted, bench(request), nap_s)
    return DONE


def timed(handler: Callable[..., Any]) -> Callable[..., Any]:
    """Log how long a handler takes. It is written for `async def` and `def` alike, which is the trap.

    FastAPI sees an `async def` and calls it on the loop; there it calls the handler, which may be a `def` that waits.
    """

    @wraps(handler)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        start_t = time.perf_counter()
        answer = handler(*args, **kwargs)
        if asyncio.iscoroutine(answer):
            answer = await answer
        _log.debug("%s took %.3f s", handler.__name__, time.perf_counter() - start_t)
        return answer

    return wrapper


@variant(work=SLEEP, style=ASYNC_BLOCKING, tool="wraps", expected=DONE)
@timed
def decorated_def(request: Request, seconds: Seconds = None) -> dict[str, str]:
    """Call time.sleep in a def handler that an async decorator has made an async def: it blocks the loop."""
    nap_s = _nap_s(request, seconds)
    with bench(request).count_served:
        _compute(bench(request).settings.sleep_cpu_s)
        time.sleep(nap_s)
    return DONE
