"""`bench run`: from a profile and a seed to a finished campaign folder with verdicts, charts and report."""

import secrets
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from analysis.reading.campaign import refuse_unknown
from analysis.stats.judge import ALPHA
from analysis.stats.results import ClaimResult
from analysis.stats.rule import LATEST, RULES
from bench_app.catalogue import CATALOGUE
from bench_app.registry import Resource
from experiment.design.claims import A_A, CLAIMS, CLAIMS_VERSION
from experiment.design.model import Claim, Load, Treatment
from experiment.design.plan import treatments_for
from experiment.design.profiles import PROFILES, Profile
from experiment.errors import EnvironmentUnfitError, StoreError
from experiment.records.manifest import LOOPBACK, Elsewhere, Manifest, ProfileFacts
from experiment.records.names import campaign_name
from experiment.records.registered import ClaimEntry, treatment_entries
from experiment.records.store import CampaignFolder
from experiment.theory.rules import PAUSE_S
from harness.campaign.campaign import Campaign
from harness.campaign.events import Listener
from harness.campaign.keeping import resumable
from harness.campaign.schedule import Rules
from harness.campaign.unserved import given_database, missing_for, missing_variants
from harness.campaign.workers import tell_of_workers, with_machines
from harness.postgres.binaries import NoPostgresError
from harness.system import host
from harness.system.lock import only_one
from harness.system.pinning import plan_cores
from harness.system.places import HOME, RESULTS
from harness.trial import app_settings
from harness.trial.launch import described, unfit
from harness.trial.preflight import preflight
from harness.trial.rig import Rig, rig


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSpec:
    """What the user wants to measure."""

    profile: Profile
    claims: tuple[str, ...]
    seed: int
    budget_s: float
    max_rounds: int
    out: Path
    command: str
    sweep: tuple[tuple[Treatment, Load], ...] = ()  # the steps of a sweep
    all_rounds: bool = False  # measure every claim in every round, decided or not
    workers: int = 0  # processes that drive; 0: one, without a master
    elsewhere: Elsewhere | None = None  # how workers that others start find master and app


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignOutcome:
    """A campaign that ran."""

    folder: CampaignFolder
    results: tuple[ClaimResult, ...]
    stopped_because: str


def run_spec(
    profile: str,
    *,
    claims: Sequence[str] = (),
    seed: int | None = None,
    budget_s: float | None = None,
    rounds: int | None = None,
    out: Path | None = None,
    command: Sequence[str] = (),
    sweep: Sequence[tuple[Treatment, Load]] = (),
    all_rounds: bool = False,
    workers: int = 0,
    elsewhere: Elsewhere | None = None,
) -> RunSpec:
    """Fill in what is missing: the profile's own claims, budget and rounds, a new seed, a folder named by the time."""
    base = PROFILES[profile]
    chosen = tuple(claims) or base.claims
    now = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    name = f"{now}-{base.name}" if not claims else f"{now}-{base.name}-{'-'.join(chosen[:3])}"
    return RunSpec(
        profile=base,
        claims=chosen,
        seed=secrets.randbelow(1_000_000) if seed is None else seed,
        budget_s=base.budget_s if budget_s is None else budget_s,
        max_rounds=base.max_rounds if rounds is None else rounds,
        out=out or RESULTS / name,
        command=shlex.join(command),
        sweep=tuple(sweep),
        all_rounds=all_rounds,
        workers=workers,
        elsewhere=elsewhere,
    )


def run_new(order: RunSpec, listener: Listener) -> CampaignOutcome:
    """Measure a new campaign.

    Raises StoreError when the folder holds a campaign, EnvironmentUnfitError when a service it needs does not start.
    """
    claims = [CLAIMS[c] for c in order.claims]
    skipped = missing_variants(claims)
    skipped |= missing_for(t.variant for t, _ in order.sweep)
    loads = {load: order.profile.load(load) for load in sorted({t.load for t in treatments_for(claims)})}
    loads |= {load.id: load for _, load in order.sweep}
    return run_registered(order.out, new_manifest(order, claims, loads, skipped), listener)


