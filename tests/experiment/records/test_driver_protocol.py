"""The contract of harness and load driver: what is sent arrives the same, and everything else is refused by name."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiment.records.driver_protocol import (
    BurstOrder,
    BystanderOrder,
    ClosedOrder,
    OpenOrder,
    ProgressEvent,
    ProtocolError,
    QuitCommand,
    ReplayOrder,
    Request,
    TrialCommand,
    read_command,
    read_event,
)

amounts = st.integers(1, 10_000)
seconds = st.floats(0.0, 1e6)
loads = st.one_of(
    st.builds(ClosedOrder, users=amounts, stagger_s=seconds),
    st.builds(BurstOrder, requests=amounts),
    st.builds(
        OpenOrder,
        rate_rps=st.floats(0.1, 1e6),
        arrivals=st.sampled_from(["constant", "poisson"]),
        seed=st.integers(0, 2**63),
        max_in_flight=amounts,
    ),
    st.builds(
        ReplayOrder, offsets_s=st.lists(seconds, min_size=1).map(lambda s: tuple(sorted(s))), max_in_flight=amounts
    ),
)
REQUEST = Request(method="GET", path="/x", expected_status=200, expected_body=b'{"ok":true}')


def trial(**changes: Any) -> TrialCommand:
    whole: dict[str, Any] = {
        "trial_id": "t0001",
        "host": "127.0.0.1",
        "port": 8000,
        "request": REQUEST,
        "load": ClosedOrder(users=4),
        "warmup_s": 0.5,
        "window_s": 1.0,
        "request_timeout_s": 30.0,
    }
    return TrialCommand(**(whole | changes))


def refusal(**changes: Any) -> str:
    command = json.loads(trial().model_dump_json())
    for path, value in changes.items():
        *way, last = path.split("__")
        inner = command
        for key in way:
            inner = inner[key]
        if value is ...:
            del inner[last]
        else:
            inner[last] = value
    with pytest.raises(ProtocolError) as error:
        read_command(json.dumps(command))
    assert error.value.trial_id == command["trial_id"]
    return str(error.value)


@given(load=loads, body=st.none() | st.binary())
def test_a_command_arrives_as_it_was_sent(load: Any, body: bytes | None) -> None:
    request = Request(
        method="POST", path="/x?y=1", headers=(("a", "b"),), body=body, expected_status=201, expected_body=body
    )
    beside = BystanderOrder(**dict(REQUEST), interval_s=0.02, max_in_flight=512)
    command = trial(load=load, request=request, bystander=beside)
    assert read_command(command.model_dump_json()) == command
    assert read_command(command.model_dump_json().encode()) == command


def test_the_keys_on_the_wire_are_those_of_the_readme() -> None:
    wire = json.loads(trial().model_dump_json())
    assert wire["do"] == "trial"
    assert wire["request"] == {
        "method": "GET",
        "path": "/x",
        "headers": [],
        "body_base64": None,
        "expected_status": 200,
        "expected_body_base64": "eyJvayI6dHJ1ZX0=",
    }
    assert wire["load"] == {"kind": "closed", "users": 4, "stagger_s": 0.0}


def test_quit_is_a_command() -> None:
    assert read_command('{"do":"quit"}') == QuitCommand()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"window": 1}, "trial.window: no such key"),
        ({"window_s": ...}, "trial.window_s: is missing"),
        ({"window_s": 0}, "trial.window_s: must be more than 0"),
        ({"window_s": float("inf")}, "trial.window_s: must be a finite number"),
        ({"window_s": "1"}, "trial.window_s: must be a valid number"),
        ({"drain_s": -0.1}, "trial.drain_s: must be at least 0"),
        ({"host": "192.0.2.1"}, "trial.host: must be a loopback address such as 127.0.0.1 or ::1 (given: '192.0.2.1')"),
        ({"host": "localhost"}, "trial.host: must be a loopback address"),
        ({"port": 65_536}, "trial.port: must be at most 65535 (given: 65536)"),
        ({"port": 0}, "trial.port: must be at least 1"),
        ({"trial_id": ""}, "trial.trial_id: must have at least 1 character"),
        ({"load__users": 0}, "trial.load.users: must be at least 1 (given: 0)"),
        ({"load__users": 10_001}, "trial.load.users: must be at most 10000 (given: 10001)"),
        ({"load__users": 4.0}, "trial.load.users: must be a valid integer"),
        ({"load__users": ...}, "trial.load.users: is missing"),
        ({"load__usres": 1}, "trial.load.usres: no such key"),
        ({"load__kind": "clsoed"}, "trial.load.kind: must be one of 'closed', 'burst', 'open', 'replay'"),
        ({"request__path": "no-slash"}, r"trial.request.path: must match pattern '^/\S*$' (given: 'no-slash')"),
        ({"request__method": "GET /"}, "trial.request.method: must match pattern"),
        ({"request__headers": [["a"]]}, "trial.request.headers.0.1: is missing"),
        ({"request__expected_status": 99}, "trial.request.expected_status: must be at least 200"),
        ({"request__body_base64": "§"}, "trial.request.body_base64: must be valid base64"),
        ({"request__body": "aGVsbG8="}, "trial.request.body: no such key"),
        ({"bystander": {"method": "GET"}}, "trial.bystander.path: is missing"),
        ({"warmup_s": ...}, "trial: only a burst may be without warmup_s"),
    ],
)
def test_a_command_that_is_not_as_agreed_is_refused_by_the_name_of_its_key(changes: Any, said: str) -> None:
    assert refusal(**changes).startswith(said)


@pytest.mark.parametrize("offsets_s", [[], [0.2, 0.1], [-0.1], ["soon"], None])
def test_a_replay_of_no_schedule_is_refused(offsets_s: Any) -> None:
    said = refusal(load={"kind": "replay", "offsets_s": offsets_s, "max_in_flight": 1})
    assert said.startswith("trial.load.offsets_s")


def test_a_burst_needs_no_warmup() -> None:
    wire = json.loads(trial(load=BurstOrder(requests=3)).model_dump_json())
    del wire["warmup_s"]
    command = read_command(json.dumps(wire))
    assert isinstance(command, TrialCommand)
    assert (command.warmup_s, command.duration_s) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "must be JSON"),
        ("[]", "must be an object"),
        ("3", "must be an object"),
        ('{"do":"dance"}', "do: must be one of 'trial', 'quit' (given: 'dance')"),
        ("{}", "do: is missing"),
        ('{"do":"quit","trial_id":3}', "quit.trial_id: no such key"),
    ],
)
def test_a_line_that_is_no_command_is_refused_and_names_no_trial(line: str, said: str) -> None:
    with pytest.raises(ProtocolError) as error:
        read_command(line)
    assert str(error.value).startswith(said)
    assert error.value.trial_id is None


def test_an_event_is_read_by_its_name_and_nothing_else_is_one() -> None:
    progress = ProgressEvent(trial_id="t1", second=0, rps=12, p99_us=None, errors=0)
    assert read_event(progress.model_dump_json()) == progress
    with pytest.raises(ProtocolError, match=r"event: must be one of .*'window-open'.*given: 'windy'"):
        read_event('{"event":"windy"}')
    with pytest.raises(ProtocolError, match=r"warm\.t: is missing"):
        read_event('{"event":"warm","trial_id":"t1"}')
