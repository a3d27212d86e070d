"""The only reader and writer of a campaign's folder (results/<campaign>/); results/README.md is its contract.

How a table becomes a typed frame, and its rows records, stands in experiment/records/tables.py.

Raw data is append-only and everything else is made from it again. A trial's rows go to latency.csv and throughput.csv
first and to trials.csv last, each synced to disk: the row in trials.csv is the commit. Whatever a crash leaves behind
of a trial without such a row is ignored by readers and its id is never given out again.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiment.errors import StoreError
from experiment.records import tables
from experiment.records.histogram import Histogram, bucket_low_us
from experiment.records.manifest import Manifest, read_manifest
from experiment.records.trial import METRIC_FIELDS, SecondRow, Series, TrialRecord

if TYPE_CHECKING:
    import pandas as pd

MANIFEST, TRIALS, LATENCY, THROUGHPUT, VERDICTS = (
    "manifest.json",
    "trials.csv",
    "latency.csv",
    "throughput.csv",
    "verdicts.csv",
)

_TRIAL_COLUMNS = tuple(f.name for f in fields(TrialRecord) if f.name != "metrics")
TRIAL_COLUMNS = (*_TRIAL_COLUMNS, *METRIC_FIELDS)
LATENCY_COLUMNS = ("trial_id", "series", "censored", "bucket", "low_us", "high_us", "count")
THROUGHPUT_COLUMNS = ("trial_id", *(f.name for f in fields(SecondRow)))
_TABLES = {LATENCY: LATENCY_COLUMNS, THROUGHPUT: THROUGHPUT_COLUMNS, TRIALS: TRIAL_COLUMNS}


@dataclass(frozen=True, slots=True)
class CampaignFolder:
    """A campaign on disk."""

    path: Path

    @classmethod
    def create(cls, path: Path, manifest: Manifest) -> CampaignFolder:
        """Make a new campaign folder with its manifest; refuse one that holds a campaign already.

        Raises StoreError when something is there: nothing measured is ever overwritten.
        """
        if path.exists() and any(path.iterdir()):
            raise StoreError(
                f"{path} is not empty. A campaign never overwrites another: choose another --out, or go on with "
                f"that one by `bench run --resume {path}`."
            )
        path.mkdir(parents=True, exist_ok=True)
        folder = cls(path)
        (path / "logs").mkdir(mode=0o700, exist_ok=True)  # what programs write is for nobody else
        folder.write_manifest(manifest)
        for name, columns in _TABLES.items():
            _append(path / name, [columns])
        return folder

    @classmethod
    def open(cls, path: Path) -> CampaignFolder:
        """Open a campaign folder for reading; raises StoreError, saying what is missing, when it is none."""
        folder = cls(path)
        folder.manifest()
        return folder

    def manifest(self) -> Manifest:
        """Return manifest.json; raises StoreError, naming what is wrong with it."""
        try:
            loaded = json.loads((self.path / MANIFEST).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise StoreError(
                f"{self.path} holds no campaign: there is no {MANIFEST} in it. `bench run` makes one."
            ) from None
        except json.JSONDecodeError as error:
            raise StoreError(f"{self.path / MANIFEST} is damaged: {error}") from None
        return read_manifest(loaded, str(self.path / MANIFEST))

    def write_manifest(self, manifest: Manifest) -> None:
        """Replace manifest.json whole, so that a reader never sees half of one."""
        write_whole(self.path / MANIFEST, manifest.model_dump_json(indent=2) + "\n")

    def append(self, record: TrialRecord, histograms: Mapping[Series, Histogram], seconds: Sequence[SecondRow]) -> None:
        """Add one trial; once this returns it is on disk."""
        _append(self.path / LATENCY, latency_rows(record.trial_id, histograms))
        _append(self.path / THROUGHPUT, ([record.trial_id, *_cells(asdict(row).values())] for row in seconds))
        _append(self.path / TRIALS, [_trial_cells(record)])

    def mend(self) -> None:
        """Cut off a half-written last line that a crash left, so that the next row starts on a line of its own.

        Raises StoreError when a table's columns are those of another version: rows of both must not be mixed.
        """
        for name, columns in _TABLES.items():
            path = self.path / name
            data = path.read_bytes()
            if data.partition(b"\n")[0].decode() != ",".join(columns):
                raise StoreError(
                    f"{path} was begun by another version, with other columns. It can be read and reported, but not "
                    "gone on with; resume it with the version that its manifest names."
                )
            whole = data[: data.rfind(b"\n") + 1]
            if len(whole) != len(data):
                with path.open("r+b") as file:
                    file.truncate(len(whole))

    def next_trial_number(self) -> int:
        """Return the number after the highest ever used, orphaned rows of a crashed trial included."""
        ids = (trial for name in (LATENCY, THROUGHPUT, TRIALS) for trial in tables.trial_ids(self.path / name))
        return max((int(trial.removeprefix("t")) for trial in ids), default=0) + 1

    def trials_frame(self) -> pd.DataFrame:
        """Return a row for every finished trial in the order they ran: the columns of trials.csv, typed."""
        return tables.read_table(self.path / TRIALS, TrialRecord)

    def trials(self) -> list[TrialRecord]:
        """Return every finished trial in the order they ran."""
        return tables.trial_records(self.trials_frame()) if tables.has_rows(self.path / TRIALS) else []

    def seconds_frame(self) -> pd.DataFrame:
        """Return a row for every second of every finished trial: the columns of throughput.csv, typed."""
        rows = tables.read_table(self.path / THROUGHPUT, SecondRow, key=("trial_id",))
        return rows[rows["trial_id"].isin(tables.trial_ids(self.path / TRIALS))]

    def seconds(self) -> dict[str, list[SecondRow]]:
        """Return the rows per second of every finished trial, by trial id."""
        return tables.second_records(self.seconds_frame())

    def merged_histograms(self, series: Series, groups: Mapping[str, str]) -> dict[str, Histogram]:
        """Return one series merged over the trials of each group; `groups` maps trial ids to a group's name."""
        return tables.merged_histograms(self.path / LATENCY, series, groups)

    def histograms(self, only: Series | None = None) -> dict[str, dict[Series, Histogram]]:
        """Return the histograms of every finished trial, by trial id and series; `only` one series if given."""
        own = {trial: trial for trial in tables.trial_ids(self.path / TRIALS)}
        out: dict[str, dict[Series, Histogram]] = defaultdict(dict)
        for series in Series if only is None else (only,):
            for trial, histogram in self.merged_histograms(series, own).items():
                out[trial][series] = histogram
        return dict(out)


