"""`bench list`: every id is whole, however narrow the terminal, and can be pasted into a command."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from bench_app.catalogue import CATALOGUE
from experiment.design.claims import CLAIMS
from experiment.design.loads import LOADS
from experiment.design.profiles import PROFILES
from experiment.errors import Exit
from harness.commands import listing
from harness.commands.cli import main

TABLES: dict[str, Any] = {"variants": CATALOGUE, "claims": CLAIMS, "loads": LOADS, "profiles": PROFILES}


def listed(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["list", *words]) == Exit.OK
    return capsys.readouterr().out


@pytest.mark.parametrize("long", [[], ["--long"]])
@pytest.mark.parametrize("kind", TABLES)
def test_every_id_begins_a_line_of_80_columns_at_most(
    kind: str, long: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    lines = listed(capsys, kind, *long).splitlines()
    assert max(map(len, lines)) <= 80
    firsts = [line.split()[0] for line in lines if line.startswith("  ") and not line.startswith("   ")]
    assert firsts == list(TABLES[kind])


def test_without_a_kind_all_are_listed_in_sections(capsys: pytest.CaptureFixture[str]) -> None:
    said = listed(capsys)
    assert [line for line in said.splitlines() if line and not line.startswith((" ", "`"))] == [
        f"{kind} ({len(table)})" for kind, table in TABLES.items()
    ]
    assert said.endswith("`bench list --long` says all of each.\n")


def test_kinds_go_by_any_case_and_stand_in_the_order_of_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    said = listed(capsys, "Profiles", "LOADS")
    assert said.index("loads (") < said.index("profiles (")
    assert "claims (" not in said


def test_long_says_what_a_claim_states_and_what_would_refute_it(capsys: pytest.CaptureFixture[str]) -> None:
    said = " ".join(listed(capsys, "claims", "--long").split())
    for claim in CLAIMS.values():
        assert claim.statement in said
        assert claim.slug in said
        assert claim.refuted_by in said


def test_json_has_the_kinds_that_are_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(listed(capsys, "loads", "--json"))
    assert list(found) == ["loads"]
    assert [row["id"] for row in found["loads"]] == list(LOADS)


def test_what_cannot_be_served_here_is_marked_and_explained(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "missing_for", lambda _named: {"sleep.def": "no such thing here"})
    assert re.search(r"sleep\.def +\(not here\) Call time\.sleep", listed(capsys, "variants"))
    assert "Cannot be served here: no such thing here" in listed(capsys, "variants", "--long")


def test_a_mistyped_kind_gets_the_nearest_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "cliams"]) == Exit.USAGE
    assert "Did you mean claims?" in capsys.readouterr().err
