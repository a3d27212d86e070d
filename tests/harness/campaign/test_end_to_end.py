"""A real campaign, small: uvicorn, Locust and the upstream stub, from the command line to the report."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from documented_commands import make
from experiment.errors import Exit
from experiment.records.store import CampaignFolder

BENCH = [sys.executable, "-m", "harness.commands.cli"]
# How make tells exit code 4: a busy machine may leave every trial invalid, honestly, and that is not tested here.
UNFIT = f"] Error {int(Exit.INVALID)}"


def _start(*words: str, folder: Path) -> subprocess.Popen[str]:
    command = [*BENCH, "run", "--profile", "smoke", "--out", str(folder), *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def _descendants(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


def _gone(processes: list[psutil.Process]) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=10)
    return not alive


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("e2e") / "campaign"
    _make("smoke", f"--claims A1,A2,A5,A6,A20 --rounds 1 --seed 7 --out {folder}")
    return folder


def _make(target: str, args: str) -> None:
    done = subprocess.run(make(target, args), capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0 or UNFIT in done.stderr, done.stdout + done.stderr


def test_every_planned_treatment_was_measured_and_answered(campaign: Path) -> None:
    folder = CampaignFolder.open(campaign)
    planned = {t.id for t in folder.manifest().treatments}
    answered = {t.treatment for t in folder.trials() if t.metrics.answers}
    assert answered == planned


def test_nothing_was_answered_wrongly(campaign: Path) -> None:
    for trial in CampaignFolder.open(campaign).trials():
        assert trial.metrics.wrong == 0, trial.metrics.first_failure
        assert trial.metrics.errors == 0, trial.metrics.first_failure


def test_where_the_handlers_ran_is_as_fastapi_documents_it(campaign: Path) -> None:
    by_variant = {t.variant: t.metrics for t in CampaignFolder.open(campaign).trials()}
    assert by_variant["sleep.async-native"].share_on_loop == 1.0
    assert by_variant["sleep.def"].share_off_loop == 1.0
    assert by_variant["sleep.def"].tokens_peak == 40


def test_a_blocked_loops_unanswered_bystanders_are_kept(campaign: Path) -> None:
    trials = CampaignFolder.open(campaign).trials()
    blocked = next(t.metrics for t in trials if t.variant == "sleep.async-blocking")
    assert blocked.bystander_sent
    assert blocked.bystander_answers is not None
    assert blocked.bystander_answers < blocked.bystander_sent
    assert blocked.stuck_at is not None
    assert blocked.stuck_at.startswith("bench_app/handlers/sleep.py")


def test_claims_stand_in_the_manifest_with_their_intervals(campaign: Path) -> None:
    manifest = json.loads((campaign / "manifest.json").read_text())
    a1 = next(c for c in manifest["claims"] if c["id"] == "A1")
    assert a1["comparisons"][0]["expected"] == [0.0, 0.1]
    assert manifest["seed"] == 7
    assert manifest["packages"]["fastapi"]


def test_the_tables_have_the_columns_of_the_contract(campaign: Path) -> None:
    contract = Path("results/README.md").read_text()
    for name in ("trials.csv", "latency.csv", "throughput.csv", "verdicts.csv"):
        with (campaign / name).open() as file:
            columns = next(csv.reader(file))
        missing = [c for c in columns if f"`{c}`" not in contract]
        assert not missing, f"results/README.md does not explain {missing} of {name}"


def test_report_and_charts_are_there(campaign: Path) -> None:
    report = (campaign / "report.html").read_text()
    assert "smoke" in report.lower()
    assert list((campaign / "charts").glob("*.svg"))
    assert (campaign / "report.md").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_campaign_leaves_no_process_and_can_be_resumed(number: signal.Signals, tmp_path: Path) -> None:
    folder = _interrupted(number, tmp_path)
    if number is signal.SIGTERM:
        return  # what is on disk is the same; once is enough for the slower half
    measured = len(CampaignFolder.open(folder).trials())
    _make("bench", f"--resume {folder}")
    trials = CampaignFolder.open(folder).trials()
    assert len(trials) > measured
    assert len({t.trial_id for t in trials}) == len(trials)


def _interrupted(number: signal.Signals, tmp_path: Path) -> Path:
    """Start a campaign, end it by a signal in its second trial, and return its folder."""
    folder = tmp_path / "campaign"
    process = _start("--claims", "A20", "--rounds", "1", folder=folder)
    _wait_for_a_trial(folder, process)
    children = _descendants(process.pid)
    os.kill(process.pid, number)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == Exit.INTERRUPTED, out
    assert "Traceback" not in out
    assert _gone(children)
    return folder


def _wait_for_a_trial(folder: Path, process: subprocess.Popen[str]) -> None:
    """Wait until the first trial is on disk; the next one then runs, with all its processes."""
    for _ in range(600):
        if process.poll() is not None:
            pytest.fail(f"it ended early: {process.communicate()[0]}")
        if (folder / "trials.csv").exists() and len((folder / "trials.csv").read_text().splitlines()) > 1:
            time.sleep(0.5)
            return
        time.sleep(0.1)
    pytest.fail("no trial within a minute")


def test_a_killed_harness_leaves_no_process(tmp_path: Path) -> None:
    process = _start("--claims", "A20", "--rounds", "1", folder=tmp_path / "campaign")
    _wait_for_a_trial(tmp_path / "campaign", process)
    children = _descendants(process.pid)
    assert children
    process.kill()
    process.communicate(timeout=30)
    assert _gone(children)
