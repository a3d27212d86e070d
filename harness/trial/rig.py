"""The rig: services that run for a whole campaign, and a new SUT for each trial. It is the real Driver, with Locust."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bench_app.catalogue import CATALOGUE
from bench_app.registry import Resource
from experiment.design.factors import FactorError
from experiment.errors import EnvironmentUnfitError
from experiment.records.manifest import DatabaseFacts
from experiment.records.trial import Measurement, TrialMetrics
from harness.postgres.server import Database, database
from harness.postgres.watch import DbWatch, watch
from harness.system.host import HostSample, ProcessSample, own_cpu_s
from harness.system.services import Service, upstream
from harness.system.yardstick import yardstick
from harness.trial.app_settings import environment
from harness.trial.assemble import Observed, assemble
from harness.trial.driver import Call, DriverFailedError, LocustProcess, Progress, locust_process, trial_command
from harness.trial.probe_log import ProbeLog, probe_files
from harness.trial.sut import sut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from bench_app.registry import Variant
    from experiment.design.factors import ServerConfig
    from experiment.design.model import Load, PlannedTrial
    from harness.system.pinning import CorePlan
    from harness.system.yardstick import Yardstick

BYSTANDER_INTERVAL_S = 0.02
"""50 calls per second: 150 in a window of 3 s, enough for a p99, at about 1 % of a core."""

_PROBE_LAST_WORD_S = 0.12
"""The probe writes every 50 ms; after two such waits the window's last ticks are on disk, and the SUT can be killed."""

BYSTANDER = Call(method="GET", path="/bystander", expected_body=b'{"ok":true}')


