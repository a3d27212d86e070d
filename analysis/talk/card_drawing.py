"""Cards drawn: large type on a 1600x900 slide, readable in the last row of a room."""

from collections import Counter
from collections.abc import Sequence
from math import isinf

from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from analysis.drawing.axes import fixed_ticks, ratio_axis
from analysis.drawing.canvas import SMOKE_MARK, Canvas, blank
from analysis.drawing.interval import draw_band, draw_interval, ends_of, marker_look, verdict_ink
from analysis.drawing.marks import whisker
from analysis.drawing.style import HEIGHT, WIDTH, Theme, text_width, wrapped
from analysis.reading import sentences
from analysis.reading.campaign import Campaign
from analysis.reading.facts import machine
from analysis.stats.results import ComparisonResult, Verdict
from analysis.talk.cards import BigNumber, Card, title_lines
from analysis.wording import words

STATEMENT, HUGE, LARGE, TEXT, NOTE = 52.0, 132.0, 84.0, 32.0, 26.0
"""Font sizes of cards in pixels; only the campaign's name and the ticks are a little smaller than NOTE."""
_LEADING = 1.2
_MOST_STATEMENT_LINES = 3
_BOTTOM = HEIGHT - 136.0  # where the footer begins
_SPLIT = 630.0  # where the numbers end on the left
_CHART = _SPLIT + 50  # where the chart begins on the right
_BAR_ROW, _STRIP_ROW, _STRIP_AXIS = 132.0, 52.0, 40.0
_STRUCTURE = 66 + _STRIP_ROW + _STRIP_AXIS
_TIGHT = 200.0  # less room than this for a number takes two lines below it


def draw_claim(campaign: Campaign, card: Card, theme: Theme) -> Figure:
    canvas, claim = blank(theme), card.result.claim
    _badge(canvas, card)
    heading = f"{claim.id}  {claim.slug.replace('-', ' ')}"
    canvas.text(canvas.left, 58, heading, size=TEXT, weight="bold", room=1000)
    y = _paragraph(canvas, claim.statement, 112, size=STATEMENT, lines=_MOST_STATEMENT_LINES, weight="bold")
    canvas.text(canvas.left, y + 24, f"Source: {claim.source}", size=NOTE, colour=theme.muted)
    top = y + 68
    if card.numbers:
        room = (_BOTTOM - top) / len(card.numbers)
        for i, number in enumerate(card.numbers):
            _number(canvas, number, top + i * room, room)
        _chart(canvas, card, top)
    else:
        _words_instead(canvas, card, top)
    _footer(canvas, campaign, f"Reproduce:  {card.command}" if card.command else "")
    return canvas.figure


def draw_title(campaign: Campaign, theme: Theme) -> Figure:
    """Return the card that opens the deck: the tally, and where its numbers come from."""
    canvas = blank(theme)
    canvas.text(canvas.left, 70, "FastAPI handler styles under load", size=TEXT, colour=theme.muted)
    title = sentences.tally(campaign)
    y = _paragraph(canvas, title, 120, size=64, lines=_MOST_STATEMENT_LINES, weight="bold")
    y = _counts(canvas, campaign, y + 50) + 40
    for line in title_lines(campaign):
        y = _paragraph(canvas, line, y, size=NOTE + 2, lines=2, colour=theme.muted) + 12
    _footer(canvas, campaign, f"Run it:  {campaign.manifest.command or campaign.redraw_command}")
    return canvas.figure


def _paragraph(
    canvas: Canvas, text: str, y: float, *, size: float, lines: int, weight: str = "normal", colour: str | None = None
) -> float:
    """Write a text from `y` down, smaller if it needs more than `lines` lines; return the pixel below it."""
    while len(found := wrapped(text, size, canvas.width, weight)) > lines and size > NOTE:
        size -= 2
    for line in found:
        canvas.text(canvas.left, y, line, size=size, weight=weight, colour=colour, va="top")
        y += size * _LEADING
    return y


def _badge(canvas: Canvas, card: Card) -> None:
    """Write the verdict, sign and word, into a frame at the top right."""
    ink = verdict_ink(canvas.theme, card.result.verdict)
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


