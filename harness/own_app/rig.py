"""The Driver of a campaign over somebody's own app: a new process of the app for each trial, under its own Python.

Locust, the yardstick and the cores are those of harness/trial/rig.py; the app's process comes from guest_process.py.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from experiment.design.factor import FactorError
from experiment.design.factors import STYLE, VERSION, ServerConfig
from experiment.design.model import Load, PlannedTrial, Treatment
from experiment.errors import EnvironmentUnfitError
from experiment.records.app_record import BlockingLine, TroubleEntry, append_blocking
from experiment.records.driver_protocol import BystanderOrder, Request
from experiment.records.manifest import LOOPBACK, Elsewhere
from experiment.records.trial import Measurement
from harness.own_app.app_logs import AppLog
from harness.own_app.cures import guest_settings
from harness.own_app.guest_process import GuestOrder, guest
from harness.own_app.preflight import Found
from harness.own_app.secrets import redacted
from harness.own_app.versions import Version
from harness.system.on_demand import OnDemand
from harness.system.pinning import CorePlan
from harness.system.process import free_port
from harness.system.services import Service
from harness.system.yardstick import Yardstick, yardstick
from harness.trial.assemble import TrialObservations, assemble
from harness.trial.contention import TrialCores
from harness.trial.driver import DriverFailedError, LocustProcess, Progress, locust_process, trial_command
from harness.trial.driving import drive, failed
from harness.trial.idle import idle_cpu_share
from harness.trial.probe_log import ProbeLog, Window, probe_files

BYSTANDER = BystanderOrder(
    method="GET",
    path="/__handlerbench/bystander",
    expected_status=200,
    expected_body=b'{"ok":true}',
    interval_s=0.015,
    max_in_flight=512,
)
"""As often as beside bench_app. The guest answers it before the app's middleware sees it."""

MOST_TROUBLES = 40


