"""A SUT that ssh starts, with a stand-in for ssh that carries its commands out here: real shells, a real SUT."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from typing import TYPE_CHECKING

import httpx
import psutil
import pytest

from experiment.errors import EnvironmentUnfitError, UsageError
from harness.system.process import free_port
from harness.system.ssh import Place, Ssh, connected, place_of
from harness.trial.far_sut import far_sut
from harness.trial.probe_log import ProbeLog
from real_servers import ROOT, clean_environment
from volunteers import all_gone

if TYPE_CHECKING:
    from pathlib import Path

SSH = """#!/bin/sh
# a connection that stays, or a command to carry out: the last word, by a shell as sshd has it done
for last; do :; done
control=
while [ $# -gt 0 ]; do
  case $1 in
    -o|-p) shift ;;
    -S) control=$2; shift ;;
    -N) [ "$last" = nobody@elsewhere ] && { echo "Permission denied (publickey)." >&2; exit 255; }
        : >"$control"; exec sleep 60 ;;
  esac
  shift
done
exec sh -c "exec $last"
"""
APP = {"BENCH_VARIANTS": "noop.def", "BENCH_WORKS": "noop"}


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Put the stand-in before the real one, and return this checkout as a place elsewhere."""
    program = tmp_path / "bin" / "ssh"
    program.parent.mkdir()
    program.write_text(SSH, encoding="utf-8")
    program.chmod(0o755)
    for name, value in clean_environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    return Place(host="elsewhere", user="me", path=str(ROOT))


def serving(port: int) -> list[str]:
    words = ["-m", "uvicorn", "--factory", "bench_app.app:create_app", "--host", "127.0.0.1", "--port", str(port)]
    return [sys.executable, *words]


def test_a_sut_is_started_watched_and_ended_by_one_connection(ssh: Place, tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "ssh.log"
    with (
        connected(ssh, log) as connection,
        far_sut(connection, serving(port), environment=APP, address=("127.0.0.1", port), log=log) as sut,
    ):
        before = sut.sample()
        for _ in range(30):
            assert httpx.get(f"http://127.0.0.1:{port}/noop/def", trust_env=False).status_code == 200
        after = sut.sample()
        assert before is not None
        assert after is not None
        assert after.cpu_s > before.cpu_s
        assert after.waited_s >= before.waited_s
        assert before.cpu_share_until(after) > 0
        assert before.bound_s < after.t_s - before.t_s
        probe = tmp_path / "probe.jsonl"
        probe.write_bytes(sut.probe())
        assert ProbeLog.read(probe) is not None
        app = psutil.Process(sut.pid)
        folder = app.environ()["BENCH_PROBE_PATH"].rpartition("/")[0]
        assert os.path.isdir(folder)  # noqa: PTH112 - a name that the shell gave
    assert all_gone([app])
    assert not os.path.exists(folder)  # noqa: PTH110 - likewise


def test_a_lost_connection_is_told_and_leaves_no_app_behind(ssh: Place, tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "ssh.log"
    with (
        connected(ssh, log) as connection,
        far_sut(connection, serving(port), environment=APP, address=("127.0.0.1", port), log=log) as sut,
    ):
        app = psutil.Process(sut.pid)
        os.killpg(sut.process.pid, signal.SIGTERM)
        assert all_gone([app])
        with pytest.raises(EnvironmentUnfitError, match="the connection to elsewhere is lost"):
            sut.sample()


def test_an_app_that_ends_there_is_told_with_its_own_last_lines(ssh: Place, tmp_path: Path) -> None:
    log, words = tmp_path / "ssh.log", [sys.executable, "-c", "import time; time.sleep(0.3); raise SystemExit('no')"]
    with (
        connected(ssh, log) as connection,
        pytest.raises(EnvironmentUnfitError, match=r"the app ended on elsewhere before it was ready\.\n    no"),
        far_sut(connection, words, environment={}, address=("127.0.0.1", free_port()), log=log),
    ):
        pass


def test_who_may_not_connect_is_told_in_sshs_own_words(ssh: Place, tmp_path: Path) -> None:
    assert ssh.host == "elsewhere"
    with (
        pytest.raises(EnvironmentUnfitError, match=r"ssh to elsewhere ended.*\n.*\n    Permission denied"),
        connected(Place(host="elsewhere", user="nobody"), tmp_path / "ssh.log"),
    ):
        pass


def test_words_arrive_as_they_are(ssh: Place, tmp_path: Path) -> None:
    odd = ["a b", "$HOME", "'", '"', "; exit 1", "*"]
    with connected(ssh, tmp_path / "ssh.log") as connection:
        assert connection.run(["printf", r"%s\n", *odd], limit_s=10).splitlines() == odd
        with pytest.raises(EnvironmentUnfitError, match="false failed on elsewhere: code 1"):
            connection.run(["false"], limit_s=10)
        with pytest.raises(EnvironmentUnfitError, match=r"did not carry out sleep within 0\.2 s"):
            connection.run(["sleep", "5"], limit_s=0.2)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ssh://me@elsewhere", Place(host="elsewhere", user="me")),
        ("ssh://elsewhere:2222/srv/app", Place(host="elsewhere", port=2222, path="/srv/app")),
        ("ssh://me@10.0.0.5/", Place(host="10.0.0.5", user="me", path="/")),
    ],
)
def test_a_place_is_read(text: str, found: Place, tmp_path: Path) -> None:
    assert place_of(text) == found
    words = Ssh(place=found, control=tmp_path / "control").command(["true"])
    assert words[0] == "ssh"
    assert shlex.split(words[-1]) == ["true"]


@pytest.mark.parametrize(
    "text",
    [
        *("", "elsewhere", "http://elsewhere", "ssh://", "ssh://-oProxyCommand=x", "ssh://-x@elsewhere", "ssh://a b@c"),
        *("ssh://me:secret@elsewhere", "ssh://elsewhere:port", "ssh://elsewhere/x?y", "ssh://[::1"),
    ],
)
def test_what_is_no_place_is_refused_and_never_becomes_an_option(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        place_of(text)
    assert "secret" not in str(refused.value)
