"""What comes next: a pass or two, then the claim that the least time decides. FakeDriver measures by a made clock."""

import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from analysis.stats.results import Verdict
from experiment.design.claims import A_A
from experiment.design.loads import LOADS
from experiment.design.metrics import GOODPUT, TOKENS_PEAK
from experiment.design.model import Claim, Comparison, Interval, PlannedTrial, Treatment, at_least
from experiment.design.plan import AA_EVERY
from experiment.records.manifest import Manifest
from experiment.records.store import TRIALS, CampaignFolder
from harness.campaign.campaign import Campaign
from harness.campaign.discarded import MOST_IN_A_ROW, Discarded
from harness.campaign.events import CampaignProgress, Listener
from harness.campaign.fake import FakeDriver, Planted
from harness.campaign.schedule import LAST_PART, PASSES, Rules, Stop
from made_trials import claim

BASE, DOUBLE, SAME, SLOW, SLOW_BASE = (
    Treatment(variant=v, load="closed-80")
    for v in ("sleep.def", "sleep.async-native", "sleep.async-offload", "http.def.session", "http.async-native.httpx")
)
LASTS_S = {SLOW: 30.0, SLOW_BASE: 30.0}
COPY = A_A.treatment


def _compared(treatment: Treatment, expected: Interval, baseline: Treatment = BASE) -> Comparison:
    return Comparison(treatment=treatment, baseline=baseline, metric=GOODPUT, expected=expected)


TWICE = claim(_compared(DOUBLE, at_least(1.5)), id="TWICE")
EQUAL = claim(_compared(SAME, Interval(0.9, 1.1)), id="EQUAL")
LIMIT = claim(_compared(DOUBLE, at_least(2.0)), id="LIMIT")
DEAR = claim(_compared(SLOW, at_least(1.5), SLOW_BASE), id="DEAR")
DEAR_LIMIT = claim(_compared(SLOW, at_least(2.0), SLOW_BASE), id="DEARLIMIT")
TOKENS = claim(Comparison(treatment=BASE, baseline=None, metric=TOKENS_PEAK, expected=Interval(40, 40)), id="TOKENS")
PLANTED: dict[str, Planted] = {
    BASE.id: {GOODPUT: 400.0, TOKENS_PEAK: 40.0},
    DOUBLE.id: {GOODPUT: 800.0},
    SAME.id: {GOODPUT: 400.0},
    SLOW.id: {GOODPUT: 200.0},
    SLOW_BASE.id: {GOODPUT: 100.0},
} | {t.id: {GOODPUT: 5000.0} for t in A_A.treatments}


@dataclass
class Rounds(Listener):
    """Keeps what was said of each round."""

    begun: list[CampaignProgress] = field(default_factory=list)
    discarded: list[Discarded] = field(default_factory=list)

    def round_started(self, standing: CampaignProgress) -> None:
        self.begun.append(standing)

    def discarding(self, latest: Discarded) -> None:
        self.discarded.append(latest)

    @property
    def steps(self) -> list[tuple[str, ...]]:
        return [s.claims for s in self.begun if not s.is_pass]


def _campaign(
    folder: Path,
    *claims: Claim,
    driver: FakeDriver | None = None,
    spread: float = 0.02,
    budget_s: float = 1e6,
    max_rounds: int = 12,
    on_trial: Callable[[PlannedTrial], None] = lambda _: None,
    spoiled: frozenset[tuple[str, int]] = frozenset(),
) -> Campaign:
    """Return a campaign, a new one or that of the folder, whose trials last 10 s each, or what the table says."""
    now = [0.0]

    def tick(planned: PlannedTrial) -> None:
        on_trial(planned)
        now[0] += LASTS_S.get(planned.treatment, 10.0)

    measuring = driver or FakeDriver(planted=PLANTED, spread=spread, spoiled=spoiled)
    measuring.on_trial = tick
    is_new = not folder.exists()
    return Campaign(
        folder=CampaignFolder.create(folder, Manifest(campaign="made-up")) if is_new else CampaignFolder.open(folder),
        driver=measuring,
        claims=claims,
        loads=LOADS,
        skipped={},
        rules=Rules(seed=1, alpha=0.05, budget_s=budget_s, max_rounds=max_rounds),
        listener=Rounds(),
        clock=lambda: now[0],
    )


def _ran(campaign: Campaign) -> tuple[Stop, Rounds, list[PlannedTrial]]:
    _, stopped = campaign.run()
    assert isinstance(campaign.listener, Rounds)
    assert isinstance(campaign.driver, FakeDriver)
    return stopped, campaign.listener, campaign.driver.measured


