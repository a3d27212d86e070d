"""A trend as pictures: a row for each ratio, a place for each campaign, and lines between campaigns of one series."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil, inf, log
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import NullLocator

from analysis.comparing.reproduction import has_interval
from analysis.comparing.reproduction_text import comparison_name
from analysis.comparing.trend import Point, Ratio, Trend
from analysis.comparing.trend_text import headline
from analysis.drawing.axes import fixed_ticks
from analysis.drawing.canvas import Canvas, Picture, pixel, slide
from analysis.drawing.files import ENDINGS, write_figure
from analysis.drawing.marks import arrow, segment
from analysis.drawing.style import LIGHT, RC, SMALL, Theme, wrapped
from analysis.wording import words
from analysis.wording.names import parse_variant
from experiment.errors import StoreError

_A_PAGE = 3
_LABELS, _TICKS = 430.0, 96.0
_GAP = 26.0  # between two rows
_DATES = 62.0  # below the last row
_LEGEND = 27.0  # a line
_DATE_WIDTH = 118.0
_MOST_VALUES = 9  # campaigns up to which every value is written
_MOST_SERIES = 4  # whose marks are explained; the table has all
_MARKERS = "osD^vP"
_NARROWEST, _WIDEST = 1e-4, 1e5
_NEAR = 3.0  # one, and the ends of what was expected, are in the picture if they are no more times as far
_TICK_GAP = 34.0  # pixels from one tick's label to the next
_POWERS = [10.0**power for power in range(-4, 6)]
_STEPS = (1, 2, 5, 1.5, 3, 8, 9, 1.1, 1.2, 7, 6, 4, 9.5, 1.05)
"""Which numbers of a decade get a tick, the roundest first."""


def draw_trend(found: Trend, folder: Path, command: str) -> list[Path]:
    """Draw as many pages as the ratios need; return the files of the light theme, SVG first."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    with mpl.rc_context(RC):
        for picture in pictures(found):
            figure = slide(picture, LIGHT, footer=command, is_smoke=any(c.is_smoke for c in found.campaigns))
            write_figure(figure, folder, picture.name)
            written += [folder / f"{picture.name}{ending}" for ending in (ENDINGS[0], ENDINGS[2])]
    return written


def pictures(found: Trend) -> Iterator[Picture]:
    """Yield the pages: of about equal length, the ratios in the order of the claims."""
    pages = ceil(len(found.ratios) / _A_PAGE)
    size = ceil(len(found.ratios) / pages)
    for number in range(pages):
        part = found.ratios[number * size : (number + 1) * size]
        page = f"page {number + 1} of {pages}"
        yield Picture(
            name=f"trend-{number + 1}",
            title=headline(found),
            facts=(
                "Treatment / baseline, logarithmic",
                _span(found),
                "whisker = the campaign's own interval",
                "shaded = expected",
                *([page] if pages > 1 else []),
            ),
            what="Ratios over campaigns",
            values=[
                f"{ratio.claim}: {words.times(point.result.estimate.effect or 1.0)}"
                for ratio in part
                for point in ratio.points[-1:]
            ],
            draw=partial(_draw, found=found, ratios=part),
        )


def _span(found: Trend) -> str:
    first, last = found.campaigns[0].when, found.campaigns[-1].when
    return f"{words.plural(len(found.campaigns), 'campaign')}, {first} to {last} UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """Where a row is drawn, in pixels of the slide."""

    top: float
    bottom: float
    left: float
    right: float


def _draw(canvas: Canvas, *, found: Trend, ratios: Sequence[Ratio]) -> None:
    legend = _legend(canvas, found)
    height = (legend - _DATES - canvas.top) / len(ratios)
    left, axes = canvas.left + _LABELS + _TICKS, None
    for number, ratio in enumerate(ratios):
        top = canvas.top + height * number
        row = _Row(top=top + _GAP / 2, bottom=top + height - _GAP / 2, left=left, right=canvas.right)
        _names(canvas, ratio, row)
        axes = _draw_row(canvas, ratio, row, places=len(found.campaigns))
    if axes is not None:
        _dates(canvas, axes, found, legend - _DATES)


def _names(canvas: Canvas, ratio: Ratio, row: _Row) -> None:
    """Write what the row is about left of it, from its middle up and down."""
    lines = wrapped(comparison_name(ratio.comparison), SMALL, _LABELS - 20)[:3]
    middle, step = (row.top + row.bottom) / 2, SMALL * 1.3
    y = middle - step * len(lines) / 2
    heading = f"{ratio.claim}  {ratio.slug.replace('-', ' ')}" if ratio.slug != ratio.claim else ratio.claim
    canvas.text(canvas.left, y, heading, size=SMALL, weight="bold", room=_LABELS - 20)
    for line in lines:
        y += step
        canvas.note(canvas.left, y, line)
    if ratio.is_moved:
        canvas.text(canvas.left, y + step, "moved", size=SMALL, colour=canvas.theme.warn, weight="bold")


def _draw_row(canvas: Canvas, ratio: Ratio, row: _Row, *, places: int) -> Axes:
    axes = canvas.axes(row.left, row.top, row.right, row.bottom, grid="y")
    axes.set_yscale("log")
    axes.set_ylim(*_limits(ratio))
    axes.set_xlim(-0.5, places - 0.5)
    axes.set_xticks([])
    fixed_ticks(axes.yaxis, _ticks(*axes.get_ylim(), row.bottom - row.top), lambda value: f"{value:g}x")
    axes.yaxis.set_minor_locator(NullLocator())
    axes.axhline(1, color=canvas.theme.muted, linewidth=1.5)
    colour = _colour(ratio, canvas.theme)
    for point in ratio.points:
        _expected(axes, canvas.theme, point)
    for series in dict.fromkeys(point.series for point in ratio.points):
        _draw_series(axes, canvas.theme, ratio.of_series(series), colour)
    if places <= _MOST_VALUES:
        for point in ratio.points:
            _value(axes, canvas.theme, point)
    return axes


def _limits(ratio: Ratio) -> tuple[float, float]:
    """Return the row's range: the ratios with their intervals, and what is near of one and of the expected ends."""
    effects = [point.result.estimate.effect or 1.0 for point in ratio.points]
    intervals = [point.result.estimate.interval for point in ratio.points if has_interval(point.result.estimate)]
    intervals += [point.result.comparison.expected for point in ratio.points]
    others = [1.0, *(end for each in intervals for end in (each.low, each.high))]
    low, high = min(effects), max(effects)
    known = [*effects, *(end for end in others if low / _NEAR <= end <= high * _NEAR)]
    low, high = min(known), max(known)
    room = max(high / low, 1.2)
    return max(low / room**0.12, _NARROWEST), min(high * room**0.35, _WIDEST)


