"""A campaign over somebody's own app, read back: standings, lines, changes, the ranking and the gates."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from analysis.own_app import headline, sentences
from analysis.own_app.export import as_json
from analysis.own_app.gate import gate, stopped
from analysis.own_app.places import NOT_OURS, parts_of
from analysis.own_app.ranking import Source, advice, best_gain, blocked_ms, ranking
from analysis.own_app.reading import read_results
from analysis.own_app.results import AppResults, RouteResult, Standing
from analysis.stats.direction import Direction
from analysis.stats.results import Verdict
from experiment.design.metrics import GOODPUT, RESPONSE_P99
from experiment.design.model import Interval, at_least
from experiment.errors import Exit, StoreError, UsageError
from experiment.records.app_record import ClaimNote
from experiment.theory.app_findings import FINDINGS as FINDINGS_TABLE
from fake_app_world import (
    ALONE,
    BUSY,
    FINDINGS,
    REQUESTS,
    WORLD,
    Truth,
    claim,
    one,
    treatment,
    usual_claims,
    version_claims,
)
from fake_apps import write_app_campaign
from fake_campaigns import write_campaign

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> AppResults:
    return read_results(write_app_campaign(tmp_path_factory.mktemp("apps") / "made"))


def route(results: AppResults, name: str) -> RouteResult:
    return next(each for each in results.routes if each.request.id == name)


@pytest.mark.parametrize(
    ("request_id", "standing"),
    [("search", Standing.BLOCKS), ("quote", Standing.BLOCKS), ("items", Standing.CLEAR), ("broken", Standing.FAILED)],
)
def test_a_request_stands_as_its_claim_was_judged(results: AppResults, request_id: str, standing: Standing) -> None:
    assert route(results, request_id).standing is standing


def test_a_claim_that_is_not_decided_leaves_the_request_undecided(tmp_path: Path) -> None:
    found = read_results(write_app_campaign(tmp_path / "short", rounds=1))
    assert route(found, "search").standing is Standing.UNDECIDED
    assert "may or may not hold up the loop" in sentences.verdict(route(found, "search"))


def test_the_line_with_most_of_the_lost_time_comes_first(results: AppResults) -> None:
    first, second, third = route(results, "search").places
    assert (first.at, first.function, first.library_call) == ("shop/search.py:41", "rank", "time.sleep")
    assert first.share > second.share > third.share
    assert first.share + second.share + third.share == pytest.approx(1)
    assert first.ms == pytest.approx(44, rel=0.01)
    assert not third.is_own


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("shop/search.py:41 in rank", ("shop/search.py", 41, "rank")),
        (f"{NOT_OURS}ssl.py:9 in f", ("ssl.py", 9, "f")),
        ("a folder/x.py:3 in A.b.<locals>.c", ("a folder/x.py", 3, "A.b.<locals>.c")),
        ("C:/app/x.py:3 in f", ("C:/app/x.py", 3, "f")),
        ("only-a-file.py", ("only-a-file.py", None, "")),
        ("", ("", None, "")),
    ],
)
def test_a_place_is_taken_apart(text: str, parts: tuple[str, int | None, str]) -> None:
    assert parts_of(text) == parts


def test_a_line_stands_once_whatever_it_called(tmp_path: Path) -> None:
    lines = (
        ("a.py:5 in f", "json.dumps", 10.0),
        ("a.py:5 in <listcomp>", None, 6.0),
        ("a.py:5 in f", "gzip.compress", 4.0),
    )
    world = {f"search@{ALONE}": Truth(ms=53, rps=18.8, blocked_ms=20, lines=lines)}
    (place,) = route(read_results(write_app_campaign(tmp_path / "lines", world=world)), "search").places
    assert (place.at, place.function, place.share) == ("a.py:5", "f", 1.0)
    assert [(call.name, round(call.share, 3)) for call in place.calls] == [("json.dumps", 0.5), ("gzip.compress", 0.2)]


def test_the_sentence_says_where_how_long_and_what_the_change_brings(results: AppResults) -> None:
    said = sentences.verdict(route(results, "search"))
    assert said.startswith("GET /search?q=tea blocks the loop 52 ms a request at shop/search.py:41 in rank; as def ")
    assert "x (measured: " in said


def test_what_was_only_predicted_is_said_to_be_so(results: AppResults) -> None:
    said = sentences.verdict(route(results, "quote"))
    assert "as def it would serve 8.9x (predicted by theory, could not be tried)" in said
    assert "the handler really awaits at shop/shipping.py:13 in quote" in sentences.refusal(
        route(results, "quote").refusals[0]
    )


def test_the_ranking_has_what_a_change_brings_and_where_that_is_known_from(results: AppResults) -> None:
    ranked = ranking(results)
    assert [each.route.request.id for each in ranked] == ["quote", "search"]
    assert [each.gain.source for each in ranked if each.gain] == [Source.PREDICTED, Source.MEASURED]
    measured = ranked[1].gain
    assert measured is not None
    assert measured.low is not None
    assert measured.high is not None
    assert measured.low < measured.ratio < measured.high
    assert ranked[1].others is not None
    assert ranked[1].others[0] > ranked[1].others[1]


def test_a_request_that_failed_has_its_reason_in_the_sentence(results: AppResults) -> None:
    said = sentences.verdict(route(results, "broken"))
    assert said == "POST /broken could not be measured: Every answer was 500 Internal Server Error."


def test_with_too_few_trials_the_prediction_ranks_and_what_was_measured_is_said(tmp_path: Path) -> None:
    found = read_results(write_app_campaign(tmp_path / "few", rounds=2))
    gain = best_gain(route(found, "search"))
    assert gain is not None
    assert (gain.source, gain.ratio) == (Source.PREDICTED, 7.6)
    assert re.search(
        r"7\.6x \(predicted by theory, measured so far 7\.\d\dx, in too few", sentences.gain_sentence(gain)
    )


def test_a_request_that_preflight_left_out_failed_and_says_why(tmp_path: Path) -> None:
    world = {name: truth for name, truth in WORLD.items() if not name.startswith("broken")}
    claims = [asked for asked in usual_claims() if asked[1].request != "broken"]
    note = "Not measured: POST /broken (request broken) answers 401 where 200 is expected; it wants a signed-in user"
    found = read_results(write_app_campaign(tmp_path / "left", world=world, claims=claims, troubles=(), notes=(note,)))
    assert route(found, "broken").standing is Standing.FAILED
    assert sentences.verdict(route(found, "broken")) == (
        "POST /broken could not be measured: it answers 401 where 200 is expected; it wants a signed-in user."
    )


def test_a_claim_that_sets_another_request_against_this_one_is_a_change_to_it(tmp_path: Path) -> None:
    stated = claim("shared", "Items do it better", one(treatment("items"), GOODPUT, at_least(2), treatment("quote")))
    own = (stated, ClaimNote(id="shared", kind="own", request="items", load=BUSY))
    found = read_results(write_app_campaign(tmp_path / "like", claims=[*usual_claims(), own]))
    assert re.search(r"; done as items it would serve 18\.\d", sentences.verdict(route(found, "quote")))
    assert ranking(found)[0].route.request.id == "quote"
    assert [change.key for change in route(found, "items").changes] == []


def test_a_change_that_brings_nothing_ranks_by_how_long_the_loop_is_held_up(tmp_path: Path) -> None:
    world = {
        **WORLD,
        f"search@{BUSY}+style-def": Truth(ms=1060, rps=18.9, bystander_ms=4),
        f"quote@{BUSY}": WORLD[f"quote@{BUSY}"],
    }
    found = read_results(write_app_campaign(tmp_path / "same", world=world, predictions=()))
    assert [each.route.request.id for each in ranking(found)] == ["search", "quote"]
    assert "as def it would serve the same (measured: " in sentences.verdict(route(found, "search"))


def against(path: Path, rps: float) -> AppResults:
    world = {
        **{name: truth for name, truth in WORLD.items() if "+" not in name},
        f"search@{BUSY}+version-main": Truth(ms=1060, rps=rps),
        f"items@{BUSY}+version-main": Truth(ms=24, rps=830),
    }
    return read_results(write_app_campaign(path, world=world, claims=version_claims("main")))


def test_a_version_that_serves_surely_less_is_worse_and_stops_the_gate(tmp_path: Path) -> None:
    found = against(tmp_path / "worse", rps=26)
    assert [change.outcome for change in route(found, "search").changes if change.is_version] == [Direction.WORSE]
    assert gate(found, "worse:10%") is Exit.GATE_FAILED
    assert gate(found, "worse:60%") is Exit.OK
    (failure,) = stopped(found, "worse:10%")
    assert failure.name == "search"
    assert "goodput is" in failure.reason
    assert "of that in main: all of it more than 10 % worse" in failure.reason


def test_a_version_that_serves_the_same_passes_the_gate(tmp_path: Path) -> None:
    found = against(tmp_path / "same", rps=18.9)
    assert [change.outcome for change in route(found, "items").changes if change.is_version] == [Direction.SAME]
    assert gate(found, "worse:10%") is Exit.OK


def test_the_gates_look_at_blocking_routes_and_refuted_claims(results: AppResults) -> None:
    assert [each.name for each in stopped(results, "blocks")] == ["search", "quote"]
    assert gate(results, "refuted") is Exit.OK
    assert results.own[0].result.verdict is Verdict.SUPPORTED


@pytest.mark.parametrize("text", ["", "worse", "worse:10", "worse:200%", "blocks:5%", "slower:10%"])
def test_what_is_no_gate_is_refused_in_words(results: AppResults, text: str) -> None:
    with pytest.raises(UsageError, match=r"like 5%|Gates are"):
        gate(results, text)


def test_a_campaign_of_ours_is_not_one_over_an_app(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no campaign over an app of yours"):
        read_results(write_campaign(tmp_path / "ours", rounds=1))


def test_a_campaign_without_a_trial_says_so(tmp_path: Path) -> None:
    found = read_results(write_app_campaign(tmp_path / "empty", rounds=0))
    assert headline.validity(found) == "No trial was finished"
    assert ranking(found) == ()


def test_the_static_findings_of_a_route_stand_with_its_request(results: AppResults) -> None:
    assert route(results, "quote").findings == FINDINGS
    assert route(results, "search").findings == ()


def test_a_line_that_was_seen_without_load_comes_with_advice(results: AppResults) -> None:
    assert advice(route(results, "quote")) == FINDINGS_TABLE["client-per-request"].advice
    assert advice(route(results, "search")) == ""


def test_json_has_every_request_and_no_infinity(results: AppResults) -> None:
    data = as_json(results)
    assert [each["id"] for each in data["requests"]] == ["search", "quote", "items", "broken"]
    search = data["requests"][0]
    assert search["blocked_ms"] == blocked_ms(route(results, "search"))
    assert data["ranking"][0]["gain_is"] == "predicted"


def test_a_try_says_what_the_change_brings_and_nothing_of_what_was_not_judged(tmp_path: Path) -> None:
    world = {name: truth for name, truth in WORLD.items() if name.startswith(f"search@{BUSY}")}
    tried = [claim for claim in usual_claims() if claim[1].kind == "change"]
    found = read_results(write_app_campaign(tmp_path / "try", world=world, claims=tried, requests=REQUESTS[:1]))
    (search,) = found.routes
    assert search.standing is Standing.UNJUDGED
    assert [each.route.request.id for each in ranking(found)] == ["search"]
    assert re.match(r"GET /search\?q=tea with 20 users: 19 rps .*; as def it would serve 7", sentences.verdict(search))
    assert headline.tally(found) == "1 change tried: 1 better"


def test_each_ratio_of_a_change_has_the_margin_of_its_own_claim(tmp_path: Path) -> None:
    now, then = treatment("items"), treatment("items", version="main")
    asked = [
        (
            claim(f"items-{metric.name}", "as before", one(now, metric, Interval(1 - margin, 1 + margin), then)),
            ClaimNote(
                id=f"items-{metric.name}",
                kind="change",
                request="items",
                load=BUSY,
                change="version-main",
                margin=margin,
            ),
        )
        for metric, margin in ((RESPONSE_P99, 0.5), (GOODPUT, 0.1))
    ]
    world = {f"items@{BUSY}": Truth(ms=30, rps=830), f"items@{BUSY}+version-main": Truth(ms=24, rps=830)}
    found = read_results(write_app_campaign(tmp_path / "margins", world=world, claims=asked, rounds=8))
    (change,) = route(found, "items").changes
    assert [part.comparison.metric for part in change.parts] == [GOODPUT, RESPONSE_P99]
    assert (change.margin, change.outcome) == (0.1, Direction.SAME)
    assert headline.nothing_ranked(found).startswith("No change that was tried is surely better.")
