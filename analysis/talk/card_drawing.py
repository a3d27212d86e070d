"""Cards drawn: large type on a slide, readable in the last row of a room."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from analysis.drawing.canvas import Canvas, blank
from analysis.drawing.interval import draw_band, verdict_ink
from analysis.drawing.marks import segment
from analysis.drawing.style import WIDTH, Theme, text_width
from analysis.reading.campaign import Campaign
from analysis.talk.card_layout import CHART_LEFT, SWATCH, CardLayout, RowLayout, lay_out
from analysis.talk.cards import Card, CardBar
from analysis.talk.stage import HEADING_HEIGHT, LEADING, LEAST, footer, heading

_BESIDE = 14.0  # from a bar's end to its value
_TEXT = 32.0
_FARTHEST = 4.0  # an expected limit farther out than so many times the longest bar lies beyond the axis
_EDGE = 3.0
_LEAST_RANGE, _STROKE = 14.0, 9.0  # a bare short line beside a number would be read as a minus
_NARROW = 12.0  # a band of no width would not be seen


def draw_claim(campaign: Campaign, card: Card, theme: Theme, *, fills_slide: bool = False) -> Figure:
    """Draw a card as high as its rows need, or `fills_slide`: as high as a slide."""
    layout = lay_out(card, fills_slide=fills_slide)
    canvas = blank(theme, layout.height)
    ink = verdict_ink(theme, card.result.verdict)
    heading(canvas, card.heading, is_smoke=campaign.is_smoke, badge=card.word, ink=ink)
    _statement(canvas, layout)
    y = layout.top
    for number, row in enumerate(layout.rows):
        if number:
            canvas.rule(y - layout.gap / 2)
        _row(canvas, row, y)
        y += row.height + layout.gap
    footer(canvas, campaign, f"Measure it again:  {card.command}")
    return canvas.figure


def _statement(canvas: Canvas, layout: CardLayout) -> None:
    size = layout.statement_size
    for number, line in enumerate(layout.statement):
        y = HEADING_HEIGHT + number * size * LEADING
        canvas.text(canvas.left, y, line, size=size, weight="bold", va="top")


def _row(canvas: Canvas, layout: RowLayout, top: float) -> None:
    """Draw a row from `top` down: words at the left and bars at the right, each in the middle of its height."""
    _words(canvas, layout, top + (layout.height - layout.words_height) / 2)
    _chart(canvas, layout, top + (layout.height - layout.chart_height) / 2)


def _words(canvas: Canvas, layout: RowLayout, y: float) -> None:
    theme, is_after_swatch = canvas.theme, False
    for line in layout.words:
        middle = y + line.height / 2
        if line.is_expected:
            _swatch(canvas, canvas.left, middle)
            is_after_swatch = True
        x = canvas.left + (SWATCH if is_after_swatch else 0)
        colour = theme.muted if line.is_muted else theme.ink
        canvas.text(x, middle, line.text, size=line.size, weight="bold" if line.is_strong else "normal", colour=colour)
        y += line.height + line.below


def _swatch(canvas: Canvas, x: float, y: float) -> None:
    """Draw the square that says what is shaded beside the bars."""
    size = LEAST * 0.8
    corner = (x / WIDTH, 1 - (y + size / 2) / canvas.height)
    look: dict[str, Any] = {"facecolor": canvas.theme.band, "linewidth": 0, "transform": canvas.figure.transFigure}
    canvas.figure.add_artist(Rectangle(corner, size / WIDTH, size / canvas.height, **look))


def _chart(canvas: Canvas, layout: RowLayout, y: float) -> None:
    for line in layout.heading:
        canvas.text(CHART_LEFT, y, line, size=LEAST, colour=canvas.theme.muted, va="top")
        y += LEAST * LEADING
    if layout.names:
        _bars(canvas, layout, y + layout.heading_height - LEAST * LEADING * len(layout.heading))


def _bars(canvas: Canvas, layout: RowLayout, top: float) -> None:
    """Draw the compared values as bars from zero; what the claim allows is shaded behind the treatment's."""
    theme, bars, row = canvas.theme, layout.row.bars, layout.bar_row
    left = CHART_LEFT + layout.names_width + 18
    axes = canvas.pixel_axes(left, top, canvas.right, top + row * len(bars))
    unit = _unit(layout, canvas.right - left)
    for i, (bar, names) in enumerate(zip(bars, layout.names, strict=True)):
        y = row * (i + 0.5)
        _names(canvas, names.lines, top + y)
        if bar.expected:
            _band(axes, theme, bar, y, unit=unit, height=row - 2)
        _bar(axes, bar, y, unit=unit, height=min(layout.bar, row) * 0.72)
        _range(axes, theme, bar, y, unit=unit)
        canvas.text(left + _end(bar) * unit + _BESIDE, top + y, bar.text, size=_TEXT, weight="bold")
    axes.axvline(0, color=theme.muted, linewidth=2)


def _names(canvas: Canvas, lines: tuple[str, ...], middle: float) -> None:
    for n, line in enumerate(lines):
        y = middle + (n - (len(lines) - 1) / 2) * LEAST * LEADING
        canvas.text(CHART_LEFT, y, line, size=LEAST, colour=canvas.theme.muted if n else None)


def _unit(layout: RowLayout, width: float) -> float:
    """Return how many pixels one of the value is: bars, whiskers and the numbers beside them fit, limits if near."""
    bars = layout.row.bars
    longest = max(map(_end, bars)) or max((b.expected.low for b in bars if b.expected), default=0.0) or 1.0
    limits = [end for b in bars if b.expected for end in (b.expected.low, b.expected.high) if end < _FARTHEST * longest]
    reach = max(longest, layout.row.whole, *limits) if limits else max(longest, layout.row.whole)
    beside = max(text_width(bar.text, _TEXT, "bold") for bar in bars) + _BESIDE + 6
    return (width - beside) / reach


def _bar(axes: Axes, bar: CardBar, y: float, *, unit: float, height: float) -> None:
    length = bar.value.median * unit
    if length > 2 * _EDGE:
        look: dict[str, Any] = {"facecolor": bar.colour, "edgecolor": bar.style.colour, "linewidth": _EDGE}
        axes.add_patch(Rectangle((_EDGE / 2, y - height / 2), length - _EDGE, height, **look))
    elif length > 0:
        axes.add_patch(Rectangle((0, y - height / 2), max(length, 2), height, facecolor=bar.style.colour, linewidth=0))


def _range(axes: Axes, theme: Theme, bar: CardBar, y: float, *, unit: float) -> None:
    """Draw the range of the rounds between two strokes; a range that is hardly wider than those is left out."""
    low, high = bar.value.low * unit, bar.value.high * unit
    if bar.value.n < 2 or high - low < _LEAST_RANGE:  # noqa: PLR2004 - one round has no range
        return
    segment(axes, (low, high), (y, y), theme.ink, 3)
    for end in (low, high):
        segment(axes, (end, end), (y - _STROKE, y + _STROKE), theme.ink, 3)


def _band(axes: Axes, theme: Theme, bar: CardBar, y: float, *, unit: float, height: float) -> None:
    if bar.expected is None:
        return
    low, high = bar.expected.low * unit, bar.expected.high * unit
    half = _NARROW / 2 if high - low < _NARROW else 0
    draw_band(axes, theme, low - half, high + half, y=y, height=height)


def _end(bar: CardBar) -> float:
    """Return where a bar ends, its whisker included."""
    return max(bar.value.median, bar.value.high if bar.value.n > 1 else 0.0)
