"""Cards drawn: large type on a 1600x900 slide, readable in the last row of a room."""

from __future__ import annotations

from math import isinf
from typing import TYPE_CHECKING

from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from matplotlib.ticker import FixedLocator, FuncFormatter

from analysis.drawing.canvas import SMOKE_MARK, Canvas
from analysis.drawing.interval import draw_band, draw_interval, marker_look, verdict_ink
from analysis.drawing.style import DPI, HEIGHT, WIDTH, shortened, text_width, wrapped
from analysis.reading import sentences
from analysis.reading.facts import machine
from analysis.wording import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from analysis.drawing.style import Theme
    from analysis.reading.campaign import Campaign
    from analysis.stats.results import ComparisonResult, Verdict
    from analysis.talk.cards import BigNumber, Card, TitleCard

STATEMENT, HUGE, LARGE, TEXT, NOTE = 52.0, 132.0, 84.0, 32.0, 26.0
"""Font sizes of cards in pixels; only the campaign's name and the ticks are a little smaller than NOTE."""
_LEADING = 1.2
_MOST_STATEMENT_LINES = 3
_BOTTOM = 764.0  # where the footer begins
_SPLIT, _GAP = 630.0, 50.0  # numbers on the left, the chart on the right
_BAR_ROW, _STRIP_ROW, _STRIP_AXIS = 132.0, 52.0, 40.0


def draw_claim(campaign: Campaign, card: Card, theme: Theme) -> Figure:
    """Return a claim's card."""
    canvas = _blank(theme)
    _badge(canvas, card)
    canvas.text(canvas.left, 58, shortened(f"{card.id}  {card.title}", TEXT, 1000, "bold"), size=TEXT, weight="bold")
    y = _paragraph(canvas, card.statement, 112, size=STATEMENT, lines=_MOST_STATEMENT_LINES, weight="bold")
    canvas.text(canvas.left, y + 24, f"Source: {card.source}", size=NOTE, colour=theme.muted)
    top = y + 68
    if card.numbers:
        _numbers(canvas, card, top)
        _chart(canvas, card, top)
    else:
        _words_instead(canvas, card, top)
    _footer(canvas, campaign, f"Reproduce:  {card.command}" if card.command else "")
    return canvas.figure


def draw_title(campaign: Campaign, card: TitleCard, theme: Theme) -> Figure:
    """Return the card that opens the deck."""
    canvas = _blank(theme)
    canvas.text(canvas.left, 70, "FastAPI handler styles under load", size=TEXT, colour=theme.muted)
    y = _paragraph(canvas, card.title, 120, size=64, lines=_MOST_STATEMENT_LINES, weight="bold")
    y = _counts(canvas, card.counts, y + 50) + 40
    for line in card.lines:
        y = _paragraph(canvas, line, y, size=NOTE + 2, lines=2, colour=theme.muted) + 12
    _footer(canvas, campaign, f"Run it:  {card.command}")
    return canvas.figure


def _blank(theme: Theme) -> Canvas:
    figure = Figure(figsize=(WIDTH / DPI, HEIGHT / DPI), dpi=DPI, facecolor=theme.surface)
    return Canvas(figure=figure, theme=theme, top=0, bottom=HEIGHT)


def _paragraph(
    canvas: Canvas, text: str, y: float, *, size: float, lines: int, weight: str = "normal", colour: str | None = None
) -> float:
    """Write a text from `y` down, smaller if it needs more than `lines` lines; return the pixel below it."""
    room = canvas.right - canvas.left
    while len(wrapped(text, size, room, weight)) > lines and size > NOTE:
        size -= 2
    for line in wrapped(text, size, room, weight):
        canvas.text(canvas.left, y, line, size=size, weight=weight, colour=colour, va="top")
        y += size * _LEADING
    return y


def _badge(canvas: Canvas, card: Card) -> None:
    """Write the verdict, sign and word, into a frame at the top right."""
    ink = verdict_ink(canvas.theme, card.verdict)
    half = text_width(card.word, TEXT, "bold") / 2
    middle = canvas.right - half - 24
    frame = FancyBboxPatch(
        ((middle - half - 22) / WIDTH, 1 - 88 / HEIGHT),
        (2 * half + 44) / WIDTH,
        60 / HEIGHT,
        boxstyle="round,pad=0,rounding_size=0.012",
        mutation_aspect=WIDTH / HEIGHT,
        edgecolor=ink,
        facecolor="none",
        linewidth=4,
        transform=canvas.figure.transFigure,
    )
    canvas.figure.add_artist(frame)
    canvas.text(middle, 58, card.word, size=TEXT, weight="bold", colour=ink, ha="center")


