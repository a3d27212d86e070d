"""Horizontal bars from zero, in sections: shared by the charts of goodput, cost and the demo."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes

from analysis.drawing.axes import round_ticks
from analysis.drawing.canvas import Canvas
from analysis.drawing.marks import segment, whisker
from analysis.drawing.style import BODY, LABELS_AT_MOST, SMALL, TICKS_BELOW, shortened, text_width
from analysis.reading.summary import Summary
from bench_app.styles import Style

MOST_ROWS = 13
_ROW, _HEADING_SHARE, _BAR_SHARE = 124.0, 0.75, 0.6
_KEY = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One row: its label, and a value or the reason why there is none."""

    label: str
    style: Style
    value: Summary | None
    text: str
    ceiling: float | None = None
    is_hatched: bool = False  # the A/A copy: the same colour, told apart by its texture
    range_text: str = ""  # the range of the rounds in words, where there are several

    @property
    def told(self) -> str:
        """What a reader is told who points at the bar."""
        return f"{self.text} ({self.range_text})" if self.range_text else self.text


def draw_bars(
    canvas: Canvas,
    *,
    sections: Mapping[str, Sequence[Bar]],
    unit: str,
    written: Callable[[float], str],
    ceiling_label: str = "theory's ceiling",
) -> None:
    """Draw bars on one axis into a slide's body, by heading where there are several; `written` writes its ticks."""
    bars = [bar for section in sections.values() for bar in section]
    headings = list(sections) if len(sections) > 1 else []
    widths = [text_width(h, SMALL, "bold") for h in headings] + [text_width(bar.label, BODY) for bar in bars]
    left = canvas.left + min(max(widths), LABELS_AT_MOST) + 16
    has_ceiling = any(bar.ceiling is not None for bar in bars)
    top = canvas.top + (_KEY if has_ceiling else 0)
    rows = len(bars) + _HEADING_SHARE * len(headings)
    row = min(_ROW, (canvas.bottom - TICKS_BELOW - top) / rows)
    axes = canvas.row_axes(left, top, canvas.right, top + row * rows, grid="x")
    scale = _scale(axes, bars, width=canvas.right - left)
    _axis(axes, canvas, unit, written)
    y = 0.0
    for heading, section in sections.items():
        if headings:
            canvas.text(canvas.left, top + y + row * _HEADING_SHARE * 0.6, heading, weight="bold", size=SMALL)
            y += row * _HEADING_SHARE
        for bar in section:
            colour = canvas.theme.ink if bar.value else canvas.theme.muted
            room = left - 14 - canvas.left
            canvas.text(left - 14, top + y + row / 2, bar.label, ha="right", colour=colour, room=room)
            _bar(axes, canvas, bar, y=y + row / 2, row=row, scale=scale)
            if bar.value:
                name = f"{bar.label}, {heading}" if headings else bar.label
                canvas.spot(axes, bar.value.median, y + row / 2, of=name, text=bar.told)
            y += row
    if has_ceiling:  # the black tick, explained once above the bars
        y = canvas.top + _KEY * 0.3
        canvas.line((left + 3, left + 3), (y - 11, y + 11), colour=canvas.theme.ink, width=4)
        canvas.note(left + 14, y, ceiling_label)


def _axis(axes: Axes, canvas: Canvas, unit: str, written: Callable[[float], str]) -> None:
    round_ticks(axes.xaxis, written)
    colour = canvas.theme.muted
    axes.axvline(0, color=colour, linewidth=1.5)
    below: dict[str, Any] = {"xytext": (0, -9), "textcoords": "offset pixels", "ha": "right", "va": "top"}
    axes.annotate(unit, (1, 0), xycoords="axes fraction", fontsize=SMALL, color=colour, **below)


def _scale(axes: Axes, bars: Sequence[Bar], *, width: float) -> float:
    """Give the axes the range in which bars, ceilings and the numbers beside them fit; return pixels a unit."""
    reach = [(max(b.value.high, b.ceiling or 0.0), text_width(b.text, BODY) + 26) for b in bars if b.value is not None]
    unit = min((width - room) / value for value, room in reach if value > 0)
    axes.set_xlim(0, width / unit)
    return unit


def _bar(axes: Axes, canvas: Canvas, bar: Bar, *, y: float, row: float, scale: float) -> None:
    theme, value, height = canvas.theme, bar.value, row * _BAR_SHARE
    if value is None:
        room = axes.get_xlim()[1] * scale - 20
        _beside(axes, 0, y, shortened(bar.text, SMALL, room), size=SMALL, color=theme.muted)
        return
    axes.barh(
        y,
        value.median,
        height=height,
        color=bar.style.colour,
        hatch="//" if bar.is_hatched else None,
        edgecolor=theme.surface,
        linewidth=0,
    )
    whisker(axes, theme, value, y)
    end = max(value.median, value.high if value.n > 1 else 0)
    if bar.ceiling is not None:
        tick = height / 2 + 5
        segment(axes, (bar.ceiling, bar.ceiling), (y - tick, y + tick), theme.ink, 4)
        end = _clear_of_tick(end, bar, scale)
    _beside(axes, end, y, bar.text, size=BODY, color=theme.ink)


def _beside(axes: Axes, x: float, y: float, text: str, **look: Any) -> None:
    axes.annotate(text, (x, y), xytext=(12, 0), textcoords="offset pixels", va="center", **look)


def _clear_of_tick(end: float, bar: Bar, scale: float) -> float:
    """Return where the number starts so that the ceiling's tick does not run through it."""
    tick = bar.ceiling or 0.0
    reach = end + (text_width(bar.text, BODY) + 26) / scale
    return tick if end - 4 / scale <= tick <= reach else end
