"""A table of the report: what the database saw of the SUT, beside what Little's law says it must see."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median

from analysis.reading.campaign import Campaign
from analysis.reading.summary import Row, rows_of
from analysis.report.table import TableView, treatment_row
from analysis.wording import words
from bench_app.works import DB
from experiment.records.trial import TrialMetrics, TrialRecord
from experiment.theory.pool_occupancy import ConnectionHold, allowed_in_use, complaint, connection_hold, expected_in_use

DATABASE = ("db_in_use_mean", "db_in_use_peak", "db_waiting_peak")  # the fields of a trial that this table shows


def database_table(campaign: Campaign) -> TableView:
    """Return a row for every treatment that a database was watched for: medians of valid trials, highest peaks.

    X is goodput, S_hold how long an answer holds its connection at least. What follows from S_hold is not measured
    where the query does not wait on the server.
    """
    watched = ((row, _watched(campaign, row)) for row in rows_of(campaign, DB))
    rows = [
        treatment_row(campaign, row.treatment.id, _cells(campaign, row, trials)) for row, trials in watched if trials
    ]
    return TableView(
        label="Table of what the database saw",
        caption="What the database saw: connections, as medians of the valid trials and their highest peaks",
        key="treatment",
        columns=tuple(rows[0].cells) if rows else (),
        rows=tuple(rows),
    )


def _watched(campaign: Campaign, row: Row) -> list[TrialRecord]:
    mine = (t for t in campaign.trials if t.treatment == row.treatment.id)
    return [t for t in mine if t.metrics.db_in_use_mean is not None]


def _cells(campaign: Campaign, row: Row, watched: Sequence[TrialRecord]) -> Mapping[str, str]:
    settings = row.treatment.server.settings(campaign.manifest.settings)
    held = connection_hold(row.name, settings)
    seen = [t.metrics for t in watched if t.is_valid]
    pairs = [(m.db_in_use_mean, expected_in_use(m, held) if held else None) for m in seen]
    return {
        "goodput X": _median((m.goodput_rps for m in seen), words.rate),
        "S_hold": words.setting_duration(held.hold_s) if held else words.NOT_MEASURED,
        "X·S_hold": _median((expected for _, expected in pairs), _connections),
        "in use": _median((mean for mean, _ in pairs), _connections),
        "in use / X·S_hold": _median(
            (mean / needed for mean, needed in pairs if mean is not None and needed), words.ratio
        ),
        "most in use": _highest(m.db_in_use_peak for m in seen),
        "most waiting": _highest(m.db_waiting_peak for m in seen),
        "pool": str(settings.get("db_pool_size") or words.NOT_MEASURED),
        "trials that agree": _agreeing([t.metrics for t in watched], held),
    }


_FEW = 10


def _connections(count: float) -> str:
    return f"{count:.2f}" if count < _FEW else f"{count:.1f}"


def _median(values: Iterable[float | None], say: Callable[[float], str]) -> str:
    known = [value for value in values if value is not None]
    return say(median(known)) if known else words.NOT_MEASURED


def _highest(peaks: Iterable[int | None]) -> str:
    return str(max((peak for peak in peaks if peak is not None), default=words.NOT_MEASURED))


def _agreeing(watched: Sequence[TrialMetrics], held: ConnectionHold | None) -> str:
    if held is None:
        return words.NOT_MEASURED
    judged = [metrics for metrics in watched if allowed_in_use(metrics, held) is not None]
    agreeing = sum(complaint(metrics, held) is None for metrics in judged)
    return f"{agreeing} of {len(judged)}" if judged else words.NOT_MEASURED