def _numbers(canvas: Canvas, card: Card, top: float) -> None:
    """Write the big numbers one below the other."""
    room = (_BOTTOM - top) / len(card.numbers)
    for i, number in enumerate(card.numbers):
        _number(canvas, number, top + i * room, room)


def _number(canvas: Canvas, number: BigNumber, y: float, room: float) -> None:
    theme, width = canvas.theme, _SPLIT - canvas.left
    size = HUGE if room > 2 * HUGE else STATEMENT * 1.4
    while text_width(number.value, size, "bold") > width and size > STATEMENT:
        size -= 4
    canvas.text(canvas.left, y, number.value, size=size, weight="bold", va="top")
    y += size * 1.06
    lines = (
        *((line, theme.ink) for line in wrapped(number.of, NOTE, width)),
        (number.interval, theme.ink),
        (f"expected: {number.expected}", theme.muted),
    )
    for line, colour in lines:
        canvas.text(canvas.left, y, shortened(line, NOTE, width), size=NOTE, colour=colour, va="top")
        y += NOTE * 1.3


def _words_instead(canvas: Canvas, card: Card, top: float) -> None:
    """Say large why a claim has no numbers."""
    ink = verdict_ink(canvas.theme, card.verdict)
    canvas.text(canvas.left, top + 10, card.word, size=LARGE, weight="bold", colour=ink, va="top")
    _paragraph(canvas, words.upper_first(card.reason), top + 10 + LARGE * 1.5, size=TEXT + 6, lines=5)


def _chart(canvas: Canvas, card: Card, top: float) -> None:
    y = _bars(canvas, card, top) if card.bars else top
    y = _ratio_strips(canvas, card.ratios, y) if card.ratios else y
    for result in card.structures:
        y = _structure_strip(canvas, result, y) + 30


def _bars(canvas: Canvas, card: Card, top: float) -> float:
    """Draw the compared values as bars from zero; return the pixel below them."""
    theme, left, right = canvas.theme, _SPLIT + _GAP, canvas.right
    canvas.text(left, top + 12, shortened(card.bars_heading, NOTE, right - left), size=NOTE, colour=theme.muted)
    top += 36
    strips = _STRIP_ROW * len(card.ratios) + _STRIP_AXIS + 50
    row = min(_BAR_ROW, (_BOTTOM - top - strips) / len(card.bars))
    axes = canvas.pixel_axes(left, top, right, top + row * len(card.bars))
    longest = max(text_width(bar.text, TEXT, "bold") for bar in card.bars) + 24
    unit = (right - left - longest) / max(max(bar.value.median, bar.value.high) for bar in card.bars)
    bar_height = max(row - NOTE * 1.5 - 14, 14)
    for i, bar in enumerate(card.bars):
        y = row * (i + 1) - bar_height / 2 - 8
        canvas.text(left, top + y - bar_height / 2 - 16, shortened(bar.label, NOTE, right - left), size=NOTE)
        axes.barh(y, bar.value.median * unit, height=bar_height, color=bar.style.colour, linewidth=0)
        if bar.value.n > 1:
            ends = [bar.value.low * unit, bar.value.high * unit]
            axes.plot(ends, [y, y], color=theme.ink, linewidth=3, solid_capstyle="butt")
        end = max(bar.value.median, bar.value.high) * unit
        canvas.text(left + end + 14, top + y, bar.text, size=max(NOTE, min(TEXT, bar_height + 4)), weight="bold")
    axes.axvline(0, color=theme.muted, linewidth=2)
    return top + row * len(card.bars)


def _ratio_strips(canvas: Canvas, ratios: Sequence[ComparisonResult], y: float) -> float:
    """Draw every ratio on its expected band, on one logarithmic axis; return the pixel below."""
    theme, left, right = canvas.theme, _SPLIT + _GAP, canvas.right
    top = y + 50
    canvas.text(left, y + 28, "Ratio, logarithmic; shaded: expected", size=NOTE, colour=theme.muted)
    bottom = top + _STRIP_ROW * len(ratios)
    axes = canvas.axes(left, top, right, bottom)
    axes.set_ylim(bottom - top, 0)
    axes.set_yticks([])
    _log_axis(axes, ratios)
    axes.tick_params(labelsize=NOTE - 2, labelcolor=theme.muted)
    axes.axvline(1, color=theme.muted, linewidth=2)
    for i, result in enumerate(ratios):
        draw_interval(axes, theme, result, y=_STRIP_ROW * (i + 0.5), height=_STRIP_ROW * 0.8)
    return bottom + _STRIP_AXIS


