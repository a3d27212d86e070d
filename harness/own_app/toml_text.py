"""Writes the few kinds of values that a handlerbench.toml has (pure); the standard library only reads TOML."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def keys(entries: Iterable[tuple[str, Any]]) -> Iterator[str]:
    """Yield a line `key = value` for each entry."""
    for name, value in entries:
        yield f"{key(name)} = {value_text(value)}"


def key(name: str) -> str:
    return name if _BARE.fullmatch(name) else value_text(name)


def value_text(value: Any) -> str:
    """Return a text, a number, a truth value or a mapping of them as TOML. Raises TypeError for anything else."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str):
        # JSON's escapes are TOML's as well; a DEL is the one sign that only TOML wants escaped
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Mapping):
        inside = ", ".join(keys(value.items()))
        return f"{{ {inside} }}" if inside else "{}"
    raise TypeError(f"{value!r} is no value of a handlerbench.toml")
