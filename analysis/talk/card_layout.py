"""A card laid out before it is drawn: which lines in which size, how high each row is, how high the card."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from analysis.drawing.style import HEIGHT, MARGIN, WIDTH, text_width
from analysis.talk.cards import Card, CardBar, CardRow
from analysis.talk.stage import FOOTER_HEIGHT, HEADING_HEIGHT, LEADING, LEAST, lines_of

WORDS_RIGHT = 610.0  # where the words of a row end
CHART_LEFT = 660.0  # where its bars begin, names included
SWATCH = 40.0  # the square that says what is shaded
_WORDS, _CHART, _BODY = WORDS_RIGHT - MARGIN, WIDTH - MARGIN - CHART_LEFT, WIDTH - 2 * MARGIN
_NAMES_AT_MOST = 400.0
_BETWEEN_BARS, _BELOW_HEADING = 14.0, 12.0
_BELOW_STATEMENT = 34.0
_LEAST_STATEMENT = 0.82  # of its size, to stand on two lines


@dataclass(frozen=True, slots=True)
class Look:
    """How large a card's type and bars are, in pixels; a statement of more than `lines` gets smaller type first."""

    statement: float
    said: float
    bar: float
    gap: float
    text: float = LEAST
    lines: int = 2


ROOMY = Look(66, 112, 150, 44, text=32, lines=3)
"""For a card that has a whole slide."""
LOOKS = (
    Look(56, 104, 104, 48, text=30),
    Look(52, 84, 90, 44),
    Look(48, 72, 76, 40),
    Look(46, 60, 66, 34),
    Look(44, 52, 58, 28),
    Look(44, 46, 46, 22),
    Look(40, 40, 40, 18),
    Look(36, 36, 36, 14),
    Look(32, 32, 32, 10),
)
"""From roomy to tight: a card gets the first with which it is no higher than a slide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of text in its size; `is_strong`: bold, `is_expected`: with the square of what is shaded before it."""

    text: str
    size: float
    is_strong: bool = False
    is_expected: bool = False
    is_muted: bool = False
    below: float = 0.0

    @property
    def height(self) -> float:
        """How high it is, without the room `below` it."""
        return self.size * (1.1 if self.is_strong else 1.3)


