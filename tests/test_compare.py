"""Comparing two campaigns: planted changes are found, equals are never worse, and nothing unlike is compared."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from itertools import product
from math import exp, inf, log
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from _campaigns import HOST, SETTINGS, manifest
from _measured import ASKED, BAD, BLOCKING, GOOD, NATIVE, POOLED, measured
from _trials import FAST, trial
from analysis import markdown
from analysis.compare import METRICS, Change, compare
from analysis.compare_text import advice, as_json, as_junit, as_markdown, headline
from analysis.environment import Topic, differences, obstacles
from analysis.gate import Gate, GateKind, failures, parse_gate, share_of
from analysis.independent import metric_ratio, sample
from analysis.load import load_campaign
from analysis.student import incomplete_beta, quantile, two_sided_tail
from experiment.claims import A_A, CLAIMS
from experiment.errors import BenchError, Exit, UsageError
from experiment.loads import LOADS
from experiment.model import Metric, Verdict
from experiment.registry import encode_load
from harness.compare import add_arguments
from harness.compare import compare as bench_compare

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from analysis.compare import CampaignComparison
    from analysis.load import Campaign

SLOWER = {NATIVE: 0.8, GOOD: 1.25}
WORSE_5 = (Gate(kind=GateKind.WORSE, limit=0.05),)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Measure once what most tests read."""
    root = tmp_path_factory.mktemp("results")
    return {
        "before": measured(root / "before", seed=1),
        "same": measured(root / "same", seed=2),
        "slower": measured(root / "slower", seed=3, factors=SLOWER),
        "elsewhere": measured(root / "elsewhere", seed=4, host={**HOST, "cpu": "Another <Processor> & more"}),
    }


@pytest.fixture(scope="module")
def of(folders: dict[str, Path]) -> Callable[[str], Campaign]:
    campaigns = {name: load_campaign(path) for name, path in folders.items()}
    return campaigns.__getitem__


def _suite(page: str) -> ET.Element:
    return ET.fromstring(page)[0]  # noqa: S314 - our own page


def _changes(found: CampaignComparison) -> dict[str, Change]:
    return {row.treatment: row.change for row in found.rows}


# --- Student's t


@pytest.mark.parametrize(
    ("probability", "df", "published"),
    [  # NIST/SEMATECH e-Handbook of Statistical Methods, table 1.3.6.7.2
        (0.975, 1, 12.706),
        (0.95, 2, 2.920),
        (0.975, 3, 3.182),
        (0.99, 5, 3.365),
        (0.999, 6, 5.208),
        (0.975, 10, 2.228),
        (0.95, 30, 1.697),
        (0.999, 100, 3.174),
    ],
)
def test_quantiles_are_those_of_published_tables(probability: float, df: float, published: float) -> None:
    assert quantile(probability, df) == pytest.approx(published, abs=6e-4)


def test_quantiles_of_many_degrees_of_freedom_are_the_normal_ones() -> None:
    assert quantile(0.975, 1e7) == pytest.approx(1.959964, abs=1e-5)


def test_quantiles_are_symmetric_and_undo_the_tail() -> None:
    assert quantile(0.1, 4.5) == -quantile(0.9, 4.5)
    assert two_sided_tail(quantile(0.995, 4.5), 4.5) == pytest.approx(0.01)
    assert quantile(0.5, 3) == pytest.approx(0, abs=1e-12)


def test_the_incomplete_beta_function_has_its_known_values() -> None:
    assert (incomplete_beta(2, 3, 0), incomplete_beta(2, 3, 1)) == (0, 1)
    assert incomplete_beta(2, 3, 0.4) == pytest.approx(0.5248)  # 1 - 0.6^4 - 4 * 0.4 * 0.6^3


@pytest.mark.parametrize(("probability", "df"), [(0, 3), (1, 3), (0.9, 0)])
def test_a_quantile_of_nonsense_is_refused(probability: float, df: float) -> None:
    with pytest.raises(ValueError, match=r"is asked for|a tail needs"):
        quantile(probability, df)


