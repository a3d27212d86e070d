"""A campaign is run again with its own settings; what cannot be had is refused by name."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from analysis.reading.alarms import alarms
from analysis.reading.campaign import load_campaign
from analysis.reading.summary import treatment_ceiling
from bench_app.catalogue import CATALOGUE
from bench_app.settings import Settings, read_settings
from comparable_campaigns import POOLED
from experiment.design.factors import ServerConfig
from experiment.errors import StoreError, UsageError
from fake_campaigns import SETTINGS
from harness.commands import reproduce as reproducing
from harness.system.pinning import plan_cores
from harness.trial import app_settings
from harness.trial.driver import LocustProcess
from harness.trial.rig import Rig
from repeated_campaigns import made_theirs, manifest_of, run_again

if TYPE_CHECKING:
    from pathlib import Path

OTHER = {
    "sleep_s": 0.25,
    "article_sleep_s": 1.0,
    "upstream_delay_s": 0.3,
    "query_s": 0.02,
    "db_pool_size": 10,
    "thread_tokens": 20,
    "stall_s": 0.2,
    "stall_every_s": 1.0,
}


def test_settings_are_theirs(tmp_path: Path) -> None:
    assert not [name for name, value in OTHER.items() if SETTINGS[name] == value]
    theirs = made_theirs(tmp_path / "theirs", settings=OTHER)
    assert manifest_of(theirs, tmp_path).settings == OTHER


def test_settings_that_they_did_not_record_are_todays(tmp_path: Path) -> None:
    theirs = made_theirs(tmp_path / "theirs", settings={"sleep_s": 0.25, "thread_tokens": None})
    assert manifest_of(theirs, tmp_path).settings == {**SETTINGS, "sleep_s": 0.25}


def test_the_app_is_told_the_manifests_settings() -> None:
    assert app_settings.environment(OTHER) == {
        "BENCH_SLEEP_S": "0.25",
        "BENCH_ARTICLE_SLEEP_S": "1.0",
        "BENCH_QUERY_S": "0.02",
        "BENCH_DB_POOL_SIZE": "10",
        "BENCH_THREAD_TOKENS": "20",
        "BENCH_STALL_S": "0.2",
        "BENCH_STALL_EVERY_S": "1.0",
    }


def test_todays_settings_are_what_the_app_does_untold(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {name: value for name, value in app_settings.todays().items() if name != "upstream_delay_s"}
    for name, value in app_settings.environment(told).items():
        monkeypatch.setenv(name, value)
    assert read_settings() == Settings.model_construct(thread_tokens=app_settings.THREAD_TOKENS)


def test_a_sut_of_the_rig_waits_as_long_as_the_manifest_says(tmp_path: Path) -> None:
    stand = Rig(
        plan=plan_cores(),
        logs=tmp_path,
        loads={},
        locust=LocustProcess(log=tmp_path / "driver.log", cores=()),
        settings={**SETTINGS, "sleep_s": 0.5},
    )
    native = {"sleep.async-native": CATALOGUE["sleep.async-native"]}
    with closing(stand), stand.serving(native, ServerConfig(), "told") as service:
        assert 0.5 <= httpx.get(f"{service.url}/sleep/async-native").elapsed.total_seconds() < 5.0


def test_ceilings_and_alarms_follow_the_settings(tmp_path: Path) -> None:
    theirs = made_theirs(tmp_path / "theirs", settings={**SETTINGS, "sleep_s": 0.05, "thread_tokens": 20})
    run_again(theirs, tmp_path / "again")
    again = load_campaign(tmp_path / "again")
    limit = treatment_ceiling(again, again.treatments[POOLED])
    assert limit is not None
    assert (limit.goodput_rps, limit.decided_by) == (20 / 0.05, "T/S")
    assert not [a for a in alarms(again) if "theory allows" in a]  # planted: 780 and 395 a second


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sleep_s": 75.0}, r"sleep_s = 75\.0 \(input should be less than or equal to 60\)"),
        ({"db_pool_size": 0}, r"db_pool_size = 0 \(input should be greater"),
        ({"db_pool_size": 191}, r"db_pool_size = 191 \(our PostgreSQL has room for 190; .*BENCH_DATABASE_URL"),
        ({"db_pool_size": 2.5}, r"db_pool_size = 2\.5"),
        ({"upstream_delay_s": 61}, r"upstream_delay_s = 61 \(must be from 0 to 60\)"),
        ({"cache_s": 9, "query_s": 61}, r"query_s = 61 .*cache_s = 9 \(there is no such setting here\)"),
    ],
)
def test_settings_that_cannot_be_had_are_refused_by_name_and_with_advice(
    changes: dict[str, Any], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BENCH_DATABASE_URL", raising=False)
    theirs = made_theirs(tmp_path / "theirs", settings={**SETTINGS, **changes})
    with pytest.raises(UsageError, match=f"{said}.*Check out the version that measured it .commit 0123456789abcdef"):
        manifest_of(theirs, tmp_path)


def test_a_database_of_the_users_own_may_have_room_for_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reproducing, "given_database", lambda: "postgresql://somewhere/else")
    theirs = made_theirs(tmp_path / "theirs", settings={**SETTINGS, "db_pool_size": 400})
    assert manifest_of(theirs, tmp_path).settings["db_pool_size"] == 400


@pytest.mark.parametrize("unfit", ["long", True, float("nan")])
def test_a_setting_that_is_no_number_is_no_traceback(unfit: object, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"theirs: settings\.sleep_s: must be a number \(given: .*\)"):
        made_theirs(tmp_path / "theirs", settings={**SETTINGS, "sleep_s": unfit})
