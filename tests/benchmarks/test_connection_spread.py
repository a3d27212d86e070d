"""Which worker took which connection is counted, in real workers."""

from __future__ import annotations

from collections import Counter

import pytest

from benchmarks import connection_spread


@pytest.mark.parametrize(("taken", "share"), [((8,), 1.0), ((6, 2), 0.75), ((1, 1), 0.5)])
def test_the_share_is_that_of_the_worker_with_most(taken: tuple[int, ...], share: float) -> None:
    assert connection_spread.busiest_share(Counter(dict(enumerate(taken)))) == share


def test_every_connection_to_two_real_workers_is_counted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(connection_spread, "LOOPS", ("uvloop",))
    monkeypatch.setattr(connection_spread, "USERS", (4,))
    monkeypatch.setattr(connection_spread, "GAPS_S", (0.0,))
    monkeypatch.setattr("sys.argv", ["connection_spread", "--rounds", "1"])
    connection_spread.main()
    _, _, row = capsys.readouterr().out.splitlines()
    loop, users, how, rounds, share, took_all = (cell.strip() for cell in row.strip("| ").split("|"))
    assert (loop, users, how, rounds) == ("uvloop", "4", "at one moment", "1")
    busier = int(share.split("%")[0])
    assert busier in {50, 75, 100}  # of four, by two
    assert took_all == f"{int(busier == 100)} times"
