"""What a chart is: one decorated function that turns a campaign into pictures. To add a chart, write one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from collections.abc import Callable, Iterable

if TYPE_CHECKING:
    from collections.abc import Sequence

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


_CHARTS: dict[str, Callable[[Campaign], Iterable[Picture]]] = {}


def chart(maker: Callable[[Campaign], Iterable[Picture]]) -> Callable[[Campaign], Iterable[Picture]]:
    """Register a function that yields the pictures of one kind; it yields none where the data are missing."""
    _CHARTS[maker.__name__] = maker
    return maker


def charts() -> tuple[tuple[str, Callable[[Campaign], Iterable[Picture]]], ...]:
    """Return every registered chart with its kind, in the order they were written down."""
    return tuple(_CHARTS.items())
