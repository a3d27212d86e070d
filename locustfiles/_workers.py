"""A master with its workers: those of this machine are started here, and end with it; others are waited for."""

from __future__ import annotations

import argparse
import ipaddress
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import locust
import zmq
from locust.env import Environment
from locust.exception import RPCError
from locust.runners import MasterRunner

from _crew import Crew, WorkerError
from _crew_trial import CrewTrial
from experiment.records.driver_protocol import TrialCommand, WorkerFacts

WORKER_SCRIPT = Path(__file__).with_name("worker.py")


@contextmanager
def crew(
    asked: argparse.Namespace,
) -> Iterator[tuple[Environment, Callable[[TrialCommand], None], tuple[WorkerFacts, ...]]]:
    """Be Locust's master, with workers on this machine or elsewhere. Raises WorkerError where they do not come."""
    host, _, port = asked.bind.rpartition(":")
    environment = Environment(events=locust.events)
    runner = _master(environment, host, int(port))
    on_loopback = asked.sut_host is None or ipaddress.ip_address(asked.sut_host).is_loopback
    together = Crew(environment, asked.expect or asked.workers, on_loopback=on_loopback)
    cores = [int(core) for core in asked.cores.split(",") if core]
    with ExitStack() as stack:
        for number in range(0 if asked.expect else asked.workers):
            core = cores[number % len(cores)] if cores else None
            stack.enter_context(_started(host, runner.server.port, core))
        try:
            together.muster(asked.come_limit)
        except WorkerError:
            runner.quit()  # those that came need not wait for more
            raise
        yield (
            environment,
            lambda command: CrewTrial(together, command).run(),
            tuple(worker.facts for worker in together.workers),
        )


def _master(environment: Environment, host: str, port: int) -> MasterRunner:
    """Listen for workers. Raises WorkerError where that cannot be."""
    try:
        return environment.create_master_runner(host, port)
    except (RPCError, zmq.ZMQError, SystemExit) as reason:  # Locust leaves when the port is taken
        why = "the port is taken" if isinstance(reason, SystemExit) or "in use" in str(reason) else reason
        raise WorkerError(f"cannot listen for workers at {host}, port {port}: {why}") from None


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
