"""Ceilings: worked by hand for S = 100 ms, T = 40, N = 80."""

from __future__ import annotations

import pytest

from bench_app.catalogue import CATALOGUE
from experiment.design.factors import ServerConfig, server
from experiment.design.loads import LOADS
from experiment.design.model import Load, LoadKind
from experiment.theory.ceilings import MachineCosts, ceiling

COSTS = MachineCosts(
    loop_cpu_s=200e-6,
    hop_cpu_s=200e-6,
    work_cpu_s={"upload": 0.016, "password": 0.01},
    waits_s={"sleep_s": 0.1, "article_sleep_s": 2.0, "upstream_delay_s": 0.1, "query_s": 0.05},
    db_pool_size=20,
    cores=2,
)


def _ceiling(variant: str, load: str = "closed-80", *, server: ServerConfig | None = None) -> tuple[float, str]:
    found = ceiling(CATALOGUE[variant], LOADS[load], server or ServerConfig(), COSTS)
    assert found is not None
    return found.goodput_rps, found.decided_by


@pytest.mark.parametrize(
    ("variant", "load", "rps", "term"),
    [
        ("sleep.async-native", "closed-80", 80 / 0.1002, "N/(S+c)"),
        ("sleep.def", "closed-80", 400, "T/S"),
        ("sleep.def", "closed-20", 200, "N/S"),
        ("sleep.async-offload", "closed-80", 400, "T/S"),
        ("sleep.async-to-thread", "closed-80", 60, "T/S"),
        ("sleep.async-blocking", "closed-80", 1 / 0.1002, "1/(S+c)"),
        ("noop.async-native", "closed-20", 5000, "1/c"),
        ("noop.def", "closed-20", 2500, "1/(c+h)"),
        ("http.def.session", "closed-80", 400, "T/S"),
        ("upload.def", "closed-8", 62.5, "1/S_cpu"),
    ],
)
def test_the_deciding_term(variant: str, load: str, rps: float, term: str) -> None:
    found, decided_by = _ceiling(variant, load)
    assert found == pytest.approx(rps)
    assert decided_by == term


def test_a_process_pool_reaches_as_far_as_there_are_cores() -> None:
    one, _ = _ceiling("upload.async-process", "closed-8")
    both, _ = _ceiling("upload.async-process", "closed-8", server=server(cores="all"))
    assert both == pytest.approx(2 * one)


def test_threads_use_every_core_only_for_work_that_lets_go_of_the_gil() -> None:
    cores = server(cores="all")
    assert _ceiling("password.async-offload", "closed-8", server=cores) == (200, "cores/S_cpu")
    assert _ceiling("password.async-blocking", "closed-8", server=cores) == (100, "1/S_cpu")
    assert _ceiling("upload.async-offload", "closed-8", server=cores) == (62.5, "1/S_cpu")


def test_more_tokens_lift_the_ceiling_of_def() -> None:
    assert _ceiling("sleep.def", server=server(thread_tokens=100))[0] == pytest.approx(800)


@pytest.mark.parametrize(
    ("variant", "wait_ms", "rps", "term"),
    [
        ("sleep.async-native", 5, 5000, "1/c"),
        ("sleep.def", 5, 2500, "1/(c+h)"),
        ("sleep.def", 500, 80, "T/S"),
        ("db.def.psycopg2", 500, 40, "P/S"),
    ],
)
def test_a_wait_that_the_server_was_given_takes_the_place_of_the_settings(
    variant: str, wait_ms: int, rps: float, term: str
) -> None:
    found, decided_by = _ceiling(variant, server=server(wait_ms=wait_ms))
    assert found == pytest.approx(rps)
    assert decided_by == term


def test_nothing_is_said_where_the_machines_costs_are_unknown() -> None:
    unknown = MachineCosts(
        loop_cpu_s=None, hop_cpu_s=None, work_cpu_s={}, waits_s={"sleep_s": 0.1}, db_pool_size=20, cores=2
    )
    assert ceiling(CATALOGUE["noop.def"], LOADS["closed-20"], ServerConfig(), unknown) is None
    assert ceiling(CATALOGUE["upload.def"], LOADS["closed-8"], ServerConfig(), unknown) is None


def test_an_open_load_has_no_ceiling_of_its_own() -> None:
    arrivals = Load(id="open", kind=LoadKind.OPEN, rate_rps=50)
    assert ceiling(CATALOGUE["sleep.def"], arrivals, ServerConfig(), COSTS) is None
