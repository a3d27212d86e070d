"""A PostgreSQL of our own: started, reached, and gone without a trace however it or we end."""

import json
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from bench_app.items import ROWS
from harness.postgres import binaries as postgres_binaries
from harness.postgres.binaries import NoPostgresError, Source, find_server, run_as, unprivileged_account, wheel_bindirs
from harness.postgres.server import Database, Unavailable, availability, postgres
from real_servers import ROOT

IS_ROOT = os.geteuid() == 0
needs_root = pytest.mark.skipif(not IS_ROOT, reason="only root has to become somebody else")
SHARED_MEMORY = Path("/proc/sysvipc/shm")

HARNESS = """
import json, sys, time
from pathlib import Path
from harness.postgres.server import postgres
with postgres(log=Path(sys.argv[1])) as db:
    facts = {"url": db.url, "home": str(db.data_dir.parent), "postmaster": db.postmaster_pid}
    print(json.dumps(facts | {"alive": db.is_alive}), flush=True)
    if sys.argv[2] == "stay":
        time.sleep(600)
"""


def wait_for(condition: Callable[[], bool], limit_s: float = 20.0) -> bool:
    deadline_t = time.monotonic() + limit_s
    while not condition() and time.monotonic() < deadline_t:
        time.sleep(0.01)
    return condition()


