"""What cards and timelines share: sizes for the last row of a room, the verdict's frame, paragraphs and the footer."""

import re
from collections.abc import Sequence
from typing import Any

from matplotlib.patches import FancyBboxPatch

from analysis.drawing.canvas import SMOKE_MARK, Canvas
from analysis.drawing.style import WIDTH, text_width, wrapped
from analysis.reading.campaign import Campaign
from analysis.reading.facts import machine

LEAST = 28.0
"""The smallest type on a slide of 1600x900 pixels; only the footer has a smaller one."""
FOOTER_LEAST = 18.0
LEADING = 1.2  # from one line of a paragraph to the next, in font sizes
FOOTER_HEIGHT = 76.0
HEADING_Y = 58.0
HEADING_HEIGHT = 104.0
_FOOTER, _GAP, _PADDING = 26.0, 40.0, 24.0


def quiet(canvas: Canvas) -> dict[str, Any]:
    """Return the look of units and explanations, as a canvas writes it."""
    return {"size": LEAST, "colour": canvas.theme.muted}


def lines_of(text: str, size: float, width: float, *, most: int, weight: str = "normal") -> tuple[list[str], float]:
    """Break a text into at most `most` lines, in smaller type if it needs more; return the lines and their size."""
    text = re.sub(r"(?<=\d) (?=%)|(?<=\bn) (?==)|(?<==) (?=\d)", "\u00a0", text)  # what no line ends between
    while size > LEAST and not _fits(wrapped(text, size, width, weight), size, width, most, weight):
        size -= 2
    found = wrapped(text, size, width, weight)
    return _balanced(text, size, width, weight, len(found)), size


def _fits(found: Sequence[str], size: float, width: float, most: int, weight: str) -> bool:
    return len(found) <= most and max(text_width(line, size, weight) for line in found) <= width


def _balanced(text: str, size: float, width: float, weight: str, count: int) -> list[str]:
    """Break a text into as many lines of about equal length, so that no word stands alone on the last."""
    narrow = next(
        part
        for part in range(40, 101, 5)
        if _fits(wrapped(text, size, width * part / 100, weight), size, width, count, weight) or part == 100  # noqa: PLR2004 - the whole width
    )
    return wrapped(text, size, width * narrow / 100, weight)


def paragraph(
    canvas: Canvas, text: str, y: float, *, size: float, lines: int, weight: str = "normal", colour: str | None = None
) -> float:
    """Write a text from `y` down in at most so many lines; return the pixel below it."""
    found, size = lines_of(text, size, canvas.width, most=lines, weight=weight)
    for line in found:
        canvas.text(canvas.left, y, line, size=size, weight=weight, colour=colour, va="top")
        y += size * LEADING
    return y


def heading(canvas: Canvas, text: str, *, is_smoke: bool, badge: str = "", ink: str | None = None) -> None:
    """Write the line above the title: what the slide is about at the left, a verdict's frame at the right."""
    theme, room = canvas.theme, canvas.width
    if badge:
        room -= _badge(canvas, badge, ink or theme.ink) + _GAP
    if is_smoke:
        text = f"{text.split(' · ', maxsplit=1)[0]} · {SMOKE_MARK}"
    found, size = lines_of(text, LEAST + 2, room, most=2)
    for number, line in enumerate(found):
        y = HEADING_Y + (number - (len(found) - 1) / 2) * size * LEADING
        colour, weight = (theme.warn, "bold") if is_smoke else (theme.muted, "normal")
        canvas.text(canvas.left, y, line, size=size, colour=colour, weight=weight)


def _badge(canvas: Canvas, word: str, ink: str) -> float:
    """Write a word into a frame at the top right; return how wide it is."""
    size, height = LEAST + 4, canvas.height
    width = text_width(word, size, "bold") + 2 * _PADDING
    frame = FancyBboxPatch(
        ((canvas.right - width) / WIDTH, 1 - (HEADING_Y + 30) / height),
        width / WIDTH,
        60 / height,
        boxstyle="round,pad=0,rounding_size=0.012",
        mutation_aspect=WIDTH / height,
        edgecolor=ink,
        facecolor="none",
        linewidth=4,
        transform=canvas.figure.transFigure,
    )
    canvas.figure.add_artist(frame)
    canvas.text(canvas.right - width / 2, HEADING_Y, word, size=size, weight="bold", colour=ink, ha="center")
    return width


def footer(canvas: Canvas, campaign: Campaign, command: str) -> None:
    """Write on one line what measures it again, and where the numbers come from; smaller type for long names."""
    facts = f"{campaign.name} · {machine(campaign)}"
    canvas.rule(canvas.height - FOOTER_HEIGHT + 8, width=2)
    y, size = canvas.height - FOOTER_HEIGHT / 2 + 4, _FOOTER
    while _widths(command, facts, size) > canvas.width and size > FOOTER_LEAST:
        size -= 1
    canvas.text(canvas.left, y, command, size=size, weight="bold", room=canvas.width)
    room = canvas.width - text_width(command, size, "bold") - _GAP
    canvas.text(canvas.right, y, facts, size=size - 2, colour=canvas.theme.muted, ha="right", room=room)


def _widths(command: str, facts: str, size: float) -> float:
    return text_width(command, size, "bold") + _GAP + text_width(facts, size - 2)
