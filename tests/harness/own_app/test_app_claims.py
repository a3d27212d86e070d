"""What is registered about an app before it is measured, with made pilots."""

from dataclasses import replace

import pytest

from experiment.design.factors import server
from experiment.design.loads import LOADS
from experiment.design.metrics import BYSTANDER_P99, GOODPUT, LOOP_BLOCKED, RESPONSE_P50, RESPONSE_P99
from experiment.design.model import Interval, Load, LoadKind, Treatment, at_most
from experiment.design.own_app import DEFAULT_LOADS, AppClaim, AppRequest
from experiment.errors import UsageError
from experiment.theory.app_capacity import RouteCosts
from harness.own_app.app_theory import Theory, predictions
from harness.own_app.claims import (
    ON_FILE,
    Change,
    Registered,
    alone_of,
    busy_of,
    change_claims,
    own_claim,
    refuse_twins,
    usual_claims,
)

SEARCH = AppRequest(id="search", path="/search?q=a")
BLOCKING = RouteCosts(style="async", service_s=0.05, cpu_s=0.001, blocked_s=0.048)
LOADS_HERE = {load.id: load for load in DEFAULT_LOADS}
THEORY = Theory(costs={("search", ""): BLOCKING}, loads=LOADS_HERE, cores=2)
AS_DEF = Change(request="search", treatment=server(style="def"), baseline=ON_FILE)


def by_kind(claims: tuple[Registered, ...]) -> dict[str, Registered]:
    return {registered.note.kind: registered for registered in claims}


def test_of_each_request_run_claims_what_it_does_to_the_loop_to_others_and_what_it_serves() -> None:
    found = by_kind(usual_claims(SEARCH, DEFAULT_LOADS, THEORY))
    asked = {kind: one.claim.comparisons[0] for kind, one in found.items()}
    assert (asked["blocks"].metric, asked["blocks"].expected) == (LOOP_BLOCKED, at_most(5))
    assert asked["blocks"].treatment == Treatment(variant="search", load="closed-1")
    assert (asked["bystander"].metric, asked["bystander"].expected) == (BYSTANDER_P99, at_most(100_000))
    assert asked["capacity"].metric is GOODPUT
    expected = asked["capacity"].expected
    assert [expected.low, expected.high] == pytest.approx([16.0, 25.0])  # of 1 / 0.05
    assert "20 a second" in found["capacity"].claim.statement
    assert all("GET /search?q=a" in one.claim.statement for one in found.values())


def test_without_a_pilot_nothing_is_claimed_of_capacity() -> None:
    unknown = Theory(costs={}, loads=LOADS_HERE, cores=2)
    assert set(by_kind(usual_claims(SEARCH, DEFAULT_LOADS, unknown))) == {"blocks", "bystander"}


def test_a_change_is_claimed_to_make_no_difference_to_goodput_and_less_strictly_to_p99() -> None:
    unknown = Theory(costs={}, loads=LOADS_HERE, cores=2)
    goodput, tail = change_claims(AS_DEF, SEARCH, DEFAULT_LOADS, unknown)
    assert [c.claim.comparisons[0].metric for c in (goodput, tail)] == [GOODPUT, RESPONSE_P99]
    assert goodput.claim.comparisons[0].expected == Interval(0.9, 1.1)
    assert tail.claim.comparisons[0].expected == Interval(0.75, 1.25)
    assert goodput.claim.comparisons[0].baseline == Treatment(variant="search", load="closed-20")
    assert (goodput.note.change, goodput.note.margin, tail.note.margin) == ("style-def", 0.1, 0.25)


def test_where_too_few_answers_will_come_for_a_p99_the_median_is_claimed() -> None:
    _, tail = change_claims(AS_DEF, SEARCH, DEFAULT_LOADS, THEORY)  # 20 a second today
    assert tail.claim.comparisons[0].metric is RESPONSE_P50


def test_another_version_is_the_baseline_and_names_the_change() -> None:
    change = Change(request="search", treatment=ON_FILE, baseline=server(version="main"))
    goodput, _ = change_claims(change, SEARCH, DEFAULT_LOADS, THEORY, margin=0.05)
    assert goodput.note.change == "version-main"
    assert "today, against version main" in goodput.claim.statement
    assert goodput.claim.comparisons[0].expected == Interval(0.95, 1.05)


def test_theory_predicts_each_side_and_their_ratio() -> None:
    claims = [
        r.claim
        for r in (*usual_claims(SEARCH, DEFAULT_LOADS, THEORY), *change_claims(AS_DEF, SEARCH, DEFAULT_LOADS, THEORY))
    ]
    found = {p.treatment: p for p in predictions(claims, THEORY)}
    assert found["search@closed-20"].value == pytest.approx(20)
    assert found["search@closed-20"].ratio is None
    assert found["search@closed-20+style-def"].value == pytest.approx(400)
    assert found["search@closed-20+style-def"].ratio == pytest.approx(20)
    assert found["search@closed-20+style-def"].baseline == "search@closed-20"


def test_a_claim_of_the_user_s_keeps_its_own_limits() -> None:
    asked = AppClaim(
        id="slide-12",
        statement="as def it serves five times as many",
        source="my talk",
        treatment="search+style-def",
        baseline="search",
        load="closed-20",
        metric="goodput_rps",
        expected=Interval(5.0, 9.0),
    )
    found = own_claim(asked, ["search"], THEORY)
    (comparison,) = found.claim.comparisons
    assert (comparison.treatment.id, comparison.expected) == ("search@closed-20+style-def", Interval(5.0, 9.0))
    assert (found.note.kind, found.claim.source) == ("own", "my talk")


def test_where_the_core_s_speed_decides_more_scatter_is_registered() -> None:
    computing = Theory(costs={("search", ""): replace(BLOCKING, cpu_s=0.04)}, loads=LOADS_HERE, cores=2)
    waits, computes = (
        by_kind(usual_claims(SEARCH, DEFAULT_LOADS, theory))["capacity"] for theory in (THEORY, computing)
    )
    assert 0 < waits.claim.comparisons[0].scatter < computes.claim.comparisons[0].scatter


def test_two_claims_of_one_name_are_refused() -> None:
    twice = usual_claims(SEARCH, DEFAULT_LOADS, THEORY) * 2
    with pytest.raises(UsageError, match="search:blocks"):
        refuse_twins(twice)


def test_the_load_of_one_user_shows_a_route_alone_and_the_others_show_it_busy() -> None:
    rate = Load(id="steady", kind=LoadKind.OPEN, rate_rps=50.0)
    loads = (LOADS["closed-20"], rate, LOADS["closed-1"])
    assert alone_of(loads).id == "closed-1"
    assert [load.id for load in busy_of(loads)] == ["closed-20", "steady"]
    assert busy_of([LOADS["closed-20"]]) == (LOADS["closed-20"],)
