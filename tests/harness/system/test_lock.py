"""A lock is the kernel's: what its file holds, or what lies in its place, keeps nobody out."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest

from experiment.errors import UsageError
from harness.system.lock import alone, only_one
from real_servers import ROOT

HOLDER = """
import sys
from pathlib import Path
from harness.system.lock import alone
with alone("bench run", file=Path(sys.argv[1])):
    print("has it", flush=True)
    sys.stdin.read()
"""


def a_foreign_pid(file: Path) -> None:
    file.write_text("1\n")


def junk(file: Path) -> None:
    file.write_bytes(bytes(range(256)) * 40)


def a_folder(file: Path) -> None:
    file.mkdir()


def a_link(file: Path) -> None:
    file.symlink_to("/etc/passwd")


def a_dangling_link(file: Path) -> None:
    file.symlink_to(file.with_name("nowhere"))


def a_file_nobody_may_write(file: Path) -> None:
    file.touch(mode=0o444)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "lock"


@pytest.mark.parametrize(
    "lies_there", [a_foreign_pid, junk, a_folder, a_link, a_dangling_link, a_file_nobody_may_write]
)
def test_what_lies_in_the_place_of_a_lock_keeps_nobody_out(lies_there: Callable[[Path], None], file: Path) -> None:
    lies_there(file)
    with only_one(file, busy="busy"), pytest.raises(UsageError, match="busy"), only_one(file, busy="busy"):
        pass
    with alone("bench run", file=file), pytest.raises(UsageError, match="beside"), alone("bench run", file=file):
        pass
    assert Path("/etc/passwd").stat().st_size > 0


def test_whoever_waits_is_told_who_measures(file: Path) -> None:
    with (
        alone("bench claim A1", file=file),
        pytest.raises(UsageError, match=r"machine \(bench claim A1 \(process \d+\)\)"),
        alone("bench run", file=file),
    ):
        pass


def test_a_note_that_cannot_be_shown_is_left_out(file: Path) -> None:
    with alone("bench run", file=file):
        file.write_bytes(b"\x1b[2J gone")
        with pytest.raises(UsageError, match="measured on this machine, and"), alone("bench run", file=file):
            pass


def test_the_file_is_gone_with_its_holder_and_a_new_one_locks_as_well(file: Path) -> None:
    with alone("bench run", file=file):
        assert file.exists()
    assert not file.exists()
    with alone("bench run", file=file), pytest.raises(UsageError), alone("bench run", file=file):
        pass


def test_beside_another_it_is_not_refused(file: Path) -> None:
    with alone("bench run", file=file), alone("bench run --beside", file=file, beside=True):
        assert "bench run (" in file.read_text()


def test_the_lock_of_a_process_that_was_killed_is_free(file: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(file)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        _says_it_has_it(holder.stdout)
        with pytest.raises(UsageError), alone("bench run", file=file):
            pass
        holder.kill()
        holder.wait(10)
        with alone("bench run", file=file):
            pass


def _says_it_has_it(stdout: IO[bytes] | None) -> None:
    assert stdout is not None
    assert stdout.readline() == b"has it\n"
