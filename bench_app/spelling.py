"""Which of the known names somebody meant who typed another one (pure)."""

import re
from collections.abc import Iterable

MOST = 3
"""So many names are suggested at most; more are a list, and no suggestion."""

_LEAST_PART = 3  # signs; a shorter part is in too many names
_MISTAKES = ((1, 0), (4, 1), (8, 2))  # of a name of at most so many signs
_MOST_MISTAKES = 3


def near(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Return the known names that are nearest to a name, at most MOST; () if none is near.

    Case and separators do not count. Otherwise those with the fewest typing mistakes are nearest, if these are few for
    the length of what was typed; then names of which it is a whole part, or which begin it.
    """
    typed, plain = _plain(name), {each: _plain(each) for each in known}
    if not typed:
        return ()
    same = [each for each, text in plain.items() if _parts(text) == _parts(typed)]
    found = same or _mistyped(typed, plain) or _having(typed, plain) or _beginning(typed, plain)
    return tuple(found[:MOST])


def distance(one: str, other: str) -> int:
    """Return how many typing mistakes lie between two texts: a sign too many, too few, or another; or two swapped."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, sign in enumerate(one, 1):
        row = [i]
        for j, theirs in enumerate(other, 1):
            row.append(min(last[j] + 1, row[-1] + 1, last[j - 1] + (sign != theirs)))
            if i > 1 and j > 1 and sign == other[j - 2] and one[i - 2] == theirs:
                row[-1] = min(row[-1], before[j - 2] + 1)
        before, last = last, row
    return last[-1]


def _plain(name: str) -> str:
    return re.sub(r"[\s_./-]+", "-", name.lower()).strip("-")


def _parts(plain: str) -> list[str]:
    return sorted(plain.split("-"))


def _mistyped(typed: str, plain: dict[str, str]) -> list[str]:
    allowed = next((most for length, most in _MISTAKES if len(typed) <= length), _MOST_MISTAKES)
    mistakes = {each: distance(typed, text) for each, text in plain.items() if abs(len(text) - len(typed)) <= allowed}
    fewest = min(mistakes.values(), default=allowed + 1)
    return [each for each, count in mistakes.items() if count == fewest <= allowed]


def _having(typed: str, plain: dict[str, str]) -> list[str]:
    if len(typed) < _LEAST_PART:
        return []
    return [each for each, text in plain.items() if f"-{typed}" in f"-{text}"]


def _beginning(typed: str, plain: dict[str, str]) -> list[str]:
    begun = [each for each, text in plain.items() if len(text) >= _LEAST_PART and typed.startswith(text)]
    return sorted(begun, key=len, reverse=True)[:1]
