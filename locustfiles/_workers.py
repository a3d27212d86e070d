"""A master with its workers on this machine: all are started, and end together."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import locust
from locust.env import Environment

from _crew import Crew
from _crew_trial import CrewTrial
from experiment.records.driver_protocol import TrialCommand, WorkerFacts

WORKER_SCRIPT = Path(__file__).with_name("worker.py")


@contextmanager
def crew(
    asked: argparse.Namespace,
) -> Iterator[tuple[Environment, Callable[[TrialCommand], None], tuple[WorkerFacts, ...]]]:
    """Be Locust's master with workers on this machine. Raises WorkerError where they do not come."""
    host, _, port = asked.bind.rpartition(":")
    environment = Environment(events=locust.events)
    runner = environment.create_master_runner(host, int(port))
    together = Crew(environment, asked.workers)
    cores = [int(core) for core in asked.cores.split(",") if core]
    with ExitStack() as stack:
        for number in range(asked.workers):
            core = cores[number % len(cores)] if cores else None
            stack.enter_context(_started(host, runner.server.port, core))
        together.muster()
        yield (
            environment,
            lambda command: CrewTrial(together, command).run(),
            tuple(worker.facts for worker in together.workers),
        )


@contextmanager
def _started(host: str, port: int, core: int | None) -> Iterator[None]:
    """Run a worker that ends with this process: its stdin is a pipe from here."""
    command = [sys.executable, str(WORKER_SCRIPT), "--master", f"{host}:{port}"]
    pinned = [] if core is None else ["--core", str(core)]
    process = subprocess.Popen([*command, *pinned], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        _reap(process)


def _reap(process: subprocess.Popen[bytes], limit_s: float = 2.0) -> None:
    try:
        process.wait(limit_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(limit_s)
