"""Who is overtaken at a queue is counted."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from benchmarks.pool_order import Counts, counted, main

if TYPE_CHECKING:
    import pytest


def _fresh() -> tuple[type[asyncio.LifoQueue[int]], Counts]:
    class Queue(asyncio.LifoQueue[int]):
        """A class of its own, as asyncpg has one."""

    return Queue, counted(Queue)


def test_a_waiter_whom_a_newcomer_overtakes_is_sent_back_to_the_end() -> None:
    kind, counts = _fresh()

    async def overtaken() -> None:
        pool = kind()
        waiting = asyncio.create_task(pool.get())
        await asyncio.sleep(0)
        pool.put_nowait(1)
        assert await pool.get() == 1  # a newcomer, before the woken waiter has its turn
        await asyncio.sleep(0)
        pool.put_nowait(2)
        assert await waiting == 2

    asyncio.run(overtaken())
    assert (counts.asked, counts.waited, counts.joined, counts.sent_back) == (2, 1, 2, 1)


def test_a_waiter_whom_nobody_overtakes_is_not() -> None:
    kind, counts = _fresh()

    async def served() -> None:
        pool = kind()
        waiting = asyncio.create_task(pool.get())
        await asyncio.sleep(0)
        pool.put_nowait(1)
        assert await waiting == 1

    asyncio.run(served())
    assert (counts.waited, counts.sent_back) == (1, 0)


def test_the_command_counts_in_the_served_app(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["pool_order", "--seconds", "2"])
    main()
    head, _, row = capsys.readouterr().out.splitlines()
    assert head.startswith("| connections asked for | had to wait | sent back to the end | p50 |")
    asked, waited = (int(cell.strip("| ").replace(",", "")) for cell in row.split(" | ")[:2])
    assert asked >= waited > 0
