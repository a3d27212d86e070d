"""The benchmarks' own parts: what they read out of other programs, how they pair, and what they say of a target."""

from __future__ import annotations

import itertools
import json
import random
import re
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from analysis.reading.campaign import load_campaign
from analysis.stats.judge import ALPHA
from benchmarks import analysis_scale, driver_cost, forked_sut, made_campaign, power
from benchmarks.analysis_scale import ReportCost, conclusion, record
from benchmarks.driver_cost import FULL, read_all
from benchmarks.half_load import LEAD_S, Rate, parse_log, rate_for, read_pairs, reading_of
from benchmarks.instruments import (
    INSTRUMENTS,
    Bench,
    Instrument,
    Reading,
    h2load_reading,
    ours_reading,
    whole_s,
    wrk_reading,
)
from benchmarks.metered import ROOT, run
from benchmarks.talk import table, write_json
from benchmarks.targets import TARGETS, ratio, statement
from driver_results import driver_result
from experiment.errors import InvalidMeasurementError
from experiment.records.driver_protocol import Request
from experiment.records.trial import Series
from misbehaving_servers import Peer, RawServer, answer

if TYPE_CHECKING:
    from pathlib import Path

WRK = """Running 2s test @ http://127.0.0.1:8000/noop/async-native
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     6.42ms    1.03ms  24.11ms   91.34%
    Req/Sec     5.01k   310.20     5.40k    80.00%
  Latency Distribution
     50%  812.00us
     75%    6.60ms
     90%    7.01ms
     99%   11.42ms
  9988 requests in 2.01s, 1.31MB read
Requests/sec:   4969.15
Transfer/sec:    669.32KB
"""
H2LOAD = """starting benchmark...
Main benchmark duration is over for thread #0. Stopping all clients.

finished in 2.01s, 4880.50 req/s, 652.95KB/s
requests: 9761 total, 9793 started, 9761 done, 9760 succeeded, 1 failed, 0 errored, 0 timeout
status codes: 9760 2xx, 0 3xx, 0 4xx, 1 5xx
"""
SMALL = ReportCost(requests=500, trials=150, csv_bytes=1, pictures=58, wall_s=1.0, cpu_s=1.0, peak_rss_bytes=10**8)


_BENCH = Bench(
    drivers={},  # nothing is sent
    cores=(),
    port=1,
    request=Request(method="GET", path="/", expected_status=200),
    window_s=1.0,
)


def _reading(requests: int = 1000, cpu_s: float = 0.1, **more: Any) -> Reading:
    return Reading(requests=requests, seconds=2.0, cpu_s=cpu_s, **more)


def test_wrks_output_is_read_to_the_unit() -> None:
    reading = wrk_reading(WRK, 0.4)
    assert (reading.requests, reading.seconds, reading.problem) == (9988, 2.01, "")
    assert (reading.p50_us, reading.p99_us) == (812.0, 11420.0)
    assert reading.cpu_us_per_request == pytest.approx(0.4 / 9988 * 1e6)


@pytest.mark.parametrize(
    "line", ["  Non-2xx or 3xx responses: 12", "  Socket errors: connect 0, read 3, write 0, timeout 0"]
)
def test_failures_make_a_reading_of_wrk_unusable(line: str) -> None:
    reading = wrk_reading(WRK.replace("Requests/sec", line + "\nRequests/sec"), 0.4)
    assert line.strip() in reading.problem
    assert reading.rps is None


def test_h2loads_output_is_read_and_its_failures_are_seen() -> None:
    reading = h2load_reading(H2LOAD, 0.5)
    assert (reading.requests, reading.seconds, reading.problem) == (9760, 2.01, "1 requests failed")
    assert (reading.p50_us, reading.p99_us) == (None, None)


@pytest.mark.skipif(not INSTRUMENTS["wrk"].is_installed, reason="wrk is not installed")
def test_wrks_percentiles_count_requests_that_were_never_sent() -> None:
    """Why h2load is what our p50 and p99 are compared with: one answer in 50 is slow here, and wrk's p75 is."""
    numbers = itertools.count(1)

    def behave(peer: Peer) -> None:
        time.sleep(0.1 if next(numbers) % 50 == 0 else 0.001)
        peer.send(answer())

    with RawServer(behave) as server:
        done = run(["wrk", "-t1", "-c1", "-d2s", "--latency", f"http://127.0.0.1:{server.port}/"])
    p75 = re.search(r"75%\s+([\d.]+)ms", done.output)
    assert p75 is not None, done.output
    assert float(p75[1]) > 10


