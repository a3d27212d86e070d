"""`bench clean` removes what a kill left behind, and nothing that is in use or was measured."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from experiment.errors import Exit
from experiment.records.manifest import Manifest
from experiment.records.store import CampaignFolder
from harness.commands import clean
from harness.commands.cli import main
from harness.system import lock, orphans
from harness.system.lock import only_one
from harness.system.scratch import in_use, is_in_use, scratch
from real_servers import ROOT

if TYPE_CHECKING:
    from pathlib import Path

HOLDER = """
import sys
from harness.system.scratch import scratch
with scratch("serve-") as folder:
    (folder / "app.log").touch()
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder for temporary files that is the only one, and a folder to run in."""
    made = tmp_path / "spool"
    made.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(made))
    monkeypatch.setattr(clean, "_SPOOLS", ())
    monkeypatch.setattr(clean, "orphans", list)
    monkeypatch.chdir(tmp_path)
    return made


def cleaned(*words: str) -> None:
    assert main(["clean", *words]) == Exit.OK


def campaign(path: Path) -> Path:
    """Make a campaign with what a kill leaves in it."""
    folder = CampaignFolder.create(path, Manifest(campaign=path.name))
    (path / "charts").mkdir()
    for name in (".manifest.json.new", "charts/.a.svg.new", "logs/yardstick.passes"):
        (path / name).touch()
    return folder.path


def test_nothing_is_said_to_be_left_where_nothing_is(spool: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with scratch("used-"):
        cleaned()
    assert capsys.readouterr().out == "nothing is left\n"
    assert list(spool.iterdir()) == []


def test_the_folder_of_a_process_is_let_be_until_it_was_killed(spool: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER], cwd=ROOT, env=os.environ | {"TMPDIR": str(spool)},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as holder:  # fmt: skip
        assert holder.stdout is not None
        folder = holder.stdout.readline().strip()
        cleaned()
        assert [str(path) for path in spool.iterdir()] == [folder]
        holder.send_signal(signal.SIGKILL)
        holder.wait(10)
    cleaned("--list")
    assert [str(path) for path in spool.iterdir()] == [folder]
    cleaned()
    assert list(spool.iterdir()) == []
    assert capsys.readouterr().out.count(os.path.basename(folder)) == 2  # noqa: PTH119 - a name in a text


def test_what_another_program_or_version_made_is_let_be(spool: Path) -> None:
    (spool / "handlerbench.txt").touch()
    (spool / "handlerbench-theirs").mkdir()
    (spool / "handlerbench-theirs" / "file").touch()
    cleaned()
    assert len(list(spool.iterdir())) == 2


def test_what_was_half_written_goes_and_what_was_measured_stays(spool: Path, tmp_path: Path) -> None:
    results = tmp_path / "results"
    path = campaign(results / "one")
    (results / ".latest.new").symlink_to("one")
    (results / ".publishing").mkdir()
    measured = {name: (path / name).read_bytes() for name in ("manifest.json", "trials.csv", "latency.csv")}
    cleaned()
    assert {name: (path / name).read_bytes() for name in measured} == measured
    assert [p.name for p in results.iterdir()] == ["one"]
    assert sorted(p.name for p in path.rglob("*") if p.name.endswith((".new", ".passes"))) == []
    assert list(spool.iterdir()) == []


def test_a_campaign_that_is_being_measured_is_let_be(spool: Path, tmp_path: Path) -> None:
    path = campaign(tmp_path / "results" / "one")
    with only_one(path / ".running", busy="busy"):
        cleaned()
        assert (path / "logs" / "yardstick.passes").exists()
    cleaned(str(path))
    assert not (path / "logs" / "yardstick.passes").exists()
    assert spool.is_dir()


def test_the_lock_of_a_campaign_that_was_killed_goes_and_that_of_one_that_runs_stays(spool: Path) -> None:
    file = lock.machine_file()
    with lock.alone("bench run"):
        cleaned()
        assert file.exists()
    file.write_text("bench run (process 1)")
    cleaned()
    assert not file.exists()
    assert spool.is_dir()


def test_a_mark_ends_with_its_block(tmp_path: Path) -> None:
    with in_use(tmp_path):
        assert is_in_use(tmp_path)
    assert not is_in_use(tmp_path)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("python -P -m harness.system.upstream --port 1", True),
        ("python -P -m harness.postgres.keeper {}", True),
        ("/x/python /y/locustfiles/trials.py", True),
        ("python -P -m uvicorn --factory bench_app.app:create_app", True),
        ("/usr/lib/postgresql/15/bin/postgres -D /tmp/handlerbench-pg-x/data", True),
        ("python -m harness.commands.cli run", False),
        ("vim harness/system/upstream.py", False),
        ("postgres -D /var/lib/postgresql/15/main", False),
        ("", False),
    ],
)
def test_our_processes_are_told_by_their_command_lines(line: str, expected: Any) -> None:
    assert orphans.is_one_of_ours(line.split()) is expected


def test_processes_that_outlived_their_command_are_ended_even_if_stopped(
    spool: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", "upstream"]) as left:
        left.send_signal(signal.SIGSTOP)
        monkeypatch.setattr(clean, "orphans", lambda: [psutil.Process(left.pid)])
        cleaned("--list")
        assert left.poll() is None
        cleaned()
        assert not psutil.pid_exists(left.pid)
    assert capsys.readouterr().out.count(f"process {left.pid}: ") == 2
    assert spool.is_dir()