# --- the interval of two independent campaigns


def _ratio(before: list[float], after: list[float], *, floors: tuple[bool, bool] = (False, False)) -> Any:
    trials = [[trial(FAST, n, goodput_rps=v) for n, v in enumerate(values)] for values in (before, after)]
    one, other = (sample(t, FAST.id, Metric.GOODPUT) for t in trials)
    one, other = replace(one, is_floor=floors[0]), replace(other, is_floor=floors[1])
    return metric_ratio(Metric.GOODPUT, one, other, 0.05)


def test_the_interval_is_welchs() -> None:
    """ln y is 0, 0.2 against 0, 0, 0.3: by hand both means are 0.1, s²/n is 0.01 and 0.01, and df = 8/3."""
    found = _ratio([1.0, exp(0.2)], [1.0, 1.0, exp(0.3)])
    half = quantile(0.975, 8 / 3) * 0.02**0.5
    assert (log(found.ratio), log(found.low), log(found.high)) == pytest.approx((0, -half, half))


def test_one_trial_a_side_has_a_ratio_and_no_interval() -> None:
    found = _ratio([100.0], [80.0, 80.0])
    assert (found.ratio, found.low, found.high) == (pytest.approx(0.8), 0.0, inf)


def test_two_wild_trials_say_nothing_and_overflow_nothing() -> None:
    found = _ratio([1e-9, 1e9], [1e-9, 1e9])
    assert (found.low, found.high) == (0.0, inf)


def test_a_floor_opens_the_interval_on_its_own_side() -> None:
    assert _ratio([1.0, 1.1], [1.0, 1.1], floors=(False, True)).high == inf
    assert _ratio([1.0, 1.1], [1.0, 1.1], floors=(True, False)).low == 0


def test_trials_that_agree_to_the_last_digit_are_not_certainty() -> None:
    found = _ratio([100.0] * 3, [100.0] * 3)
    assert found.low < 1 < found.high


def test_swapping_the_campaigns_inverts_ratio_and_interval() -> None:
    there, back = _ratio([1.0, 1.1, 1.3], [0.9, 1.0]), _ratio([0.9, 1.0], [1.0, 1.1, 1.3])
    assert (there.ratio, there.low, there.high) == pytest.approx((1 / back.ratio, 1 / back.high, 1 / back.low))


# --- what becomes of a treatment


def test_a_planted_slowdown_is_found_and_nothing_else(of: Callable[[str], Campaign]) -> None:
    found = _changes(compare(of("before"), of("slower")))
    assert {name for name, change in found.items() if change is Change.WORSE} == set(SLOWER)
    assert Change.BETTER not in found.values()


def test_the_other_way_round_it_is_an_improvement(of: Callable[[str], Campaign]) -> None:
    found = _changes(compare(of("slower"), of("before")))
    assert {name for name, change in found.items() if change is Change.BETTER} == set(SLOWER)


def test_a_planted_ratio_lies_in_its_interval(of: Callable[[str], Campaign]) -> None:
    row = next(r for r in compare(of("before"), of("slower")).rows if r.treatment == NATIVE)
    assert row.primary.low < 0.8 < row.primary.high
    assert row.primary.n_before == row.primary.n_after == 8


def test_identical_campaigns_are_the_same(of: Callable[[str], Campaign]) -> None:
    assert set(_changes(compare(of("before"), of("same"))).values()) == {Change.SAME}


def test_too_few_noisy_trials_are_undecided_and_never_the_same(tmp_path: Path) -> None:
    a, b = (measured(tmp_path / name, rounds=2, seed=n, spread=0.1) for n, name in enumerate("ab"))
    assert set(_changes(compare(load_campaign(a), load_campaign(b))).values()) == {Change.UNDECIDED}


