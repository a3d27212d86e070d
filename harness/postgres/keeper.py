"""The process that keeps a PostgreSQL server: `python -m harness.postgres.keeper ORDERS`, started by server.py.

It makes a folder, runs initdb and the postmaster in it, and writes two lines of JSON to its stdout: where the folder is
(`Home`), then a `Report` or a `Failure`. It waits for its stdin to end. When that comes, or SIGTERM, or the postmaster
ends by itself, it stops the server and removes the folder. The other end of that stdin is held by the harness and by
nobody else, so the kernel closes it however the harness ends, SIGKILL included. That is why this is a process of its
own.

As root everything of PostgreSQL runs under an unprivileged account. Only permissions of what is made here are set.
"""

import os
import secrets
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pydantic import BaseModel, ConfigDict

from experiment.errors import EnvironmentUnfitError
from harness.postgres.binaries import Account, ServerBinaries, run_as
from harness.postgres.shared_memory import free_shared_memory, notes_of
from harness.system.process import die_with_parent, end_group, free_port
from harness.system.scratch import PREFIX, in_use

USER = "handlerbench"
_INITDB_LIMIT_S = 120.0
_READY_LIMIT_S = 60.0
_STOP_PATIENCE_S = 5.0
_LOOK_AFTER_S = 0.5
_PORT_TRIES = 3
_PID_FILE_LINES = 8  # of postmaster.pid once the server is ready; the last says so

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


class _Message(BaseModel):
    """What the two processes write to each other, as JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Orders(_Message):
    """The server to start, and the log of its programs."""

    server: ServerBinaries
    log: Path


class Home(_Message):
    """The folder that holds everything of the server, said as soon as it is there."""

    home: Path


class Report(_Message):
    """A server that is ready: `home` is the folder that holds everything, `url` contains the password."""

    url: str
    home: Path
    postmaster_pid: int


class Failure(_Message):
    """A server that cannot be started, and at which step."""

    error: str


def main() -> int:
    """Keep one server; return the process's exit code."""
    orders = Orders.model_validate_json(sys.argv[1])
    requests = _requests_to_end()
    with orders.log.open("ab") as sink:
        try:
            with _home(orders.server.account) as home, _running(Cluster(orders.server, home, sink)) as postmaster:
                while postmaster.poll() is None and not select.select(requests, [], [], _LOOK_AFTER_S)[0]:
                    pass
        except (EnvironmentUnfitError, OSError, subprocess.SubprocessError) as error:
            _say(Failure(error=str(error)))
            return 1
    return 0


def _say(message: _Message) -> None:
    with suppress(OSError):  # the harness may be gone; then nobody is left to hear it
        print(message.model_dump_json(), flush=True)


def _requests_to_end() -> list[int]:
    """Return what becomes readable when this process has to end: its stdin, and a pipe that SIGTERM writes to."""
    # A handler that raised could break off the very cleaning up it asks for; a byte in a pipe cannot.
    reading, writing = os.pipe()
    signal.signal(signal.SIGTERM, lambda *_: os.write(writing, b"!"))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    return [sys.stdin.fileno(), reading]


@contextmanager
def _home(account: Account | None) -> Iterator[Path]:
    """Make the folder, its owner's alone, and remove it."""
    home = Path(tempfile.mkdtemp(prefix=f"{PREFIX}pg-", dir=_parent(account)))
    try:
        with in_use(home):
            if account:
                os.chown(home, account.uid, account.gid)
            _say(Home(home=home))
            yield home
    finally:
        remove(home)


def _parent(account: Account | None) -> Path:
    """Return a folder for temporary files that the server's account can reach, changing no permission on the way."""
    places = [Path(place).resolve() for place in (tempfile.gettempdir(), "/tmp", "/var/tmp")]  # noqa: S108
    for place in places:
        if account is None or all(p.stat().st_mode & 0o001 for p in (place, *place.parents)):
            return place
    raise EnvironmentUnfitError(f"the unprivileged user can reach none of {', '.join(map(str, places))}; set TMPDIR")


