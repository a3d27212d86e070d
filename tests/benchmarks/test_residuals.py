"""The noise of real campaigns: how it is pooled, written down and drawn again."""

import sys
from math import sqrt
from pathlib import Path
from statistics import stdev, variance

import numpy as np
import pytest

from analysis.stats.judge import ALPHA
from benchmarks.resampling import real_noises
from benchmarks.residuals import (
    COLUMNS,
    Key,
    add,
    all_known,
    committed,
    judged,
    key_of,
    main,
    measured,
    residuals,
    scatter,
    scatter_table,
)
from experiment.design.claims import A_A, CLAIMS
from experiment.records.store import CampaignFolder, write_table

LOGS = [0.10, 0.13, 0.07]


def test_residuals_have_no_mean_and_the_sample_s_own_variance() -> None:
    found = residuals(LOGS)
    assert sum(found) == pytest.approx(0)
    assert np.mean(np.square(found)) == pytest.approx(variance(LOGS))


def test_campaigns_are_pooled_by_their_degrees_of_freedom_about_their_own_means() -> None:
    far = [5.0, 5.02, 4.98, 5.0]
    found = scatter([LOGS, far])
    assert found.spread == pytest.approx(sqrt((2 * variance(LOGS) + 3 * variance(far)) / 5))
    assert (found.campaigns, found.pairs) == (2, 7)
    assert found.largest == pytest.approx(stdev(LOGS))


def test_the_upper_limit_is_that_of_the_chi_square_tables() -> None:
    found = scatter([[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]])  # chi-square of 6 degrees: its lower tenth is 2.204
    assert found.upper / found.spread == pytest.approx(sqrt(6 / 2.204), rel=1e-3)


def test_the_committed_file_keeps_campaigns_apart_and_names_where_they_come_from(tmp_path: Path) -> None:
    path = tmp_path / "log_ratios.csv"
    rows = [("aaa", "first", "t", "b", "m", n, x) for n, x in enumerate(LOGS, start=1)]
    rows += [("bbb", "second", "t", "b", "m", n, x) for n, x in enumerate([1.0, 2.0], start=1)]
    write_table(path, COLUMNS, rows)
    assert committed(path) == {("t", "b", "m"): [LOGS, [1.0, 2.0]]}


def test_three_generations_of_the_reference_are_committed_and_none_is_counted_twice() -> None:
    found = all_known(Path(__file__).resolve().parents[2] / "results")
    a8 = next(key_of(c) for c in CLAIMS["A8"].comparisons)
    assert len(found[a8]) >= 3
    assert len({tuple(round(x, 6) for x in logs) for logs in found[a8]}) == len(found[a8])


def _known(logs: list[list[float]], claim: str = "A8") -> dict[Key, list[list[float]]]:
    return {key_of(CLAIMS[claim].comparisons[0]): logs}


def test_every_scatter_stands_in_the_table_beside_what_is_registered() -> None:
    text = scatter_table(_known([LOGS]))
    asked = CLAIMS["A8"].comparisons[0]
    assert all(part in text for part in (asked.treatment.id, f"{scatter([LOGS]).spread:.4f}", f"{asked.scatter:g}"))


def test_the_command_prints_the_table(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["residuals"])
    assert main() == 0
    said = capsys.readouterr().out
    assert all(claim in said for claim in ("A8", "A19", "A/A"))


def test_clumped_noise_breaks_the_rate_unless_its_scatter_is_registered() -> None:
    noisy = [[0.1, 0.2, -0.3], [0.3, -0.1, -0.2]]
    (found,) = real_noises(_known(noisy), campaigns=4000, rounds=20, alpha=ALPHA, seed=1)
    assert found.worst_unregistered > ALPHA
    assert found.enough is not None
    assert found.enough <= 1.5 * found.spread


def test_claims_that_no_campaign_measured_are_left_out() -> None:
    assert real_noises({}, campaigns=10, rounds=3, alpha=ALPHA, seed=1) == []


def test_every_claim_with_a_registered_scatter_keeps_the_declared_rate_on_real_noise() -> None:
    known = all_known(Path(__file__).resolve().parents[2] / "results")
    registered = {key: logs for key, logs in known.items() if key in judged() and judged()[key][1].scatter > 0}
    found = real_noises(registered, campaigns=2000, rounds=20, alpha=ALPHA, seed=1)
    assert len(found) > 10
    assert [r.name for r in found if not r.keeps(ALPHA)] == []


def test_the_scatter_is_the_one_that_the_claim_registered() -> None:
    (found,) = real_noises({key_of(A_A): [LOGS]}, campaigns=50, rounds=4, alpha=ALPHA, seed=1)
    assert (found.claim, found.registered) == ("A/A", A_A.scatter)


def test_a_campaign_that_is_no_reference_is_added_to_what_is_there(tmp_path: Path) -> None:
    data = tmp_path / "log_ratios.csv"
    data.write_text(
        ",".join(COLUMNS) + "\n0000000,before,a,b,goodput_rps,1,0.5\n0000000,before,a,b,goodput_rps,2,0.7\n"
    )
    reference = Path(__file__).resolve().parents[2] / "results" / "reference"
    add([reference], data)
    found = committed(data)
    assert found["a", "b", "goodput_rps"] == [[0.5, 0.7]]
    assert found.keys() > measured(CampaignFolder(reference), {key_of(A_A): A_A}).keys()
