"""What master and workers say to each other, and which hosts a worker loads at a master's word."""

from __future__ import annotations

import pytest

from experiment.records.driver_protocol import ClosedOrder, ProtocolError, Request, TrialCommand, read_command
from experiment.records.worker_protocol import Part, to_worker

REQUEST = Request(method="GET", path="/x", expected_status=200)


def command(host: str) -> TrialCommand:
    whole = {
        "trial_id": "t0001",
        "host": host,
        "port": 8000,
        "request": REQUEST,
        "load": ClosedOrder(users=4),
        "warmup_s": 0.5,
        "window_s": 1.0,
        "request_timeout_s": 30.0,
    }
    return TrialCommand.model_validate(whole, context=(host,))


def part(host: str) -> str:
    return Part(command=command(host)).model_dump_json(by_alias=True)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_the_loopback_address_may_always_be_loaded(host: str) -> None:
    assert to_worker(part(host)) == Part(command=command(host))


def test_another_host_is_loaded_only_by_who_was_started_for_it() -> None:
    told = part("192.0.2.1")
    assert to_worker(told, hosts=("192.0.2.1",)) == Part(command=command("192.0.2.1"))
    for hosts in ((), ("192.0.2.2",)):
        with pytest.raises(ProtocolError, match=r"part.command.host: must be a loopback address") as refused:
            to_worker(told, hosts=hosts)
        assert refused.value.trial_id == "t0001"


def test_the_driver_loads_only_the_host_that_it_was_started_for() -> None:
    line = command("192.0.2.1").model_dump_json()
    assert read_command(line, hosts=("192.0.2.1",)) == command("192.0.2.1")
    with pytest.raises(ProtocolError, match=r"127.0.0.1 or ::1, or 192.0.2.2"):
        read_command(line, hosts=("192.0.2.2",))


@pytest.mark.parametrize("text", [None, "", "{}", '{"say":"part"}', '{"say":"part","command":{"trial_id":3}}'])
def test_what_is_no_message_is_refused(text: object) -> None:
    with pytest.raises(ProtocolError) as refused:
        to_worker(text)
    assert refused.value.trial_id is None
