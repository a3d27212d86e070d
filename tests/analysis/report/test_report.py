from __future__ import annotations

import csv
import html
import re
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest

from analysis.charts import draw_all, pictures
from analysis.drawing.canvas import SMOKE_MARK, slide
from analysis.drawing.style import LIGHT
from analysis.reading.campaign import load_campaign
from analysis.report.details_table import DETAILS, INTERNAL, SHOWN
from analysis.report.downloads import downloads
from analysis.report.report import VERDICT_COLUMNS, verdict_table_markdown, write_report, write_verdicts_csv
from analysis.report.report_tables import use_table
from analysis.report.view import SMOKE_TEXT, report_view
from analysis.stats.results import ComparisonEstimate, Verdict
from experiment.design.claims import A_A, CLAIMS
from experiment.design.metrics import METRICS
from experiment.design.model import at_least
from experiment.design.profiles import ARTICLE_CLAIMS
from experiment.errors import StoreError
from experiment.records.trial import METRIC_FIELDS
from experiment.theory.validity import FAILURE_RULES, RULES
from fake_campaigns import INVALID, write_campaign

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from analysis.charts import Chart
    from analysis.reading.campaign import Campaign
    from analysis.report.view import ReportView
    from drawn_campaign import Drawn

VOID = {"meta", "link", "br", "hr", "img", "input"}


