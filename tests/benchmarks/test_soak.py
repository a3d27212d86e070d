"""What the soak says of what it noted, and the soak itself, for seconds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks import soak
from benchmarks.soak_findings import KINDS, MEASURES, PROCESSES, Findings, Segment, Usage, lines

if TYPE_CHECKING:
    from pathlib import Path

FLAT: dict[str, Any] = {"rss_mib": 80.0, "descriptors": 12, "threads": 4}


def turn(kind: str, *, sent: int = 100, served: int = 100, failed: int = 0, **sut: Any) -> Segment:
    usage = {name: Usage(**FLAT) for name in PROCESSES} | {"sut": Usage(**FLAT | sut)}
    return Segment(kind=kind, variant="sleep.def", window_s=1.0, sent=sent, served=served, failed=failed, usage=usage)


def turns(**sut: Any) -> Findings:
    """Nine turns of each kind; `sut` gives a measure of the SUT in each."""
    return Findings([turn(kind, **{m: each(n) for m, each in sut.items()}) for n in range(9) for kind in KINDS])


def test_what_stays_as_it_was_is_flat_and_every_measure_of_every_process_is_looked_at() -> None:
    found = turns()
    assert found.is_sound
    assert len(found.growths) == len(PROCESSES) * len(MEASURES) * len(KINDS)


@pytest.mark.parametrize(
    ("measure", "each"),
    [("rss_mib", lambda n: 80.0 + 2 * n), ("descriptors", lambda n: 12 + n // 5), ("threads", lambda n: 4 + n // 5)],
)
def test_what_grows_is_named(measure: str, each: Any) -> None:
    found = turns(**{measure: each})
    assert not found.is_sound
    assert {(g.process, g.measure) for g in found.growths if not g.is_flat} == {("sut", measure)}
    assert "GREW" in "\n".join(lines(found))


def test_the_first_turn_in_which_pools_fill_is_not_held_against_it() -> None:
    assert turns(rss_mib=lambda n: 40.0 if n == 0 else 80.0).is_sound


@pytest.mark.parametrize("counted", [{"served": 99}, {"served": 101}, {"failed": 1}])
def test_one_request_too_few_or_too_many_is_told(counted: dict[str, int]) -> None:
    found = turns()
    found.segments[3] = turn("open", **counted)
    assert not found.is_sound
    assert "1 turns were not counted exactly" in list(lines(found))


def test_what_it_is_filled_with_is_counted_and_not_compared() -> None:
    found = turns()
    found.segments[:0] = [turn(kind, rss_mib=500.0) for kind in soak.FILLING]
    assert found.is_sound
    assert found.sent == 100 * len(found.segments)
    found.segments[0] = turn("filled with threads", served=99)
    assert not found.is_sound


def test_too_few_turns_are_not_called_flat() -> None:
    assert not Findings([turn(kind) for kind in KINDS]).is_sound


def test_a_short_soak_counts_exactly_what_the_app_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "soak.json"
    monkeypatch.setattr("sys.argv", ["soak", "--minutes", "0.15", "--out", str(out)])
    soak.main()
    found = json.loads(out.read_text())
    assert found["sent"] == found["served"] > 100
    assert found["failed"] == 0
    assert "every turn was counted exactly" in capsys.readouterr().out
