"""What differs between the places two campaigns were measured in, and which of it makes them no fit for comparing.

Pure: two manifests in, differences out. A fact that only one manifest records counts as a difference, since nobody can
say that it is the same.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from experiment.records.manifest import ProfileFacts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from experiment.records.manifest import DatabaseFacts, Manifest

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
_NO_PROFILE = ProfileFacts(name="", budget_s=0, max_rounds=0)
_SMOKE = "a smoke run's windows are too short for evidence"


def differences(a: Manifest, b: Manifest) -> tuple[Difference, ...]:
    """Return every difference between two manifests, by topic; none when they tell the same."""
    found = (
        *_host(a, b),
        *_python(a, b),
        *_pinning(a, b),
        *_keys(Topic.SETTINGS, a.settings, b.settings, _OTHER_SETTING),
        *_keys(Topic.DATABASE, _facts(a.database), _facts(b.database)),
        *_loads(a, b),
        *_profile(a, b),
        *_keys(Topic.PACKAGES, a.packages, b.packages, missing="not installed"),
        *_method(a, b),
    )
    return tuple(found)


def _facts(database: DatabaseFacts | None) -> dict[str, Any]:
    return {} if database is None else database.model_dump()


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
    one, other = a.host, b.host
    for topic, name, obstacle in _HOST:
        yield from _differs(topic, name, getattr(one, name), getattr(other, name), obstacle)


def _python(a: Manifest, b: Manifest) -> Iterator[Difference]:
    one, other = a.host.python, b.host.python
    is_same_minor = _minor(one) == _minor(other)
    yield from _differs(Topic.PYTHON, "version", one, other, "" if is_same_minor else _OTHER_MINOR)


def _minor(version: str | None) -> tuple[str, ...] | None:
    return None if version is None else tuple(version.split(".")[:2])


def _pinning(a: Manifest, b: Manifest) -> Iterator[Difference]:
    """Compare how many cores each side gets, not which: the number of a core means nothing on another machine."""
    one, other = a.pinning, b.pinning
    yield from _differs(Topic.PINNING, "enforced", one.enforced, other.enforced, _OTHER_PINNING)
    for name in ("sut", "others"):
        mine, theirs = (len(getattr(p, name)) if p.enforced is not None else None for p in (one, other))
        yield from _differs(Topic.PINNING, f"cores for {name}", mine, theirs, _OTHER_PINNING)


def _keys(
    topic: Topic, a: Mapping[str, Any], b: Mapping[str, Any], obstacle: str = "", *, missing: str = NOT_RECORDED
) -> Iterator[Difference]:
    for name in sorted(a.keys() | b.keys()):
        yield from _differs(topic, name, a.get(name), b.get(name), obstacle, missing)


def _loads(a: Manifest, b: Manifest) -> Iterator[Difference]:
    """Compare the loads that both have; a load of one side alone belongs to treatments that are not compared."""
    one, other = a.loads, b.loads
    for load in sorted(one.keys() & other.keys()):
        for difference in _keys(Topic.LOADS, asdict(one[load]), asdict(other[load]), _OTHER_LOAD):
            yield Difference(
                topic=Topic.LOADS,
                name=f"{load}, {difference.name}",
                a=difference.a,
                b=difference.b,
                obstacle=difference.obstacle,
            )


def _profile(a: Manifest, b: Manifest) -> Iterator[Difference]:
    one, other = a.profile or _NO_PROFILE, b.profile or _NO_PROFILE
    smokes = (one.is_smoke, other.is_smoke)
    yield from _differs(Topic.PROFILE, "smoke run", *smokes, _SMOKE)
    # what a time scale does to the windows stands in the loads, and is an obstacle there
    yield from _differs(Topic.PROFILE, "time_scale", one.time_scale, other.time_scale)
    # where a campaign stops decides how much it knows, not what it measures
    yield from _differs(Topic.PROFILE, "all rounds", one.all_rounds, other.all_rounds)


def _method(a: Manifest, b: Manifest) -> Iterator[Difference]:
    for name in ("version", "alpha"):
        yield from _differs(Topic.METHOD, name, getattr(a, name), getattr(b, name))
    one, other = a.git, b.git
    yield from _differs(Topic.METHOD, "commit", one.commit, other.commit)
    yield from _differs(Topic.METHOD, "uncommitted changes", one.dirty, other.dirty)