def test_equal_truths_are_hardly_ever_called_different(tmp_path: Path) -> None:
    """Thirty comparisons of equals under noise: by Bonferroni at most one in twenty may name anything at all."""
    campaigns = [
        load_campaign(measured(tmp_path / f"{n}", claims=[CLAIMS["A1"]], rounds=4, seed=n, spread=0.1))
        for n in range(12)
    ]
    pairs = [(a, b) for a, b in product(campaigns[:6], campaigns[6:])][:30]
    wrong = [f for f in (compare(a, b) for a, b in pairs) if f.count(Change.WORSE) + f.count(Change.BETTER)]
    assert len(wrong) <= 4  # the 98th percentile of 30 throws at 5 %


def test_a_precise_small_difference_counts_as_the_same(tmp_path: Path) -> None:
    slightly = load_campaign(measured(tmp_path / "b", seed=5, factors={POOLED: 0.97}, spread=0.002))
    precise = load_campaign(measured(tmp_path / "a", seed=6, spread=0.002))
    assert _changes(compare(precise, slightly))[POOLED] is Change.SAME
    assert _changes(compare(precise, slightly, margin=0.01))[POOLED] is Change.WORSE


def test_each_load_is_compared_by_its_own_metric(of: Callable[[str], Campaign]) -> None:
    metrics = {r.treatment: r.primary.metric for r in compare(of("before"), of("same")).rows}
    assert (metrics[NATIVE], metrics[BAD]) == (Metric.GOODPUT, Metric.MAKESPAN)


def test_another_metric_can_be_chosen_and_names_who_lacks_it(of: Callable[[str], Campaign]) -> None:
    found = compare(of("before"), of("same"), metric=Metric.CPU_PER_REQUEST)
    assert {r.primary.metric for r in found.rows} == {Metric.CPU_PER_REQUEST}
    assert "SUT CPU a request was not measured" in next(m.reason for m in found.missing if m.treatment == BAD)


def test_a_metric_without_a_better_direction_is_refused(of: Callable[[str], Campaign]) -> None:
    with pytest.raises(UsageError, match="no better direction"):
        compare(of("before"), of("same"), metric=Metric.TOKENS_PEAK)


def test_figures_beside_the_own_metric_are_listed(of: Callable[[str], Campaign]) -> None:
    row = next(r for r in compare(of("before"), of("same")).rows if r.treatment == NATIVE)
    assert [r.metric for r in row.beside] == [Metric.RESPONSE_P99, Metric.BYSTANDER_P50, Metric.CPU_PER_REQUEST]


def test_each_interval_pays_for_all_treatments(of: Callable[[str], Campaign]) -> None:
    found = compare(of("before"), of("same"))
    assert {r.primary.alpha for r in found.rows} == {0.05 / len(found.rows)}


def test_treatments_of_one_campaign_alone_are_named(of: Callable[[str], Campaign], tmp_path: Path) -> None:
    fewer = load_campaign(measured(tmp_path / "fewer", claims=ASKED[:2]))
    found = compare(of("before"), fewer)
    assert {(m.treatment, m.reason, m.is_lost) for m in found.missing} >= {(BAD, "B: not planned", True)}
    assert not [m for m in compare(fewer, of("before")).missing if m.is_lost]
    assert BAD not in _changes(found)


def test_a_treatment_without_valid_trials_is_named_with_the_rule(of: Callable[[str], Campaign], tmp_path: Path) -> None:
    spoiled = load_campaign(measured(tmp_path / "spoiled", spoiled=[NATIVE]))
    missing = compare(of("before"), spoiled).missing
    assert [(m.treatment, m.reason) for m in missing] == [(NATIVE, "B: no valid trial: sut-died")]


def test_a_treatment_that_answers_nothing_any_more_is_lost_not_infinitely_slow(
    of: Callable[[str], Campaign], tmp_path: Path
) -> None:
    dead = load_campaign(measured(tmp_path / "dead", factors={BLOCKING: 0.0}))
    (missing,) = compare(of("before"), dead).missing
    assert missing.is_lost
    assert "was 0 in a valid trial" in missing.reason


