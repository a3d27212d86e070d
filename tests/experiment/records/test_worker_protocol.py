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
@pytest.mark.parametrize("hosts", [(), ("127.0.0.1",), ("::1",)])
def test_who_was_started_for_no_other_machine_loads_its_own(host: str, hosts: tuple[str, ...]) -> None:
    assert to_worker(part(host), hosts=hosts) == Part(command=command(host))


def test_who_was_started_for_another_machine_loads_that_one_only() -> None:
    assert to_worker(part("192.0.2.1"), hosts=("192.0.2.1",)) == Part(command=command("192.0.2.1"))
    for host in ("192.0.2.2", "127.0.0.1", "::1"):
        with pytest.raises(ProtocolError, match=r"part.command.host: must be 192\.0\.2\.1 \(given") as refused:
            to_worker(part(host), hosts=("192.0.2.1",))
        assert refused.value.trial_id == "t0001"


@pytest.mark.parametrize("hosts", [(), ("127.0.0.1",), ("192.0.2.2",)])
def test_the_driver_loads_only_the_host_that_it_was_started_for(hosts: tuple[str, ...]) -> None:
    line = command("192.0.2.1").model_dump_json()
    assert read_command(line, hosts=("192.0.2.1",)) == command("192.0.2.1")
    with pytest.raises(ProtocolError, match=r"trial.host: must be"):
        read_command(line, hosts=hosts)


@pytest.mark.parametrize("text", [None, "", "{}", '{"say":"part"}', '{"say":"part","command":{"trial_id":3}}'])
def test_what_is_no_message_is_refused(text: object) -> None:
    with pytest.raises(ProtocolError) as refused:
        to_worker(text)
    assert refused.value.trial_id is None
