"""When requests can wait for each other for ever: worked by hand for 4 tokens and 6 connections."""

from __future__ import annotations

import pytest

from bench_app.catalogue import CATALOGUE
from bench_app.db_sessions import MOST_SESSIONS
from bench_app.works import SESSION
from experiment.design.factor import Limits
from experiment.design.factors import server
from experiment.theory.deadlock import CURED, fewest_users, is_stuck

LIMITS = Limits(cores=1, tokens=4, db_pool=6)


def test_it_takes_as_many_requests_as_tokens_and_connections_together() -> None:
    assert fewest_users(LIMITS) == 10
    assert fewest_users(server(thread_tokens=6, db_pool=3).limits(LIMITS)) == 9


@pytest.mark.parametrize("users", [9, 10, 12])
def test_a_session_of_a_dependency_is_stuck_from_there_on(users: int) -> None:
    for tool in ("", ".no-model", ".function-scope"):
        assert is_stuck(CATALOGUE[f"session.def{tool}"], users, LIMITS) == (users >= 10)
    for tool in CURED:
        assert not is_stuck(CATALOGUE[f"session.def.{tool}"], users, LIMITS)
    assert not is_stuck(CATALOGUE["db.def.psycopg2"], users, LIMITS)


def test_what_is_cured_names_routes_that_there_are() -> None:
    assert {v.tool for v in CATALOGUE.values() if v.work is SESSION} >= CURED
    assert LIMITS.db_pool == MOST_SESSIONS