def open_folder() -> Path:
    """Make a folder that every user can reach; pytest's own are closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="handlerbench-test-", dir="/tmp" if IS_ROOT else None))  # noqa: S108
    folder.chmod(0o777)
    return folder


def home_of(db: Database) -> Path:
    assert db.data_dir is not None
    return db.data_dir.parent


def one(connection: psycopg.Connection[Any], question: str) -> Any:
    found = connection.execute(question).fetchone()
    assert found is not None
    return found[0]


def nothing_is_left(home: str | Path, *pids: int | None) -> bool:
    return not Path(home).exists() and not any(psutil.pid_exists(pid) for pid in pids if pid is not None)


class TestOurOwn:
    def test_it_holds_the_table_and_knows_its_key(self, connection: psycopg.Connection[Any]) -> None:
        assert one(connection, "SELECT count(*) FROM handlerbench.items") == ROWS >= 100_000
        assert one(connection, "SELECT reltuples::int FROM pg_class WHERE relname = 'items'") == ROWS  # analysed
        assert one(connection, "SELECT indisprimary FROM pg_index WHERE indrelid = 'handlerbench.items'::regclass")

    def test_it_is_set_up_the_same_everywhere(self, connection: psycopg.Connection[Any]) -> None:
        wanted = {"server_encoding": "UTF8", "lc_messages": "C", "fsync": "off", "jit": "off", "autovacuum": "off"}
        assert {name: one(connection, f"SHOW {name}") for name in wanted} == wanted

    def test_nobody_gets_in_without_the_password(self, db: Database) -> None:
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(db.url, password="guess")  # noqa: S106 - a wrong one
        with pytest.raises(psycopg.OperationalError, match="no password"):
            psycopg.connect(db.url.replace(db.url.split("@")[0], "postgresql://handlerbench"))

    def test_only_this_machine_can_reach_it(self, connection: psycopg.Connection[Any]) -> None:
        assert one(connection, "SHOW listen_addresses") == "127.0.0.1"

    def test_its_password_does_not_show_when_it_is_printed(self, db: Database) -> None:
        assert "url" not in repr(db)

    @pytest.mark.parametrize("source", [Source.SYSTEM, Source.WHEEL])
    def test_either_kind_starts_beside_another_on_its_own_cores_and_leaves_nothing(
        self, db: Database, source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if find_server(source) is None:
            pytest.skip(f"no server of this kind here: {source}")
        monkeypatch.setenv("PGDATA", "/nowhere")  # meant for other servers than ours
        monkeypatch.setenv("PGPORT", "1")
        can_pin = hasattr(os, "sched_getaffinity")
        cores = (max(os.sched_getaffinity(0)),) if can_pin else ()
        with postgres(log=tmp_path / "log", cores=cores, only=source) as own, psycopg.connect(own.url) as connection:
            assert own.source == source
            assert own.data_dir != db.data_dir
            assert str(one(connection, "SHOW server_version")).split()[0] == own.version
            assert home_of(own).stat().st_mode & 0o077 == 0
            postmaster = psutil.Process(own.postmaster_pid)
            assert postmaster.uids().effective == home_of(own).stat().st_uid
            assert not can_pin or postmaster.cpu_affinity() == list(cores)
        assert nothing_is_left(home_of(own), own.postmaster_pid)
        assert (own.is_alive, db.is_alive) == (False, True)


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

    def test_a_start_that_fails_says_where_and_leaves_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server = find_server()
        assert server is not None
        broken = tmp_path / "bin"
        broken.mkdir()
        (broken / "initdb").write_text("#!/bin/sh\necho it broke\nexit 3\n")
        (broken / "initdb").chmod(0o755)
        (broken / "postgres").symlink_to(server.bindir / "postgres")
        monkeypatch.setattr(
            "harness.postgres.server.require_server",
            lambda _: postgres_binaries.ServerBinaries(bindir=broken, version="0", source=Source.SYSTEM, account=None),
        )
        with (
            pytest.raises(NoPostgresError, match=r"initdb failed \(code 3\)") as caught,
            postgres(log=tmp_path / "log"),
        ):
            pass
        assert "it broke" in str(caught.value)


def _runs(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    return False


def _segments() -> set[str]:
    """Return the ids of the System V shared memory segments that nobody is attached to."""
    if not SHARED_MEMORY.exists():
        return set()
    rows = [line.split() for line in SHARED_MEMORY.read_text().splitlines()[1:]]
    return {row[1] for row in rows if row[6] == "0"}


class TestAsRoot:
    pytestmark = needs_root

    def test_no_folder_and_no_user_is_changed(self, tmp_path: Path) -> None:
        wheel = [p for bindir in wheel_bindirs() for p in (bindir, *bindir.parents)]
        watched = {*wheel, *tmp_path.parents, tmp_path, Path("/tmp"), ROOT, *ROOT.parents, Path.home()}  # noqa: S108
        before = {path: _ownership(path) for path in watched}
        users = Path("/etc/passwd").read_bytes(), Path("/etc/group").read_bytes()
        source = Source.WHEEL if wheel else None  # the one whose own start-up does change them
        with postgres(log=tmp_path / "log", only=source) as db:
            assert psutil.Process(db.postmaster_pid).uids().effective == pwd.getpwnam("nobody").pw_uid
        assert {path: _ownership(path) for path in watched} == before
        assert (Path("/etc/passwd").read_bytes(), Path("/etc/group").read_bytes()) == users

    def test_a_wheel_in_a_closed_folder_is_copied_to_where_it_can_be_run(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if not wheel_bindirs():
            pytest.skip("no wheel here")
        install = wheel_bindirs()[0].parent
        package = tmp_path / "closed" / install.parent.name  # as if the venv were in root's home
        package.mkdir(parents=True)
        package.parent.chmod(0o700)
        shutil.copytree(install, package / install.name, symlinks=True)
        libraries = install.parents[1] / f"{package.name}.libs"
        if libraries.exists():
            shutil.copytree(libraries, package.parent / libraries.name)
        monkeypatch.setattr(postgres_binaries, "wheel_bindirs", lambda: [package / install.name / "bin"])
        server = find_server(Source.WHEEL)
        assert server is not None
        assert server.is_out_of_reach
        with postgres(log=tmp_path / "log", only=Source.WHEEL) as db:
            assert db.is_alive
            command = psutil.Process(db.postmaster_pid).cmdline()[0]
            assert Path(command).is_relative_to(home_of(db))
        assert not home_of(db).exists()

    def test_where_there_is_nobody_to_become_the_cure_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(postgres_binaries, "_UNPRIVILEGED", "no-such-user")
        told = availability()
        assert isinstance(told, Unavailable)
        assert "refuses root" in told.reason
        assert "ordinary user" in told.cure

    def test_an_ordinary_user_needs_none_of_this(self) -> None:
        account = unprivileged_account()
        assert account is not None
        who = run_as(account)
        python = _python_for(who)
        if python is None:
            pytest.skip("this Python, or its venv, is in a folder that ordinary users cannot reach")
        spool = open_folder()
        try:
            done = subprocess.run(
                [python, "-c", HARNESS, str(spool / "log"), "go"],
                cwd=ROOT,
                env=_paths() | {"HOME": str(spool), "TMPDIR": str(spool)},
                capture_output=True,
                text=True,
                check=True,
                **who,
            )
            facts = json.loads(done.stdout)
            assert facts["alive"]
            assert nothing_is_left(facts["home"], facts["postmaster"])
        finally:
            shutil.rmtree(spool)


def _ownership(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid


def _paths() -> dict[str, str]:
    return {"PATH": os.defpath, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]), "PYTHONDONTWRITEBYTECODE": "1"}


def _python_for(who: dict[str, Any]) -> str | None:
    """Return a Python of our version that can load what we can, run as somebody else."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, f"/usr/bin/{name}", f"/usr/local/bin/{name}"):
        with suppress(OSError, subprocess.SubprocessError):
            command = [python, "-c", "import harness.postgres.server, psycopg, select"]
            subprocess.run(command, cwd=ROOT, env=_paths(), capture_output=True, check=True, **who)
            return python
    return None
