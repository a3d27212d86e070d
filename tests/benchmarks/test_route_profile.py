"""Where a request's CPU goes, by samples of a real app under load."""

from __future__ import annotations

from collections import Counter

import pytest

from benchmarks import route_profile
from benchmarks.route_profile import Profile, counted, table
from experiment.errors import EnvironmentUnfitError, InvalidMeasurementError

STACKS = """\
run (asyncio/runners.py:190);app (starlette/routing.py:75);dumps (json/__init__.py:231) 300
run (threading.py:1002);get (queue.py:171) 50
run (asyncio/runners.py:190) 40
process 12:"python" 10
"""


def test_a_sample_belongs_to_the_package_of_the_innermost_frame() -> None:
    assert counted(STACKS, "package") == {"json": 300, "queue": 50, "asyncio": 40, "unknown": 10}


def test_or_to_its_function() -> None:
    assert counted(STACKS, "function")["dumps (json/__init__.py)"] == 300


def test_too_few_samples_tell_nothing() -> None:
    with pytest.raises(InvalidMeasurementError, match="only 40 samples"):
        counted("run (asyncio/runners.py:190) 40", "package")


def test_the_table_has_what_takes_a_fiftieth_of_any_route_the_largest_first() -> None:
    one = Profile(parts=Counter(h11=700, json=290, re=10), cpu_us_per_request=200)
    other = Profile(parts=Counter(json=1000), cpu_us_per_request=100)
    assert table({"a": one, "b": other}).splitlines() == [
        "| CPU a request | a | b |",
        "|---|---|---|",
        "| all | 200 µs | 100 µs |",
        "| json | 29%, 58 µs | 100%, 100 µs |",
        "| h11 | 70%, 140 µs | 0%, 0 µs |",
    ]


def test_the_command_looks_into_real_apps(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["route_profile", "B16b", "--seconds", "2"])
    try:
        assert route_profile.main() == 0
    except EnvironmentUnfitError as error:  # no ptrace, for instance
        pytest.skip(str(error))
    assert "| h11 | 0%, 0 µs | " in capsys.readouterr().out
