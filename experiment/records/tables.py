"""Reading of a campaign's tables with pandas: every column has the type that its record declares.

What is missing stays missing: whole numbers and flags are pandas' nullable types, so that an empty cell is never 0 or
False. A half-written last line, which a crash leaves, is left out. A column that the table's version did not have yet
is missing in every row; one that this version does not know is passed over.

pandas is loaded by those who read: `bench list` and the like do not wait for it.
"""

from __future__ import annotations

import io
import types
import typing
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from experiment.errors import StoreError
from experiment.records.histogram import Histogram
from experiment.records.manifest import OLD_NAMES
from experiment.records.trial import SecondRow, Series, TrialMetrics, TrialRecord

if TYPE_CHECKING:
    import pandas as pd

_CHUNK_ROWS = 100_000
_NUMBERS = ("censored", "bucket", "count")


class _Column(NamedTuple):
    """What a column holds, and whether a cell may be empty."""

    kind: type
    is_optional: bool

    @property
    def dtype(self) -> Any:
        return _DTYPES[self.kind]

    def read(self, text: str) -> Any:
        """Return a cell's value; raises ValueError for one that is none."""
        if self.kind is bool and text not in {"0", "1"}:
            raise ValueError
        return text == "1" if self.kind is bool else self.kind(text)

    def accepts(self, text: Any) -> bool:
        try:
            return not isinstance(text, str) or self.read(text) is not None
        except ValueError:
            return False


_DTYPES = {int: "Int64", float: "float64", bool: "boolean", str: "object"}


@cache
def _columns(kind: type) -> dict[str, _Column]:
    """Return the columns of a record, from its annotations; nested metrics have columns of their own."""
    found: dict[str, _Column] = {}
    for name, hint in typing.get_type_hints(kind).items():
        options = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
        plain = next(o for o in options if o is not types.NoneType)
        if plain is TrialMetrics:
            found |= _columns(TrialMetrics)
        elif plain in _DTYPES:
            found[name] = _Column(plain, is_optional=types.NoneType in options or plain is str)
        else:  # words, parted by spaces
            found[name] = _Column(str, is_optional=True)
    return found


def read_table(path: Path, kind: type, *, key: tuple[str, ...] = ()) -> pd.DataFrame:
    """Return a table whose rows are records of `kind`, with the text columns `key` in front.

    Raises StoreError when the file is missing or lacks a column that a record cannot be without, and for a cell that
    is not what its column holds, naming file, trial and column.
    """
    raw = _raw(path)
    columns = {**{name: _Column(str, is_optional=True) for name in key}, **_columns(kind)}
    missing = [name for name in _place(kind, key) if name not in raw]
    if missing:
        raise StoreError(f"{path} lacks the column(s) {', '.join(missing)}; it is of another version.")
    raw = raw.reindex(columns=list(columns))
    return raw.assign(**{name: _typed(raw, name, column, path) for name, column in columns.items()})


def _place(kind: type, key: tuple[str, ...]) -> list[str]:
    """Return the columns that say which row it is; the metrics came and went with the versions."""
    return [*key, *(f.name for f in fields(kind) if kind is TrialRecord and f.name != "metrics")]


def _raw(path: Path, only: list[str] | None = None) -> pd.DataFrame:
    """Return the whole rows of a table as text."""
    import pandas as pd

    whole = io.StringIO(_whole_lines(path))
    try:
        table = pd.read_csv(whole, usecols=only, dtype=object, keep_default_na=False, na_values=[""], index_col=False)
    except ValueError as error:  # pandas' own errors about rows and quotes are ValueErrors
        raise StoreError(f"{path} is damaged: {error}") from None
    return table.rename(columns=OLD_NAMES)


def _whole_lines(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise StoreError(f"{path} is missing; without it the campaign cannot be read.") from None
    return text[: text.rfind("\n") + 1]


def has_rows(path: Path) -> bool:
    """Return whether a table has a whole row below its header; pandas takes long to find that out."""
    return _whole_lines(path).count("\n") > 1


def trial_ids(path: Path) -> list[str]:
    """Return the trials that a table has whole rows of, each once."""
    return [str(trial) for trial in _raw(path, only=["trial_id"])["trial_id"].unique()]


def _typed(raw: pd.DataFrame, name: str, column: _Column, path: Path) -> pd.Series[Any]:
    cells = raw[name] if column.is_optional else raw[name].fillna("")
    try:
        return cells.map(column.read, na_action="ignore").astype(column.dtype)
    except ValueError:
        trial, text = next(pair for pair in zip(raw["trial_id"], cells, strict=True) if not column.accepts(pair[1]))
        raise StoreError(f"{path}, trial {trial}: {name} is {text!r}, which is no {column.kind.__name__}") from None


def trial_records(table: pd.DataFrame) -> list[TrialRecord]:
    """Return the rows of trials.csv as records; what is missing is None."""
    own, metrics = _columns(TrialRecord).keys() - _columns(TrialMetrics).keys(), _columns(TrialMetrics)
    return [
        TrialRecord(
            metrics=TrialMetrics(**{name: row[name] for name in metrics}),
            **{name: row[name] for name in own - {"rules", "reasons"}},
            rules=tuple((row["rules"] or "").split()),
            reasons=row["reasons"] or "",
        )
        for row in _plain_rows(table)
    ]


def second_records(table: pd.DataFrame) -> dict[str, list[SecondRow]]:
    """Return the rows of throughput.csv as records, by trial id."""
    found: dict[str, list[SecondRow]] = defaultdict(list)
    for row in _plain_rows(table):
        found[row.pop("trial_id")].append(SecondRow(**row))
    return dict(found)


def _plain_rows(table: pd.DataFrame) -> list[dict[Any, Any]]:
    # column by column: the frame's own ways convert each of its many columns several times
    columns = [
        [None if is_missing else value for value, is_missing in zip(cells.tolist(), cells.isna(), strict=True)]
        for _, cells in table.items()
    ]
    return [dict(zip(table.columns, row, strict=True)) for row in zip(*columns, strict=True)]


def merged_histograms(path: Path, series: Series, groups: Mapping[str, str]) -> dict[str, Histogram]:
    """Return one series of latency.csv, merged over the trials of each group; `groups` maps trial ids to group names.

    Read in pieces that are added up at once: memory is bounded by the groups, however many trials there are. A
    half-written last line belongs to a trial that was never finished, so that no group has it. Raises StoreError for
    a cell that is no number.
    """
    import pandas as pd

    # numbers as floats, which hold whole ones exactly and can be missing
    columns = {"trial_id": "object", "series": "object", **dict.fromkeys(_NUMBERS, "float64")}
    total = pd.DataFrame(columns=["group", *_NUMBERS])
    try:
        for piece in pd.read_csv(path, usecols=list(columns), dtype=columns, chunksize=_CHUNK_ROWS):
            mine = piece[piece["series"] == series]
            mine = mine.assign(group=mine["trial_id"].map(groups)).dropna()[total.columns]
            total = pd.concat([total, mine]) if len(total) else mine
            total = total.groupby(["group", "censored", "bucket"]).sum().reset_index()
    except ValueError as error:
        raise StoreError(f"{path}: {error}") from None
    return {str(group): _histogram(rows) for group, rows in total.groupby("group")}


def _histogram(rows: pd.DataFrame) -> Histogram:
    whole = rows.astype({"bucket": int, "count": int})
    parts = (whole[whole["censored"] == flag] for flag in (0, 1, 2))
    return Histogram(*(dict(zip(p["bucket"].tolist(), p["count"].tolist(), strict=True)) for p in parts))