def test_claims_whose_verdict_turned_are_shown(of: Callable[[str], Campaign], tmp_path: Path) -> None:
    turned = load_campaign(measured(tmp_path / "turned", factors={NATIVE: 0.6}))
    found = compare(of("before"), turned)
    pair = next(p for p in found.verdicts.claims if p.claim.id == "A8")
    assert (pair.original, pair.again) == (Verdict.SUPPORTED, Verdict.REFUTED)
    assert "| A8 sync-just-less-scalable | supported | refuted | turned round |" in as_markdown(found)


def test_a_shift_that_all_share_is_blamed_on_the_machine_first(of: Callable[[str], Campaign], tmp_path: Path) -> None:
    everything = dict.fromkeys((NATIVE, POOLED, BLOCKING, *(t.id for t in A_A.treatments)), 0.9)
    slow_day = load_campaign(measured(tmp_path / "slow-day", factors=everything))
    assert "as likely the machine's" in as_markdown(compare(of("before"), slow_day))
    assert "as likely the machine's" not in as_markdown(compare(of("before"), of("same")))


# --- undecided for lack of trials


def _two(tmp_path: Path, *, rounds: int, spread: float, **changes: Any) -> CampaignComparison:
    a, b = (
        load_campaign(measured(tmp_path / name, rounds=rounds, seed=seed, spread=spread, **changes))
        for seed, name in enumerate("ab")
    )
    return compare(a, b)


def _all_rounds() -> dict[str, Any]:
    return {**manifest([])["profile"], "all_rounds": True}


def test_many_undecided_for_lack_of_trials_name_the_flag_on_every_page(tmp_path: Path) -> None:
    found = _two(tmp_path, rounds=3, spread=0.05)
    said = advice(found)
    assert said.startswith(f"{found.count(Change.UNDECIDED)} of 8 treatments undecided with fewer than 10 trials")
    assert "`bench run --all-rounds`" in said
    assert markdown.cell(said) in as_markdown(found)
    assert as_json(found, (), ())["advice"] == said
    assert said in {p.attrib["value"] for p in _suite(as_junit(found, (), ())).iter("property")}


def test_campaigns_that_measured_all_rounds_are_advised_to_have_more(tmp_path: Path) -> None:
    said = advice(_two(tmp_path, rounds=3, spread=0.05, profile=_all_rounds()))
    assert "larger --budget" in said
    assert "--all-rounds" not in said


def test_undecided_with_trials_enough_is_no_lack_of_them(tmp_path: Path) -> None:
    found = _two(tmp_path, rounds=10, spread=0.3)
    assert found.count(Change.UNDECIDED) == 8
    assert advice(found) == ""


def test_a_few_undecided_are_no_reason_for_advice(of: Callable[[str], Campaign]) -> None:
    found = compare(of("before"), of("slower"))
    assert found.short_of_trials == ()
    rows = (replace(found.rows[0], change=Change.UNDECIDED), *found.rows[1:])
    assert advice(replace(found, rows=rows)) == ""


def test_where_a_campaign_stopped_is_a_difference_and_no_obstacle() -> None:
    (found,) = differences(_manifest(), _manifest(profile=_all_rounds()))
    assert (found.name, found.a, found.b, found.obstacle) == ("all rounds", "no", "yes", "")


# --- what may be compared


def _manifest(**changes: Any) -> dict[str, Any]:
    return {**manifest([]), **changes}


def test_equal_environments_have_no_difference() -> None:
    assert differences(_manifest(), _manifest()) == ()


