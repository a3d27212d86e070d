"""Another machine by ssh: the system's program, the user's own keys and known hosts, one connection for all commands.

Nothing is asked for: where a key, a password or an unknown host would be asked about, it is refused at once.
"""

import re
import shlex
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from experiment.errors import EnvironmentUnfitError, UsageError
from harness.system.process import child, wait_until
from harness.system.scratch import scratch

_CONNECT_LIMIT_S = 30.0
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]*", re.ASCII)  # never an option of ssh's
_OPTIONS = (
    *("-o", "BatchMode=yes", "-o", "ConnectTimeout=10"),
    *("-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3"),
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
    try:
        url = urlsplit(text)
        host, user, port = url.hostname or "", url.username, url.port
    except ValueError:
        raise UsageError(f"{text[:80]!r} is no ssh://user@host[/path].") from None
    if url.password is not None:
        raise UsageError("a password has no place in an address: ssh uses your keys.")
    if url.scheme != "ssh" or url.query or url.fragment or not all(map(_NAME.fullmatch, (host, user or host))):
        raise UsageError(f"{text[:80]!r} is no ssh://user@host[/path].")
    return Place(host=host, user=user, port=port, path=url.path or ".")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ssh:
    """A connection that stands, by the socket that further commands share."""

    place: Place
    control: Path

    def command(self, words: Sequence[str]) -> list[str]:
        """Return the command that runs words there; they arrive as they are, whatever is in them."""
        return ["ssh", *_OPTIONS, "-S", str(self.control), *self.place.destination, shlex.join(words)]

    def run(self, words: Sequence[str], *, limit_s: float) -> str:
        """Run a command there to its end and return what it printed. Raises EnvironmentUnfitError when it fails."""
        try:
            done = subprocess.run(
                self.command(words),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=limit_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise EnvironmentUnfitError(
                f"{self.place.host} did not carry out {words[0]} within {limit_s:g} s"
            ) from None
        if done.returncode != 0:
            said = done.stderr.strip() or f"code {done.returncode}"
            raise EnvironmentUnfitError(f"{words[0]} failed on {self.place.host}: {said}")
        return done.stdout


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
