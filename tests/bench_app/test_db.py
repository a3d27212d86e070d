"""The db variants against a real PostgreSQL: their statements, their pools, and what the database sees of them."""

import asyncio
import os
import re
import signal
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import aiohttp
import psycopg
import pytest

from bench_app import db_pools
from bench_app.app import create_app, enabled_variants
from bench_app.catalogue import CATALOGUE
from bench_app.db_drivers import DB_DRIVERS
from bench_app.db_pools import APPLICATION as SUT
from bench_app.items import EXPECTED, KEY, LOOKUP, ROWS, WAITING_LOOKUP, as_answer, row
from bench_app.registry import Resource, Variant
from bench_app.settings import Settings, SettingsError
from bench_app.works import DB, SESSION, WORKS
from harness.postgres.server import Database, postgres
from harness.postgres.watch import watch
from real_servers import Server, client, sut

VARIANTS = [v for v in CATALOGUE.values() if v.work == DB]
POOLS = sorted(name for name, driver in DB_DRIVERS.items() if driver.is_pooled)
CONNECTING = [v for v in VARIANTS if v.uses is not None and v.uses.name not in POOLS]
SIZE = 3
USERS = 60
URL = "postgresql://127.0.0.1/nowhere"


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("postgres") / "log"


@pytest.fixture(scope="module")
def db(log: Path) -> Iterator[Database]:
    with postgres(log=log) as db:
        yield db


@pytest.fixture
def connection(db: Database) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(db.url, autocommit=True) as connection:
        yield connection


def _driver_of(v: Variant) -> str:
    assert v.uses is not None
    return v.uses.name


def serving(db: Database, pool: str | None = None, size: int = SIZE) -> Any:
    """Serve every db variant, or those of one pool alone."""
    chosen = [v.id for v in VARIANTS if v.uses is not None and pool in (None, v.uses.name)]
    return sut(BENCH_DATABASE_URL=db.url, BENCH_DB_POOL_SIZE=size, BENCH_QUERY_S=0.005, BENCH_VARIANTS=",".join(chosen))


async def _ask_at_once(server: Server, v: Variant) -> list[str | None]:
    async def ask(http: aiohttp.ClientSession) -> str | None:
        async with http.get(server.url + v.path) as answer:
            return v.complaint(answer.status, await answer.read())

    async with aiohttp.ClientSession() as http:
        return await asyncio.gather(*(ask(http) for _ in range(USERS)))


def states(connection: psycopg.Connection[Any]) -> list[str]:
    rows = connection.execute("SELECT state FROM pg_stat_activity WHERE application_name = %s", [SUT]).fetchall()
    return [state for (state,) in rows]


def wait_until_closed(connection: psycopg.Connection[Any], limit_s: float = 10.0) -> bool:
    """Wait until the server has ended the processes of all connections; it does so after the client has gone."""
    deadline_t = time.monotonic() + limit_s
    while states(connection) and time.monotonic() < deadline_t:
        time.sleep(0.02)
    return not states(connection)