@dataclass(slots=True)
class AppRig:
    """Everything that a trial of somebody's app needs. Use `app_rig(...)` to make one."""

    plan: CorePlan
    folder: Path  # of the campaign
    loads: Mapping[str, Load]
    locust: LocustProcess
    versions: Mapping[str, Version]  # by name; "" is the app as its file has it
    seed: int
    host: str = LOOPBACK  # where the app listens
    port: int = 0  # of every start, as long as nobody else takes it: answers may have the app's own address in them
    secrets: tuple[str, ...] = field(default=(), repr=False)
    headers: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict, repr=False)
    found: dict[tuple[str, str], Found] = field(default_factory=dict)  # by request and version
    endpoints: dict[tuple[str, str], str] = field(default_factory=dict)  # likewise
    idle_shares: dict[ServerConfig, float] = field(default_factory=dict)
    troubles: list[TroubleEntry] = field(default_factory=list)
    yardstick: OnDemand[Yardstick] = field(init=False)

    def __post_init__(self) -> None:
        self.yardstick = OnDemand(self._open_yardstick)

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @contextmanager
    def _open_yardstick(self) -> Iterator[Yardstick]:
        core = self.plan.for_sut(all_cores=False)[-1:]  # one, if the app has several
        with yardstick(self.logs / "yardstick.passes", log=self.logs / "yardstick.log", cores=core) as running:
            yield running

    @contextmanager
    def serving(self, server: ServerConfig, name: str, endpoint: str | None = None) -> Iterator[Service]:
        """Run the app, its probe writing to logs/<name>.probe.jsonl. Raises EnvironmentUnfitError, in a sentence."""
        self._forget(name)
        self.port = free_port(self.host, wanted=self.port)
        order = GuestOrder(
            app=self.versions[str(server[VERSION] or "")].app,
            server=server,
            settings=guest_settings(server, endpoint, self.refusals_path(name)),
            probe=self.probe_path(name),
            log=self.app_log(name).path,
            cores=self.plan.for_sut(all_cores=server.launch().all_cores),
            host=self.host,
            port=self.port,
        )
        with guest(order) as service:
            yield service

    def probe_path(self, name: str) -> Path:
        return self.logs / f"{name}.probe.jsonl"

    def refusals_path(self, name: str) -> Path:
        return self.logs / f"{name}.refusals.jsonl"

    def app_log(self, name: str) -> AppLog:
        return AppLog(self.logs / f"{name}.log", self.secrets)

    def _forget(self, name: str) -> None:
        """Remove what an interrupted trial of this name left."""
        for file in (*probe_files(self.probe_path(name)), self.refusals_path(name), self.app_log(name).path):
            file.unlink(missing_ok=True)

    def measure(self, planned: PlannedTrial, on_progress: Callable[[Progress], None]) -> Measurement:
        """Measure one trial; what went wrong is a finding with the app's own last lines."""
        measurement = self._measured(planned.treatment, planned.trial_id, planned.round, on_progress)
        clean = self._without_secrets(measurement)
        self._note_trouble(planned, clean)
        self._tidy(planned.trial_id, keep_log=_went_wrong(clean) is not None)
        return clean

    def _measured(
        self, treatment: Treatment, name: str, number: int, on_progress: Callable[[Progress], None]
    ) -> Measurement:
        server = treatment.server
        endpoint = self.endpoints.get((treatment.variant, str(server[VERSION] or "")))
        try:
            self._start_idle(server)
            with self.serving(server, name, endpoint) as service:
                return self._drive(treatment, name, number, service, on_progress)
        except (EnvironmentUnfitError, FactorError) as error:
            return failed("sut-not-ready", str(error))
        except DriverFailedError as error:
            return failed("driver-failed", str(error))

    def _drive(
        self, treatment: Treatment, name: str, number: int, service: Service, on_progress: Callable[[Progress], None]
    ) -> Measurement:
        load, speed = self.loads[treatment.load], self.yardstick.running()
        command = trial_command(
            name,
            service.port,
            self.request_for(treatment),
            load,
            bystander=BYSTANDER,
            seed=self.seed * 10_000 + number,
            host=self.host,
        )
        result, edges = drive(
            self.locust,
            command,
            sut=service.process.pid,
            yardstick=speed.process.pid,
            others=(os.getpid(),),
            on_progress=on_progress,
        )
        if not service.is_alive:
            return failed("sut-died", f"the app ended with code {service.process.returncode} under load")
        probe = ProbeLog.read(self.probe_path(name))
        self._keep_blocking(name, probe, Window(result.window_open_t, result.window_close_t))
        return assemble(
            TrialObservations(
                load=load,
                result=result,
                probe=probe,
                edges=edges,
                cores=TrialCores(
                    sut=self.plan.for_sut(all_cores=treatment.server.launch().all_cores), others=self.plan.for_others
                ),
                sut_idle_cpu_share=self.idle_shares[_idle_key(treatment.server)],
                passes=speed.passes(),
                sut_ready_s=service.ready_s,
            )
        )

    def request_for(self, treatment: Treatment) -> Request:
        """Return a request with its headers as they are sent, and with the answer that preflight found right."""
        found = self.found[treatment.variant, str(treatment.server[VERSION] or "")]
        asked = found.request
        return Request(
            method=asked.method,
            path=asked.path,
            headers=self.headers[asked.id],
            body=asked.body,
            expected_status=asked.expect_status,
            expected_body=found.expected_body,
        )

    def pilot(self, request: str, version: str, load: Load, service: Service, name: str) -> Measurement:
        """Drive one request on an app that runs already, before there are trials."""
        self.loads = {**self.loads, load.id: load}
        server = ServerConfig() if not version else ServerConfig(((VERSION.name, version),))
        treatment = Treatment(variant=request, load=load.id, server=server)
        try:
            return self._drive(treatment, name, 0, service, lambda _: None)
        except DriverFailedError as error:
            return failed("driver-failed", str(error))

    def _keep_blocking(self, name: str, probe: ProbeLog | None, window: Window) -> None:
        if probe is not None and name.startswith("t"):  # a trial's, not the pilot's
            lost = probe.held_up_by(window).items()
            append_blocking(
                self.folder, [BlockingLine(trial_id=name, place=p, library_call=c, lost_s=s) for (p, c), s in lost]
            )

    def _start_idle(self, server: ServerConfig) -> None:
        if not self.knows_idle_share(server):
            with self.serving(_idle_key(server), "idle") as service:
                self.know_idle_share(server, service)
            self._forget("idle")

    def knows_idle_share(self, server: ServerConfig) -> bool:
        return _idle_key(server) in self.idle_shares

    def know_idle_share(self, server: ServerConfig, service: Service) -> None:
        """Measure what the app costs that nobody asks anything. Raises EnvironmentUnfitError when it ended."""
        self.idle_shares[_idle_key(server)] = idle_cpu_share(service)

    def hidden(self, text: str) -> str:
        """Return a text of the app's without secrets."""
        return redacted(text, self.secrets)

    def cleaned(self, found: Found) -> Found:
        return found if found.complaint is None else replace(found, complaint=self.hidden(found.complaint))

    def _without_secrets(self, measurement: Measurement) -> Measurement:
        """Hide the user's secrets in what the app or the driver said."""
        said = measurement.metrics.first_failure
        metrics = measurement.metrics if said is None else replace(measurement.metrics, first_failure=self.hidden(said))
        failure = None if measurement.failure is None else self.hidden(measurement.failure)
        return replace(measurement, metrics=metrics, failure=failure)

    def _note_trouble(self, planned: PlannedTrial, measurement: Measurement) -> None:
        reason = _went_wrong(measurement)
        if reason is None or len(self.troubles) >= MOST_TROUBLES:
            return
        self.troubles.append(
            TroubleEntry(
                trial_id=planned.trial_id,
                request=planned.treatment.variant,
                reason=reason,
                log=self.app_log(planned.trial_id).last_lines(),
            )
        )

    def _tidy(self, name: str, *, keep_log: bool) -> None:
        log = self.app_log(name)
        if keep_log:
            log.clean()
        for file in (*probe_files(self.probe_path(name)), self.refusals_path(name)):
            file.unlink(missing_ok=True)
        if not keep_log:
            log.path.unlink(missing_ok=True)

    def tidy(self, names: Sequence[str]) -> None:
        """Remove what preparations wrote, their logs cleaned of secrets."""
        for name in names:
            self._tidy(name, keep_log=False)

    def close(self) -> None:
        self.yardstick.close()


