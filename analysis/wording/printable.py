r"""Text from others as text: what a terminal would obey, or a reader could not see, is written out instead.

A manifest, a trial's failure or a log may hold escape sequences, NULs, signs that turn the direction of writing round.
Shown as `\x1b` and `\u202e` they do nothing and are seen.
"""

import re

_OBEYED = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters but for tab and newline
    r"\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # invisible, or they turn the direction round
    r"\ud800-\udfff\U000e0000-\U000e007f]"  # halves of characters; tags
)


def printable(text: str) -> str:
    """Return a text with control characters written out; lines and tabs stay."""
    return _OBEYED.sub(_written_out, text)


def _written_out(found: re.Match[str]) -> str:
    number = ord(found[0])
    return f"\\x{number:02x}" if number <= 0xFF else f"\\u{number:04x}"  # noqa: PLR2004 - two digits are enough


def one_line(text: str) -> str:
    """Return a text on one line, its control characters written out."""
    return re.sub(r"[ \t\n]+", " ", printable(text)).strip()
