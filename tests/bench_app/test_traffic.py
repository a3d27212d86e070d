"""What answers and requests of these works are made of: tasks, chunks, forms, rows and files, as they really happen."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from typing import TYPE_CHECKING, Any

import anyio.to_thread
import pytest
import starlette.concurrency
from starlette.formparsers import MultiPartParser

from bench_app import sqlite_pools
from bench_app.catalogue import CATALOGUE
from bench_app.forms import ABOVE_BYTES, BELOW_BYTES, SPOOL_BYTES
from bench_app.handlers import json as json_handlers
from bench_app.handlers import stream
from bench_app.sample_files import CHUNK, CHUNKS, LINE_BYTES, LINES, READ, line
from bench_app.samples import SAMPLES
from bench_app.settings import Settings
from real_servers import client, sut

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

USERS = 12


@pytest.fixture
def hops(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note each function that anyio calls in a worker thread."""
    seen: list[str] = []
    run_sync = anyio.to_thread.run_sync

    async def noted(function: Any, *args: Any, **options: Any) -> Any:
        seen.append(getattr(function, "__name__", str(function)))
        return await run_sync(function, *args, **options)

    monkeypatch.setattr(anyio.to_thread, "run_sync", noted)
    return seen


async def _all_of(chunks: Any) -> list[bytes]:
    return [chunk async for chunk in chunks]


class TestStream:
    def test_a_sync_generator_takes_a_thread_hop_a_chunk_and_one_for_its_end(self, hops: list[str]) -> None:
        sent = asyncio.run(_all_of(starlette.concurrency.iterate_in_threadpool(stream.chunks())))
        assert (sent, len(hops)) == ([CHUNK] * CHUNKS, CHUNKS + 1)

    def test_an_async_generator_takes_none(self, hops: list[str]) -> None:
        sent = asyncio.run(_all_of(stream.awaited_chunks()))
        assert (sent, hops) == ([CHUNK] * CHUNKS, [])

    def test_the_generators_answers_come_in_chunks_and_the_files_whole(self) -> None:
        with sut(BENCH_WORKS="stream") as server, client(server) as http:
            heads = {v.tool: http.get(v.path).headers for v in CATALOGUE.values() if v.work.name == "stream"}
        assert {tool: "content-length" in head for tool, head in heads.items()} == {
            "sync-generator": False,
            "async-generator": False,
            "file": True,
        }


class TestReceive:
    def test_starlettes_spool_ends_where_the_two_samples_say(self) -> None:
        assert MultiPartParser.spool_max_size == SPOOL_BYTES
        assert BELOW_BYTES < SPOOL_BYTES < ABOVE_BYTES

    @pytest.mark.parametrize(("sample", "size"), [("form-below-spool", BELOW_BYTES), ("form-above-spool", ABOVE_BYTES)])
    def test_a_form_holds_a_file_of_its_size(self, sample: str, size: int) -> None:
        made = SAMPLES[sample]()
        content = made.body.partition(b"\r\n\r\n")[2].rpartition(b"\r\n--")[0]
        assert (len(content), made.text) == (size, str(size))

    @pytest.mark.parametrize(("tool", "leaves_the_loop"), [("below-spool", False), ("above-spool", True)])
    def test_only_the_larger_file_needs_threads(self, tmp_path: Path, tool: str, *, leaves_the_loop: bool) -> None:
        v = CATALOGUE[f"receive.async-native.{tool}"]
        with sut(BENCH_VARIANTS=v.id, BENCH_PROBE_PATH=tmp_path / "probe.jsonl") as server, client(server) as http:
            r = http.post(v.path, headers=dict(v.request.headers), content=v.request.read_body())
            assert v.complaint(r.status_code, r.content) is None
        lines = map(json.loads, (tmp_path / "probe.jsonl").read_text().splitlines()[1:])
        assert (max(one["threads"] for one in lines) > 2) == leaves_the_loop  # more than the loop's and the probe's


class TestJson:
    def test_the_response_class_is_the_one_that_was_asked_for(self) -> None:
        assert CATALOGUE["json.async-native.orjson-class"].response_class is json_handlers.OrjsonResponse
        assert [v.id for v in CATALOGUE.values() if v.response_class is not None] == ["json.async-native.orjson-class"]

    def test_a_row_too_few_is_no_right_answer(self) -> None:
        v = CATALOGUE["json.async-native.dicts"]
        assert v.complaint(200, json.dumps(json_handlers.rows()).encode()) is None
        assert v.complaint(200, json.dumps(json_handlers.rows()[1:]).encode()) is not None


