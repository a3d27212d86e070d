"""The services that a trial needs, each a context manager: ready when its block begins, gone when it ends."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from experiment.records.manifest import LOOPBACK
from harness.system.places import python
from harness.system.process import Process, accepts, child, free_port, wait_until

READY_TIMEOUT_S = 30.0

_UNWANTED = (
    *("WEB_CONCURRENCY", "UVICORN_", "GRANIAN_", "BENCH_", "OTEL_", "PG"),
    *("PYTHONDONTWRITEBYTECODE", "PYTHONASYNCIODEBUG", "PYTHONDEVMODE", "PYTHON_GIL"),
)
"""Variables of the caller that would change the SUT without the manifest saying so; proxies are dropped as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A running service: its port, its process, how long it took to be ready, its log, and where it listens."""

    port: int
    process: Process
    ready_s: float
    log: Path
    host: str = LOOPBACK

    @property
    def url(self) -> str:
        return f"http://[{self.host}]:{self.port}" if ":" in self.host else f"http://{self.host}:{self.port}"

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None


def clean_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Return the caller's environment without what would change the SUT behind our back, plus `extra`."""
    # a proxy would be asked for the upstream's answers, by every client that reads the environment
    unwanted = {name for name in os.environ if name.startswith(_UNWANTED) or name.lower().endswith("_proxy")}
    return {name: value for name, value in os.environ.items() if name not in unwanted} | dict(extra)


@contextmanager
def upstream(*, delay_s: float, log: Path, cores: tuple[int, ...]) -> Iterator[Service]:
    port = free_port()
    command = [*python("harness.system.upstream"), "--port", str(port), "--delay-s", str(delay_s)]
    with child(command, log=log, cores=cores, env=clean_environment({})) as process:
        what = "the upstream stub"
        ready_s = wait_until(lambda: accepts(port), process=process, what=what, log=log, timeout_s=READY_TIMEOUT_S)
        yield Service(port=port, process=process, ready_s=ready_s, log=log)