def _ticks(low: float, high: float, height: float) -> list[float]:
    """Return round ratios within a range, finer ones where there is room for their labels on `height` pixels."""
    found: list[float] = []
    for tick in (step * power for step in _STEPS for power in _POWERS):
        is_clear = all(abs(log(tick / other)) * height >= _TICK_GAP * log(high / low) for other in found)
        if low <= tick <= high and is_clear:
            found.append(tick)
    return found


def _colour(ratio: Ratio, theme: Theme) -> str:
    """Return the colour of the treatment's style; a request of an app has none."""
    try:
        return parse_variant(ratio.comparison.treatment.variant).style.colour
    except StoreError:
        return theme.ink


def _expected(axes: Axes, theme: Theme, point: Point) -> None:
    low, high = axes.get_ylim()
    wanted = point.result.comparison.expected
    start, end = max(wanted.low, low), min(wanted.high, high)
    if start < end:
        axes.add_patch(Rectangle((point.place - 0.5, start), 1, end - start, facecolor=theme.band, linewidth=0))


def _draw_series(axes: Axes, theme: Theme, points: Sequence[Point], colour: str) -> None:
    low, high = axes.get_ylim()
    effects = [min(max(p.result.estimate.effect or 1.0, low), high) for p in points]
    axes.plot([p.place for p in points], effects, color=colour, linewidth=2.5)
    for point, effect in zip(points, effects, strict=True):
        found = point.result.estimate
        ends = (found.low, found.high) if has_interval(found) else (0.0, inf)
        for end, edge in zip(ends, (low, high), strict=True):
            if low <= end <= high:
                segment(axes, (point.place, point.place), (effect, end), colour, 4)
            else:
                look = arrow(colour, width=2.5, head=18)
                axes.annotate("", xy=(point.place, edge), xytext=(point.place, effect), arrowprops=look)
        axes.plot(point.place, effect, linestyle="none", zorder=3, **_mark(theme, point.series, colour))


def _mark(theme: Theme, series: int, colour: str) -> dict[str, Any]:
    """Return the mark of a series: by shape, and hollow from the second round of shapes on."""
    is_hollow = series >= len(_MARKERS)
    return {
        "marker": _MARKERS[series % len(_MARKERS)],
        "markersize": 13,
        "markerfacecolor": theme.surface if is_hollow else colour,
        "markeredgecolor": colour if is_hollow else theme.surface,
        "markeredgewidth": 2,
    }


def _value(axes: Axes, theme: Theme, point: Point) -> None:
    """Write a ratio above its whisker."""
    found, (low, high) = point.result.estimate, axes.get_ylim()
    effect = found.effect or 1.0
    top = found.high if has_interval(found) and found.high <= high else effect
    above: dict[str, Any] = {"xytext": (0, 12), "textcoords": "offset pixels", "ha": "center", "va": "bottom"}
    place = (point.place, min(max(top, low), high))
    axes.annotate(words.times(effect), place, fontsize=SMALL, color=theme.ink, **above)


def _dates(canvas: Canvas, axes: Axes, found: Trend, top: float) -> None:
    """Write below its place when each campaign began; where they are close, only every second, third ..."""
    room = (canvas.right - canvas.left - _LABELS - _TICKS) / len(found.campaigns)
    step = max(1, ceil(_DATE_WIDTH / room))
    for place, campaign in enumerate(found.campaigns):
        if place % step == 0:
            x, _ = pixel(axes, place, axes.get_ylim()[0])
            for line, text in enumerate(campaign.when.split(" ", 1)):
                canvas.note(x, top + 12 + line * SMALL * 1.25, text, ha="center")


def _legend(canvas: Canvas, found: Trend) -> float:
    """Explain the mark of each series at the bottom; return the pixel above."""
    places = list({campaign.series: campaign.place for campaign in found.campaigns}.items())
    shown, more = places[:_MOST_SERIES], len(places) - _MOST_SERIES
    texts = [f"series {series + 1}: {place}" for series, place in shown]
    texts += [f"and {more} more, in trend.csv" if more > 0 else ""]
    texts = [text for text in texts if text]
    if len(places) > 1:
        texts.append(
            "A line joins campaigns of one series only: the others are not of the same machine, claims or format."
        )
    top = canvas.bottom - _LEGEND * len(texts)
    for number, text in enumerate(texts):
        y = top + _LEGEND * (number + 0.6)
        if number < len(shown):
            canvas.marker(canvas.left + 10, y, **_mark(canvas.theme, shown[number][0], canvas.theme.ink))
        canvas.note(canvas.left + (28 if number < len(shown) else 0), y, text, room=canvas.width - 28)
    return top
