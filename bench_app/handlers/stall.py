"""A loop that stops from time to time: the effect of a rare blocking call on all requests that arrive during it."""

import time

from fastapi import Request

from bench_app.registry import variant
from bench_app.resources import bench
from bench_app.styles import ASYNC_BLOCKING
from bench_app.works import STALL


def left_of_stall_s(now_t: float, *, stall_s: float, every_s: float) -> float:
    """Return how many seconds of the current stall are left; 0 or less outside a stall.

    The stall is the first `stall_s` of every `every_s` by the clock.
    """
    return stall_s - now_t % every_s


@variant(work=STALL, style=ASYNC_BLOCKING, expected={"ok": True})
async def async_blocking(request: Request) -> dict[str, bool]:
    """Answer at once, except that the loop is blocked during the first part of every two seconds.

    The clock decides, not a count of requests: a faster driver must not cause more stalls than a slower one.
    """
    settings = bench(request).settings
    left_s = left_of_stall_s(time.monotonic(), stall_s=settings.stall_s, every_s=settings.stall_every_s)
    if left_s > 0:
        time.sleep(left_s)
    return {"ok": True}
