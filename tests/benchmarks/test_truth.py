"""The tests of truth are true themselves: what is planted, how it is calibrated, and what is said of the answers."""

from __future__ import annotations

import json
import random
import re
import sys
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from analysis.stats.results import Estimate, Verdict
from benchmarks import planted_app, truth, truth_driver, truth_planted
from benchmarks.half_load import Pair, Rate, rate_for
from benchmarks.instruments import Bench, Instrument, Reading
from benchmarks.truth_driver import POINTS, SHARES, USERS, window_s
from benchmarks.truth_findings import PLANTED_LOADS, at_least_so_many
from benchmarks.truth_planted import LIMIT, PERCENTS, SCATTER, Answer, Bounds, calibrate, comparison, planting
from experiment.design.factors import FACTORS, ServerConfig, server
from experiment.design.metrics import CPU_PER_REQUEST, NORMALIZED_CPU_PER_REQUEST
from experiment.errors import InvalidMeasurementError
from experiment.records.driver_protocol import Request
from harness.campaign.events import Listener
from harness.campaign.fake import FakeDriver
from harness.system.pinning import plan_cores
from harness.trial.preflight import PreflightReport
from harness.trial.sut import sut

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness.campaign.fake import Planted

PLAIN_US, TURN = 150.0, 5e-5  # a plain request, and what a turn costs as a share of it


class Served(dict[str, "Planted"]):
    """What each treatment costs, by the turns in its id."""

    def __missing__(self, treatment: str) -> Planted:
        turns = re.search(r"planted-(\d+)", treatment)
        return {CPU_PER_REQUEST: PLAIN_US * (1 + TURN * int(turns[1] if turns else 0))}


def _stand(folder: Path, *, spread: float) -> truth_planted.Stand:
    driver = FakeDriver(planted=Served(), spread=spread)
    return truth_planted.Stand(driver=driver, loads=PLANTED_LOADS, folder=folder, listener=Listener())


def _answer(percent: int, *, truth: float, low: float, high: float, verdict: Verdict) -> Answer:
    estimate = Estimate(n=4, effect=truth, low=low, high=high, alpha=0.1)
    return Answer(campaign=1, percent=percent, metric=CPU_PER_REQUEST, truth=truth, estimate=estimate, verdict=verdict)


# what is planted


def test_the_factor_is_there_only_while_something_is_planted() -> None:
    with planting():
        launch = server(planted=120).launch()
        assert launch.app == "benchmarks.planted_app:create_app"
        assert dict(launch.environment) == {planted_app.TURNS: "120"}
    assert "planted" not in FACTORS
    assert ServerConfig().launch().app == "bench_app.app:create_app"


def test_without_a_turn_the_sides_are_those_of_the_aa_pair() -> None:
    planted = comparison(0, CPU_PER_REQUEST)
    assert [t.id for t in planted.treatments] == ["noop.async-native.copy@closed-20", "noop.async-native@closed-20"]


def test_the_planted_app_answers_as_the_app_does(tmp_path: Path) -> None:
    env = {"BENCH_VARIANTS": f"noop.async-native,{planted_app.VARIANT}", "BENCH_WORKS": "noop"}
    with (
        planting(),
        sut(server=server(planted=7), environment=env, log=tmp_path / "sut.log", plan=plan_cores()) as service,
    ):
        answers = [httpx.get(service.url + path) for path in ("/noop/async-native", "/noop/async-native/copy")]
    assert [a.status_code for a in answers] == [200, 200]
    assert answers[0].content == answers[1].content


# how it is calibrated


def test_the_turns_that_are_chosen_cost_what_they_are_to_cost(tmp_path: Path) -> None:
    with planting():
        found = calibrate(_stand(tmp_path, spread=0.0), 2, seed=1)
    for metric in SCATTER:
        assert found.slopes[metric].share == pytest.approx(TURN, rel=1e-4)
        assert [found.truth(p, metric) for p in PERCENTS] == pytest.approx([1.0, 1.03, 1.05, 1.10], abs=1e-4)


def test_each_truth_lies_within_a_few_of_its_standard_errors(tmp_path: Path) -> None:
    with planting():
        found = calibrate(_stand(tmp_path, spread=0.02), 20, seed=1)
    slope = found.slopes[CPU_PER_REQUEST]
    assert 0 < slope.error < 0.1 * TURN
    assert abs(slope.share - TURN) < 4 * slope.error


def test_a_calibration_without_valid_rounds_is_refused() -> None:
    with planting(), pytest.raises(InvalidMeasurementError, match="only 0 rounds"):
        truth_planted.slope([], [100], CPU_PER_REQUEST)


# what is said of the answers


def test_an_interval_covers_the_truth_or_misses_it() -> None:
    assert _answer(3, truth=1.03, low=1.0, high=1.1, verdict=Verdict.INCONCLUSIVE).is_covered
    assert not _answer(3, truth=1.03, low=1.04, high=1.1, verdict=Verdict.SUPPORTED).is_covered


@pytest.mark.parametrize(
    ("truth_", "verdict", "is_false"),
    [
        (1.0, Verdict.SUPPORTED, True),
        (1.0, Verdict.REFUTED, False),
        (1.03, Verdict.REFUTED, True),
        (1.03, Verdict.SUPPORTED, False),
        (1.0, Verdict.INCONCLUSIVE, False),
    ],
)
def test_a_verdict_is_false_only_if_it_contradicts_the_truth(truth_: float, verdict: Verdict, is_false: bool) -> None:  # noqa: FBT001
    assert _answer(0, truth=truth_, low=0.9, high=1.2, verdict=verdict).is_false == is_false


