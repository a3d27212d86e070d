"""The only place that gives a cell of a campaign's table its type, and says what is wrong with one.

A cell is believed only within the bounds of its column: numbers are finite, counts and durations are not negative,
names are plain. What a bound refuses could not have been measured.
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from experiment.records.names import NAME, TRIAL_ID
from experiment.records.trial import TrialMetrics

_MOST_COUNT = 10**12
_MOST_AMOUNT = 1e12  # of microseconds it is eleven days
_LEAST_AMOUNT = 1e-30
_MOST_SHOWN = 60
_ROUNDING = 1e-6
_WHOLE = re.compile(r"\d{1,13}", re.ASCII)
_DECIMAL = re.compile(r"-?\d{1,20}(\.\d{1,20})?(e[+-]?\d{1,3})?", re.ASCII)
_SIGNED = frozenset(
    {"sut_cpu_us_per_request", "sut_cpu_normalized_us_per_request", "bystander_shift", "unsteady_shift"}
)
"""Differences, which may be negative."""
_PARTS_OF_ALL = frozenset(
    {*("share_on_loop", "share_off_loop", "busiest_worker_share"), *("bystander_within_1s_share", "loop_late_share")}
)
"""Shares that are at most 1; others are of one core, and a process may use several."""
_FROM_ONE = frozenset({"round", "attempt"})
_TEXTS: Mapping[str, re.Pattern[str]] = {
    "trial_id": TRIAL_ID,
    **dict.fromkeys(("treatment", "variant", "load"), NAME),
    "rules": re.compile(r"[\w-]{1,60}( [\w-]{1,60}){0,40}", re.ASCII),
}
_MOST_CHARACTERS = 20_000
_DTYPES = {int: "Int64", float: "float64", bool: "boolean", str: "object"}


@dataclass(frozen=True, slots=True)
class Column:
    """What a column holds, and whether a cell may be empty."""

    name: str
    kind: type
    is_optional: bool

    @property
    def dtype(self) -> Any:
        """The type of the column in a frame."""
        return _DTYPES[self.kind]

    def read(self, text: str) -> Any:
        """Return a cell's value, None for an empty one. Raises ValueError, which says what the cell is not."""
        if text == "" and self.is_optional:
            return None
        value = _READERS[self.kind](self, text)
        if value is None:
            raise ValueError(f"{self.name} is {shown(text)}, which is no {self.kind.__name__}")
        return value


def shown(text: str) -> str:
    """Return a cell's text as a sentence quotes it: without control characters, and not all of a long one."""
    return repr(text if len(text) <= _MOST_SHOWN else text[: _MOST_SHOWN - 1] + "…")


def _whole(column: Column, text: str) -> int | None:
    if not _WHOLE.fullmatch(text):
        return None
    return int(_within(column, text, int(text), low=1 if column.name in _FROM_ONE else 0, high=_MOST_COUNT))


def _decimal(column: Column, text: str) -> float | None:
    if not _DECIMAL.fullmatch(text):
        return None
    if 0 < abs(float(text)) < _LEAST_AMOUNT:
        raise ValueError(f"{column.name} is {shown(text)}, which is nearer to 0 than anything measured")
    low = -_MOST_AMOUNT if column.name in _SIGNED else 0.0
    high = 1.0 + _ROUNDING if column.name in _PARTS_OF_ALL else _MOST_AMOUNT
    return _within(column, text, float(text), low=low, high=high)


def _within(column: Column, text: str, value: float, *, low: float, high: float) -> float:
    if not low <= value <= high:
        raise ValueError(f"{column.name} is {shown(text)}, which must be from {low:g} to {high:g}")
    return value


def _flag(_column: Column, text: str) -> bool | None:
    return {"0": False, "1": True}.get(text)


def _text(column: Column, text: str) -> str:
    form = _TEXTS.get(column.name)
    if len(text) > _MOST_CHARACTERS or (form is not None and not form.fullmatch(text)):
        raise ValueError(f"{column.name} is {shown(text)}, which cannot be one")
    return text


_READERS: Mapping[type, Any] = {int: _whole, float: _decimal, bool: _flag, str: _text}


@cache
def columns_of(kind: type) -> dict[str, Column]:
    """Return the columns of a record, from its annotations; nested metrics have columns of their own."""
    found: dict[str, Column] = {}
    for name, hint in typing.get_type_hints(kind).items():
        options = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
        plain = next(o for o in options if o is not types.NoneType)
        if plain is TrialMetrics:
            found |= columns_of(TrialMetrics)
        elif plain in _DTYPES:
            is_free = plain is str and name not in _TEXTS
            found[name] = Column(name, plain, is_optional=types.NoneType in options or is_free)
        else:  # words, parted by spaces
            found[name] = Column(name, str, is_optional=True)
    return found
