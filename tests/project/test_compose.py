"""The compose file, as far as it can be looked at without an engine: its schema, its commands, its cores."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from deployments import COMPOSE, COMPOSE_FILE, OURS, SERVICES, cores
from experiment.records.manifest import Elsewhere
from harness.commands.cli import parser_for
from harness.commands.driving import driving_of
from harness.commands.words import MASTER_PORT
from harness.postgres.given import check_form
from harness.system.pinning import plan_cores

if TYPE_CHECKING:
    from pathlib import Path

MASTER = SERVICES["bench"]
DATABASE = SERVICES["postgres"]
WORKERS = {name: service for name, service in SERVICES.items() if service["command"][0] == "worker"}
ADDRESS = MASTER["networks"]["bench"]["ipv4_address"]
OF_OURS = [name for name, service in SERVICES.items() if service["image"] == OURS]


def refusal(file: Path) -> str:
    """Return what the schema of the Compose Specification has against a file; nothing if it fits."""
    checker = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(file)]
    done = subprocess.run(checker, capture_output=True, text=True, timeout=60, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def parsed(name: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what `bench` reads in a service's command, on the cores that its container has."""
    monkeypatch.setattr("harness.system.pinning.usable_cores", lambda: cores(SERVICES[name]["cpuset"]))
    words = SERVICES[name]["command"]
    return parser_for(words).parse_args(words)


def test_it_fits_the_schema() -> None:
    assert refusal(COMPOSE_FILE) == ""


def test_a_word_that_the_schema_does_not_know_is_refused(tmp_path: Path) -> None:
    misspelt = tmp_path / "compose.yaml"
    misspelt.write_text(COMPOSE_FILE.read_text(encoding="utf-8").replace("cpuset:", "cpusets:"), encoding="utf-8")
    assert "cpusets" in refusal(misspelt)


@pytest.mark.parametrize("name", OF_OURS)
def test_a_service_gives_bench_words_that_it_knows(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert parsed(name, monkeypatch).run.__module__ == f"harness.commands.{SERVICES[name]['command'][0]}"


def test_the_master_expects_as_many_workers_as_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.campaign.workers.free_port", lambda host: host)  # the container has the address
    driving = driving_of(parsed("bench", monkeypatch))
    assert driving.elsewhere == Elsewhere(bind=f"{ADDRESS}:{MASTER_PORT}", sut_host=ADDRESS)
    assert driving.workers == len(WORKERS)


def test_the_masters_address_is_one_of_its_network() -> None:
    (pool,) = COMPOSE["networks"]["bench"]["ipam"]["config"]
    assert ip_address(ADDRESS) in ip_network(pool["subnet"])
    assert COMPOSE["networks"]["bench"]["internal"] is True
    assert [name for name, service in SERVICES.items() if "ports" in service] == []


@pytest.mark.parametrize("name", WORKERS)
def test_a_worker_finds_the_master_and_runs_on_its_own_core(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = parsed(name, monkeypatch)
    assert asked.master == (ADDRESS, MASTER_PORT)
    assert (asked.core,) == cores(SERVICES[name]["cpuset"])
    assert SERVICES[name]["hostname"] == name  # by which the manifest of the campaign names it


def test_nobody_shares_the_apps_core_and_no_two_workers_share_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.system.pinning.usable_cores", lambda: cores(MASTER["cpuset"]))
    plan = plan_cores()
    users = Counter(core for service in SERVICES.values() for core in cores(service["cpuset"]))
    assert [users[core] for core in plan.sut] == [1]
    assert cores(DATABASE["cpuset"]) == plan.others
    assert [users[core] for worker in WORKERS.values() for core in cores(worker["cpuset"])] == [1] * len(WORKERS)


def test_the_database_is_the_one_beside_it() -> None:
    url = MASTER["environment"]["BENCH_DATABASE_URL"]
    settings, wanted = DATABASE["environment"], "${BENCH_PASSWORD:?set it to letters and digits}"
    assert settings["POSTGRES_PASSWORD"] == wanted
    assert wanted in url
    check_form(url.replace(wanted, "secret"))
    parts = urlsplit(url.replace(wanted, "secret"))
    assert parts.hostname in SERVICES
    assert parts.port == 5432
    assert (parts.username, parts.path) == (settings["POSTGRES_USER"], f"/{settings['POSTGRES_DB']}")
    assert MASTER["depends_on"]["postgres"] == {"condition": "service_healthy"}


@pytest.mark.parametrize("name", OF_OURS)
def test_a_container_of_ours_may_write_its_volumes_only(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert "privileged" not in service
    assert "/tmp" in service["volumes"]  # noqa: S108 - of the container
    assert service["environment"]["MPLCONFIGDIR"].startswith("/tmp/")  # noqa: S108


def test_results_outlive_the_container() -> None:
    assert "results:/work/results" in MASTER["volumes"]
    assert set(COMPOSE["volumes"]) == {"results"}


def test_nothing_starts_again_by_itself() -> None:
    assert {service["restart"] for service in SERVICES.values()} == {"no"}
