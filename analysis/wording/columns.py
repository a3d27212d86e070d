"""Text in columns of a terminal: how wide it is, cut or broken to fit, and tables of it."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence


def width_of(text: str) -> int:
    """Return how many columns a text takes: a Chinese character two, a combining accent none."""
    return sum(_columns(sign) for sign in text)


def _columns(sign: str) -> int:
    if unicodedata.combining(sign):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1


def cut(text: str, width: int) -> str:
    """Cut a text to at most `width` columns; an ellipsis says that something is missing."""
    if width_of(text) <= width:
        return text
    kept, _ = _split(text, width - 1)
    return kept.rstrip() + "…"


def padded(text: str, width: int, *, right: bool = False) -> str:
    """Fill a text with spaces to `width` columns, in front of it if it stands at the right."""
    spaces = " " * max(0, width - width_of(text))
    return spaces + text if right else text + spaces


def wrapped(text: str, width: int, *, indent: str = "", first: str | None = None) -> list[str]:
    """Break a text into lines of at most `width` columns; a word that is longer is broken as well.

    Every line begins with `indent`, the first one with `first` if that is given.
    """
    lines: list[str] = []
    line, start = "", indent if first is None else first
    for word in _words(text, max(width - width_of(indent), 1)):
        longer = f"{line} {word}" if line else word
        if line and width_of(start + longer) > width:
            lines.append(start + line)
            line, start = word, indent
        else:
            line = longer
    return [*lines, start + line]


def _words(text: str, width: int) -> Iterator[str]:
    for word in text.split():
        rest = word
        while rest:
            part, rest = _split(rest, width)
            yield part


def _split(text: str, width: int) -> tuple[str, str]:
    """Return the first `width` columns of a text (one sign at least) and the rest."""
    taken = 0
    for index, sign in enumerate(text):
        taken += _columns(sign)
        if taken > width and index:
            return text[:index], text[index:]
    return text, ""


def table(head: Sequence[str], rows: Iterable[Sequence[str]], width: int) -> list[str]:
    """Return a table's lines; the first column gives way where the others need the room, the others stand right."""
    lines = [tuple(head), *(tuple(row) for row in rows)]
    widths = [max(width_of(line[i]) for line in lines) for i in range(len(head))]
    room = width - sum(widths[1:]) - 2 * (len(head) - 1)
    widths[0] = max(1, min(widths[0], room))
    return ["  ".join(_cells(line, widths)).rstrip() for line in lines]


def _cells(line: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    for index, (text, width) in enumerate(zip(line, widths, strict=True)):
        yield padded(cut(text, width), width, right=index > 0)