@pytest.mark.parametrize("read", [wrk_reading, h2load_reading])
def test_other_output_is_refused(read: Any) -> None:
    with pytest.raises(InvalidMeasurementError):
        read("unable to connect to 127.0.0.1:8000 Connection refused", 0.1)


def test_our_cpu_time_is_scaled_to_the_window() -> None:
    result = driver_result(window_s=2.0, driver_cpu_s=0.55, driver_wall_s=2.2)
    reading = ours_reading(result)
    assert reading.cpu_s == pytest.approx(0.5)
    assert (reading.p50_us, reading.p99_us) == (100.0, 200.0)
    failed = driver_result(wrong=1, first_failure="status 500")
    assert ours_reading(failed).problem == "1 requests failed: status 500"


def test_a_program_that_is_missing_is_known_to_be() -> None:
    gone = Instrument(label="gone", measure=lambda _bench, _n: _reading(), program="no-such-program-anywhere")
    assert not gone.is_installed


def test_what_goes_wrong_is_a_reading_that_says_so() -> None:
    def broken(_bench: Bench, _connections: int) -> Reading:
        raise InvalidMeasurementError("it broke")

    bench: Any = None
    assert Instrument(label="broken", measure=broken).read(bench, 1).problem == "it broke"
    nothing = Instrument(label="idle", measure=lambda _bench, _n: Reading(seconds=1.0))
    assert nothing.read(bench, 1).problem == "no request was answered"


def test_windows_of_programs_that_take_whole_seconds_are_at_least_one() -> None:
    assert [whole_s(w) for w in (0.2, 1.4, 2.0)] == [1, 1, 2]


def test_ratios_are_paired_within_rounds_and_leave_out_what_is_unusable() -> None:
    rounds = [
        {"ours": _reading(cpu_s=0.2), "fast": _reading(cpu_s=0.8)},
        {"ours": _reading(cpu_s=0.4), "fast": _reading(cpu_s=1.6)},
        {"ours": _reading(cpu_s=9.9, problem="12 requests failed"), "fast": _reading()},
        {"ours": _reading()},
    ]
    found = ratio(rounds, "cpu_us_per_request", "ours", "fast")
    assert found.n == 2
    assert found.effect == pytest.approx(0.25)


@pytest.mark.parametrize(("cost_s", "word"), [(0.1, "HELD"), (0.9, "MISSED"), (0.4, "NOT DECIDED")])
def test_a_target_is_held_missed_or_not_decided(cost_s: float, word: str) -> None:
    rounds = [{"ours": _reading(cpu_s=cost_s * (1 + 0.01 * (n % 3))), "fast": _reading(cpu_s=1.0)} for n in range(6)]
    said = statement(TARGETS[0], ratio(rounds, "cpu_us_per_request", "ours", "fast"))
    assert said.startswith(word)
    assert "at most 0.4x" in said


def test_a_target_without_its_instrument_is_not_measured() -> None:
    assert statement(TARGETS[1], ratio([{"ours": _reading()}], "cpu_us_per_request", "ours", "wrk")).startswith(
        "NOT MEASURED"
    )


def test_half_of_capacity_is_spread_so_that_h2load_can_keep_it() -> None:
    rate = rate_for(6000.0)
    assert (rate.rps, rate.connections) == (3000.0, 34)
    assert rate.rps / rate.connections < 100  # how often h2load looks at a connection's rate
    assert rate_for(10.0).connections == 1


LOG = "1700000000600000\t200\t700\n1700000000000000\t200\t900\n1700000000700000\t200\t500\n"


def test_h2loads_log_is_read_in_the_order_of_starts() -> None:
    log = parse_log(LOG)
    assert [(r.offset_s, r.response_us, r.status) for r in log] == [(0.0, 900, 200), (0.6, 700, 200), (0.7, 500, 200)]


