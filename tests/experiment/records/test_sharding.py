"""A trial in parts is the same trial: the same users and arrivals, and results that add up exactly."""

from __future__ import annotations

import random
from itertools import islice
from typing import Any

import pytest

from _load_open import _offsets
from _recorder import Durations
from _tally import BIN_S, ArrivalTally, CompletionTally, Tally
from _target import Failure, FailureKind
from experiment.records.driver_protocol import (
    BurstOrder,
    ClosedOrder,
    HistogramPairs,
    OpenOrder,
    ReplayOrder,
    ResultEvent,
    SecondCounts,
    TrialCommand,
)
from experiment.records.sharding import divided, merged, shard

COUNTS = [1, 2, 3, 7]


def command(load: Any, **more: Any) -> TrialCommand:
    request = {"method": "GET", "path": "/", "expected_status": 200}
    beside = {**request, "path": "/b", "interval_s": 0.02, "max_in_flight": 9}
    given = {"host": "127.0.0.1", "port": 1, "request": request, "warmup_s": 0.5, "window_s": 1.0, "bystander": beside}
    load = load.model_dump()
    return TrialCommand.model_validate({"trial_id": "t1", **given, "load": load, "request_timeout_s": 9.0, **more})


def parts(load: Any, count: int) -> list[Any]:
    shards = [shard(command(load), index, count) for index in range(count)]
    return [each.load for each in shards if each is not None]


@pytest.mark.parametrize("count", COUNTS)
def test_users_are_divided_and_each_begins_when_it_would_have(count: int) -> None:
    users, stagger_s = 5, 0.1
    divided_users = parts(ClosedOrder(users=users, stagger_s=stagger_s), count)
    begins = [p.first_s + p.stagger_s * n / p.users for p in divided_users for n in range(p.users)]
    assert sorted(begins) == pytest.approx([stagger_s * n / users for n in range(users)])


@pytest.mark.parametrize("count", COUNTS)
def test_a_bursts_requests_are_divided_and_a_worker_without_one_has_no_part(count: int) -> None:
    requests = [part.requests for part in parts(BurstOrder(requests=5), count)]
    assert sum(requests) == 5
    assert len(requests) == min(count, 5)
    assert max(requests) - min(requests) <= 1


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("arrivals", ["constant", "poisson"])
def test_arrivals_keep_their_law_because_the_parts_are_the_same_schedule(count: int, arrivals: Any) -> None:
    whole = OpenOrder(rate_rps=200.0, arrivals=arrivals, seed=7, max_in_flight=100)
    every = [list(islice(_offsets(part), 84 // count)) for part in parts(whole, count)]
    together = sorted(offset for part in every for offset in part)
    assert together == list(islice(_offsets(whole), len(together)))


@pytest.mark.parametrize("count", COUNTS)
def test_a_recorded_schedule_is_dealt_out(count: int) -> None:
    offsets = tuple(n / 8 for n in range(20))
    dealt = parts(ReplayOrder(offsets_s=offsets, max_in_flight=5), count)
    assert tuple(sorted(offset for part in dealt for offset in part.offsets_s)) == offsets
    assert all(part.max_in_flight >= 1 for part in dealt)


def test_only_the_first_worker_has_the_bystander() -> None:
    shards = [shard(command(ClosedOrder(users=5)), index, 3) for index in range(3)]
    assert [each is not None and each.bystander is not None for each in shards] == [True, False, False]


@pytest.mark.parametrize(("whole", "count"), [(5, 2), (3, 7), (0, 2), (80, 3)])
def test_parts_of_a_whole_add_up_to_it(whole: int, count: int) -> None:
    some = [divided(whole, index, count) for index in range(count)]
    assert sum(some) == whole
    assert max(some) - min(some) <= 1


# results

OPEN_T, WINDOW_S, DRAIN_S = 100.0, 2.0, 0.5
Ended = tuple[float, float, float, Failure | None]
FAILURES = [None] * 8 + [Failure(kind=FailureKind.TIMEOUT), Failure(kind=FailureKind.WRONG_BODY)]


def recorded() -> list[Ended]:
    """Return requests around the window: answered, failed, and not answered at all."""
    source = random.Random(11)
    some = []
    for _ in range(3000):
        start_t = OPEN_T + source.uniform(-0.5, WINDOW_S + 0.2)
        sent_t = start_t + source.expovariate(1 / 1e-4)
        end_t = sent_t + source.expovariate(1 / 0.05)
        some.append((start_t, sent_t, end_t, source.choice(FAILURES)))
    return some


def result_of(tally: Tally, requests: list[Ended]) -> ResultEvent:
    """Return what a driver that saw these requests says, as locustfiles/_trial.py puts it together."""
    tally.begin(open_t=OPEN_T, window_s=WINDOW_S, drain_s=DRAIN_S)
    for start_t, sent_t, end_t, failure in requests:
        if end_t < tally.end_t:
            tally.done(start_t, sent_t, end_t, failure)
        else:
            tally.unanswered(start_t, sent_t)
    tally.finish()
    return ResultEvent(
        trial_id="t1",
        window_open_t=tally.open_t,
        window_close_t=tally.close_t,
        window_s=tally.window_s,
        users_started=0,
        users_failed=0,
        sent=tally.sent,
        answers=tally.answers,
        wrong=tally.wrong,
        errors=dict(sorted(tally.errors.items())),
        errors_warmup=dict(sorted(tally.errors_warmup.items())),
        first_failure=None,
        connections_opened=0,
        connections_opened_in_window=0,
        dropped=tally.dropped,
        response=_pairs(tally.response),
        send_lag=_pairs(tally.send_lag),
        service=_pairs(tally.service),
        per_second=tuple(
            SecondCounts(second=n, answers=s.answers, wrong=s.wrong, errors=s.errors, bystander_max_us=None)
            for n, s in enumerate(tally.seconds[:2])
        ),
        bin_s=BIN_S,
        answers_per_bin=tuple(tally.answers_per_bin),
        in_flight_mean=tally.in_flight_mean,
        in_flight_ns=tally.in_flight_ns,
        in_flight_end=tally.in_flight_end,
        makespan_s=None,
        bystander=None,
        driver_cpu_s=0.0,
        driver_wall_s=WINDOW_S,
    )


def _pairs(durations: Durations) -> HistogramPairs:
    return HistogramPairs(
        counts=durations.counts.to_pairs(), censored=durations.censored.to_pairs(), entered=durations.entered.to_pairs()
    )


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("kind", [CompletionTally, ArrivalTally])
def test_what_several_drivers_saw_adds_up_to_what_one_would_have_seen_bit_for_bit(
    kind: type[CompletionTally | ArrivalTally], count: int
) -> None:
    requests = recorded()
    seen = [result_of(kind(), requests[index::count]) for index in range(count)]
    assert merged(seen) == result_of(kind(), requests)


def test_the_drivers_cpu_is_that_of_the_busiest_core() -> None:
    base = result_of(CompletionTally(), [])
    seen = [base.model_copy(update={"driver_cpu_s": used}) for used in (1.0, 0.5, 0.25)]
    assert merged(seen, [3, 4, 4]).driver_cpu_s == 1.0
    assert merged(seen, [3, 3, 4]).driver_cpu_s == 1.5
    assert merged(seen).driver_cpu_s == 1.0


def test_a_burst_has_a_makespan_only_if_every_part_of_it_has_one() -> None:
    base = result_of(CompletionTally(), [])
    times = [base.model_copy(update={"makespan_s": s}) for s in (1.0, 2.0)]
    assert merged(times).makespan_s == 2.0
    assert merged([*times, base]).makespan_s is None
