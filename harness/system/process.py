"""Child processes that are always ended, by their own id, whatever happens to us.

Each runs in a session of its own. So a Ctrl-C in the terminal reaches only the harness, which then ends its children
in order, and a child's own children (a process pool) end with it. On Linux the kernel ends a child if the harness
itself is killed (PR_SET_PDEATHSIG).
"""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Protocol

from experiment.errors import EnvironmentUnfitError
from harness.system import interruption
from harness.system.pinning import running_on

_PR_SET_PDEATHSIG = 1
_TERM_PATIENCE_S = 3.0
_KILL_PATIENCE_S = 10.0


class Process(Protocol):
    """What is needed of a child process: `subprocess.Popen` has it, and so has a forked one."""

    @property
    def pid(self) -> int: ...

    @property
    def returncode(self) -> int | None: ...

    @property
    def stdin(self) -> IO[bytes] | None: ...

    @property
    def stdout(self) -> IO[bytes] | None: ...

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int:
        """Return its code when it has ended. Raises subprocess.TimeoutExpired."""


@contextmanager
def child(
    command: Sequence[str],
    *,
    log: Path,
    cores: tuple[int, ...] = (),
    env: Mapping[str, str] | None = None,
    piped: bool = False,
    patience_s: float = _TERM_PATIENCE_S,
    folder: Path | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command in `folder`, by default the current one, until the block ends; then end its whole process group.

    Output goes to `log` (never to a pipe nobody reads, which would block the child), unless `piped`: then stdin and
    stdout are pipes for a Channel, and only stderr goes to the log.
    """
    with log.open("ab") as sink, running_on(cores, enforced=bool(cores)):
        process = subprocess.Popen(  # the block below is its with
            list(command),
            stdin=subprocess.PIPE if piped else subprocess.DEVNULL,
            stdout=subprocess.PIPE if piped else sink,
            stderr=sink,
            env=env,
            cwd=folder,
            bufsize=0,  # a buffer would be written when the pipe is closed, and a child that is stopped reads nothing
            start_new_session=True,
            preexec_fn=die_with_parent(),  # noqa: PLW1509 - the harness spawns from its main thread only
        )
    try:
        yield process
    finally:
        end_group(process, patience_s=patience_s)


def end_group(
    process: Process, *, ask: Sequence[int] = (signal.SIGTERM,), patience_s: float = _TERM_PATIENCE_S
) -> None:
    """End a process and everything in its group; safe to call twice.

    It is sent each signal of `ask` and given `patience_s` after each, 0 for none at all; 0 is the signal for one that
    ends when its stdin does, which is then closed first. What is left is killed. Pipes are closed after that, never
    before: closing one can wait for a thread that reads it, or for a process that is stopped. Raises
    EnvironmentUnfitError when the kernel cannot kill it.
    """
    with interruption.deferred():
        if 0 in ask:
            _close(process.stdin)
        for number in ask if patience_s > 0 else ():
            if process.poll() is None:
                _signal_group(process.pid, number)
                _signal_group(process.pid, signal.SIGCONT)  # one that is stopped could not even end itself
                _ends(process, patience_s)
        # the leader may be gone while its pool's workers are not
        _signal_group(process.pid, signal.SIGKILL)
        has_ended = _ends(process, _KILL_PATIENCE_S)
        _close(process.stdin)
        _close(process.stdout)
    if not has_ended:
        raise EnvironmentUnfitError(f"process {process.pid} was killed and did not end within {_KILL_PATIENCE_S:g} s")


def _close(pipe: IO[bytes] | None) -> None:
    if pipe is not None:
        with suppress(OSError):
            pipe.close()


def _ends(process: Process, limit_s: float) -> bool:
    with suppress(subprocess.TimeoutExpired):
        process.wait(limit_s)
    return process.returncode is not None


def _signal_group(pid: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def free_port(host: str = "127.0.0.1", *, wanted: int = 0) -> int:
    """Return a port of one of this machine's addresses on which nobody listens: the wanted one, if it is free.

    Raises OSError for another address.
    """
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        if wanted:  # connections to it that were closed bar nobody
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, wanted))
        except OSError:
            if not wanted:
                raise
            return free_port(host)
        port: int = probe.getsockname()[1]
        return port


def wait_until(ready: Callable[[], bool], *, process: Process, what: str, log: Path, timeout_s: float) -> float:
    """Poll until `ready`; return the seconds it took.

    Raises EnvironmentUnfitError with the last lines of the log when the process ends or the time is up.
    """
    start = time.monotonic()
    while not ready():
        interruption.check()
        if process.poll() is not None:
            raise EnvironmentUnfitError(f"{what} ended (code {process.returncode}) before it was ready.{tail(log)}")
        if time.monotonic() - start > timeout_s:
            raise EnvironmentUnfitError(f"{what} was not ready after {timeout_s:g} s.{tail(log)}")
        time.sleep(0.01)
    return time.monotonic() - start


def accepts(port: int, host: str = "127.0.0.1") -> bool:
    """Say whether something accepts TCP connections there; waits 0.5 s at most."""
    with suppress(OSError), socket.create_connection((host, port), timeout=0.5):
        return True
    return False


def tail(log: Path, lines: int = 12) -> str:
    """Return the end of a log as text to put behind a message; empty when there is none."""
    try:
        last = log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
    except OSError:
        return ""
    return "".join(f"\n    {line}" for line in [f"The end of {log.name}:", *last]) if last else ""


def die_with_parent(number: signal.Signals = signal.SIGKILL) -> Callable[[], None] | None:
    """Return a preexec_fn that has the kernel send the child this signal when we die; None except on Linux."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)  # loaded before the fork: a child between fork and exec should do as little as it can
    us = os.getpid()

    def ask_kernel() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, number)
        if os.getppid() != us:  # we died before it could ask
            os._exit(1)

    return ask_kernel