@pytest.mark.parametrize("text", ["", "200\t700\n", "a\tb\tc\n"])
def test_another_log_is_refused(text: str) -> None:
    with pytest.raises(InvalidMeasurementError, match="logged no requests"):
        parse_log(text)


def test_what_h2load_logged_before_and_after_the_window_does_not_count() -> None:
    assert LEAD_S == 0.5
    reading = reading_of(parse_log(LOG * 2), window_s=0.15)
    assert (reading.requests, reading.p50_us, reading.problem) == (2, 700.0, "")
    assert reading.p99_us is None  # two requests have none
    assert reading_of(parse_log(LOG), window_s=0.05).problem == "h2load sent nothing in the window"
    assert reading_of(parse_log(LOG.replace("200\t500", "-1\t500")), 1.0).problem == "1 of h2load's 3 requests failed"


@pytest.mark.parametrize(("chance", "order"), [(0.1, ["ours", "h2load"]), (0.9, ["h2load", "ours"])])
def test_a_pair_is_of_the_same_arrivals_in_an_order_left_to_chance(
    chance: float, order: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, list[float]]] = []
    logs = iter([parse_log("1\t200\t5\n"), parse_log(LOG)])

    def h2load(_bench: Bench, _rate: Rate) -> Any:
        asked.append(("h2load", []))
        return next(logs)

    def ours(_bench: Bench, offsets_s: Any) -> Reading:
        asked.append(("ours", list(offsets_s)))
        return _reading()

    monkeypatch.setattr("benchmarks.half_load.ask_h2load", h2load)
    monkeypatch.setattr("benchmarks.half_load.ask_ours", ours)
    coin: Any = type("Coin", (), {"random": lambda _self: chance})()
    (pair,) = read_pairs(replace(_BENCH, window_s=1.0), rate_for(100.0), 1, coin)
    assert [name for name, _ in asked] == ["h2load", *order]
    assert dict(asked)["ours"] == ([0.0] if order[0] == "ours" else [0.0, 0.6, 0.7])
    assert (pair.ours_first, pair.h2load.requests, pair.rate.rps) == (order[0] == "ours", 2, 50.0)


def test_the_order_within_a_round_is_left_to_chance() -> None:
    asked: list[str] = []

    def named(name: str) -> Instrument:
        def measure(_bench: Bench, _connections: int) -> Reading:
            asked.append(name)
            return _reading()

        return Instrument(label=name, measure=measure)

    instruments = {name: named(name) for name in "abc"}
    for seed in range(1, 9):
        read_all(_BENCH, instruments, random.Random(seed))
        read_all(_BENCH, instruments, random.Random(seed))
    orders = [tuple(asked[i : i + 3]) for i in range(0, len(asked), 3)]
    assert orders[::2] == orders[1::2]
    assert len(set(orders)) > 1


def test_the_whole_comparison_runs_without_wrk_and_h2load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("benchmarks.instruments.shutil.which", lambda _name: None)
    out = tmp_path / "driver.json"
    short = ["--rounds", "1", "--window", "0.3", "--against", str(ROOT), "--out", str(out)]
    monkeypatch.setattr(sys, "argv", ["driver_cost", *short])
    assert driver_cost.main() == 0
    said = capsys.readouterr().out
    assert re.search(
        r"^ours today / before: CPU a request \d.*, answers a second \d.*, of 3 pairs$", said, re.MULTILINE
    )
    assert "wrk is not installed here" in said
    assert "NOT MEASURED  capacity against wrk's" in said
    data = json.loads(out.read_text(encoding="utf-8"))
    assert [set(r) for r in data["rounds"]] == [{"http", "fast", "ours", "before"}, *[{"ours", "before"}] * 2]
    assert data["against"] == data["git"]
    assert all(not reading["problem"] and reading["requests"] > 0 for reading in data["rounds"][0].values())
    assert (data["half_load"], data["tools"], data["connections"]) == ([], {}, FULL)
    assert {t["statement"].split("  ")[0] for t in data["targets"]} == {"NOT DECIDED", "NOT MEASURED"}


