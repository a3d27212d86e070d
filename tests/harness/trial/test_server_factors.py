"""Server factors with the real thing: a SUT started otherwise is another SUT, and is measured whole."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import httpx
import psutil
import pytest

from bench_app.catalogue import CATALOGUE
from experiment.design.factors import ServerConfig, server
from experiment.design.model import Load, LoadKind, PlannedTrial, Treatment
from harness.system.pinning import plan_cores
from harness.trial.app_settings import todays
from harness.trial.launch import described, unfit
from harness.trial.preflight import preflight
from harness.trial.probe_log import ProbeLog, merged
from harness.trial.rig import Rig, rig

if TYPE_CHECKING:
    from collections.abc import Iterator

    from experiment.records.trial import Measurement
    from harness.trial.driver import Progress

LOAD = Load(id="closed-8", kind=LoadKind.CLOSED, users=8, warmup_s=0.4, window_s=1.2)
SLEEP = {"sleep.def": CATALOGUE["sleep.def"]}


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    logs = tmp_path_factory.mktemp("logs")
    with rig(plan=plan_cores(), logs=logs, loads={LOAD.id: LOAD}, settings=todays(), seed=1) as made:
        made.answers.update(preflight(made, SLEEP).answers)
        yield made


def _ignore(_progress: Progress) -> None:
    pass


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (ServerConfig(), "--loop uvloop --http httptools --no-access-log"),
        (server(loop="asyncio"), "--loop asyncio"),
        (server(http="h11"), "--http h11"),
        (server(workers=2), "--workers 2"),
        (server(access_log="on"), "--access-log --log-level info"),
    ],
    ids=["default", "asyncio", "h11", "workers", "access log"],
)
def test_the_sut_runs_with_the_words_that_the_manifest_records(
    stand: Rig, config: ServerConfig, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Started the usual way: a forked one has the command line of what forked it, and gets the words as arguments."""
    monkeypatch.setattr(stand, "is_forking", False)
    assert words in described(config)
    with stand.serving(SLEEP, config, "words") as service:
        assert words in " ".join(psutil.Process(service.process.pid).cmdline())
        assert httpx.get(f"{service.url}/sleep/def").json() == {"status": "done"}


def test_several_workers_are_measured_as_one_server(stand: Rig) -> None:
    """Each has 40 tokens, a probe file of its own and a process; what is said is of all of them."""
    treatment = Treatment(variant="sleep.def", load=LOAD.id, server=server(workers=2, cores="all"))
    planned = PlannedTrial(trial_id="t0001", round=1, position=0, attempt=1, treatment=treatment)
    measured = stand.measure(planned, _ignore)
    metrics = measured.metrics
    assert measured.failure is None
    assert metrics.tokens_total == 80
    assert metrics.share_off_loop == 1.0
    assert metrics.in_flight_peak == LOAD.users
    assert metrics.answers
    assert metrics.busiest_worker_share is not None
    assert 0.5 <= metrics.busiest_worker_share <= 1.0
    assert metrics.loop_lag_p99_us is not None
    alone = stand.measure(
        PlannedTrial(
            trial_id="t0002", round=1, position=1, attempt=1, treatment=Treatment(variant="sleep.def", load=LOAD.id)
        ),
        _ignore,
    ).metrics
    assert (alone.tokens_total, alone.in_flight_peak, alone.busiest_worker_share) == (40, LOAD.users, None)
    assert metrics.sut_threads_peak is not None
    assert alone.sut_threads_peak is not None
    assert metrics.sut_rss_peak_mib is not None
    assert alone.sut_rss_peak_mib is not None
    assert metrics.sut_rss_peak_mib > alone.sut_rss_peak_mib * 1.5  # a parent and two workers
    assert not list(stand.logs.glob("t000*.probe*"))


