"""What `make check` finds in the locks, without asking anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.commands import dependencies
from harness.commands.dependencies import FAULTS, LOCKS, complaints, pins

if TYPE_CHECKING:
    from collections.abc import Mapping

HASH = "sha256:" + "0" * 64
GOOD = f"one==1.0 \\\n    --hash={HASH}\n    # via here\ntwo==2.0 ; sys_platform == 'nowhere' \\\n    --hash={HASH}\n"


def found(text: str = GOOD, *, installed: Mapping[str, str] | None = None, wanted: tuple[str, ...] = ()) -> list[str]:
    return complaints({"a.lock": text}, {"a.lock": list(wanted)}, installed or {})


def test_the_committed_locks_are_without_fault(capsys: pytest.CaptureFixture[str]) -> None:
    assert dependencies.main() == 0
    assert "0 found" in capsys.readouterr().out


def test_a_lock_gives_its_pins_with_their_hashes() -> None:
    assert [(p.package, p.version, p.hashes, p.is_wanted) for p in pins(GOOD)] == [
        ("one", "1.0", 1, True),
        ("two", "2.0", 1, False),
    ]
    assert found() == []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("one==1.0\n", "one has no hash"),
        (f"one>=1.0 \\\n    --hash={HASH}\n", "one is not pinned"),
        (f"--index-url somewhere\n{GOOD}", "an address of a package index"),
        (f"pillow==11.2.9 \\\n    --hash={HASH}\n", "pillow 11.2.9 has CVE-2025-48379; mended in 11.3.0"),
    ],
)
def test_what_is_wrong_with_a_lock_is_named(text: str, complaint: str) -> None:
    assert [c for c in found(text) if complaint in c]


def test_a_package_that_is_wanted_and_not_locked_or_installed_as_another_is_named() -> None:
    assert found(wanted=("three",)) == ["a.lock: three of pyproject.toml is not in it; make lock"]
    assert found(installed={"one": "0.9"}) == ["a.lock: one 1.0 is installed as 0.9; make setup"]
    assert found(installed={"two": "0.9"}) == []  # not wanted on this system


def test_two_locks_that_differ_are_named() -> None:
    both = {"a.lock": GOOD, "b.lock": GOOD.replace("1.0", "1.1")}
    assert complaints(both, {"a.lock": [], "b.lock": []}, {}) == ["b.lock: one 1.1 is 1.0 in another lock; make lock"]


def test_every_known_fault_is_of_a_version_that_can_be_compared() -> None:
    for fault in FAULTS:
        assert [c for c in found(f"{fault.package}==0.0.1 \\\n    --hash={HASH}\n") if fault.name in c]
    assert len(LOCKS) == 3
