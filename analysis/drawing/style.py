"""What every picture shares: two themes, sizes in pixels of a 1600x900 slide, and how texts are fitted.

Figures are made at 72 dots an inch, so a matplotlib point is a pixel and font sizes below are pixels. A picture is
drawn in the light theme; its dark SVG is the same text with the theme's colours exchanged, and the report's inline SVG
has CSS variables in their place. That works because no two tokens of the light theme share a colour.
"""

import re
from bisect import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.textpath import text_to_path

from analysis.wording.printable import printable

WIDTH, HEIGHT = 1600, 900
DPI = 72
MARGIN = 56
TITLE, SUBTITLE, BODY, SMALL = 36, 21, 20, 18
"""Font sizes in pixels; nothing is smaller than SMALL, so that the last row of a room can read it."""
LEADING = 1.5  # from one label to the next below it, in font sizes
LABELS_AT_MOST = 470  # the widest column of row labels; a longer label is shortened
_LONGEST = 800  # characters of a text that are looked at; a slide has room for half of them
TICKS_LEFT, TICKS_BELOW = 86, 46  # room for the tick labels beside and below a plot
RC: dict[Any, Any] = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same everywhere
    "svg.fonttype": "path",
    "svg.hashsalt": "handlerbench",
    "text.parse_math": False,
    "text.usetex": False,
    "axes.unicode_minus": True,
    "path.simplify": True,
    "figure.dpi": DPI,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """Named colours: `surface` behind, `ink` and `muted` for text, the rest for lines, bands and the matrix.

    `suffix` is what the theme's files have between name and ending.
    """

    suffix: str
    surface: str
    ink: str
    muted: str
    faint: str
    grid: str
    band: str
    warn: str
    ramp: tuple[str, str, str, str, str]
    on_ramp: tuple[str, str, str, str, str]

    def tokens(self) -> dict[str, str]:
        """Return every colour by the name of its CSS variable."""
        plain = {name: getattr(self, name) for name in ("surface", "ink", "muted", "faint", "grid", "band", "warn")}
        ramps = {f"ramp-{i}": colour for i, colour in enumerate(self.ramp)}
        return plain | ramps | {f"on-ramp-{i}": colour for i, colour in enumerate(self.on_ramp)}


LIGHT = Theme(
    suffix="",
    surface="#ffffff",
    ink="#16191d",
    muted="#50575f",
    faint="#adb5bd",
    grid="#e3e6ea",
    band="#d5dfea",
    warn="#b3261e",
    ramp=("#f1eef7", "#d6cfe8", "#ac9fd1", "#7763b0", "#452c8b"),
    on_ramp=("#16191e", "#16191f", "#161920", "#fffffe", "#fffffd"),
)
DARK = Theme(
    suffix=".dark",
    surface="#14171b",
    ink="#eef1f4",
    muted="#abb4be",
    faint="#5d6670",
    grid="#2a3037",
    band="#2c4056",
    warn="#ff8a80",
    ramp=("#211d2d", "#352c50", "#54468a", "#9384cf", "#cdc2f5"),
    on_ramp=("#eef1f5", "#eef1f6", "#eef1f7", "#14171c", "#14171d"),
)

THEMES = (LIGHT, DARK)


def recoloured(svg: str, colours: Mapping[str, str]) -> str:
    """Exchange the light theme's colours in an SVG for those of the same token in `colours`."""
    exchange = {light: colours[token] for token, light in LIGHT.tokens().items()}
    return re.sub(r"#[0-9a-f]{6}\b", lambda match: exchange.get(match[0], match[0]), svg)


def drawable(text: str) -> str:
    """Return a text as it can be drawn on a line: control characters written out, a box for what no font here has."""
    text = printable(text if len(text) <= _LONGEST else text[:_LONGEST] + "…").replace("\n", " ").replace("\t", " ")
    return text if text.isascii() else "".join(sign if ord(sign) in _glyphs() else "\ufffd" for sign in text)


@cache
def _glyphs() -> frozenset[int]:
    """Return the characters that both weights of the font have."""
    regular, bold = (FontProperties(family="DejaVu Sans", weight=weight) for weight in ("normal", "bold"))
    return frozenset(get_font(findfont(regular)).get_charmap()) & frozenset(get_font(findfont(bold)).get_charmap())


def text_width(text: str, size: float, weight: str = "normal") -> float:
    """Return how wide a text is, in pixels; the glyphs are not hinted, so that widths grow with the size."""
    return _width_in_hundredths(drawable(text), weight) * size / 100


@cache
def _width_in_hundredths(text: str, weight: str) -> float:
    """Return a text's width in hundredths of its font size."""
    font = FontProperties(family="DejaVu Sans", size=100, weight=weight)
    width, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return float(width)


def wrapped(text: str, size: float, width: float, weight: str = "normal") -> list[str]:
    """Break a text at its spaces into lines of at most `width` pixels."""
    lines: list[str] = []
    words = drawable(text).split(" ")
    while words:
        line = partial(_line, words)
        # how many words fit is searched for: to measure a line anew for each word costs more than to draw it
        fitting = bisect(range(2, len(words) + 1), width, key=lambda n: text_width(line(n), size, weight)) + 1
        lines.append(line(fitting))
        words = words[fitting:]
    return lines


def _line(words: Sequence[str], count: int) -> str:
    return " ".join(words[:count])


def shortened(text: str, size: float, width: float, weight: str = "normal") -> str:
    """Cut a text to at most `width` pixels, with an ellipsis where something is missing."""
    text = drawable(text)
    if text_width(text, size, weight) <= width:
        return text
    while text and text_width(text.rstrip() + "…", size, weight) > width:
        text = text[:-1]
    return text.rstrip() + "…"


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Move positions as little as needed to lie `gap` apart within [low, high]; the order is kept."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    gap = min(gap, (high - low) / max(len(wanted) - 1, 1))
    placed = [0.0] * len(wanted)
    least = low
    for i in order:
        placed[i] = max(wanted[i], least)
        least = placed[i] + gap
    most = high
    for i in reversed(order):
        placed[i] = min(placed[i], most)
        most = placed[i] - gap
    return placed
