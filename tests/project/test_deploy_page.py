"""docs/deploy.md names files, services and resources that exist, and says what nobody has tried."""

from __future__ import annotations

import re

import pytest

from deployments import MANIFESTS, SERVICES
from documented_commands import ROOT

PAGE = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
TYPED = re.sub(r" \\\n +", " ", "\n".join(re.findall(r"^    (\S.*(?: \\\n +.*)?)$", PAGE, re.MULTILINE))).splitlines()
KUBECTL = [line for line in TYPED if line.startswith("kubectl ")]
COMPOSE = [line for line in TYPED if line.startswith("docker compose ")]
THEIRS = {"service/closed-load-webui"}
"""What the operator makes, by the names that its documentation gives."""


def test_the_page_builds_the_images_that_the_files_name() -> None:
    built = {line.split("--tag ")[1].split()[0] for line in TYPED if line.startswith("docker build ")}
    used = set(re.findall(r"\bhandlerbench[\w-]*:local\b", "".join(map(str, [SERVICES, MANIFESTS]))))
    assert built == used


@pytest.mark.parametrize("line", [*KUBECTL, *COMPOSE])
def test_a_file_that_the_page_names_exists(line: str) -> None:
    assert all((ROOT / path).is_file() for path in re.findall(r"-f (\S+)", line))


@pytest.mark.parametrize("line", KUBECTL)
def test_what_the_page_asks_the_cluster_for_is_in_a_manifest(line: str) -> None:
    made = {f"{each['kind'].lower()}/{each['metadata']['name']}" for each in MANIFESTS} | THEIRS
    assert set(re.findall(r"\b(?:job|pod|service)/[\w-]+", line)) <= made


def test_every_manifest_is_applied_and_removed() -> None:
    paths = {f"deploy/kubernetes/{path.name}" for path in (ROOT / "deploy" / "kubernetes").iterdir()}
    for verb in ("apply", "delete"):
        lines = [line for line in KUBECTL if line.startswith(f"kubectl {verb} ")]
        assert {path for line in lines for path in re.findall(r"-f (\S+)", line)} == paths


def test_the_page_names_every_container_of_the_compose_file() -> None:
    assert [name for name in SERVICES if f"`{name}`" not in PAGE] == []


def test_the_page_says_that_nobody_has_run_them() -> None:
    assert "None of it has been run yet" in PAGE
    assert "Not tried" in PAGE
