"""What differs between the places two campaigns were measured in, and which of it makes them no fit for comparing.

Pure: two manifests in, differences out. A fact that only one manifest records counts as a difference, since nobody can
say that it is the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from experiment.records.manifest import Manifest, ProfileFacts

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
    """One fact that is not the same in A and B; `obstacle` says why it forbids a comparison, or is empty.

    `load` is the load that the fact belongs to, or empty.
    """

    topic: Topic
    fact: str
    a: str
    b: str
    load: str = ""
    obstacle: str = ""

    @property
    def name(self) -> str:
        return f"{self.load}, {self.fact}" if self.load else self.fact

    @property
    def text(self) -> str:
        """The difference in words: `machine, cores: 2 / 8`."""
        return f"{self.topic}, {self.name}: {self.a} / {self.b}"


_OBSTACLES: Mapping[tuple[Topic, str], str] = {
    (Topic.MACHINE, "cpu"): "another processor does another amount of work a second",
    (Topic.MACHINE, "cores"): "with another number of cores driver and SUT share them differently",
    (Topic.MACHINE, "arch"): "another instruction set runs other machine code",
    (Topic.PYTHON, "python_implementation"): "another interpreter is another program",
    (Topic.PYTHON, "minor version"): "another minor version of Python runs the same code at another speed",
    (Topic.METHOD, "driver's workers"): "another number of processes drives with another CPU beside the app",
    (Topic.METHOD, "workers elsewhere"): "requests over a network take its time as well",
    (Topic.PROFILE, "smoke run"): "a smoke run's windows are too short for evidence",
}
_OBSTACLES_OF_TOPICS: Mapping[Topic, str] = {
    Topic.PINNING: "a SUT that shares its cores differently is measured against other neighbours",
    Topic.SETTINGS: "the app under test was set up otherwise",
    Topic.LOADS: "the driver did something else under the same name",
}
"""Whatever differs in these topics is an obstacle."""
_MISSING = {Topic.PACKAGES: "not installed"}
_NO_PROFILE = ProfileFacts(name="", budget_s=0, max_rounds=0)


def differences(a: Manifest, b: Manifest) -> tuple[Difference, ...]:
    """Return every difference between two manifests, by topic; none when they tell the same."""
    found: list[Difference] = []
    one, other = _facts(a), _facts(b)
    for topic in Topic:
        if topic is Topic.LOADS:  # a load of one side alone belongs to treatments that are not compared
            for load in sorted(a.loads.keys() & b.loads.keys()):
                found += _differing(topic, asdict(a.loads[load]), asdict(b.loads[load]), load)
        else:
            found += _differing(topic, one[topic], other[topic])
    return tuple(found)


def obstacles(found: Sequence[Difference]) -> tuple[Difference, ...]:
    """Return those differences that forbid a comparison. The closed list of them is in this module's tables."""
    return tuple(d for d in found if d.obstacle)


def unlike_machines(found: Sequence[Difference]) -> tuple[Difference, ...]:
    """Return those differences that make two campaigns' machines unlike; none where a figure means the same on both.

    Unlike are machines of another processor, number of cores or instruction set, and such as give the SUT other cores:
    each changes what a request costs, and not every treatment's by the same factor. No such reasons are the memory (the
    campaign fits into the least there is, and what a kernel reports of the same machine varies), the kernel and the
    system's version (updates of the same machine, listed with everything else that differs), and Python, which is no
    part of the machine. What one side did not record counts as another.
    """
    return tuple(d for d in found if d.obstacle and d.topic in _OF_THE_MACHINE)


_OF_THE_MACHINE = (Topic.MACHINE, Topic.PINNING)


def _differing(topic: Topic, a: Mapping[str, Any], b: Mapping[str, Any], load: str = "") -> Iterator[Difference]:
    for fact in sorted(a.keys() | b.keys()) if topic in _ALPHABETICAL else a:
        one, other = a.get(fact), b.get(fact)
        if one != other:
            yield Difference(
                topic=topic,
                fact=fact,
                a=_said(one, topic),
                b=_said(other, topic),
                load=load,
                obstacle=_obstacle(topic, fact, one, other),
            )


_ALPHABETICAL = (Topic.SETTINGS, Topic.DATABASE, Topic.LOADS, Topic.PACKAGES)


def _obstacle(topic: Topic, fact: str, a: Any, b: Any) -> str:
    if (topic, fact) == (Topic.PYTHON, "version"):
        return "" if _minor(a) == _minor(b) else _OBSTACLES[topic, "minor version"]
    return _OBSTACLES.get((topic, fact)) or _OBSTACLES_OF_TOPICS.get(topic, "")


def _minor(version: str | None) -> tuple[str, ...] | None:
    return None if version is None else tuple(version.split(".")[:2])


def _said(value: Any, topic: Topic) -> str:
    if value is None:
        return _MISSING.get(topic, NOT_RECORDED)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _facts(manifest: Manifest) -> Mapping[Topic, Mapping[str, Any]]:
    """Return what a manifest tells, by topic.

    Of pinning it is how many cores each side gets, not which: the number of a core means nothing on another machine.
    Of the profile, what a time scale does to the windows stands in the loads, and is an obstacle there; where a
    campaign stops decides how much it knows, not what it measures.
    """
    host, pinning, profile = manifest.host, manifest.pinning, manifest.profile or _NO_PROFILE
    is_pinned = pinning.enforced is not None
    return {
        Topic.MACHINE: {name: getattr(host, name) for name in ("cpu", "cores", "arch", "memory_gib", "os", "kernel")},
        Topic.PYTHON: {"python_implementation": host.python_implementation, "version": host.python},
        Topic.PINNING: {
            "enforced": pinning.enforced,
            "cores for sut": len(pinning.sut) if is_pinned else None,
            "cores for others": len(pinning.others) if is_pinned else None,
        },
        Topic.SETTINGS: manifest.settings,
        Topic.DATABASE: {} if manifest.database is None else manifest.database.model_dump(),
        Topic.PROFILE: {
            "smoke run": profile.is_smoke,
            "time_scale": profile.time_scale,
            "all rounds": profile.all_rounds,
        },
        Topic.PACKAGES: manifest.packages,
        Topic.METHOD: {
            "version": manifest.version,
            "alpha": manifest.alpha,
            "driver's workers": manifest.workers,
            "workers elsewhere": manifest.elsewhere is not None,
            "commit": manifest.git.commit,
            "uncommitted changes": manifest.git.dirty,
        },
    }
