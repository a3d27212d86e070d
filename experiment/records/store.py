"""The only reader and writer of a campaign's folder (results/<campaign>/); results/README.md is its contract.

Raw data is append-only and everything else is made from it again. A trial's rows go to latency.csv and throughput.csv
first and to trials.csv last, each synced to disk: the row in trials.csv is the commit. Whatever a crash leaves behind
of a trial without such a row is ignored by readers and its id is never given out again.
"""

from __future__ import annotations

import csv
import io
import json
import os
import types
import typing
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, TypeVar

from experiment.errors import StoreError
from experiment.records.histogram import Histogram, bucket_low_us
from experiment.records.manifest import OLD_NAMES, Manifest, read_manifest
from experiment.records.trial import METRIC_FIELDS, SecondRow, Series, TrialMetrics, TrialRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

_T = TypeVar("_T")

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
        (path / "logs").mkdir(exist_ok=True)
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
        highest = 0
        for name in (LATENCY, THROUGHPUT, TRIALS):
            for row in _rows(self.path / name):
                highest = max(highest, int(row["trial_id"].removeprefix("t")))
        return highest + 1

    def trials(self) -> list[TrialRecord]:
        """Return every finished trial in the order they ran."""
        return [_record(row, self.path / TRIALS) for row in _rows(self.path / TRIALS)]

    def histograms(self, only: Series | None = None) -> dict[str, dict[Series, Histogram]]:
        """Return the histograms of every finished trial, by trial id and series; `only` one series if given."""
        known = self._finished()
        counts: dict[tuple[str, Series], dict[int, int]] = defaultdict(dict)
        censored: dict[tuple[str, Series], dict[int, int]] = defaultdict(dict)
        for row in _rows(self.path / LATENCY):
            if row["trial_id"] in known and (only is None or row["series"] == only):
                target = censored if row["censored"] == "1" else counts
                target[row["trial_id"], Series(row["series"])][int(row["bucket"])] = int(row["count"])
        out: dict[str, dict[Series, Histogram]] = defaultdict(dict)
        for trial, series in {**counts, **censored}:
            key = (trial, series)
            out[trial][series] = Histogram(counts.get(key, {}), censored.get(key, {}))
        return dict(out)

    def merged_histograms(self, series: Series, groups: Mapping[str, str]) -> dict[str, Histogram]:
        """Return one series merged over the trials of each group; `groups` maps trial ids to a group's name.

        Read line by line and added up at once: memory is bounded by the groups, however many trials there are.
        """
        counts: dict[str, Counter[int]] = {}
        censored: dict[str, Counter[int]] = {}
        for trial, name, flag, bucket, _, _, count in _lines(self.path / LATENCY):
            if name == series and trial in groups:
                target = (censored if flag == "1" else counts).setdefault(groups[trial], Counter())
                target[int(bucket)] += int(count)
        return {
            group: Histogram(counts.get(group, Counter()), censored.get(group, Counter()))
            for group in {**counts, **censored}
        }

    def seconds(self) -> dict[str, list[SecondRow]]:
        """Return the rows per second of every finished trial, by trial id."""
        known = self._finished()
        out: dict[str, list[SecondRow]] = defaultdict(list)
        for row in _rows(self.path / THROUGHPUT):
            if row["trial_id"] in known:
                out[row["trial_id"]].append(_parse(SecondRow, row))
        return dict(out)

    def _finished(self) -> set[str]:
        return {row["trial_id"] for row in _rows(self.path / TRIALS)}


def latency_rows(trial_id: str, histograms: Mapping[Series, Histogram]) -> Iterator[list[Any]]:
    """Yield the rows of latency.csv for one trial: one a bucket that holds anything."""
    for series, histogram in histograms.items():
        for flag, buckets in ((0, histogram.counts), (1, histogram.censored)):
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


def _rows(path: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of a table, without a half-written last line."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise StoreError(f"{path} is missing; without it the campaign cannot be read.") from None
    lines = csv.reader(io.StringIO(text[: text.rfind("\n") + 1]))
    columns = [OLD_NAMES.get(name, name) for name in next(lines, [])]
    yield from (dict(zip(columns, line, strict=False)) for line in lines)


def _lines(path: Path) -> Iterator[list[str]]:
    """Yield the rows of a table of plain cells as lists, without its header and a half-written last line."""
    with path.open(encoding="utf-8") as file:
        next(file, None)
        for line in file:
            if line.endswith("\n"):
                yield line[:-1].split(",")


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


def _record(row: Mapping[str, str], path: Path) -> TrialRecord:
    missing = [name for name in _TRIAL_COLUMNS if name not in row]
    if missing:
        raise StoreError(f"{path} lacks the column(s) {', '.join(missing)}; it is of another version.")
    try:
        return TrialRecord(
            metrics=_parse(TrialMetrics, row),
            **{
                f.name: _value(f.name, _types(TrialRecord)[f.name], row)
                for f in fields(TrialRecord)
                if f.name != "metrics"
            },
        )
    except ValueError as error:
        raise StoreError(f"{path}, trial {row.get('trial_id')}: {error}") from None


def _parse(kind: type[_T], row: Mapping[str, str]) -> _T:
    return kind(**{name: _value(name, hint, row) for name, hint in _types(kind).items()})


def _value(name: str, parser: Callable[[str], Any], row: Mapping[str, str]) -> Any:
    text = row.get(name, "")  # a column that its version did not have yet: not measured
    try:
        return parser(text)
    except ValueError:
        raise ValueError(f"{name} is {text!r}, which is no {parser.__name__.strip('_')}") from None


def _types(kind: type) -> dict[str, Callable[[str], Any]]:
    """Return how to read each field of a record, from its annotations."""
    if kind not in _PARSERS:
        hints = typing.get_type_hints(kind)
        _PARSERS[kind] = {f.name: _parser(hints[f.name]) for f in fields(kind)}
    return _PARSERS[kind]


_PARSERS: dict[type, dict[str, Callable[[str], Any]]] = {}


def _parser(hint: Any) -> Callable[[str], Any]:
    if hint is TrialMetrics:
        return str
    options = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    plain = next(o for o in options if o is not types.NoneType)
    if typing.get_origin(plain) is tuple:
        return _words
    readers: dict[Any, Callable[[str], Any]] = {bool: _flag, int: int, float: float, str: str}
    read = readers[plain]
    return _optional(read) if types.NoneType in options else read


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _flag(text: str) -> bool:
    return text == "1"


def _optional(read: Callable[[str], Any]) -> Callable[[str], Any]:
    def parse(text: str) -> Any:
        return None if text == "" else read(text)

    parse.__name__ = read.__name__
    return parse
