"""A campaign that goes on measures what it set out to, or says why it cannot."""

from __future__ import annotations

import pytest

from experiment.design.model import Treatment
from experiment.errors import EnvironmentUnfitError
from experiment.records.manifest import Manifest
from fake_campaigns import manifest
from harness.campaign.run import refuse_fewer

SLEEP, DB = "sleep.def", "db.def.psycopg2-plain"
PLANNED = [Treatment(variant=SLEEP, load="closed-80"), Treatment(variant=DB, load="closed-80")]
BROKEN = {DB: "PostgreSQL could not be started: initdb failed (code 1). See logs/postgres.log."}


def begun(*variants: str) -> Manifest:
    """Return the manifest of a campaign that has started servers for these variants."""
    commands = {t.id: "uvicorn" for t in PLANNED if t.variant in variants}
    return Manifest.model_validate({**manifest(PLANNED, claims=()), "commands": commands}, strict=False)


def test_a_database_that_fails_to_start_for_once_does_not_change_the_plan() -> None:
    with pytest.raises(EnvironmentUnfitError) as refused:
        refuse_fewer(begun(SLEEP, DB), BROKEN)
    assert str(refused.value).startswith(f"{DB} was measured in this campaign and cannot be measured now: PostgreSQL")
    assert "then resume again" in str(refused.value)


def test_what_could_never_be_measured_stays_left_out() -> None:
    refuse_fewer(begun(SLEEP), BROKEN)


def test_what_was_left_out_at_the_first_start_may_be_left_out_again() -> None:
    at_first = begun(SLEEP, DB).model_copy(update={"skipped": BROKEN})
    refuse_fewer(at_first, BROKEN)


def test_a_campaign_that_has_not_measured_yet_may_leave_out_anything() -> None:
    refuse_fewer(begun(), BROKEN)
