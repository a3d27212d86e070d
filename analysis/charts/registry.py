"""What a chart is: one decorated function that turns a campaign into pictures. To add a chart, write one."""

from collections.abc import Callable, Iterable

from analysis.drawing.canvas import Picture
from analysis.reading.campaign import Campaign

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
