"""What belongs to a window, and how old it was when the window opened."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import misbehaving_servers  # noqa: F401 - makes locustfiles importable
from _recorder import Durations
from _tally import NEVER, ArrivalTally, CompletionTally, Tally
from _tally_bystander import BystanderTally
from _target import Failure, FailureKind

OPEN_T = 100.0
RESET = Failure(kind=FailureKind.RESET)
WRONG = Failure(kind=FailureKind.WRONG_STATUS, status=500)


@pytest.fixture
def closed() -> CompletionTally:
    tally = CompletionTally()
    tally.begin(open_t=OPEN_T, window_s=1.0)
    return tally


def ages(tally: CompletionTally) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Return the ages at entry, in microseconds: of responses, and of service."""
    return list(tally.response.entered.to_pairs()), list(tally.service.entered.to_pairs())


def test_a_request_in_flight_when_the_window_opens_enters_at_its_age(closed: CompletionTally) -> None:
    closed.done(OPEN_T - 0.002, OPEN_T - 0.001, OPEN_T + 0.5, None)
    assert ages(closed) == ([(2000, 1)], [(1000, 1)])


def test_so_does_one_that_is_never_answered(closed: CompletionTally) -> None:
    closed.unanswered(OPEN_T - 0.002, OPEN_T - 0.001)
    assert ages(closed) == ([(2000, 1)], [(1000, 1)])
    assert closed.response.censored.count == 1


def test_service_that_begins_in_the_window_is_seen_from_its_beginning(closed: CompletionTally) -> None:
    closed.done(OPEN_T - 0.002, OPEN_T + 0.001, OPEN_T + 0.5, None)
    closed.unanswered(OPEN_T - 0.002, 0.0)  # still connecting
    assert ages(closed) == ([(2000, 2)], [])


@pytest.mark.parametrize(
    ("intended", "ended", "failure"),
    [
        (OPEN_T, OPEN_T + 0.1, None),
        (OPEN_T + 0.1, NEVER, None),
        (OPEN_T - 0.2, OPEN_T - 0.1, None),
        (OPEN_T - 0.2, OPEN_T + 0.1, RESET),
        (OPEN_T - 0.2, OPEN_T + 0.1, WRONG),
        (OPEN_T + 2.0, NEVER, None),
    ],
    ids=["started at the opening", "started inside", "ended before", "failed", "answered wrong", "started after"],
)
def test_what_has_no_duration_or_started_inside_has_no_entry(
    closed: CompletionTally, intended: float, ended: float, failure: Failure | None
) -> None:
    closed.done(intended, intended, ended, failure)
    assert ages(closed) == ([], [])


def test_each_entry_belongs_to_a_duration(closed: CompletionTally) -> None:
    for failure in (None, RESET, WRONG):
        for ended in (OPEN_T - 0.01, OPEN_T + 0.1, OPEN_T + 1.5, NEVER):
            closed.done(OPEN_T - 0.1, OPEN_T - 0.1, ended, failure)
    response = closed.response
    assert response.entered.count == response.counts.count + response.censored.count == 7


def test_a_bystanders_times_are_kept_by_the_tenth_in_which_the_call_was_due() -> None:
    tally = BystanderTally()
    tally.begin(open_t=OPEN_T, window_s=1.0)
    for due in (0.0, 0.15, 0.95):
        tally.done(OPEN_T + due, OPEN_T + due, OPEN_T + due + 0.001, None)
    tally.unanswered(OPEN_T + 0.95, OPEN_T + 0.95)
    tally.drop(OPEN_T + 0.15)
    tally.finish()
    seen = [(tenth.counts.count, tenth.censored.count) for tenth in tally.tenths]
    assert seen == [(1, 0), (1, 1), *[(0, 0)] * 7, (1, 1)]
    assert tally.response.entered.count == 0


CLOSED_EARLY_T = OPEN_T + 1.7
EDGES = [OPEN_T + at for at in (0.0, 0.05, 1.0, 2.0, 2.5, 3.5)] + [CLOSED_EARLY_T]
TIMES = st.floats(min_value=OPEN_T - 1.0, max_value=OPEN_T + 4.0) | st.sampled_from(EDGES)
BATCH = st.lists(st.lists(TIMES, min_size=3, max_size=3).map(sorted), min_size=1, max_size=20)


@pytest.mark.parametrize("kind", [CompletionTally, ArrivalTally, BystanderTally])
@given(batches=st.lists(BATCH, min_size=1, max_size=3), early=st.booleans())
def test_right_answers_counted_together_are_counted_as_one_by_one(
    kind: type[Tally], *, batches: list[list[list[float]]], early: bool
) -> None:
    together, single = kind(), kind()
    for tally in (together, single):
        tally.begin(open_t=OPEN_T, window_s=2.5, drain_s=1.0)
        if early:
            tally.close_early(CLOSED_EARLY_T)
    for batch in batches:
        together.answered(*np.array(batch).T)
        for intended, sent_t, ended in batch:
            single.done(intended, sent_t, ended, None)
    for tally in (together, single):
        tally.finish()
    assert counted(together) == counted(single)


def test_times_that_cannot_be_are_counted_as_one_by_one(closed: CompletionTally) -> None:
    closed.answered(*np.array([[OPEN_T + 0.2, OPEN_T + 0.2, OPEN_T + 0.1]]).T)
    assert (closed.answers, closed.in_flight_ns) == (1, 0)


def counted(tally: Tally) -> dict[str, Any]:
    """Return everything that a tally has counted, its histograms as pairs."""
    kinds = {"response": tally.response, "service": tally.service, "send_lag": tally.send_lag}
    tenths = {str(number): tenth for number, tenth in enumerate(getattr(tally, "tenths", ()))}
    pairs = {
        f"{name} {part.name}": getattr(durations, part.name).to_pairs()
        for name, durations in (kinds | tenths).items()
        for part in fields(Durations)
    }
    known = {name: value for name, value in vars(tally).items() if name not in {*kinds, "tenths"}}
    return known | pairs
