"""Markdown in which text from others stays text: tables whose cells cannot break them, links, code.

What is `Markdown` already is not escaped again; everything else is escaped by the function of its place.
"""

import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from analysis.wording.printable import one_line

_MARKUP = re.compile(r"[\\|*_<`\[~$]|&(?=#?\w+;)|(?<=[A-Za-z]):(?=//)|(?<=\bwww)\.")
_MENTION = re.compile(r"(?<!\w)@(?=\w)")  # in a pull request it would call somebody; sleep.def@closed-80 would not
_BEGINS_A_BLOCK = re.compile(r"^([#>+=-]|\d+(?=[.)]))")


class Markdown(str):
    """Text that is Markdown already."""

    __slots__ = ()


def cell(text: str) -> Markdown:
    """Keep a text from ending its cell or starting markup; an address in it is no link, and a name calls nobody."""
    escaped = _MARKUP.sub(lambda found: f"\\{found[0]}", " ".join(one_line(text).split()))
    return Markdown(_MENTION.sub("@\N{ZERO WIDTH SPACE}", escaped))


def line(text: str) -> Markdown:
    """Keep a text from starting markup where a line, or what stands in a list, may begin with it."""
    return Markdown(_BEGINS_A_BLOCK.sub(_not_a_block, cell(text)))


def _not_a_block(found: re.Match[str]) -> str:
    return f"{found[0]}\\" if found[0].isdigit() else f"\\{found[0]}"


def code(text: str) -> Markdown:
    """Return a text as code in a line: between more backticks than it has in a row."""
    shown = one_line(text) or " "
    fence = "`" * (max(map(len, re.findall("`+", shown)), default=0) + 1)
    pad = " " if "`" in (shown[0], shown[-1]) else ""
    return Markdown(f"{fence}{pad}{shown}{pad}{fence}")


def link(text: str, target: str) -> Markdown:
    """Return a link to a file; its path is quoted, so that it can neither end the link nor name another scheme."""
    return Markdown(f"[{cell(text).replace(']', chr(92) + ']')}]({quote(one_line(target), safe='/')})")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Markdown:
    """Return a table; cells are escaped here."""
    lines = [head, *rows]
    text = ["| " + " | ".join(c if isinstance(c, Markdown) else cell(c) for c in one) + " |" for one in lines]
    return Markdown("\n".join([text[0], "|" + "---|" * len(head), *text[1:]]) + "\n")
