"""One trial that several workers carry out together."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from time import perf_counter

from _crew import Crew, Worker, WorkerError
from _load_closed import START_LIMIT_S
from _recorder import quantile_us
from _trial import emit
from experiment.records.driver_protocol import (
    BurstOrder,
    Event,
    ProgressEvent,
    ResultEvent,
    TrialCommand,
    WarmEvent,
    WindowCloseEvent,
    WindowOpenEvent,
)
from experiment.records.sharding import merged, shard
from experiment.records.worker_protocol import (
    Abandon,
    Broke,
    Close,
    Done,
    Finished,
    FromWorker,
    Go,
    Part,
    Prepared,
    Second,
    Taken,
)

LEAD_S = 0.3
"""From the word to begin until the beginning: a part breaks whose worker hears it later."""

SILENCE_LIMIT_S = 10.0
"""How long after its end a part may take to say its result."""


class CrewTrial:
    """One trial. `run` it once."""

    def __init__(self, crew: Crew, command: TrialCommand) -> None:
        self._crew = crew
        self._command = command
        self._is_burst = isinstance(command.load, BurstOrder)
        self._workers: list[Worker] = []  # those that have a part
        self._results: dict[str, ResultEvent] = {}
        self._seconds: defaultdict[int, dict[str, Second]] = defaultdict(dict)
        self._finished: set[str] = set()
        self._to_come: list[tuple[float, Callable[[], Event]]] = []

    def run(self) -> None:
        """Carry the trial out and emit its events, the result last. Raises WorkerError."""
        try:
            self._crew.muster()
            self._order()
            start_t = self._begin()
            self._gather(start_t)
        except BaseException:
            for worker in self._workers:
                self._crew.say(worker, Abandon(trial_id=self._command.trial_id))
            raise
        emit(self._result(start_t))

    def _order(self) -> None:
        """Give every worker its part, and wait until all have connected."""
        for number, worker in enumerate(self._crew.workers[: self._crew.count]):  # one that came back may be too many
            part = shard(self._command, number, self._crew.count)
            if part is not None:
                self._workers.append(worker)
                self._crew.say(worker, Part(command=part))
        prepared: set[str] = set()
        deadline = perf_counter() + START_LIMIT_S
        while len(prepared) < len(self._workers):
            said = self._next(deadline, "connect its users")
            if said is not None and isinstance(said[1], Prepared):
                prepared.add(said[0].client)

    def _begin(self) -> float:
        start_t = perf_counter() + LEAD_S
        for worker in self._workers:
            self._crew.say(worker, Go(trial_id=self._command.trial_id, t=worker.offset.to_worker(start_t)))
        return start_t

    def _gather(self, start_t: float) -> None:
        """Take what the workers say until all results are there, and say what begins and ends meanwhile."""
        trial_id, open_t = self._command.trial_id, self._open_t(start_t)
        close_t = open_t + self._command.window_s
        self._to_come = [
            (start_t, lambda: WarmEvent(trial_id=trial_id, t=start_t)),
            (open_t, lambda: WindowOpenEvent(trial_id=trial_id, t=open_t)),
            (close_t, lambda: WindowCloseEvent(trial_id=trial_id, t=close_t)),
        ]
        deadline = close_t + self._command.drain_s + SILENCE_LIMIT_S
        while len(self._results) < len(self._workers):
            self._say_what_is_due()
            said = self._next(deadline, "say its result", until_t=self._to_come[0][0] if self._to_come else deadline)
            if said is not None:
                self._take(*said)

    def _open_t(self, start_t: float) -> float:
        return start_t if self._is_burst else start_t + self._command.warmup_s

    def _say_what_is_due(self) -> None:
        while self._to_come and self._to_come[0][0] <= perf_counter():
            _, event = self._to_come.pop(0)
            emit(event())

    def _next(self, deadline: float, task: str, until_t: float | None = None) -> tuple[Worker, FromWorker] | None:
        """Return what a worker says of this trial, None after a while. Raises WorkerError if one breaks or is late."""
        if perf_counter() > deadline:
            late = [str(w) for w in self._workers if w.client not in self._results]
            raise WorkerError(f"{', '.join(late)} did not {task} in time")
        said = self._crew.next_said((until_t or deadline) - perf_counter())
        if said is None or getattr(said[1], "trial_id", None) != self._command.trial_id:
            return None
        if isinstance(said[1], Broke):
            raise WorkerError(f"{said[0]} broke: {said[1].message}")
        return said

    def _take(self, worker: Worker, message: FromWorker) -> None:
        match message:
            case Second(second=second):
                self._seconds[second][worker.client] = message
                if len(self._seconds[second]) == len(self._workers):
                    emit(self._progress(second))
            case Finished():
                self._finished.add(worker.client)
                if len(self._finished) == len(self._workers):
                    self._close()
            case Done(result=result):
                self._results[worker.client] = result
                self._crew.say(worker, Taken(trial_id=self._command.trial_id))

    def _close(self) -> None:
        """End the window everywhere: the burst is over."""
        now = perf_counter()
        for worker in self._workers:
            self._crew.say(worker, Close(trial_id=self._command.trial_id))
        self._to_come = [(now, event) for _, event in self._to_come[:-1]]
        self._to_come.append((now, lambda: WindowCloseEvent(trial_id=self._command.trial_id, t=now)))

    def _progress(self, second: int) -> ProgressEvent:
        parts = self._seconds.pop(second).values()
        response: Counter[int] = Counter()
        for part in parts:
            response.update(dict(part.counts))
        return ProgressEvent(
            trial_id=self._command.trial_id,
            second=second,
            rps=sum(part.answers for part in parts),
            p99_us=quantile_us(response, 0.99),
            errors=sum(part.errors for part in parts),
        )

    def _result(self, start_t: float) -> ResultEvent:
        self._say_what_is_due()
        parts = [self._on_our_clock(worker, self._results[worker.client]) for worker in self._workers]
        whole = merged(parts, [_core_of(worker) for worker in self._workers])
        return whole.model_copy(update={"window_open_t": self._open_t(start_t)})

    @staticmethod
    def _on_our_clock(worker: Worker, result: ResultEvent) -> ResultEvent:
        to_ours = worker.offset.to_master
        times = {"window_open_t": to_ours(result.window_open_t), "window_close_t": to_ours(result.window_close_t)}
        return result.model_copy(update=times)


def _core_of(worker: Worker) -> tuple[str, int] | None:
    """Return a worker's core, told from the same number on another machine; None where it is not pinned."""
    return None if worker.facts.core is None else (worker.facts.machine, worker.facts.core)
