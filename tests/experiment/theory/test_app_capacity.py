"""What theory says of a route from what one user of it was seen to cost."""

import pytest

from experiment.design.factors import ServerConfig, server
from experiment.design.loads import LOADS
from experiment.design.model import Load, LoadKind
from experiment.theory.app_capacity import LIMITED_BY, RouteCosts, capacity

TWENTY = LOADS["closed-20"]
BLOCKING = RouteCosts(style="async", service_s=0.05, cpu_s=0.001, blocked_s=0.048)
AWAITING = RouteCosts(style="async", service_s=0.05, cpu_s=0.001)
THREADED = RouteCosts(style="def", service_s=0.05, cpu_s=0.001)
COMPUTING = RouteCosts(style="async", service_s=0.01, cpu_s=0.009, blocked_s=0.008)


@pytest.mark.parametrize(
    ("costs", "asked", "rate", "term"),
    [
        pytest.param(BLOCKING, server(), 20, "1/S", id="blocking all the time"),
        pytest.param(AWAITING, server(), 400, "N/S", id="awaiting"),
        pytest.param(THREADED, server(), 400, "N/S", id="fewer users than tokens"),
        pytest.param(THREADED, server(thread_tokens=10), 200, "T/S", id="fewer tokens than users"),
        pytest.param(COMPUTING, server(), 100, "1/S", id="computing on the loop"),
        pytest.param(BLOCKING, server(style="def"), 400, "N/S", id="blocking in a thread"),
        pytest.param(COMPUTING, server(style="def"), 1 / 0.009, "1/c", id="computing in a thread is no faster"),
        pytest.param(THREADED, server(style="on-loop"), 20, "1/S", id="def on the loop blocks it"),
        pytest.param(BLOCKING, server(workers=2, cores="all"), 40, "W/S", id="two loops"),
    ],
)
def test_the_smallest_term_decides(costs: RouteCosts, asked: ServerConfig, rate: float, term: str) -> None:
    found = capacity(costs, TWENTY, asked, cores=2)
    assert found is not None
    assert found.goodput_rps == pytest.approx(rate)
    assert found.decided_by == term
    assert found.decided_by in LIMITED_BY


def test_a_route_that_blocks_for_a_part_of_its_time_is_limited_by_that_part() -> None:
    mixed = RouteCosts(style="async", service_s=0.03, blocked_s=0.018)
    found = capacity(mixed, TWENTY, server(), cores=2)
    assert found is not None
    assert found.goodput_rps == pytest.approx(50)  # 18 ms seen and 2 ms unseen
    assert found.decided_by == "1/b"


def test_a_machine_s_noise_is_not_taken_for_blocking() -> None:
    found = capacity(RouteCosts(style="async", service_s=0.03, blocked_s=0.0004), TWENTY, server(), cores=2)
    assert found is not None
    assert found.decided_by == "N/S"


def test_an_open_load_is_served_at_its_rate() -> None:
    load = Load(id="open-5", kind=LoadKind.OPEN, rate_rps=5.0)
    found = capacity(BLOCKING, load, server(), cores=2)
    assert found is not None
    assert (found.goodput_rps, found.decided_by) == (5.0, "the rate")


def test_what_middleware_costs_is_not_known_before_it_was_left_out() -> None:
    assert capacity(AWAITING, TWENTY, server(without_middleware="GZipMiddleware"), cores=2) is None
