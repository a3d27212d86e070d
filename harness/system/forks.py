"""SUTs forked from a process that has imported everything: a fresh process without a second of imports.

harness/system/fork_main.py is that process. `Forks.start` gives a process that looks like a `subprocess.Popen`.
"""

import json
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from experiment.errors import EnvironmentUnfitError
from harness.system.channel import Channel
from harness.system.places import APP_FOLDER, python
from harness.system.process import child, end_group, tail
from harness.system.services import READY_TIMEOUT_S, clean_environment

_REPLY_LIMIT_S = 10.0


@dataclass(slots=True)
class ForkedProcess:
    """One forked process; its parent reports its end."""

    pid: int
    forks: "Forks"
    returncode: int | None = None
    stdin: None = None
    stdout: None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = self.forks.code_of(self.pid)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end. Raises subprocess.TimeoutExpired."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if deadline is not None and time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(f"forked process {self.pid}", timeout or 0.0)
            self.forks.listen(0.02)
        return code


@dataclass(slots=True)
class Forks:
    """The process that forks, and what it has told."""

    process: subprocess.Popen[bytes]
    log: Path
    channel: Channel = field(init=False)
    _codes: dict[int, int] = field(default_factory=dict)
    _pids: list[int] = field(default_factory=list)
    _is_ready: bool = False

    def __post_init__(self) -> None:
        self.channel = Channel(self.process)

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    def code_of(self, pid: int) -> int | None:
        """Return the exit code of one of its processes; -9 for all of them when it is gone; None while one runs."""
        self.listen(0.0)
        return self._codes.get(pid, None if self.is_alive else -9)

    def listen(self, limit_s: float) -> None:
        """Take in what it says within the limit."""
        for line in self.channel.waiting(limit_s):
            self._take(json.loads(line))

    def _take(self, said: dict[str, Any]) -> None:
        if "code" in said:
            self._codes[said["pid"]] = said["code"]
        elif "pid" in said:
            self._pids.append(said["pid"])
        else:
            self._is_ready = True

    def await_ready(self) -> None:
        """Wait until it can fork. Raises EnvironmentUnfitError when it does not get so far."""
        self._await(lambda: self._is_ready, READY_TIMEOUT_S)

    def start(
        self, arguments: Sequence[str], *, env: Mapping[str, str], log: Path, cores: tuple[int, ...], folder: Path
    ) -> ForkedProcess:
        """Fork a process that runs uvicorn with these arguments. Raises EnvironmentUnfitError when it cannot."""
        order = {
            "arguments": list(arguments),
            "env": dict(env),
            "log": str(log.absolute()),
            "cores": list(cores),
            "folder": str(folder),
        }
        try:
            self.channel.send(json.dumps(order).encode(), _REPLY_LIMIT_S)
        except OSError as error:
            raise EnvironmentUnfitError(
                f"the process that forks SUTs takes no order: {error}.{tail(self.log)}"
            ) from None
        try:
            self._await(lambda: bool(self._pids), _REPLY_LIMIT_S)
        except EnvironmentUnfitError:
            end_group(self.process, patience_s=0)  # a late answer would be taken for the next order's
            raise
        return ForkedProcess(pid=self._pids.pop(0), forks=self)

    def _await(self, has_come: Any, limit_s: float) -> None:
        deadline = time.monotonic() + limit_s
        while not has_come():
            if not self.is_alive or time.monotonic() > deadline:
                raise EnvironmentUnfitError(f"the process that forks SUTs does not answer.{tail(self.log)}")
            self.listen(0.1)


@contextmanager
def forks(*, log: Path, cores: tuple[int, ...]) -> Iterator[Forks]:
    """Run the process that forks until the block ends. Raises EnvironmentUnfitError when it does not start."""
    command = python("harness.system.fork_main")
    with child(command, log=log, cores=cores, env=clean_environment({}), piped=True, folder=APP_FOLDER) as process:
        made = Forks(process=process, log=log)
        made.await_ready()
        yield made


@contextmanager
def forked_child(
    made: Forks, arguments: Sequence[str], *, env: Mapping[str, str], log: Path, cores: tuple[int, ...], folder: Path
) -> Iterator[ForkedProcess]:
    """Run a forked process until the block ends; then end its whole process group."""
    process = made.start(arguments, env=env, log=log, cores=cores, folder=folder)
    try:
        yield process
    finally:
        made.process.send_signal(signal.SIGCONT)  # stopped, it could not tell of the end
        end_group(process, patience_s=0)
