"""What two campaigns must have in common to be compared, and what is said where they have not."""

from __future__ import annotations

import re
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import pytest

from analysis.comparing import compare_text
from analysis.comparing.annotations import annotations as marks
from analysis.comparing.compare import compare
from analysis.comparing.compare_text import as_json, as_junit, as_markdown
from analysis.reading.campaign import load_campaign
from analysis.reading.environment import Topic, differences, obstacles, unlike_machines
from analysis.stats.direction import Direction
from comparable_campaigns import ALL_ROUNDS, SLOWER, measured, suite_of
from experiment.design.loads import LOADS
from experiment.errors import UsageError
from fake_campaigns import HOST, SETTINGS, registered

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from analysis.reading.campaign import Campaign
    from experiment.records.manifest import Manifest


def _manifest(**changes: Any) -> Manifest:
    return registered([], **changes)


def test_equal_environments_have_no_difference() -> None:
    assert differences(_manifest(), _manifest()) == ()


@pytest.mark.parametrize(
    ("topic", "changes"),
    [
        (Topic.MACHINE, {"host": {**HOST, "cpu": "Another"}}),
        (Topic.MACHINE, {"host": {**HOST, "cores": 8}}),
        (Topic.MACHINE, {"host": {**HOST, "arch": "aarch64"}}),
        (Topic.PYTHON, {"host": {**HOST, "python": "3.12.1"}}),
        (Topic.PYTHON, {"host": {**HOST, "python_implementation": "PyPy"}}),
        (Topic.PINNING, {"pinning": {"sut": [0], "others": [1], "enforced": False}}),
        (Topic.PINNING, {"pinning": {"sut": [3], "others": [0, 1, 2], "enforced": True}}),
        (Topic.SETTINGS, {"settings": {**SETTINGS, "sleep_s": 0.2}}),
        (Topic.LOADS, {"loads": {"closed-80": asdict(replace(LOADS["closed-80"], users=81))}}),
        (Topic.METHOD, {"workers": 2}),
        (Topic.METHOD, {"elsewhere": {"bind": "10.0.0.5:5557", "sut_host": "10.0.0.5"}}),
        (Topic.PROFILE, {"profile": {"name": "smoke", "is_smoke": True, "budget_s": 60.0, "max_rounds": 3}}),
    ],
)
def test_what_makes_two_campaigns_not_comparable(topic: Topic, changes: dict[str, Any]) -> None:
    found = obstacles(differences(_manifest(), _manifest(**changes)))
    assert {d.topic for d in found} == {topic}
    assert all(d.obstacle for d in found)


@pytest.mark.parametrize(
    ("topic", "changes"),
    [
        (Topic.MACHINE, {"host": {**HOST, "kernel": "6.2.0"}}),
        (Topic.MACHINE, {"host": {**HOST, "memory_gib": 16.0}}),
        (Topic.PYTHON, {"host": {**HOST, "python": "3.11.9"}}),
        (Topic.PINNING, {"pinning": {"sut": [1], "others": [0], "enforced": True}}),
        (Topic.PACKAGES, {"packages": {"fastapi": "0.131.0", "uvicorn": "0.40.0", "anyio": "5.0"}}),
        (Topic.METHOD, {"git": {"commit": "fedcba", "dirty": False}}),
        (Topic.METHOD, {"alpha": 0.01}),
    ],
)
def test_what_may_differ(topic: Topic, changes: dict[str, Any]) -> None:
    found = differences(_manifest(), _manifest(**changes))
    assert obstacles(found) == ()
    assert {d.topic for d in found} == ({topic} if "sut" not in changes.get("pinning", {}) else set())


def test_packages_that_came_went_and_changed_are_told_apart() -> None:
    found = differences(_manifest(), _manifest(packages={"fastapi": "0.131.0", "uvicorn": "0.40.0", "anyio": "5.0"}))
    assert [(d.name, d.a, d.b) for d in found] == [
        ("anyio", "not installed", "5.0"),
        ("fastapi", "0.130.0", "0.131.0"),
        ("locust", "2.43.0", "not installed"),
    ]


