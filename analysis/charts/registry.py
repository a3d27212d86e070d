"""What a chart is: one decorated function that turns a campaign into pictures. To add a chart, write one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis.charts.canvas import Canvas
    from analysis.load import Campaign


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One slide, ready to be drawn in any theme: everything is computed, `draw` only places it.

    `work` is empty for charts across works. `facts` are the subtitle's parts: metric and unit, load, rounds.
    `columns` and `rows` are the numbers in it, written beside it as CSV.
    """

    name: str
    work: str
    title: str
    facts: tuple[str, ...]
    alt: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[Any]]
    draw: Callable[[Canvas], None]


Maker = Callable[["Campaign"], Iterable[Picture]]
"""Yields the pictures of one kind, and none where the data are missing."""

_CHARTS: dict[str, tuple[int, Maker]] = {}


def chart(*, place: int) -> Callable[[Maker], Maker]:
    """Register a function as a kind of chart; `place` orders the kinds in the report."""

    def register(maker: Maker) -> Maker:
        _CHARTS[maker.__name__] = (place, maker)
        return maker

    return register


def charts() -> list[tuple[str, Maker]]:
    """Return every registered kind with its maker, in the report's order."""
    return [(kind, maker) for kind, (_, maker) in sorted(_CHARTS.items(), key=lambda item: item[1][0])]
