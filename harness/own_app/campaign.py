"""A campaign over somebody's own app, from the order to a finished folder: prepared, registered, measured, judged.

The folder is that of any campaign, with app.json and blocking.csv beside the tables. Claims stand in its manifest
before the first trial. A folder in which nothing was registered is removed again.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version as version_of
from pathlib import Path

from analysis.stats.judge import ALPHA
from analysis.stats.rule import LATEST, RULES
from analysis.wording.words import plural
from experiment.design.model import Treatment
from experiment.design.own_app import secret_values
from experiment.errors import StoreError, UsageError
from experiment.records.app_record import (
    AppRecord,
    RefusalEntry,
    create_blocking,
    mend_blocking,
    read_app_record,
    write_app_record,
)
from experiment.records.manifest import LOOPBACK, Manifest, ProfileFacts
from experiment.records.registered import ClaimEntry, treatment_entries
from experiment.records.store import CampaignFolder
from experiment.theory.rules import PAUSE_S
from harness.campaign.campaign import Campaign
from harness.campaign.events import Listener
from harness.campaign.keeping import resumable
from harness.campaign.run import CampaignOutcome
from harness.campaign.schedule import Rules
from harness.campaign.workers import tell_of_workers, with_machines
from harness.own_app.app_schedule import AppSchedule
from harness.own_app.app_services import app_services
from harness.own_app.claims import shown
from harness.own_app.guest_process import guest_command
from harness.own_app.order import AppOrder, budget_s, writes
from harness.own_app.planning import Plan, planned
from harness.own_app.preparing import Prepared, check_changes, cures_for, inspected, prepare, to_check, versions_of
from harness.own_app.recording import app_record
from harness.own_app.rig import AppRig, app_rig
from harness.own_app.secrets import secrets_of
from harness.own_app.versions import Version
from harness.system import host
from harness.system.lock import only_one
from harness.system.pinning import plan_cores
from harness.system.places import HOME, short


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """A campaign that is being prepared and measured."""

    folder: CampaignFolder
    rig: AppRig
    order: AppOrder
    made: Prepared
    listener: Listener


def run_app(order: AppOrder, listener: Listener) -> CampaignOutcome:
    """Measure an app. Raises UsageError, StoreError and EnvironmentUnfitError, each in words for its user."""
    if not order.chosen:
        raise UsageError(f"{short(order.file.path)} lists no request; write a [[request]], or run `bench app init`")
    for request in writes(order.chosen):
        listener.note(f"{shown(request)} is sent many times to the app's own database, and what it writes stays there")
    with versions_of(order) as versions:
        made = inspected(order, versions)
        tell_of_workers(order.workers, order.elsewhere, listener)
        with (
            _new_folder(order, _manifest(order)) as folder,
            _rig(order, folder, versions) as rig,
            _services(order, rig),
        ):
            return _prepared_and_measured(_Work(folder=folder, rig=rig, order=order, made=made, listener=listener))


def _rig(order: AppOrder, folder: CampaignFolder, versions: Mapping[str, Version]) -> AbstractContextManager[AppRig]:
    environ = dict(os.environ)
    return app_rig(
        plan=plan_cores(),
        folder=folder.path,
        loads={},
        versions=versions,
        seed=order.seed,
        secrets=secrets_of(order.file, environ),
        headers={request.id: secret_values(request, environ) for request in order.chosen},
        workers=order.workers,
        elsewhere=order.elsewhere,
    )


@contextmanager
def _services(order: AppOrder, rig: AppRig) -> Iterator[None]:
    """Run what the app needs beside it; of its log the end is kept, without secrets."""
    log = rig.app_log("services")
    try:
        with app_services(order.file.app, log.path):
            yield
    finally:
        log.clean()


def _only_us(folder: Path) -> AbstractContextManager[None]:
    return only_one(folder / ".running", busy=f"{folder} is being measured by another process; wait for it or stop it.")


@contextmanager
def _new_folder(order: AppOrder, manifest: Manifest) -> Iterator[CampaignFolder]:
    """Make the campaign's folder; it is removed again if the block ends before something was registered."""
    folder = CampaignFolder.create(order.out, manifest)
    try:
        with _only_us(folder.path):
            yield folder
    finally:
        if not folder.manifest().claims:
            shutil.rmtree(folder.path)


