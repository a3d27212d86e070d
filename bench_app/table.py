"""A table: rows by name, in the order in which they were added. Works, styles, metrics, factors and claims are tables.

An unknown name is an error that suggests the most similar one. It never means a default.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Generic, TypeVar

Row = TypeVar("Row")


class UnknownNameError(KeyError):
    """No row of a table has this name."""

    def __str__(self) -> str:
        """Return the message; KeyError would put it in quotes."""
        return str(self.args[0])


class DuplicateNameError(ValueError):
    """Two rows have the same name."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is most similar to `name`, or None if none is similar."""
    from bench_app.spelling import near  # seldom needed, so the measured process does without it

    return next(iter(near(name, known)), None)


class Table(Mapping[str, Row], Generic[Row]):
    """Rows by name. Raises UnknownNameError for an unknown name, DuplicateNameError when a known one is added."""

    def __init__(self, noun: str, *, key: str = "name") -> None:
        """Make an empty table. `noun`: what messages call a row. `key`: the attribute of a row that holds its name."""
        self._noun = noun
        self._key = key
        self._rows: dict[str, Row] = {}

    def add(self, row: Row) -> Row:
        name = getattr(row, self._key)
        if name in self._rows:
            raise DuplicateNameError(f"there are two {self._noun}s named {name}")
        self._rows[name] = row
        return row

    def remove(self, name: str) -> None:
        """Remove a row, for tests that add one."""
        del self._rows[name]

    def place(self, row: Row) -> int:
        """Return a row's place in the table, from 0."""
        return list(self._rows).index(getattr(row, self._key))

    def __getitem__(self, name: str) -> Row:
        if name not in self._rows:
            close = nearest(str(name), self._rows)
            hint = f" Did you mean {close}?" if close else ""
            raise UnknownNameError(f"there is no {self._noun} {name!r}.{hint}")
        return self._rows[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, name: Any) -> bool:
        return name in self._rows
