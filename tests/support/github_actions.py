"""A composite action as GitHub runs one: its file as a model, its expressions, and its steps in a job.

Scripts run as they stand, with bash and GitHub's variables. Actions of others are not run: what they were given is
kept, and what they put out is planted.
"""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

import yaml  # type: ignore[import-untyped]
from pydantic import BaseModel, ConfigDict, Field, model_validator

_NAMES = re.compile(r"\b(?:inputs|steps|runner|github)(?:\.[\w-]+)+")
_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}")
_LIMIT_S = 100.0


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Input(_Part):
    """What a workflow may give."""

    description: str = Field(min_length=1)
    required: bool = False
    default: str | None = None


class Output(_Part):
    """What a workflow gets."""

    description: str = Field(min_length=1)
    value: str


class Step(_Part):
    """One step: a script, or an action of somebody's."""

    name: str
    id: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9-]*$")
    condition: str = Field(default="", alias="if")
    shell: Literal["bash"] | None = None
    env: dict[str, str] = {}
    run: str | None = None
    uses: str | None = Field(default=None, pattern=r"^[\w-]+/[\w-]+@v\d+\.\d+\.\d+$")
    given: dict[str, str | bool] = Field(default={}, alias="with")

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.run is None) is (self.uses is None):
            raise ValueError(f"{self.name}: a step has `run` or `uses`")
        if (self.run is None) is not (self.shell is None):
            raise ValueError(f"{self.name}: in a composite action every `run` has a `shell`, and nothing else has one")
        return self


class Runs(_Part):
    """What the action does."""

    using: Literal["composite"]
    steps: tuple[Step, ...]


class Action(_Part):
    """The file action.yml."""

    name: str
    description: str
    inputs: dict[str, Input]
    outputs: dict[str, Output]
    runs: Runs


def read_action(path: Path) -> Action:
    return Action.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


@dataclass(slots=True, kw_only=True)
class Job:
    """A job that uses the action: `planted` are the outputs of others' actions, by the id of their step."""

    action: Action
    action_path: Path
    workspace: Path
    temp: Path
    inputs: dict[str, str]
    variables: dict[str, str] = field(default_factory=dict)
    planted: dict[str, dict[str, str]] = field(default_factory=dict)
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    used: dict[str, dict[str, str]] = field(default_factory=dict)
    said: str = ""
    code: int = 0

    @property
    def summary(self) -> str:
        path = self.temp / "summary"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def run(self) -> int:
        """Run every step whose condition holds; return the exit code of the first that failed."""
        self.temp.mkdir(parents=True, exist_ok=True)
        known = {name: each.default or "" for name, each in self.action.inputs.items()}
        assert self.inputs.keys() <= known.keys()
        self.inputs = {**known, **self.inputs}
        for step in self.action.runs.steps:
            if self._is_due(step):
                self._run(step)
        return self.code

    def output(self, name: str) -> str:
        return self.text(self.action.outputs[name].value)

    def text(self, template: str) -> str:
        """Return a text with its expressions evaluated."""
        return _EXPRESSION.sub(lambda found: str(self._value(found[1])), template)

    def _is_due(self, step: Step) -> bool:
        if self.code and "always()" not in step.condition:
            return False
        return bool(self._value(step.condition)) if step.condition else True

    def _value(self, expression: str) -> Any:
        python = _NAMES.sub(lambda found: repr(self._named(found[0])), expression.strip())
        python = python.replace("always()", "True").replace("&&", " and ").replace("||", " or ")
        return eval(python, {"__builtins__": {}})  # noqa: S307 - our own action's expressions

    def _named(self, name: str) -> str:
        fixed = {"runner.temp": str(self.temp), "github.action_path": str(self.action_path)}
        if name in fixed:
            return fixed[name]
        context, *keys = name.split(".")
        if context == "inputs":
            return self.inputs[keys[0]]
        step, word, output = keys
        assert (context, word) == ("steps", "outputs")
        assert step in {each.id for each in self.action.runs.steps}
        return self.outputs.get(step, {}).get(output, "")

    def _run(self, step: Step) -> None:
        if step.uses is not None:
            self.used[step.name] = {key: self.text(str(value)) for key, value in step.given.items()}
            self.outputs[step.id or step.name] = self.planted.get(step.id or step.name, {})
            return
        assert step.run is not None
        out = self.temp / "output"
        out.write_text("", encoding="utf-8")
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step.run],
            cwd=self.workspace,
            env=self._environment(step, out),
            capture_output=True,
            text=True,
            timeout=_LIMIT_S,
            check=False,
        )
        self.said += done.stdout + done.stderr
        self.code = self.code or done.returncode
        lines = out.read_text(encoding="utf-8").splitlines()
        self.outputs[step.id or step.name] = dict(line.split("=", 1) for line in lines)

    def _environment(self, step: Step, out: Path) -> dict[str, str]:
        return {
            **os.environ,
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_OUTPUT": str(out),
            "GITHUB_STEP_SUMMARY": str(self.temp / "summary"),
            "RUNNER_TEMP": str(self.temp),
            "RUNNER_OS": "Linux",
            "RUNNER_ARCH": "X64",
            **self.variables,
            **{name: self.text(value) for name, value in step.env.items()},
        }
