"""`python -m harness.commands.dependencies`: are the locks whole, installed as they say, and without known faults.

It asks nobody, so it knows what FAULTS knows and no more. A fault is added there when it is read of.
"""

import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from experiment.errors import Exit
from harness.system.places import HOME

LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-docs.lock")


class Fault(NamedTuple):
    """A published fault of a package: it is in every version before `mended`."""

    package: str
    mended: str
    name: str


FAULTS = (
    Fault("aiohttp", "3.12.14", "CVE-2025-53643"),
    Fault("certifi", "2024.7.4", "CVE-2024-39689"),
    Fault("flask", "3.1.1", "CVE-2025-47278"),
    Fault("fonttools", "4.60.2", "CVE-2025-66034"),
    Fault("gevent", "23.9.0", "CVE-2023-41419"),
    Fault("h11", "0.16.0", "CVE-2025-43859"),
    Fault("idna", "3.7", "CVE-2024-3651"),
    Fault("jinja2", "3.1.6", "CVE-2025-27516"),
    Fault("pillow", "11.3.0", "CVE-2025-48379"),
    Fault("pypdf", "6.1.3", "CVE-2025-62707"),
    Fault("requests", "2.32.4", "CVE-2024-47081"),
    Fault("setuptools", "78.1.1", "CVE-2025-47273"),
    Fault("starlette", "0.49.1", "CVE-2025-62727"),
    Fault("urllib3", "2.6.0", "CVE-2025-66418"),
    Fault("werkzeug", "3.1.4", "CVE-2025-66221"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A line of a lock: a package, its one version, where it is wanted, and how many hashes stand below it."""

    package: str
    version: str
    marker: str | None
    hashes: int

    @property
    def is_wanted(self) -> bool:
        return self.marker is None or Marker(self.marker).evaluate()


def pins(text: str) -> Iterator[Pin]:
    """Yield what a lock pins."""
    for block in re.split(r"\n(?=\S)", text):
        line = block.splitlines()[0].rstrip("\\ ") if block.strip() else ""
        if not line or line.startswith(("#", "-")):
            continue
        found = Requirement(line)
        version = str(found.specifier).removeprefix("==")
        marker = None if found.marker is None else str(found.marker)
        yield Pin(
            package=canonicalize_name(found.name),
            version=version,
            marker=marker,
            hashes=len(re.findall(r"--hash=sha256:[0-9a-f]{64}\b", block)),
        )


def complaints(locks: Mapping[str, str], wanted: Mapping[str, list[str]], installed: Mapping[str, str]) -> list[str]:
    """Return what is wrong: locks by name, what pyproject.toml wants in each, installed versions by package."""
    found: list[str] = []
    for name, text in locks.items():
        pinned = list(pins(text))
        found += [f"{name}: {p.package} has no hash" for p in pinned if not p.hashes]
        found += [f"{name}: {p.package} is not pinned" for p in pinned if not re.fullmatch(r"[\w.+!]+", p.version)]
        found += [
            f"{name}: an address of a package index" for _ in re.findall(r"https?://|--(?:extra-)?index-url", text)
        ]
        names = {p.package for p in pinned}
        found += [f"{name}: {w} of pyproject.toml is not in it; make lock" for w in wanted[name] if w not in names]
        found += [f"{name}: {c}" for p in pinned for c in _known_faults(p)]
    return found + _differing(locks, installed)


def _known_faults(pin: Pin) -> Iterator[str]:
    for fault in FAULTS:
        if fault.package == pin.package and Version(pin.version) < Version(fault.mended):
            yield f"{pin.package} {pin.version} has {fault.name}; mended in {fault.mended}"


def _differing(locks: Mapping[str, str], installed: Mapping[str, str]) -> list[str]:
    """Return which packages differ between locks, or between a lock and what is installed."""
    out, versions = [], dict[str, str]()
    for name, text in locks.items():
        for pin in filter(lambda p: p.is_wanted, pins(text)):
            if versions.setdefault(pin.package, pin.version) != pin.version:
                out.append(f"{name}: {pin.package} {pin.version} is {versions[pin.package]} in another lock; make lock")
            elif installed.get(pin.package, pin.version) != pin.version:
                out.append(f"{name}: {pin.package} {pin.version} is installed as {installed[pin.package]}; make setup")
    return out


def _wanted(root: Path) -> dict[str, list[str]]:
    asked = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    project, extras = asked["project"], asked["project"]["optional-dependencies"]
    plain = [*project["dependencies"], *extras["build"]]
    each = zip(LOCKS, (plain, [*plain, *extras["dev"]], asked["dependency-groups"]["docs"]), strict=True)
    return {name: [canonicalize_name(Requirement(line).name) for line in lines] for name, lines in each}


def main() -> int:
    """Check, and print what is wrong; return the exit code."""
    locks = {name: (HOME / name).read_text(encoding="utf-8") for name in LOCKS}
    installed = {str(canonicalize_name(d.name)): d.version for d in metadata.distributions()}
    found = complaints(locks, _wanted(HOME), installed)
    for line in found:
        print(line, file=sys.stderr)
    pinned = sum(1 for text in locks.values() for _ in pins(text))
    print(f"{pinned} pins with hashes, {len(FAULTS)} known faults looked for, {len(found)} found")
    return Exit.OUR_FAULT if found else Exit.OK


if __name__ == "__main__":
    sys.exit(main())
