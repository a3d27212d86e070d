"""The figures of a request under one load, over its valid trials."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from analysis.own_app.results import LoadResult, Percentiles, Spread
from experiment.design.metrics import CPU_PER_REQUEST, METRICS, Metric
from experiment.design.model import Load
from experiment.records.app_record import Prediction
from experiment.records.histogram import Histogram
from experiment.records.trial import LEAST_ANSWERS, Series, TrialRecord


def load_result(
    treatment: str,
    load: Load,
    trials: Sequence[TrialRecord],
    histograms: Mapping[Series, Histogram],
    prediction: Prediction | None,
) -> LoadResult:
    """Return what the trials of one treatment found; errors are counted over all of them, figures over valid ones."""
    valid = [trial for trial in trials if trial.is_valid]
    failures = (trial.metrics.first_failure for trial in trials if trial.metrics.first_failure)
    return LoadResult(
        treatment=treatment,
        load=load,
        trials=len(trials),
        valid=len(valid),
        figures=dict(_spreads(valid)),
        response=percentiles(histograms.get(Series.RESPONSE)),
        bystander=percentiles(histograms.get(Series.BYSTANDER)),
        prediction=prediction,
        wrong=_total([trial.metrics.wrong for trial in trials]),
        errors=_total([trial.metrics.errors for trial in trials]),
        first_failure=next(failures, None),
        tokens_total=max((t.metrics.tokens_total for t in valid if t.metrics.tokens_total is not None), default=None),
    )


def _spreads(valid: Sequence[TrialRecord]) -> Iterator[tuple[str, Spread]]:
    for metric in METRICS.values():
        found = spread(valid, metric)
        if found is not None:
            yield metric.name, found


def spread(valid: Sequence[TrialRecord], metric: Metric) -> Spread | None:
    """Return a metric's median and range over trials, or None if none of them measured it."""
    counted = [trial.metrics for trial in valid if metric is not CPU_PER_REQUEST or _has_enough(trial)]
    values = [value for metrics in counted if (value := metrics.value(metric)) is not None]
    if not values:
        return None
    is_floor = any(metrics.is_floor(metric) for metrics in counted)
    return Spread(median=median(values), low=min(values), high=max(values), n=len(values), is_floor=is_floor)


def _has_enough(trial: TrialRecord) -> bool:
    return (trial.metrics.answers or 0) >= LEAST_ANSWERS


def percentiles(durations: Histogram | None) -> Percentiles | None:
    if durations is None or not durations.total:
        return None
    p50, p90, p99 = (durations.quantile(q) for q in (0.5, 0.9, 0.99))
    return Percentiles(count=durations.total, p50=p50, p90=p90, p99=p99)


def _total(counts: Sequence[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
