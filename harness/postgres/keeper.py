"""The process that keeps a PostgreSQL server: `python -m harness.postgres.keeper`, started by harness.postgres.

It makes a folder, runs initdb and the postmaster in it, writes one line of JSON (a `Report`) to its stdout, and then
waits for its stdin to end. When that comes, or SIGTERM, or the postmaster ends by itself, it stops the server and
removes the folder. The other end of that stdin is held by the harness and nobody else, so the kernel closes it however
the harness ends, SIGKILL included: that is why this is a process of its own.

As root everything of PostgreSQL runs under an unprivileged account. Only permissions of what is made here are set.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import secrets
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from harness.system.process import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

USER = "handlerbench"
_INITDB_LIMIT_S = 120.0
_READY_LIMIT_S = 60.0
_FAST_STOP_S = 5.0
_IMMEDIATE_STOP_S = 3.0
_LOOK_AFTER_S = 0.5
_PORT_TRIES = 3
_PR_SET_PDEATHSIG = 1
_IPC_RMID = 0
_PID_FILE_LINES = 8  # of postmaster.pid once the server is ready; the last says so, the seventh names shared memory

# The data live as long as a campaign, so nothing is done for their safety; and nothing runs in the background that
# would visit some trials and not others.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",  # a SUT that serves every variant, as preflight's does, opens a pool for each driver
    "shared_buffers": "64MB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "jit": "off",
    "dynamic_shared_memory_type": "mmap",  # in our folder: what a killed server leaves goes with it
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class KeeperError(RuntimeError):
    """The server cannot be started; the message says at which step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What the harness is told when the server is ready: `home` is the folder that holds everything."""

    url: str
    home: str
    postmaster_pid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What the keeper was told. `uid` and `gid`: whom the server runs as, None for the keeper's own user."""

    bindir: Path
    log: Path
    uid: int | None
    gid: int | None
    copy: bool

    def popen_options(self, home: Path, sink: IO[bytes]) -> dict[str, Any]:
        """Return how every program of PostgreSQL's is started."""
        return {
            "stdin": subprocess.DEVNULL,
            "stdout": sink,
            "stderr": sink,
            "cwd": home,  # the caller's own may be closed to the account
            "env": _environment(),
            "user": self.uid,
            "group": self.gid,
            "extra_groups": None if self.uid is None else [],
            "start_new_session": True,
        }


def _environment() -> dict[str, str]:
    """Return the caller's environment without PG* (where PostgreSQL's programs look first) and in plain English."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return {**kept, "LC_ALL": "C"}


def main() -> int:
    """Keep one server; return the process's exit code."""
    orders = _read_orders()
    with _told_to_end() as told, orders.log.open("ab") as sink:
        try:
            with _home(orders) as home, _server(orders, home, sink) as (postmaster, report):
                _say(asdict(report))
                while postmaster.poll() is None and not told.wait(_LOOK_AFTER_S):
                    pass
        except (KeeperError, OSError, subprocess.SubprocessError) as error:
            _say({"error": str(error)})
            return 1
    return 0


def _read_orders() -> Orders:
    parser = argparse.ArgumentParser()
    parser.add_argument("--bindir", type=Path, required=True)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--uid", type=int)
    parser.add_argument("--gid", type=int)
    parser.add_argument("--copy", action="store_true")
    return Orders(**vars(parser.parse_args()))


