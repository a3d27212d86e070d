"""The Dockerfile and the editor's container, as far as they can be looked at without an engine.

What the image's steps give is in test_wheel.py: the same packages, installed without the rest of the tree.
"""

from __future__ import annotations

import json
import re
import shlex

import pytest

from documented_commands import ROOT
from harness.commands.cli import parser_for
from installed_wheel import PACKAGES

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
STEPS = [
    line.split(maxsplit=1)
    for line in re.sub(r"\\\n\s*", "", re.sub(r"^\s*#.*\n", "", DOCKERFILE, flags=re.MULTILINE)).splitlines()
    if line.strip()
]
PAGE = (ROOT / "docs" / "getting-it.md").read_text(encoding="utf-8")
DEV = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
COPIED = [(source, words.split()[-1]) for step, words in STEPS if step == "COPY" for source in words.split()[:-1]]


@pytest.mark.parametrize(("source", "target"), COPIED)
def test_what_is_copied_exists_and_gets_to_the_builder(source: str, target: str) -> None:
    path = ROOT / source
    assert path.exists()
    assert target == (f"./{source}" if path.is_dir() else "./")  # a folder copied to ./ would lose its name
    assert f"!{source}" in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()


def test_every_package_of_ours_and_what_builds_it_is_copied() -> None:
    assert {path.name for path in PACKAGES} == {source for source, _ in COPIED if (ROOT / source).is_dir()}
    assert {"requirements.lock", "pyproject.toml", "README.md", "LICENSE"} <= {source for source, _ in COPIED}


def test_nothing_is_installed_that_the_lock_does_not_hold() -> None:
    installs = [words for step, words in STEPS if step == "RUN" and "pip install" in words]
    assert len(installs) == 2
    for words in installs:
        assert "--require-hashes -r requirements.lock" in words or "--no-deps --no-build-isolation --no-index" in words


@pytest.mark.parametrize(("stage", "program"), [("", "bench"), ("locust", "locust")])
def test_an_image_runs_its_program_as_an_ordinary_user(stage: str, program: str) -> None:
    image = steps_of(stage)
    assert image["USER"] != "root"
    assert image["WORKDIR"] == "/work"
    assert json.loads(image["ENTRYPOINT"]) == [program]


def steps_of(stage: str) -> dict[str, str]:
    """Return the last step of each kind that makes a stage, those of the stages below it included; "": the last."""
    stages: dict[str, list[list[str]]] = {}
    name = ""
    for step, words in STEPS:
        name = words.partition(" AS ")[2] if step == "FROM" else name
        stages.setdefault(name, []).append([step, words])
    below = stages[stage][0][1].split()[0]
    return (steps_of(below) if below in stages else {}) | dict(stages[stage])


def test_the_image_begins_with_python_and_is_what_a_build_without_a_target_makes() -> None:
    stages = [words for step, words in STEPS if step == "FROM"]
    assert stages[0].startswith("python:3.12-slim ")
    assert stages[-1] == "installed"


def test_the_page_runs_the_image_with_words_that_bench_knows() -> None:
    runs = [shlex.split(line) for line in PAGE.splitlines() if line.startswith("    docker run")]
    assert runs
    for words in runs:
        mine = words[words.index("handlerbench") + 1 :]
        parser_for(mine).parse_args(mine)
        assert words[words.index("--volume") + 1].endswith(":/work/results")


def test_the_page_says_that_nobody_has_built_it() -> None:
    assert "nobody has built it yet" in PAGE


def test_the_editors_container_is_a_stage_of_the_dockerfile() -> None:
    stages = [words.split()[-1] for step, words in STEPS if step == "FROM" and " AS " in words]
    assert DEV["build"]["target"] in stages
    assert (ROOT / ".devcontainer" / DEV["build"]["dockerfile"]).resolve() == ROOT / "Dockerfile"
    assert f"useradd --create-home --uid 1000 {DEV['remoteUser']}" in DOCKERFILE
    assert DEV["postCreateCommand"] == "make setup"


def test_the_editors_container_has_what_make_and_the_tests_need() -> None:
    (installed,) = [words for step, words in STEPS if step == "RUN" and "apt-get install" in words]
    assert {"chromium", "git", "make"} <= set(installed.split())


def test_what_is_ignored_is_everything_that_is_not_copied() -> None:
    text = (ROOT / ".dockerignore").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert lines[0] == "*"
    assert {line[1:] for line in lines if line.startswith("!")} == {source for source, _ in COPIED}