def _prepared_and_measured(work: _Work) -> CampaignOutcome:
    order, made, rig, note = work.order, work.made, work.rig, work.listener.note
    note("asking each request twice, then one user of each for a second or two ...")
    prepare(rig, order, made, note)
    cures = cures_for(order, made, made.costs(order.chosen))
    check_changes(rig, made, to_check(order, made, cures))
    plan = planned(order, made, cures, cores=len(rig.plan.everything))
    if not plan.claims:
        raise UsageError(_nothing_left(order, made, plan))  # which names the refusals
    for refusal in made.refusals:
        note(f"not tried: {refusal.request} with {refusal.change}: {refusal.why}{_at(refusal)}")
    return _measured(work, plan)


def _at(refusal: RefusalEntry) -> str:
    return "" if refusal.file is None else f" ({refusal.file}:{refusal.line})"


def _nothing_left(order: AppOrder, made: Prepared, plan: Plan) -> str:
    """Say that a change cannot be tried, why, and what theory expects of it."""
    reasons = [f"{r.request} with {r.change} cannot be tried: {r.why}{_at(r)}" for r in made.refusals]
    for treatment, today in plan.refused:
        own, theirs = plan.theory.of(treatment), plan.theory.of(today)
        if own is not None and theirs is not None:
            ratio = own.goodput_rps / theirs.goodput_rps
            said = f"theory predicts {ratio:.2g} times the goodput of today under {treatment.load}"
            reasons.append(f"{said} (predicted, not measured)")
    return "\n  ".join(reasons) or f"nothing of {short(order.file.path)} can be measured"


def _measured(work: _Work, plan: Plan) -> CampaignOutcome:
    """Register, then measure round after round until all is decided or the budget is spent."""
    folder, order, rig = work.folder, work.order, work.rig
    limit_s = order.budget_s or budget_s(len(plan.treatments))
    manifest = _registered(folder.manifest(), order, plan, limit_s)
    record = app_record(order, work.made, plan, rig.versions)
    create_blocking(folder.path)
    write_app_record(folder.path, record)
    manifest = with_machines(manifest, rig.locust.workers if manifest.elsewhere else (), work.listener)
    folder.write_manifest(manifest)
    requests = len(work.made.good(order.chosen))
    work.listener.note(
        f"{plural(len(plan.claims), 'claim')} about {plural(requests, 'request')} registered; measuring for at most "
        f"{limit_s / 60:.3g} minutes into {short(folder.path)} (seed {order.seed})"
    )
    return _carried_out(work, manifest, record)


def _carried_out(work: _Work, manifest: Manifest, record: AppRecord) -> CampaignOutcome:
    """Measure what a manifest registers, or the rest of it."""
    folder, rig = work.folder, work.rig
    rig.loads = manifest.loads
    with resumable(folder.path, "bench app run"):
        try:
            results, stopped = _campaign(work, manifest).run()
        finally:
            write_app_record(folder.path, record.model_copy(update={"troubles": tuple(rig.troubles)}))
    folder.write_manifest(manifest.model_copy(update={"finished_at": _now(), "stopped_because": stopped}))
    return CampaignOutcome(folder=folder, results=results, stopped_because=stopped)


def _campaign(work: _Work, manifest: Manifest) -> Campaign:
    if manifest.profile is None or manifest.seed is None:
        raise StoreError(f"the manifest in {work.folder.path} does not say how the campaign is bounded.")
    bounds = manifest.profile
    return Campaign(
        folder=work.folder,
        driver=work.rig,
        claims=manifest.asked(),
        loads=manifest.loads,
        skipped=manifest.skipped,
        rules=Rules(
            seed=manifest.seed,
            alpha=manifest.alpha,
            budget_s=bounds.budget_s,
            max_rounds=bounds.max_rounds,
            judge=RULES[manifest.judge],
        ),
        pair=(),
        listener=work.listener,
        hold_of=lambda _variant, _settings: None,
        pause_s=PAUSE_S,
        scheduled_by=AppSchedule,
    )


