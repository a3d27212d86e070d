"""Tables of the report: theory against measurement, what treatments take, all figures, what went wrong, the rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pandas as pd

from analysis.reading.campaign import Campaign
from analysis.reading.rules import firings
from analysis.reading.summary import Row, all_rows, summarise, treatment_ceiling
from analysis.report.table import FieldColumn, RowView, TableView, field_table, treatment_row
from analysis.wording import words
from experiment.design.metrics import (
    BYSTANDER_P50,
    BYSTANDER_P99,
    CPU_PER_REQUEST,
    GOODPUT,
    LOOP_LAG_P99,
    MAKESPAN,
    RESPONSE_P50,
    RESPONSE_P99,
    TOKENS_PEAK,
    Metric,
)
from experiment.theory.ceilings import Ceiling

FIGURES: Mapping[str, Metric] = {
    "goodput": GOODPUT,
    "time until all answered": MAKESPAN,
    "response p50": RESPONSE_P50,
    "response p99": RESPONSE_P99,
    "bystander p50": BYSTANDER_P50,
    "bystander p99": BYSTANDER_P99,
    "loop lag p99": LOOP_LAG_P99,
    "SUT CPU a request": CPU_PER_REQUEST,
    "tokens peak": TOKENS_PEAK,
}
USE = (
    FieldColumn("SUT CPU a request", "sut_cpu_us_per_request", "{:,.0f} µs".format),
    FieldColumn("at equal core speed", "sut_cpu_normalized_us_per_request", "{:,.0f} µs".format),
    FieldColumn("cores busy", "sut_cpu_share", "{:.2f}".format),
    FieldColumn("peak memory", "sut_rss_peak_mib", "{:,.0f} MiB".format, how="max"),
    FieldColumn("threads", "sut_threads_peak", "{:,.0f}".format, how="max"),
    FieldColumn("context switches a request", "sut_context_switches_per_request", "{:,.1f}".format),
)
ERRORS: Mapping[str, str] = {"wrong answers": "wrong", "no answer": "errors", "not sent": "dropped"}


def theory_table(campaign: Campaign) -> TableView:
    """Return a row for every treatment that theory has a ceiling for."""
    limits = ((row, treatment_ceiling(campaign, row.treatment)) for row in all_rows(campaign))
    return TableView(
        label="Table of theory against measurement",
        caption="Theory's ceiling against the median of the valid trials",
        key="treatment",
        columns=("theory's ceiling", "decided by", "measured", "share", "SUT CPU a request"),
        texts=("decided by",),
        rows=tuple(
            treatment_row(campaign, row.treatment.id, _theory(campaign, row, limit)) for row, limit in limits if limit
        ),
    )


def _theory(campaign: Campaign, row: Row, limit: Ceiling) -> Mapping[str, str]:
    reached = _reached(campaign, row)
    return {
        "theory's ceiling": words.rate(limit.goodput_rps),
        "decided by": limit.decided_by,
        "measured": words.NOT_MEASURED if reached is None else words.rate(reached),
        # no `percent` here: a measured rate may well be above what theory computes from medians
        "share": words.NOT_MEASURED if reached is None else f"{reached / limit.goodput_rps * 100:.0f} %",
        "SUT CPU a request": _figure(campaign, row, CPU_PER_REQUEST),
    }


def _reached(campaign: Campaign, row: Row) -> float | None:
    """Return the goodput a treatment reached; of a burst, its size over the time it took."""
    goodput = summarise(campaign, row.treatment.id, GOODPUT)
    if goodput is not None:
        return goodput.median
    makespan = summarise(campaign, row.treatment.id, MAKESPAN)
    return row.load.users / makespan.median if makespan is not None else None


def use_table(campaign: Campaign) -> TableView:
    """Return what every treatment with a valid trial takes from the machine."""
    return field_table(
        campaign,
        USE,
        label="Table of what each treatment takes from the machine",
        caption="What each treatment takes: medians of the valid trials, memory and threads as peaks",
    )


def treatments_table(campaign: Campaign) -> TableView:
    """Return every figure of every planned treatment, with its ceiling beside its goodput."""
    goodput, *others = FIGURES
    return TableView(
        label="Table of treatments",
        key="treatment",
        columns=("valid trials", goodput, "theory's ceiling", *others),
        rows=tuple(treatment_row(campaign, row.treatment.id, _figures(campaign, row)) for row in all_rows(campaign)),
    )


def _figures(campaign: Campaign, row: Row) -> Mapping[str, str]:
    mine = campaign.frame[campaign.frame["treatment"] == row.treatment.id]
    limit = treatment_ceiling(campaign, row.treatment)
    return {
        "valid trials": f"{mine['is_valid'].sum()} of {len(mine)}",
        "theory's ceiling": f"{words.rate(limit.goodput_rps)} ({limit.decided_by})" if limit else words.NOT_MEASURED,
        **{name: _figure(campaign, row, metric) for name, metric in FIGURES.items()},
    }


def _figure(campaign: Campaign, row: Row, metric: Metric) -> str:
    value = summarise(campaign, row.treatment.id, metric)
    if value is None:
        return words.NOT_MEASURED
    return ("≥ " if value.is_floor else "") + words.metric_value(metric, value.median)


def errors_table(campaign: Campaign) -> TableView:
    """Return a row for every treatment with requests that got no right answer, over all its trials."""
    return TableView(
        label="Table of errors",
        caption="Requests that got no right answer, over all trials, invalid ones included; none of them counts as "
        "goodput",
        key="treatment",
        columns=("trials with any", *ERRORS, "first failure"),
        texts=("first failure",),
        rows=tuple(_errors(campaign)),
    )


def _errors(campaign: Campaign) -> Iterator[RowView]:
    frame = campaign.frame
    has_any = frame[list(ERRORS.values())].gt(0).any(axis=1) | frame["first_failure"].notna()
    trials = frame["treatment"].value_counts()
    for treatment, bad in frame[has_any].groupby("treatment", sort=False):
        failures = bad["first_failure"].dropna()
        cells = {
            "trials with any": f"{len(bad)} of {trials[treatment]}",
            **{name: _sum(bad[field]) for name, field in ERRORS.items()},
            "first failure": "" if failures.empty else failures.iloc[0],
        }
        yield treatment_row(campaign, str(treatment), cells)


def _sum(counts: pd.Series[int]) -> str:
    return f"{counts.sum():,}" if counts.notna().any() else words.NOT_MEASURED


def invalid_table(campaign: Campaign) -> TableView:
    columns = ("treatment", "round", "rule", "what was seen")
    return TableView(
        label="Table of invalid trials",
        caption="Invalid trials: kept in trials.csv, left out of every figure above",
        key="trial",
        columns=columns,
        texts=columns,
        rows=tuple(
            treatment_row(
                campaign,
                trial.treatment,
                dict(
                    zip(
                        columns, (trial.treatment, f"{trial.round}", ", ".join(trial.rules), trial.reasons), strict=True
                    )
                ),
                id=trial.trial_id,
            )
            for trial in campaign.trials
            if not trial.is_valid
        ),
    )


def skipped_table(campaign: Campaign) -> TableView:
    return TableView(
        label="Table of skipped variants",
        caption="Skipped variants: never timed in this campaign",
        key="variant",
        columns=("reason",),
        texts=("reason",),
        rows=tuple(RowView(id=name, cells={"reason": reason}) for name, reason in sorted(campaign.skipped.items())),
    )


def rules_table(campaign: Campaign) -> TableView:
    return TableView(
        label="Table of validity rules",
        caption="Every trial is held against these rules; one that breaks any is invalid",
        key="rule",
        columns=("limit", "trials", "meaning", "what to do"),
        texts=("meaning", "what to do"),
        rows=tuple(
            RowView(
                id=rule.id,
                cells={
                    "limit": words.NOT_MEASURED if rule.limit is None else f"{rule.limit:g}",
                    "trials": str(count),
                    "meaning": rule.meaning,
                    "what to do": rule.advice,
                },
            )
            for rule, count in firings(campaign).items()
        ),
    )


TABLES: Mapping[str, Callable[[Campaign], TableView]] = {
    "theory": theory_table,
    "use": use_table,
    "treatments": treatments_table,
    "errors": errors_table,
    "invalid": invalid_table,
    "skipped": skipped_table,
    "rules": rules_table,
}
"""By the names that the templates know them by."""
