"""A mistyped name: which known ones are meant, and when nothing is near."""

from __future__ import annotations

import pytest

from bench_app.catalogue import CATALOGUE
from bench_app.spelling import MOST, distance, near
from bench_app.table import nearest
from experiment.design.loads import LOADS
from experiment.design.profiles import PROFILES
from harness.commands.cli import COMMANDS

OPTIONS = ("--help", "--profile", "--claims", "--resume", "--all-rounds", "--out", "--seed", "--budget", "--rounds")

TYPED = {
    # commands
    "rn": (COMMANDS, "run"),
    "RUN": (COMMANDS, "run"),
    "lsit": (COMMANDS, "list"),
    "reprot": (COMMANDS, "report"),
    "reproduc": (COMMANDS, "reproduce"),
    "claims": (COMMANDS, "claim"),
    "complet": (COMMANDS, "completion"),
    "docter": (COMMANDS, "doctor"),
    "listing": (COMMANDS, "list"),
    "runs": (COMMANDS, "run"),
    # variants: by case, separator, order, part
    "Sleep.Def": (CATALOGUE, "sleep.def"),
    "sleep/def": (CATALOGUE, "sleep.def"),
    "/sleep/def": (CATALOGUE, "sleep.def"),
    "sleep def": (CATALOGUE, "sleep.def"),
    "sleep_def": (CATALOGUE, "sleep.def"),
    "def.sleep": (CATALOGUE, "sleep.def"),
    "sleep.asyncnative": (CATALOGUE, "sleep.async-native"),
    "sleep.async-nativ": (CATALOGUE, "sleep.async-native"),
    "slep.async-ofload": (CATALOGUE, "sleep.async-offload"),
    "weather-sync": (CATALOGUE, "http.def.weather-sync"),
    # loads
    "closed80": (LOADS, "closed-80"),
    "closed 80": (LOADS, "closed-80"),
    "close-80": (LOADS, "closed-80"),
    "open100": (LOADS, "open-100"),
    # profiles
    "artikel": (PROFILES, "article"),
    "smok": (PROFILES, "smoke"),
    "Smoke": (PROFILES, "smoke"),
    # options
    "--profiel": (OPTIONS, "--profile"),
    "--claim": (OPTIONS, "--claims"),
    "--allrounds": (OPTIONS, "--all-rounds"),
    "--buget": (OPTIONS, "--budget"),
    "-seed": (OPTIONS, "--seed"),
}
NOTHING = {
    "zzzz": COMMANDS,
    "x": COMMANDS,
    "benchmark": COMMANDS,
    "": COMMANDS,
    "--verbose": OPTIONS,
    "quick": PROFILES,
}


@pytest.mark.parametrize("typed", TYPED)
def test_a_mistyped_name_is_taken_for_the_nearest_one(typed: str) -> None:
    known, meant = TYPED[typed]
    assert near(typed, known)[0] == meant
    assert nearest(typed, known) == meant


@pytest.mark.parametrize("typed", NOTHING)
def test_what_is_near_nothing_is_taken_for_nothing(typed: str) -> None:
    assert near(typed, NOTHING[typed]) == ()
    assert nearest(typed, NOTHING[typed]) is None


def test_names_that_are_equally_near_are_all_named_but_not_too_many() -> None:
    assert near("def", ["a.def", "b.def"]) == ("a.def", "b.def")
    assert len(near("async-native", CATALOGUE)) == MOST


@pytest.mark.parametrize(
    ("one", "other", "mistakes"),
    [
        ("", "", 0),
        ("", "abc", 3),
        ("abc", "abc", 0),
        ("abc", "acb", 1),
        ("abc", "ac", 1),
        ("report", "reprot", 1),
        ("ab", "cd", 2),
    ],
)
def test_a_swap_is_one_mistake(one: str, other: str, mistakes: int) -> None:
    assert distance(one, other) == distance(other, one) == mistakes