@pytest.mark.parametrize(
    ("topic", "changes"),
    [
        (Topic.MACHINE, {"host": {**HOST, "cpu": "Another"}}),
        (Topic.MACHINE, {"host": {**HOST, "cores": 8}}),
        (Topic.MACHINE, {"host": {**HOST, "arch": "aarch64"}}),
        (Topic.PYTHON, {"host": {**HOST, "python": "3.12.1"}}),
        (Topic.PYTHON, {"host": {**HOST, "python_implementation": "PyPy"}}),
        (Topic.PINNING, {"pinning": {"sut": [0], "others": [1], "enforced": False}}),
        (Topic.PINNING, {"pinning": {"sut": [3], "others": [0, 1, 2], "enforced": True}}),
        (Topic.SETTINGS, {"settings": {**SETTINGS, "sleep_s": 0.2}}),
        (Topic.LOADS, {"loads": {"closed-80": encode_load(replace(LOADS["closed-80"], users=81))}}),
        (Topic.PROFILE, {"profile": {"is_smoke": True, "time_scale": 1.0}}),
    ],
)
def test_what_makes_two_campaigns_not_comparable(topic: Topic, changes: dict[str, Any]) -> None:
    found = obstacles(differences(_manifest(), _manifest(**changes)))
    assert {d.topic for d in found} == {topic}
    assert all(d.obstacle for d in found)


@pytest.mark.parametrize(
    ("topic", "changes"),
    [
        (Topic.MACHINE, {"host": {**HOST, "kernel": "6.2.0"}}),
        (Topic.MACHINE, {"host": {**HOST, "memory_gib": 16.0}}),
        (Topic.PYTHON, {"host": {**HOST, "python": "3.11.9"}}),
        (Topic.PINNING, {"pinning": {"sut": [1], "others": [0], "enforced": True}}),
        (Topic.PACKAGES, {"packages": {"fastapi": "0.131.0", "uvicorn": "0.40.0", "anyio": "5.0"}}),
        (Topic.METHOD, {"git": {"commit": "fedcba", "dirty": False}}),
        (Topic.METHOD, {"alpha": 0.01}),
    ],
)
def test_what_may_differ(topic: Topic, changes: dict[str, Any]) -> None:
    found = differences(_manifest(), _manifest(**changes))
    assert obstacles(found) == ()
    assert {d.topic for d in found} == ({topic} if "sut" not in changes.get("pinning", {}) else set())


def test_packages_that_came_went_and_changed_are_told_apart() -> None:
    found = differences(_manifest(), _manifest(packages={"fastapi": "0.131.0", "uvicorn": "0.40.0", "anyio": "5.0"}))
    assert [(d.name, d.a, d.b) for d in found] == [
        ("anyio", "not installed", "5.0"),
        ("fastapi", "0.130.0", "0.131.0"),
        ("locust", "2.43.0", "not installed"),
    ]


def test_another_machine_is_refused_with_the_reason(of: Callable[[str], Campaign]) -> None:
    with pytest.raises(UsageError, match=r"not comparable.*machine, cpu.*another processor.*--force"):
        compare(of("before"), of("elsewhere"))


def test_forced_says_so_on_every_page(of: Callable[[str], Campaign]) -> None:
    found = compare(of("before"), of("elsewhere"), force=True)
    page = as_markdown(found)
    assert page.count("FORCED: these two campaigns are not comparable") == 2
    assert as_json(found, (), ())["warning"] == found.warning != ""
    suite = _suite(as_junit(found, (), ()))
    assert suite.attrib["name"].startswith("FORCED")
    assert all("FORCED" in (case.findtext("system-out") or "") for case in suite.iter("testcase"))


def test_force_where_nothing_is_in_the_way_says_nothing(of: Callable[[str], Campaign]) -> None:
    assert compare(of("before"), of("same"), force=True).warning == ""


def test_a_campaign_is_not_compared_with_itself(of: Callable[[str], Campaign]) -> None:
    with pytest.raises(UsageError, match="itself"):
        compare(of("before"), of("before"))


