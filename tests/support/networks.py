"""A second network on this machine: a namespace that is joined to it by a veth pair, as another machine would be."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT_S = 10.0
_NUMBERS = itertools.count()  # the kernel removes one some time after it is told to


class RefusedError(Exception):
    """What the system does not permit or does not have; the message is its own."""


def run(*words: str) -> None:
    """Run a command of iproute2. Raises RefusedError."""
    if shutil.which(words[0]) is None:
        raise RefusedError(f"there is no program {words[0]} here")
    done = subprocess.run(words, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    if done.returncode != 0:
        raise RefusedError(f"`{' '.join(words)}`: {done.stderr.strip()}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """The other network: its namespace, this end of the cable, and the addresses of both ends."""

    namespace: str
    cable: str
    here: str = "198.18.77.1"  # of the addresses that are reserved for benchmarks between networks
    there: str = "198.18.77.2"

    @property
    def inside(self) -> tuple[str, ...]:
        """What to put before a command to run it there."""
        return ("ip", "netns", "exec", self.namespace)

    def cut(self) -> None:
        """Pull the cable out."""
        run("ip", "link", "set", self.cable, "down")

    def mend(self) -> None:
        """Put the cable in again."""
        run("ip", "link", "set", self.cable, "up")

    def delay(self, ms: int) -> None:
        """Have everything that leaves here come so much later there. Raises RefusedError without netem."""
        run("tc", "qdisc", "add", "dev", self.cable, "root", "netem", "delay", f"{ms}ms")

    def lose(self, share: float) -> None:
        """Have this share (0..1) of the packets that arrive there lost. Raises RefusedError without iptables."""
        rule = ("-A", "INPUT", "-m", "statistic", "--mode", "random", "--probability", f"{share}", "-j", "DROP")
        run(*self.inside, "iptables", *rule)


@contextmanager
def network() -> Iterator[Network]:
    """Make the other network, and remove it when the block ends. Raises RefusedError where that is not permitted."""
    name = f"hb{os.getpid() % 100_000}n{next(_NUMBERS)}"
    made, far = Network(namespace=name, cable=f"{name}a"), f"{name}b"
    run("ip", "netns", "add", made.namespace)
    try:
        run("ip", "link", "add", made.cable, "type", "veth", "peer", "name", far)
        run("ip", "link", "set", far, "netns", made.namespace)
        run("ip", "addr", "add", f"{made.here}/30", "dev", made.cable)
        run("ip", "link", "set", made.cable, "up")
        run("ip", "-n", made.namespace, "addr", "add", f"{made.there}/30", "dev", far)
        for device in (far, "lo"):
            run("ip", "-n", made.namespace, "link", "set", device, "up")
        yield made
    finally:
        run("ip", "netns", "del", made.namespace)  # with the end of the cable that is there, and so with both
