"""What both processes that drive need of the system: stdin without blocking, many descriptors, an orderly end."""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Iterator

from gevent import get_hub
from locust.env import Environment

_MOST_DESCRIPTORS = 65536
_READ = 1


def stdin_lines() -> Iterator[bytes]:
    """Yield stdin's lines until it ends, without ever blocking the event loop."""
    hub = get_hub()
    # Waits for readiness and then reads what is there. O_NONBLOCK would do too, but on a terminal it would also apply
    # to stdout, which is the same open file there.
    readable = hub.loop.io(sys.stdin.fileno(), _READ)
    rest = b""
    while True:
        hub.wait(readable)
        data = os.read(sys.stdin.fileno(), 65536)
        if not data:
            return
        *lines, rest = (rest + data).split(b"\n")
        yield from lines


def allow_many_descriptors() -> None:
    """Raise the soft limit of open files as far as this process may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _MOST_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def end(environment: Environment) -> None:
    """End Locust."""
    if environment.runner is not None:
        environment.runner.quit()
