"""What comes out of a comparison: gates, pages for people and machines, and the command that makes them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from analysis.comparing.compare import TreatmentChange, compare
from analysis.comparing.compare_text import as_json, as_junit, as_markdown, headline, table_row
from analysis.comparing.gate import MISSING, failures, parse_gate
from analysis.reading.campaign import load_campaign
from analysis.stats.direction import Direction
from analysis.stats.independent import Sample, metric_ratio
from analysis.wording.gates import WORSE, Gate
from analysis.wording.shares import share_of
from comparable_campaigns import ASKED, BLOCKING, GOOD, NATIVE, POOLED, SLOWER, measured, suite_of
from experiment.design.claims import A_A, CLAIMS
from experiment.design.metrics import GOODPUT
from experiment.errors import Exit, UsageError
from fake_campaigns import HOST
from harness.commands.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from analysis.reading.campaign import Campaign

WORSE_5 = (Gate(kind=WORSE, limit=0.05),)


def test_two_trials_a_side_are_too_few_to_spell_an_interval_out() -> None:
    few, other = (Sample(values=values) for values in ((100.0, 140.0), (90.0, 130.0)))
    found = metric_ratio(GOODPUT, few, other, 0.0001)
    assert found
    change = TreatmentChange(treatment="t", primary=found, beside=(), change=Direction.UNDECIDED)
    assert "too few trials" in " ".join(table_row(change))
    one = metric_ratio(GOODPUT, Sample(values=(100.0,)), other, 0.05)
    assert one
    assert "too few trials" in " ".join(table_row(replace(change, primary=one)))


# --- gates


def test_gates_are_read() -> None:
    assert parse_gate("worse:5%") == Gate(kind=WORSE, limit=0.05)
    assert parse_gate("missing") == Gate(kind=MISSING)
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
    suite = suite_of(as_junit(found, WORSE_5, failures(found, WORSE_5)))
    cases = {case.attrib["name"]: case for case in suite.iter("testcase")}
    assert set(cases) == {r.treatment for r in found.rows}
    assert {name for name, case in cases.items() if case.find("failure") is not None} == set(SLOWER)
    assert (suite.attrib["tests"], suite.attrib["failures"]) == (str(len(cases)), "2")


def test_junit_skips_what_was_not_compared(of: Callable[[str], Campaign], tmp_path: Path) -> None:
    found = compare(of("before"), load_campaign(measured(tmp_path / "fewer", claims=ASKED[:2])))
    suite = suite_of(as_junit(found, (), ()))
    skipped = {c.attrib["name"] for c in suite.iter("testcase") if c.find("skipped") is not None}
    assert skipped == {m.treatment for m in found.missing}
    assert suite.attrib["skipped"] == str(len(skipped))


def test_names_that_are_markup_spoil_no_page(of: Callable[[str], Campaign]) -> None:
    nasty = replace(compare(of("before"), of("same")), a='<a> & "b" | c\x00\x1b', remarks=("<script>|",))
    suite = suite_of(as_junit(nasty, (), ()))
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
    return main(["compare", *map(str, words)])


def test_a_failed_gate_exits_3_and_a_passed_one_0(folders: dict[str, Path]) -> None:
    assert _run(folders["before"], folders["slower"], "--fail-on", "worse:5%") == Exit.GATE_FAILED
    assert _run(folders["before"], folders["same"], "--fail-on", "worse:5%") == Exit.OK
    assert _run(folders["before"], folders["slower"]) == Exit.OK


@pytest.mark.parametrize(
    "words", [("--fail-on", "slow"), ("--margin", "5"), ("--metric", "speed"), ("--json", "-", "--junit", "-")]
)
def test_malformed_words_exit_2(folders: dict[str, Path], words: tuple[str, ...]) -> None:
    assert _run(folders["before"], folders["same"], *words) == Exit.USAGE


def test_what_is_not_comparable_exits_2_unless_forced(
    folders: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = measured(tmp_path / "other", rounds=2, host={**HOST, "python": "3.12.1"})
    assert _run(folders["before"], other) == Exit.USAGE
    capsys.readouterr()
    assert _run(folders["before"], other, "--force") == Exit.OK
    assert capsys.readouterr().out.count("FORCED") == 3


def test_unlike_machines_are_set_beside_each_other(
    folders: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(folders["before"], folders["elsewhere"]) == Exit.OK
    assert capsys.readouterr().out.count("UNLIKE MACHINES") == 3


@pytest.mark.parametrize("gate", ["worse:5%", "missing"])
def test_a_gate_on_unlike_machines_is_refused_unless_forced(
    folders: dict[str, Path], gate: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(folders["before"], folders["elsewhere"], "--fail-on", gate) == Exit.USAGE
    assert "a gate cannot tell a change from another machine: machine, cpu" in capsys.readouterr().err
    assert _run(folders["before"], folders["elsewhere"], "--fail-on", gate, "--force") == Exit.OK


def test_annotations_mark_what_a_gate_stopped(folders: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    _run(folders["before"], folders["slower"], "--fail-on", "worse:5%", "--annotations")
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("::")]
    assert [line.partition("::goodput")[0].partition("::time")[0] for line in lines] == [
        f"::error title={name}%3A a gate failed" for name in (NATIVE, GOOD)
    ]


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
    assert len(suite_of(report.read_text(encoding="utf-8")).findall("testcase")) == 8


def test_a_place_that_cannot_be_written_is_said(folders: dict[str, Path], tmp_path: Path) -> None:
    assert _run(folders["before"], folders["same"], "--json", tmp_path / "no" / "such.json") == Exit.USAGE


def test_the_terminal_names_treatments_and_claims(folders: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    _run(folders["before"], folders["slower"], "--fail-on", "worse:5%")
    told = capsys.readouterr().out
    assert NATIVE in told
    assert "! worse" in told
    assert "Gate worse:5%: failed." in told
    assert "A8" in told