def _log_axis(axes: Axes, ratios: Sequence[ComparisonResult]) -> None:
    """Show one, every effect and every finite end, with room around them."""
    ends = [1.0]
    for result in ratios:
        found, wanted = result.estimate, result.comparison.expected
        ends += [found.effect or 1.0, found.low, found.high, wanted.low, wanted.high]
    known = [e for e in ends if 1e-4 < e < 1e5]  # noqa: PLR2004 - beyond it an arrow says enough
    low, high = min(known) / 1.6, max(known) * 1.6
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    axes.xaxis.set_major_locator(FixedLocator([t for t in _ticks(high / low) if low <= t <= high]))
    axes.xaxis.set_minor_locator(FixedLocator([]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:,g}x"))


def _ticks(reach: float) -> Sequence[float]:
    """Return round ratios, the denser the less the axis spans."""
    if reach < 4:  # noqa: PLR2004 - between a half and the double only such steps are left
        return (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 3.0)
    steps = (1, 2, 5) if reach < 50 else (1,)  # noqa: PLR2004 - two decades have room for halves
    return [m * 10.0**p for p in range(-4, 6) for m in steps]


def _structure_strip(canvas: Canvas, result: ComparisonResult, y: float) -> float:
    """Draw a value on its expected band, on an axis from zero; return the pixel below."""
    theme, left, right = canvas.theme, _SPLIT + _GAP, canvas.right
    asked, found = result.comparison, result.estimate
    canvas.text(left, y + 12, shortened(words.upper_first(asked.metric.label), NOTE, right - left), size=NOTE)
    canvas.text(left, y + 44, "shaded: expected", size=NOTE, colour=theme.muted)
    top, bottom = y + 66, y + 66 + _STRIP_ROW
    axes = canvas.axes(left, top, right - 20, bottom)
    axes.set_ylim(1, 0)
    axes.set_yticks([])
    known = [v for v in (found.high, found.effect or 0.0, asked.expected.low, asked.expected.high) if not isinf(v)]
    reach = max(known) * 1.15
    axes.set_xlim(0, reach)
    half = reach / 150  # a band of no width would not be seen
    draw_band(axes, theme, asked.expected.low - half, asked.expected.high + half, y=0.5, height=0.9)
    axes.axvline(0, color=theme.muted, linewidth=2)
    axes.plot([found.low, min(found.high, reach)], [0.5, 0.5], color=theme.ink, linewidth=4)
    axes.plot(found.effect or 0.0, 0.5, linestyle="none", **marker_look(theme, result.verdict, 20))
    axes.xaxis.set_major_locator(FixedLocator([0, max(known)]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: words.metric_value(asked.metric, v) if v else "0"))
    axes.tick_params(labelsize=NOTE - 2, labelcolor=theme.muted)
    return bottom + _STRIP_AXIS


def _counts(canvas: Canvas, counts: Sequence[tuple[Verdict, int]], y: float) -> float:
    """Write how many claims came out how, side by side; return the pixel below."""
    x = canvas.left
    for verdict, count in counts:
        ink, word = verdict_ink(canvas.theme, verdict), sentences.VERDICT_WORDS[verdict].lower()
        number = f"{sentences.VERDICT_SIGNS[verdict]} {count}"
        canvas.text(x, y, number, size=LARGE, weight="bold", colour=ink, va="top")
        canvas.text(x, y + LARGE * 1.2, word, size=TEXT, colour=ink, va="top")
        x += max(text_width(number, LARGE, "bold"), text_width(word, TEXT)) + 70
    return y + LARGE * 1.2 + TEXT * _LEADING


def _footer(canvas: Canvas, campaign: Campaign, command: str) -> None:
    theme = canvas.theme
    canvas.line((canvas.left, canvas.right), (792, 792), colour=theme.grid, width=2)
    room = canvas.right - canvas.left
    if campaign.is_smoke:
        canvas.text(canvas.right, 826, SMOKE_MARK, size=TEXT, weight="bold", colour=theme.warn, ha="right")
        room -= text_width(SMOKE_MARK, TEXT, "bold") + 40
    canvas.text(canvas.left, 826, shortened(command, TEXT, room, "bold"), size=TEXT, weight="bold")
    facts = f"campaign {campaign.name} · {machine(campaign)}"
    canvas.text(canvas.left, 868, shortened(facts, NOTE - 2, canvas.right - canvas.left), size=NOTE - 2)
    canvas.figure.texts[-1].set_color(theme.muted)
