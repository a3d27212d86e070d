"""A table of the report: whatever else trials.csv holds, so that nothing is recorded that nobody can see."""

from collections.abc import Callable, Mapping

from analysis.reading.campaign import Campaign
from analysis.report.database_table import DATABASE
from analysis.report.report_tables import ERRORS, FIGURES, USE
from analysis.report.table import FieldColumn, TableView, field_table
from analysis.wording import words
from experiment.design.metrics import METRICS
from experiment.records.trial import METRIC_FIELDS

SHOWN = frozenset(
    {
        *(field for metric in FIGURES.values() for field in (metric.name, metric.floor) if field),
        *(column.field for column in USE),
        *ERRORS.values(),
        *DATABASE,
        "first_failure",
    }
)
"""What the other tables show."""
INTERNAL = {
    "users_planned": "the load's own number; how many of them started is shown",
    "tokens_total": "a setting of the app, which stands among the facts of the campaign",
}
"""What no table shows, and why."""
_UNITS: Mapping[str, Callable[[float], str]] = {"_us": words.duration_us, "_s": words.duration, "_rps": words.rate}


def _column(field: str) -> FieldColumn:
    if field == "stuck_at":
        return FieldColumn("stuck at", field, str, how="most frequent")
    metric = next((m for m in METRICS.values() if m.name == field), None)
    if metric is not None:
        return FieldColumn(metric.label, field, lambda value: words.metric_value(metric, value))
    unit = next((unit for unit in _UNITS if field.endswith(unit)), "")
    return FieldColumn(field.removesuffix(unit).replace("_", " "), field, _UNITS.get(unit, _plain))


_WHOLE_FROM = 100


def _plain(value: float) -> str:
    return f"{value:,.0f}" if value >= _WHOLE_FROM or value == int(value) else words.significant(value, 3)


DETAILS: Mapping[str, FieldColumn] = {
    field: _column(field) for field in METRIC_FIELDS if field not in SHOWN and field not in INTERNAL
}
"""All the rest: what is recorded from now on is shown here unless it is named above."""


def details_table(campaign: Campaign) -> TableView:
    """Return every column of trials.csv that no other table has: medians, of texts the most frequent one."""
    return field_table(
        campaign,
        list(DETAILS.values()),
        label="Table of everything else that was measured",
        caption="The other columns of trials.csv: medians of the valid trials, of places in the code the most frequent",
    )
