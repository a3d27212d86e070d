"""Sessions against a real PostgreSQL: requests that wait for each other, and the cures, with pools of a few."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import aiohttp
import pytest

from bench_app.catalogue import CATALOGUE
from bench_app.db_sessions import MOST_SESSIONS
from bench_app.works import SESSION
from experiment.design.factor import Limits
from experiment.theory.deadlock import fewest_users, is_stuck
from harness.postgres.server import Database, postgres
from real_servers import Server, sut

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench_app.registry import Variant

ROUTES = [v for v in CATALOGUE.values() if v.work is SESSION]
TOKENS = 4
LIMITS = Limits(cores=1, tokens=TOKENS, db_pool=MOST_SESSIONS)
EDGE = fewest_users(LIMITS)
TIMES = 20  # how often they come together: whether they lock depends on the order in which they do
STUCK_AFTER_S = 8.0  # many times what all answers take


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with postgres(log=tmp_path_factory.mktemp("postgres") / "log") as db:
        yield db


async def _all_are_answered(server: Server, v: Variant, users: int) -> bool:
    """Return whether users who come together are all answered, time after time; wrong answers fail."""

    async def ask(http: aiohttp.ClientSession) -> None:
        async with http.get(server.url + v.path) as answer:
            assert v.complaint(answer.status, await answer.read()) is None

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=users)) as http:
        try:
            async with asyncio.timeout(STUCK_AFTER_S):
                for _ in range(TIMES):
                    await asyncio.gather(*(ask(http) for _ in range(users)))
        except TimeoutError:
            return False
    return True


@pytest.mark.parametrize("users", [EDGE - 1, EDGE])
@pytest.mark.parametrize("v", ROUTES, ids=lambda v: v.id)
def test_users_wait_for_each_other_where_theory_says_so(db: Database, v: Variant, users: int, tmp_path: Path) -> None:
    path = tmp_path / "probe.jsonl"
    with sut(
        BENCH_DATABASE_URL=db.url,
        BENCH_DB_POOL_SIZE=MOST_SESSIONS,
        BENCH_THREAD_TOKENS=TOKENS,
        BENCH_QUERY_S=0.01,
        BENCH_VARIANTS=v.id,
        BENCH_PROBE_PATH=path,
    ) as server:
        answered = asyncio.run(_all_are_answered(server, v, users))
        last = json.loads(path.read_text(encoding="utf-8").splitlines()[-1])
        server.process.kill()  # what is stuck would be waited for
    assert answered != is_stuck(v, users, LIMITS)
    if not answered:  # each token is held by one who waits for a connection, and all others wait for a token
        assert (last["tokens_borrowed"], last["tokens_waiting"]) == (TOKENS, users - TOKENS)
        assert last["stuck_at"] is None
