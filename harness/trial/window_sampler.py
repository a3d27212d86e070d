"""Samples SUT, host and our own processes when the driver says that a trial's window opens and closes."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from experiment.records.driver_protocol import Event, ProgressEvent, WindowCloseEvent, WindowOpenEvent
from harness.system.host import HostSample, ProcessSample, own_cpu_s
from harness.trial.driver import Progress


@dataclass(slots=True)
class WindowSampler:
    """What was seen at the edges of one window. `sut`: the SUT's pid; `others`: those of our other processes."""

    sut: int
    others: tuple[int, ...]
    on_progress: Callable[[Progress], None]
    _ours: list[tuple[float, float]] = field(default_factory=list)  # (t, CPU seconds of all of ours)
    _host: list[HostSample] = field(default_factory=list)
    _process: list[ProcessSample] = field(default_factory=list)

    def on_event(self, event: Event) -> None:
        """Take a sample at the window's edges; pass progress on."""
        match event:
            case WindowOpenEvent() | WindowCloseEvent():
                self._sample()
            case ProgressEvent(second=second, rps=rps, p99_us=p99_us):
                self.on_progress(Progress(second=second, rps=rps, p99_us=p99_us))

    def _sample(self) -> None:
        sample = ProcessSample.of(self.sut)
        if sample is not None:
            self._process.append(sample)
        self._host.append(HostSample.now())
        self._ours.append((time.monotonic(), own_cpu_s(self.others) + (sample.cpu_s if sample else 0.0)))

    def our_cores(self) -> float | None:
        """Return how many cores our own processes kept busy between open and close."""
        if len(self._ours) < 2:  # noqa: PLR2004 - one sample has no span
            return None
        (t0, cpu0), (t1, cpu1) = self._ours[0], self._ours[-1]
        return (cpu1 - cpu0) / (t1 - t0)

    @property
    def host(self) -> tuple[HostSample, HostSample] | None:
        """The host at open and close, if both were seen."""
        return (self._host[0], self._host[-1]) if len(self._host) > 1 else None

    @property
    def process(self) -> tuple[ProcessSample, ProcessSample] | None:
        """The SUT's process tree at open and close, if both were seen."""
        return (self._process[0], self._process[-1]) if len(self._process) > 1 else None