def test_the_limit_lies_between_nothing_and_the_least_that_is_planted() -> None:
    assert 1 < LIMIT.low < 1 + min(p for p in PERCENTS if p) / 100


def test_chance_of_so_many_misses() -> None:
    assert at_least_so_many(0, 30, 0.1) == pytest.approx(1)
    assert at_least_so_many(30, 30, 0.1) == pytest.approx(0.1**30)
    assert at_least_so_many(1, 2, 0.5) == pytest.approx(0.75)


def test_what_campaigns_say_of_planted_routes_is_told_and_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole command, with FakeDriver in the rig's place."""

    class Rig(FakeDriver):
        answers: dict[str, bytes] = {}  # noqa: RUF012 - of this one test

    @contextmanager
    def faked(**_how: Any) -> Iterator[Rig]:
        yield Rig(planted=Served(), spread=0.01)

    monkeypatch.setattr(truth, "rig", faked)
    monkeypatch.setattr(truth, "preflight", lambda _rig, _variants: PreflightReport(answers={}, complaints={}))
    out = tmp_path / "truth.json"
    short = ["--campaigns", "2", "--rounds", "3", "--calibration-rounds", "3", "--pairs", "0", "--out", str(out)]
    monkeypatch.setattr(sys, "argv", ["truth", *short, "--keep", str(tmp_path / "kept")])
    assert truth.main() == 0
    said = capsys.readouterr().out
    assert said.startswith("This takes about")
    assert re.search(r"^campaign 2 of 2: \d+ trials, \d of 8 intervals contain the truth", said, re.MULTILINE)
    data = json.loads(out.read_text(encoding="utf-8"))
    assert len(data["campaigns"]) == 2
    assert len({ran["seed"] for ran in data["campaigns"]}) == 2
    asked = {(a["percent"], a["metric"]) for ran in data["campaigns"] for a in ran["answers"]}
    assert asked == {(p, m.name) for p in PERCENTS for m in (CPU_PER_REQUEST, NORMALIZED_CPU_PER_REQUEST)}
    assert all(line in said for line in data["printed"])
    assert (tmp_path / "kept" / "campaign-02" / "trials.csv").is_file()


def test_the_time_that_is_announced_covers_every_round() -> None:
    load = PLANTED_LOADS["closed-20"]
    few, many = (Bounds(calibration_rounds=4, campaigns=n, rounds=6).seconds(load) for n in (1, 30))
    assert few[0] == many[0]
    assert many[1] == pytest.approx(30 * few[1])


# h2load


def test_where_answers_take_long_there_are_connections_enough_for_those_in_flight() -> None:
    rate = rate_for(800.0, 0.8, response_s=0.1)
    assert (rate.rps, rate.connections) == (640.0, 128)


def test_a_window_at_a_low_rate_is_long_enough_for_a_p99() -> None:
    assert window_s(Rate(rps=1000.0, connections=1)) == truth_driver.WINDOW_S
    assert window_s(Rate(rps=13.0, connections=1)) == pytest.approx(10.0)
    assert window_s(Rate(rps=0.1, connections=1)) == truth_driver.LONGEST_S


def test_every_route_is_read_at_every_share_and_compared_pair_by_pair(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Rate] = []

    def pairs(_bench: Bench, rate: Rate, count: int, _chance: random.Random) -> Iterator[Pair]:
        asked.append(rate)
        ours, h2load = (Reading(requests=1, seconds=1.0, p50_us=us, p99_us=us) for us in (104.0, 100.0))
        return iter([Pair(rate=rate, ours=ours, h2load=h2load, ours_first=True)] * count)

    @contextmanager
    def asking(*_what: Any) -> Iterator[Bench]:
        request = Request(method="GET", path="/", expected_status=200)
        yield Bench(drivers={}, cores=(), port=1, request=request, window_s=2.0)

    full = Instrument(label="full", measure=lambda _bench, _users: Reading(requests=1000, seconds=1.0))
    monkeypatch.setattr(truth_driver, "read_pairs", pairs)
    monkeypatch.setattr(truth_driver, "_asking", asking)
    monkeypatch.setattr(truth_driver, "INSTRUMENTS", {"h2load": full})
    rig: Any = None
    found = truth_driver.measure(rig, tuple(USERS), pairs=4, seed=1, body=tmp_path / "body", say=lambda _line: None)
    assert set(found) == set(POINTS)
    assert {rate.rps for rate in asked} == {1000 * share for share in SHARES}
    assert truth_driver.estimate(found[POINTS[0]], "p99_us").effect == pytest.approx(1.04)


def test_h2load_is_given_headers_and_the_body(tmp_path: Path) -> None:
    request = Request(method="POST", path="/up", headers=(("content-type", "application/pdf"),), expected_status=200)
    bench = Bench(drivers={}, cores=(), port=8, request=request, window_s=1.0, body=tmp_path / "b")
    last = [f"--data={tmp_path / 'b'}", "http://127.0.0.1:8/up"]
    assert bench.h2load == ["--header=content-type: application/pdf", *last]
    assert replace(bench, body=None, request=request.model_copy(update={"headers": ()})).h2load == last[1:]
