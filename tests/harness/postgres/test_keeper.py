"""A PostgreSQL of our own is gone without a trace, however it, its keeper or the harness ends."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Thread

import psutil
import pytest

from harness.postgres.binaries import NoPostgresError, ServerBinaries, Source, find_server
from harness.postgres.server import postgres
from harness.postgres.shared_memory import notes_of, shared_files
from postgres_servers import HARNESS, home_of, nothing_is_left, open_folder, wait_for
from real_servers import ROOT

_END_THE_SERVER = "SELECT pg_terminate_backend(pg_backend_pid())"
SHARED_MEMORY = Path("/proc/sysvipc/shm")


@pytest.fixture
def _without_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the table out where only the server's end is looked at: making it takes as long as starting the server."""
    monkeypatch.setattr("harness.postgres.table.make", lambda _: None)


def _names(folder: Path) -> list[str]:
    """Return the command lines of the processes that name a folder."""
    running = (" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"]))
    return [words for words in running if str(folder) in words]


def _kill_the_keeper_when(reached: Callable[[], bool]) -> None:
    assert wait_for(reached)
    for child in psutil.Process().children():
        if "harness.postgres.keeper" in child.cmdline():
            child.kill()


@pytest.mark.usefixtures("_without_the_table")
class TestTheEnd:
    def test_a_harness_that_is_killed_leaves_nothing(self, tmp_path: Path) -> None:
        command = [sys.executable, "-c", HARNESS, str(tmp_path / "log"), "stay"]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as harness:
            assert harness.stdout is not None
            facts = json.loads(harness.stdout.readline())
            assert facts["alive"]
            harness.send_signal(signal.SIGKILL)
            harness.wait()
            assert wait_for(lambda: nothing_is_left(facts["home"], facts["postmaster"]))

    def test_a_harness_that_is_killed_during_the_start_leaves_nothing(self, tmp_path: Path) -> None:
        spool = open_folder()
        try:
            command = [sys.executable, "-c", HARNESS, str(tmp_path / "log"), "stay"]
            environment = os.environ | {"TMPDIR": str(spool)}
            with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, env=environment) as harness:
                assert wait_for(lambda: bool(list(spool.glob("handlerbench-pg-*/data"))))
                harness.send_signal(signal.SIGKILL)
            assert wait_for(lambda: not list(spool.iterdir()))
        finally:
            shutil.rmtree(spool)

    def test_a_keeper_that_is_killed_takes_the_server_along(self, tmp_path: Path) -> None:
        with postgres(log=tmp_path / "log") as db:
            postmaster = psutil.Process(db.postmaster_pid)
            keeper = postmaster.parent()
            assert keeper is not None
            keeper.kill()
            if sys.platform == "linux":
                assert wait_for(lambda: not db.is_alive)
                assert wait_for(lambda: not _runs(postmaster))
        assert not home_of(db).exists()

    def test_a_keeper_that_is_killed_during_the_start_leaves_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        spool = open_folder()
        monkeypatch.setattr(tempfile, "tempdir", None)
        monkeypatch.setenv("TMPDIR", str(spool))
        try:
            killer = Thread(target=_kill_the_keeper_when, args=(lambda: bool(list(spool.glob("*-pg-*/password"))),))
            killer.start()
            with (
                pytest.raises(NoPostgresError, match="its keeper ended without a word"),
                postgres(log=tmp_path / "log"),
            ):
                pass
            killer.join()
            assert list(spool.iterdir()) == []
            assert wait_for(lambda: not _names(spool))
        finally:
            shutil.rmtree(spool)

    def test_a_keeper_that_is_asked_to_end_cleans_up(self, tmp_path: Path) -> None:
        with postgres(log=tmp_path / "log") as db:
            keeper = psutil.Process(db.postmaster_pid).parent()
            assert keeper is not None
            keeper.terminate()
            assert wait_for(lambda: nothing_is_left(home_of(db), db.postmaster_pid))

    def test_a_server_that_is_killed_is_not_alive_and_leaves_nothing(self, tmp_path: Path) -> None:
        before = _segments()
        with postgres(log=tmp_path / "log") as db:
            assert db.is_alive
            assert db.postmaster_pid is not None
            os.kill(db.postmaster_pid, signal.SIGKILL)
            assert wait_for(lambda: not db.is_alive)
            assert wait_for(lambda: nothing_is_left(home_of(db), db.postmaster_pid))
        assert wait_for(lambda: _segments() <= before)

    @pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows shared memory as files")
    @pytest.mark.parametrize("whom", ["initdb's server", "initdb", "keeper"])
    def test_what_is_killed_while_initdb_has_shared_memory_leaves_none(
        self, whom: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        spool, files = open_folder(), list[Path]()
        monkeypatch.setattr(tempfile, "tempdir", None)
        monkeypatch.setenv("TMPDIR", str(spool))

        def kill() -> None:
            assert wait_for(lambda: bool(shared_files(_notes_in(spool))))
            notes = _notes_in(spool)
            server = psutil.Process(abs(int(notes[0])))
            initdb = next(each for each in server.parents() if each.name() == "initdb")
            keeper = initdb.parent()
            assert keeper is not None
            files.extend(shared_files(notes))
            {"initdb's server": server, "initdb": initdb, "keeper": keeper}[whom].kill()

        before = _segments()
        try:
            killer = Thread(target=kill)
            killer.start()
            with pytest.raises(NoPostgresError), postgres(log=tmp_path / "log"):
                pass
            killer.join()
            assert files
            assert list(spool.iterdir()) == []
            assert wait_for(lambda: not _names(spool))
            assert wait_for(lambda: not any(file.exists() for file in files))
            assert wait_for(lambda: _segments() <= before)
        finally:
            shutil.rmtree(spool)


class TestTheStart:
    @pytest.fixture
    def initdb(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """Return where to write the initdb of a server that is then the only one found."""
        server = find_server()
        assert server is not None
        (tmp_path / "postgres").symlink_to(server.bindir / "postgres")
        found = ServerBinaries(bindir=tmp_path, version="0", source=Source.SYSTEM, account=None)
        monkeypatch.setattr("harness.postgres.server.require_server", lambda _: found)
        return tmp_path / "initdb"

    def test_one_that_fails_says_at_which_step_and_why(self, initdb: Path, tmp_path: Path) -> None:
        _write_script(initdb, "echo it broke\nexit 3")
        with (
            pytest.raises(NoPostgresError, match=r"initdb failed \(code 3\)") as caught,
            postgres(log=tmp_path / "log"),
        ):
            pass
        assert "it broke" in str(caught.value)

    def test_one_that_ends_while_its_table_is_made_says_so(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("harness.postgres.table.make", lambda connection: connection.execute(_END_THE_SERVER))
        with pytest.raises(NoPostgresError, match="could not make its table"), postgres(log=tmp_path / "log"):
            pass

    @pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends the children of a killed process")
    def test_one_that_hangs_is_given_up(self, initdb: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        pid_file = tmp_path / "pid"
        _write_script(initdb, f"echo $$ > {pid_file}\nexec sleep 600")
        monkeypatch.setenv("TMPDIR", str(tmp_path))
        monkeypatch.setattr(tempfile, "tempdir", None)
        monkeypatch.setattr("harness.postgres.server._REPORT_LIMIT_S", 3.0)
        monkeypatch.setattr("harness.postgres.server._END_LIMIT_S", 0.1)
        with pytest.raises(NoPostgresError, match="said nothing for 3 s"), postgres(log=tmp_path / "log"):
            pass
        pid = int(pid_file.read_text())
        assert wait_for(lambda: not psutil.pid_exists(pid))


def _write_script(file: Path, body: str) -> None:
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)


def _runs(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    return False


def _notes_in(spool: Path) -> list[str]:
    """Return the lines of the postmaster.pid of the only server below this folder."""
    return next((notes_of(home) for home in spool.glob("*-pg-*")), [])


def _segments() -> set[str]:
    """Return the ids of the System V shared memory segments that nobody is attached to."""
    if not SHARED_MEMORY.exists():
        return set()
    rows = [line.split() for line in SHARED_MEMORY.read_text().splitlines()[1:]]
    return {row[1] for row in rows if row[6] == "0"}