def test_unfinished_and_smoke_campaigns_are_remarked(tmp_path: Path) -> None:
    told: dict[str, Any] = {
        "finished_at": None,
        "profile": {"name": "smoke", "is_smoke": True, "budget_s": 60, "max_rounds": 3},
    }
    a, b = (load_campaign(measured(tmp_path / n, rounds=2, **told)) for n in "ab")
    assert len(compare(a, b).remarks) == 4


# --- gates


def test_gates_are_read() -> None:
    assert parse_gate("worse:5%") == Gate(kind=GateKind.WORSE, limit=0.05)
    assert parse_gate("missing") == Gate(kind=GateKind.MISSING)
    assert share_of("2.5 %") == pytest.approx(0.025)


@pytest.mark.parametrize(
    "text", ["", "worse", "worse:", "worse:5", "worse:-5%", "worse:100%", "better:5%", "missing:1%"]
)
def test_a_gate_that_is_none_is_explained(text: str) -> None:
    with pytest.raises(UsageError, match=r"like 5%|Gates are"):
        parse_gate(text)


def test_a_slowdown_beyond_the_gate_fails_it(of: Callable[[str], Campaign]) -> None:
    stopped = failures(compare(of("before"), of("slower")), WORSE_5)
    assert {f.treatment for f in stopped} == set(SLOWER)
    assert all("all of it more than 5 % worse" in f.reason for f in stopped)


def test_a_slowdown_short_of_the_gate_passes(of: Callable[[str], Campaign]) -> None:
    assert failures(compare(of("before"), of("slower")), (parse_gate("worse:40%"),)) == ()


def test_improvements_pass(of: Callable[[str], Campaign]) -> None:
    assert failures(compare(of("slower"), of("before")), WORSE_5) == ()


def test_what_broke_altogether_passes_worse_and_fails_missing(of: Callable[[str], Campaign], tmp_path: Path) -> None:
    found = compare(of("before"), load_campaign(measured(tmp_path / "broken", spoiled=[NATIVE])))
    assert failures(found, WORSE_5) == ()
    assert [f.treatment for f in failures(found, (parse_gate("missing"),))] == [NATIVE]


# --- pages


def test_junit_has_a_test_a_treatment_and_fails_what_the_gate_stopped(of: Callable[[str], Campaign]) -> None:
    found = compare(of("before"), of("slower"))
    suite = _suite(as_junit(found, WORSE_5, failures(found, WORSE_5)))
    cases = {case.attrib["name"]: case for case in suite.iter("testcase")}
    assert set(cases) == {r.treatment for r in found.rows}
    assert {name for name, case in cases.items() if case.find("failure") is not None} == set(SLOWER)
    assert (suite.attrib["tests"], suite.attrib["failures"]) == (str(len(cases)), "2")


def test_junit_skips_what_was_not_compared(of: Callable[[str], Campaign], tmp_path: Path) -> None:
    found = compare(of("before"), load_campaign(measured(tmp_path / "fewer", claims=ASKED[:2])))
    suite = _suite(as_junit(found, (), ()))
    skipped = {c.attrib["name"] for c in suite.iter("testcase") if c.find("skipped") is not None}
    assert skipped == {m.treatment for m in found.missing}
    assert suite.attrib["skipped"] == str(len(skipped))


def test_names_that_are_markup_spoil_no_page(of: Callable[[str], Campaign]) -> None:
    nasty = replace(compare(of("before"), of("same")), a='<a> & "b" | c\x00\x1b', remarks=("<script>|",))
    suite = _suite(as_junit(nasty, (), ()))
    assert '<a> & "b" | c' in suite.attrib["name"]
    page = as_markdown(nasty)
    assert "\\<script>\\|" in page
    assert "<script>" not in page.replace("\\<script>", "")