def _number(canvas: Canvas, number: BigNumber, y: float, room: float) -> None:
    theme, width = canvas.theme, _SPLIT - canvas.left
    is_tight = room < _TIGHT
    size = HUGE if room > 2 * HUGE else STATEMENT * (0.85 if is_tight else 1.4)
    while text_width(number.value, size, "bold") > width and size > NOTE:
        size -= 4
    canvas.text(canvas.left, y, number.value, size=size, weight="bold", va="top")
    y += size * 1.06
    of = [number.of] if is_tight else wrapped(number.of, NOTE, width)
    found, expected = (number.interval, theme.ink), (f"expected: {number.expected}", theme.muted)
    evidence = [(f"{number.interval}; {expected[0]}", theme.muted)] if is_tight else [found, expected]
    lines = [*((line, theme.ink) for line in of), *evidence]
    for line, colour in lines:
        canvas.text(canvas.left, y, line, size=NOTE, colour=colour, va="top", room=width)
        y += NOTE * 1.3


def _words_instead(canvas: Canvas, card: Card, top: float) -> None:
    """Say large why a claim has no numbers."""
    ink = verdict_ink(canvas.theme, card.result.verdict)
    canvas.text(canvas.left, top + 10, card.word, size=LARGE, weight="bold", colour=ink, va="top")
    _paragraph(canvas, words.upper_first(card.reason), top + 10 + LARGE * 1.5, size=TEXT + 6, lines=5)


def _chart(canvas: Canvas, card: Card, top: float) -> None:
    y = _bars(canvas, card, top) if card.bars else top
    y = _ratio_strips(canvas, card.ratios, y) if card.ratios else y
    for result in card.structures:
        if y + _STRUCTURE < _BOTTOM:  # its number is on the left in any case
            y = _structure_strip(canvas, result, y) + 30


def _bars(canvas: Canvas, card: Card, top: float) -> float:
    """Draw the compared values as bars from zero; return the pixel below them."""
    theme, left, room = canvas.theme, _CHART, canvas.right - _CHART
    canvas.text(left, top + 12, card.bars_heading, size=NOTE, colour=theme.muted, room=room)
    top += 36
    strips = _STRIP_ROW * len(card.ratios) + _STRIP_AXIS + 50
    row = min(_BAR_ROW, (_BOTTOM - top - strips) / len(card.bars))
    axes = canvas.pixel_axes(left, top, canvas.right, top + row * len(card.bars))
    longest = max(text_width(bar.text, TEXT, "bold") for bar in card.bars) + 24
    unit = (room - longest) / max(max(bar.value.median, bar.value.high) for bar in card.bars)
    height = max(row - NOTE * 1.5 - 14, 14)
    for i, bar in enumerate(card.bars):
        y = row * (i + 1) - height / 2 - 8
        canvas.text(left, top + y - height / 2 - 16, bar.label, size=NOTE, room=room)
        axes.barh(y, bar.value.median * unit, height=height, color=bar.style.colour, linewidth=0)
        whisker(axes, theme, bar.value, y, unit=unit, width=3)
        end = max(bar.value.median, bar.value.high) * unit
        canvas.text(left + end + 14, top + y, bar.text, size=max(NOTE, min(TEXT, height + 4)), weight="bold")
    axes.axvline(0, color=theme.muted, linewidth=2)
    return top + row * len(card.bars)


def _ratio_strips(canvas: Canvas, ratios: Sequence[ComparisonResult], y: float) -> float:
    """Draw every ratio on its expected band, on one logarithmic axis; return the pixel below."""
    canvas.text(_CHART, y + 28, "Ratio, logarithmic; shaded: expected", size=NOTE, colour=canvas.theme.muted)
    top, bottom = y + 50, y + 50 + _STRIP_ROW * len(ratios)
    axes = canvas.row_axes(_CHART, top, canvas.right, bottom)
    known = [e for e in ends_of(ratios) if 1e-4 < e < 1e5]  # noqa: PLR2004 - beyond it an arrow says enough
    low, high = min(known) / 1.6, max(known) * 1.6
    ratio_axis(axes, canvas.theme, (low, high), _ticks(high / low), 2)
    axes.tick_params(labelsize=NOTE - 2)
    for i, result in enumerate(ratios):
        draw_interval(axes, canvas.theme, result, y=_STRIP_ROW * (i + 0.5), height=_STRIP_ROW * 0.8)
    return bottom + _STRIP_AXIS


