"""The harness's end of the driver: what it sends, and what it makes of what comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from driver_results import DURATIONS, driver_result
from experiment.design.model import Load, LoadKind
from experiment.errors import EnvironmentUnfitError
from experiment.records.driver_protocol import BurstOrder, ClosedOrder, OpenOrder, Request, WarmEvent, read_command
from harness.trial.driver import DriverFailedError, LocustProcess, locust_process, trial_command

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from experiment.records.driver_protocol import Event, ResultEvent, TrialCommand

REQUEST = Request(method="GET", path="/x", expected_status=200, expected_body=b"\x00")
CLOSED = Load(id="closed-4", kind=LoadKind.CLOSED, users=4, warmup_s=0.0, window_s=0.1)
READY = '{"event":"ready","locust":"0","python":"0","pid":1}'
WARM = '{"event":"warm","trial_id":"t0001","t":1.0}'
RESULT = driver_result().model_dump_json()


def command(load: Load = CLOSED) -> TrialCommand:
    return trial_command("t0001", 8000, REQUEST, load, bystander=None, seed=7)


def driver_that_says(tmp_path: Path, *lines: str) -> LocustProcess:
    """Return a driver of our own that is ready and then answers any command with these lines."""
    script = tmp_path / "trials.py"
    script.write_text(f"print({READY!r}, flush=True)\ninput()\nfor line in {lines!r}: print(line, flush=True)\n")
    return LocustProcess(log=tmp_path / "driver.log", cores=(), script=script)


def run(locust: LocustProcess, on_event: Callable[[Event], object] = print) -> ResultEvent:
    try:
        return locust.run(command(), on_event)
    finally:
        locust.stop()


@pytest.mark.parametrize(
    ("kind", "order"),
    [
        (LoadKind.CLOSED, ClosedOrder(users=9, stagger_s=0.2)),
        (LoadKind.BURST, BurstOrder(requests=9)),
        (LoadKind.OPEN, OpenOrder(rate_rps=50.0, arrivals="poisson", seed=7, max_in_flight=1000)),
    ],
)
def test_every_kind_of_load_becomes_a_command_that_the_driver_reads(kind: LoadKind, order: Any) -> None:
    load = Load(id="x", kind=kind, users=9, rate_rps=50.0, arrivals="poisson", warmup_s=1.0, window_s=40.0, drain_s=2.0)
    sent = command(load)
    assert read_command(sent.model_dump_json()) == sent
    assert (sent.host, sent.load) == ("127.0.0.1", order)
    assert (sent.duration_s, sent.request_timeout_s) == (43.0, 43.0)


def test_events_are_passed_on_and_the_result_is_returned(tmp_path: Path) -> None:
    seen: list[Event] = []
    other = WARM.replace("t0001", "t0000")  # what a trial that was given up on still had to say
    result = run(driver_that_says(tmp_path, other, WARM, RESULT), seen.append)
    assert seen == [WarmEvent(trial_id="t0001", t=1.0)]
    assert (result.answers, result.response.counts) == (200, DURATIONS.counts)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"event":"error","trial_id":"t0001","message":"it broke"}', "the driver says: it broke; see logs/driver.log"),
        ('{"event":"error","trial_id":null,"message":"what?"}', "the driver says: what?"),
        ("Traceback", "it said what is no event: must be JSON"),
        (RESULT.replace('"sent":210,', ""), "it said what is no event: result.sent: is missing"),
    ],
)
def test_what_is_no_result_fails_the_trial_and_says_why(line: str, said: str, tmp_path: Path) -> None:
    locust = driver_that_says(tmp_path, line)
    with pytest.raises(DriverFailedError) as error:
        run(locust)
    assert str(error.value).startswith(said)
    assert locust.pid is None


def test_a_driver_that_ends_instead_of_answering_is_named(tmp_path: Path) -> None:
    with pytest.raises(DriverFailedError, match="its process ended"):
        run(driver_that_says(tmp_path))


@pytest.mark.parametrize(
    ("program", "said"), [("", "its process ended"), (f"print({WARM!r})", "instead of being ready")]
)
def test_a_driver_that_does_not_get_ready_is_named(program: str, said: str, tmp_path: Path) -> None:
    script = tmp_path / "trials.py"
    script.write_text(program)
    with (
        pytest.raises(EnvironmentUnfitError, match=said),
        locust_process(log=tmp_path / "driver.log", cores=(), script=script),
    ):
        pass


def test_a_driver_that_ended_is_started_again(tmp_path: Path) -> None:
    locust = driver_that_says(tmp_path, RESULT)
    locust.run(command(), print)
    first = locust._process
    assert first is not None
    first.wait(timeout=10)
    assert run(locust).answers == 200
