"""A judged ratio on an axis: what was expected as a band, what was found as a marker with its interval."""

from collections.abc import Iterable
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from analysis.drawing.marks import arrow, segment
from analysis.drawing.style import Theme
from analysis.stats.results import ComparisonResult, Verdict

_MARKERS = {
    Verdict.SUPPORTED: "o",
    Verdict.REFUTED: "X",
    Verdict.INCONCLUSIVE: "D",
    Verdict.INVALID: "P",
    Verdict.SKIPPED: "_",
    Verdict.NOT_MEASURABLE: "_",
}


def verdict_ink(theme: Theme, verdict: Verdict) -> str:
    """Return the colour of a verdict: only a refuted one stands out."""
    return theme.warn if verdict is Verdict.REFUTED else theme.ink


def marker_look(theme: Theme, verdict: Verdict, size: float) -> dict[str, Any]:
    """Return how a verdict is drawn: by shape first, by colour second."""
    colour = verdict_ink(theme, verdict)
    hollow = verdict is Verdict.INCONCLUSIVE
    return {
        "marker": _MARKERS[verdict],
        "markersize": size,
        "markerfacecolor": theme.surface if hollow else colour,
        "markeredgecolor": colour,
        "markeredgewidth": 2.5 if hollow or _MARKERS[verdict] == "_" else 0.0,
        "clip_on": False,
    }


def ends_of(results: Iterable[ComparisonResult]) -> list[float]:
    """Return what an axis of these ratios should show: one, every effect, and every end of an interval."""
    ends = [1.0]
    for result in results:
        found, wanted = result.estimate, result.comparison.expected
        ends += [found.effect or 1.0, found.low, found.high, wanted.low, wanted.high]
    return ends


def draw_band(axes: Axes, theme: Theme, low: float, high: float, *, y: float, height: float) -> None:
    """Shade what was expected, as far as the axis shows it."""
    left, right = axes.get_xlim()
    start, end = max(low, left), min(high, right)
    axes.add_patch(Rectangle((start, y - height / 2), end - start, height, facecolor=theme.band, linewidth=0))


def draw_interval(axes: Axes, theme: Theme, result: ComparisonResult, *, y: float, height: float) -> None:
    """Draw one comparison at `y`; an end of the interval beyond the axis becomes an arrow to its edge."""
    low_end, high_end = axes.get_xlim()
    wanted, found = result.comparison.expected, result.estimate
    draw_band(axes, theme, wanted.low, wanted.high, y=y, height=height)
    effect = min(max(found.effect or 1.0, low_end), high_end)
    ink = verdict_ink(theme, result.verdict)
    for end, edge in ((found.low, low_end), (found.high, high_end)):
        if low_end <= end <= high_end:
            segment(axes, (effect, end), (y, y), ink, 4)
        else:
            axes.annotate("", xy=(edge, y), xytext=(effect, y), arrowprops=arrow(ink, width=2.5, head=20))
    axes.plot(effect, y, linestyle="none", **marker_look(theme, result.verdict, 13))
