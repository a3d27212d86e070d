"""Progress: a view that bears ten minutes, plain lines for logs, JSON for scripts."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from analysis.stats.judge import judge_all
from experiment.design.model import Interval, PlannedTrial
from experiment.theory.validity import RULES
from harness.campaign.events import CampaignProgress
from harness.commands.live import JsonLines, LiveView, PlainLines, in_minutes, left, sparkline
from harness.trial.driver import Progress
from made_trials import FAST, claim, comparison, ratio_trials, trial

if TYPE_CHECKING:
    import pytest

STANDING = CampaignProgress(
    round=2,
    max_rounds=9,
    trials_done=7,
    trials_in_round=5,
    position=1,
    elapsed_s=100.0,
    budget_s=400.0,
    round_left_s=61.0,
)
PLANNED = PlannedTrial(trial_id="t0008", round=2, position=1, attempt=1, treatment=FAST)
RESULTS = judge_all([claim(comparison(Interval(0.9, 1.1)))], ratio_trials([1.0, 1.01, 0.99, 1.0]), skipped={})


def test_a_sparkline_is_as_high_as_its_values() -> None:
    assert sparkline([0, 50, 100]) == "▁▅█"
    assert sparkline([0, 0]) == "▁▁"
    assert sparkline([]) == ""


def test_minutes_are_written_as_on_a_clock() -> None:
    assert [in_minutes(s) for s in (0, 59.6, 61, 600)] == ["0:00", "1:00", "1:01", "10:00"]


def test_what_is_left_promises_no_more_than_is_known() -> None:
    assert left(STANDING) == "this round about 1:01 more, in all at most 5:00"
    assert left(replace(STANDING, round_left_s=None)) == "at most 5:00 left"


def _plain() -> tuple[PlainLines, io.StringIO]:
    out = io.StringIO()
    return PlainLines(Console(file=out, width=200, highlight=False, soft_wrap=True)), out


def test_plain_lines_name_the_trial_its_figures_and_what_is_wrong_with_it() -> None:
    listener, out = _plain()
    bad = replace(trial(FAST, 2, rules=("sut-contention",), goodput_rps=12.3), reasons="it waited 30%")
    listener.trial_ended(bad, STANDING)
    assert "[1/5]" in out.getvalue()
    assert "12.3 rps" in out.getvalue()
    assert "INVALID sut-contention: it waited 30%" in out.getvalue()
    assert RULES["sut-contention"].advice in out.getvalue()


def test_plain_lines_name_the_line_on_which_the_loop_stood() -> None:
    listener, out = _plain()
    listener.trial_ended(trial(FAST, 2, goodput_rps=12.3, stuck_at="bench_app/pdf.py:22 in parse"), STANDING)
    assert "stuck at bench_app/pdf.py:22 in parse" in out.getvalue()


def test_a_rule_of_another_version_has_no_advice_and_a_trial_without_lag_no_bar() -> None:
    out = io.StringIO()
    with LiveView(Console(file=out, width=120, force_terminal=True)) as view:
        view.trial_ended(replace(trial(FAST, 2, rules=("of-old",)), reasons="seen"), STANDING)
    assert "INVALID of-old: seen" in out.getvalue()
    assert "loop lag p99 by trial" not in out.getvalue()


def test_plain_lines_tell_where_every_claim_stands() -> None:
    listener, out = _plain()
    listener.judged(RESULTS, STANDING)
    assert "after round 2: X1 supported" in out.getvalue()


def test_json_lines_are_one_object_each(capsys: pytest.CaptureFixture[str]) -> None:
    listener = JsonLines()
    listener.round_started(STANDING, ["X1"])
    listener.trial_progress(PLANNED, Progress(second=0, rps=5.0, p99_us=None))
    listener.trial_ended(trial(FAST, 2, goodput_rps=5.0), STANDING)
    listener.judged(RESULTS, STANDING)
    listener.ended(RESULTS, "budget")
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [e["event"] for e in events] == ["round", "progress", "trial", "judged", "ended"]
    assert events[-1]["verdicts"] == {"X1": "supported"}


def test_the_live_view_shows_round_trial_rate_claims_and_time_left() -> None:
    out = io.StringIO()
    console = Console(file=out, width=120, force_terminal=True)
    with LiveView(console) as view:
        view.round_started(STANDING, ["X1"])
        view.trial_started(PLANNED, STANDING)
        view.trial_progress(PLANNED, Progress(second=0, rps=321.0, p99_us=12_300.0))
        view.trial_ended(trial(FAST, 2, goodput_rps=321.0, loop_lag_p99_us=900.0), STANDING)
        bad = replace(trial(FAST, 3, rules=("clock",)), reasons="the window lasted 9 s")
        view.trial_ended(bad, STANDING)
        view.judged(RESULTS, STANDING)
    shown = out.getvalue()
    for part in (
        "round 2, trial 2 of 5",
        "at most 5:00",
        FAST.id,
        "321 rps",
        "p99 12.3 ms",
        "X1",
        "supported",
        RULES["clock"].advice,
    ):
        assert part in shown
