"""A task after the answer: what it does to the requests that come after, by what it is and how its route is called.

The route answers at once. Its task then takes settings.sleep_s: in a thread, with a token of the limiter that def
routes need as well; or on the loop, where it awaits or blocks. The counter of work done counts the tasks, not the
answers.
"""

import asyncio
import time
from functools import partial

from fastapi import BackgroundTasks, Request

from bench_app.registry import variant
from bench_app.resources import Bench, bench
from bench_app.styles import ASYNC_NATIVE, DEF
from bench_app.works import BACKGROUND

QUEUED = {"status": "queued"}
_variant = partial(variant, work=BACKGROUND, expected=QUEUED)


def sync_task(app: Bench) -> None:
    """Wait in a thread: Starlette runs a def task there."""
    with app.count_served:
        time.sleep(app.settings.sleep_s)


async def async_task(app: Bench) -> None:
    """Wait on the loop, which serves others in the meantime."""
    with app.count_served:
        await asyncio.sleep(app.settings.sleep_s)


async def blocking_task(app: Bench) -> None:
    """Block the loop: the task is an async def, so Starlette awaits it there."""
    with app.count_served:
        time.sleep(app.settings.sleep_s)


@_variant(style=DEF)
def plain_def() -> dict[str, str]:
    """Answer from a worker thread, without a task."""
    return {"status": "queued"}


@_variant(style=DEF, tool="sync-task")
def def_sync_task(request: Request, tasks: BackgroundTasks) -> dict[str, str]:
    """Answer from a worker thread, then have a def task wait in one."""
    tasks.add_task(sync_task, bench(request))
    return {"status": "queued"}


@_variant(style=DEF, tool="async-task")
def def_async_task(request: Request, tasks: BackgroundTasks) -> dict[str, str]:
    """Answer from a worker thread, then have an async def task await on the loop."""
    tasks.add_task(async_task, bench(request))
    return {"status": "queued"}


@_variant(style=ASYNC_NATIVE)
async def async_native() -> dict[str, str]:
    """Answer on the loop, without a task."""
    return {"status": "queued"}


@_variant(style=ASYNC_NATIVE, tool="sync-task")
async def async_sync_task(request: Request, tasks: BackgroundTasks) -> dict[str, str]:
    """Answer on the loop, then have a def task wait in a worker thread."""
    tasks.add_task(sync_task, bench(request))
    return {"status": "queued"}


@_variant(style=ASYNC_NATIVE, tool="async-task")
async def async_async_task(request: Request, tasks: BackgroundTasks) -> dict[str, str]:
    """Answer on the loop, then have an async def task await there."""
    tasks.add_task(async_task, bench(request))
    return {"status": "queued"}


@_variant(style=ASYNC_NATIVE, tool="blocking-task")
async def async_blocking_task(request: Request, tasks: BackgroundTasks) -> dict[str, str]:
    """Answer on the loop, then have an async def task block it."""
    tasks.add_task(blocking_task, bench(request))
    return {"status": "queued"}
