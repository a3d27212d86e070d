"""`make bench-scale`, at a tiny scale: real drivers against the stub, real masters with workers that only report."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from benchmarks import scale
from benchmarks.boundless import ANSWER, BODY, boundless
from benchmarks.instruments import Reading
from benchmarks.scale_capacity import Capacity
from benchmarks.scale_master import is_flat
from experiment.records.scale_figures import MasterFigures, read_scale_figures
from harness.system.pinning import CorePlan
from real_servers import Server

if TYPE_CHECKING:
    from pathlib import Path

MANY = CorePlan(sut=(3,), others=(0, 1, 2), everything=(0, 1, 2, 3), enforced=True, note="")
TWO = CorePlan(sut=(1,), others=(0,), everything=(0, 1), enforced=True, note="")
MASTER = MasterFigures(
    workers=4,
    trials=9,
    window_s=1.0,
    cpu_share=0.01,
    start_s=0.4,
    report_ms=10.0,
    report_cpu_ms=9.0,
    report_first_ms=10.0,
    report_last_ms=10.0,
    rss_first_mib=80.0,
    rss_last_mib=80.0,
    second_bytes=1000,
    result_bytes=9000,
)


def test_the_whole_runs_at_a_tiny_scale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "scale.json"
    tiny = ["--rounds", "1", "--window", "0.3", "--trials", "2", "--master-window", "1.2", "--workers", "1", "3"]
    monkeypatch.setattr(sys, "argv", ["scale", *tiny, "--out", str(out)])
    assert scale.main() == 0
    found = read_scale_figures(out)
    assert found is not None
    assert found.capacity is not None
    assert set(found.capacity.rps) == {"one process", "1 worker", "2 workers"}
    assert found.capacity.ratios["2 workers / 1 worker"].rounds == 1
    assert [master.workers for master in found.master] == [1, 3]
    assert all(0 < m.second_bytes < m.result_bytes and m.report_cpu_ms >= 0 for m in found.master)
    said = capsys.readouterr().out
    assert "2 workers drive at least 1.8 times what 1 does" in said
    assert "until it begins" in said


def test_the_stub_answers_what_comes_in_parts_and_what_comes_together(tmp_path: Path) -> None:
    request = b"GET /load HTTP/1.1\r\nhost: x\r\n\r\n"
    with boundless(tmp_path / "log", ()) as stub:
        server = Server(process=stub.process, port=stub.port)  # type: ignore[arg-type]  # its kind of process
        with server.connect() as peer:
            for sent in (request[:9], request[9:] + request[:5], request[5:] + request):
                peer.sendall(sent)
            got = b""
            while len(got) < 3 * len(ANSWER):
                got += peer.recv(4096)
    assert got == ANSWER * 3
    assert ANSWER.endswith(BODY)


def capacity(plan: CorePlan, one: int, two: int, *, stub: float = 0.3) -> Capacity:
    readings = {"one process": one, "1 worker": one, "2 workers": two}
    rounds = [{n: Reading(requests=r + i, seconds=1.0, cpu_s=0.5) for n, r in readings.items()} for i in range(5)]
    found = Capacity(plan=plan, window_s=1.0, rounds=list(rounds))
    found.stub_shares["2 workers"].append(stub)
    return found


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (capacity(MANY, 20_000, 39_000), "HELD"),
        (capacity(TWO, 20_000, 20_500), "because 2 free cores are not there: of 2 here the stub takes one"),
        (capacity(MANY, 20_000, 25_000, stub=0.97), "because the stub used 97% of its core and was the limit"),
        (capacity(MANY, 20_000, 25_000), "nothing that was looked at says why"),
    ],
)
def test_two_workers_do_nearly_twice_what_one_does_or_there_is_a_reason(found: Capacity, said: str) -> None:
    assert said in found.lines()[-1]


@pytest.mark.parametrize(
    ("changes", "flat"),
    [
        ({}, True),
        ({"rss_last_mib": 84.0, "report_last_ms": 17.0}, True),
        ({"rss_last_mib": 90.0}, False),
        ({"report_last_ms": 18.0}, False),
    ],
)
def test_a_master_that_grows_is_told(changes: dict[str, float], *, flat: bool) -> None:
    assert is_flat(MASTER.model_copy(update=changes)) is flat


def test_the_ports_of_this_system_are_counted() -> None:
    assert 0 < scale.local_ports() <= 65_535