def test_what_is_no_checkout_is_refused_before_anything_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["driver_cost", "--against", str(tmp_path)])
    with pytest.raises(SystemExit):
        driver_cost.main()
    assert f"{tmp_path} is no checkout of this project" in capsys.readouterr().err


def test_a_made_up_campaign_holds_as_many_requests_as_asked(tmp_path: Path) -> None:
    made = made_campaign.write(tmp_path / "made", requests=20_011)
    campaign = load_campaign(tmp_path / "made")
    assert made.requests == 20_011
    assert made.trials == len({t.trial_id for t in campaign.trials}) == len(campaign.trials)
    assert made.trials > made_campaign.ROUNDS * made.treatments  # the A/A pair runs several times in so long a round
    merged = campaign.folder.merged_histograms(Series.RESPONSE, {t.trial_id: "all" for t in campaign.trials})
    assert merged["all"].total == 20_011


def test_forked_and_usual_suts_are_compared_through_the_real_driver(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(forked_sut, "SUBJECTS", (("noop.def", "closed-20"),))
    monkeypatch.setattr(sys, "argv", ["forked_sut", "--rounds", "1"])
    forked_sut.main()
    said = capsys.readouterr().out
    assert "noop.def@closed-20: ready after" in said
    assert all(metric.label in said for metric in forked_sut.METRICS)


def test_the_recorder_is_measured_in_a_process_of_its_own() -> None:
    found = record(3000)
    assert found.requests == 3000
    assert 0 < found.buckets <= 3000


def test_the_cost_of_analysis_is_told_and_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # `bench report` is not run here: it draws for a quarter of a minute, and test_commands.py runs it
    monkeypatch.setattr(analysis_scale, "report", lambda size, _folder: replace(SMALL, requests=size))
    out = tmp_path / "scale.json"
    monkeypatch.setattr(sys, "argv", ["analysis_scale", "--sizes", "500", "2000", "--out", str(out)])
    assert analysis_scale.main() == 0
    assert "At 2,000 requests the report stays under 60 s and 1 GB" in capsys.readouterr().out
    data = json.loads(out.read_text(encoding="utf-8"))
    assert [r["requests"] for r in data["recorder"]] == [r["requests"] for r in data["report"]] == [500, 2000]


@pytest.mark.parametrize(("wall_s", "peak", "word"), [(59.0, 9e8, "stays"), (61.0, 9e8, "NOT"), (9.0, 1.1e9, "NOT")])
def test_the_report_is_held_to_its_bounds(wall_s: float, peak: float, word: str) -> None:
    largest = replace(SMALL, requests=10_000_000, wall_s=wall_s, peak_rss_bytes=int(peak))
    assert word in conclusion(largest)


def test_a_command_that_fails_says_its_last_line() -> None:
    with pytest.raises(InvalidMeasurementError, match=r"code 3: no luck$"):
        run([sys.executable, "-c", "import sys; print('no luck'); sys.exit(3)"])


def test_a_command_that_does_not_end_is_ended() -> None:
    with pytest.raises(InvalidMeasurementError, match="did not end in time"):
        run([sys.executable, "-c", "import time; time.sleep(100)"], patience_s=0.3)


def test_a_command_is_metered() -> None:
    done = run([sys.executable, "-c", "print(sum(range(10**6)))"])
    assert done.output.strip() == "499999500000"
    assert done.cpu_s > 0
    assert done.peak_rss_bytes > 1_000_000


def test_the_power_chart_is_drawn_and_names_its_finding(tmp_path: Path) -> None:
    points = power.power_table(np.random.default_rng(1), campaigns=60, alpha=ALPHA)
    power.draw(points, tmp_path / "figures", alpha=ALPHA, campaigns=60)
    svg = (tmp_path / "figures" / "power.svg").read_text(encoding="utf-8")
    assert svg.count("<path") > 50
    assert (tmp_path / "figures" / "power.png").stat().st_size > 10_000


def test_tables_line_up() -> None:
    assert table(("a", "bb"), [("long", 1), ("x", 234)]) == "a      bb\nlong    1\nx     234"


def test_results_hold_no_infinity(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "x" / "data.json", {"high": float("inf")})
