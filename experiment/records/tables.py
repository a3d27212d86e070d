"""Reading of a campaign's tables as frames: every column has the type that its record declares.

What is missing stays missing: whole numbers and flags are pandas' nullable types, so that an empty cell is never 0 or
False. A half-written last line, which a crash leaves, is left out. A column that the table's version did not have yet
is missing in every row; one that this version does not know is passed over.

pandas is loaded by those who read: `bench list` and the like do not wait for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiment.errors import StoreError
from experiment.records.cells import Column, columns_of, shown
from experiment.records.names import TRIAL_ID
from experiment.records.registered import OLD_NAMES
from experiment.records.rows import Rows, read_rows
from experiment.records.trial import SecondRow, TrialMetrics, TrialRecord

if TYPE_CHECKING:
    import pandas as pd


def read_table(path: Path, kind: type, *, key: tuple[str, ...]) -> pd.DataFrame:
    """Return a table whose rows are records of `kind`; `key` are the columns that no two rows may have alike.

    Raises StoreError when the file is missing, damaged, or lacks a column that a record cannot be without, and for a
    cell that is not what its column holds or a row that is there twice, naming file, line, trial and column.
    """
    import pandas as pd

    found = read_rows(path)
    columns = {"trial_id": Column("trial_id", str, is_optional=False), **columns_of(kind)}
    place = {OLD_NAMES.get(name, name): i for i, name in enumerate(found.columns)}
    missing = [name for name in _place(kind) if name not in place]
    if missing:
        raise StoreError(f"{path} lacks the column(s) {', '.join(missing)}; it is of another version.")
    cells = {name: _cells(path, found, column, place.get(name)) for name, column in columns.items()}
    _refuse_doubles(path, found, {name: cells[name] for name in key})
    return pd.DataFrame({name: pd.Series(cells[name], dtype=columns[name].dtype) for name in columns})


def _place(kind: type) -> list[str]:
    """Return the columns that say which row it is; the metrics came and went with the versions."""
    return ["trial_id", *(f.name for f in fields(kind) if kind is TrialRecord and f.name != "metrics")]


def _cells(path: Path, found: Rows, column: Column, place: int | None) -> list[Any]:
    if place is None:
        return [None] * len(found.rows)
    values = []
    for row in found.rows:
        try:
            values.append(column.read(row.cells[place]))
        except ValueError as error:
            trial = row.cells[found.columns.index("trial_id")]
            named = f"trial {trial}" if TRIAL_ID.fullmatch(trial) else "no trial's"
            raise StoreError(f"{path}, line {row.line}, {named}: {error}.") from None
    return values


def _refuse_doubles(path: Path, found: Rows, key: Mapping[str, list[Any]]) -> None:
    lines: dict[tuple[Any, ...], int] = {}
    for row, place in zip(found.rows, zip(*key.values(), strict=True), strict=True):
        if place in lines:
            named = ", ".join(f"{name} {value}" for name, value in zip(key, place, strict=True))
            raise StoreError(f"{path}, line {row.line}: {named} is there already, in line {lines[place]}.")
        lines[place] = row.line


def refuse_unplanned(path: Path, table: pd.DataFrame, planned: Mapping[str, tuple[str, str]]) -> None:
    """Raise StoreError for a trial that no plan has; `planned` maps treatments to their variant and load."""
    told = zip(*(table[name] for name in ("trial_id", "treatment", "variant", "load")), strict=True)
    for trial, treatment, variant, load in told:
        where = f"{path}, trial {trial}: treatment is {shown(treatment)}"
        if treatment not in planned:
            raise StoreError(f"{where}, which its manifest does not plan.")
        if planned[treatment] != (variant, load):
            raise StoreError(f"{where}, which has not the variant {shown(variant)} and the load {shown(load)}.")


def trial_records(table: pd.DataFrame) -> list[TrialRecord]:
    """Return the rows of trials.csv as records; what is missing is None."""
    own, metrics = columns_of(TrialRecord).keys() - columns_of(TrialMetrics).keys(), columns_of(TrialMetrics)
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