class Page(HTMLParser):
    """Checks nesting, and collects what the tests ask about."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.hrefs: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append((tag, found))
        self.ids += [v for k, v in attrs if k == "id" and v]
        self.hrefs += [v for k, v in attrs if k in {"href", "src"} and v]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@dataclass(frozen=True)
class Written:
    campaign: Campaign
    charts: list[Chart]
    html: str
    markdown: str
    page: Page


def write(campaign: Campaign, charts: Sequence[Chart] = ()) -> Written:
    write_verdicts_csv(campaign)
    page, markdown = write_report(campaign, charts)
    text = page.read_text(encoding="utf-8")
    return Written(campaign, list(charts), text, markdown.read_text(encoding="utf-8"), Page(text))


@pytest.fixture(scope="module")
def written(drawn: Drawn) -> Written:
    return write(drawn.campaign, list(drawn.charts.values()))


@pytest.fixture(scope="module")
def view(drawn: Drawn) -> ReportView:
    """What the page tells, but for the charts. Every metric has a test that asks for it."""
    return report_view(drawn.campaign, [])


def test_every_claim_is_answered_in_a_sentence(view: ReportView) -> None:
    answers = {a.claim.id: a for a in view.all_answers}
    found = {name: a.found.replace("\u00a0", " ") for name, a in answers.items()}
    assert answers.keys() == set(ARTICLE_CLAIMS)
    a1 = re.sub(r"0\.02\d", "0.02_", found["A1"])
    told = "sleep.async-blocking has 0.02_ times the goodput of sleep.def (0.02_ to 0.02_; n = 4 rounds)"
    assert (answers["A1"].word, a1) == ("Supported", f"{told}.")
    assert "1 s 2.0 % in each of 4 trials; sleep.async-native" in found["A2"]
    assert "100 % in each of 4 trials" in found["A5"]
    assert (answers["A21"].word, found["A21"]) == ("Not measurable", CLAIMS["A21"].note)


def test_the_page_needs_nothing_but_itself(written: Written) -> None:
    assert [h for h in written.page.hrefs if not h.startswith(("#", "data:"))] == []
    assert not re.search(r"@import|url\((?!#)|https?://(?!www\.w3\.org/)", written.html)
    assert str(written.campaign.folder.path) not in written.html


def content(link: str) -> bytes:
    with urlopen(link) as answer:  # noqa: S310 - a link that holds its own data
        return bytes(answer.read())


def test_the_campaign_s_files_are_in_the_page_byte_by_byte(written: Written) -> None:
    links = {str(a["download"]): str(a["href"]) for tag, a in written.page.tags if tag == "a" and a.get("download")}
    folder = written.campaign.folder.path
    for name in ("trials.csv", "verdicts.csv", "throughput.csv", "manifest.json"):
        assert content(links[f"{written.campaign.name}-{name}"]) == (folder / name).read_bytes()
    for chart in written.charts:
        assert content(links[f"{chart.name}.csv"]) == chart.file(".csv").read_bytes()


def test_a_file_that_is_too_large_for_the_page_is_named_with_its_place(
    drawn: Drawn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analysis.report.downloads.LIMIT_BYTES", 10)
    text = write(drawn.campaign).html
    assert "data:text/csv" not in text
    assert "<code>trials.csv</code>" in text
    assert "Too large to be in this page; it lies beside it" in text


def test_a_link_in_a_file_s_place_brings_nothing_else_into_the_page(tmp_path: Path) -> None:
    folder = write_campaign(tmp_path / "c", claims=[CLAIMS["A20"]], treatments=A_A.treatments, rounds=1)
    campaign = load_campaign(folder)
    secret = tmp_path / "secret"
    secret.write_text("secret", encoding="utf-8")
    (folder / "latency.csv").unlink()
    (folder / "latency.csv").symlink_to(secret)
    with pytest.raises(StoreError, match="is a link"):
        downloads(campaign)


def test_the_first_alarm_is_told_in_full_and_the_others_are_folded(
    drawn: Drawn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analysis.report.view.alarms", lambda _: ("first", "second", "third"))
    text = write(drawn.campaign).html
    assert text.count("Distrust this campaign.") == 1
    assert "2 more reasons to distrust it" in text
    assert text.index("first</p>") < text.index('<details class="alarm">') < text.index("<p>second</p>")


def test_one_number_of_claims_is_told_everywhere(written: Written, view: ReportView) -> None:
    measurable = sum(CLAIMS[name].is_measurable for name in ARTICLE_CLAIMS)
    assert len(view.answers) == measurable
    assert view.tally.startswith(f"Of {measurable} claims, ")
    assert f"{measurable} claims judged" in view.multiplicity
    told = {int(n) for n in re.findall(r"(\d+) claims", written.html[: written.html.index("<script>")])}
    assert told == {measurable}


def test_verdicts_are_told_once(written: Written) -> None:
    lists = [attrs for tag, attrs in written.page.tags if tag == "ul" and "answers" in (attrs.get("class") or "")]
    assert len(lists) == 2  # what load can decide, and what it cannot
    folded = written.html.index('<h2 id="intervals">')
    assert written.html.rindex("<details", 0, folded) > written.html.index('id="answers"')


def test_every_link_leads_somewhere(written: Written) -> None:
    for href in written.page.hrefs:
        if href.startswith("#"):
            assert href[1:] in written.page.ids


def test_no_two_things_on_the_page_have_the_same_name(written: Written) -> None:
    assert len(set(written.page.ids)) == len(written.page.ids)


def test_charts_are_in_the_page_with_words_for_those_who_cannot_see_them(written: Written) -> None:
    drawings = [attrs for tag, attrs in written.page.tags if tag == "svg"]
    assert len(drawings) >= 8
    for attrs in drawings:
        assert attrs["role"] == "img"
        assert len(attrs["aria-label"] or "") > 20


def test_every_table_head_has_a_scope(written: Written) -> None:
    heads = [attrs for tag, attrs in written.page.tags if tag == "th"]
    assert heads
    assert all(attrs.get("scope") in {"col", "row"} for attrs in heads)


def test_headings_go_down_one_step_at_a_time(written: Written) -> None:
    levels = [int(tag[1]) for tag, _ in written.page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))


def test_what_scrolls_can_be_reached_by_keyboard(written: Written) -> None:
    for _, attrs in written.page.tags:
        if attrs.get("class") in {"scroll", "drawing"}:
            assert attrs.get("tabindex") == "0"
            assert attrs.get("aria-label")


def test_the_drawings_follow_the_page_s_theme(written: Written) -> None:
    assert "fill: var(--surface)" in written.html
    assert "prefers-color-scheme: dark" in written.html


def test_invalid_trials_are_listed_with_their_reason(written: Written, view: ReportView) -> None:
    rows = view.tables["invalid"].rows
    assert {(row.cells["treatment"], int(row.cells["round"])) for row in rows} == INVALID
    assert {row.cells["rule"] for row in rows} == {"driver-saturated"}
    assert "2 were invalid and left out" in written.html
    assert "the driver used 97 % of its core" in written.markdown


def test_the_page_goes_from_the_answer_to_how_it_was_measured(written: Written) -> None:
    sections = (
        "styles",
        "answers",
        "intervals",
        "work-sleep",
        "cost",
        "time",
        "treatments",
        "trials",
        "how",
        "downloads",
    )
    places = [written.page.ids.index(name) for name in sections]
    assert places == sorted(places)


def test_every_chart_says_metric_load_and_n_and_has_its_numbers(written: Written) -> None:
    view = report_view(written.campaign, written.charts)
    for figure in (*view.styles, *view.cost, *view.order, *(f for work in view.works for f in work.figures)):
        assert re.search(r"\d (rounds?|trials?)\b", figure.chart.caption), figure.chart.name
        assert f'href="{figure.numbers}" download="{figure.chart.name}.csv"' in written.html
        assert f'href="#{figure.chart.name}"' in written.html


def test_theory_stands_beside_what_was_measured(view: ReportView) -> None:
    rows = {row.id: row for row in view.tables["theory"].rows}
    slept = rows["sleep.def@closed-80"]
    assert (slept.cells["theory's ceiling"], slept.cells["decided by"]) == ("400 rps", "T/S")
    assert re.fullmatch(r"(9\d|10\d) %", slept.cells["share"])
    assert slept.cells["SUT CPU a request"].endswith("µs")
    assert {"A1", "A8"} <= set(slept.claims.split())


def test_requests_without_a_right_answer_are_counted_with_their_first_failure(written: Written) -> None:
    campaign = written.campaign
    assert "Every request was answered rightly" in written.html
    frame = campaign.frame.copy()
    place = frame.index[frame["treatment"] == "sleep.def@closed-80"][0]
    frame.loc[place, ["wrong", "errors", "first_failure"]] = 3, 1_200, "status 500"
    (row,) = report_view(replace(campaign, frame=frame), []).tables["errors"].rows
    assert row.id == "sleep.def@closed-80"
    assert list(row.cells.values()) == ["1 of 4", "3", "1,200", "–", "status 500"]


def test_what_a_filter_looks_for_is_on_the_page(written: Written) -> None:
    answers = [attrs for tag, attrs in written.page.tags if tag == "li" and attrs.get("data-claims")]
    assert {attrs["data-claims"] for attrs in answers} == set(ARTICLE_CLAIMS)
    works = {attrs.get("data-works") for _, attrs in written.page.tags}
    assert {"sleep", "noop"} <= works


def test_an_answer_names_the_command_that_measures_it(written: Written) -> None:
    assert "<code>bench claim A1</code>" in written.html
    assert "bench claim A21" not in written.html


def test_what_would_refute_a_claim_and_what_stands_beside_it_is_told(tmp_path: Path) -> None:
    claim = CLAIMS["A8"]
    planned = (*claim.treatments, *A_A.treatments)
    campaign = load_campaign(write_campaign(tmp_path / "c", treatments=planned, claims=[claim], rounds=3))
    result = campaign.results[0]
    beside = ComparisonEstimate(comparison=A_A, estimate=campaign.aa.estimate)
    page, text = write_report(replace(campaign, results=(replace(result, beside=(beside,)),)), [])
    for report in (html.unescape(page.read_text(encoding="utf-8")), text.read_text(encoding="utf-8")):
        assert claim.refuted_by
        assert claim.refuted_by in report
        assert "eside it, not judged" in report
        assert "noop.async-native.copy has" in report


def test_noise_floor_and_multiplicity_are_told(written: Written, view: ReportView) -> None:
    assert "Two byte-identical routes differ by a factor of" in view.noise
    assert "No correction for multiplicity" in view.multiplicity
    judged = sum(r.verdict not in (Verdict.NOT_MEASURABLE, Verdict.SKIPPED) for r in written.campaign.results)
    assert f"at most {judged * 0.05:g}." in view.multiplicity


def test_the_command_to_run_it_again_is_there(written: Written) -> None:
    for text in (written.html, written.markdown):
        assert "bench run --profile article --seed 7" in text
        assert "bench report" in text


def test_the_markdown_links_to_every_chart(written: Written) -> None:
    for name in re.findall(r"\]\((charts/[^)]+)\)", written.markdown):
        assert (written.campaign.folder.path / name).is_file()
    assert "charts/goodput-sleep.png" in written.markdown


def test_the_markdown_s_tables_are_whole(written: Written) -> None:
    lines = written.markdown.splitlines()
    for rule in [i for i, line in enumerate(lines) if line.startswith("|---")]:
        columns = lines[rule].count("|")
        for line in lines[rule - 1 :]:
            if not line.startswith("|"):
                break
            assert line.replace("\\|", "").count("|") == columns


def test_verdicts_csv_has_a_row_for_every_comparison(written: Written) -> None:
    with write_verdicts_csv(written.campaign).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == VERDICT_COLUMNS
    assert {row["claim"] for row in rows} == set(ARTICLE_CLAIMS)
    demo = [row for row in rows if row["claim"] == "A9"]
    assert [row["comparison"] for row in demo] == ["1", "2"]
    a2, a3 = (next(row for row in rows if row["claim"] == name) for name in ("A2", "A3"))
    assert (a2["metric"], a2["alpha"]) == ("bystander_within_1s_share", "")  # it must hold in every trial
    assert (a3["baseline"], a3["alpha"]) == ("", "0.05")  # the mean over trials
    without = {row["metric"] for row in rows if row["metric"] and not row["baseline"] and not row["alpha"]}
    assert all(METRICS[name].is_structural for name in without)


def test_what_is_only_known_to_be_at_least_so_is_told_as_such(tmp_path: Path) -> None:
    a2 = CLAIMS["A2"]  # half of the blocked bystanders still wait when the window ends
    claim = replace(a2, comparisons=tuple(replace(c, expected=at_least(5)) for c in a2.beside), beside=())
    planned = (*claim.treatments, *A_A.treatments)
    campaign = load_campaign(write_campaign(tmp_path / "c", treatments=planned, claims=[claim], rounds=3))
    (answer,) = report_view(campaign, []).answers
    assert "waits at least" in answer.found.replace("\u00a0", " ")
    with write_verdicts_csv(campaign).open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["is_floor"], row["high"], row["expected_high"], row["alpha"]) == ("1", "", "", "0.05")


def test_the_table_for_a_readme_has_every_claim(written: Written) -> None:
    table = verdict_table_markdown(written.campaign).splitlines()
    assert len(table) == len(ARTICLE_CLAIMS) + 3
    assert re.match(
        r"\| A/A \| Two identical routes: the noise floor \| – \| (0\.9\d|1\.0\d)x \(.*\) \| 0\.9x to 1\.1x \|",
        table[-1],
    )
    a1, a5 = (next(line for line in table if line.startswith(f"| {name} |")) for name in ("A1", "A5"))
    assert re.match(
        r"\| A1 \| At 80 users a blocking .* \| supported \| 0\.025x \(0\.02\d to 0\.02\d\) \| at most 0\.1x \|", a1
    )
    assert re.search(r"\| 100 % in each of \d trials; 80 in each of \d trials \| exactly 100 %; at least 41 \|$", a5)


def test_a_claim_that_was_not_measured_has_its_reason_in_the_table_for_a_readme(written: Written) -> None:
    assert "| not measurable | How common a bug is" in verdict_table_markdown(written.campaign)


def test_a_smoke_run_says_on_every_surface_that_it_is_no_evidence(tmp_path: Path) -> None:
    folder = write_campaign(tmp_path / "c", treatments=A_A.treatments, rounds=1, is_smoke=True)
    smoke = write(load_campaign(folder))
    assert SMOKE_TEXT in smoke.html
    assert SMOKE_TEXT in smoke.markdown
    assert smoke.html.index(SMOKE_TEXT) < smoke.html.index("<h1")
    for _, picture in pictures(smoke.campaign):
        figure = slide(picture, LIGHT, footer="", is_smoke=smoke.campaign.is_smoke)
        assert SMOKE_MARK in [text.get_text() for text in figure.texts], picture.name


def test_a_campaign_without_a_trial_still_has_a_report(tmp_path: Path) -> None:
    campaign = load_campaign(write_campaign(tmp_path / "c", rounds=0, claims=[CLAIMS["A1"]]))
    empty = write(campaign, draw_all(campaign, tmp_path / "c" / "charts"))
    assert "No trial was finished" in empty.html
    assert "its noise floor is unknown" in empty.html


def test_skipped_variants_are_listed_and_escaped(tmp_path: Path) -> None:
    skipped = {"sleep.def": "needs <threads> & 40 | more"}
    planned = CLAIMS["A8"].treatments
    found = write(load_campaign(write_campaign(tmp_path / "c", treatments=planned, rounds=1, skipped=skipped)))
    assert "needs &lt;threads&gt; &amp; 40 | more" in found.html
    assert "needs \\<threads> & 40 \\| more" in found.markdown
    assert "<threads>" not in found.html


def test_what_each_treatment_takes_is_told_from_outside_and_missing_stays_missing(tmp_path: Path) -> None:
    folder = write_campaign(tmp_path / "c", claims=[CLAIMS["A20"]], treatments=A_A.treatments, rounds=2)
    campaign = load_campaign(folder)
    row = next(row for row in use_table(campaign).rows if row.id == "noop.async-native@closed-20")
    mine = [t.metrics for t in campaign.trials if t.treatment == row.id and t.is_valid]
    cost_us = median(m.sut_cpu_us_per_request for m in mine if m.sut_cpu_us_per_request is not None)
    cells = [f"{cost_us:,.0f} µs", f"{cost_us / 0.8:,.0f} µs", "0.90", "–", "–", "–"]
    assert list(row.cells.values()) == cells
    assert f"| {row.id} | {' | '.join(cells)} |" in write(campaign).markdown


@pytest.mark.parametrize("field", METRIC_FIELDS)
def test_every_metric_is_shown_or_kept_from_readers_for_a_reason(view: ReportView, field: str) -> None:
    assert (field in SHOWN) + bool(INTERNAL.get(field)) + (field in DETAILS) == 1
    if field in DETAILS:
        assert DETAILS[field].name in view.tables["details"].columns


def test_what_is_shown_or_internal_is_a_metric() -> None:
    assert (SHOWN | INTERNAL.keys()) - set(METRIC_FIELDS) == set()


def test_percentiles_are_told_as_far_as_there_are_requests_for_them(view: ReportView) -> None:
    rows = {row.id: row.cells for row in view.tables["percentiles"].rows}
    few, many = rows["sleep.async-blocking@closed-80"], rows["noop.async-native@closed-20"]
    assert few["p99.9"] == "–"
    assert few["longest"].startswith("≥ ")
    assert int(many["requests"].replace(",", "")) > int(few["requests"].replace(",", ""))
    assert all(
        re.fullmatch(r"[\d.,]+ (µs|ms|s)", many[name]) for name in ("p50", "p75", "p90", "p95", "p99", "longest")
    )


def test_where_the_loop_stood_is_told(tmp_path: Path) -> None:
    folder = write_campaign(tmp_path / "c", claims=[CLAIMS["A20"]], treatments=A_A.treatments, rounds=1)
    campaign = load_campaign(folder)
    frame = campaign.frame.assign(stuck_at="bench_app/pdf.py:22 in parse")
    told = write(replace(campaign, frame=frame))
    assert "bench_app/pdf.py:22 in parse" in told.html
    assert "| bench\\_app/pdf.py:22 in parse |" in told.markdown


def test_every_validity_rule_is_told_with_how_often_it_fired(written: Written, view: ReportView) -> None:
    rules = {row.id: row.cells for row in view.tables["rules"].rows}
    assert RULES.keys() | FAILURE_RULES.keys() <= rules.keys()
    assert rules["driver-cpu"]["limit"] == "0.85"
    assert rules["driver-cpu"]["trials"] == "0"
    assert rules["driver-saturated"]["trials"] == str(len(INVALID))
    for rule in RULES.values():
        assert rule.meaning in html.unescape(written.html)
        assert rule.advice in html.unescape(written.html)
