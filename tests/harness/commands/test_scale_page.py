"""What docs/distributed.md computes from the figures of `make bench-scale`."""

from __future__ import annotations

import re
from typing import Any

import pytest

from experiment.errors import StoreError
from experiment.records.manifest import GitState, HostFacts
from experiment.records.scale_figures import (
    CapacityFigures,
    MasterFigures,
    RatioFigure,
    ScaleFigures,
    read_scale_figures,
)
from harness.commands.scale_page import COMMAND, need, scale_block
from harness.system.places import HOME

CAPACITY = CapacityFigures(
    window_s=2.0,
    connections=64,
    rps={"one process": 20_000.0, "1 worker": 20_000.0, "2 workers": 38_000.0},
    stub_share={"2 workers": 0.4},
    ratios={"2 workers / 1 worker": RatioFigure(ratio=1.9, low=1.85, high=1.95, rounds=7)},
    reason=None,
    request_bytes=43,
    answer_bytes=93,
)


def master(workers: int, **changes: Any) -> MasterFigures:
    whole = {
        "workers": workers,
        "trials": 30,
        "window_s": 1.0,
        "cpu_share": 0.002 * workers,
        "start_s": 0.4,
        "report_ms": 2.0 * workers,
        "report_cpu_ms": 2.0 * workers,
        "report_first_ms": 2.0 * workers,
        "report_last_ms": 2.0 * workers,
        "rss_first_mib": 80.0,
        "rss_last_mib": 80.0,
        "second_bytes": 20_000,
        "result_bytes": 90_000,
    }
    return MasterFigures.model_validate(whole | changes)


def figures(**changes: Any) -> ScaleFigures:
    whole: dict[str, Any] = {
        "command": "make bench-scale",
        "host": HostFacts(cpu="A CPU", cores=4),
        "packages": {"locust": "2.47.0"},
        "git": GitState(),
        "local_ports": 28_232,
        "descriptors": 65_536,
        "capacity": CAPACITY,
        "master": (master(1), master(64)),
    }
    return ScaleFigures(**(whole | changes))


def test_without_figures_the_page_says_how_to_get_them() -> None:
    assert "make bench-scale" in scale_block(None)
    assert scale_block(None).startswith("Not measured for this version yet.")


@pytest.mark.parametrize("found", [None, figures()])
def test_the_page_always_names_the_same_commands(found: ScaleFigures | None) -> None:
    assert set(re.findall("`(make .*?)`", scale_block(found))) == {COMMAND, "make schema"}


@pytest.mark.parametrize(
    ("every_s", "rps", "for_cpu", "gigabits"), [(1, 1_000_000, 59, 3.2), (10, 100_000, 6, 0.32), (60, 16_667, 1, 0.053)]
)
def test_a_million_users_need_so_many_workers_and_so_much_of_a_network(
    every_s: int, rps: int, for_cpu: int, gigabits: float
) -> None:
    found = need(figures(), CAPACITY, every_s)
    assert (found.requests_a_second, found.workers_for_cpu, found.workers_for_connections) == (rps, for_cpu, 16)
    assert found.gigabits_a_second == pytest.approx(gigabits, rel=0.01)


def test_the_page_says_where_everything_ends() -> None:
    text = scale_block(figures())
    for said in (
        "| 2 workers | 38,000 | 40% |",
        "2 workers / 1 worker: 1.90 (1.85 to 1.95).",
        "| 64 | 0.128 | 0.40 s | 128 ms |",
        "| every second | 1,000,000 | 59 | 16 | 3.2 Gbit/s |",
        "needs 36 addresses to connect from",
        "each worker takes 0.20 % of its core in a window, and 2.0 ms of the report",
        "At about 424 workers its core is full. That is enough for the users who ask every 1 s or 10 s or 60 s.",
    ):
        assert said in text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"capacity": None}, "### What a master costs"),
        ({"master": ()}, "### One driver, and two"),
        ({"master": (master(1), master(64, report_ms=64_000.0))}, "results take longer than 10 s. That is too few."),
        ({"master": (master(1), master(64, cpu_share=0.002, report_ms=2.0))}, "does not grow up to 64 workers"),
        (
            {"capacity": CAPACITY.model_copy(update={"reason": "the stub was the limit"})},
            "Two workers cannot do twice what one does here: the stub was the limit.",
        ),
        ({"capacity": CAPACITY.model_copy(update={"rps": {"one process": 9.0}})}, "one worker was not measured"),
    ],
)
def test_parts_that_are_missing_and_reasons_are_told(changes: dict[str, Any], said: str) -> None:
    assert said in scale_block(figures(**changes))


def test_a_file_that_is_something_else_is_refused(tmp_path: Any) -> None:
    (tmp_path / "scale.json").write_text('{"command": 3}')
    with pytest.raises(StoreError, match=r"scale.json: command"):
        read_scale_figures(tmp_path / "scale.json")
    assert read_scale_figures(tmp_path / "none.json") is None


def test_figures_that_are_committed_can_be_read() -> None:
    found = read_scale_figures(HOME / "docs" / "figures" / "scale.json")
    assert found is None or found.master
