"""A loop that stands still now and then: what a rare blocking call does to everybody who comes meanwhile."""

import time

from fastapi import Request

from bench_app.registry import variant
from bench_app.resources import bench
from bench_app.styles import ASYNC_BLOCKING
from bench_app.works import STALL


def left_of_stall_s(now_t: float, *, stall_s: float, every_s: float) -> float:
    """Return how much of a stall is left: the first `stall_s` of every `every_s` by the clock; 0 or less: none."""
    return stall_s - now_t % every_s


@variant(work=STALL, style=ASYNC_BLOCKING, expected={"ok": True})
async def async_blocking(request: Request) -> dict[str, bool]:
    """Answer at once, but for a blocked loop during the first part of every two seconds.

    By the clock and not by a count of requests: a faster driver must not cause more stalls than a slower one.
    """
    settings = bench(request).settings
    left_s = left_of_stall_s(time.monotonic(), stall_s=settings.stall_s, every_s=settings.stall_every_s)
    if left_s > 0:
        time.sleep(left_s)
    return {"ok": True}
