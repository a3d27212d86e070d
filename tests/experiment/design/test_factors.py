"""The server factors: each value is told apart, comes back from a manifest, and changes how the SUT is started."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench_app.table import UnknownNameError
from experiment.design.factor import Factor, FactorError, Launch, Limits, Value
from experiment.design.factors import FACTORS, ServerConfig, server
from experiment.design.model import Treatment
from experiment.errors import StoreError
from experiment.records.manifest import Manifest, read_manifest
from experiment.records.registered import TreatmentEntry

SOME_COUNT, SOME_TEXT = 7, "3.13"


def _others(factor: Factor) -> tuple[Value, ...]:
    """Return values of a factor that are not its default."""
    some = factor.values or ((SOME_COUNT,) if factor.is_count else (SOME_TEXT,))
    return tuple(value for value in some if value != factor.default)


CHANGES = [(factor, value) for factor in FACTORS.values() for value in _others(factor)]
each_change = pytest.mark.parametrize(("factor", "value"), CHANGES, ids=lambda x: getattr(x, "name", x))


def test_every_factor_has_a_value_besides_its_default() -> None:
    assert all(_others(factor) for factor in FACTORS.values())


@each_change
def test_a_value_is_in_the_id_and_in_words(factor: Factor, value: Value) -> None:
    changed = server({factor.name: value})
    assert str(value) in Treatment(variant="noop.def", load="closed-20", server=changed).id
    assert str(value) in changed.words
    assert changed[factor] == value


@each_change
def test_a_value_comes_back_from_a_manifest(factor: Factor, value: Value) -> None:
    treatment = Treatment(variant="noop.def", load="closed-20", server=server({factor.name: value}))
    manifest = Manifest(campaign="made-up", treatments=(TreatmentEntry.of(treatment),))
    assert Manifest.model_validate_json(manifest.model_dump_json()).planned() == (treatment,)


@each_change
def test_a_value_changes_how_the_sut_is_started(factor: Factor, value: Value) -> None:
    assert server({factor.name: value}).launch() != ServerConfig().launch()


def test_no_two_configurations_share_an_id() -> None:
    suffixes = [server({factor.name: value}).suffix for factor, value in CHANGES]
    assert len({"", *suffixes}) == len(suffixes) + 1


def test_the_default_server_is_the_one_that_every_campaign_so_far_was_measured_on() -> None:
    launch = ServerConfig().launch()
    assert launch.options == ("--loop", "uvloop", "--http", "httptools", "--no-access-log")
    assert replace(launch, options=()) == Launch()
    assert ServerConfig().suffix == ServerConfig().words == ""


@each_change
def test_a_value_of_another_kind_is_refused_by_name(factor: Factor, value: Value) -> None:
    del value
    with pytest.raises(FactorError, match=f"server factor {factor.name} cannot be 2.5"):
        server({factor.name: 2.5})  # type: ignore[dict-item]
    with pytest.raises(FactorError, match=f"server factor {factor.name} cannot be True"):
        server({factor.name: True})


def test_an_unknown_factor_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UnknownNameError, match=r"there is no server factor 'worker'\. Did you mean workers\?"):
        server(worker=2)


def test_an_unknown_factor_in_a_manifest_is_refused_by_name() -> None:
    entry = {"id": "noop.def@closed-20", "variant": "noop.def", "load": "closed-20", "server": {"kores": "all"}}
    with pytest.raises(StoreError, match=r"there is no server factor 'kores'\. Did you mean cores\?"):
        read_manifest({"format_version": 2, "campaign": "theirs", "treatments": [entry]}, "manifest.json")


def test_with_the_access_log_the_server_s_own_level_lets_it_through() -> None:
    launch = server(access_log="on").launch()
    assert "--access-log" in launch.options
    assert (launch.log_level, ServerConfig().launch().log_level) == ("info", "warning")


@pytest.mark.parametrize(("version", "variables"), [("3.14t", (("PYTHON_GIL", "0"),)), ("3.14", ())])
def test_a_free_threaded_interpreter_is_kept_from_taking_its_gil_back(
    version: str, variables: tuple[tuple[str, str], ...]
) -> None:
    assert server(interpreter=version).launch().environment == variables


def test_what_a_server_cannot_be_told_is_said() -> None:
    with pytest.raises(FactorError, match="granian has no option for h11"):
        server(server="granian", http="h11").launch()


def test_limits_follow_the_factors() -> None:
    machine = Limits(cores=8)
    assert ServerConfig().limits(machine) == Limits(cores=1)
    several = server(cores="all", workers=4, thread_tokens=10, db_pool=6)
    assert several.limits(machine) == Limits(cores=8, processes=4, tokens=10, db_pool=6)