@dataclass(slots=True)
class Rig:
    """Everything that a real trial needs. Use `rig(...)` to make one."""

    plan: CorePlan
    logs: Path
    loads: Mapping[str, Load]
    locust: LocustProcess
    settings: Mapping[str, float | None]  # as a manifest records them
    seed: int = 0
    database_url: str | None = field(default=None, repr=False)  # named by the user; None: our own
    answers: dict[str, bytes] = field(default_factory=dict)  # the right answer of each variant, from preflight
    _services: ExitStack = field(default_factory=ExitStack)
    _upstream: Service | None = None
    _database_block: ExitStack = field(default_factory=ExitStack)
    _database: Database | None = None
    _yardstick_block: ExitStack = field(default_factory=ExitStack)
    _yardstick: Yardstick | None = None

    def environment(self, variants: Mapping[str, Variant]) -> dict[str, str]:
        """Return the environment of a SUT that serves only these variants. Starts the services that they need."""
        needs = {need for v in variants.values() for need in v.needs}
        works = {v.work.name for v in variants.values()}
        env = {**environment(self.settings), "BENCH_VARIANTS": ",".join(variants), "BENCH_WORKS": ",".join(works)}
        if Resource.UPSTREAM in needs:
            env["BENCH_UPSTREAM_URL"] = self.upstream_service().url
        if Resource.DATABASE in needs:
            env["BENCH_DATABASE_URL"] = self.running_database().url
            if len(variants) > 1:  # the pools of all drivers need more than a server's usual 100 connections
                env["BENCH_DB_POOL_SIZE"] = "2"
        return env

    @property
    def database_facts(self) -> DatabaseFacts | None:
        """What the manifest records about the database; None before one is needed."""
        if self._database is None:
            return None
        return DatabaseFacts(version=self._database.version, source=self._database.source.value)

    def running_database(self) -> Database:
        """Return the database; starts it (again) if it does not run.

        Raises EnvironmentUnfitError when none can be started.
        """
        if self._database is None or not self._database.is_alive:
            self._database_block.close()
            opened = database(
                url=self.database_url,
                log=self.logs / "postgres.log",
                cores=self.plan.for_others,
                pool_size=int(self.settings["db_pool_size"] or 1),
            )
            self._database = self._database_block.enter_context(opened)
        return self._database

    def upstream_service(self) -> Service:
        """Return the upstream stub; starts it (again) if it does not run."""
        if self._upstream is None or not self._upstream.is_alive:
            log = self.logs / "upstream.log"
            delay_s = self.settings["upstream_delay_s"] or 0.0
            service = upstream(delay_s=delay_s, log=log, cores=self.plan.for_others)
            self._upstream = self._services.enter_context(service)
        return self._upstream

    @contextmanager
    def serving(self, variants: Mapping[str, Variant], server: ServerConfig, name: str) -> Iterator[Service]:
        """Run a SUT that serves these variants, its probe writing to logs/<name>.probe.jsonl."""
        self.forget_probe(name)  # an interrupted trial may have had this id before
        log, probe = self.logs / f"{name}.log", self.probe_path(name)
        env = self.environment(variants)
        with sut(server=server, environment=env, log=log, plan=self.plan, probe=probe) as service:
            yield service

    def forget_probe(self, name: str) -> None:
        for file in probe_files(self.probe_path(name)):
            file.unlink(missing_ok=True)

    def probe_path(self, name: str) -> Path:
        return self.logs / f"{name}.probe.jsonl"

    def measure(self, planned: PlannedTrial, on_progress: Callable[[Progress], None]) -> Measurement:
        variant = CATALOGUE[planned.treatment.variant]
        try:
            with self.serving({variant.id: variant}, planned.treatment.server, planned.trial_id) as service:
                measurement = self._drive(planned, variant, service, on_progress)
        except (EnvironmentUnfitError, FactorError) as error:
            return _failed("sut-not-ready", str(error))
        except DriverFailedError as error:
            return _failed("driver-failed", str(error))
        if measurement.failure is None:
            self._forget_logs(planned.trial_id)
        return measurement

    def _drive(
        self,
        planned: PlannedTrial,
        variant: Variant,
        service: Service,
        on_progress: Callable[[Progress], None],
    ) -> Measurement:
        load = self.loads[planned.treatment.load]
        command = trial_command(
            planned.trial_id,
            service.port,
            self.call_for(variant),
            load,
            bystander=BYSTANDER,
            bystander_interval_s=BYSTANDER_INTERVAL_S,
            seed=self.seed * 10_000 + planned.round,
        )
        duration_s = load.warmup_s + load.window_s + load.drain_s
        speed = self._running_yardstick()
        with self._watching_database(variant) as watched:
            others = (*self._other_pids(), speed.process.pid)
            watch = _Watch(pid=service.process.pid, others=others, on_progress=on_progress)
            result = self.locust.run(command, watch.on_event, duration_s=duration_s)
        time.sleep(_PROBE_LAST_WORD_S)
        if Resource.DATABASE in variant.needs and not (self._database and self._database.is_alive):
            return _failed("service-died", "PostgreSQL ended during the trial; see logs/postgres.log")
        if watched.lost is not None:
            return _failed("watch-lost", f"the database could not be watched: {watched.lost}")
        if Resource.UPSTREAM in variant.needs and not (self._upstream and self._upstream.is_alive):
            return _failed("service-died", "the upstream stub ended during the trial; see logs/upstream.log")
        if not service.is_alive:
            code = service.process.returncode
            return _failed("sut-died", f"the SUT ended with code {code} during the trial; see logs/{service.log.name}")
        return assemble(
            Observed(
                load=load,
                result=result,
                probe=ProbeLog.read(self.probe_path(planned.trial_id)),
                host=watch.host_samples,
                sut=watch.sut_samples,
                ours_cores=watch.our_cores(),
                connections=[(s.t, s.in_use, s.waiting) for s in watched.samples],
                passes=speed.passes(),
                sut_ready_s=service.ready_s,
            )
        )

    def _running_yardstick(self) -> Yardstick:
        """Return the yardstick on the SUT's core, or on the last of several; starts it if it does not run."""
        if self._yardstick is None or not self._yardstick.is_alive:
            self._yardstick_block.close()
            opened = yardstick(
                self.logs / "yardstick.passes",
                log=self.logs / "yardstick.log",
                cores=self.plan.for_sut(all_cores=False)[-1:],
            )
            self._yardstick = self._yardstick_block.enter_context(opened)
        return self._yardstick

    @contextmanager
    def _watching_database(self, variant: Variant) -> Iterator[DbWatch]:
        """Sample the database's connections, for a variant that uses it."""
        if Resource.DATABASE not in variant.needs or self._database is None:
            yield DbWatch()
            return
        with watch(self._database.url) as seen:
            yield seen

    def call_for(self, variant: Variant) -> Call:
        """Return a variant's request with its answer from preflight."""
        return Call(
            method=variant.request.method,
            path=variant.request.path,
            headers=variant.request.headers,
            body=variant.request.read_body() if variant.request.sample else None,
            expected_body=self.answers.get(variant.id),
        )

    def _other_pids(self) -> tuple[int, ...]:
        """Return every process of ours that is not the SUT."""
        upstream_pid = self._upstream.process.pid if self._upstream else None
        database_pid = self._database.postmaster_pid if self._database else None
        return tuple(pid for pid in (os.getpid(), self.locust.pid, upstream_pid, database_pid) if pid is not None)

    def _forget_logs(self, name: str) -> None:
        """Remove a valid trial's probe file (its numbers are in the tables) and its log, if that is empty."""
        self.forget_probe(name)
        log = self.logs / f"{name}.log"
        if log.exists() and log.stat().st_size == 0:
            log.unlink()

    def close(self) -> None:
        self._yardstick_block.close()
        self._database_block.close()
        self._services.close()