def test_every_row_of_a_markdown_table_has_its_heads_cells(of: Callable[[str], Campaign]) -> None:
    page = as_markdown(compare(of("before"), of("elsewhere"), force=True), WORSE_5, ())
    tables = [block.splitlines() for block in page.split("\n\n") if block.lstrip().startswith("|")]
    assert len(tables) == 3
    for rows in tables:
        widths = {row.replace("\\|", "").count("|") for row in rows if row}
        assert len(widths) == 1


def test_json_holds_nothing_that_json_has_not(of: Callable[[str], Campaign], tmp_path: Path) -> None:
    few = load_campaign(measured(tmp_path / "few", rounds=1))
    told = as_json(compare(of("before"), few), WORSE_5, ())
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert {row["high"] for row in told["treatments"]} == {None}


def test_what_got_worse_stands_first(of: Callable[[str], Campaign]) -> None:
    assert [row.treatment for row in compare(of("before"), of("slower")).rows[:2]] == [NATIVE, GOOD]


def test_the_headline_counts(of: Callable[[str], Campaign]) -> None:
    assert headline(compare(of("before"), of("slower"))).endswith("8 treatments: 2 worse and 6 same")


# --- the command


def _run(*words: str | Path) -> int:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    try:
        return bench_compare(parser.parse_args([str(w) for w in words]))
    except BenchError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code


def test_a_failed_gate_exits_3_and_a_passed_one_0(folders: dict[str, Path]) -> None:
    assert _run(folders["before"], folders["slower"], "--fail-on", "worse:5%") == Exit.GATE_FAILED
    assert _run(folders["before"], folders["same"], "--fail-on", "worse:5%") == Exit.OK
    assert _run(folders["before"], folders["slower"]) == Exit.OK


@pytest.mark.parametrize(
    "words",
    [("--fail-on", "slow"), ("--margin", "5"), ("--metric", "speed"), ("--json", "-", "--junit", "-")],
)
def test_malformed_words_exit_2(folders: dict[str, Path], words: tuple[str, ...]) -> None:
    assert _run(folders["before"], folders["same"], *words) == Exit.USAGE


def test_what_is_not_comparable_exits_2_unless_forced(
    folders: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(folders["before"], folders["elsewhere"]) == Exit.USAGE
    capsys.readouterr()
    assert _run(folders["before"], folders["elsewhere"], "--force") == Exit.OK
    assert capsys.readouterr().out.count("FORCED") == 3


def test_a_gate_with_nothing_to_look_at_does_not_pass(folders: dict[str, Path], tmp_path: Path) -> None:
    names = [NATIVE, POOLED, BLOCKING, *(t.id for t in A_A.treatments)]
    nothing = measured(tmp_path / "nothing", claims=[CLAIMS["A1"]], spoiled=names)
    assert _run(folders["before"], nothing, "--fail-on", "worse:5%") == Exit.INVALID


def test_every_page_is_written_and_a_dash_is_stdout(
    folders: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page, report = tmp_path / "page.md", tmp_path / "junit.xml"
    _run(folders["before"], folders["same"], "--markdown", page, "--junit", report, "--json", "-")
    told = capsys.readouterr()
    assert json.loads(told.out)["b"] == "same"
    assert "B against A" in told.err
    assert page.read_text(encoding="utf-8").startswith("### same (B) against before (A), 8 treatments: 8 same")
    assert len(_suite(report.read_text(encoding="utf-8")).findall("testcase")) == 8


def test_a_place_that_cannot_be_written_is_said(folders: dict[str, Path], tmp_path: Path) -> None:
    assert _run(folders["before"], folders["same"], "--json", tmp_path / "no" / "such.json") == Exit.USAGE


def test_the_terminal_names_treatments_and_claims(folders: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    _run(folders["before"], folders["slower"], "--fail-on", "worse:5%")
    told = capsys.readouterr().out
    assert NATIVE in told
    assert "! worse" in told
    assert "Gate worse:5%: failed." in told
    assert "A8" in told


def test_every_comparable_metric_has_a_value_field() -> None:
    assert all(m.value in {f.value for f in Metric} for m in METRICS)