class TestPools:
    @pytest.mark.parametrize("pool", POOLS)
    def test_a_pool_is_full_before_the_first_request_and_whoever_finds_it_empty_waits(
        self, db: Database, connection: psycopg.Connection[Any], pool: str
    ) -> None:
        with serving(db, pool) as server:
            assert states(connection) == ["idle"] * SIZE
            for v in (v for v in VARIANTS if v.uses is not None and v.uses.name == pool):
                assert asyncio.run(_ask_at_once(server, v)) == [None] * USERS, v.id
            assert states(connection) == ["idle"] * SIZE

    def test_without_a_pool_nothing_is_open_before_or_after_a_request(
        self, db: Database, connection: psycopg.Connection[Any]
    ) -> None:
        with serving(db, "psycopg2-per-request") as one, serving(db, "asyncpg-per-request") as other:
            assert states(connection) == []
            for v in CONNECTING:
                server = one if "psycopg2" in v.id else other
                with client(server) as http:
                    assert v.complaint((r := http.get(v.path)).status_code, r.content) is None
            assert wait_until_closed(connection)

    def test_waiting_for_psycopg2s_pool_ends_with_an_error_in_the_end(
        self, db: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(db_pools, "POOL_WAIT_S", 0.01)
        pool = db_pools.WaitingPool(db.url, 1)
        try:
            with pool.connection(), pytest.raises(db_pools.PoolExhaustedError), pool.connection():
                pass
            with pool.connection() as connection, connection.cursor() as cursor:  # given back, it is lent again
                cursor.execute(LOOKUP.format(key=KEY))
                assert as_answer(cursor.fetchone()) == EXPECTED
        finally:
            pool.close()

    def test_a_sut_whose_database_is_gone_does_not_start(self) -> None:
        # psycopg's pools, left to themselves, would try for long
        with (
            pytest.raises(RuntimeError, match=r"did not start[^$]*Connection refused"),
            sut(BENCH_DATABASE_URL="postgresql://x@127.0.0.1:9/x", BENCH_VARIANTS="db.async-native.psycopg"),
        ):
            pass


class TestStatements:
    @pytest.fixture(scope="class")
    @classmethod
    def server(cls, db: Database) -> Iterator[Server]:
        with psycopg.connect(db.url, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET log_statement = 'all'")
            connection.execute("ALTER SYSTEM SET log_line_prefix = '%a|'")
            connection.execute("SELECT pg_reload_conf()")
        with serving(db, size=1) as server, client(server) as http:
            for v in VARIANTS:
                http.get(v.path)
            yield server

    @pytest.mark.parametrize("v", VARIANTS, ids=lambda v: v.id)
    def test_a_request_is_one_statement_and_nothing_else(self, server: Server, log: Path, v: Variant) -> None:
        before = log.stat().st_size
        with client(server) as http:
            for _ in range(3):
                r = http.get(v.path)
                assert v.complaint(r.status_code, r.content) is None
        said = log.read_bytes()[before:].decode()
        lines = [line for line in said.splitlines() if line.startswith(SUT) and "DETAIL" not in line]
        assert len(lines) == 3
        assert all("FROM handlerbench.items" in line for line in lines)
        assert all(("pg_sleep" in line) == (v.family == "db") for line in lines)

    def test_the_server_sleeps_once_a_statement(self, connection: psycopg.Connection[Any]) -> None:
        for _ in range(8):  # a prepared statement's plan may change with its sixth execution
            found = connection.execute(
                "EXPLAIN (ANALYZE, FORMAT JSON) " + WAITING_LOOKUP.format(key="%s", wait_s="%s"),
                [0.001, KEY],
                prepare=True,
            ).fetchone()
            assert found is not None
            nodes = list(_nodes(found[0][0]["Plan"]))
            sleeps = [n for n in nodes if n.get("Function Name") == "pg_sleep"]
            assert [n["Actual Loops"] for n in sleeps] == [1]
            assert any(n.get("Index Name") == "items_pkey" for n in nodes)

    def test_the_statement_waits_as_long_as_it_is_told_to(self, connection: psycopg.Connection[Any]) -> None:
        text = f"EXPLAIN (ANALYZE, FORMAT JSON) {WAITING_LOOKUP.format(key=KEY, wait_s=0.1)}"
        found = connection.execute(text).fetchone()
        assert found is not None
        assert found[0][0]["Execution Time"] >= 100


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)


@pytest.mark.parametrize("key", [1, KEY, ROWS])
def test_the_table_holds_what_the_rule_says(connection: psycopg.Connection[Any], key: int) -> None:
    assert connection.execute(LOOKUP.format(key=key)).fetchone() == row(key)


class TestSettings:
    def test_without_a_database_everything_else_is_served(self) -> None:
        served = enabled_variants(Settings())
        assert {v.work for v in served} == set(WORKS.values()) - {DB, SESSION}

    def test_with_one_the_db_variants_are(self) -> None:
        assert enabled_variants(Settings(database_url=URL)) == list(CATALOGUE.values())

    def test_who_asks_for_them_by_name_is_told_what_is_missing(self) -> None:
        with pytest.raises(SettingsError, match=r"BENCH_DATABASE_URL: not set, and asked for: db\.def\.psycopg2"):
            create_app(Settings(variants=frozenset({"noop.def", "db.def.psycopg2"})))

    def test_an_address_of_another_kind_is_refused_without_its_password(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from bench_app.settings import read_settings

        monkeypatch.setenv("BENCH_DATABASE_URL", "mysql://me:secret@127.0.0.1/x")
        with pytest.raises(SettingsError, match=r"^BENCH_DATABASE_URL: ") as caught:
            read_settings()
        assert "secret" not in str(caught.value)

    def test_who_asks_the_database_says_so(self) -> None:
        asking = [v for v in CATALOGUE.values() if Resource.DATABASE in v.needs]
        assert [v for v in asking if v.work is not SESSION] == VARIANTS
        assert {v.family for v in VARIANTS} == {"db", "db-plain"}

    def test_every_variant_that_waits_has_one_that_does_not(self) -> None:
        assert {v.id for v in VARIANTS if v.family == "db-plain"} == {
            f"{v.id}-plain" for v in VARIANTS if v.family == "db"
        }


def as_sut(db: Database) -> psycopg.Connection[Any]:
    return psycopg.connect(db.url, application_name=SUT)


def wait_for(seen: Any, count: int) -> Any:
    """Return the sample after `count` more were taken."""
    wanted = len(seen.samples) + count
    while len(seen.samples) < wanted and seen.lost is None:
        time.sleep(0.002)
    return seen.samples[-1]


class TestWatch:
    def test_a_connection_is_in_use_while_it_runs_a_statement_or_stays_in_a_transaction(self, db: Database) -> None:
        with as_sut(db) as connection, watch(db.url, interval_s=0.01) as seen:
            assert (wait_for(seen, 2).in_use, seen.samples[-1].waiting) == (0, 0)
            connection.execute("SELECT 1")  # opens a transaction, which then waits for us
            sample = wait_for(seen, 2)
            assert (sample.in_use, sample.waiting) == (1, 1)
            connection.commit()
            sample = wait_for(seen, 2)
            assert (sample.in_use, sample.waiting) == (0, 0)

    def test_a_server_side_wait_is_use_and_not_waiting(self, db: Database) -> None:
        async def run() -> list[tuple[int, int]]:
            async with await psycopg.AsyncConnection.connect(db.url, application_name=SUT, autocommit=True) as c:
                nap = asyncio.create_task(c.execute("SELECT 1 FROM pg_sleep(0.3)"))
                with watch(db.url, interval_s=0.01) as seen:
                    await nap
            return [(s.in_use, s.waiting) for s in seen.samples]

        assert (1, 0) in asyncio.run(run())

    def test_a_connection_that_waits_for_a_lock_waits(self, db: Database) -> None:
        async def run() -> int:
            with as_sut(db) as holder:
                holder.execute("UPDATE handlerbench.items SET name = name WHERE id = 1")
                async with await psycopg.AsyncConnection.connect(db.url, application_name=SUT) as c:
                    update = asyncio.create_task(c.execute("SELECT 1 FROM handlerbench.items WHERE id = 1 FOR UPDATE"))
                    with watch(db.url, interval_s=0.01) as seen:
                        await asyncio.sleep(0.3)
                    holder.rollback()
                    await update
            return max(s.waiting for s in seen.samples)

        assert asyncio.run(run()) == 2  # one for the lock, the other in its transaction, for us

    def test_the_suts_connections_are_seen_and_the_watchs_own_is_not(self, db: Database) -> None:
        v = CATALOGUE["db.async-native.asyncpg"]
        with serving(db, _driver_of(v)) as server, watch(db.url, interval_s=0.005) as seen:
            assert asyncio.run(_ask_at_once(server, v)) == [None] * USERS
        assert 1 <= max(s.in_use for s in seen.samples) <= SIZE
        assert max(s.waiting for s in seen.samples) == 0
        assert [s.t for s in seen.samples] == sorted(s.t for s in seen.samples)

    def test_it_looks_in_no_rhythm_that_queries_could_share(self, db: Database) -> None:
        with watch(db.url, interval_s=0.05) as seen:
            wait_for(seen, 10)
        gaps = [later.t - earlier.t for earlier, later in pairwise(seen.samples)]
        assert max(gaps) - min(gaps) > 0.02

    def test_a_server_that_cannot_be_reached_is_noted_and_no_more(self) -> None:
        with watch("postgresql://127.0.0.1:9/x") as seen:
            while seen.lost is None:
                time.sleep(0.002)
        assert (seen.samples, "refused" in str(seen.lost)) == ([], True)


def test_a_server_killed_under_load_ends_the_watch_and_not_us_and_can_be_started_again(tmp_path: Path) -> None:
    v = CATALOGUE["db.def.psycopg2"]
    with postgres(log=tmp_path / "log") as db, serving(db, _driver_of(v)) as server, client(server) as http:
        assert v.complaint(200, http.get(v.path).content) is None
        with watch(db.url, interval_s=0.01) as seen:
            wait_for(seen, 2)
            assert db.postmaster_pid is not None
            os.kill(db.postmaster_pid, signal.SIGKILL)
            while seen.lost is None:
                time.sleep(0.002)
        assert not db.is_alive
        assert http.get(v.path).status_code == 500
        with postgres(log=tmp_path / "log") as again, psycopg.connect(again.url) as connection:
            assert connection.execute(LOOKUP.format(key=KEY)).fetchone() == row(KEY)


def test_the_sql_stands_in_one_place() -> None:
    from bench_app.handlers import db

    assert not re.search(r"\bSELECT\b", Path(db.__file__).read_text())
