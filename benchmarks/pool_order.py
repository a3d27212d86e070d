"""Who comes next in asyncpg's pool: how many waiters are overtaken, counted inside the app under test.

Run `python -m benchmarks.pool_order`. asyncpg keeps its idle connections in an `asyncio.LifoQueue`. A waiter that such
a queue wakes looks again whether something is there; if a newcomer took it, the waiter goes to the end of the line. The
line of waiters is replaced by one that counts who joins it. Load and route are those of claim A18b; Locust's own report
gives the response times, from the first request on.
"""

import argparse
import json
import os
import tempfile
from asyncio import to_thread
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from analysis.wording import markdown
from bench_app import app
from benchmarks.plain_locust import plain_locust
from benchmarks.talk import say
from harness.postgres.server import postgres
from harness.system.pinning import plan_cores
from harness.system.places import python
from harness.system.process import accepts, child, free_port, wait_until

VARIANT, PATH, USERS = "db.async-native.asyncpg", "/db/async-native/asyncpg", 80
APP = "benchmarks.pool_order:create_app"
_COUNTS = "POOL_ORDER_COUNTS"
_READY_S = 30.0
_QUANTILES = (0.5, 0.9, 0.95, 0.99)


@dataclass(slots=True)
class Counts:
    """What happened at the pool: connections asked for, those who had to wait, and how often somebody joined the line.

    Who joins it more than once was woken and found nothing.
    """

    asked: int = 0
    waited: int = 0
    joined: int = 0

    @property
    def sent_back(self) -> int:
        return self.joined - self.waited


def counted(queue: type[Any]) -> Counts:
    """Make a class of asyncio's queues count; return the counts, which go on changing."""
    counts, begin, get = Counts(), queue.__init__, queue.get

    class Line(deque[Any]):
        def append(self, waiter: Any) -> None:
            counts.joined += 1
            super().append(waiter)

    def counting_init(self: Any, *args: Any, **how: Any) -> None:
        begin(self, *args, **how)
        self._getters = Line()

    async def counting_get(self: Any) -> Any:
        counts.asked += 1
        counts.waited += self.empty()
        return await get(self)

    queue.__init__, queue.get = counting_init, counting_get
    return counts


def create_app() -> FastAPI:
    """Build the app with a counting pool; when it shuts down, the counts are written to POOL_ORDER_COUNTS."""
    from asyncpg.pool import _PoolConnectionHolderQueue

    counts, made = counted(_PoolConnectionHolderQueue), app.create_app()
    inner = made.router.lifespan_context

    @asynccontextmanager
    async def lifespan(served: FastAPI) -> AsyncIterator[Any]:
        async with inner(served) as state:
            yield state
        await to_thread(Path(os.environ[_COUNTS]).write_text, json.dumps(asdict(counts)), encoding="utf-8")

    made.router.lifespan_context = lifespan
    return made


def measured(seconds: float) -> str:
    """Load the app for so long; return what was counted and how long answers took, as a Markdown table."""
    with tempfile.TemporaryDirectory() as made, postgres(log=Path(made) / "postgres.log") as database:
        folder = Path(made)
        stats = _driven(folder, database.url, seconds)
        counts = Counts(**json.loads((folder / "counts.json").read_text(encoding="utf-8")))
    times = _times({int(ms): count for ms, count in stats["response_times"].items()})
    head = ("connections asked for", "had to wait", "sent back to the end", *(f"p{q * 100:.0f}" for q in _QUANTILES))
    cells = (f"{counts.asked:,}", f"{counts.waited:,}", f"{counts.sent_back:,}", *(f"{ms} ms" for ms in times))
    return markdown.table(head, [cells]).rstrip()


def _driven(folder: Path, database_url: str, seconds: float) -> dict[str, Any]:
    port, plan = free_port(), plan_cores()
    log = folder / "app.log"
    serve = [*python("uvicorn"), "--factory", APP, "--port", str(port), "--no-access-log"]
    with child(serve, log=log, cores=plan.for_sut(all_cores=False), env=_environment(folder, database_url)) as process:
        wait_until(lambda: accepts(port), process=process, what="the app", log=log, timeout_s=_READY_S)
        with plain_locust(port, PATH, users=USERS, seconds=seconds, log=folder / "locust.log") as locust:
            return locust.report()


def _environment(folder: Path, database_url: str) -> dict[str, str]:
    asked = {"BENCH_DATABASE_URL": database_url, "BENCH_VARIANTS": VARIANT, "BENCH_WORKS": "db"}
    return {**os.environ, **asked, _COUNTS: str(folder / "counts.json")}


def _times(counts: Mapping[int, int]) -> list[int]:
    """Return the quantiles of response times in ms, given how many took each."""
    ordered = [ms for ms in sorted(counts) for _ in range(counts[ms])]
    return [ordered[min(int(q * len(ordered)), len(ordered) - 1)] for q in _QUANTILES]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pool_order")
    parser.add_argument("--seconds", type=float, default=20.0, help="how long the app is under load")
    say(measured(parser.parse_args().seconds))


if __name__ == "__main__":
    main()
