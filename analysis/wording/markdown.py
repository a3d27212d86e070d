"""Markdown for pull requests: tables whose cells cannot break them."""

from collections.abc import Iterable, Sequence


def cell(text: str) -> str:
    """Keep a text from ending its cell or starting markup."""
    for sign in "\\|*_<`[":
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.split())


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; cells are escaped here."""
    lines = [head, *rows]
    text = ["| " + " | ".join(cell(c) for c in line) + " |" for line in lines]
    return "\n".join([text[0], "|" + "---|" * len(head), *text[1:]]) + "\n"
