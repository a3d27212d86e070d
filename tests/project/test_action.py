"""The GitHub Action of this repository: its file is one, and its scripts do in a job what its inputs ask for.

No engine runs here. tests/support/github_actions.py runs the scripts as they stand; `make` is a stand-in that installs
a `bench` which measures with FakeDriver.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import matplotlib as mpl
import pytest

from documented_commands import ROOT
from experiment.errors import Exit
from github_actions import Job, read_action
from harness.commands.cli import parser_for

if TYPE_CHECKING:
    from collections.abc import Callable

ACTION = read_action(ROOT / "action.yml")
PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
SCRIPTS = {step.name: step.run for step in ACTION.runs.steps if step.run is not None}
MAKE = f"""#!/bin/bash
echo "make $*" >> "$CALLS"
venv="$2/.venv"
for word; do case "$word" in VENV=*) venv="${{word#VENV=}}" ;; esac; done
mkdir -p "$venv/bin"
cat > "$venv/bin/bench" <<'END'
#!/bin/bash
echo "bench $*" >> "$CALLS"
case "$*" in
  *--out=*/before-again*) export FAKED_GOODPUT=$AGAIN_RPS ;;
  *--out=*/after*) export FAKED_GOODPUT=$AFTER_RPS ;;
esac
exec "{sys.executable}" "{ROOT}/tests/support/faked_bench.py" "$@"
END
chmod +x "$venv/bin/bench"
"""
PYTHON = """#!/bin/bash
echo "python $*" >> "$CALLS"
case "$*" in
  "-m venv "*) mkdir -p "$3/bin" && ln -s "$0" "$3/bin/python" ;;
  "-m pip cache dir") echo /cache/pip ;;
  -c*) echo 3.12.1 ;;
