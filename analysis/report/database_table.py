"""A table of the report: what the database saw of the SUT, beside what Little's law says it must see."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from analysis.reading.summary import rows_of
from analysis.report.report_tables import claims_on_treatment
from analysis.wording import words
from bench_app.works import DB
from experiment.theory.pool_occupancy import allowed_in_use, complaint, expected_in_use, held_by

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from analysis.reading.campaign import Campaign
    from analysis.reading.summary import Row
    from experiment.records.trial import TrialMetrics, TrialRecord
    from experiment.theory.pool_occupancy import Held


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseView:
    """A treatment as its database saw it: medians of the valid trials, highest peaks.

    `hold`, `expected`, `share` and `agreeing` are not measured where the query does not wait on the server.
    """

    id: str
    work: str
    claims: str
    goodput: str  # X
    hold: str  # S_hold
    expected: str  # X·S_hold, connections
    in_use: str  # connections, on average
    share: str  # in use / X·S_hold
    peak: str
    waiting_peak: str
    pool: str
    agreeing: str  # trials, invalid ones included, in which both agree


def database_rows(campaign: Campaign) -> tuple[DatabaseView, ...]:
    """Return a row for every treatment that a database was watched for."""
    pairs = ((row, _watched(campaign, row)) for row in rows_of(campaign, DB))
    return tuple(_view(campaign, row, trials) for row, trials in pairs if trials)


def _watched(campaign: Campaign, row: Row) -> list[TrialRecord]:
    mine = (t for t in campaign.trials if t.treatment == row.treatment.id)
    return [t for t in mine if t.metrics.db_in_use_mean is not None]


def _view(campaign: Campaign, row: Row, watched: Sequence[TrialRecord]) -> DatabaseView:
    settings = campaign.manifest.settings
    held = held_by(row.name, settings)
    seen = [t.metrics for t in watched if t.is_valid]
    pairs = [(m.db_in_use_mean, expected_in_use(m, held) if held else None) for m in seen]
    return DatabaseView(
        id=row.treatment.id,
        work=row.name.work.name,
        claims=claims_on_treatment(campaign, row.treatment.id),
        goodput=_median((m.goodput_rps for m in seen), words.rate),
        hold=words.setting_duration(held.hold_s) if held else words.NOT_MEASURED,
        expected=_median((expected for _, expected in pairs), _connections),
        in_use=_median((mean for mean, _ in pairs), _connections),
        share=_median((mean / expected for mean, expected in pairs if mean is not None and expected), words.ratio),
        peak=_highest(m.db_in_use_peak for m in seen),
        waiting_peak=_highest(m.db_waiting_peak for m in seen),
        pool=str(settings.get("db_pool_size") or words.NOT_MEASURED),
        agreeing=_agreeing([t.metrics for t in watched], held),
    )


_FEW = 10


def _connections(count: float) -> str:
    return f"{count:.2f}" if count < _FEW else f"{count:.1f}"


def _median(values: Iterable[float | None], say: Callable[[float], str]) -> str:
    known = [value for value in values if value is not None]
    return say(median(known)) if known else words.NOT_MEASURED


def _highest(peaks: Iterable[int | None]) -> str:
    return str(max((peak for peak in peaks if peak is not None), default=words.NOT_MEASURED))


def _agreeing(watched: Sequence[TrialMetrics], held: Held | None) -> str:
    if held is None:
        return words.NOT_MEASURED
    judged = [metrics for metrics in watched if allowed_in_use(metrics, held) is not None]
    agreeing = sum(complaint(metrics, held) is None for metrics in judged)
    return f"{agreeing} of {len(judged)}" if judged else words.NOT_MEASURED
