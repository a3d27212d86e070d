"""What of a page of Markdown is prose, sentence by sentence: no code, no addresses, nothing that is folded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST = 25  # words

_NO_PROSE = re.compile(
    r"""
      ^```.*?^```          # code between fences
    | ^\ {4}.*?$           # code that is indented
    | <details.*?</details>
    | <!--.*?-->
    | ^\|[-|\s]+\|$        # the line below a table's head
    """,
    re.MULTILINE | re.DOTALL | re.VERBOSE,
)
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_CODE = re.compile(r"`[^`]*`")
_BLOCK = re.compile(r"\n\s*\n|\n(?=[-#|])|(?<!\\)\|")
_MARK = re.compile(r"^\s*(?:-|\d+\.|#+)\s")


def sentences(text: str) -> Iterator[str]:
    """Yield the sentences of a page's paragraphs, headings, list items and cells of tables. Code counts as one word.

    A colon or a semicolon ends none: what stands around it is one sentence to a reader.
    """
    plain = _CODE.sub("code", _LINK.sub(r"\1", _NO_PROSE.sub("\n\n", text)))
    for block in _BLOCK.split(plain):
        for sentence in re.split(r"(?<=[.!?])\**\s+", " ".join(_MARK.sub("", block).split())):
            if re.search(r"\w", sentence):
                yield sentence


def too_long(text: str) -> list[str]:
    """Return the sentences of a page with more words than a reader takes in at once."""
    return [sentence for sentence in sentences(text) if len(words(sentence)) > LONGEST]


def words(sentence: str) -> list[str]:
    """Return the words of a sentence; a dash or a sign is none."""
    return [word for word in sentence.split() if re.search(r"\w", word)]
