"""What differs between the places two campaigns were measured in, and which of it makes them no fit for comparing.

Pure: two manifests in, differences out. A fact that only one manifest records counts as a difference, since nobody can
say that it is the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Manifest = Mapping[str, Any]

NOT_RECORDED = "not recorded"


class Topic(StrEnum):
    """What a difference is about."""

    MACHINE = "machine"
    PYTHON = "Python"
    PINNING = "pinning"
    SETTINGS = "settings"
    DATABASE = "database"
    LOADS = "loads"
    PROFILE = "profile"
    PACKAGES = "packages"
    METHOD = "method"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One fact that is not the same in A and B; `obstacle` says why it forbids a comparison, or is empty."""

    topic: Topic
    name: str
    a: str
    b: str
    obstacle: str = ""

    @property
    def text(self) -> str:
        """The difference in words: `machine, cores: 2 / 8`."""
        return f"{self.topic}, {self.name}: {self.a} / {self.b}"


_HOST: tuple[tuple[Topic, str, str], ...] = (
    (Topic.MACHINE, "cpu", "another processor does another amount of work a second"),
    (Topic.MACHINE, "cores", "with another number of cores driver and SUT share them differently"),
    (Topic.MACHINE, "arch", "another instruction set runs other machine code"),
    (Topic.MACHINE, "memory_gib", ""),
    (Topic.MACHINE, "os", ""),
    (Topic.MACHINE, "kernel", ""),
    (Topic.PYTHON, "python_implementation", "another interpreter is another program"),
)
_OTHER_MINOR = "another minor version of Python runs the same code at another speed"
_OTHER_PINNING = "a SUT that shares its cores differently is measured against other neighbours"
_OTHER_SETTING = "the app under test was set up otherwise"
_OTHER_LOAD = "the driver did something else under the same name"
_SMOKE = "a smoke run's windows are too short for evidence"


def differences(a: Manifest, b: Manifest) -> tuple[Difference, ...]:
    """Return every difference between two manifests, by topic; none when they tell the same."""
    found = (
        *_host(a, b),
        *_python(a, b),
        *_pinning(a, b),
        *_keys(Topic.SETTINGS, a.get("settings", {}), b.get("settings", {}), _OTHER_SETTING),
        *_keys(Topic.DATABASE, a.get("database") or {}, b.get("database") or {}),
        *_loads(a, b),
        *_profile(a, b),
        *_keys(Topic.PACKAGES, a.get("packages", {}), b.get("packages", {}), missing="not installed"),
        *_method(a, b),
    )
    return tuple(found)


def obstacles(found: tuple[Difference, ...]) -> tuple[Difference, ...]:
    """Return those differences that forbid a comparison. The closed list of them is in this module's tables."""
    return tuple(d for d in found if d.obstacle)


def _differs(  # noqa: PLR0917 - where, what, its two values, why it matters and how to say that one is missing
    topic: Topic, name: str, a: Any, b: Any, obstacle: str = "", missing: str = NOT_RECORDED
) -> Iterator[Difference]:
    if a != b:
        yield Difference(topic=topic, name=name, a=_said(a, missing), b=_said(b, missing), obstacle=obstacle)


def _said(value: Any, missing: str) -> str:
    if value is None:
        return missing
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _host(a: Manifest, b: Manifest) -> Iterator[Difference]:
    one, other = a.get("host", {}), b.get("host", {})
    for topic, name, obstacle in _HOST:
        yield from _differs(topic, name, one.get(name), other.get(name), obstacle)


def _python(a: Manifest, b: Manifest) -> Iterator[Difference]:
    one, other = a.get("host", {}).get("python"), b.get("host", {}).get("python")
    is_same_minor = _minor(one) == _minor(other)
    yield from _differs(Topic.PYTHON, "version", one, other, "" if is_same_minor else _OTHER_MINOR)


def _minor(version: str | None) -> tuple[str, ...] | None:
    return None if version is None else tuple(version.split(".")[:2])


def _pinning(a: Manifest, b: Manifest) -> Iterator[Difference]:
    """Compare how many cores each side gets, not which: the number of a core means nothing on another machine."""
    one, other = a.get("pinning", {}), b.get("pinning", {})
    yield from _differs(Topic.PINNING, "enforced", one.get("enforced"), other.get("enforced"), _OTHER_PINNING)
    for name in ("sut", "others"):
        mine, theirs = (None if name not in p else len(p[name]) for p in (one, other))
        yield from _differs(Topic.PINNING, f"cores for {name}", mine, theirs, _OTHER_PINNING)


def _keys(
    topic: Topic, a: Mapping[str, Any], b: Mapping[str, Any], obstacle: str = "", *, missing: str = NOT_RECORDED
) -> Iterator[Difference]:
    for name in sorted(a.keys() | b.keys()):
        yield from _differs(topic, name, a.get(name), b.get(name), obstacle, missing)


def _loads(a: Manifest, b: Manifest) -> Iterator[Difference]:
    """Compare the loads that both have; a load of one side alone belongs to treatments that are not compared."""
    one, other = a.get("loads", {}), b.get("loads", {})
    for load in sorted(one.keys() & other.keys()):
        for difference in _keys(Topic.LOADS, one[load], other[load], _OTHER_LOAD):
            yield Difference(
                topic=Topic.LOADS,
                name=f"{load}, {difference.name}",
                a=difference.a,
                b=difference.b,
                obstacle=difference.obstacle,
            )


def _profile(a: Manifest, b: Manifest) -> Iterator[Difference]:
    one, other = a.get("profile", {}), b.get("profile", {})
    smokes = (bool(one.get("is_smoke")), bool(other.get("is_smoke")))
    yield from _differs(Topic.PROFILE, "smoke run", *smokes, _SMOKE)
    # what a time scale does to the windows stands in the loads, and is an obstacle there
    yield from _differs(Topic.PROFILE, "time_scale", one.get("time_scale"), other.get("time_scale"))
    # where a campaign stops decides how much it knows, not what it measures
    yield from _differs(Topic.PROFILE, "all rounds", bool(one.get("all_rounds")), bool(other.get("all_rounds")))


def _method(a: Manifest, b: Manifest) -> Iterator[Difference]:
    for name in ("version", "alpha"):
        yield from _differs(Topic.METHOD, name, a.get(name), b.get(name))
    one, other = a.get("git", {}), b.get("git", {})
    yield from _differs(Topic.METHOD, "commit", one.get("commit"), other.get("commit"))
    yield from _differs(Topic.METHOD, "uncommitted changes", one.get("dirty"), other.get("dirty"))
