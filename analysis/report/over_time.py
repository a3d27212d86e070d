"""The whole campaign over time, for the page's own chart: every trial, and every second of its window.

The page's script draws it; values stay numbers here, with how they are written beside them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analysis.reading.campaign import Campaign, seconds_frame
from analysis.wording.printable import one_line
from bench_app.styles import STYLES

MOST_POINTS = 20_000
"""Seconds of all trials together; more would make the page slow, and throughput.csv has them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What the chart can show: the sum of `fields`, of each second of a window or of a whole trial.

    `scale` turns it into the unit that `unit` names; durations are in seconds, and their axis is logarithmic.
    """

    label: str
    fields: tuple[str, ...]
    is_per_second: bool
    unit: str = ""
    scale: float = 1.0

    @property
    def is_duration(self) -> bool:
        return self.unit == "s"


def _seconds(label: str, *fields: str, unit: str = "", scale: float = 1.0) -> Measure:
    return Measure(label=label, fields=fields, is_per_second=True, unit=unit, scale=scale)


def _trials(label: str, *fields: str, unit: str = "", scale: float = 1.0) -> Measure:
    return Measure(label=label, fields=fields, is_per_second=False, unit=unit, scale=scale)


MEASURES = (
    _seconds("right answers in the second", "answers"),
    _seconds("wrong answers and errors in the second", "wrong", "errors"),
    _trials("response time p50 of the trial", "response_p50_us", unit="s", scale=1e-6),
    _trials("response time p99 of the trial", "response_p99_us", unit="s", scale=1e-6),
    _trials("bystander response time p99 of the trial", "bystander_p99_us", unit="s", scale=1e-6),
    _seconds("slowest bystander in the second", "bystander_max_us", unit="s", scale=1e-6),
    _seconds("worst loop lag in the second", "loop_lag_max_us", unit="s", scale=1e-6),
    _seconds("threads of the pool at work in the second", "tokens_borrowed_max"),
    _seconds("requests waiting for a thread in the second", "tokens_waiting_max"),
    _seconds("database connections in use in the second", "db_in_use_max"),
    _trials("goodput of the trial", "goodput_rps", unit="rps"),
    _trials("a fixed piece of Python work before the trial", "yardstick_us", unit="s", scale=1e-6),
)


def over_time(campaign: Campaign) -> Mapping[str, Any] | None:
    """Return what the script draws as JSON, or None where nothing was recorded, or too much.

    `trials` are [treatment, style's colour, round, whether valid, start in s after the first trial]; `series` have a
    point [trial, offset in s from its start, value] for everything that was measured, under the measure of that place.
    """
    trials = _placed(campaign.frame)
    seconds = seconds_frame(campaign)
    if trials.empty or len(seconds) > MOST_POINTS:
        return None
    place = {str(name): i for i, name in enumerate(trials["trial_id"])}
    series = [list(_points(seconds if measure.is_per_second else trials, measure, place)) for measure in MEASURES]
    shown = [(measure, points) for measure, points in zip(MEASURES, series, strict=True) if points]
    return {
        "measures": [
            {"label": one.label, "unit": one.unit, "isDuration": one.is_duration, "isPerSecond": one.is_per_second}
            for one, _ in shown
        ],
        "series": [points for _, points in shown],
        "trials": list(_trial_rows(trials)),
    }


def _placed(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the trials with a start that can be read, in seconds after the first of them."""
    started = pd.to_datetime(frame["started_at"], errors="coerce", utc=True, format="ISO8601")
    known = frame[started.notna()]
    at = (started.dropna() - started.min()).dt.total_seconds()
    return known.assign(at=at)


def _trial_rows(trials: pd.DataFrame) -> Iterator[Sequence[Any]]:
    columns = (trials[name] for name in ("treatment", "style", "round", "is_valid", "at"))
    for treatment, style, number, is_valid, at in zip(*columns, strict=True):
        yield [one_line(treatment), STYLES[style].colour, int(number), bool(is_valid), round(float(at), 1)]


def _points(frame: pd.DataFrame, measure: Measure, place: Mapping[str, int]) -> Iterator[Sequence[float]]:
    mine = frame.dropna(subset=list(measure.fields))
    values = mine[list(measure.fields)].astype("float64").sum(axis=1) * measure.scale
    offsets = mine["second"].astype("float64") if measure.is_per_second else pd.Series(0.0, index=mine.index)
    for name, offset, value in zip(mine["trial_id"], offsets, values, strict=True):
        if name in place:
            yield [place[str(name)], float(offset), float(f"{value:.4g}")]