def run_registered(path: Path, manifest: Manifest, listener: Listener) -> CampaignOutcome:
    """Measure what a manifest registers: its claims, under its loads, with its settings.

    Raises StoreError when the folder holds a campaign, EnvironmentUnfitError when a service it needs does not start.
    """
    return _measure(CampaignFolder.create(path, manifest), listener, point_latest_at)


def resume(path: Path, listener: Listener) -> CampaignOutcome:
    """Continue a campaign that was interrupted, by its own manifest. Raises StoreError where that is not sound."""
    folder = CampaignFolder.open(path)
    manifest = folder.manifest()
    refuse_unknown(manifest, path)
    folder.planned_frame(manifest)
    folder.check()  # all that is damaged is refused before anything is changed
    folder.mend()
    return _measure(folder, listener, lambda _: None)


def always_of(manifest: Manifest, claims: Sequence[Claim]) -> tuple[Treatment, ...]:
    """Return what a campaign measures in every round, whatever is decided: a sweep's steps, or everything."""
    steps = [entry.value for entry in manifest.sweep]
    planned = treatments_for(claims) if manifest.profile is not None and manifest.profile.all_rounds else ()
    return tuple(dict.fromkeys([*steps, *planned]))


def _measure(folder: CampaignFolder, listener: Listener, on_start: Any) -> CampaignOutcome:
    manifest = folder.manifest()
    claims, bounds = manifest.asked(), _bounds(folder, manifest)
    always = always_of(manifest, claims)
    busy = f"{folder.path} is being measured by another process; wait for it or stop it."
    with only_one(folder.path / ".running", busy=busy), resumable(folder.path):
        on_start(folder.path)
        tell_of_workers(manifest.workers, manifest.elsewhere, listener)
        with _rig_for(folder, manifest) as stand:
            came = stand.locust.workers if manifest.elsewhere else ()
            skipped = _preflight(stand, [*treatments_for(claims), *always], manifest.skipped, listener)
            refuse_fewer(manifest, skipped)
            found = {"skipped": skipped, "database": stand.database_facts, "forked": stand.is_forking}
            manifest = with_machines(manifest.model_copy(update=found), came, listener)
            manifest = manifest.model_copy(update={"commands": _commands(manifest)})
            folder.write_manifest(manifest)
            campaign = Campaign(
                folder=folder,
                driver=stand,
                claims=claims,
                loads=manifest.loads,
                skipped=skipped,
                always=always,
                rules=bounds,
                listener=listener,
                pause_s=PAUSE_S,
            )
            results, stopped = campaign.run()
        finished = datetime.now(UTC).isoformat(timespec="seconds")
        ended = {"finished_at": finished, "stopped_because": stopped}
        folder.write_manifest(manifest.model_copy(update=ended))
    return CampaignOutcome(folder=folder, results=results, stopped_because=stopped)


@contextmanager
def _rig_for(folder: CampaignFolder, manifest: Manifest) -> Iterator[Rig]:
    with rig(
        plan=plan_cores(),
        logs=folder.path / "logs",
        loads=manifest.loads,
        settings=app_settings.todays() | manifest.settings,
        seed=manifest.seed or 0,
        database_url=given_database(),
        workers=manifest.workers,
        elsewhere=manifest.elsewhere,
    ) as stand:
        yield stand


def _bounds(folder: CampaignFolder, manifest: Manifest) -> Rules:
    if manifest.profile is None or manifest.seed is None:
        raise StoreError(f"the manifest in {folder.path} does not say how the campaign is bounded; it cannot be run.")
    return Rules(
        seed=manifest.seed,
        alpha=manifest.alpha,
        budget_s=manifest.profile.budget_s,
        max_rounds=manifest.profile.max_rounds,
        judge=RULES[manifest.judge],
    )


