"""A SUT on another machine: started by a shell there, which ends it when its connection ends, and says how it does.

This is the part that stands below `--sut ssh://…`, an option that `bench` does not have yet (docs/distributed.md). The
shell's words: `sample`, `probe` and `log` are answered with lines and a last one, `end`.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

from experiment.errors import EnvironmentUnfitError
from harness.system.channel import Channel
from harness.system.process import accepts, child, tail, wait_until
from harness.system.services import READY_TIMEOUT_S
from harness.system.ssh import Ssh

_REPLY_LIMIT_S = 10.0
_END = b"end"
_SHELL = """
cd "$1" || exit 7
shift
folder=$(mktemp -d) || exit 7
BENCH_PROBE_PATH="$folder/probe.jsonl" setsid env "$@" >"$folder/log" 2>&1 </dev/null &
pid=$!
trap 'kill -KILL "-$pid" 2>/dev/null; rm -rf "$folder"' EXIT
trap 'exit 0' HUP INT TERM
echo "$pid"
while read -r asked; do
  case $asked in
    sample) cat /proc/"$pid"/schedstat /proc/"$pid"/task/*/schedstat 2>/dev/null ;;
    probe) cat "$folder"/probe.jsonl 2>/dev/null ;;
    log) tail -n 12 "$folder"/log ;;
  esac
  echo end
done
"""
"""Its words: the folder, then the app's variables and command as env(1) takes them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FarSample:
    """What the SUT's living threads have used, and how long its main thread waited for a core, up to one moment.

    `t_s` is our own monotonic clock, and `bound_s` how much it may be wrong either way.
    """

    t_s: float
    bound_s: float
    cpu_s: float
    waited_s: float

    def cpu_share_until(self, later: "FarSample") -> float:
        """Return how many cores it kept busy between two samples."""
        return (later.cpu_s - self.cpu_s) / (later.t_s - self.t_s)


@dataclass(slots=True)
class FarSut:
    """A SUT that runs there. Every method raises EnvironmentUnfitError where the connection is lost."""

    host: str
    port: int
    pid: int  # there
    process: Popen[bytes]  # ssh, here
    log: Path
    channel: Channel

    def sample(self) -> FarSample | None:
        """Return what it has used; None when it has ended."""
        asked_t = time.monotonic()
        lines = self._ask(b"sample")
        answered_t = time.monotonic()
        numbers = [[int(word) for word in line.split()] for line in lines]
        if not numbers:
            return None
        return FarSample(
            t_s=(asked_t + answered_t) / 2,
            bound_s=(answered_t - asked_t) / 2,
            cpu_s=sum(thread[0] for thread in numbers[1:]) / 1e9,  # the first line is the main thread's once more
            waited_s=numbers[0][1] / 1e9,
        )

    def probe(self) -> bytes:
        """Return what its probe has written so far."""
        return b"".join(line + b"\n" for line in self._ask(b"probe"))

    def last_lines(self) -> str:
        """Return the end of its own log, as text to put behind a message."""
        return "".join(f"\n    {line.decode('utf-8', 'replace')}" for line in self._ask(b"log"))

    def _ask(self, word: bytes) -> list[bytes]:
        lines: list[bytes] = []
        try:
            self.channel.send(word, _REPLY_LIMIT_S)
            while (line := self.channel.receive(_REPLY_LIMIT_S)) is not None and line != _END:
                lines.append(line)
        except OSError as error:  # TimeoutError is one
            raise self._lost(str(error)) from None
        if line is None:
            raise self._lost("it has ended")
        return lines

    def _lost(self, why: str) -> EnvironmentUnfitError:
        return EnvironmentUnfitError(f"the connection to {self.host} is lost: {why}.{tail(self.log)}")


@contextmanager
def far_sut(
    ssh: Ssh, command: Sequence[str], *, environment: Mapping[str, str], address: tuple[str, int], log: Path
) -> Iterator[FarSut]:
    """Run an app there until the block ends or the connection does; `address` is where it will listen.

    It is ready when the block begins: it accepts connections from here, and its probe has written. Raises
    EnvironmentUnfitError, with the end of its log, when it does not get so far.
    """
    variables = [f"{name}={value}" for name, value in environment.items()]
    words = ["sh", "-c", _SHELL, "sh", ssh.place.path, *variables, *command]
    with child(ssh.command(words), log=log, piped=True) as process:
        channel = Channel(process)
        host, port = address
        pid = _first_line(channel, ssh.place.host, log)
        made = FarSut(host=ssh.place.host, port=port, pid=pid, process=process, log=log, channel=channel)
        _await_ready(made, host)
        yield made


def _first_line(channel: Channel, host: str, log: Path) -> int:
    try:
        line = channel.receive(_REPLY_LIMIT_S)
    except TimeoutError:
        line = None
    if line is None or not line.isdigit():
        raise EnvironmentUnfitError(f"no app could be started on {host}.{tail(log)}")
    return int(line)


def _await_ready(made: FarSut, address: str) -> None:
    def is_ready() -> bool:
        if made.sample() is None:
            raise EnvironmentUnfitError(f"the app ended on {made.host} before it was ready.{made.last_lines()}")
        return accepts(made.port, address) and bool(made.probe())

    what = f"the app on {made.host}"
    wait_until(is_ready, process=made.process, what=what, log=made.log, timeout_s=READY_TIMEOUT_S)
