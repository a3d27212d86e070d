"""How the commands print: whole lines without markup, and tables. Text from others does nothing to a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from analysis.wording.columns import wrapped
from analysis.wording.printable import printable

if TYPE_CHECKING:
    from rich.console import Console

_NO_WIDTH = 100_000


def say(console: Console, *lines: str, style: str = "") -> None:
    """Print lines as they are, however long: nothing in them is markup."""
    for line in lines:
        console.print(printable(line), markup=False, highlight=False, soft_wrap=True, style=style)


def say_prose(console: Console, text: str, *, indent: str = "", style: str = "") -> None:
    """Print a text: on a terminal broken between words, elsewhere in one line. It keeps an indent of its own."""
    own = " " * (len(text) - len(text.lstrip(" ")))
    say(console, *wrapped(printable(text), width_for(console), indent=indent + own), style=style)


def width_for(console: Console) -> int:
    """Return how wide a line of prose may be; files and pipes have no width."""
    return console.width if console.is_terminal else _NO_WIDTH


def show_table(
    console: Console, title: str, head: Sequence[str], rows: Iterable[Sequence[str]], styles: Iterable[str] = ()
) -> None:
    """Print a table of plain cells; `styles` are those of the rows, from the first on."""
    from rich.table import Table
    from rich.text import Text

    table, of_rows = Table(title=title, title_justify="left"), iter(styles)
    for name in head:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row), style=next(of_rows, ""))
    console.print(table)