@dataclass(slots=True)
class _Watch:
    """Samples SUT and host when the driver says that its window opens and closes."""

    pid: int
    others: tuple[int, ...]
    on_progress: Callable[[Progress], None]
    ours: list[tuple[float, float]] = field(default_factory=list)  # (t, CPU seconds of all our processes)
    host: list[HostSample] = field(default_factory=list)
    process: list[ProcessSample] = field(default_factory=list)

    def on_event(self, event: Mapping[str, Any]) -> None:
        """Take a sample at the window's edges; forward progress."""
        match event["event"]:
            case "window-open" | "window-close":
                sample = ProcessSample.of(self.pid)
                if sample is not None:
                    self.process.append(sample)
                self.host.append(HostSample.now())
                self.ours.append((time.monotonic(), own_cpu_s(self.others) + (sample.cpu_s if sample else 0.0)))
            case "progress":
                self.on_progress(Progress(second=event["second"], rps=event["rps"], p99_us=event["p99_us"]))

    def our_cores(self) -> float | None:
        """Return the CPU of our own processes between open and close, in cores."""
        if len(self.ours) < 2:  # noqa: PLR2004 - one sample covers no time
            return None
        (t0, cpu0), (t1, cpu1) = self.ours[0], self.ours[-1]
        return (cpu1 - cpu0) / (t1 - t0)

    @property
    def host_samples(self) -> tuple[HostSample, HostSample] | None:
        """The host's samples at open and close, or None if one is missing."""
        return (self.host[0], self.host[-1]) if len(self.host) > 1 else None

    @property
    def sut_samples(self) -> tuple[ProcessSample, ProcessSample] | None:
        """The samples of the SUT's process tree at open and close, or None if one is missing."""
        return (self.process[0], self.process[-1]) if len(self.process) > 1 else None


def _failed(rule: str, reason: str) -> Measurement:
    return Measurement(metrics=TrialMetrics(), histograms={}, failure=reason, failure_rule=rule)


@contextmanager
def rig(
    *,
    plan: CorePlan,
    logs: Path,
    loads: Mapping[str, Load],
    settings: Mapping[str, float | None],
    seed: int,
    database_url: str | None = None,
) -> Iterator[Rig]:
    """Start the driver, and end it and every service of a campaign when the block ends."""
    with locust_process(log=logs / "driver.log", cores=plan.for_others) as locust:
        made = Rig(
            plan=plan,
            logs=logs,
            loads=loads,
            locust=locust,
            seed=seed,
            settings=settings,
            database_url=database_url,
        )
        try:
            yield made
        finally:
            made.close()
