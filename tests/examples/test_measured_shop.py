"""The campaign that docs/own-app.md is printed from found what is planted in the shop, and nothing else."""

from __future__ import annotations

import pytest

from analysis.own_app.ranking import ranking
from analysis.own_app.reading import read_results
from analysis.own_app.results import AppResults, Standing
from example_apps import AWAITING, CLEAN, EXAMPLES, MISTAKES, SEEN, assert_found, assert_refused, planted_at, route_of

SHOP = EXAMPLES / "shop"
KINDS = {"blocking-call": "blocking-call-in-async"}
"""Kinds of planted mistakes that the table of findings calls otherwise."""


@pytest.fixture(scope="module")
def results() -> AppResults:
    return read_results(SHOP / "measured" / "1-run")


@pytest.mark.parametrize("request_id", MISTAKES)
def test_a_planted_mistake_was_found_at_its_line(results: AppResults, request_id: str) -> None:
    assert_found(results, SHOP, request_id)


@pytest.mark.parametrize("request_id", CLEAN)
def test_a_clean_route_raised_no_alarm(results: AppResults, request_id: str) -> None:
    assert route_of(results, request_id).standing is Standing.CLEAR


def test_the_ranking_is_of_the_planted_mistakes(results: AppResults) -> None:
    assert {ranked.route.request.id for ranked in ranking(results)} == set(MISTAKES)


@pytest.mark.parametrize("request_id", AWAITING)
def test_a_route_that_really_awaits_was_refused_its_thread(results: AppResults, request_id: str) -> None:
    assert_refused(results, request_id)


@pytest.mark.parametrize("request_id", SEEN)
def test_what_can_be_seen_without_load_was_seen(results: AppResults, request_id: str) -> None:
    kind = MISTAKES[request_id]["kind"]
    assert KINDS.get(kind, kind) in {finding.id for finding in route_of(results, request_id).findings}


def test_every_marker_of_the_list_stands_once_in_the_shop() -> None:
    for mistake in MISTAKES.values():
        assert planted_at(SHOP, mistake)
