"""Every trap and every hop that the guest can tell of has a finding; each names a claim of ours, or says why none."""

from __future__ import annotations

from typing import get_args

from experiment.design.claims import CLAIMS
from experiment.records.inspection import HopEntry, HopSource, Inspection, MiddlewareEntry, RouteEntry, TrapEntry
from experiment.theory.app_findings import FINDINGS, NO_FINDING_OF_HOPS, findings
from handlerbench_guest.traps import TRAPS


def route(*, hops: tuple[HopEntry, ...] = (), traps: tuple[TrapEntry, ...] = ()) -> RouteEntry:
    return RouteEntry(
        methods=["GET"],
        path="/a",
        mount="",
        endpoint="m:a",
        style="async",
        hops=list(hops),
        traps=list(traps),
        parameters=[],
    )


def ids(*routes: RouteEntry, middleware: tuple[MiddlewareEntry, ...] = ()) -> list[str]:
    seen = Inspection(
        error=None, python="3", packages={}, framework="FastAPI", routes=list(routes), middleware=list(middleware)
    )
    return [entry.id for entry in findings(seen)]


def test_every_trap_of_the_guest_is_a_finding() -> None:
    for trap in TRAPS:
        assert ids(route(traps=(TrapEntry(id=trap, detail="x", file="a.py", line=1),))) == [trap]


def test_every_source_of_hops_is_a_finding_or_said_to_be_none() -> None:
    for source in get_args(HopSource):
        found = ids(route(hops=(HopEntry(source=source, name="x", count=1),)))
        assert found == ([] if source in NO_FINDING_OF_HOPS else [source])


def test_only_base_http_middleware_is_a_finding() -> None:
    for is_base in (True, False):
        entry = MiddlewareEntry(name="M", cls="m:M", is_base_http=is_base)
        assert ids(middleware=(entry,)) == (["base-http-middleware"] if is_base else [])


def test_every_finding_is_one_that_the_guest_can_tell_of() -> None:
    assert set(FINDINGS) == {*TRAPS, *get_args(HopSource), "base-http-middleware"} - set(NO_FINDING_OF_HOPS)


def test_every_finding_names_a_claim_of_ours_or_says_why_none() -> None:
    for row in FINDINGS.values():
        assert row.of_claim.startswith("no claim of ours measured it" if row.claim is None else f"{row.claim} measure")
        assert row.claim is None or row.claim in CLAIMS


def test_the_findings_that_matter_most_come_first() -> None:
    hop, trap = HopEntry(source="dependency", name="x", count=1), TrapEntry(id="wraps-around-sync", detail="x")
    assert ids(route(hops=(hop,)), route(traps=(trap,))) == ["wraps-around-sync", "dependency"]
