"""`--sut ssh://…`: a real sshd in a network of its own, where the app is measured, driven from here."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from analysis.reading.campaign import load_campaign
from analysis.stats.results import Verdict
from documented_commands import ROOT
from experiment.errors import Exit
from experiment.records.store import CampaignFolder
from networks import RefusedError
from ssh_hosts import Host, host, path_with

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Bench = Callable[..., subprocess.Popen[str]]

LIMIT_S = 200.0
APP = """from fastapi import FastAPI

app = FastAPI()


@app.get("/hello")
async def hello() -> dict[str, str]:
    return {"said": "hello"}
"""
BENCH_FILE = f"""[app]
target = "hello:app"
python = "{sys.executable}"

[[request]]
id = "hello"
path = "/hello"
"""
DECIDED = {Verdict.SUPPORTED, Verdict.REFUTED}
BOTH = ("run", "--claims", "A1,A2,A5,A8,A10,A13,A17", "--budget", "3m", "--seed", "1")
CLAIM = ("run", "--profile", "smoke", "--claims", "A8", "--seed", "1")


pytestmark = pytest.mark.timeout(450)  # a campaign or two


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Host]:
    try:
        with host(tmp_path) as found:
            yield found
    except RefusedError as reason:
        pytest.skip(f"no machine elsewhere can be made here: {reason}")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Yield what starts `bench` here, as somebody whose ssh knows the machine elsewhere; end what is left."""
    started: list[subprocess.Popen[str]] = []

    def start(*words: str) -> subprocess.Popen[str]:
        started.append(_bench(tmp_path, *words))
        return started[-1]

    yield start
    for one in started:
        if one.poll() is None:
            one.send_signal(signal.SIGTERM)
            one.communicate(timeout=LIMIT_S)


def _bench(tmp_path: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "harness.commands.cli", *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PATH": path_with(tmp_path / "bin")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def until(process: subprocess.Popen[str], word: str) -> None:
    """Read what it says up to a line with this word in it."""
    assert process.stdout is not None
    for line in process.stdout:
        if word in line:
            return
    pytest.fail(f"it ended before it said {word!r}")


def test_a_claim_is_measured_there_driven_from_here_and_judged_as_here(
    there: Host, bench: Bench, tmp_path: Path
) -> None:
    out = tmp_path / "brought"
    running = bench(*CLAIM, "--rounds", "3", "--out", str(out), "--sut", there.url)
    said, wrong = running.communicate(timeout=LIMIT_S)
    assert running.returncode == Exit.OK, said + wrong
    campaign = load_campaign(out)
    elsewhere = campaign.manifest.elsewhere
    assert elsewhere is not None
    assert elsewhere.sut_host == there.network.there
    assert [(r.claim.id, r.verdict) for r in campaign.results] == [("A8", Verdict.SUPPORTED)]
    assert (out / "report.md").exists()
    assert all(trial.metrics.bystander_answers for trial in campaign.trials if trial.is_valid)
    assert "1 worker came: " in said
    assert campaign.manifest.command.endswith("--sut 'ssh://…'")
    assert not list(there.folder.glob("results/elsewhere/*"))
    assert there.processes() == []


@pytest.mark.timeout(900)
def test_two_machines_judge_as_one_does(there: Host, bench: Bench, tmp_path: Path) -> None:
    """What the other machine's campaign decides, one machine's decides in the same way; some of it is refuted."""
    found: list[dict[str, Verdict]] = []
    for name, elsewhere in (("one", ()), ("two", ("--sut", there.url))):
        running = bench(*BOTH, "--out", str(tmp_path / name), *elsewhere)
        said, wrong = running.communicate(timeout=2 * LIMIT_S)
        assert running.returncode in {Exit.OK, Exit.INVALID}, said + wrong
        results = load_campaign(tmp_path / name).results
        found.append({r.claim.id: r.verdict for r in results if r.verdict in DECIDED})
    one, two = found
    in_both = one.keys() & two.keys()
    assert {claim: one[claim] for claim in in_both} == {claim: two[claim] for claim in in_both}
    assert len(in_both) >= 4, found
    assert {one[claim] for claim in in_both} == DECIDED


def test_what_is_interrupted_is_brought_here_and_gone_on_with_there(there: Host, bench: Bench, tmp_path: Path) -> None:
    out = tmp_path / "brought"
    running = bench(*CLAIM, "--rounds", "3", "--out", str(out), "--sut", there.url)
    until(running, "t0002")
    running.send_signal(signal.SIGINT)
    _, wrong = running.communicate(timeout=LIMIT_S)
    assert running.returncode == Exit.INTERRUPTED
    assert "go on with `bench run --resume brought --sut …`" in wrong
    before = [trial.trial_id for trial in CampaignFolder.open(out).trials()]
    assert len(before) >= 2
    assert there.processes() == []

    again = bench("run", "--resume", str(out), "--sut", there.url)
    said, wrong = again.communicate(timeout=LIMIT_S)
    assert again.returncode == Exit.OK, said + wrong
    assert [trial.trial_id for trial in CampaignFolder.open(out).trials()][: len(before)] == before
    assert [r.verdict for r in load_campaign(out).results] == [Verdict.SUPPORTED]


def test_when_ssh_is_lost_what_runs_there_ends_and_can_be_gone_on_with(
    there: Host, bench: Bench, tmp_path: Path
) -> None:
    out = tmp_path / "brought"
    running = bench(*CLAIM, "--rounds", "3", "--out", str(out), "--sut", there.url)
    until(running, "t0001")
    for child in psutil.Process(running.pid).children(recursive=True):
        if "ssh" in child.name():
            child.kill()
    _, wrong = running.communicate(timeout=LIMIT_S)
    assert running.returncode == Exit.ENVIRONMENT
    assert f"the connection to {there.network.there} is lost" in wrong
    assert f"What was measured is kept in {there.folder}/results/elsewhere/brought" in wrong
    assert _nothing_runs(there)

    again = bench("run", "--resume", str(out), "--sut", there.url)
    said, wrong = again.communicate(timeout=LIMIT_S)
    assert again.returncode == Exit.OK, said + wrong
    assert [r.verdict for r in load_campaign(out).results] == [Verdict.SUPPORTED]


def test_over_a_cable_that_was_pulled_out_it_ends_too(there: Host, bench: Bench, tmp_path: Path) -> None:
    running = bench(*CLAIM, "--rounds", "3", "--out", str(tmp_path / "brought"), "--sut", there.url)
    until(running, "t0001")
    there.network.cut()
    try:
        _, wrong = running.communicate(timeout=LIMIT_S)
        assert running.returncode == Exit.ENVIRONMENT
        assert "is lost" in wrong
        assert _nothing_runs(there)
    finally:
        there.network.mend()


def test_an_app_of_ones_own_is_measured_there_too(there: Host, bench: Bench, tmp_path: Path) -> None:
    (there.folder / "hello.py").write_text(APP, encoding="utf-8")
    (there.folder / "handlerbench.toml").write_text(BENCH_FILE, encoding="utf-8")
    out = tmp_path / "brought"
    words = ("app", "run", "--out", str(out), "--seed", "1", "--rounds", "2", "--budget", "40s")
    running = bench(*words, "--sut", there.url)
    said, wrong = running.communicate(timeout=LIMIT_S)
    assert running.returncode in {Exit.OK, Exit.INVALID}, said + wrong
    assert (out / "report.html").exists()
    assert any(trial.is_valid for trial in CampaignFolder.open(out).trials())
    assert there.processes() == []


def _nothing_runs(there: Host) -> bool:
    deadline = time.monotonic() + LIMIT_S
    while there.processes():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True
