"""Another machine by ssh: the system's program, the user's own keys and known hosts, one connection for all commands.

Nothing is asked for: where a key, a password or an unknown host would be asked about, it is refused at once.
"""

import os
import re
import shlex
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from experiment.errors import EnvironmentUnfitError, UsageError
from experiment.records.manifest import LOOPBACK
from harness.system.process import child, wait_until
from harness.system.scratch import scratch

_CONNECT_LIMIT_S = 30.0
_NAME = r"[A-Za-z0-9_][A-Za-z0-9_.-]*"  # never an option of ssh's
_PLACE = re.compile(
    rf"ssh://(?:(?P<user>{_NAME})@)?(?P<host>{_NAME}|\[[0-9A-Fa-f:.]+\])(?::(?P<port>\d{{1,5}}))?(?P<path>/[^?#]*)?",
    re.ASCII,
)
_OPTIONS = (
    *("-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10"),
    *("-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3"),
    # what the user's configuration may say of these is for a terminal: a connection that outlives us, another command
    *("-o", "ControlMaster=no", "-o", "ControlPersist=no", "-o", "RemoteCommand=none"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A folder on another machine; user and port are the user's own configuration's where none is given."""

    host: str
    user: str | None = None
    port: int | None = None
    path: str = "."

    @property
    def destination(self) -> list[str]:
        """The machine as ssh takes it."""
        port = [] if self.port is None else ["-p", str(self.port)]
        return [*port, self.host if self.user is None else f"{self.user}@{self.host}"]


def place_of(text: str) -> Place:
    """Read ssh://user@host[:port][/path]. Raises UsageError for anything else."""
    if ":" in text.removeprefix("ssh://").rpartition("@")[0]:
        raise UsageError("a password has no place in an address: ssh uses your keys.")
    found = _PLACE.fullmatch(text)
    if found is None:
        raise UsageError(f"{text[:80]!r} is no ssh://user@host[/path].")
    return Place(
        host=found["host"].strip("[]"),
        user=found["user"],
        port=None if found["port"] is None else int(found["port"]),
        path=found["path"] or ".",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ssh:
    """A connection that stands, by the socket that further commands share."""

    place: Place
    control: Path

    def command(self, words: Sequence[str]) -> list[str]:
        """Return the command that runs words there; they arrive as they are, whatever is in them."""
        return ["ssh", *_OPTIONS, "-S", str(self.control), *self.place.destination, shlex.join(words)]

    def run(self, words: Sequence[str], *, limit_s: float, out: Path | None = None) -> None:
        """Run a command there to its end; what it prints goes to `out`. Raises EnvironmentUnfitError when it fails."""
        with (out or Path(os.devnull)).open("wb") as printed:
            self._carry_out(self.command(words), words[0], limit_s, printed)

    def forward(self, here: int, there: int) -> None:
        """Have connections to a port of our loopback arrive at one of the loopback there, until the connection ends.

        Raises EnvironmentUnfitError where ssh here cannot. Whether sshd permits it shows with the first connection.
        """
        spec = f"{LOOPBACK}:{here}:{LOOPBACK}:{there}"
        words = ["ssh", *_OPTIONS, "-S", str(self.control), "-O", "forward", "-L", spec, *self.place.destination]
        with Path(os.devnull).open("wb") as printed:
            self._carry_out(words, "forwarding a port", _CONNECT_LIMIT_S, printed)

    def addresses(self) -> set[str]:
        """Return the addresses of the machine, as its name in the user's configuration is known here."""
        words = ["ssh", *_OPTIONS, "-G", *self.place.destination]
        asked = subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_CONNECT_LIMIT_S, check=False
        )
        names = [line.split()[1] for line in asked.stdout.splitlines() if line.startswith("hostname ")]
        found: set[str] = set()
        for name in names:
            with suppress(OSError, UnicodeError):
                found |= {str(each[4][0]) for each in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)}
        return found

    def _carry_out(self, words: Sequence[str], what: str, limit_s: float, printed: IO[bytes]) -> None:
        try:
            done = subprocess.run(
                words,
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.PIPE,
                timeout=limit_s,
                check=False,
                start_new_session=True,  # Ctrl-C in the terminal is for us to obey
            )
        except subprocess.TimeoutExpired:
            raise EnvironmentUnfitError(f"{self.place.host}: {what} did not end within {limit_s:g} s.") from None
        if done.returncode != 0:
            said = done.stderr.decode("utf-8", "replace").strip() or f"code {done.returncode}"
            raise EnvironmentUnfitError(f"{self.place.host}: {what} failed: {said}")


@contextmanager
def connected(place: Place, log: Path) -> Iterator[Ssh]:
    """Connect, and part when the block ends. Raises EnvironmentUnfitError, with ssh's own words, where it cannot."""
    with scratch("ssh-") as folder:
        control = folder / "control"
        words = ["ssh", *_OPTIONS, "-M", "-S", str(control), "-N", *place.destination]
        with child(words, log=log) as process:
            what = f"ssh to {place.host}"
            wait_until(control.exists, process=process, what=what, log=log, timeout_s=_CONNECT_LIMIT_S)
            yield Ssh(place=place, control=control)
