"""A table of the report: the percentiles of response times, treatment by treatment."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.reading.campaign import Campaign, response_histograms
from analysis.reading.summary import all_rows
from analysis.report.table import TableView, treatment_row
from analysis.wording import words
from experiment.records.histogram import Histogram, Quantile

PERCENTILES: Mapping[str, float] = {"p50": 0.5, "p75": 0.75, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p99.9": 0.999}


def percentiles_table(campaign: Campaign) -> TableView:
    """Return a row for every treatment with recorded response times, all its valid trials merged.

    A percentile that the number of requests does not support is not measured.
    """
    histograms = response_histograms(campaign)
    return TableView(
        label="Table of response-time percentiles",
        caption="Response times by percentile of requests, valid trials merged. ≥: still unanswered when the window "
        "closed. –: too few requests for this percentile",
        key="treatment",
        columns=("requests", *PERCENTILES, "longest"),
        rows=tuple(
            treatment_row(campaign, row.treatment.id, _cells(histograms[row.treatment.id]))
            for row in all_rows(campaign)
            if row.treatment.id in histograms and histograms[row.treatment.id].total
        ),
    )


def _cells(histogram: Histogram) -> Mapping[str, str]:
    return {
        "requests": f"{histogram.total:,}",
        **{name: _written(histogram.quantile(q)) for name, q in PERCENTILES.items()},
        "longest": _written(histogram.curve([1.0])[0]),
    }


def _written(value: Quantile | None) -> str:
    if value is None:
        return words.NOT_MEASURED
    return f"{'≥ ' if value.is_floor else ''}{words.duration_us(value.value_us)}"