def test_two_passes_measure_everything_and_then_each_step_is_for_somebody(tmp_path: Path) -> None:
    _, rounds, measured = _ran(_campaign(tmp_path / "c", TWICE, EQUAL, DEAR))
    everything = {BASE, DOUBLE, SAME, SLOW, SLOW_BASE, *A_A.treatments}
    for number in range(1, PASSES + 1):
        assert {p.treatment for p in measured if p.round == number} == everything
    assert [s.is_pass for s in rounds.begun][:3] == [True, True, False]
    assert all(rounds.steps)


def test_a_second_pass_that_leaves_no_time_for_a_third_is_none(tmp_path: Path) -> None:
    _, rounds, _ = _ran(_campaign(tmp_path / "c", TWICE, DEAR, budget_s=280))
    assert [s.is_pass for s in rounds.begun][:2] == [True, False]


def test_a_step_measures_nothing_that_its_claims_do_not_need(tmp_path: Path) -> None:
    _, rounds, measured = _ran(_campaign(tmp_path / "c", LIMIT, DEAR_LIMIT, spread=0.05))
    needs = {"LIMIT": {BASE, DOUBLE}, "DEARLIMIT": {SLOW, SLOW_BASE}}
    for begun in rounds.begun[PASSES:]:
        wanted = set().union(*(needs[name] for name in begun.claims))
        assert {p.treatment for p in measured if p.round == begun.round} - {*A_A.treatments} == wanted


def test_the_claim_that_the_least_time_decides_comes_first(tmp_path: Path) -> None:
    _, rounds, _ = _ran(_campaign(tmp_path / "c", DEAR, TWICE))
    assert rounds.steps[0] == ("TWICE",)
    assert rounds.steps[-1] == ("DEAR",)


def test_claims_that_the_same_trials_decide_share_a_step(tmp_path: Path) -> None:
    _, rounds, measured = _ran(_campaign(tmp_path / "c", TWICE, TOKENS, EQUAL))
    assert set(rounds.steps[0]) == {"TWICE", "TOKENS", "EQUAL"}
    assert Counter(p.treatment for p in measured if p.round == PASSES + 1)[BASE] == 1


def test_what_is_decided_and_what_held_in_three_trials_is_not_measured_again(tmp_path: Path) -> None:
    _, _, measured = _ran(_campaign(tmp_path / "c", TOKENS, DEAR_LIMIT, spread=0.05))
    assert Counter(p.treatment for p in measured)[BASE] == 3


def test_no_claim_has_more_turns_than_allowed(tmp_path: Path) -> None:
    stopped, _, measured = _ran(_campaign(tmp_path / "c", LIMIT, DEAR_LIMIT, spread=0.05, max_rounds=7))
    counted = Counter(p.treatment for p in measured)
    assert (stopped, counted[DOUBLE], counted[SLOW]) == (Stop.ROUNDS, 7, 7)


def test_the_aa_pair_runs_in_the_first_step_and_in_every_sixth_from_there(tmp_path: Path) -> None:
    _, _, measured = _ran(_campaign(tmp_path / "c", LIMIT, spread=0.05, max_rounds=20))
    with_pair = {p.round for p in measured if p.treatment == COPY}
    assert with_pair == {1, 2, *range(PASSES + 1, 21, AA_EVERY)}


@pytest.mark.parametrize("budget_s", [110, 140, 200, 300])
def test_at_the_end_of_the_budget_the_aa_pair_gives_way_to_open_claims(budget_s: float, tmp_path: Path) -> None:
    _, _, measured = _ran(_campaign(tmp_path / "c", LIMIT, spread=0.05, budget_s=budget_s))
    steps = [(10.0 * (place + 1), p) for place, p in enumerate(measured) if p.round > PASSES]
    assert all(end_s <= budget_s * (1 - LAST_PART) for end_s, p in steps if p.treatment == COPY)


@pytest.mark.parametrize("budget_s", [150, 222, 401])
def test_the_budget_is_kept_and_no_half_step_is_begun(budget_s: float, tmp_path: Path) -> None:
    campaign = _campaign(tmp_path / "c", LIMIT, DEAR_LIMIT, spread=0.05, budget_s=budget_s)
    stopped, rounds, measured = _ran(campaign)
    assert (stopped, campaign.elapsed_s <= budget_s) == (Stop.BUDGET, True)
    ran = Counter(p.round for p in measured)
    assert all(ran[s.round] == s.trials_in_round for s in rounds.begun if not s.is_pass)


