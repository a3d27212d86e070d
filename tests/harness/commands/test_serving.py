"""`bench serve` leaves nothing, however it ends."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import psutil
import pytest

from experiment.errors import Exit
from harness.commands.serve import farewell
from harness.postgres.binaries import Source
from harness.postgres.server import Database, availability
from harness.system.process import accepts, free_port
from postgres_servers import open_folder, wait_for
from real_servers import ROOT, clean_environment

if TYPE_CHECKING:
    from collections.abc import Iterator

BENCH = [sys.executable, "-m", "harness.commands.cli"]


@pytest.fixture
def spool() -> Iterator[Path]:
    made = open_folder()
    yield made
    shutil.rmtree(made)


def served(
    spool: Path, tmp_path: Path, port: int | None = None, host: str = "127.0.0.1"
) -> tuple[subprocess.Popen[str], list[psutil.Process]]:
    """Start it, ask what has a pool of processes, and return it with all that it started."""
    port = free_port() if port is None else port
    process = subprocess.Popen(
        [*BENCH, "serve", "--port", str(port), "--sut-host", host],
        cwd=tmp_path,
        env=clean_environment(TMPDIR=spool, PYTHONPATH=ROOT),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("serving"), process.communicate(timeout=30)
    shown = f"[{host}]" if ":" in host else host
    assert httpx.get(f"http://{shown}:{port}/sleep/async-native", trust_env=False).status_code == 200
    children = psutil.Process(process.pid).children(recursive=True)
    assert children
    return process, children


def test_an_interrupted_one_leaves_nothing(spool: Path, tmp_path: Path) -> None:
    port = free_port()
    process, children = served(spool, tmp_path, port)
    process.send_signal(signal.SIGHUP)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    has_database = getattr(availability(), "source", None) in {Source.SYSTEM, Source.WHEEL}
    database = ", and its database is removed" if has_database else ""
    assert err == f"bench: interrupted. The app has ended: port {port} is free{database}.\n"
    assert process.returncode == Exit.INTERRUPTED
    assert not accepts(port)
    assert psutil.wait_procs(children, timeout=10)[1] == []
    assert [path.name for path in spool.iterdir()] == []


def test_it_listens_on_the_address_that_the_user_names_and_on_no_other(spool: Path, tmp_path: Path) -> None:
    try:
        port = free_port("::1")
    except OSError:
        pytest.skip("this machine has no IPv6")
    process, _ = served(spool, tmp_path, port, "::1")
    assert not accepts(port, "127.0.0.1")
    process.send_signal(signal.SIGTERM)
    assert f"port {port} is free" in process.communicate(timeout=60)[1]
    assert not accepts(port, "::1")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends the children of a killed process")
def test_what_a_killed_one_leaves_is_cleaned_up(spool: Path, tmp_path: Path) -> None:
    process, children = served(spool, tmp_path)
    process.kill()
    process.communicate(timeout=60)
    assert psutil.wait_procs(children, timeout=30)[1] == []
    assert wait_for(lambda: not list(spool.glob("handlerbench-pg-*")))
    left = [path.name for path in spool.iterdir()]
    assert [name for name in left if not name.startswith("handlerbench-serve-")] == []
    said = cleaned(spool, tmp_path)
    assert all(name in said for name in left)
    assert list(spool.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends the children of a killed process")
def test_a_database_whose_keeper_was_killed_as_well_is_cleaned_up(spool: Path, tmp_path: Path) -> None:
    if getattr(availability(), "source", None) not in {Source.SYSTEM, Source.WHEEL}:
        pytest.skip("no PostgreSQL")
    process, children = served(spool, tmp_path)
    for each in [psutil.Process(process.pid), *children]:
        each.suspend()
    for each in [psutil.Process(process.pid), *children]:
        each.kill()
    process.communicate(timeout=60)
    assert psutil.wait_procs(children, timeout=30)[1] == []
    before = segments()
    assert "handlerbench-pg-" in cleaned(spool, tmp_path)
    assert list(spool.iterdir()) == []
    assert before - segments()


def test_the_farewell_says_what_is_so(tmp_path: Path) -> None:
    def database(data: Path | None) -> Database:
        return Database(url="postgresql://", version="17", source=Source.GIVEN, data_dir=data)

    port = free_port()
    assert farewell(port, None) == f"The app has ended: port {port} is free."
    assert farewell(port, database(None)).endswith("is free, and your database is kept.")
    assert farewell(port, database(tmp_path / "gone")).endswith("is free, and its database is removed.")
    assert farewell(port, database(tmp_path)).endswith("its database is left; `bench clean` removes it.")
    with socket.create_server(("127.0.0.1", port)):
        assert farewell(port, None) == f"The app has ended: something still listens on port {port}."


def cleaned(spool: Path, tmp_path: Path) -> str:
    """Run `bench clean`, and return what it says."""
    done = subprocess.run(
        [*BENCH, "clean"],
        cwd=tmp_path,
        env=clean_environment(TMPDIR=spool, PYTHONPATH=ROOT),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


def segments() -> set[str]:
    """Return the ids of the System V shared memory segments that nobody is attached to."""
    rows = [line.split() for line in Path("/proc/sysvipc/shm").read_text(encoding="ascii").splitlines()[1:]]
    return {row[1] for row in rows if row[6] == "0"}
