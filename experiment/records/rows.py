"""The rows of a campaign's small tables, trials.csv and throughput.csv, as cells of text with their line numbers.

A row that a crash left half-written at the end is left out, wherever it was cut: within a cell, a quote, a letter.
Anything else that is no row of the table is a StoreError that names the line.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from experiment.errors import StoreError
from experiment.records.files import check_lines, read_bytes, refuse_line

_MOST_BYTES = 64 * 2**20
_BEGINS_A_ROW = re.compile(r"t\d+,")
_ENDLESS = "unexpected end of data"


class Row(NamedTuple):
    """The cells of a row, and the line of the file that it begins on."""

    line: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Rows:
    """The whole rows of a table below its header, and how many bytes of the file they and the header are."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    whole_bytes: int


def read_rows(path: Path) -> Rows:
    """Return the whole rows of a table.

    Raises StoreError when the file is missing, empty or damaged: a row with another number of cells than the header,
    a quote that does not end, a column that is there twice.
    """
    data = read_bytes(path, most_bytes=_MOST_BYTES)
    whole = data[: data.rfind(b"\n") + 1]
    check_lines(path, whole)
    lines = list(StringIO(whole.decode("utf-8"), newline="\n"))
    head, *rows = list(_parsed(path, lines)) or [Row(1, [])]
    columns = tuple(head.cells)
    if not columns:
        raise StoreError(f"{path} is empty; its first line must name the columns.")
    if len(set(columns)) < len(columns):
        refuse_line(path, 1, "names a column twice")
    for row in rows:
        if len(row.cells) != len(columns):
            refuse_line(path, row.line, f"has {len(row.cells)} cells where the header has {len(columns)}")
    return Rows(columns, tuple(rows), _whole_bytes(lines, whole))


def _parsed(path: Path, lines: Sequence[str]) -> Iterator[Row]:
    reader = csv.reader(lines, strict=True)
    line = 1
    try:
        for cells in reader:
            yield Row(line, cells)
            line = reader.line_num + 1
    except csv.Error as error:
        if str(error) != _ENDLESS:
            refuse_line(path, line, f"is no row ({error})")
        if not is_half_written(lines[line - 1 :]):
            refuse_line(path, line, "has a quote that does not end")


def is_half_written(rest: Sequence[str]) -> bool:
    """Return whether lines from an open quote on are one row that was being written: no other row begins in them."""
    return not any(map(_BEGINS_A_ROW.match, rest[1:]))


def _whole_bytes(lines: Sequence[str], whole: bytes) -> int:
    """Return where the last whole row ends: before the line whose quote does not end."""
    reader = csv.reader(lines, strict=True)
    ended = 0
    try:
        for _ in reader:
            ended = reader.line_num
    except csv.Error:
        return sum(len(line.encode()) for line in lines[:ended])
    return len(whole)
