"""Which server is found on this machine, and the account it runs under."""

import json
import os
import pwd
import shutil
import stat
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from harness.postgres import binaries
from harness.postgres.binaries import Source, find_server, run_as, unprivileged_account, wheel_bindirs
from harness.postgres.server import Unavailable, availability, postgres
from postgres_servers import HARNESS, IS_ROOT, home_of, nothing_is_left, open_folder
from real_servers import ROOT

needs_root = pytest.mark.skipif(not IS_ROOT, reason="only root has to become somebody else")


class TestFound:
    def test_the_systems_server_comes_before_the_wheels(self) -> None:
        system, wheel = find_server(Source.SYSTEM), find_server(Source.WHEEL)
        assert find_server() == (system or wheel)

    def test_a_server_too_old_is_passed_over(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("postgres", "initdb"):
            (tmp_path / name).write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 9.6.24'\n")
            (tmp_path / name).chmod(0o755)
        monkeypatch.setattr(binaries, "_candidates", lambda: iter([(Source.SYSTEM, tmp_path)]))
        assert find_server() is None


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
        monkeypatch.setattr(binaries, "wheel_bindirs", lambda: [package / install.name / "bin"])
        server = find_server(Source.WHEEL)
        assert server is not None
        assert server.is_out_of_reach
        with postgres(log=tmp_path / "log", only=Source.WHEEL) as db:
            assert db.is_alive
            command = psutil.Process(db.postmaster_pid).cmdline()[0]
            assert Path(command).is_relative_to(home_of(db))
        assert not home_of(db).exists()

    def test_without_another_user_to_become_the_cure_is_said(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(binaries, "_UNPRIVILEGED", "no-such-user")
        found = availability()
        assert isinstance(found, Unavailable)
        assert "refuses root" in found.reason
        assert "ordinary user" in found.cure

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
