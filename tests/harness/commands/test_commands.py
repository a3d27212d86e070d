"""Every command of README and docs is run: here as it stands, or where the table says. None is only looked at."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest

from comparable_campaigns import measured
from documented_commands import ROOT, Command, commands, make
from experiment.design.claims import CLAIMS
from experiment.design.metrics import (
    BYSTANDER_P50,
    BYSTANDER_P99,
    CPU_PER_REQUEST,
    GOODPUT,
    LOOP_LAG_P99,
    MAKESPAN,
    RESPONSE_P50,
    RESPONSE_P99,
)
from experiment.design.profiles import PROFILES
from experiment.errors import Exit
from harness.campaign import run
from harness.campaign.fake import FakeDriver
from harness.commands import reproduce
from harness.commands.cli import COMMANDS, main
from harness.trial.preflight import PreflightReport

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from experiment.design.model import PlannedTrial
    from experiment.records.trial import Measurement

TESTS = ROOT / "tests"


@dataclass(frozen=True, slots=True, kw_only=True)
class By:
    """What runs a command that is not run here: a test, or a line of .ci/run; `recipe` is what its target starts."""

    test: str = ""
    ci: str = ""
    recipe: str = ""


ELSEWHERE = {
    "make test": By(ci="make test", recipe="-m pytest"),
    "make check": By(ci="make check", recipe="ruff check"),
    "make setup": By(ci="make check", recipe="pip install"),  # what every other target begins with
    "make bench": By(
        test="test_end_to_end.py::test_an_interrupted_campaign_leaves_no_process_and_can_be_resumed", recipe="bench run"
    ),
    "make smoke": By(
        test="test_end_to_end.py::test_a_killed_harness_leaves_no_process", recipe="bench run --profile smoke"
    ),
    "make docs": By(ci="make docs", recipe="-m harness.commands.docs_site"),
    "make test-long": By(test="test_habits.py::test_what_the_table_of_markers_names_exists", recipe="-m long"),
    "make test-fast": By(test="test_make.py::test_the_fast_tests_are_those_without_a_marker", recipe="-m pytest"),
    "make format": By(test="test_make.py::test_format_mends_and_formats_all", recipe="ruff format ."),
    "uv tool install .": By(test="test_wheel.py::test_the_installed_bench_says_its_version"),
    "uv tool install --constraints requirements.lock .": By(
        test="test_wheel.py::test_the_installed_bench_says_its_version"
    ),
    "python -m pip install --require-hashes -r requirements.lock": By(ci="make check"),  # as `make setup` does it
    "pip install --require-hashes -r requirements.lock": By(ci="make check"),  # likewise
    "pip install fastapi uvicorn uvloop httptools pydantic-settings pypdf": By(
        test="test_unserved.py::test_an_interpreter_without_the_app_s_packages_is_said_to_lack_them"
    ),
    "python -m pip install --no-deps .": By(test="test_wheel.py::test_the_installed_bench_says_its_version"),
    "pip install .": By(test="test_wheel.py::test_the_installed_bench_says_its_version"),
    "pytest tests/experiment/theory/test_steady.py -k steady": By(test="test_make.py::test_one_test_can_be_run"),
    "make doctor": By(test="test_make.py::test_the_doctor_looks_at_this_machine", recipe="bench doctor"),
    "make serve": By(test="test_make.py::test_the_app_is_served_and_locust_drives_it", recipe="bench serve"),
    "make locust": By(test="test_make.py::test_the_app_is_served_and_locust_drives_it", recipe="locust -f"),
    "make lock": By(test="test_make.py::test_the_locks_are_made_from_pyproject", recipe="uv pip compile"),
    "make calibration": By(test="test_make.py::test_the_judge_is_calibrated", recipe="-m benchmarks.calibration"),
    "python -m benchmarks.forked_sut": By(
        test="test_benchmarks.py::test_forked_and_usual_suts_are_compared_through_the_real_driver"
    ),
    'make bench-driver ARGS="--rounds 17 --against ../before --out docs/figures/driver.json"': By(
        test="test_benchmarks.py::test_the_whole_comparison_runs_without_wrk_and_h2load",
        recipe="-m benchmarks.driver_cost",
    ),
    "make bench-truth": By(
        test="test_truth.py::test_what_campaigns_say_of_planted_routes_is_told_and_written",
        recipe="-m benchmarks.truth",
    ),
    'make bench-truth ARGS="--pairs 0 --out docs/figures/truth-planted.json"': By(
        test="test_truth.py::test_what_campaigns_say_of_planted_routes_is_told_and_written",
        recipe="-m benchmarks.truth",
    ),
    'make bench-truth ARGS="--campaigns 0 --out docs/figures/truth-h2load.json"': By(
        test="test_truth.py::test_what_campaigns_say_of_planted_routes_is_told_and_written",
        recipe="-m benchmarks.truth",
    ),
    "make bench-analysis": By(
        test="test_benchmarks.py::test_the_cost_of_analysis_is_told_and_written", recipe="-m benchmarks.analysis_scale"
    ),
    "make bench-soak": By(
        test="test_soak.py::test_a_short_soak_counts_exactly_what_the_app_served", recipe="-m benchmarks.soak"
    ),
    'make bench-soak ARGS="--minutes 30"': By(
        test="test_soak.py::test_a_short_soak_counts_exactly_what_the_app_served", recipe="-m benchmarks.soak"
    ),
    'make bench-crash ARGS="--seed 2"': By(
        test="test_crash.py::test_a_few_kills_lose_nothing_and_leave_nothing", recipe="-m benchmarks.crash"
    ),
    "make bench-crash": By(
        test="test_crash.py::test_a_few_kills_lose_nothing_and_leave_nothing", recipe="-m benchmarks.crash"
    ),
    "make schema": By(
        test="test_generated_docs.py::test_the_command_writes_every_page", recipe="-m harness.commands.generated_docs"
    ),
    "python -m harness.commands.generated_docs": By(
        test="test_generated_docs.py::test_a_generated_page_is_what_its_table_makes"
    ),
    "bench app init shop.main:app --python .venv/bin/python": By(
        test="test_app_commands.py::test_init_writes_a_file_that_inspect_reads"
    ),
    "bench app inspect": By(test="test_app_commands.py::test_init_writes_a_file_that_inspect_reads"),
    "bench app run": By(test="test_shop.py::test_the_ranking_has_the_planted_mistakes_and_nothing_else"),
    "bench app run --driver-workers 2": By(
        test="test_app_run.py::test_who_drives_is_a_word_of_its_own_beside_the_apps_workers"
    ),
    "bench run --expect-workers 2 --master-bind 10.0.0.5 --sut-host 10.0.0.5": By(
        test="test_driver_elsewhere.py::test_a_trial_is_driven_from_elsewhere_and_a_lost_worker_does_not_end_its_master"
    ),
    "bench run --sut ssh://me@10.0.0.5/srv/handlerbench": By(
        test="test_over_ssh.py::test_a_claim_is_measured_there_driven_from_here_and_judged_as_here"
    ),
    "bench app run --sut ssh://me@10.0.0.5/srv/shop": By(
        test="test_over_ssh.py::test_an_app_of_ones_own_is_measured_there_too"
    ),
    "bench worker --master 10.0.0.5": By(
        test="test_workers_elsewhere.py::test_workers_that_others_start_drive_together_and_end_with_their_master"
    ),
    "bench serve --sut-host ADDRESS": By(
        test="test_serving.py::test_it_listens_on_the_address_that_the_user_names_and_on_no_other"
    ),
    'make bench-scale ARGS="--out docs/figures/scale.json"': By(
        test="test_scale.py::test_the_whole_runs_at_a_tiny_scale", recipe="-m benchmarks.scale"
    ),
    "bench app try stock --style def": By(test="test_shop.py::test_a_change_is_tried_without_editing_the_shop"),
    "bench app run --against main --fail-on worse:10%": By(
        test="test_shop.py::test_a_version_that_became_worse_fails_the_gate"
    ),
    "python -m benchmarks.probe_cost": By(test="test_make.py::test_the_cost_of_the_probe_is_measured"),
    "python -m benchmarks.connection_spread": By(
        test="test_connection_spread.py::test_every_connection_to_two_real_workers_is_counted"
    ),
    "python -m benchmarks.second_instrument B15 B16": By(
        test="test_second_instrument.py::test_the_command_asks_real_apps"
    ),
    "python -m benchmarks.route_profile B15": By(test="test_route_profile.py::test_the_command_looks_into_real_apps"),
    "python -m benchmarks.pool_order": By(test="test_pool_order.py::test_the_command_counts_in_the_served_app"),
    "python -m benchmarks.residuals": By(test="test_residuals.py::test_the_command_prints_the_table"),
    "python -m benchmarks.scheduling --seeds 20": By(
        test="test_scheduling.py::test_both_schedules_stand_beside_each_other"
    ),
    "python locustfiles/trials.py": By(test="test_trials.py::test_a_trial_is_announced_step_by_step"),
    "locust -f locustfiles/closed.py": By(test="test_locust_by_hand.py::test_plain_locust_needs_no_settings"),
    "locust -f locustfiles/open.py --host … --path … --rate 200": By(
        test="test_locust_by_hand.py::test_plain_locust_runs_the_locustfile_and_writes_its_csv"
    ),
}
FIRST = {c.plain: c for c in reversed(commands()) if not c.is_name}  # what two pages name is run once
HERE = [c for c in commands() if FIRST.get(c.plain) is c and c.plain not in ELSEWHERE]
BLOCKS = [(key, list(found)) for key, found in groupby(HERE, key=lambda c: (c.page, c.block))]


PLANTED = {
    GOODPUT: 400.0,
    MAKESPAN: 2.0,
    RESPONSE_P50: 2e5,
    RESPONSE_P99: 3e5,
    BYSTANDER_P50: 1500.0,
    BYSTANDER_P99: 3000.0,
    LOOP_LAG_P99: 900.0,
    CPU_PER_REQUEST: 300.0,
}


@dataclass(slots=True)
class Stand:
    """The rig with FakeDriver in its place: every variant does the same, and no process is started."""

    database_facts: None = None
    is_forking: bool = False
    answers: dict[str, Any] = field(default_factory=dict)
    driver: FakeDriver = field(default_factory=lambda: FakeDriver(planted=defaultdict(PLANTED.copy), spread=0.01))
    database: Any = field(default_factory=Mock)  # running() starts nothing

    def measure(self, planned: PlannedTrial, on_progress: Any) -> Measurement:
        """Return what was planted."""
        return self.driver.measure(planned, on_progress)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The campaigns the docs speak of: the reference as it is shipped, the others measured by FakeDriver."""
    folder = tmp_path_factory.mktemp("docs") / "results"
    shutil.copytree(ROOT / "results" / "reference", folder / "reference", ignore=shutil.ignore_patterns("charts"))
    manifest = folder / "reference" / "manifest.json"
    planned = manifest.read_text(encoding="utf-8")  # reproduced, it need not run all its rounds
    manifest.write_text(re.sub(r'("max_rounds"): \d+', r"\1: 3", planned), encoding="utf-8")
    for seed, name in enumerate(("latest", "before", "after"), start=1):
        measured(folder / name, seed=seed, rounds=3, claims=(CLAIMS["A9"],))  # a small one: each chart takes a second
    return folder


