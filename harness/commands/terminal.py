"""How the commands print: whole lines without markup, and tables. Text from others does nothing to a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from analysis.wording.printable import printable

if TYPE_CHECKING:
    from rich.console import Console


def say(console: Console, *lines: str, style: str = "") -> None:
    """Print lines as they are, however long: nothing in them is markup."""
    for line in lines:
        console.print(printable(line), markup=False, highlight=False, soft_wrap=True, style=style)


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