def _say(line: dict[str, Any]) -> None:
    with suppress(OSError):  # the harness may be gone; then nobody is left to tell
        print(json.dumps(line), flush=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    signalled: int  # the read end of a pipe that SIGTERM writes to

    def wait(self, timeout_s: float) -> bool:
        """Whether we were told to end, by our stdin's end or by a signal; waits for it up to `timeout_s`."""
        return bool(select.select([sys.stdin.fileno(), self.signalled], [], [], timeout_s)[0])


@contextmanager
def _told_to_end() -> Iterator[_Told]:
    # A handler that raised could break off the very cleaning up it asks for; a byte in a pipe cannot.
    reading, writing = os.pipe()
    signal.signal(signal.SIGTERM, lambda *_: os.write(writing, b"!"))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    yield _Told(signalled=reading)


@contextmanager
def _home(orders: Orders) -> Iterator[Path]:
    """Make the folder, its owner's alone, and remove it."""
    home = Path(tempfile.mkdtemp(prefix="handlerbench-pg-", dir=_parent(orders)))
    try:
        if orders.uid is not None and orders.gid is not None:
            os.chown(home, orders.uid, orders.gid)
        yield home
    finally:
        remove(home)


def _parent(orders: Orders) -> Path:
    """Return a folder for temporary files that the server's account can reach, changing no permission on the way."""
    places = [Path(place).resolve() for place in (tempfile.gettempdir(), "/tmp", "/var/tmp")]  # noqa: S108
    for place in places:
        if orders.uid is None or all(p.stat().st_mode & 0o001 for p in (place, *place.parents)):
            return place
    raise KeeperError(f"the unprivileged user can reach none of {', '.join(map(str, places))}; set TMPDIR")


def remove(home: Path, *, limit_s: float = 5.0) -> None:
    """Remove a server's folder; what a dying server still writes into it is removed with the next try."""
    deadline_t = time.monotonic() + limit_s
    while home.exists():
        shutil.rmtree(home, ignore_errors=True)
        if not home.exists() or time.monotonic() > deadline_t:
            return
        time.sleep(0.05)


@contextmanager
def _server(orders: Orders, home: Path, sink: IO[bytes]) -> Iterator[tuple[subprocess.Popen[bytes], Report]]:
    bindir = _copy_of(orders, home) if orders.copy else orders.bindir
    password = _make_cluster(orders, bindir, home, sink)
    for attempt in range(_PORT_TRIES):
        port = free_port()
        postmaster = _start(orders, bindir, home, sink, port)
        try:
            if _becomes_ready(postmaster, home):
                url = f"postgresql://{USER}:{password}@127.0.0.1:{port}/postgres?sslmode=disable"
                yield postmaster, Report(url=url, home=str(home), postmaster_pid=postmaster.pid)
                return
        finally:
            _stop(postmaster, home)
        print(f"start {attempt + 1} of {_PORT_TRIES} failed; port {port} may have been taken", file=sys.stderr)
    raise KeeperError("the server did not start")


def _copy_of(orders: Orders, home: Path) -> Path:
    """Copy the wheel's server, and the libraries it finds by relative paths, to where its account can read it."""
    install = orders.bindir.parent
    package = install.parent
    root = home / "server"
    copy = root / package.name / install.name
    shutil.copytree(install, copy, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a", "pkgconfig"))
    for libraries in (package.parent / f"{package.name}.libs", package / ".dylibs"):  # Linux, macOS
        if libraries.is_dir():
            shutil.copytree(libraries, root / libraries.relative_to(package.parent))
    _give_away(root, orders)
    return copy / "bin"


def _give_away(root: Path, orders: Orders) -> None:
    if orders.uid is not None and orders.gid is not None:
        for path in (root, *root.rglob("*")):
            os.chown(path, orders.uid, orders.gid, follow_symlinks=False)


def _make_cluster(orders: Orders, bindir: Path, home: Path, sink: IO[bytes]) -> str:
    """Run initdb; return the superuser's password.

    A password although only this machine can connect: whoever else works on it could otherwise run programs as us,
    for that is what a superuser may do. Sent in clear over the loopback, which costs a connection nothing.
    """
    password = secrets.token_hex(16)
    file = home / "password"
    file.touch(mode=0o600)
    file.write_text(password, encoding="ascii")
    _give_away(file, orders)
    command = [
        *(str(bindir / "initdb"), "--pgdata", str(home / "data"), "--username", USER, "--pwfile", str(file)),
        *("--auth", "password", "--encoding", "UTF8", "--locale", "C", "--no-sync"),
    ]
    _run(command, orders.popen_options(home, sink))
    file.unlink()
    return password


def _run(command: Sequence[str], options: dict[str, Any]) -> None:
    process = subprocess.Popen(command, **options)
    try:
        code = process.wait(_INITDB_LIMIT_S)
    finally:
        with suppress(ProcessLookupError):  # gone, and its own children with it, unless it hung
            os.killpg(process.pid, signal.SIGKILL)
    if code != 0:
        raise KeeperError(f"initdb failed (code {code})")


def _start(orders: Orders, bindir: Path, home: Path, sink: IO[bytes], port: int) -> subprocess.Popen[bytes]:
    settings = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
    command = [str(bindir / "postgres"), "-D", str(home / "data"), "-p", str(port), *settings]
    return subprocess.Popen(
        command,
        preexec_fn=_stop_with_keeper(),  # noqa: PLW1509 - the keeper has one thread
        **orders.popen_options(home, sink),
    )


def _stop_with_keeper() -> Any:
    """Have the kernel stop the server at once should the keeper itself be killed (Linux)."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    return lambda: libc.prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)


def _becomes_ready(postmaster: subprocess.Popen[bytes], home: Path) -> bool:
    deadline_t = time.monotonic() + _READY_LIMIT_S
    while postmaster.poll() is None and time.monotonic() < deadline_t:
        lines = _pid_file(home)
        if len(lines) >= _PID_FILE_LINES and lines[-1].strip() == "ready":
            return True
        time.sleep(0.005)
    return False


def _pid_file(home: Path) -> list[str]:
    with suppress(OSError):
        return (home / "data" / "postmaster.pid").read_text(encoding="ascii", errors="replace").splitlines()
    return []


def _stop(postmaster: subprocess.Popen[bytes], home: Path) -> None:
    """End the postmaster, politely first; it ends its own children. Does nothing if it ended by itself."""
    notes = _pid_file(home)
    for number, patience_s in ((signal.SIGINT, _FAST_STOP_S), (signal.SIGQUIT, _IMMEDIATE_STOP_S), (signal.SIGKILL, 5)):
        if postmaster.poll() is None:
            postmaster.send_signal(number)
            with suppress(subprocess.TimeoutExpired):
                postmaster.wait(patience_s)
    if postmaster.returncode is not None and postmaster.returncode < 0:
        _free_shared_memory(notes)


def _free_shared_memory(notes: Sequence[str]) -> None:
    """Remove the System V segment by which servers recognise each other: one that is killed leaves it behind."""
    if len(notes) >= _PID_FILE_LINES - 1 and len(ids := notes[_PID_FILE_LINES - 2].split()) > 1 and ids[1].isdigit():
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).shmctl(int(ids[1]), _IPC_RMID, None)


if __name__ == "__main__":
    sys.exit(main())
