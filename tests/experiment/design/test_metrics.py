"""The metrics: each row names a field that trials have, and says how its values are written and compared."""

from __future__ import annotations

from dataclasses import fields

import pytest

from analysis.wording import words
from experiment.design.metrics import METRICS, Better, Metric, Unit
from experiment.records.trial import METRIC_FIELDS, TrialMetrics

each = pytest.mark.parametrize("metric", METRICS.values(), ids=lambda m: m.name)


@each
def test_a_metric_is_a_field_of_a_trial(metric: Metric) -> None:
    assert metric.name in METRIC_FIELDS
    assert metric.floor is None or metric.floor in METRIC_FIELDS
    trial = TrialMetrics(**{metric.name: 2.0, **({metric.floor: True} if metric.floor else {})})  # type: ignore[arg-type]
    assert trial.value(metric) == 2.0
    assert trial.is_floor(metric) == (metric.floor is not None)


def test_every_field_that_says_a_floor_belongs_to_a_metric() -> None:
    floors = {f.name for f in fields(TrialMetrics) if f.name.endswith("_is_floor")}
    assert {m.floor for m in METRICS.values() if m.floor} == floors


@each
def test_a_metrics_unit_is_that_of_its_name(metric: Metric) -> None:
    ends = {Unit.RPS: "_rps", Unit.SECONDS: "_s", Unit.MICROSECONDS: "_us", Unit.CPU_MICROSECONDS: "_us_per_request"}
    assert metric.name.endswith(ends.get(metric.unit, metric.name))


@each
def test_a_metric_is_worded(metric: Metric) -> None:
    assert words.metric_value(metric, 12.0)
    assert metric.label
    assert len(metric.short_label) <= len(metric.label)
    if metric.said:
        assert "{t}" in metric.said
        assert "{e}" in metric.said


@each
def test_what_is_compared_has_a_direction_and_what_is_structural_has_none(metric: Metric) -> None:
    assert (metric.better is Better.NEITHER) == metric.is_structural