def test_a_step_repeats_a_discarded_trial_at_its_end(tmp_path: Path) -> None:
    spoiled = frozenset({(BASE.id, PASSES + 1)})
    _, _, measured = _ran(_campaign(tmp_path / "c", TWICE, EQUAL, spoiled=spoiled))
    step = [p for p in measured if p.round == PASSES + 1]
    assert (step[-1].treatment, step[-1].attempt) == (BASE, 2)


def test_a_claim_whose_trials_are_discarded_lets_the_others_go_first(tmp_path: Path) -> None:
    spoiled = frozenset((SLOW.id, n) for n in range(1, 99))
    driver = _AlwaysSpoiled(planted=PLANTED, spread=0.05, spoiled=spoiled)
    cheap = {SLOW: 1.0, SLOW_BASE: 1.0}
    campaign = _campaign(tmp_path / "c", LIMIT, DEAR, driver=driver, max_rounds=8)
    with pytest.MonkeyPatch.context() as patch:
        for treatment, seconds in cheap.items():
            patch.setitem(LASTS_S, treatment, seconds)
        _, rounds, _ = _ran(campaign)
    assert ("LIMIT",) in rounds.steps[: len(rounds.steps) // 2 + 1]


class _AlwaysSpoiled(FakeDriver):
    """Spoils repetitions too; with no treatment named, everything."""

    def measure(self, planned: PlannedTrial, on_progress: object) -> object:  # type: ignore[override]
        from dataclasses import replace

        return super().measure(replace(planned, attempt=1), on_progress)  # type: ignore[arg-type]


def _all_spoiled() -> FakeDriver:
    return _AlwaysSpoiled(planted=PLANTED, spoiled=frozenset((t, n) for t in PLANTED for n in range(1, 99)))


def test_ten_discarded_in_a_row_stop_the_campaign_and_it_says_so_before(tmp_path: Path) -> None:
    stopped, rounds, measured = _ran(_campaign(tmp_path / "c", TWICE, DEAR, driver=_all_spoiled()))
    assert (stopped, len(measured)) == (Stop.DISCARDED, MOST_IN_A_ROW)
    assert [d.in_a_row for d in rounds.discarded] == [3, 4, 5, 6, 7, 8, 9, 10]
    assert all("sut-died" in d.lines()[0] and d.advice() for d in rounds.discarded)


def test_what_was_discarded_stays_and_the_campaign_goes_on_from_there(tmp_path: Path) -> None:
    _ran(_campaign(tmp_path / "c", TWICE, DEAR, driver=_all_spoiled()))
    again = _campaign(tmp_path / "c", TWICE, DEAR)
    results, stopped = again.run()
    assert stopped == Stop.DECIDED
    assert {r.verdict for r in results} == {Verdict.SUPPORTED}
    assert sum(not t.is_valid for t in again.trials) == MOST_IN_A_ROW


def _sequence(campaign: Campaign) -> list[tuple[str, int, int, int, str]]:
    return [(t.trial_id, t.round, t.position, t.attempt, t.treatment) for t in campaign.trials]


def test_a_campaign_that_breaks_off_anywhere_goes_on_with_the_same_trials(tmp_path: Path) -> None:
    asked, spoiled = (TWICE, TOKENS, EQUAL, DEAR, LIMIT), frozenset({(BASE.id, 1), (SLOW.id, 4)})

    def go(folder: Path) -> Campaign:
        campaign = _campaign(folder, *asked, spread=0.04, spoiled=spoiled, budget_s=900)
        campaign.run()
        return campaign

    whole = go(tmp_path / "whole")
    rows = (tmp_path / "whole" / TRIALS).read_text(encoding="utf-8").splitlines(keepends=True)
    assert max(t.round for t in whole.trials) > PASSES + AA_EVERY
    for cut in range(1, len(rows) - 1):
        folder = tmp_path / f"cut-{cut}"
        shutil.copytree(tmp_path / "whole", folder)
        (folder / TRIALS).write_text("".join(rows[: cut + 1]), encoding="utf-8")
        for table in ("latency.csv", "throughput.csv"):
            _forget(folder / table, {row.partition(",")[0] for row in rows[cut + 1 :]})
        assert _sequence(go(folder)) == _sequence(whole)


def _forget(table: Path, trials: set[str]) -> None:
    rows = table.read_text(encoding="utf-8").splitlines(keepends=True)
    table.write_text("".join(r for r in rows if r.partition(",")[0] not in trials), encoding="utf-8")
