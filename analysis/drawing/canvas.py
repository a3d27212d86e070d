"""The slide: title, subtitle and footer around an empty body, and drawing by pixels from the top left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.drawing.style import BODY, DPI, HEIGHT, MARGIN, SMALL, SUBTITLE, TITLE, WIDTH, shortened, wrapped

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from matplotlib.axes import Axes
    from matplotlib.text import Text

    from analysis.drawing.style import Theme

SMOKE_MARK = "SMOKE RUN: NOT EVIDENCE"
_MOST_TITLE_LINES = 2
_TITLE_LEADING, _SUBTITLE_LEADING = 1.22, 1.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Canvas:
    """A figure whose body spans [left, right] x [top, bottom] in pixels from the top left corner."""

    figure: Figure
    theme: Theme
    top: float
    bottom: float
    left: float = MARGIN
    right: float = WIDTH - MARGIN

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: float = BODY,
        colour: str | None = None,
        weight: str = "normal",
        ha: str = "left",
        va: str = "center",
    ) -> Text:
        """Write at a pixel of the slide; `y` is where the text's middle lies unless `va` says otherwise."""
        return self.figure.text(
            x / WIDTH,
            1 - y / HEIGHT,
            words,
            fontsize=size,
            color=colour or self.theme.ink,
            fontweight=weight,
            ha=ha,
            va=va,
        )

    def line(self, x: tuple[float, float], y: tuple[float, float], *, colour: str, width: float = 1.0) -> None:
        """Draw a straight line between two pixels."""
        ends = [v / WIDTH for v in x], [1 - v / HEIGHT for v in y]
        self.figure.add_artist(Line2D(*ends, color=colour, linewidth=width, solid_capstyle="butt"))

    def marker(self, x: float, y: float, **look: Any) -> None:
        """Draw one marker at a pixel; `look` is what matplotlib's Line2D takes."""
        self.figure.add_artist(Line2D([x / WIDTH], [1 - y / HEIGHT], linestyle="none", **look))

    def axes(self, left: float, top: float, right: float, bottom: float) -> Axes:
        """Return axes that fill a rectangle of pixels: no frame, hairline grid behind, muted tick labels."""
        axes = self.figure.add_axes(
            (left / WIDTH, 1 - bottom / HEIGHT, (right - left) / WIDTH, (bottom - top) / HEIGHT),
            facecolor="none",
        )
        for spine in axes.spines.values():
            spine.set_visible(False)
        axes.tick_params(length=0, labelsize=SMALL, labelcolor=self.theme.muted, pad=8)
        axes.tick_params(which="minor", length=0, labelsize=0, labelbottom=False, labelleft=False)
        axes.set_axisbelow(True)
        return axes

    def pixel_axes(self, left: float, top: float, right: float, bottom: float) -> Axes:
        """Return bare axes whose data coordinates are pixels from their own top left corner."""
        axes = self.axes(left, top, right, bottom)
        axes.set_xlim(0, right - left)
        axes.set_ylim(bottom - top, 0)
        axes.set_xticks([])
        axes.set_yticks([])
        return axes


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


def slide(picture: Picture, theme: Theme, *, footer: str, is_smoke: bool) -> Figure:
    """Return a picture drawn on a slide of its own."""
    figure = Figure(figsize=(WIDTH / DPI, HEIGHT / DPI), dpi=DPI, facecolor=theme.surface)
    top = _header(figure, theme, picture, is_smoke=is_smoke)
    canvas = Canvas(figure=figure, theme=theme, top=top + 22, bottom=HEIGHT - 76)
    picture.draw(canvas)
    _footer(canvas, footer, is_smoke=is_smoke)
    return figure


def _header(figure: Figure, theme: Theme, picture: Picture, *, is_smoke: bool) -> float:
    """Write title and subtitle; return the pixel below them."""
    canvas = Canvas(figure=figure, theme=theme, top=0, bottom=HEIGHT)
    room = canvas.right - canvas.left
    size = TITLE
    while len(lines := wrapped(picture.title, size, room, "bold")) > _MOST_TITLE_LINES and size > BODY:
        size -= 2
    y = 40.0
    for line in lines:
        canvas.text(canvas.left, y, line, size=size, weight="bold", va="top")
        y += size * _TITLE_LEADING
    y += 8
    if is_smoke:
        canvas.text(canvas.left, y, SMOKE_MARK, size=SUBTITLE, colour=theme.warn, weight="bold", va="top")
        y += SUBTITLE * _SUBTITLE_LEADING
    for line in wrapped(" ".join(_glued(picture.facts)), SUBTITLE, room):
        canvas.text(canvas.left, y, line, size=SUBTITLE, colour=theme.muted, va="top")
        y += SUBTITLE * _SUBTITLE_LEADING
    return y


def _glued(facts: Sequence[str]) -> list[str]:
    """Return the facts with dots between them that never begin a line."""
    return [f"{fact}\u00a0·" for fact in facts[:-1]] + list(facts[-1:])


def _footer(canvas: Canvas, footer: str, *, is_smoke: bool) -> None:
    theme, y = canvas.theme, HEIGHT - 26
    canvas.line((canvas.left, canvas.right), (HEIGHT - 50, HEIGHT - 50), colour=theme.grid)
    room = canvas.right - canvas.left
    if is_smoke:
        mark = canvas.text(canvas.right, y, SMOKE_MARK, size=SMALL, colour=theme.warn, weight="bold", ha="right")
        room -= len(mark.get_text()) * SMALL
    canvas.text(canvas.left, y, shortened(footer, SMALL, room), size=SMALL, colour=theme.muted)
