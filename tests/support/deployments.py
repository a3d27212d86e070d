"""The files of deploy/ as values: what each container runs, with what, and where."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain
from typing import Any

import yaml  # type: ignore[import-untyped]

from documented_commands import ROOT

DEPLOY = ROOT / "deploy"
COMPOSE_FILE = DEPLOY / "compose.yaml"
MANIFEST_FILES = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
OURS = "handlerbench:local"
POD_IP = "10.1.2.3"
"""An address such as Kubernetes gives a pod."""

COMPOSE: dict[str, Any] = yaml.safe_load(COMPOSE_FILE.read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
MANIFESTS: list[dict[str, Any]] = [
    document for path in MANIFEST_FILES for document in yaml.safe_load_all(path.read_text(encoding="utf-8"))
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """What of a manifest describes pods: the name of what makes them, their labels, and their specification."""

    name: str
    labels: dict[str, str]
    spec: dict[str, Any]

    @property
    def containers(self) -> list[dict[str, Any]]:
        """All of them, those that only come before the others included."""
        return [*self.spec.get("initContainers", []), *self.spec["containers"]]

    @property
    def words(self) -> list[str]:
        """What its one container gives to `bench`, with a pod's address in the place of the variable for it."""
        (container,) = self.spec["containers"]
        return [word.replace("$(POD_IP)", POD_IP) for word in container["args"]]


def manifest(kind: str, name: str) -> dict[str, Any]:
    """Return the one manifest of this kind and name."""
    (found,) = [each for each in MANIFESTS if (each["kind"], each["metadata"]["name"]) == (kind, name)]
    return found


def pods() -> dict[str, Pod]:
    """Return the pods by the name of the Job, Deployment or Pod that has them."""
    return {pod.name: pod for pod in chain.from_iterable(map(_pods_of, MANIFESTS))}


def _pods_of(document: dict[str, Any]) -> list[Pod]:
    template = document if document["kind"] == "Pod" else document["spec"].get("template")
    if template is None:
        return []
    name = document["metadata"]["name"]
    return [Pod(name=name, labels=template["metadata"]["labels"], spec=template["spec"])]


def selects(labels: dict[str, str], pod: Pod) -> bool:
    """Say whether a selector's `matchLabels` mean a pod."""
    return labels.items() <= pod.labels.items()


def cores(cpuset: str) -> tuple[int, ...]:
    """Return the cores of a list such as "0,1"."""
    assert re.fullmatch(r"\d+(,\d+)*", cpuset)
    return tuple(sorted(map(int, cpuset.split(","))))
