"""The only reader and writer of a campaign's folder (results/<campaign>/); results/README.md is its contract.

How a table becomes a typed frame, and its rows records, stands in experiment/records/tables.py.

Raw data is append-only and everything else is made from it again. A trial's rows go to latency.csv and throughput.csv
first and to trials.csv last, each synced to disk: the row in trials.csv is the commit. Whatever a crash leaves behind
of a trial without such a row is ignored by readers and its id is never given out again.
"""

from __future__ import annotations

import csv
import io
import os
import shlex
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiment.errors import StoreError
from experiment.records import latency, tables
from experiment.records.app_record import APP
from experiment.records.files import line_blocks, open_regular, read_json
from experiment.records.histogram import Histogram, bucket_low_us
from experiment.records.latency import LATENCY_COLUMNS
from experiment.records.manifest import Manifest, read_manifest
from experiment.records.rows import read_rows
from experiment.records.trial import METRIC_FIELDS, SecondRow, Series, TrialRecord
from experiment.records.writing import append_rows, naming, write_whole

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
THROUGHPUT_COLUMNS = ("trial_id", *(f.name for f in fields(SecondRow)))
_TABLES = {LATENCY: LATENCY_COLUMNS, THROUGHPUT: THROUGHPUT_COLUMNS, TRIALS: TRIAL_COLUMNS}


def _instead_of(path: Path) -> str:
    """Say what to do where a new campaign finds a folder that holds something: a campaign can be gone on with."""
    if not (path / MANIFEST).exists():
        return "choose another --out."
    command = "bench app run" if (path / APP).exists() else "bench run"
    return f"choose another --out, or go on with the campaign in it by `{command} --resume {shlex.quote(str(path))}`."