def resume_app(order: AppOrder, listener: Listener) -> CampaignOutcome:
    """Go on with a campaign that broke off: `order.out` is its folder. Raises as `run_app` does.

    Its own claims, loads and bounds hold. Only preflight is made again, to know the right answers.
    """
    folder = CampaignFolder.open(order.out)
    folder.mend()
    mend_blocking(folder.path)
    manifest, record = folder.manifest(), read_app_record(folder.path)
    order = as_registered(order, manifest, record)
    with versions_of(order) as versions, _only_us(folder.path):
        made = inspected(order, versions)
        tell_of_workers(order.workers, order.elsewhere, listener)
        with _rig(order, folder, versions) as rig, _services(order, rig):
            rig.troubles = list(record.troubles)
            prepare(rig, order, made, listener.note, with_pilot=False)
            work = _Work(folder=folder, rig=rig, order=order, made=made, listener=listener)
            return _carried_out(work, manifest, record)


def as_registered(order: AppOrder, manifest: Manifest, record: AppRecord) -> AppOrder:
    """Return the order that a campaign's records stand for (pure).

    Raises UsageError where the file asks for something else by now: its trials would be of two kinds.
    """
    now = {request.id: request for request in order.file.requests}
    for then in record.requests:
        request = now.get(then.id)
        if request is None or (request.method, request.path) != (then.method, then.path):
            raise UsageError(
                f"{short(order.file.path)} has another request {then.id} now than when the campaign began: start a new "
                "campaign, or restore the file."
            )
    other = next((v.name for v in record.versions if v.name and not _is_in_claims(order, v.name)), None)
    return replace(
        order,
        requests=tuple(then.id for then in record.requests),
        against=order.against or other,
        seed=manifest.seed if manifest.seed is not None else order.seed,
        workers=manifest.workers,
        elsewhere=manifest.elsewhere,
    )


def _is_in_claims(order: AppOrder, version: str) -> bool:
    sides = [text for claim in order.file.claims for text in (claim.treatment, claim.baseline or "")]
    return any(text.endswith(f"@{version}") for text in sides)


def _registered(manifest: Manifest, order: AppOrder, plan: Plan, limit_s: float) -> Manifest:
    profile = ProfileFacts(name=f"app-{order.asked.split()[0]}", budget_s=limit_s, max_rounds=order.max_rounds)
    return manifest.model_copy(
        update={
            "profile": profile,
            "loads": dict(plan.loads),
            "claims": tuple(ClaimEntry.of(r.claim) for r in plan.claims),
            "treatments": treatment_entries(plan.treatments),
            "skipped": dict(plan.skipped),
            "commands": {t.id: _command(t, order) for t in plan.treatments},
        }
    )


def _command(treatment: Treatment, order: AppOrder) -> str:
    """Return the app's command line as a manifest records it, without this machine's paths and ports."""
    host = LOOPBACK if order.elsewhere is None else order.elsewhere.sut_host
    return " ".join(guest_command(treatment.server, port="PORT", python="python", host=host))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _manifest(order: AppOrder) -> Manifest:
    """Return a manifest that registers nothing yet."""
    return Manifest(
        version=version_of("handlerbench"),
        campaign=order.out.name,
        command=order.command,
        seed=order.seed,
        alpha=ALPHA,
        judge=LATEST.name,
        started_at=_now(),
        host=host.facts(),
        packages=host.package_versions(),
        git=host.git_state(HOME),
        pinning=plan_cores().as_manifest(),
        workers=order.workers,
        elsewhere=order.elsewhere,
    )
