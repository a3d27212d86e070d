"""However a campaign ends, what was measured is on disk, the exit code says what happened, and nothing is left."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benches import ENOUGH, Desk, wait_until
from experiment.errors import Exit
from experiment.records.store import CampaignFolder
from real_servers import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

ALL = 15
SLOW = {"FAKED_TRIAL_S": "0.3"}
SLOWER = {"FAKED_TRIAL_S": "2"}  # lasts while another starts, on a busy machine too
ONCE_MORE = {"FAKED_PAUSES_S": "0.05"}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk.at(tmp_path)


def is_whole(desk: Desk) -> bool:
    """Say whether the campaign has all its trials, each with its latencies once."""
    folder = CampaignFolder.open(desk.campaign)
    trials = folder.trials()
    counted = {
        trial: sum(sum(h.counts.values()) for h in found.values()) for trial, found in folder.histograms().items()
    }
    return len({t.trial_id for t in trials}) == len(trials) == ALL and set(counted.values()) == {100}


def resumed(desk: Desk) -> None:
    done = desk.run("run", "--resume", str(desk.campaign), "--quiet")
    assert done.returncode == Exit.OK, done.stderr
    assert is_whole(desk)
    assert desk.left() == []


def one_sentence(err: str) -> str:
    """Return what was said, which is one line by bench and no traceback."""
    (line,) = [line for line in err.splitlines() if "RuntimeWarning" not in line]
    assert line.startswith("bench: ")
    return line


class TestSignals:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda n: n.name)
    def test_a_signal_ends_it_and_it_can_be_resumed(self, desk: Desk, number: signal.Signals) -> None:
        with desk.start(environment=SLOW) as process:
            wait_until(lambda: desk.trials() > 1, process)
            process.send_signal(number)
            _, err = process.communicate(timeout=30)
        assert process.returncode == Exit.INTERRUPTED
        assert "go on with `bench run --resume campaign`" in one_sentence(err)
        resumed(desk)

    def test_ten_signals_at_once_are_one(self, desk: Desk) -> None:
        with desk.start(environment=SLOW) as process:
            wait_until(lambda: desk.trials() > 0, process)
            for number in [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGTERM] * 2:
                with suppress(ProcessLookupError):
                    process.send_signal(number)
            _, err = process.communicate(timeout=30)
        assert process.returncode == Exit.INTERRUPTED
        assert "interrupted" in one_sentence(err)
        assert desk.left() == []

    def test_nohup_is_respected(self, desk: Desk) -> None:
        def ignore() -> None:
            signal.signal(signal.SIGHUP, signal.SIG_IGN)

        with desk.start(environment={"FAKED_TRIAL_S": "0.02"}, preexec_fn=ignore) as process:
            wait_until(lambda: desk.trials() > 0, process)
            process.send_signal(signal.SIGHUP)
            process.communicate(timeout=30)
        assert process.returncode == Exit.OK
        assert is_whole(desk)

    def test_what_a_kill_leaves_is_resumed(self, desk: Desk) -> None:
        with desk.start(environment=SLOW) as process:
            wait_until(lambda: desk.trials() > 1, process)
            process.kill()
            process.communicate(timeout=30)
        resumed(desk)


class TestOutput:
    def test_a_reader_that_leaves_does_not_end_the_measurement(self, desk: Desk) -> None:
        with desk.start(environment={"FAKED_TRIAL_S": "0.05"}) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            assert process.stdout.readline().startswith("measuring into campaign")
            process.stdout.close()
            err = process.stderr.read()
        assert (process.returncode, err) == (Exit.OK, "")
        assert is_whole(desk)

    def test_a_disk_that_is_full_behind_the_output_is_told_and_everything_is_measured(self, desk: Desk) -> None:
        with Path("/dev/full").open("w") as full:
            done = desk.run("run", "--claims", "A9", "--rounds", "1", "--out", str(desk.campaign), stdout=full)
        assert done.returncode == Exit.ENVIRONMENT
        assert "standard output: the disk is full" in one_sentence(done.stderr)
        assert desk.trials() == 5

    @pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
    def test_closed_streams_are_no_fault(self, desk: Desk, closed: str) -> None:
        script = ROOT / "tests" / "support" / "faked_bench.py"
        words = f"{sys.executable} {script} run --claims A9 --rounds 1 --out campaign {closed}"
        done = desk_shell(desk, words)
        assert done.returncode == Exit.OK
        assert "Traceback" not in done.stderr
        assert desk.trials() == 5

    def test_a_list_cut_short_is_no_fault(self, desk: Desk) -> None:
        script = ROOT / "tests" / "support" / "faked_bench.py"
        done = desk_shell(desk, f"{sys.executable} {script} list | head -1; exit ${{PIPESTATUS[0]}}")
        assert (done.returncode, done.stderr) == (Exit.OK, "")


def desk_shell(desk: Desk, line: str) -> subprocess.CompletedProcess[str]:
    command = ["env", f"TMPDIR={desk.spool}", "bash", "-c", line]
    return subprocess.run(command, cwd=desk.folder, capture_output=True, text=True, timeout=60, check=False)


@contextmanager
def small_disk(place: Path, size: str) -> Iterator[Path]:
    """Mount a file system of this size, which takes root."""
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(place)], capture_output=True, check=False, timeout=10
    )
    if mounted.returncode != 0:
        pytest.skip("only root can mount a small disk")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True, timeout=10)


def fill(disk: Path) -> Path:
    filler = disk / "filler"
    with suppress(OSError), filler.open("ab", buffering=0) as file:
        for size in (65536, 4096, 1) * 200:
            with suppress(OSError):
                file.write(b"x" * size)
    return filler


def files_up_to(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


class TestDisk:
    def test_a_full_disk_ends_it_in_one_sentence_and_it_goes_on_from_there(self, tmp_path: Path) -> None:
        with small_disk(tmp_path / "disk", "400k") as disk:
            desk = Desk.at(disk)
            with desk.start(environment={"FAKED_TRIAL_S": "0.1", **ONCE_MORE}) as process:
                wait_until(lambda: desk.trials() > 0, process)
                filler = fill(disk)
                _, err = process.communicate(timeout=30)
            assert process.returncode == Exit.ENVIRONMENT
            said = one_sentence(err)
            assert ".csv: the disk is full; free some space there." in said
            assert "bench run --resume campaign" in said
            assert desk.left() == []
            filler.unlink()
            resumed(desk)

    def test_a_disk_that_is_full_for_a_while_costs_nothing(self, tmp_path: Path) -> None:
        with small_disk(tmp_path / "disk", "400k") as disk:
            desk = Desk.at(disk)
            with desk.start(environment={"FAKED_TRIAL_S": "0.1", "FAKED_PAUSES_S": "0.1 " * 100}) as process:
                wait_until(lambda: desk.trials() > 0, process)
                filler = fill(disk)
                assert process.stdout is not None
                while "is not on disk yet" not in process.stdout.readline():
                    assert process.poll() is None
                filler.unlink()
                _, err = process.communicate(timeout=30)
            assert (process.returncode, err) == (Exit.OK, "")
            assert is_whole(desk)

    def test_a_disk_that_is_full_from_the_start_leaves_no_folder(self, tmp_path: Path) -> None:
        with small_disk(tmp_path / "disk", "400k") as disk:
            desk = Desk.at(disk)
            filler = fill(disk)
            done = desk.run(environment={"TMPDIR": str(tmp_path)})
            assert done.returncode == Exit.ENVIRONMENT
            assert "the disk is full" in one_sentence(done.stderr)
            assert sorted(disk.iterdir()) == [filler, desk.spool]

    def test_a_file_that_may_not_grow_ends_it_in_one_sentence(self, desk: Desk) -> None:
        words = ("run", *ENOUGH, "--rounds", "9", "--out", str(desk.campaign))  # 45 trials
        done = desk.run(*words, environment=ONCE_MORE, preexec_fn=lambda: files_up_to(11_000))
        assert done.returncode == Exit.ENVIRONMENT
        said = one_sentence(done.stderr)
        assert "trials.csv: the file gets larger than is allowed; raise the limit with `ulimit -f unlimited`." in said
        assert 0 < desk.trials() < 45
        assert desk.run("run", "--resume", str(desk.campaign)).returncode == Exit.OK
        assert len({t.trial_id for t in CampaignFolder.open(desk.campaign).trials()}) == 45

    def test_a_campaign_that_cannot_begin_leaves_no_folder(self, desk: Desk) -> None:
        done = desk.run(preexec_fn=lambda: files_up_to(5_000))
        assert done.returncode == Exit.ENVIRONMENT
        assert "manifest.json: the file gets larger than is allowed" in one_sentence(done.stderr)
        assert not desk.campaign.exists()

    def test_a_process_that_may_open_no_file_says_so(self, desk: Desk) -> None:
        code = (
            "import resource, sys; from harness.commands import report; from harness.commands.cli import main;"
            "resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3)); sys.exit(main(['report', 'campaign']))"
        )
        command = ["env", f"PYTHONPATH={ROOT}", sys.executable, "-c", code]
        done = subprocess.run(command, cwd=desk.folder, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == Exit.ENVIRONMENT
        assert "this process may open no more files; raise the limit with `ulimit -n 4096`" in one_sentence(done.stderr)


def test_an_exception_of_ours_is_one_line_and_its_traceback_is_in_the_logs(desk: Desk) -> None:
    done = desk.run(environment={"FAKED_BREAKS": "t0003"})
    assert done.returncode == Exit.OUR_FAULT
    said = one_sentence(done.stderr)
    assert "a fault of handlerbench itself, not yours: KeyError" in said
    assert "bench run --resume campaign" in said
    (kept,) = (desk.campaign / "logs").glob("handlerbench-error-*.txt")
    assert "Traceback" in kept.read_text(encoding="utf-8")
    assert kept.stat().st_mode & 0o077 == 0
    assert desk.trials() == 2
    resumed(desk)


class TestTwoAtOnce:
    def test_a_second_campaign_is_refused_unless_it_is_wanted(self, desk: Desk) -> None:
        with desk.start(environment=SLOWER) as first:
            wait_until(lambda: desk.trials() > 0, first)
            other = ("run", "--claims", "A9", "--rounds", "1", "--out", "other")
            refused = desk.run(*other)
            assert refused.returncode == Exit.USAGE
            assert (
                f"(bench run --claims A9 --rounds 3 --seed 7 --all-rounds --budget 1h --out {desk.campaign} (proc"
                in (one_sentence(refused.stderr))
            )
            assert "--beside" in refused.stderr
            assert not (desk.folder / "other").exists()
            assert desk.run(*other, "--beside").returncode == Exit.OK
            first.kill()
            first.communicate(timeout=30)
        resumed(desk)

    def test_the_same_campaign_is_not_measured_twice_even_beside(self, desk: Desk) -> None:
        with desk.start(environment=SLOWER) as first:
            wait_until(lambda: desk.trials() > 0, first)
            refused = desk.run("run", "--resume", str(desk.campaign), "--beside")
            assert refused.returncode == Exit.USAGE
            assert "is being measured by another process" in one_sentence(refused.stderr)
            first.kill()
            first.communicate(timeout=30)
