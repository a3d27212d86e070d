"""A forked SUT beside one that was started the usual way: the same server, without the time of the imports."""

from __future__ import annotations

import os
import signal
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import psutil
import pytest

from experiment.design.factors import ServerConfig, server
from experiment.errors import EnvironmentUnfitError
from harness.system.forks import Forks, forks
from harness.system.on_demand import OnDemand
from harness.system.pinning import CorePlan
from harness.system.process import end_group
from harness.trial.launch import can_be_forked
from harness.trial.probe_log import ProbeLog
from harness.trial.sut import sut

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.system.services import Service

ENVIRONMENT = {"BENCH_VARIANTS": "noop.async-native", "BENCH_WORKS": "noop"}
ANYWHERE = CorePlan(sut=(), others=(), everything=(), enforced=False, note="")


@pytest.fixture
def forking(tmp_path: Path) -> Iterator[OnDemand[Forks]]:
    made = OnDemand(lambda: forks(log=tmp_path / "forks.log", cores=()))
    yield made
    made.close()


@contextmanager
def serving(folder: Path, forking: OnDemand[Forks] | None) -> Iterator[Service]:
    log, probe = folder / "sut.log", folder / "sut.probe"
    with sut(
        server=ServerConfig(),
        environment=ENVIRONMENT,
        log=log,
        plan=ANYWHERE,
        probe=probe,
        forks=forking.running() if forking else None,
    ) as it:
        yield it


def answer(service: Service) -> tuple[int, bytes, dict[str, str]]:
    reply = httpx.get(f"{service.url}/noop/async-native", timeout=10)
    headers = {name: value for name, value in reply.headers.items() if name != "date"}
    return reply.status_code, reply.content, headers


def links_of(pid: int) -> set[str]:
    """Return what a process has open; what it closes meanwhile is left out."""
    links = set()
    for file in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            links.add(str(file.readlink()))
    return links


def test_both_answer_alike_and_write_the_same_probe(tmp_path: Path, forking: OnDemand[Forks]) -> None:
    found = []
    for name, way in (("forked", forking), ("usual", None)):
        folder = tmp_path / name
        folder.mkdir()
        with serving(folder, way) as service:
            answers = answer(service)
            environment = psutil.Process(service.process.pid).cwd()
            for _ in range(200):  # its first sample comes 50 ms after the start
                if ProbeLog.read(folder / "sut.probe"):
                    break
                time.sleep(0.02)
        log = ProbeLog.read(folder / "sut.probe")
        assert log is not None
        found.append((answers, environment, sorted(log.samples[-1]), (folder / "sut.log").read_text()))
    assert found[0] == found[1]


def test_it_has_a_process_group_of_its_own_and_none_of_its_parent_s_descriptors(
    tmp_path: Path, forking: OnDemand[Forks]
) -> None:
    with serving(tmp_path, forking) as service:
        pid, parent = service.process.pid, forking.running().process.pid
        assert os.getpgid(pid) == pid
        theirs, own = links_of(parent), links_of(pid)
        assert {link for link in theirs & own if link.startswith("pipe:")} == set()


def test_its_end_is_noticed_with_its_code_and_leaves_no_zombie(tmp_path: Path, forking: OnDemand[Forks]) -> None:
    with serving(tmp_path, forking) as service:
        os.kill(service.process.pid, signal.SIGKILL)
        assert service.process.wait(10) == -signal.SIGKILL
        assert not service.is_alive
        assert not psutil.pid_exists(service.process.pid)


def test_one_that_cannot_start_says_why(tmp_path: Path, forking: OnDemand[Forks]) -> None:
    broken = {**ENVIRONMENT, "BENCH_SLEEP_S": "soon"}
    with (
        pytest.raises(EnvironmentUnfitError, match="BENCH_SLEEP_S"),
        sut(server=ServerConfig(), environment=broken, log=tmp_path / "log", plan=ANYWHERE, forks=forking.running()),
    ):
        pytest.fail("it started")


def test_when_its_parent_ends_it_ends_too_and_the_next_one_has_a_new_parent(
    tmp_path: Path, forking: OnDemand[Forks]
) -> None:
    with serving(tmp_path, forking) as service:
        first = forking.running()
        end_group(first.process, patience_s=0)
        psutil.wait_procs([psutil.Process(p) for p in [service.process.pid] if psutil.pid_exists(p)], timeout=10)
        assert not service.is_alive
    with serving(tmp_path, forking) as service:
        assert forking.running() is not first
        assert answer(service)[0] == 200


def test_what_forks_is_replaced_when_it_does_not_answer_in_time(
    tmp_path: Path, forking: OnDemand[Forks], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.system.forks._REPLY_LIMIT_S", 0.2)
    first = forking.running()
    os.kill(first.process.pid, signal.SIGSTOP)
    with pytest.raises(EnvironmentUnfitError, match="does not answer"), serving(tmp_path, forking):
        pytest.fail("it started")
    monkeypatch.undo()
    with serving(tmp_path, forking) as service:
        assert forking.running() is not first
        assert answer(service)[0] == 200


@pytest.mark.parametrize("config", [server(server="granian"), server(workers=2), server(interpreter="3.12")])
def test_only_the_usual_launch_is_forked(config: ServerConfig) -> None:
    assert can_be_forked(ServerConfig().launch())
    assert can_be_forked(server(cores="all", thread_tokens=80).launch())
    assert not can_be_forked(config.launch())
