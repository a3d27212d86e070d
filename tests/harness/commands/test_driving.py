"""The words of a call about who drives: what they come to, and which do not go together."""

from __future__ import annotations

import argparse

import pytest

from experiment.errors import UsageError
from experiment.records.manifest import Elsewhere
from harness.campaign.workers import joining
from harness.commands.driving import Driving, add_driving, driving_of
from harness.commands.words import endpoint

NEAR = ["--expect-workers", "3"]


def driving(*words: str) -> Driving:
    parser = argparse.ArgumentParser()
    add_driving(parser, "--workers", "--driver-workers")
    return driving_of(parser.parse_args(words))


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ([], Driving()),
        (["--workers", "0"], Driving(workers=0)),
        (["--driver-workers", "2"], Driving(workers=2)),
        (NEAR, Driving(workers=3, elsewhere=Elsewhere(bind="127.0.0.1:5557"))),
        (
            [*NEAR, "--master-bind", "0.0.0.0:7000", "--sut-host", "::1"],
            "workers in another network cannot reach an app that listens on ::1",
        ),
        (
            [*NEAR, "--master-bind", "[::1]:7000", "--sut-host", "::1"],
            Driving(workers=3, elsewhere=Elsewhere(bind="::1:7000", sut_host="::1")),
        ),
        ([*NEAR, "--master-bind", "0.0.0.0"], "name the address of this machine that they reach with --sut-host"),  # noqa: S104 - which is refused
        ([*NEAR, "--master-bind", "192.0.2.1"], "--master-bind: 192.0.2.1 is no address of this machine"),
        ([*NEAR, "--sut-host", "192.0.2.1"], "--sut-host: 192.0.2.1 is no address of this machine"),
        ([*NEAR, "--sut-host", "0.0.0.0"], "stands for all of this machine's"),  # noqa: S104 - which is refused
        ([*NEAR, "--sut-host", "app.example"], "--sut-host takes an IP address of this machine"),
        ([*NEAR, "--master-bind", "app.example"], "--master-bind takes an IP address of this machine"),
        (["--sut-host", "::1"], "--sut-host is for workers that others start: add --expect-workers N"),
        (["--master-bind", "::1", "--sut-host", "::1"], "--master-bind and --sut-host is for workers"),
        ([*NEAR, "--workers", "2"], "name either"),
    ],
)
def test_who_drives_follows_from_the_words(words: list[str], found: Driving | str) -> None:
    if isinstance(found, Driving):
        assert driving(*words) == found
        return
    with pytest.raises(UsageError) as refused:
        driving(*words)
    assert found in str(refused.value)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("10.0.0.5", ("10.0.0.5", 5557)),
        ("10.0.0.5:80", ("10.0.0.5", 80)),
        ("bench.example:7000", ("bench.example", 7000)),
        ("::1", ("::1", 5557)),
        ("[::1]", ("::1", 5557)),
        ("[fe80::1]:7000", ("fe80::1", 7000)),
    ],
)
def test_a_host_may_have_a_port(text: str, found: tuple[str, int]) -> None:
    assert endpoint(text) == found


@pytest.mark.parametrize("text", ["", ":80", "a b", "[::1", "host:", "host:port", "host:99999", "http://host:80", "[]"])
def test_what_is_no_host_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        endpoint(text)


@pytest.mark.parametrize(
    ("elsewhere", "command"),
    [
        (Elsewhere(bind="127.0.0.1:5557"), "bench worker --master 127.0.0.1:5557"),
        (Elsewhere(bind="10.0.0.5:70", sut_host="10.0.0.5"), "bench worker --master 10.0.0.5:70"),
        (Elsewhere(bind="10.0.0.5:70", sut_host="10.1.0.5"), "bench worker --master 10.0.0.5:70 --sut-host 10.1.0.5"),
        (Elsewhere(bind="0.0.0.0:70", sut_host="10.1.0.5"), "bench worker --master 10.1.0.5:70"),
        (Elsewhere(bind=":::70", sut_host="fd00::5"), "bench worker --master [fd00::5]:70"),
    ],
)
def test_the_command_for_the_other_machines_is_told(elsewhere: Elsewhere, command: str) -> None:
    assert joining(elsewhere) == command
