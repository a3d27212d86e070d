"""Texts that others wrote, made safe to show: nothing in them can move a cursor, reorder a line or break a file."""

import unicodedata
from typing import Any

_BREAKS = {"\n": " ", "\r": " ", "\t": " ", "\v": " ", "\f": " ", "\u2028": " ", "\u2029": " ", "\x85": " "}
_UNSAFE = {"Cc", "Cf", "Cs", "Co", "Cn"}
"""Control and format characters (which reorder text), halves of surrogate pairs, and what has no meaning yet."""


def plain(text: str) -> str:
    r"""Return the text on one line; a character that is a command to a terminal becomes visible, such as `\x1b`."""
    return "".join(_BREAKS.get(sign) or _visible(sign) for sign in text)


def _visible(sign: str) -> str:
    if unicodedata.category(sign) not in _UNSAFE:
        return sign
    code = ord(sign)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"  # noqa: PLR2004 - two hexadecimal digits hold it


def plain_everywhere(value: Any) -> Any:
    """Return JSON data with every text in it made plain, keys included."""
    match value:
        case str():
            return plain(value)
        case dict():
            return {plain(str(name)): plain_everywhere(item) for name, item in value.items()}
        case list() | tuple():
            return [plain_everywhere(item) for item in value]
        case _:
            return value