def _ticks(reach: float) -> Sequence[float]:
    """Return round ratios, the denser the less the axis spans."""
    if reach < 4:  # noqa: PLR2004 - between a half and the double only such steps are left
        return (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 3.0)
    steps = (1, 2, 5) if reach < 50 else (1,)  # noqa: PLR2004 - two decades have room for halves
    return [m * 10.0**p for p in range(-4, 6) for m in steps]


def _structure_strip(canvas: Canvas, result: ComparisonResult, y: float) -> float:
    """Draw a value on its expected band, on an axis from zero; return the pixel below."""
    theme, asked, found, middle = canvas.theme, result.comparison, result.estimate, _STRIP_ROW / 2
    label = words.upper_first(asked.metric.label)
    canvas.text(_CHART, y + 12, label, size=NOTE, room=canvas.right - _CHART)
    canvas.text(_CHART, y + 44, "shaded: expected", size=NOTE, colour=theme.muted)
    top, bottom = y + 66, y + 66 + _STRIP_ROW
    axes = canvas.row_axes(_CHART, top, canvas.right - 20, bottom)
    known = [v for v in (found.high, found.effect or 0.0, asked.expected.low, asked.expected.high) if not isinf(v)]
    reach = max(known) * 1.15
    axes.set_xlim(0, reach)
    half = reach / 150  # a band of no width would not be seen
    draw_band(axes, theme, asked.expected.low - half, asked.expected.high + half, y=middle, height=_STRIP_ROW * 0.9)
    axes.axvline(0, color=theme.muted, linewidth=2)
    axes.plot([found.low, min(found.high, reach)], [middle, middle], color=theme.ink, linewidth=4)
    axes.plot(found.effect or 0.0, middle, linestyle="none", **marker_look(theme, result.verdict, 20))
    fixed_ticks(axes.xaxis, [0, max(known)], lambda value: words.metric_value(asked.metric, value) if value else "0")
    axes.tick_params(labelsize=NOTE - 2)
    return bottom + _STRIP_AXIS


def _counts(canvas: Canvas, campaign: Campaign, y: float) -> float:
    """Write how many claims came out how, side by side; return the pixel below."""
    x, counts = canvas.left, Counter(result.verdict for result in campaign.results)
    for verdict in (verdict for verdict in Verdict if counts[verdict]):
        ink, word = verdict_ink(canvas.theme, verdict), sentences.VERDICT_WORDS[verdict].lower()
        number = f"{sentences.VERDICT_SIGNS[verdict]} {counts[verdict]}"
        canvas.text(x, y, number, size=LARGE, weight="bold", colour=ink, va="top")
        canvas.text(x, y + LARGE * 1.2, word, size=TEXT, colour=ink, va="top")
        x += max(text_width(number, LARGE, "bold"), text_width(word, TEXT)) + 70
    return y + LARGE * 1.2 + TEXT * _LEADING


def _footer(canvas: Canvas, campaign: Campaign, command: str) -> None:
    theme, room, y = canvas.theme, canvas.width, HEIGHT - 74
    canvas.rule(HEIGHT - 108, width=2)
    if campaign.is_smoke:
        canvas.text(canvas.right, y, SMOKE_MARK, size=TEXT, weight="bold", colour=theme.warn, ha="right")
        room -= text_width(SMOKE_MARK, TEXT, "bold") + 40
    canvas.text(canvas.left, y, command, size=TEXT, weight="bold", room=room)
    facts = f"campaign {campaign.name} · {machine(campaign)}"
    canvas.text(canvas.left, HEIGHT - 32, facts, size=NOTE - 2, colour=theme.muted, room=canvas.width)
