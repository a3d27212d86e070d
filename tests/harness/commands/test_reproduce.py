"""Reproducing a campaign: planted worlds that agree, disagree or leave it open come back as such."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import pytest

from analysis.comparing.reproduction import Outcome, compare_verdicts
from analysis.comparing.reproduction_text import as_markdown, beside_reference, lines
from analysis.reading.campaign import load_campaign
from analysis.stats.results import Verdict
from comparable_campaigns import ASKED, NATIVE, measured, runner
from experiment.design.claims import A_A, CLAIMS
from experiment.design.loads import LOADS
from experiment.design.metrics import GOODPUT
from experiment.design.model import Comparison, Interval, LoadKind, Treatment, at_least
from experiment.design.plan import treatments_for
from experiment.errors import Exit, StoreError
from experiment.records.manifest import Manifest, ProfileFacts
from experiment.records.registered import TreatmentEntry
from fake_campaigns import HOST
from harness.commands import measuring
from harness.commands import reproduce as reproducing
from harness.commands.cli import main
from harness.commands.origin import REPRODUCTION_JSON, REPRODUCTION_MD
from repeated_campaigns import made_theirs, manifest_of, run_again

if TYPE_CHECKING:
    from pathlib import Path

    from analysis.comparing.reproduction import Reproduction
    from analysis.reading.campaign import Campaign

SLOW_NATIVE = {NATIVE: 0.6}


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    """Measure once what is reproduced."""
    return load_campaign(measured(tmp_path_factory.mktemp("results") / "theirs"))


def _outcomes(found: Reproduction) -> dict[str, Outcome]:
    return {pair.claim.id: pair.outcome for pair in found.claims}


def _profile(manifest: Manifest) -> ProfileFacts:
    assert manifest.profile is not None
    return manifest.profile


def test_the_same_world_comes_back_as_reproduced(original: Campaign, tmp_path: Path) -> None:
    found = run_again(original, tmp_path / "again")
    assert set(_outcomes(found).values()) == {Outcome.REPRODUCED}
    assert all(numbers.overlaps for pair in found.claims for numbers in pair.comparisons)


def test_another_world_comes_back_as_not_reproduced(original: Campaign, tmp_path: Path) -> None:
    found = run_again(original, tmp_path / "again", factors=SLOW_NATIVE)
    assert _outcomes(found) == {"A1": Outcome.REPRODUCED, "A8": Outcome.NOT_REPRODUCED, "A9": Outcome.REPRODUCED}
    turned = next(p for p in found.claims if p.claim.id == "A8")
    assert (turned.original, turned.again) == (Verdict.SUPPORTED, Verdict.REFUTED)
    assert [numbers.overlaps for numbers in turned.comparisons] == [False]


def test_too_few_rounds_are_undecided_and_say_why(original: Campaign, tmp_path: Path) -> None:
    found = run_again(original, tmp_path / "again", rounds=1)
    assert set(_outcomes(found).values()) == {Outcome.UNDECIDED}
    assert "in the second campaign: only 1 pair of valid trials" in found.claims[0].reason
    assert found.claims[0].comparisons[0].overlaps is None


def test_the_same_verdict_with_another_effect_is_reproduced_without_overlap(original: Campaign, tmp_path: Path) -> None:
    found = run_again(original, tmp_path / "again", factors={NATIVE: 2.0})
    pair = next(p for p in found.claims if p.claim.id == "A8")
    assert (pair.outcome, pair.comparisons[0].overlaps) == (Outcome.REPRODUCED, False)


# --- the plan is theirs, not ours


def test_claims_and_loads_are_those_of_the_manifest_whatever_todays_tables_say(tmp_path: Path) -> None:
    moved = replace(
        CLAIMS["A8"], comparisons=tuple(replace(c, expected=at_least(1.75)) for c in CLAIMS["A8"].comparisons)
    )
    loads = {name: asdict(load) for name, load in LOADS.items()}
    loads["closed-80"] = asdict(replace(LOADS["closed-80"], users=79, window_s=2.2))
    theirs = made_theirs(tmp_path / "theirs", claims=(moved,), loads=loads, alpha=0.01)
    told = manifest_of(theirs, tmp_path)
    assert told.claims == theirs.manifest.claims
    assert told.claims[0].comparisons[0].expected == (1.75, None)
    assert (told.loads["closed-80"].users, told.loads["closed-80"].window_s) == (79, 2.2)
    assert told.alpha == 0.01
    assert told.reproduces is not None
    assert told.reproduces.campaign == "theirs"


def test_budget_and_rounds_are_theirs_unless_given(original: Campaign, tmp_path: Path) -> None:
    same, other = (_profile(manifest_of(original, tmp_path, **o)) for o in ({}, {"budget_s": 9.0, "rounds": 2}))
    assert same == original.manifest.profile
    assert (other.budget_s, other.max_rounds) == (9.0, 2)


def test_whether_decided_claims_go_on_is_theirs(original: Campaign, tmp_path: Path) -> None:
    profile = {**_profile(original.manifest).model_dump(), "all_rounds": True, "max_rounds": 6}
    theirs = made_theirs(tmp_path / "theirs", profile=profile)
    assert _profile(manifest_of(theirs, tmp_path)).all_rounds is True
    assert _profile(manifest_of(original, tmp_path)).all_rounds is False
    run_again(theirs, tmp_path / "again")
    trials = load_campaign(tmp_path / "again").trials
    assert Counter(t.treatment for t in trials) == dict.fromkeys((t.id for t in treatments_for(ASKED)), 6)


def test_a_variant_this_version_does_not_have_is_skipped_with_the_reason(tmp_path: Path) -> None:
    foreign = Comparison(
        treatment=Treatment(variant="sleep.async-native.trio", load="closed-80"),
        baseline=Treatment(variant="sleep.def", load="closed-80"),
        metric=GOODPUT,
        expected=Interval(0.9, 1.1),
    )
    theirs = made_theirs(tmp_path / "theirs", claims=(replace(CLAIMS["A8"], id="X1", comparisons=(foreign,)),))
    found = run_again(theirs, tmp_path / "again")
    (pair,) = found.claims
    assert (pair.again, pair.outcome) == (Verdict.SKIPPED, Outcome.UNDECIDED)
    assert "sleep.async-native.trio is not in this version's catalogue" in pair.reason


def test_a_sweep_is_run_again_with_its_loads(tmp_path: Path) -> None:
    step = Treatment(variant="sleep.def", load="open-50")
    open_50 = replace(LOADS["closed-20"], id="open-50", kind=LoadKind.OPEN, users=0, rate_rps=50.0)
    loads = {name: asdict(load) for name, load in {**LOADS, "open-50": open_50}.items()}
    theirs = made_theirs(tmp_path / "theirs", loads=loads, sweep=[TreatmentEntry.of(step).model_dump(mode="json")])
    told = manifest_of(theirs, tmp_path)
    assert [entry.value for entry in told.sweep] == [step]
    assert told.loads["open-50"].rate_rps == 50.0


def test_a_load_that_the_manifest_does_not_define_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"plans with the load \S+, which it does not define"):
        manifest_of(made_theirs(tmp_path / "theirs", loads={}), tmp_path)


def test_a_profile_that_says_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="the manifest of theirs does not say how"):
        manifest_of(made_theirs(tmp_path / "theirs", profile=None), tmp_path)


def test_a_campaigns_name_cannot_lead_out_of_the_results(tmp_path: Path) -> None:
    named = made_theirs(tmp_path / "theirs", campaign=".. somewhere else\\x")
    assert reproducing._name(named).endswith("-again-somewhere-else-x")
    with pytest.raises(StoreError, match="campaign: must match pattern"):
        made_theirs(tmp_path / "worse", campaign="../../x")


# --- pairs that are no pairs


def test_a_claim_of_one_campaign_alone_is_undecided(original: Campaign, tmp_path: Path) -> None:
    fewer = load_campaign(measured(tmp_path / "fewer", claims=ASKED[:1]))
    assert [p.reason for p in compare_verdicts(original, fewer).claims[1:]] == [
        "only the original campaign has this claim"
    ] * 2
    assert compare_verdicts(fewer, original).claims[1].reason == "only the second campaign has this claim"


def test_a_claim_that_was_registered_otherwise_is_undecided(original: Campaign, tmp_path: Path) -> None:
    moved = replace(CLAIMS["A1"], comparisons=(replace(CLAIMS["A1"].comparisons[0], expected=at_least(0.5)),))
    pair = compare_verdicts(original, load_campaign(measured(tmp_path / "moved", claims=[moved]))).claims[0]
    assert (pair.outcome, pair.reason) == (Outcome.UNDECIDED, "the two campaigns registered it with other numbers")
    assert pair.comparisons[0].overlaps is True


def test_another_load_by_the_same_name_is_undecided(original: Campaign, tmp_path: Path) -> None:
    loads = {name: asdict(load) for name, load in LOADS.items()}
    loads["closed-80"] = asdict(replace(LOADS["closed-80"], users=90))
    found = compare_verdicts(original, load_campaign(measured(tmp_path / "other", loads=loads)))
    assert _outcomes(found) == {"A1": Outcome.UNDECIDED, "A8": Outcome.UNDECIDED, "A9": Outcome.REPRODUCED}
    assert "something else by the load closed-80" in found.claims[0].reason


# --- what is written


def test_the_pages_say_outcome_numbers_and_differences(original: Campaign, tmp_path: Path) -> None:
    found = run_again(original, tmp_path / "again", factors=SLOW_NATIVE)
    page = (tmp_path / "again" / REPRODUCTION_MD).read_text(encoding="utf-8")
    assert page == as_markdown(found)
    assert page.startswith("# Of 3 claims in theirs: 2 reproduced, 1 not reproduced and 0 undecided in again")
    assert "do not overlap" in page
    assert f"| machine | cpu | {HOST['cpu']} |" in page
    told = json.loads((tmp_path / "again" / REPRODUCTION_JSON).read_text(encoding="utf-8"))
    assert told["counts"] == {"reproduced": 2, "not reproduced": 1, "undecided": 0}
    assert [c["outcome"] for c in told["claims"]] == [p.outcome.value for p in found.claims]


def test_both_intervals_stand_side_by_side(original: Campaign, tmp_path: Path) -> None:
    said = lines(run_again(original, tmp_path / "again", factors=SLOW_NATIVE))
    at = said.index("A8 not reproduced: original supported, here refuted")
    assert said[at + 1].startswith("    sleep.async-native / sleep.def @closed-80, goodput: original 1.9")
    assert re.search(r"; here 1\.[12]", said[at + 1])  # planted: 1.2
    assert said[at + 1].endswith("; the intervals do not overlap")


def test_a_smoke_run_is_no_evidence_and_says_so(tmp_path: Path) -> None:
    smoke = {"name": "smoke", "is_smoke": True, "budget_s": 60.0, "max_rounds": 3, "time_scale": 1.0}
    theirs = load_campaign(measured(tmp_path / "theirs", profile=smoke))
    found = run_again(theirs, tmp_path / "again")
    assert found.is_smoke
    assert "too short for evidence" in as_markdown(found)


def test_the_command_measures_draws_and_tells(
    original: Campaign, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[Path] = []

    def draw(campaign: Campaign) -> list[Path]:
        drawn.append(campaign.folder.path)
        return []

    monkeypatch.setattr(measuring, "draw", draw)
    monkeypatch.setattr(reproducing, "run_registered", runner())
    out = tmp_path / "again"
    assert main(["reproduce", str(original.folder.path), "--out", str(out), "--seed", "3", "--quiet"]) == Exit.OK
    assert drawn == [out]
    assert "Of 3 claims in theirs: 3 reproduced" in capsys.readouterr().out


def test_the_command_tells_scripts_in_json(
    original: Campaign, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "draw", lambda _campaign: [])
    monkeypatch.setattr(reproducing, "run_registered", runner())
    main(["reproduce", str(original.folder.path), "--out", str(tmp_path / "again"), "--json"])
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert events[-1]["event"] == "reproduction"
    assert events[-1]["counts"]["reproduced"] == 3


def test_no_campaign_is_no_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reproduce", str(tmp_path)]) == Exit.USAGE
    assert "holds no campaign" in capsys.readouterr().err


# --- one claim beside the reference


def test_one_claim_stands_beside_the_reference(original: Campaign, tmp_path: Path) -> None:
    mine = load_campaign(measured(tmp_path / "mine", claims=[CLAIMS["A8"]], host={**HOST, "cores": 8}))
    said = beside_reference(mine, original)
    assert said[0] == "Beside the reference campaign theirs:"
    assert said[1] == "A8 reproduced: reference supported, here supported"
    assert said[2].endswith("; the intervals overlap")
    assert "    machine: cores 2 / 8" in said


def test_a_reference_without_the_claim_says_nothing(original: Campaign, tmp_path: Path) -> None:
    other = load_campaign(measured(tmp_path / "other", claims=[replace(CLAIMS["A1"], id="X9")]))
    assert beside_reference(other, original) == []


def test_the_aa_pair_is_part_of_every_repetition(original: Campaign, tmp_path: Path) -> None:
    told = manifest_of(original, tmp_path)
    assert {t.id for t in told.treatments} >= {t.id for t in A_A.treatments}