def _idle_key(server: ServerConfig) -> ServerConfig:
    """Return a server without what concerns one route only: an idle app costs the same."""
    return ServerConfig(tuple((name, value) for name, value in server.changed if name != STYLE.name))


def _went_wrong(measurement: Measurement) -> str | None:
    """Return what an app did wrong under load, in words: it died, did not start, answered wrongly or not at all."""
    metrics = measurement.metrics
    if measurement.failure is not None:
        return measurement.failure.splitlines()[0]
    if metrics.wrong or metrics.errors:
        kinds = {"wrong": metrics.wrong, "without an answer": metrics.errors}
        counted = " and ".join(f"{count} {kind}" for kind, count in kinds.items() if count)
        return f"{counted} of {metrics.sent} requests; first: {metrics.first_failure or 'not kept'}"
    return None


@contextmanager
def app_rig(
    *,
    plan: CorePlan,
    folder: Path,
    loads: Mapping[str, Load],
    versions: Mapping[str, Version],
    seed: int,
    secrets: tuple[str, ...],
    headers: Mapping[str, tuple[tuple[str, str], ...]],
    workers: int = 0,
    elsewhere: Elsewhere | None = None,
) -> Iterator[AppRig]:
    """Start the driver, and end it and everything of the campaign when the block ends.

    `workers` and `elsewhere` are as those of the other rig.
    """
    log = folder / "logs" / "driver.log"
    with locust_process(log=log, cores=plan.for_others, workers=workers, elsewhere=elsewhere) as locust:
        made = AppRig(
            plan=plan,
            folder=folder,
            loads=loads,
            locust=locust,
            versions=versions,
            seed=seed,
            host=LOOPBACK if elsewhere is None else elsewhere.sut_host,
            secrets=secrets,
            headers=headers,
        )
        with closing(made):
            yield made