@dataclass(frozen=True, slots=True)
class CampaignFolder:
    """A campaign on disk."""

    path: Path

    @classmethod
    def create(cls, path: Path, manifest: Manifest) -> CampaignFolder:
        """Make a new campaign folder with its manifest; refuse one that holds a campaign already.

        Raises StoreError when something is there: nothing measured is ever overwritten.
        """
        with naming(path):
            if path.exists() and any(path.iterdir()):
                raise StoreError(f"{path} is not empty, and nothing is ever overwritten: {_instead_of(path)}")
            return cls._begun(path, manifest)

    @classmethod
    def _begun(cls, path: Path, manifest: Manifest) -> CampaignFolder:
        """Make the folder with its files; where that fails, remove what it made."""
        folder, has_made = cls(path), not path.exists()
        path.mkdir(parents=True, exist_ok=True)
        try:
            (path / "logs").mkdir(mode=0o700, exist_ok=True)  # what programs write is for nobody else
            folder.write_manifest(manifest)
            for name, columns in _TABLES.items():
                append_rows(path / name, [columns])
        except BaseException:
            for made in (path / MANIFEST, *(path / name for name in _TABLES)):
                with suppress(OSError):
                    made.unlink(missing_ok=True)
            with suppress(OSError):
                (path / "logs").rmdir()
                if has_made:
                    path.rmdir()
            raise
        return folder

    @classmethod
    def open(cls, path: Path) -> CampaignFolder:
        """Open a campaign folder for reading; raises StoreError, saying what is missing, when it is none."""
        folder = cls(path)
        folder.manifest()
        return folder

    def manifest(self) -> Manifest:
        """Return manifest.json; raises StoreError, naming what is wrong with it."""
        if not os.path.lexists(self.path / MANIFEST):
            raise StoreError(f"{self.path} holds no campaign: there is no {MANIFEST} in it. `bench run` makes one.")
        return read_manifest(read_json(self.path / MANIFEST), str(self.path / MANIFEST))

    def format_version(self) -> int:
        """Return the format that manifest.json was written in; what reads it turns an older one into the newest."""
        return int(read_json(self.path / MANIFEST)["format_version"])

    def write_manifest(self, manifest: Manifest) -> None:
        """Replace manifest.json whole, so that a reader never sees half of one."""
        write_whole(self.path / MANIFEST, manifest.model_dump_json(indent=2) + "\n")

    def append(self, record: TrialRecord, histograms: Mapping[Series, Histogram], seconds: Sequence[SecondRow]) -> None:
        """Add one trial; once this returns it is on disk."""
        append_rows(self.path / LATENCY, latency_rows(record.trial_id, histograms))
        append_rows(self.path / THROUGHPUT, ([record.trial_id, *_cells(asdict(row).values())] for row in seconds))
        append_rows(self.path / TRIALS, [_trial_cells(record)])

    def sizes(self) -> dict[str, int]:
        """Return how long each table is: where `cut_to` goes back to."""
        return {name: (self.path / name).stat().st_size for name in _TABLES}

    def cut_to(self, sizes: Mapping[str, int]) -> None:
        """Take back what was added since: a part of a trial, which the disk did not take whole. Raises OSError."""
        for name, size in sizes.items():
            path = self.path / name
            if path.stat().st_size > size:
                os.truncate(path, size)

    def mend(self) -> None:
        """Cut off a half-written last line that a crash left, so that the next row starts on a line of its own.

        Raises StoreError when a table's columns are those of another version: rows of both must not be mixed.
        """
        wholes = {name: self._whole_bytes(name, columns) for name, columns in _TABLES.items()}
        for name, whole in wholes.items():  # only when nothing is damaged is anything cut
            with open_regular(self.path / name, os.O_RDWR) as file:
                file.truncate(whole)

    def _whole_bytes(self, name: str, columns: Sequence[str]) -> int:
        """Return how many bytes of a table are whole rows. Raises StoreError for another header and for damage."""
        path = self.path / name
        head, size = b"", 0
        for block in line_blocks(path):
            head = head or block.data.partition(b"\n")[0]
            size += len(block.data)
        if head.decode() != ",".join(columns):
            raise StoreError(
                f"{path} was begun by another version, with other columns. It can be read and reported, but not "
                "gone on with; resume it with the version that its manifest names."
            )
        return size if name == LATENCY else read_rows(path).whole_bytes

    def next_trial_number(self) -> int:
        """Return the number after the highest ever used, orphaned rows of a crashed trial included."""
        ids = {trial for piece in latency.pieces(self.path / LATENCY) for trial in piece["trial_id"].unique()}
        ids |= {*self.trials_frame()["trial_id"], *self._all_seconds()["trial_id"]}
        return max((int(trial.removeprefix("t")) for trial in ids), default=0) + 1

    def trials_frame(self) -> pd.DataFrame:
        """Return a row for every finished trial in the order they ran: the columns of trials.csv, typed."""
        return tables.read_table(self.path / TRIALS, TrialRecord, key=("trial_id",))

    def planned_frame(self, manifest: Manifest) -> pd.DataFrame:
        """Return that frame. Raises StoreError for a trial that is not planned, and a plan without one of its loads."""
        for treatment in manifest.planned():
            if treatment.load not in manifest.loads:
                where = self.path / MANIFEST
                raise StoreError(f"{where} plans with the load {treatment.load}, which it does not define.")
        frame = self.trials_frame()
        tables.refuse_unplanned(self.path / TRIALS, frame, {t.id: (t.variant, t.load) for t in manifest.planned()})
        return frame

    def check(self) -> None:
        """Read every table once. Raises StoreError for the first damage, before anything is drawn or written."""
        self._all_seconds()
        for _ in latency.pieces(self.path / LATENCY):
            pass

    def trials(self) -> list[TrialRecord]:
        """Return every finished trial in the order they ran."""
        return tables.trial_records(self.trials_frame())

    def _all_seconds(self) -> pd.DataFrame:
        return tables.read_table(self.path / THROUGHPUT, SecondRow, key=("trial_id", "second"))

    def seconds_frame(self) -> pd.DataFrame:
        """Return a row for every second of every finished trial: the columns of throughput.csv, typed."""
        rows = self._all_seconds()
        return rows[rows["trial_id"].isin(self._finished())]

    def _finished(self) -> list[str]:
        return [str(trial) for trial in self.trials_frame()["trial_id"]]

    def seconds(self) -> dict[str, list[SecondRow]]:
        """Return the rows per second of every finished trial, by trial id."""
        return tables.second_records(self.seconds_frame())

    def merged_histograms(self, series: Series, groups: Mapping[str, str]) -> dict[str, Histogram]:
        """Return one series merged over the trials of each group; `groups` maps trial ids to a group's name."""
        return latency.merged_histograms(self.path / LATENCY, series, groups)

    def histograms(self, only: Series | None = None) -> dict[str, dict[Series, Histogram]]:
        """Return the histograms of every finished trial, by trial id and series; `only` one series if given."""
        own = {trial: trial for trial in self._finished()}
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
            return f"{value:.9g}" if isfinite(value) else ""
        case tuple():
            return " ".join(value)
        case _:
            return str(value)