def latency_rows(trial_id: str, histograms: Mapping[Series, Histogram]) -> Iterator[list[Any]]:
    """Yield the rows of latency.csv for one trial: one a bucket that holds anything."""
    for series, histogram in histograms.items():
        for flag, buckets in enumerate((histogram.counts, histogram.censored, histogram.entered)):
            for index in sorted(buckets):
                low, high = bucket_low_us(index), bucket_low_us(index + 1) - 1
                yield [trial_id, series.value, flag, index, low, high, buckets[index]]


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Iterable[Any]]) -> None:
    """Write a derived table whole (verdicts.csv and the like), replacing an older one in one step."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(_cells(row) for row in rows)
    write_whole(path, buffer.getvalue())


def write_whole(path: Path, text: str) -> None:
    """Write a file so that it is either the old one or the new one, whatever happens in between."""
    temporary = path.with_name(f".{path.name}.new")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _append(path: Path, rows: Iterable[Iterable[Any]]) -> None:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    with path.open("a", encoding="utf-8", newline="") as file:
        file.write(buffer.getvalue())
        file.flush()
        os.fsync(file.fileno())


def _trial_cells(record: TrialRecord) -> list[str]:
    own = [getattr(record, name) for name in _TRIAL_COLUMNS]
    return _cells([*own, *(getattr(record.metrics, name) for name in METRIC_FIELDS)])


def _cells(values: Iterable[Any]) -> list[str]:
    return [_cell(v) for v in values]


def _cell(value: Any) -> str:
    """Write a value; what was not measured is an empty cell, never a zero."""
    match value:
        case None:
            return ""
        case bool():
            return "1" if value else "0"
        case float():
            return f"{value:.9g}"
        case tuple():
            return " ".join(value)
        case _:
            return str(value)
