"""Samples SUT, host and our own processes when the driver says that a trial's window opens and closes."""

from collections.abc import Callable
from dataclasses import dataclass, field

from experiment.records.driver_protocol import Event, ProgressEvent, WindowCloseEvent, WindowOpenEvent
from harness.system.host import HostSample
from harness.system.usage import ProcessSample, cpu_by_process, waited_s
from harness.trial.contention import Edge
from harness.trial.driver import Progress


@dataclass(slots=True)
class WindowSampler:
    """What was seen at the edges of one window. All but `on_progress` are pids; `others` are the rest of ours."""

    sut: int
    yardstick: int
    driver: int
    senders: tuple[int, ...]  # the driver, or those of its workers that run on this machine
    others: tuple[int, ...]
    on_progress: Callable[[Progress], None]
    _edges: list[Edge] = field(default_factory=list)

    def on_event(self, event: Event) -> None:
        """Take a sample at the window's edges; pass progress on."""
        match event:
            case WindowOpenEvent() | WindowCloseEvent():
                self._edges.append(self._edge())
            case ProgressEvent(second=second, rps=rps, p99_us=p99_us):
                self.on_progress(Progress(second=second, rps=rps, p99_us=p99_us))

    def _edge(self) -> Edge:
        return Edge(
            sut=ProcessSample.of(self.sut),
            host=HostSample.now(),
            yardstick_s=cpu_by_process((self.yardstick,)),
            others_s=cpu_by_process((self.driver, *self.senders, *self.others)),
            driver_waited_s={pid: waited for pid in self.senders if (waited := waited_s(pid)) is not None},
        )

    @property
    def edges(self) -> tuple[Edge, Edge] | None:
        """Open and close, if both were seen."""
        return (self._edges[0], self._edges[-1]) if len(self._edges) > 1 else None