@pytest.fixture
def desk(results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as a reader has it, programs included, in which nothing is measured but by FakeDriver."""

    @contextmanager
    def faked(**_how: Any) -> Iterator[Stand]:
        yield Stand()

    (tmp_path / "results").symlink_to(results)
    for venv in (tmp_path / ".venv", tmp_path / "before" / ".venv", tmp_path / "after" / ".venv"):
        venv.parent.mkdir(exist_ok=True)
        venv.symlink_to(sys.prefix)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    few = {name: replace(profile, max_rounds=min(profile.max_rounds, 3)) for name, profile in PROFILES.items()}
    monkeypatch.setattr("harness.campaign.run.PROFILES", few)
    monkeypatch.setattr(run, "rig", faked)
    monkeypatch.setattr(run, "preflight", lambda _stand, _planned: PreflightReport(answers={}, complaints={}))
    for module in (run, reproduce):
        monkeypatch.setattr(module, "RESULTS", tmp_path / "measured")
    return tmp_path


@pytest.mark.parametrize(("block", "found"), BLOCKS, ids=[f"{page} {block}" for (page, block), _ in BLOCKS])
def test_the_commands_of_a_block_do_what_they_are_for_one_after_the_other(
    block: tuple[str, int], found: list[Command], desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for command in found:
        assert done(command, monkeypatch) == Exit.OK, f"{block[0]}: {command.line}"
    written = {path.name for path in desk.rglob("*") if path.is_file()}
    if any("--markdown compare.md" in command.line for command in found):
        assert "compare.md" in written


def done(command: Command, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run a command of ours in this process, which knows pandas and matplotlib already; leave others to the shell."""
    if command.program != "bench":
        return subprocess.run(["bash", "-c", command.line], check=False).returncode
    with monkeypatch.context() as patched:
        if command.plain.split(" ")[1] in {"run", "claim", "sweep", "reproduce"}:
            # Charts take most of the time, and `bench report` draws them here.
            patched.setattr("analysis.charts.draw_all", lambda _campaign, _folder: [])
        # Half the time of each picture; test_charts.py and test_slides.py look at them.
        patched.setattr("analysis.drawing.files.imsave", lambda path, _image, **_how: path.touch())
        return main(command.plain.split(" ")[1:])


def test_the_program_lies_where_the_docs_say(desk: Path) -> None:
    programs = {command.words[0] for command in HERE if command.words[0].endswith("/bench")}
    assert programs == {".venv/bin/bench", "before/.venv/bin/bench", "after/.venv/bin/bench"}
    listed = subprocess.run([".venv/bin/bench", "list"], cwd=desk, capture_output=True, text=True, check=True)
    assert "variants" in listed.stdout


def test_nothing_is_in_the_table_that_no_page_names() -> None:
    assert ELSEWHERE.keys() - {command.plain for command in commands()} == set()


@pytest.mark.parametrize("by", ELSEWHERE.values(), ids=ELSEWHERE)
def test_what_the_table_names_exists(by: By) -> None:
    file, _, name = by.test.partition("::")
    if name:
        assert re.search(rf"^def {name}\(", next(TESTS.rglob(file)).read_text(encoding="utf-8"), re.MULTILINE)
    else:
        assert by.ci in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(("command", "by"), [(c, by) for c, by in ELSEWHERE.items() if c.startswith("make")])
def test_a_target_starts_what_the_table_says(command: str, by: By) -> None:
    target = [*make(command.split(" ")[1]), "--dry-run", "--always-make"]
    told = subprocess.run(
        [word for word in target if not word.startswith("--old-file")], capture_output=True, text=True, check=True
    )
    assert by.recipe in told.stdout


def test_what_a_sentence_only_names_is_a_command() -> None:
    named = [command.words[1] for command in commands() if command.is_name and command.program == "bench"]
    assert set(named) - COMMANDS.keys() == set()


def test_commands_are_found_in_sentences_blocks_and_workflows() -> None:
    found = {(command.page, command.block > 0, command.program) for command in commands()}
    for expected in (
        ("README.md", True, "make"),
        ("docs/methodology.md", False, "python"),
        ("docs/ci.md", True, "test"),
        ("locustfiles/README.md", False, "locust"),
    ):
        assert expected in found
