"""The article's own demonstration: its three routes, its paths, and its wait of two seconds (a setting)."""

import asyncio
import time
from functools import partial

from fastapi import Request

from bench_app.registry import variant
from bench_app.resources import bench
from bench_app.styles import ASYNC_BLOCKING, ASYNC_NATIVE, DEF
from bench_app.works import ARTICLE

DONE = {"status": "done"}
_variant = partial(variant, work=ARTICLE, expected=DONE, article=True)


@_variant(style=ASYNC_BLOCKING, tool="bad", path="/bad")
async def bad(request: Request) -> dict[str, str]:
    """Sleep on the loop, which the article warns against."""
    time.sleep(bench(request).settings.article_sleep_s)
    return {"status": "done"}


@_variant(style=ASYNC_NATIVE, tool="good", path="/good")
async def good(request: Request) -> dict[str, str]:
    """Await the sleep, as the article recommends."""
    await asyncio.sleep(bench(request).settings.article_sleep_s)
    return {"status": "done"}


@_variant(style=DEF, tool="sync-ok", path="/sync-ok")
def sync_ok(request: Request) -> dict[str, str]:
    """Sleep in a def handler's thread, which the article calls good too."""
    time.sleep(bench(request).settings.article_sleep_s)
    return {"status": "done"}