def _commands(manifest: Manifest) -> dict[str, str]:
    """Return the SUT's command line, by id, of every planned treatment that can be started."""
    planned = (t for t in manifest.planned() if t.variant in CATALOGUE and t.variant not in manifest.skipped)
    host = LOOPBACK if manifest.elsewhere is None else manifest.elsewhere.sut_host
    return {t.id: described(t.server, host) for t in planned if unfit(t.server) is None}


def _preflight(
    stand: Rig, treatments: Sequence[Treatment], known: Mapping[str, str], listener: Listener
) -> dict[str, str]:
    """Send one request to every planned variant; return what to skip, with the reasons."""
    known = {**known, **_without_startable_database(stand, treatments, known)}
    planned = dict.fromkeys(t.variant for t in treatments if t.variant not in known)
    report = preflight(stand, planned)
    stand.answers.update(report.answers)
    for complaint in report.complaints.values():
        listener.note(f"not timed, its answer is wrong: {complaint}")
    for name, reason in known.items():
        listener.note(f"skipped: {name}: {reason}")
    noise = {t.variant for t in A_A.treatments}
    if noise & report.complaints.keys():
        raise EnvironmentUnfitError("the plainest routes of the app fail; nothing can be measured here")
    return {**known, **report.complaints}


def refuse_fewer(manifest: Manifest, skipped: Mapping[str, str]) -> None:
    """Keep a campaign that goes on from leaving out what it measured before: that would be another plan.

    Raises EnvironmentUnfitError with the reason, which may be gone at the next try.
    """
    measured = {t.variant for t in manifest.planned() if t.id in manifest.commands}  # written after the first preflight
    for name in sorted(measured & (skipped.keys() - manifest.skipped.keys())):
        raise EnvironmentUnfitError(
            f"{name} was measured in this campaign and cannot be measured now: {skipped[name].rstrip('.')}. Mend that, "
            "then resume again."
        )


def _without_startable_database(
    stand: Rig, treatments: Sequence[Treatment], known: Mapping[str, str]
) -> dict[str, str]:
    """Return the variants to skip because our own PostgreSQL is installed but does not start, with the reason."""
    named = dict.fromkeys(t.variant for t in treatments if t.variant not in known)
    users = [v for v in named if Resource.DATABASE in CATALOGUE[v].needs]
    try:
        if users:
            stand.database.running()
    except NoPostgresError as error:
        return dict.fromkeys(users, f"{str(error).splitlines()[0]} See logs/postgres.log.")
    return {}


def point_latest_at(path: Path) -> None:
    """Make results/latest name the newest campaign; campaigns elsewhere are left alone."""
    if path.parent.resolve() != RESULTS.resolve():
        return
    link, fresh = RESULTS / "latest", RESULTS / ".latest.new"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(path.name)
    fresh.replace(link)


def new_manifest(
    order: RunSpec, claims: Sequence[Claim], loads: Mapping[str, Load], skipped: Mapping[str, str]
) -> Manifest:
    """Return a campaign's manifest before its start: what it will measure, on which machine, with which software."""
    sweep = [t for t, _ in order.sweep]
    return Manifest(
        version=version("handlerbench"),
        campaign=campaign_name(order.out),
        profile=ProfileFacts(
            name=order.profile.name,
            is_smoke=order.profile.is_smoke,
            budget_s=order.budget_s,
            max_rounds=order.max_rounds,
            time_scale=order.profile.time_scale,
            all_rounds=order.all_rounds,
        ),
        command=order.command,
        seed=order.seed,
        alpha=ALPHA,
        judge=LATEST.name,
        started_at=datetime.now(UTC).isoformat(timespec="seconds"),
        host=host.facts(),
        packages=host.package_versions(),
        git=host.git_state(HOME),
        pinning=plan_cores().as_manifest(),
        settings=app_settings.todays(),
        loads=dict(loads),
        claims_version=CLAIMS_VERSION,
        claims=tuple(ClaimEntry.of(c) for c in claims),
        treatments=treatment_entries((*sweep, *treatments_for(claims))),
        sweep=treatment_entries(sweep),
        workers=order.workers,
        elsewhere=order.elsewhere,
        skipped=dict(skipped),
    )
