"""The probe in somebody else's app: its file is read as the SUT's own is, and names the lines that hold up the loop."""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app_environments import FASTAPI_0_100, FASTAPI_TODAY, STARLETTE_TODAY
from bench_app.probe import FORMAT, Probe, ServedCounter
from guest_servers import ask, line_of, with_guest
from harness.trial.probe_log import ProbeLog
from real_servers import Server

Log = tuple[Server, Path]


@pytest.fixture(scope="module", params=[FASTAPI_0_100, FASTAPI_TODAY], ids=lambda param: param.name)
def watched(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Log]:
    file = tmp_path_factory.mktemp("probe") / "probe"
    with with_guest(request.param.python(), "styles_app:app", PROBE_PATH=str(file), THREAD_TOKENS="7") as server:
        yield server, file


def lost(watched: Log, path: str, times: int = 3) -> Counter[tuple[str, str | None]]:
    """Ask for a path, and return the seconds lost meanwhile by place and library call."""
    server, file = watched
    seen = len(samples(file))
    for _ in range(times):
        ask(server, path)
    time.sleep(0.15)  # until the next sample is written
    found: Counter[tuple[str, str | None]] = Counter()
    for sample in samples(file)[seen:]:
        for seconds, place, call in sample["stuck"]:
            found[place, call] += seconds
    return found


def worst(watched: Log, path: str) -> tuple[str, str | None]:
    """Return the app's own line on which most was lost; on a busy machine the loop is late elsewhere as well."""
    own = Counter({key: seconds for key, seconds in lost(watched, path).items() if not key[0].startswith("~")})
    (most, _), *_ = own.most_common(1)
    return most


def samples(file: Path) -> list[dict[str, Any]]:
    log = ProbeLog.read(file)
    return list(log.samples) if log else []


def test_the_line_that_holds_up_the_loop_is_named_with_the_seconds_lost_on_it(watched: Log) -> None:
    assert worst(watched, "/held") == (f"styles_app.py:{line_of('styles_app', '# held here')} in rank", None)


def test_the_library_call_below_the_line_is_named(watched: Log) -> None:
    place, call = worst(watched, "/held-in-library")
    assert place == f"styles_app.py:{line_of('styles_app', '# held in a library')} in held_in_library"
    assert call in {"threading.Condition.wait", "threading.wait"}  # before Python 3.11 the class is not known


def test_a_line_that_a_library_hides_by_switching_stacks_is_named(tmp_path: Path) -> None:
    file = tmp_path / "probe"
    with with_guest(Path(sys.executable), "styles_app:app", PROBE_PATH=str(file)) as server:
        ask(server, "/held-on-another-stack")  # which imports the library, and holds up the loop by that
        time.sleep(0.15)
        place, _ = worst((server, file), "/held-on-another-stack")
    line = line_of("styles_app", "# held on another stack")
    assert place == f"styles_app.py:{line} in held_on_another_stack"


def test_time_lost_without_a_line_of_the_app_is_marked(watched: Log) -> None:
    calls = {call or "" for place, call in lost(watched, "/rows") if place.startswith("~")}
    assert any(call.startswith("fastapi.encoders.") for call in calls)


def test_the_file_has_the_format_of_the_suts_own(watched: Log) -> None:
    _, file = watched
    log = ProbeLog.read(file)
    assert log is not None
    assert len(log.lags) > 0
    assert file.read_text(encoding="utf-8").startswith(f'{{"probe":{FORMAT},')
    assert set(log.samples[0]) - {"stuck"} == set(_suts_own(file.with_name("own")).samples[0])
    assert {sample["tokens_total"] for sample in log.samples} == {7}
    assert {sample["tokens_borrowed"] for sample in log.samples} <= set(range(8))


def _suts_own(file: Path) -> ProbeLog:
    async def watch() -> None:
        with Probe(path=file, tick_s=0.02, sample_s=0.02, count_served=ServedCounter()):
            await asyncio.sleep(0.05)

    asyncio.run(watch())
    log = ProbeLog.read(file)
    assert log is not None
    return log


@pytest.mark.parametrize("target", ["star_app:app", "star_app:whole"])
def test_an_app_of_starlette_alone_is_watched_with_lifespan_and_without(tmp_path: Path, target: str) -> None:
    variables = {"PROBE_PATH": str(tmp_path / "probe"), "PROBE_PER_PROCESS": "1", "THREAD_TOKENS": "5"}
    with with_guest(STARLETTE_TODAY.python(), target, **variables) as server:
        assert ask(server, "/whole/").body == b"an app of its own"
        time.sleep(0.15)
    assert {sample["tokens_total"] for sample in samples(tmp_path / "probe")} == {5}
