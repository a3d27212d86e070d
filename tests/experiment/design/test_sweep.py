"""The steps of a sweep: which treatments, and under which loads."""

from __future__ import annotations

import pytest

from bench_app.catalogue import CATALOGUE
from experiment.design.factor import Limits
from experiment.design.factors import ServerConfig, server
from experiment.design.sweep import rate_steps, users_steps

SETTINGS = {"sleep_s": 0.1, "query_s": 0.05, "upstream_delay_s": 0.1}
BOTH = [CATALOGUE["sleep.def"], CATALOGUE["sleep.async-native"]]
COSTS = {"noop.def@closed-20", "noop.async-native@closed-20"}


def _ids(**how: object) -> list[str]:
    steps = users_steps(BOTH, (1, 20), settings=SETTINGS, **how)  # type: ignore[arg-type]
    return [treatment.id for treatment, _ in steps if treatment.id not in COSTS]


def test_every_rate_is_offered_to_every_variant() -> None:
    steps = rate_steps(BOTH, (100.0, 200.0))
    assert [treatment.id for treatment, _ in steps] == [
        "sleep.def@open-100-poisson",
        "sleep.def@open-200-poisson",
        "sleep.async-native@open-100-poisson",
        "sleep.async-native@open-200-poisson",
    ]


def test_a_wait_is_a_server_factor_and_so_in_the_treatments_id() -> None:
    assert _ids(waits_ms=(5, 500))[:4] == [
        "sleep.def@closed-1-1.5s+wait-5ms",
        "sleep.def@closed-20-1.5s+wait-5ms",
        "sleep.def@closed-1-3s+wait-500ms",
        "sleep.def@closed-20-3s+wait-500ms",
    ]


def test_a_pool_size_is_given_to_what_runs_in_the_pool_alone() -> None:
    found = _ids(tokens=(10, 100))
    assert [name for name in found if "tokens" in name] == [
        "sleep.def@closed-1-1.5s+tokens-10",
        "sleep.def@closed-20-1.5s+tokens-10",
        "sleep.def@closed-1-1.5s+tokens-100",
        "sleep.def@closed-20-1.5s+tokens-100",
    ]
    assert [name for name in found if "native" in name] == [
        "sleep.async-native@closed-1-1.5s",
        "sleep.async-native@closed-20-1.5s",
    ]


def test_the_cpu_of_a_handler_is_a_server_factor_and_its_window_has_six_turns_of_all_users() -> None:
    assert _ids(cpus_us=(100, 50_000)) == [
        *("sleep.def@closed-1-1.5s+cpu-100us", "sleep.def@closed-20-1.5s+cpu-100us"),
        *("sleep.def@closed-1-1.5s+cpu-50000us", "sleep.def@closed-20-6s+cpu-50000us"),
        *("sleep.async-native@closed-1-1.5s+cpu-100us", "sleep.async-native@closed-20-1.5s+cpu-100us"),
        *("sleep.async-native@closed-1-1.5s+cpu-50000us", "sleep.async-native@closed-20-6s+cpu-50000us"),
    ]


def test_only_a_sleeps_handler_can_be_told_to_compute() -> None:
    with pytest.raises(ValueError, match=r"how much CPU noop\.def uses cannot be set"):
        users_steps([CATALOGUE["noop.def"]], (1,), cpus_us=(100,), settings=SETTINGS)


def test_what_a_request_and_a_hop_cost_is_measured_too() -> None:
    steps = users_steps(BOTH, (1,), settings=SETTINGS)
    assert {treatment.id for treatment, _ in steps} > COSTS


@pytest.mark.parametrize("wait_ms", [5, 100, 500, 5000])
def test_a_window_has_six_waits(wait_ms: int) -> None:
    for treatment, load in users_steps(BOTH, (20,), waits_ms=(wait_ms,), settings=SETTINGS):
        if treatment.id not in COSTS:
            assert load.window_s >= 6 * wait_ms / 1000
            assert load.warmup_s >= 2 * wait_ms / 1000


@pytest.mark.parametrize("name", ["http.def.session", "noop.def", "db.def.psycopg2-plain"])
def test_a_wait_that_cannot_be_set_is_refused_by_name(name: str) -> None:
    with pytest.raises(ValueError, match=f"how long {name} waits cannot be set"):
        users_steps([CATALOGUE[name]], (1,), waits_ms=(5,), settings=SETTINGS)
    assert users_steps([CATALOGUE[name]], (1,), settings=SETTINGS)


def test_the_wait_is_given_to_the_app_and_to_theory() -> None:
    config = server(wait_ms=5)
    assert dict(config.launch().environment) == {"BENCH_SLEEP_S": "0.005", "BENCH_QUERY_S": "0.005"}
    assert config.settings(SETTINGS) == {"sleep_s": 0.005, "query_s": 0.005, "upstream_delay_s": 0.1}
    assert ServerConfig().settings(SETTINGS) == SETTINGS


def test_the_cpu_is_given_to_the_app_and_to_theory() -> None:
    config = server(cpu_us=300)
    assert dict(config.launch().environment) == {"BENCH_SLEEP_CPU_S": "0.0003"}
    assert config.limits(Limits(cores=1)).handler_cpu_s == pytest.approx(0.0003)
