"""Locust by hand beside something else: `locustfiles/closed.py` for so long, and what Locust itself says of it."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.system.places import LOCUSTFILES, python
from harness.system.process import child

_LONGEST_S = 60.0


@dataclass(slots=True)
class PlainLocust:
    """A Locust that runs; `report` waits for its end."""

    process: subprocess.Popen[bytes]
    seconds: float

    def report(self) -> dict[str, Any]:
        """Return Locust's statistics of the one route. Raises TimeoutExpired, or ValueError where there are none."""
        printed, _ = self.process.communicate(timeout=self.seconds + _LONGEST_S)
        found: dict[str, Any] = json.loads(printed)[0]
        return found


@contextmanager
def plain_locust(
    port: int, path: str, *, users: int, seconds: float, log: Path, cores: tuple[int, ...] = ()
) -> Iterator[PlainLocust]:
    """Drive a route of a local app with so many users, who all start at once; it has ended when the block ends."""
    words = ["-f", str(LOCUSTFILES / "closed.py"), "--headless", "--json", "-u", f"{users}", "-r", f"{users}"]
    words += ["-t", f"{seconds:g}s", "--host", f"http://127.0.0.1:{port}", "--path", path]
    with child([*python("locust"), *words], log=log, cores=cores, piped=True) as process:
        yield PlainLocust(process, seconds)
