"""The Makefile's targets, run as the docs name them; their ARGS only make them short."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from documented_commands import ROOT, made, make
from load_groups import kinds_of
from real_servers import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app as `make serve` serves it, ended as Ctrl-C ends it."""
    port, log = free_port(), tmp_path_factory.mktemp("serve") / "log"
    with log.open("w") as file:
        process = subprocess.Popen(
            make("serve", f"--port {port}"), stdout=file, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        _wait_for("serving", log, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(timeout=20)
    assert "Traceback" not in log.read_text()


def _wait_for(word: str, log: Path, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if word in log.read_text():
            return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    pytest.fail(f"it did not say {word!r}: {log.read_text()}")


def test_the_app_is_served_and_locust_drives_it(served: str) -> None:
    with httpx.Client(base_url=served, trust_env=False, timeout=10) as client:
        assert client.get("/docs").status_code == 200
    said = made("locust", f"--host {served} --headless -u 2 -r 2 -t 2s --only-summary")
    row = next(line.split() for line in said.splitlines() if line.startswith("GET "))
    assert int(row[2]) > 0
    assert row[3] == "0(0.00%)"


def test_the_doctor_looks_at_this_machine() -> None:
    said = made("doctor", "--quick")
    for check in ("machine", "pinning", "descriptors", "ports", "database"):
        assert check in said


def test_the_locks_are_made_from_pyproject(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real uv asks a package index; what it is asked to do stands in its place here."""
    stand_in = tmp_path / "uv"
    stand_in.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\n')
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    made("lock")
    plain, with_dev = (tmp_path / "asked").read_text().splitlines()
    assert plain.endswith(" -o requirements.lock")
    assert with_dev.endswith(" -o requirements-dev.lock")
    assert " --extra dev --constraint requirements.lock " in with_dev
    for asked in (plain, with_dev):
        assert asked.startswith("pip compile pyproject.toml --extra build")
        assert "--generate-hashes" in asked


def test_format_mends_and_formats_all(tmp_path: Path) -> None:
    """The real ruff would edit this very tree; what it is asked to do stands in its place here."""
    stand_in = tmp_path / "ruff"
    stand_in.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\n')
    stand_in.chmod(0o755)
    subprocess.run([*make("format"), f"BIN={tmp_path}"], check=True)
    assert (tmp_path / "asked").read_text().splitlines() == ["check --fix .", "format ."]


def test_the_fast_tests_are_those_without_a_marker() -> None:
    chosen = {
        line
        for line in made(
            "test-fast", "--collect-only --quiet tests/bench_app tests/experiment tests/project"
        ).splitlines()
        if "::" in line
    }
    assert len(chosen) > 100
    assert [nodeid for nodeid in chosen if kinds_of(nodeid)] == []


def test_one_test_can_be_run() -> None:
    one = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "tests/experiment/theory/test_steady.py"]
    done = subprocess.run([*one, "-k", "steady"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_judge_is_calibrated(tmp_path: Path) -> None:
    said = made("calibration", f"--campaigns 100 --whole 1 --out {tmp_path}")
    assert "False verdicts" in said
    assert json.loads((tmp_path / "calibration.json").read_text())


def test_the_cost_of_the_probe_is_measured() -> None:
    probe = [sys.executable, "-m", "benchmarks.probe_cost", "--seconds", "0.1"]
    done = subprocess.run(probe, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "% of a core" in done.stdout