esac
"""
FEW = {"measure": "claims", "claims": "A9", "budget": "1h", "against": "main"}


def git(folder: Path, *words: str) -> str:
    own = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main")
    return subprocess.run(
        ["git", "-C", str(folder), *own, *words], check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def job(tmp_path: Path) -> Callable[..., Job]:
    """What makes a job: its workspace is a repository with an app in shop/, and with our lock."""
    workspace, tools = tmp_path / "work space", tmp_path / "tools"
    for folder in (workspace / "shop", tools, tmp_path / "spool"):
        folder.mkdir(parents=True)
    (workspace / "requirements.lock").write_text("# nothing\n", encoding="utf-8")
    (workspace / "shop" / "requirements.txt").write_text("# nothing\n", encoding="utf-8")
    (workspace / "shop" / "handlerbench.toml").write_text('[app]\ntarget = "main:app"\n', encoding="utf-8")
    git(workspace, "init")
    git(workspace, "add", ".")
    git(workspace, "commit", "--message", "begun")
    for name, script in (("make", MAKE), ("python", PYTHON)):
        (tools / name).write_text(script, encoding="utf-8")
        (tools / name).chmod(0o755)

    def make_job(**inputs: str) -> Job:
        rates = {name: inputs.pop(name, "400") for name in ("AFTER_RPS", "AGAIN_RPS")}
        variables = {
            "PATH": f"{tools}:{os.environ['PATH']}",
            "CALLS": str(tmp_path / "calls"),
            "TMPDIR": str(tmp_path / "spool"),
            "MPLCONFIGDIR": mpl.get_configdir(),
            "ImageOS": "test",
        }
        return Job(
            action=ACTION,
            action_path=workspace,
            workspace=workspace,
            temp=tmp_path / "temp",
            inputs={name.replace("_", "-"): text for name, text in inputs.items()},
            variables={**variables, **rates},
            planted={"python": {"python-path": str(tools / "python")}},
        )

    return make_job


def calls(job: Job, program: str) -> list[str]:
    lines = Path(job.variables["CALLS"]).read_text(encoding="utf-8").splitlines()
    return [line.removeprefix(f"{program} ") for line in lines if line.startswith(f"{program} ")]


# --- the file


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_input_is_put_into_a_scripts_text(name: str) -> None:
    assert "${{" not in SCRIPTS[name]


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_is_bash(name: str) -> None:
    told = subprocess.run(["bash", "-n", "-c", SCRIPTS[name]], capture_output=True, text=True, check=False)
    assert told.stderr == ""


def test_every_variable_of_a_script_is_given_to_it() -> None:
    for step in ACTION.runs.steps:
        named = set(re.findall(r'"\$\{?([A-Z_]+)', step.run or "")) - {"GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"}
        assert {name for name in named if not name.startswith("RUNNER_")} <= step.env.keys(), step.name


def test_every_expression_names_an_input_or_a_step_that_there_is() -> None:
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    steps = {step.id for step in ACTION.runs.steps}
    assert set(re.findall(r"\binputs\.([\w-]+)", text)) == ACTION.inputs.keys()
    assert set(re.findall(r"\bsteps\.([\w-]+)", text)) <= steps


def test_what_others_can_read_has_no_logs() -> None:
    (upload,) = [step for step in ACTION.runs.steps if (step.uses or "").startswith("actions/upload-artifact@")]
    assert "/**/logs/**" in str(upload.given["path"])


def test_the_page_names_every_input_and_only_those() -> None:
    table = PAGE.partition("| input |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| `([\w-]+)` \|", table, re.MULTILINE) == list(ACTION.inputs)


# --- an app


def test_an_app_is_measured_marked_and_shown_and_a_gate_ends_the_job(job: Callable[..., Job]) -> None:
    done = job(measure="app", directory="shop", gate="blocks")
    assert done.run() == Exit.GATE_FAILED
    assert done.output("exit-code") == "3"
    assert "::warning file=examples/shop/search.py,line=41,title=GET /search?q=tea holds up the loop::" in done.said
    assert done.summary.startswith("# shop.main:app: ")
    folder = Path(done.output("folder"))
    assert ET.parse(folder / "junit.xml").getroot().get("failures") == "2"  # noqa: S314 - our own page
    assert (folder / "app" / "report.html").exists()
    assert done.used["Keep the campaigns"]["path"].splitlines()[0] == str(folder)


def test_an_app_without_a_gate_passes(job: Callable[..., Job]) -> None:
    done = job(measure="app", directory="shop", budget="5m", python="env/bin/python")
    assert done.run() == Exit.OK
    (words,) = calls(done, "bench")
    assert f"--python=env/bin/python --out={done.output('folder')}/app" in words
    assert words.endswith("--annotations --budget=5m")


def test_an_app_is_measured_against_another_version(job: Callable[..., Job]) -> None:
    done = job(measure="app", directory="shop", against="main", gate="worse:10% refuted")
    assert done.run() == Exit.OK
    (words,) = calls(done, "bench")
    assert words.endswith("--against=main --fail-on=worse:10% --fail-on=refuted")
    parser_for(["app", "run"]).parse_args(words.split(" ")[0:2])


def test_a_version_that_is_not_here_is_fetched(job: Callable[..., Job], tmp_path: Path) -> None:
    done = job(measure="app", directory="shop", against="elsewhere")
    origin = tmp_path / "origin"
    git(tmp_path, "clone", "--quiet", str(done.workspace), str(origin))
    git(origin, "checkout", "--quiet", "-b", "elsewhere")
    git(origin, "commit", "--allow-empty", "--message", "another")
    git(done.workspace, "remote", "add", "origin", str(origin))
    assert done.run() == Exit.OK
    assert calls(done, "bench")[0].endswith(f"--against={git(origin, 'rev-parse', 'elsewhere')}")


def test_the_apps_environment_is_made_once(job: Callable[..., Job]) -> None:
    first = job(measure="app", directory="shop", requirements="requirements.txt")
    assert first.run() == Exit.OK
    kept = first.used["Keep the app's environment"]
    assert kept["path"] == str(first.workspace / "shop" / ".venv")
    environment = first.workspace / "shop" / ".venv"
    pip = "-m pip install --quiet --disable-pip-version-check --requirement requirements.txt"
    assert calls(first, "python")[-2:] == [f"-m venv {environment}", pip]
    shutil.rmtree(first.temp)
    again = job(measure="app", directory="shop", requirements="requirements.txt", python="other/bin/python")
    again.planted["kept"] = {"cache-hit": "true"}
    assert again.run() == Exit.OK
    assert not (again.workspace / "shop" / "other").exists()
    assert again.used["Keep the app's environment"]["key"] != kept["key"]


def test_handlerbench_is_installed_as_the_makefile_does(job: Callable[..., Job]) -> None:
    done = job(measure="app", directory="shop")
    done.run()
    venv = done.temp / "handlerbench" / "venv"
    python = done.planted["python"]["python-path"]
    assert calls(done, "make") == [f"-C {done.workspace} setup VENV={venv} PYTHON={python}"]
    assert "--require-hashes -r requirements.lock" in (ROOT / "Makefile").read_text(encoding="utf-8")
    assert done.used["Keep what pip fetches"]["key"].startswith("handlerbench-pip-Linux-X64-test-3.12.1-")


# --- claims


def test_claims_are_judged_and_shown(job: Callable[..., Job]) -> None:
    done = job(measure="claims", claims="A9", budget="1h")
    assert done.run() == Exit.OK
    assert "| claim | statement | verdict |" in done.summary
    assert len(calls(done, "bench")) == 1


@pytest.mark.parametrize(
    ("rates", "code", "said"),
    [
        ({}, Exit.OK, ""),
        ({"AFTER_RPS": "300"}, Exit.GATE_FAILED, "::error title="),
        ({"AGAIN_RPS": "300"}, Exit.INVALID, "::error title=The runner was not steady::"),
    ],
)
def test_claims_are_measured_before_after_and_before_again(
    job: Callable[..., Job], rates: dict[str, str], code: Exit, said: str
) -> None:
    done = job(**{**FEW, "claims": "A8"}, gate="worse:10%\nmissing", **rates)
    assert done.run() == code, done.said
    assert done.output("exit-code") == str(int(code))
    runs = [words.rpartition("/")[2] for words in calls(done, "bench") if words.startswith("run ")]
    assert runs == ["before", "after", "before-again"]
    assert all("--fail-on=worse:10% --fail-on=missing" in w for w in calls(done, "bench") if w.startswith("compare "))
    assert said in done.said
    assert done.summary.startswith("### after (B) against before (A)")


# --- what cannot be


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"measure": "requests"}, "the input measure must be app or claims"),
        ({"measure": "app", "directory": "nowhere"}, "has no handlerbench.toml"),
        ({"measure": "claims", "gate": "worse:10%"}, "a gate on claims needs the input against"),
        ({"measure": "app", "directory": "shop", "against": "--upload-pack=x"}, "must be a git reference"),
        ({"measure": "app", "directory": "shop", "against": "nothing"}, "git does not find"),
    ],
)
def test_an_input_that_cannot_be_is_said_in_a_sentence(
    job: Callable[..., Job], inputs: dict[str, str], said: str
) -> None:
    done = job(**inputs)
    assert done.run() == Exit.USAGE
    assert "::error title=handlerbench::" in done.said
    assert said in done.said


@pytest.mark.parametrize("evil", ['"; touch hurt; "', "$(touch hurt)", "* ' && `touch hurt` #"])
def test_an_input_is_never_a_command(job: Callable[..., Job], evil: str) -> None:
    for inputs in (
        {"measure": "app", "directory": "shop", "gate": evil},
        {"measure": "app", "directory": "shop", "python": evil, "budget": evil},
        {"measure": evil},
        {"measure": "app", "directory": evil},
    ):
        done = job(**inputs)
        done.run()
        assert not list(done.workspace.rglob("hurt"))
