"""A worker process on this machine for a master elsewhere: from its start to the end of one of the two."""

import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from experiment.errors import EnvironmentUnfitError
from experiment.records.manifest import LOOPBACK
from harness.system import interruption
from harness.system.channel import Channel
from harness.system.places import WORKER_SCRIPT
from harness.system.process import accepts, child, tail

_JOIN_LIMIT_S = 30.0
_LOOK_AGAIN_S = 0.5
_GREETING_LIMIT_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Joining:
    """Which master to drive for, how long to wait for it, and what may be loaded; None: the master's own address."""

    host: str
    port: int
    wait_s: float
    sut_host: str | None = None
    core: int | None = None

    @property
    def master(self) -> str:
        """The master as people write it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def address_of(host: str) -> str:
    """Return the address of a host. Raises EnvironmentUnfitError where its name is not known."""
    try:
        return str(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][4][0])
    except (OSError, UnicodeError) as error:
        raise EnvironmentUnfitError(f"{host} is not known here: {error}") from None


def await_master(asked: Joining) -> None:
    """Wait until something listens where the master is said to be. Raises EnvironmentUnfitError when it does not."""
    deadline = time.monotonic() + asked.wait_s
    while not accepts(asked.port, asked.host):
        interruption.check()
        if time.monotonic() > deadline:
            raise EnvironmentUnfitError(
                f"no master answers at {asked.master} within {asked.wait_s:g} s. Is `bench run --expect-workers N "
                "--master-bind …` running there, and may this machine connect to that port?"
            )
        time.sleep(_LOOK_AGAIN_S)


def greets(port: int, host: str = LOOPBACK) -> bool:
    """Say whether a ZeroMQ socket listens there: it speaks first. A forwarded port accepts for nobody as well."""
    with suppress(OSError), socket.create_connection((host, port), timeout=_GREETING_LIMIT_S) as connection:
        return bool(connection.recv(1))
    return False


@contextmanager
def joined(asked: Joining, log: Path) -> Iterator[Channel]:
    """Run a worker until the block ends; it has joined its master when the block begins.

    Raises EnvironmentUnfitError where what listens there does not take it.
    """
    words = [sys.executable, str(WORKER_SCRIPT), "--master", f"{asked.host}:{asked.port}"]
    words += [] if asked.core is None else ["--core", str(asked.core)]
    words += [] if asked.sut_host is None else ["--sut-host", asked.sut_host]
    with child(words, log=log, piped=True) as process:
        channel = Channel(process)
        try:
            said = channel.receive(_JOIN_LIMIT_S)
        except TimeoutError:
            raise EnvironmentUnfitError(
                f"what listens at {asked.master} is no master: it said nothing within {_JOIN_LIMIT_S:g} s."
            ) from None
        if said is None:
            raise EnvironmentUnfitError(f"the worker ended before it joined {asked.master}.{tail(log)}")
        yield channel


def await_end(channel: Channel, asked: Joining, log: Path) -> None:
    """Wait until the worker ends, as it does with its master. Raises EnvironmentUnfitError when it broke."""
    while channel.process.poll() is None:
        interruption.check()
        channel.waiting(_LOOK_AGAIN_S)
    if channel.process.returncode != 0:
        code = channel.process.returncode
        raise EnvironmentUnfitError(f"the worker for {asked.master} ended with code {code}.{tail(log)}")
