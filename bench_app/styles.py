"""The styles: how a handler gets its work done. To add one, add a row here."""

from dataclasses import dataclass
from enum import StrEnum

from bench_app.table import Table


class RunsOn(StrEnum):
    """Where a handler's work runs, which decides its ceiling."""

    LOOP_AWAITING = "loop-awaiting"  # on the loop, which serves other requests while this one waits
    LOOP_BLOCKING = "loop-blocking"  # on the loop, which serves no other request in the meantime
    LIMITER = "limiter"  # in a thread that holds a token of anyio's limiter
    TO_THREAD = "to-thread"  # in a thread of asyncio's own executor
    PROCESSES = "processes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """A handler style: a row of `STYLES`.

    `words` name it in the middle of a sentence; `words_idle` replace them where there is nothing to wait for. `colour`
    (from Okabe & Ito's palette, which people with any colour vision can tell apart) and `marker` (matplotlib's) are the
    same on every chart.
    """

    name: str
    words: str
    colour: str
    marker: str
    runs_on: RunsOn
    words_idle: str = ""


STYLES: Table[Style] = Table("style")  # in the order in which the catalogue and the charts show them
ASYNC_NATIVE = STYLES.add(
    Style(
        name="async-native",
        words="async def that awaits",
        words_idle="async def",
        colour="#0072b2",
        marker="o",
        runs_on=RunsOn.LOOP_AWAITING,
    )
)
ASYNC_BLOCKING = STYLES.add(
    Style(
        name="async-blocking", words="async def that blocks", colour="#d55e00", marker="X", runs_on=RunsOn.LOOP_BLOCKING
    )
)
DEF = STYLES.add(Style(name="def", words="plain def", colour="#009e73", marker="s", runs_on=RunsOn.LIMITER))
ASYNC_OFFLOAD = STYLES.add(
    Style(
        name="async-offload",
        words="async def via run_in_threadpool",
        colour="#cc79a7",
        marker="^",
        runs_on=RunsOn.LIMITER,
    )
)
ASYNC_TO_THREAD = STYLES.add(
    Style(
        name="async-to-thread",
        words="async def via asyncio.to_thread",
        colour="#56b4e9",
        marker="D",
        runs_on=RunsOn.TO_THREAD,
    )
)
ASYNC_PROCESS = STYLES.add(
    Style(
        name="async-process",
        words="async def via a process pool",
        colour="#e69f00",
        marker="P",
        runs_on=RunsOn.PROCESSES,
    )
)
