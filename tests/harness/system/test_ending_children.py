"""Children that are stopped, silent or deaf hold nobody up, and a signal does not break off the cleaning up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from experiment.design.loads import LOADS
from experiment.records.driver_protocol import Request
from harness.system import interruption
from harness.system.channel import Channel
from harness.system.process import child, end_group
from harness.trial.driver import LocustProcess, trial_command
from real_servers import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ECHO = "import sys\nfor line in sys.stdin: print(line, end='', flush=True)"
DEAF = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('up', flush=True)\ntime.sleep(600)"

PARENT = """
import sys
from pathlib import Path
from harness.system.process import child
with child([sys.executable, "-c", "import time; time.sleep(600)"], log=Path(sys.argv[1])) as process:
    print(process.pid, flush=True)
    sys.stdin.read()
"""
REQUEST = Request(method="GET", path="/x", expected_status=200)
LOAD = LOADS["closed-20"]
READY = '{"event":"ready","locust":"0","python":"0","pid":1}'


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Have signals interrupt as in `bench`; put back what was there."""
    before = {number: signal.getsignal(number) for number in interruption.SIGNALS}
    interruption.forget()
    interruption.listen()
    yield
    interruption.forget()
    for number, handler in before.items():
        signal.signal(number, handler)


def python(code: str, tmp_path: Path, **how: Any) -> Any:
    return child([sys.executable, "-c", code], log=tmp_path / "log", piped=True, **how)


class TestChannel:
    def test_lines_come_back_whole_however_long(self, tmp_path: Path) -> None:
        with python(ECHO, tmp_path) as process:
            channel = Channel(process)
            for line in (b"short", b"", b"x" * 300_000):
                channel.send(line, 10.0)
                assert channel.receive(10.0) == line

    def test_the_end_is_none(self, tmp_path: Path) -> None:
        with python("print('last')", tmp_path) as process:
            channel = Channel(process)
            assert [channel.receive(10.0), channel.receive(10.0), channel.receive(0.0)] == [b"last", None, None]

    def test_one_that_is_stopped_is_given_up_on_and_ended(self, tmp_path: Path) -> None:
        with python(ECHO, tmp_path) as process:
            channel = Channel(process)
            channel.send(b"up", 10.0)
            assert channel.receive(10.0) == b"up"
            process.send_signal(signal.SIGSTOP)
            with pytest.raises(TimeoutError, match="has not read what it was sent"):
                channel.send(b"x" * 1_000_000, 0.1)
            with pytest.raises(TimeoutError, match="silent for too long"):
                channel.receive(0.1)
        assert process.returncode is not None


class TestEnding:
    @pytest.mark.parametrize("code", [ECHO, DEAF])
    @pytest.mark.parametrize("is_stopped", [True, False])
    def test_every_child_ends(self, code: str, is_stopped: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a parameter
        with python(code, tmp_path, patience_s=0.2) as process:
            if is_stopped:
                process.send_signal(signal.SIGSTOP)
        assert process.returncode is not None

    def test_a_signal_during_the_end_waits_for_it(self, tmp_path: Path) -> None:
        signal.signal(signal.SIGALRM, interruption.on_signal)
        block = python(DEAF, tmp_path, patience_s=0.3)
        process = block.__enter__()
        assert Channel(process).receive(10.0) == b"up"
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with pytest.raises(KeyboardInterrupt):
            block.__exit__(None, None, None)
        assert process.returncode == -signal.SIGKILL

    def test_a_driver_that_is_stopped_fails_the_trial_or_is_interrupted(self, tmp_path: Path) -> None:
        script = tmp_path / "trials.py"
        script.write_text(f"import os, signal\nprint({READY!r}, flush=True)\nos.kill(os.getpid(), signal.SIGSTOP)")
        locust = LocustProcess(log=tmp_path / "driver.log", cores=(), script=script)
        locust.start()
        signal.signal(signal.SIGALRM, interruption.on_signal)
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        with pytest.raises(KeyboardInterrupt):
            locust.run(trial_command("t0001", 9, REQUEST, LOAD, bystander=None, seed=1), print)
        pid = locust.pid
        assert pid is not None
        locust.stop()
        assert not psutil.pid_exists(pid)


class TestSignals:
    def test_more_of_them_do_not_break_off_the_cleaning_up(self) -> None:
        done: list[str] = []

        def clean_up() -> None:
            for step in ("first", "second"):
                for number in interruption.SIGNALS:
                    os.kill(os.getpid(), number)
                time.sleep(0.01)
                done.append(step)

        def be_interrupted() -> None:
            try:
                os.kill(os.getpid(), signal.SIGINT)
            finally:
                clean_up()

        with pytest.raises(KeyboardInterrupt):
            be_interrupted()
        assert done == ["first", "second"]

    def test_one_in_a_block_that_defers_comes_at_its_end(self) -> None:
        done: list[str] = []
        with suppress(KeyboardInterrupt):
            with interruption.deferred():
                os.kill(os.getpid(), signal.SIGTERM)
                done.append("block")
            done.append("behind it")
        assert done == ["block"]
        assert interruption.is_noted()

    def test_a_later_one_is_a_new_wish(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with suppress(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
        monkeypatch.setattr(interruption, "_ONE_WISH_S", 0.0)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_a_child_of_a_process_that_was_killed_ends(tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux ends the children of a killed process")
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path / "log")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    ) as parent:
        assert parent.stdout is not None
        grandchild = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
        assert psutil.wait_procs([grandchild], timeout=10)[1] == []


def test_ending_twice_is_no_fault(tmp_path: Path) -> None:
    with python(ECHO, tmp_path) as process:
        end_group(process)
        end_group(process)