@pytest.mark.parametrize(
    ("is_unlike", "changes"),
    [
        (True, {"host": {**HOST, "cpu": "Another"}}),
        (True, {"host": {**HOST, "cpu": None}}),
        (True, {"host": {**HOST, "cores": 8}, "pinning": {"sut": [7], "others": list(range(7)), "enforced": True}}),
        (True, {"host": {**HOST, "arch": "aarch64"}}),
        (True, {"pinning": {"sut": [0], "others": [1], "enforced": False}}),
        (False, {"host": {**HOST, "memory_gib": 16.0, "kernel": "6.2.0", "os": "Another 1.0"}}),
        (False, {"host": {**HOST, "python": "3.12.1"}}),
        (False, {"settings": {**SETTINGS, "sleep_s": 0.2}}),
    ],
)
def test_what_makes_two_machines_unlike(is_unlike: bool, changes: dict[str, Any]) -> None:  # noqa: FBT001
    assert bool(unlike_machines(differences(_manifest(), _manifest(**changes)))) is is_unlike


def test_another_python_is_refused_with_the_reason(of: Callable[[str], Campaign], tmp_path: Path) -> None:
    other = load_campaign(measured(tmp_path / "other", rounds=2, host={**HOST, "python": "3.12.1"}))
    with pytest.raises(UsageError, match=r"not comparable.*Python, version.*another minor version.*--force"):
        compare(of("before"), other)


def test_on_another_machine_nothing_is_better_or_worse(of: Callable[[str], Campaign], tmp_path: Path) -> None:
    slower = measured(tmp_path / "slower", seed=3, factors=SLOWER, host={**HOST, "cpu": "Another"})
    found = compare(of("before"), load_campaign(slower))
    assert {row.treatment: row.change for row in found.rows if row.change is not Direction.SAME} == dict.fromkeys(
        SLOWER, Direction.DIFFERS
    )
    assert compare_text.headline(found).endswith("8 treatments: 2 differ and 6 same")
    assert not {Direction.BETTER, Direction.WORSE} & {row.change for row in found.rows}


def test_every_page_about_unlike_machines_says_so_and_points_to_reproduce(of: Callable[[str], Campaign]) -> None:
    found = compare(of("before"), of("elsewhere"))
    assert found.warning.startswith("UNLIKE MACHINES: machine, cpu: ")
    assert re.search(r"`bench reproduce \S+/before` says there\.$", found.warning)
    assert as_markdown(found).count("UNLIKE MACHINES") == 2
    assert as_json(found, (), ())["warning"] == found.warning
    assert suite_of(as_junit(found, (), ())).attrib["name"].startswith("UNLIKE MACHINES: bench compare")
    assert "::warning title=Not comparable::UNLIKE MACHINES" in marks(found, ())


def test_forced_says_so_on_every_page(of: Callable[[str], Campaign]) -> None:
    found = compare(of("before"), of("elsewhere"), force=True)
    page = as_markdown(found)
    assert page.count("FORCED: these two campaigns are not comparable") == 2
    assert as_json(found, (), ())["warning"] == found.warning != ""
    suite = suite_of(as_junit(found, (), ()))
    assert suite.attrib["name"].startswith("FORCED")
    assert all("FORCED" in (case.findtext("system-out") or "") for case in suite.iter("testcase"))


def test_force_where_nothing_is_in_the_way_says_nothing(of: Callable[[str], Campaign]) -> None:
    assert compare(of("before"), of("same"), force=True).warning == ""


def test_a_campaign_is_not_compared_with_itself(of: Callable[[str], Campaign]) -> None:
    with pytest.raises(UsageError, match="itself"):
        compare(of("before"), of("before"))


def test_unfinished_and_smoke_campaigns_are_remarked(tmp_path: Path) -> None:
    told: dict[str, Any] = {
        "finished_at": None,
        "profile": {"name": "smoke", "is_smoke": True, "budget_s": 60, "max_rounds": 3},
    }
    a, b = (load_campaign(measured(tmp_path / n, rounds=2, **told)) for n in "ab")
    assert len(compare(a, b).remarks) == 4


def test_where_a_campaign_stopped_is_a_difference_and_no_obstacle() -> None:
    (found,) = differences(_manifest(), _manifest(profile=ALL_ROUNDS))
    assert (found.name, found.a, found.b, found.obstacle) == ("all rounds", "no", "yes", "")