def test_every_worker_has_a_probe_file_of_its_own(stand: Rig) -> None:
    with stand.serving(SLEEP, server(workers=2), "workers") as service:
        files = list(stand.logs.glob("workers.probe.jsonl.*"))
        pids = {process.pid for process in psutil.Process(service.process.pid).children(recursive=True)}
        assert len(files) == 2
        assert {int(file.suffix.removeprefix(".")) for file in files} <= pids
        httpx.get(f"{service.url}/sleep/def")
    log = ProbeLog.read(stand.probe_path("workers"))
    assert log is not None
    assert log.samples[-1]["tokens_total"] == 80
    stand.forget_probe("workers")
    assert not list(stand.logs.glob("workers.probe.jsonl*"))


def test_samples_of_several_processes_add_up_from_when_all_have_spoken() -> None:
    def sample(t: float, **numbers: int) -> dict[str, float]:
        names = ("tokens_total", "tokens_borrowed", "tokens_waiting", "threads", "served_on_loop", "served_off_loop")
        return {"t": t, **dict.fromkeys((*names, "in_flight"), 0), **numbers}

    one = [sample(1.0, in_flight=3), sample(3.0, in_flight=5, threads=2)]
    other = [sample(2.0, in_flight=4, threads=1), sample(4.0, in_flight=1, threads=1)]
    out = merged([one, other])
    assert [(s["t"], s["in_flight"], s["in_flight_peak"], s["threads"]) for s in out] == [
        (2.0, 7, 7, 1),
        (3.0, 9, 9, 3),
        (4.0, 6, 9, 3),
    ]


def test_what_cannot_be_started_here_is_skipped_with_the_reason() -> None:
    assert unfit(ServerConfig()) is None
    assert unfit(server(workers=4, loop="asyncio")) is None
    assert unfit(server(interpreter="2.7")) is not None
    assert "no Python 9.9" in (unfit(server(interpreter="9.9")) or "")
    assert "granian has no option for h11" in (unfit(server(server="granian", http="h11")) or "")


def test_the_access_log_has_a_line_for_every_request_and_is_not_kept_of_a_valid_trial(stand: Rig) -> None:
    """uvicorn told `--access-log --log-level warning` would write none, and cost nothing."""
    with stand.serving(SLEEP, server(access_log="on"), "logged") as service:
        for _ in range(3):
            httpx.get(f"{service.url}/sleep/def")
        assert service.log.read_text().count('"GET /sleep/def HTTP/1.1" 200') == 3
    measured = _measured(stand, server(access_log="on"))
    assert measured.failure is None
    assert not (stand.logs / "t0009.log").exists()


def test_granian_is_measured_as_uvicorn_is_and_leaves_no_process(stand: Rig) -> None:
    reason = unfit(server(server="granian"))
    if reason is not None:
        assert "granian is not installed: ModuleNotFoundError: No module named 'granian'" in reason
        return
    with stand.serving(SLEEP, server(server="granian"), "granian") as service:
        assert httpx.get(f"{service.url}/sleep/def").json() == {"status": "done"}
        family = [psutil.Process(service.process.pid), *psutil.Process(service.process.pid).children(recursive=True)]
    assert len(family) > 1  # its worker is a process of its own
    assert not psutil.wait_procs(family, timeout=5)[1]
    measured = _measured(stand, server(server="granian"))
    assert measured.failure is None
    assert measured.metrics.answers
    assert (measured.metrics.share_off_loop, measured.metrics.tokens_total) == (1.0, 40)
    assert measured.metrics.sut_cpu_share


def _measured(stand: Rig, config: ServerConfig) -> Measurement:
    treatment = Treatment(variant="sleep.def", load=LOAD.id, server=config)
    return stand.measure(PlannedTrial(trial_id="t0009", round=1, position=2, attempt=1, treatment=treatment), _ignore)


def test_an_interpreter_is_the_one_that_is_named(stand: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = f"{sys.version_info.major}.{sys.version_info.minor}"
    monkeypatch.setenv("BENCH_PYTHON", f"/nowhere/python{os.pathsep}{sys.executable}")
    config = server(interpreter=ours)
    assert unfit(config) is None
    with stand.serving(SLEEP, config, "interpreter") as service:
        assert psutil.Process(service.process.pid).cmdline()[0] == sys.executable