@dataclass(frozen=True, slots=True, kw_only=True)
class BarNames:
    """What stands left of a bar: its name, and its details on the same line or on a second one."""

    lines: tuple[str, ...]

    @property
    def height(self) -> float:
        return LEAST * LEADING * len(self.lines)

    @property
    def width(self) -> float:
        return max(text_width(line, LEAST) for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowLayout:
    """A row's words, and its bars with their heading; `room` is what it is higher than it needs."""

    row: CardRow
    words: tuple[Line, ...]
    heading: tuple[str, ...]
    names: tuple[BarNames, ...]
    names_width: float
    bar: float
    room: float = 0.0

    @property
    def bar_row(self) -> float:
        """How high one bar is, with its names and the gap below it."""
        return max(self.bar, *(names.height for names in self.names)) + _BETWEEN_BARS if self.names else 0.0

    @property
    def words_height(self) -> float:
        return sum(line.height + line.below for line in self.words)

    @property
    def heading_height(self) -> float:
        return LEAST * LEADING * len(self.heading) + _BELOW_HEADING

    @property
    def chart_height(self) -> float:
        return self.heading_height + self.bar_row * len(self.names)

    @property
    def height(self) -> float:
        return max(self.words_height, self.chart_height) + self.room

    def widened(self, room: float) -> "RowLayout":
        """Return the row with more room, of which its bars take a part."""
        grown = min(self.bar * 1.5, self.bar + 0.7 * room / max(len(self.names), 1))
        wider = replace(self, bar=grown)
        return replace(wider, room=max(0.0, self.height + room - wider.height))


@dataclass(frozen=True, slots=True, kw_only=True)
class CardLayout:
    """A card, ready to be drawn."""

    statement: tuple[str, ...]
    statement_size: float
    rows: tuple[RowLayout, ...]
    gap: float

    @property
    def top(self) -> float:
        """Where the rows begin."""
        return HEADING_HEIGHT + len(self.statement) * self.statement_size * LEADING + _BELOW_STATEMENT

    @property
    def height(self) -> int:
        rows = sum(row.height for row in self.rows) + self.gap * len(self.rows)
        return min(HEIGHT, round(self.top + rows + FOOTER_HEIGHT))


def lay_out(card: Card, *, fills_slide: bool = False) -> CardLayout:
    """Return the roomiest layout that is no higher than a slide, or the tightest there is.

    `fills_slide`: it is as high as a slide, and what room is left is shared among the rows.
    """
    looks = (ROOMY, *LOOKS) if fills_slide else LOOKS
    layouts = (_with_look(card, look) for look in looks)
    found = next((layout for layout in layouts if layout.height < HEIGHT), None) or _with_look(card, LOOKS[-1])
    return _filled(found) if fills_slide else found


def _filled(layout: CardLayout) -> CardLayout:
    room = (HEIGHT - layout.height) / len(layout.rows)
    return replace(layout, rows=tuple(row.widened(room) for row in layout.rows))


def _with_look(card: Card, look: Look) -> CardLayout:
    lines, size = _statement(card.result.claim.statement, look)
    rows = tuple(_row(row, look, previous) for row, previous in zip(card.rows, (None, *card.rows), strict=False))
    names_width = max(row.names_width for row in rows)  # all bars of a card begin at one line
    rows = tuple(replace(row, names_width=names_width) for row in rows)
    return CardLayout(statement=tuple(lines), statement_size=size, rows=rows, gap=look.gap)


def _statement(text: str, look: Look) -> tuple[list[str], float]:
    """Return a statement on as many lines as wanted, or on one more if they would need type that is much smaller."""
    lines, size = lines_of(text, look.statement, _BODY, most=look.lines, weight="bold")
    if len(lines) <= look.lines and size >= look.statement * _LEAST_STATEMENT:
        return lines, size
    return lines_of(text, look.statement, _BODY, most=look.lines + 1, weight="bold")


def _heading(text: str) -> list[str]:
    """Return a metric and its load on one line, or each on its own."""
    parts = [text] if text_width(text, LEAST) <= _CHART else text.split(" · ")
    return [line for part in parts for line in lines_of(part, LEAST, _CHART, most=3)[0]]


def _row(row: CardRow, look: Look, previous: CardRow | None) -> RowLayout:
    is_said_already = previous is not None and previous.heading == row.heading
    heading = [] if is_said_already else _heading(row.heading)
    names = _names(row.bars)
    return RowLayout(
        row=row,
        words=tuple(_words(row, look)),
        heading=tuple(heading),
        names=names,
        names_width=max((each.width for each in names), default=0.0),
        bar=look.bar,
    )


def _words(row: CardRow, look: Look) -> Sequence[Line]:
    said, size = lines_of(row.said, look.said, _WORDS, most=2, weight="bold")
    lines = [Line(text=text, size=size, is_strong=True, below=size / 8 if text is said[-1] else 0) for text in said]
    for text in filter(None, (row.compared_with, row.interval)):
        found, size = lines_of(text, look.text, _WORDS, most=1)
        lines += [Line(text=line, size=size) for line in found]
    expected, size = lines_of(row.expected, look.text, _WORDS - SWATCH, most=1)
    return [*lines, *(Line(text=line, size=size, is_expected=n == 0, is_muted=True) for n, line in enumerate(expected))]


def _names(bars: Sequence[CardBar]) -> tuple[BarNames, ...]:
    """Return what stands left of the bars: on one line each, or the details of all below their names."""
    whole = [f"{bar.name} · {bar.details}" if bar.details else bar.name for bar in bars]
    if all(text_width(text, LEAST) <= _NAMES_AT_MOST for text in whole):
        return tuple(BarNames(lines=(text,)) for text in whole)
    return tuple(BarNames(lines=(bar.name, *_details(bar))) for bar in bars)


def _details(bar: CardBar) -> list[str]:
    return lines_of(bar.details, LEAST, _NAMES_AT_MOST, most=2)[0] if bar.details else []
