"""What a campaign over an app is told as: terminal, Markdown, JUnit, annotations, page. Texts of the app stay text."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from analysis.own_app.annotations import annotations as marks
from analysis.own_app.export import as_json
from analysis.own_app.junit import junit
from analysis.own_app.page import page
from analysis.own_app.reading import read_results
from analysis.own_app.results import AppResults
from analysis.own_app.sentences import first_troubles
from analysis.own_app.summary_markdown import markdown
from analysis.own_app.terminal import terminal
from analysis.wording.columns import width_of
from analysis.wording.workflow import command
from experiment.records.app_record import FindingEntry, RequestEntry, TroubleEntry
from fake_app_world import ALONE, BUSY, REQUESTS, WORLD, Truth
from fake_apps import write_app_campaign

if TYPE_CHECKING:
    from collections.abc import Callable

EVIL = "<script>alert('x')</script>\x1b[31m\u202e| `a` ]]> @everyone\n::error::no\x00"
LONG = "/a" * 120
WIDE = "/検索/" + "結果" * 30


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> AppResults:
    return read_results(write_app_campaign(tmp_path_factory.mktemp("apps") / "made"))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> AppResults:
    """An app whose paths, lines, log and findings try to break out of every output."""
    lines = ((f"{EVIL}.py:3 in {EVIL}", EVIL, 50.0), (f"{LONG}.py:9 in f", None, 2.0))
    world = {**WORLD, **{f"search@{load}": Truth(ms=53, rps=19, blocked_ms=52, lines=lines) for load in (ALONE, BUSY)}}
    requests = (
        RequestEntry(id="search", method="GET", path=EVIL, route=EVIL, endpoint=EVIL, file=EVIL, line=1),
        RequestEntry(id="quote", method="GET", path=LONG),
        RequestEntry(id="items", method="GET", path=WIDE),
        *REQUESTS[3:],
    )
    finding = FindingEntry(id="x", title=EVIL, why=EVIL, route=EVIL, file=EVIL, line=4, detail=EVIL)
    trouble = TroubleEntry(trial_id="t0001", request="broken", reason=EVIL, log=(EVIL, LONG, WIDE))
    folder = write_app_campaign(
        tmp_path_factory.mktemp("apps") / "hostile",
        world=world,
        requests=requests,
        findings=(finding,),
        troubles=(trouble,),
        notes=(EVIL,),
    )
    return read_results(folder)


@pytest.mark.parametrize("width", [80, 60, 120])
def test_no_line_for_the_terminal_is_wider_than_it(results: AppResults, hostile: AppResults, width: int) -> None:
    for found in (results, hostile):
        assert max(width_of(line) for line in terminal(found, width).splitlines()) <= width


def test_the_terminal_says_first_what_to_change(results: AppResults) -> None:
    said = terminal(results)
    assert said.index("What to change first") < said.index("Every request") < said.index("Your claims")
    assert re.search(r"^ 2\. GET /search\?q=tea +\d\.\d\dx measured$", said, re.MULTILINE)
    assert "KeyError: 'price'" in said


@pytest.mark.parametrize("write", [terminal, markdown, junit, marks, page], ids=lambda write: write.__name__)
def test_no_control_character_of_the_app_gets_out(hostile: AppResults, write: Callable[[AppResults], str]) -> None:
    text = write(hostile)
    assert not set(text) & {"\x1b", "\x00", "\u202e"}
    assert "\\x1b[31m" in text.replace("\\\\", "\\").replace("\\[", "[")


def test_texts_of_the_app_are_escaped_in_the_page(hostile: AppResults) -> None:
    said = page(hostile)
    assert "<script>alert" not in said
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;" in said


def test_the_page_needs_nothing_from_outside(results: AppResults) -> None:
    said = page(results)
    assert not re.search(r"""(?:src|href)=["'](?!#|data:)""", said)
    assert "http://" not in said.replace("http://www.w3.org", "")
    assert "https://" not in said


def test_the_page_has_the_ranking_first_and_a_card_a_request(results: AppResults) -> None:
    said = page(results)
    assert said.index("What to change first") < said.index("Every request") < said.index("Request by request")
    assert [m[1] for m in re.finditer(r'<article class="card \w+" id="request-(\w+)"', said)] == [
        "quote",
        "search",
        "items",
        "broken",
    ]


def test_markdown_keeps_texts_of_the_app_from_being_markup(hostile: AppResults) -> None:
    said = markdown(hostile)
    assert "<script>" not in re.sub(r"^ {6}.*$", "", said.replace("\\<", ""), flags=re.MULTILINE)
    assert "@everyone" not in re.sub(r"^ {6}.*$", "", said, flags=re.MULTILINE)
    requests = said.partition("## Every request")[2].partition("## Changes tried")[0]
    rows = [line for line in requests.splitlines() if line.startswith("|")]
    assert len(rows) == 2 + 4
    assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) == 1


def test_junit_agrees_with_the_gates(results: AppResults) -> None:
    quiet, strict = ET.fromstring(junit(results)), ET.fromstring(junit(results, ["blocks"]))  # noqa: S314 - our own
    assert quiet.get("failures") == "0"
    assert strict.get("failures") == "2"
    assert {case.get("name") for case in strict.iter("testcase") if case.find("failure") is not None} == {
        "search",
        "quote",
    }


def test_junit_of_a_hostile_app_is_xml(hostile: AppResults) -> None:
    assert ET.fromstring(junit(hostile, ["blocks"])).get("tests") == "5"  # noqa: S314 - our own


def test_an_annotation_marks_the_line_in_the_repository(results: AppResults) -> None:
    first = marks(results).splitlines()[0]
    assert first.startswith(
        "::warning file=examples/shop/search.py,line=41,title=GET /search?q=tea holds up the loop::"
    )
    assert "84.6 %25 of the time lost is lost here, in time.sleep." in first


def test_an_annotation_is_one_command_whatever_the_app_says(hostile: AppResults) -> None:
    for line in marks(hostile).splitlines():
        assert re.match(r"::(warning|notice) file=[^:,]*,line=\d+,title=[^:,]*::", line)


def test_an_annotation_escapes_as_github_reads_it() -> None:
    assert command("warning", "50 %\nmore", file="a,b:c.py", line=3, title="x: y") == (
        "::warning file=a%2Cb%3Ac.py,line=3,title=x%3A y::50 %25%0Amore"
    )
    assert command("notice", "m", title="t") == "::notice title=t::m"


def test_json_can_be_written_and_has_no_infinity(hostile: AppResults) -> None:
    json.dumps(as_json(hostile), allow_nan=False)


def test_what_goes_wrong_again_and_again_is_said_once_a_request() -> None:
    troubles = [
        TroubleEntry(trial_id=f"t{number}", request=request, reason=f"wrong in {number}")
        for number, request in enumerate(("landing", "viewer", "landing", "landing", "viewer"))
    ]
    assert [(each.request, each.reason, more) for each, more in first_troubles(troubles)] == [
        ("landing", "wrong in 0", " (and in 2 more trials)"),
        ("viewer", "wrong in 1", " (and in 1 more trial)"),
    ]
    assert [more for _, more in first_troubles(troubles[:2])] == ["", ""]
