"""The rig: services that run for a whole campaign, and a new SUT for each trial. It is the real Driver, with Locust."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench_app.catalogue import CATALOGUE
from bench_app.registry import Resource, Variant
from experiment.design.factor import FactorError
from experiment.design.factors import ACCESS_LOG, ServerConfig
from experiment.design.model import Load, PlannedTrial
from experiment.errors import EnvironmentUnfitError
from experiment.records.driver_protocol import BystanderOrder, Request, TrialCommand
from experiment.records.manifest import LOOPBACK, DatabaseFacts, Elsewhere
from experiment.records.trial import Measurement
from experiment.theory.ceilings import wait_of
from harness.postgres.server import Database, database
from harness.postgres.watch import DbWatch, watch
from harness.system.forks import Forks, forks
from harness.system.on_demand import OnDemand
from harness.system.pinning import CorePlan
from harness.system.scratch import scratch
from harness.system.services import Service, upstream
from harness.system.yardstick import Yardstick, yardstick
from harness.trial.app_settings import environment
from harness.trial.assemble import TrialObservations, assemble
from harness.trial.contention import TrialCores
from harness.trial.driver import DriverFailedError, LocustProcess, Progress, locust_process, trial_command
from harness.trial.driving import drive, failed
from harness.trial.idle import idle_cpu_share
from harness.trial.probe_log import ProbeLog, probe_files
from harness.trial.sut import sut

BYSTANDER = BystanderOrder(
    method="GET",
    path="/bystander",
    expected_status=200,
    expected_body=b'{"ok":true}',
    interval_s=0.015,
    max_in_flight=512,
)
"""67 calls a second: over 100 in the shortest window, which a p99 needs, for about 1.5 % of a core."""


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
    host: str = LOOPBACK  # where the SUTs listen
    spool: Path | None = None  # for a SUT's temporary files: one that is killed leaves the sockets of its process pool
    answers: dict[str, bytes] = field(default_factory=dict)  # the right answer of each variant, from preflight
    idle_shares: dict[ServerConfig, float] = field(default_factory=dict)  # cores that an idle SUT keeps busy
    database: OnDemand[Database] = field(init=False)
    upstream: OnDemand[Service] = field(init=False)
    yardstick: OnDemand[Yardstick] = field(init=False)
    forks: OnDemand[Forks] = field(init=False)
    is_forking: bool = True  # the SUTs of the usual launch

    def __post_init__(self) -> None:
        self.database = OnDemand(self._open_database)
        self.upstream = OnDemand(self._open_upstream)
        self.yardstick = OnDemand(self._open_yardstick)
        self.forks = OnDemand(self._open_forks)

    def _open_database(self) -> AbstractContextManager[Database]:
        pool_size = int(self.settings["db_pool_size"] or 1)
        log = self.logs / "postgres.log"
        return database(url=self.database_url, log=log, cores=self.plan.for_others, pool_size=pool_size)

    def _open_upstream(self) -> AbstractContextManager[Service]:
        delay_s = self.settings["upstream_delay_s"] or 0.0
        return upstream(delay_s=delay_s, log=self.logs / "upstream.log", cores=self.plan.for_others)

    def _open_forks(self) -> AbstractContextManager[Forks]:
        return forks(log=self.logs / "forks.log", cores=self.plan.for_sut(all_cores=False))

    def _open_yardstick(self) -> AbstractContextManager[Yardstick]:
        core = self.plan.for_sut(all_cores=False)[-1:]  # one, if the SUT has several
        return yardstick(self.logs / "yardstick.passes", log=self.logs / "yardstick.log", cores=core)

    def environment(self, variants: Mapping[str, Variant]) -> dict[str, str]:
        """Return the environment of a SUT that serves only these variants. Starts the services that they need."""
        needs = {need for v in variants.values() for need in v.needs}
        works = {v.work.name for v in variants.values()}
        env = {**environment(self.settings), "BENCH_VARIANTS": ",".join(variants), "BENCH_WORKS": ",".join(works)}
        if self.spool is not None:
            env["TMPDIR"] = str(self.spool)
        if Resource.UPSTREAM in needs:
            env["BENCH_UPSTREAM_URL"] = self.upstream.running().url
        if Resource.DATABASE in needs:
            env["BENCH_DATABASE_URL"] = self.database.running().url
            if len(variants) > 1:  # every driver's pool at once would not fit into a server's usual 100 connections
                env["BENCH_DB_POOL_SIZE"] = "2"
        return env

    @property
    def database_facts(self) -> DatabaseFacts | None:
        """What the manifest says of the database; None before one was needed."""
        known = self.database.last
        return None if known is None else DatabaseFacts(version=known.version, source=known.source.value)

    @contextmanager
    def serving(self, variants: Mapping[str, Variant], server: ServerConfig, name: str) -> Iterator[Service]:
        """Run a SUT that serves these variants, its probe writing to logs/<name>.probe.jsonl."""
        self.forget_probe(name)  # an interrupted trial may have had this id before
        log, probe = self.logs / f"{name}.log", self.probe_path(name)
        env, ready_made = self.environment(variants), self.forks.running() if self.is_forking else None
        with sut(
            server=server, environment=env, log=log, plan=self.plan, probe=probe, forks=ready_made, host=self.host
        ) as service:
            yield service

    def probe_path(self, name: str) -> Path:
        """Return where the probe of a SUT writes; with several processes their pids stand behind the name."""
        return self.logs / f"{name}.probe.jsonl"

    def forget_probe(self, name: str) -> None:
        for file in probe_files(self.probe_path(name)):
            file.unlink(missing_ok=True)

    def measure(self, planned: PlannedTrial, on_progress: Callable[[Progress], None]) -> Measurement:
        variant, server = CATALOGUE[planned.treatment.variant], planned.treatment.server
        try:
            self._know_idle_share(variant, server)
            with self.serving({variant.id: variant}, server, planned.trial_id) as service:
                measurement = self._drive(planned, variant, service, on_progress)
        except (EnvironmentUnfitError, FactorError) as error:
            return failed("sut-not-ready", str(error))
        except DriverFailedError as error:
            return failed("driver-failed", str(error))
        if measurement.failure is None:
            self._forget_logs(planned.trial_id, server)
        return measurement

    def _drive(
        self, planned: PlannedTrial, variant: Variant, service: Service, on_progress: Callable[[Progress], None]
    ) -> Measurement:
        load, server = self.loads[planned.treatment.load], planned.treatment.server
        speed = self.yardstick.running()
        with self._watching_database(variant) as watched:
            result, edges = drive(
                self.locust,
                self._command(planned, variant, service.port),
                sut=service.process.pid,
                yardstick=speed.process.pid,
                others=self._service_pids(),
                on_progress=on_progress,
            )
        broken = self._broken(variant, service, watched)
        if broken is not None:
            return broken
        return assemble(
            TrialObservations(
                load=load,
                result=result,
                probe=ProbeLog.read(self.probe_path(planned.trial_id)),
                edges=edges,
                cores=TrialCores(
                    sut=self.plan.for_sut(all_cores=server.launch().all_cores), others=self.plan.for_others
                ),
                sut_idle_cpu_share=self.idle_shares[server],
                connections=[(s.t, s.in_use, s.waiting) for s in watched.samples],
                passes=speed.passes(),
                sut_ready_s=service.ready_s,
                wait_s=wait_of(variant, server.settings(self.settings)),
            )
        )

    def _know_idle_share(self, variant: Variant, server: ServerConfig) -> None:
        if server not in self.idle_shares:
            with self.serving({variant.id: variant}, server, "idle") as service:
                self.idle_shares[server] = idle_cpu_share(service)
            self._forget_logs("idle", server)

    def _command(self, planned: PlannedTrial, variant: Variant, port: int) -> TrialCommand:
        return trial_command(
            planned.trial_id,
            port,
            self.call_for(variant),
            self.loads[planned.treatment.load],
            bystander=BYSTANDER,
            seed=(self.seed * 10_000 + planned.round) % 2**63,  # as the driver takes it
            host=self.host,
        )

    def _broken(self, variant: Variant, service: Service, watched: DbWatch) -> Measurement | None:
        """Return the measurement of a trial in which something it stands on ended; None if all stood."""
        if Resource.DATABASE in variant.needs and not self.database.is_alive:
            return failed("service-died", "PostgreSQL ended during the trial; see logs/postgres.log")
        if watched.lost is not None:
            return failed("watch-lost", f"the database could not be watched: {watched.lost}")
        if Resource.UPSTREAM in variant.needs and not self.upstream.is_alive:
            return failed("service-died", "the upstream stub ended during the trial; see logs/upstream.log")
        if not service.is_alive:
            code = service.process.returncode
            return failed("sut-died", f"the SUT ended with code {code} during the trial; see logs/{service.log.name}")
        return None

    @contextmanager
    def _watching_database(self, variant: Variant) -> Iterator[DbWatch]:
        """Sample what the database sees, for a variant that uses it."""
        if Resource.DATABASE not in variant.needs or self.database.last is None:
            yield DbWatch()
            return
        with watch(self.database.last.url) as seen:
            yield seen

    def call_for(self, variant: Variant) -> Request:
        """Return a variant's request with the answer that preflight found right."""
        return Request(
            method=variant.request.method,
            path=variant.request.path,
            headers=variant.request.headers,
            body=variant.request.read_body() if variant.request.sample else None,
            expected_status=200,
            expected_body=self.answers.get(variant.id),
        )

    def _service_pids(self) -> tuple[int, ...]:
        """Return the processes of ours that are not SUT, yardstick or driver."""
        upstream_pid = self.upstream.last.process.pid if self.upstream.last else None
        database_pid = self.database.last.postmaster_pid if self.database.last else None
        return tuple(pid for pid in (os.getpid(), upstream_pid, database_pid) if pid is not None)

    def _forget_logs(self, name: str, server: ServerConfig) -> None:
        """Remove a valid trial's probe file (its numbers are in the tables), and its log if nothing of note is in it.

        A log of every request would be of megabytes, and its lines say nothing.
        """
        self.forget_probe(name)
        log = self.logs / f"{name}.log"
        if log.exists() and (log.stat().st_size == 0 or server[ACCESS_LOG] == "on"):
            log.unlink()

    def close(self) -> None:
        for service in (self.yardstick, self.database, self.upstream, self.forks):
            service.close()


@contextmanager
def rig(
    *,
    plan: CorePlan,
    logs: Path,
    loads: Mapping[str, Load],
    settings: Mapping[str, float | None],
    seed: int,
    database_url: str | None = None,
    workers: int = 0,
    elsewhere: Elsewhere | None = None,
) -> Iterator[Rig]:
    """Start the driver, and end it and every service of a campaign when the block ends.

    `workers`: how many processes drive; 0: one does, without a master. `elsewhere`: how those that others start find
    the master and the SUTs. Raises EnvironmentUnfitError where they do not come.
    """
    driver = locust_process(log=logs / "driver.log", cores=plan.for_others, workers=workers, elsewhere=elsewhere)
    with scratch("sut-") as spool, driver as locust:
        made = Rig(
            plan=plan,
            logs=logs,
            loads=loads,
            locust=locust,
            seed=seed,
            settings=settings,
            database_url=database_url,
            host=LOOPBACK if elsewhere is None else elsewhere.sut_host,
            spool=spool,
        )
        with closing(made):
            yield made
