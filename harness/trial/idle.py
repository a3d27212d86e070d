"""What a SUT costs that nobody asks anything: its probe's ticks and samples, and the server's own timers.

It is measured once for each server configuration of a campaign, on a SUT that serves the same variant. A quiet span
inside every trial would follow the core's speed more closely, but it would have to last as long, in each of hundreds of
trials. Instead, a request's cost is given only where it is not small against the idle cost (assemble.py).
"""

import time

from experiment.errors import EnvironmentUnfitError
from harness.system.services import Service
from harness.system.usage import ProcessSample

_SETTLE_S = 0.25
_SPAN_S = 1.0
"""Fifty of the probe's ticks and twenty of its samples."""


def idle_cpu_share(service: Service) -> float:
    """Return how many cores an idle SUT keeps busy; takes 1.25 s. Raises EnvironmentUnfitError when it ended."""
    time.sleep(_SETTLE_S)
    before = ProcessSample.of(service.process.pid)
    time.sleep(_SPAN_S)
    after = ProcessSample.of(service.process.pid)
    if before is None or after is None or not service.is_alive:
        raise EnvironmentUnfitError(f"the idle SUT ended; see logs/{service.log.name}")
    return before.cpu_share_until(after)