def remove(home: Path, *, limit_s: float = 5.0) -> None:
    """Remove a server's folder and, if it was killed, its shared memory.

    What a dying server still writes into its folder is removed with the next try.
    """
    notes = notes_of(home)
    free_shared_memory(notes)  # as long as the notes are there: this process may be killed, too
    deadline_t = time.monotonic() + limit_s
    while home.exists():
        shutil.rmtree(home, ignore_errors=True)
        if not home.exists() or time.monotonic() > deadline_t:
            break
        time.sleep(0.05)
    free_shared_memory(notes, patience_s=limit_s)


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where a server lives: its binaries, the folder that holds everything it writes, and its log."""

    server: ServerBinaries
    home: Path
    sink: IO[bytes]

    def start(
        self, program: Path, *words: str, at_our_death: signal.Signals = signal.SIGQUIT
    ) -> subprocess.Popen[bytes]:
        """Start one of PostgreSQL's programs under the server's account; the kernel ends it if we are killed."""
        return subprocess.Popen(
            [program, *words],
            stdin=subprocess.DEVNULL,
            stdout=self.sink,
            stderr=self.sink,
            cwd=self.home,  # the caller's own may be closed to the account
            env=_environment(),
            start_new_session=True,
            preexec_fn=die_with_parent(at_our_death),  # noqa: PLW1509 - the keeper has one thread
            **run_as(self.server.account),
        )

    def give_away(self, root: Path) -> None:
        """Make the server's account the owner of a file, or of a folder with all that is in it."""
        if account := self.server.account:
            for path in (root, *root.rglob("*")):
                os.chown(path, account.uid, account.gid, follow_symlinks=False)

    def notes(self) -> list[str]:
        """Return the lines of postmaster.pid; empty when there is none."""
        return notes_of(self.home)


def _environment() -> dict[str, str]:
    """Return the caller's environment without PG* (where PostgreSQL's programs look first) and in plain English."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return {**kept, "LC_ALL": "C"}


@contextmanager
def _running(cluster: Cluster) -> Iterator[subprocess.Popen[bytes]]:
    """Run the server until the block ends, and report it once it is ready."""
    bindir = _copied(cluster) if cluster.server.is_out_of_reach else cluster.server.bindir
    password = _make_cluster(cluster, bindir)
    settings = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
    for attempt in range(_PORT_TRIES):
        port = free_port()
        postmaster = cluster.start(bindir / "postgres", "-D", str(cluster.home / "data"), "-p", str(port), *settings)
        try:
            if _becomes_ready(postmaster, cluster):
                url = f"postgresql://{USER}:{password}@127.0.0.1:{port}/postgres?sslmode=disable"
                _say(Report(url=url, home=cluster.home, postmaster_pid=postmaster.pid))
                yield postmaster
                return
        finally:
            _stop(postmaster)
        print(f"start {attempt + 1} of {_PORT_TRIES} failed; port {port} may have been taken", file=sys.stderr)
    raise EnvironmentUnfitError("the server did not start")


def _copied(cluster: Cluster) -> Path:
    """Copy the wheel's server, and the libraries it finds by relative paths, to where its account can read it."""
    install = cluster.server.bindir.parent
    package = install.parent
    root = cluster.home / "server"
    copy = root / package.name / install.name
    shutil.copytree(install, copy, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a", "pkgconfig"))
    for libraries in (package.parent / f"{package.name}.libs", package / ".dylibs"):  # Linux, macOS
        if libraries.is_dir():
            shutil.copytree(libraries, root / libraries.relative_to(package.parent))
    cluster.give_away(root)
    return copy / "bin"


def _make_cluster(cluster: Cluster, bindir: Path) -> str:
    """Run initdb; return the superuser's password.

    A password although only this machine can connect: others who work on it could otherwise run programs as us, for
    that is what a superuser may do. Sent in clear over the loopback, which costs a connection nothing.
    """
    password = secrets.token_hex(16)
    file = cluster.home / "password"
    file.touch(mode=0o600)
    file.write_text(password, encoding="ascii")
    cluster.give_away(file)
    files = ("--pgdata", str(cluster.home / "data"), "--pwfile", str(file), "--no-sync", "--no-clean")
    rules = ("--username", USER, "--auth", "password", "--encoding", "UTF8", "--locale", "C")
    initdb = cluster.start(bindir / "initdb", *files, *rules, at_our_death=signal.SIGKILL)  # others it obeys late
    try:
        code = initdb.wait(_INITDB_LIMIT_S)
    finally:
        end_group(initdb, patience_s=0)
    if code != 0:
        raise EnvironmentUnfitError(f"initdb failed (code {code})")
    file.unlink()
    return password


def _becomes_ready(postmaster: subprocess.Popen[bytes], cluster: Cluster) -> bool:
    deadline_t = time.monotonic() + _READY_LIMIT_S
    while postmaster.poll() is None and time.monotonic() < deadline_t:
        notes = cluster.notes()
        if len(notes) >= _PID_FILE_LINES and notes[-1].strip() == "ready":
            return True
        time.sleep(0.005)
    return False


def _stop(postmaster: subprocess.Popen[bytes]) -> None:
    """End the postmaster, which ends its own children: a fast stop, then an immediate one, then SIGKILL."""
    end_group(postmaster, ask=(signal.SIGINT, signal.SIGQUIT), patience_s=_STOP_PATIENCE_S)


if __name__ == "__main__":
    sys.exit(main())
