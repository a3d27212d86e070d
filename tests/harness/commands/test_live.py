"""Progress: a view that bears ten minutes, plain lines for logs, JSON for scripts."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from rich.console import Console, Group

from analysis.stats.judge import judge_all
from analysis.stats.results import Verdict
from experiment.design.model import Interval, PlannedTrial
from experiment.theory.validity import RULES
from harness.campaign.discarded import Discarded
from harness.campaign.events import CampaignProgress
from harness.commands.live import JsonLines, LiveView, PlainLines
from harness.commands.live_text import brief_line, claim_lines, history, in_minutes, left, sparkline, still_open, title
from harness.trial.driver import Progress
from made_trials import FAST, SLOW, claim, comparison, ratio_trials, trial

if TYPE_CHECKING:
    import pytest

STANDING = CampaignProgress(
    round=2,
    is_pass=True,
    claims=("X1",),
    open_claims=1,
    all_claims=3,
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
    assert left(STANDING) == ", about 1:01 more"
    assert left(replace(STANDING, round_left_s=None)) == ""
    assert still_open(STANDING) == "1 of 3 claims open, 1:40 of at most 6:40"


def test_a_step_names_its_claims_but_not_all_of_many() -> None:
    assert title(STANDING) == "pass 2"
    assert title(replace(STANDING, is_pass=False, round=9, claims=("A7",))) == "step 9 for A7"
    many = replace(STANDING, is_pass=False, round=3, claims=("A1", "A4", "A5", "A6", "A8", "A19"))
    assert title(many) == "step 3 for A1 A4 A5 A6 and 2 more"


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
    listener.judged(RESULTS, replace(STANDING, is_pass=False, round=3, claims=("X2",)))
    assert out.getvalue().split("\n")[:2] == ["  now: X1 supported", "  now"]


def _busy(in_a_row: int) -> Discarded:
    bad = replace(trial(FAST, 2, rules=("sut-contention", "driver-cpu")), reasons="it waited")
    return Discarded(trials=(bad,) * in_a_row)


def test_plain_lines_say_that_trials_keep_being_discarded_by_which_rule_and_what_to_do() -> None:
    listener, out = _plain()
    listener.discarding(_busy(4))
    assert (
        "4 trials in a row were discarded (sut-contention 4, driver-cpu 4); the campaign stops after 10"
        in out.getvalue()
    )
    assert all(RULES[rule].advice in out.getvalue() for rule in ("sut-contention", "driver-cpu"))


def test_json_lines_tell_of_discarded_trials_as_an_event(capsys: pytest.CaptureFixture[str]) -> None:
    JsonLines().discarding(_busy(3))
    event = json.loads(capsys.readouterr().out)
    assert (event["event"], event["in_a_row"], event["rules"]["sut-contention"]) == ("discarding", 3, 3)


@pytest.mark.parametrize("in_a_row", [0, 2, 9])
def test_the_live_view_fits_a_terminal_of_80_by_24_whatever_goes_wrong(in_a_row: int) -> None:
    console = Console(file=io.StringIO(), width=80, height=24, force_terminal=True)
    view = LiveView(console)
    view.round_started(replace(STANDING, is_pass=False, round=31, claims=("A11b", "A12b", "A14b", "A19c", "A20")))
    view.trial_started(PLANNED, STANDING)
    view.trial_progress(PLANNED, Progress(second=0, rps=321.0, p99_us=12_300.0))
    for bad in _busy(max(in_a_row, 1)).trials:
        view.trial_ended(bad if in_a_row else trial(FAST, 2, goodput_rps=321.0, loop_lag_p99_us=9e5), STANDING)
    if in_a_row > 2:
        view.discarding(_busy(in_a_row))
    view.judged([replace(RESULTS[0], verdict=Verdict.NOT_MEASURABLE)] * 40, STANDING)
    lines = console.render_lines(Group(*view._lines()), console.options.update(height=None), pad=False)
    assert len(lines) <= 24
    assert max(sum(segment.cell_length for segment in line) for line in lines) <= 80
    shown = "\n".join("".join(segment.text for segment in line) for line in lines)
    assert "claims open" in shown
    assert (RULES["sut-contention"].advice[:40] in shown) == (in_a_row > 0)


def test_json_lines_are_one_object_each(capsys: pytest.CaptureFixture[str]) -> None:
    listener = JsonLines()
    listener.round_started(STANDING)
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
        view.round_started(STANDING)
        view.trial_started(PLANNED, STANDING)
        view.trial_progress(PLANNED, Progress(second=0, rps=321.0, p99_us=12_300.0))
        view.trial_ended(trial(FAST, 2, goodput_rps=321.0, loop_lag_p99_us=900.0), STANDING)
        bad = replace(trial(FAST, 3, rules=("clock",)), reasons="the window lasted 9 s")
        view.trial_ended(bad, STANDING)
        view.judged(RESULTS, STANDING)
    shown = out.getvalue()
    for part in (
        "pass 2: trial 2 of 5, about 1:01 more",
        "1 of 3 claims open, 1:40 of at most 6:40",
        FAST.id,
        "321 rps",
        "p99 12 ms",
        "X1",
        "supported",
        RULES["clock"].advice,
    ):
        assert part in shown


def test_a_trials_figure_stands_before_its_name_and_is_never_cut_off() -> None:
    long = replace(trial(FAST, 2, goodput_rps=321.0, loop_lag_p99_us=900.0), treatment="http." + "x" * 90)
    line = brief_line(long, 80)
    assert line.split()[1:7] == ["321.0", "rps", "loop", "lag", "p99", "900"]
    assert len(line) == 80
    assert line.endswith("…")


def test_what_a_treatment_did_before_is_its_own_and_valid_only() -> None:
    records = [trial(FAST, 1, goodput_rps=300.0), trial(FAST, 2, goodput_rps=400.0)]
    discarded = trial(FAST, 3, goodput_rps=1.0, rules=("clock",))
    assert history([]) == history([discarded]) == ""
    assert history(records[:1]) == "█ 300.0 rps in 1 trial before"
    assert history([*records, discarded]) == "▇█ 300.0 to 400.0 rps in 2 trials before"


def test_the_live_view_never_draws_one_treatment_beside_another_in_a_line() -> None:
    console = Console(file=io.StringIO(), width=80, height=24, force_terminal=True)
    view = LiveView(console)
    for treatment, rps in ((FAST, 400.0), (SLOW, 10.0), (FAST, 380.0)):
        view.trial_ended(trial(treatment, 1, goodput_rps=rps, loop_lag_p99_us=900.0), STANDING)
    view.trial_started(PLANNED, STANDING)
    shown = [line.plain for line in view._lines()]
    assert "       ██ 380.0 to 400.0 rps in 2 trials before" in shown
    assert not any("10.0 rps" in line and "400" in line for line in shown)


def test_claims_stand_by_verdict_in_lines_that_fit() -> None:
    many = [replace(RESULTS[0], claim=replace(RESULTS[0].claim, id=f"A{number}")) for number in range(40)]
    undecided = replace(RESULTS[0], verdict=Verdict.INCONCLUSIVE)
    lines = [line for line, _ in claim_lines([*many, undecided], 80, 24)]
    assert lines[0].startswith(" 40 supported       A0 A1 ")
    assert lines[-1] == "  1 undecided       X1"
    assert all(len(line) <= 80 and line[19] == " " for line in lines)


def test_of_more_claims_than_there_is_room_for_each_verdict_has_one_line() -> None:
    names = [f"request-{number}-holds-up-the-loop" for number in range(60)]
    many = [replace(RESULTS[0], claim=replace(RESULTS[0].claim, id=name)) for name in names]
    (line,) = [line for line, _ in claim_lines(many, 80, 10)]
    assert line.startswith(" 60 supported       request-0-holds-up-the-loop ")
    assert len(line) <= 80
    assert line.endswith("…")
