"""latency.csv read in pieces: every row checked, and one series of it merged.

Memory is bounded by the groups and the trials, however many requests there were. A piece is checked as a whole, which
is quick; only where that finds something is it looked at row by row, to name the line and the column.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiment.errors import StoreError
from experiment.records.cells import shown
from experiment.records.files import Block, line_blocks, refuse_line
from experiment.records.histogram import Histogram, bucket_index
from experiment.records.names import TRIAL_ID
from experiment.records.trial import Series

if TYPE_CHECKING:
    import pandas as pd

LATENCY_COLUMNS = ("trial_id", "series", "censored", "bucket", "low_us", "high_us", "count")
_NUMBERS = ("censored", "bucket", "low_us", "high_us", "count")
_RUN = ["trial_id", "series", "censored"]
_MOST_BUCKET = bucket_index(10**13)
_BOUNDS = {"censored": (0, 2), "bucket": (0, _MOST_BUCKET), "count": (1, 10**12)}
_SERIES = frozenset(Series)


@dataclass(slots=True)
class _Seen:
    """The trials, series and kinds of counts that were in earlier pieces; the last one may go on in the next."""

    runs: set[tuple[Any, ...]] = field(default_factory=set)
    last_run: tuple[Any, ...] = ()
    last_bucket: int = -1


def merged_histograms(path: Path, series: Series, groups: Mapping[str, str]) -> dict[str, Histogram]:
    """Return one series of latency.csv, merged over the trials of each group; `groups` maps trial ids to group names.

    A half-written last line belongs to a trial that was never finished. Raises StoreError for a cell that cannot be,
    naming file, line and column.
    """
    import pandas as pd

    total = pd.DataFrame(columns=["group", "censored", "bucket", "count"])
    for piece in pieces(path):
        mine = piece[piece["series"] == series]
        mine = mine.assign(group=mine["trial_id"].map(groups)).dropna()[total.columns]
        total = pd.concat([total, mine]) if len(total) else mine
        total = total.groupby(["group", "censored", "bucket"]).sum().reset_index()
    return {str(group): _histogram(rows) for group, rows in total.groupby("group")}


def _histogram(rows: pd.DataFrame) -> Histogram:
    whole = rows.astype({"bucket": int, "count": int})
    parts = (whole[whole["censored"] == flag] for flag in (0, 1, 2))
    return Histogram(*(dict(zip(p["bucket"].tolist(), p["count"].tolist(), strict=True)) for p in parts))


def pieces(path: Path) -> Iterator[pd.DataFrame]:
    """Yield the checked rows of latency.csv in pieces, each a frame."""
    seen = _Seen()
    is_first = True
    for block in line_blocks(path):
        rows = _without_head(path, block) if is_first else block
        is_first = False
        if rows.data:
            frame = _frame(rows)
            if frame is None or not _is_sound(frame, seen):
                _refuse(path, rows)
                raise StoreError(f"{path}, from line {rows.first_line} on: the buckets of a series do not ascend.")
            yield frame
    if is_first:
        raise StoreError(f"{path} is empty; its first line must name the columns.")


def _without_head(path: Path, block: Block) -> Block:
    head, _, rest = block.data.partition(b"\n")
    if head.rstrip(b"\r").decode("utf-8") != ",".join(LATENCY_COLUMNS):
        raise StoreError(f"{path} has other columns than {', '.join(LATENCY_COLUMNS)}; it is of another version.")
    return Block(rest, block.first_line + 1)


def _frame(rows: Block) -> pd.DataFrame | None:
    """Return rows as a frame, or None if one of them has other cells than the header, or what is no number."""
    import pandas as pd

    if rows.data.count(b",") != rows.data.count(b"\n") * (len(LATENCY_COLUMNS) - 1) or b'"' in rows.data:
        return None
    types = {**dict.fromkeys(("trial_id", "series"), "object"), **dict.fromkeys(_NUMBERS, "int64")}
    options: Any = {"keep_default_na": False, "skip_blank_lines": False, "index_col": False}
    try:
        found: pd.DataFrame = pd.read_csv(
            BytesIO(rows.data), header=None, names=list(LATENCY_COLUMNS), dtype=types, **options
        )
    except (ValueError, OverflowError):
        return None
    return found


def _is_sound(frame: pd.DataFrame, seen: _Seen) -> bool:
    """Return whether every row can be, and no bucket of a trial's series is there twice: they ascend."""
    if not all(frame[name].between(low, high).all() for name, (low, high) in _BOUNDS.items()):
        return False
    if not set(frame["series"].unique()) <= _SERIES or not all(map(TRIAL_ID.fullmatch, frame["trial_id"].unique())):
        return False
    return _are_ascending(frame, seen)


def _are_ascending(frame: pd.DataFrame, seen: _Seen) -> bool:
    import pandas as pd

    # numbers in place of texts: those are slow to compare
    numbers = [pd.factorize(frame[name])[0] for name in ("trial_id", "series")]
    run = pd.Series(numbers[0] * 100 + numbers[1] * 10, index=frame.index) + frame["censored"]
    is_new = run != run.shift()
    if not (is_new | (frame["bucket"] > frame["bucket"].shift())).all():
        return False
    runs = list(frame.loc[is_new, _RUN].itertuples(index=False, name=None))
    goes_on = runs[0] == seen.last_run and int(frame["bucket"].iloc[0]) > seen.last_bucket
    fresh = runs[1:] if goes_on else runs
    if len(set(runs)) < len(runs) or not seen.runs.isdisjoint(fresh):
        return False
    seen.runs.update(runs)
    seen.last_run, seen.last_bucket = runs[-1], int(frame["bucket"].iloc[-1])
    return True


def _refuse(path: Path, rows: Block) -> None:
    """Name the first row that cannot be."""
    before: dict[tuple[str, ...], int] = {}
    for line, text in enumerate(rows.data.decode("utf-8").split("\n")[:-1], start=rows.first_line):
        cells = text.removesuffix("\r").split(",")
        if len(cells) != len(LATENCY_COLUMNS):
            refuse_line(path, line, f"has {len(cells)} cells where the header has {len(LATENCY_COLUMNS)}")
        why = _why_not(dict(zip(LATENCY_COLUMNS, cells, strict=True)))
        if why:
            raise StoreError(f"{path}, line {line}: {why}.")
        place = (*cells[:3], cells[3])
        if place in before:
            raise StoreError(f"{path}, line {line}: bucket is {cells[3]}, which line {before[place]} has already.")
        before[place] = line


def _why_not(row: Mapping[str, str]) -> str:
    if not TRIAL_ID.fullmatch(row["trial_id"]):
        return f"trial_id is {shown(row['trial_id'])}, which cannot be one"
    if row["series"] not in _SERIES:
        return f"series is {shown(row['series'])}, which is none of {', '.join(Series)}"
    for name in _NUMBERS:
        if not row[name].isascii() or not row[name].isdecimal():
            return f"{name} is {shown(row[name])}, which is no int"
        low, high = _BOUNDS.get(name, (0, 2**62))
        if not low <= int(row[name][:20]) <= high:
            return f"{name} is {shown(row[name])}, which must be from {low} to {high}"
    return ""
