"""The article's own demonstration: its three routes, under its paths, with its two seconds (a setting)."""

import asyncio
import time

from fastapi import Request

from bench_app.registry import Style, Work, variant
from bench_app.resources import bench

DONE = {"status": "done"}
BASE_S = 2.0


@variant(
    work=Work.ARTICLE,
    style=Style.ASYNC_BLOCKING,
    tool="bad",
    path="/bad",
    article=True,
    expected=DONE,
    base_s=BASE_S,
)
async def bad(request: Request) -> dict[str, str]:
    """Sleep on the loop, as the article says not to."""
    time.sleep(bench(request).settings.article_sleep_s)
    return {"status": "done"}


@variant(
    work=Work.ARTICLE,
    style=Style.ASYNC_NATIVE,
    tool="good",
    path="/good",
    article=True,
    expected=DONE,
    base_s=BASE_S,
)
async def good(request: Request) -> dict[str, str]:
    """Await the sleep, as the article recommends."""
    await asyncio.sleep(bench(request).settings.article_sleep_s)
    return {"status": "done"}


@variant(
    work=Work.ARTICLE,
    style=Style.DEF,
    tool="sync-ok",
    path="/sync-ok",
    article=True,
    expected=DONE,
    base_s=BASE_S,
)
def sync_ok(request: Request) -> dict[str, str]:
    """Sleep in a def handler's thread, which the article calls also good."""
    time.sleep(bench(request).settings.article_sleep_s)
    return {"status": "done"}
