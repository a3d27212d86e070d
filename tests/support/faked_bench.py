"""The real `bench` in a process of its own, which measures with FakeDriver: `python faked_bench.py WORDS...`.

In the environment: FAKED_TRIAL_S, how long a trial takes (seconds); FAKED_BREAKS, the trial that ends in an exception
nobody expected; FAKED_PAUSES_S, how long to wait between tries to write a trial; FAKED_GOODPUT, what every treatment
does, and a request of an app in the other version. Charts are left out. An app is the made-up one of fake_app_world.
"""

import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from experiment.design.metrics import GOODPUT, MAKESPAN
from experiment.design.model import PlannedTrial
from experiment.records.store import CampaignFolder
from experiment.records.trial import Measurement
from fake_app_world import BUSY, WORLD, Truth, usual_claims, version_claims
from fake_apps import write_app_campaign
from harness.campaign import keeping, run
from harness.campaign.fake import FakeDriver, Planted
from harness.campaign.run import CampaignOutcome
from harness.campaign.schedule import Stop
from harness.commands import app_run, measuring
from harness.commands.cli import main
from harness.own_app.order import AppOrder
from harness.system import interruption
from harness.trial.driver import Progress
from harness.trial.preflight import PreflightReport


def _planted() -> Planted:
    return {GOODPUT: float(os.environ.get("FAKED_GOODPUT", "400")), MAKESPAN: 2.0}


class Stand:
    """Stands in for the rig."""

    def __init__(self) -> None:
        self.answers: dict[str, bytes] = {}
        self.database_facts = None
        self.is_forking = True
        self._driver = FakeDriver(planted=defaultdict(_planted), seed=1)

    def measure(self, planned: PlannedTrial, on_progress: Callable[[Progress], None]) -> Measurement:
        until = time.monotonic() + float(os.environ.get("FAKED_TRIAL_S", "0"))
        while time.monotonic() < until:
            interruption.check()
            time.sleep(0.01)
        if planned.trial_id == os.environ.get("FAKED_BREAKS"):
            raise KeyError("what nobody expected\nin two lines")
        return self._driver.measure(planned, on_progress)


@contextmanager
def _rig(**_how: Any) -> Iterator[Stand]:
    yield Stand()


def _measured_app(_args: Any, order: AppOrder, **_how: Any) -> CampaignOutcome:
    vars(os).update(fsync=lambda _fd: None)  # what is made up need not outlast a power cut
    world, claims = dict(WORLD), usual_claims()
    if order.against:
        then = f"search@{BUSY}+version-{order.against}", f"items@{BUSY}+version-{order.against}"
        world |= {then[0]: Truth(ms=1060, rps=float(os.environ.get("FAKED_GOODPUT", "18.9")))}
        world |= {then[1]: Truth(ms=24, rps=830)}
        claims += version_claims(order.against)
    folder = CampaignFolder.open(write_app_campaign(order.out, world=world, claims=claims))
    return CampaignOutcome(folder=folder, results=(), stopped_because=Stop.ROUNDS)


def _faked() -> None:
    told = PreflightReport(answers={}, complaints={})
    vars(run).update(rig=_rig, preflight=lambda _stand, _planned: told, missing_variants=lambda _: {})
    vars(measuring).update(draw=lambda _campaign: [])
    vars(app_run).update(measured=_measured_app)
    if pauses := os.environ.get("FAKED_PAUSES_S"):
        vars(keeping).update(PAUSES_S=tuple(map(float, pauses.split())))


if __name__ == "__main__":
    _faked()
    sys.exit(main())