class TestBackground:
    def _after(self, tmp_path: Path, variant: str) -> dict[str, Any]:
        """Return the probe's last line when the tasks of a few requests are over."""
        probe = tmp_path / "probe.jsonl"
        with (
            sut(BENCH_VARIANTS=variant, BENCH_SLEEP_S=0.2, BENCH_THREAD_TOKENS=4, BENCH_PROBE_PATH=probe) as server,
            client(server) as http,
        ):
            for _ in range(USERS):
                assert http.get(CATALOGUE[variant].path).json() == {"status": "queued"}
            deadline_t = time.monotonic() + 20
            while self._served(last := self._last(probe)) < USERS and time.monotonic() < deadline_t:
                time.sleep(0.05)
        return last

    def _last(self, probe: Path) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(probe.read_text().splitlines()[-1])
        return found

    def _served(self, line: dict[str, Any]) -> int:
        return int(line.get("served_on_loop", 0)) + int(line.get("served_off_loop", 0))

    def test_def_tasks_hold_every_token_and_no_more(self, tmp_path: Path) -> None:
        last = self._after(tmp_path, "background.async-native.sync-task")
        assert (last["served_off_loop"], last["in_flight_peak"]) == (USERS, 4)

    @pytest.mark.parametrize(("tool", "at_once"), [("async-task", False), ("blocking-task", True)])
    def test_async_def_tasks_run_on_the_loop(self, tmp_path: Path, tool: str, *, at_once: bool) -> None:
        last = self._after(tmp_path, f"background.async-native.{tool}")
        assert last["served_on_loop"] == USERS
        assert (last["in_flight_peak"] == 1) == at_once  # one that blocks lets no other begin


class TestSqlite:
    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(db_pool_size=2)

    def test_the_threads_pool_lends_each_connection_to_one_at_a_time(self, settings: Settings) -> None:
        async def lend() -> tuple[bool, bool]:
            async with sqlite_pools.SQLITE3.open(settings) as pool:
                with pool.connection() as one, pool.connection() as other:
                    waiting = threading.Thread(target=lambda: pool.connection().__enter__(), daemon=True)
                    waiting.start()
                    await asyncio.to_thread(waiting.join, 0.05)
                    still_waits = waiting.is_alive()
                await asyncio.to_thread(waiting.join, 10)
                return one is not other, still_waits and not waiting.is_alive()

        assert asyncio.run(lend()) == (True, True)

    def test_the_loops_pool_makes_a_third_wait_for_two_connections(self, settings: Settings) -> None:
        async def lend() -> tuple[bool, bool]:
            async with sqlite_pools.AIOSQLITE.open(settings) as pool:
                async with pool.connection() as one, pool.connection() as other:
                    third = asyncio.ensure_future(pool.connection().__aenter__())
                    await asyncio.sleep(0.01)
                    waited = not third.done()
                return one is not other, waited and await third in (one, other)

        assert asyncio.run(lend()) == (True, True)

    def test_waiting_for_a_connection_ends_in_the_end(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sqlite_pools, "POOL_WAIT_S", 0.01)

        async def exhaust() -> None:
            async with sqlite_pools.AIOSQLITE.open(settings) as pool, pool.connection(), pool.connection():
                with pytest.raises(TimeoutError):
                    await pool.connection().__aenter__()

        asyncio.run(exhaust())


@pytest.fixture
def folder_of_temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    yield tmp_path
    assert list(tmp_path.iterdir()) == []  # whatever was written is gone


def test_the_file_to_read_has_its_lines_and_goes_with_the_app(folder_of_temporary_files: Path) -> None:
    async def written() -> bytes:
        async with READ.open(Settings()) as path:
            assert path.is_relative_to(folder_of_temporary_files)
            return path.read_bytes()

    content = asyncio.run(written())
    assert content.splitlines(keepends=True) == [line(number) for number in range(LINES)]
    assert len(content) == LINES * LINE_BYTES == 64 * 1024
