"""A small app with a blocking route and a clean one, measured from its file to its results; shorter than in earnest."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from experiment.design.factors import server
from experiment.design.model import Load, LoadKind
from experiment.design.own_app import AppRequest, BenchFile
from experiment.errors import EnvironmentUnfitError, UsageError
from experiment.records.app_record import read_app_record, read_blocking
from experiment.records.trial import TrialRecord
from harness.campaign.events import CampaignProgress, Listener
from harness.own_app.campaign import resume_app, run_app
from harness.own_app.order import AppOrder
from strangers import stranger

if TYPE_CHECKING:
    from pathlib import Path

    from harness.campaign.run import CampaignOutcome

APP = """
    import asyncio
    import os
    import time

    from fastapi import FastAPI, Request

    app = FastAPI()

    def look_up():
        time.sleep(0.02)

    @app.get("/blocking")
    async def blocking():
        look_up()
        return {"row": 1}

    @app.get("/clean")
    async def clean(request: Request):
        print("key", request.headers.get("x-key"), os.environ.get("FROM_FILE"))
        return {"row": 1}

    @app.get("/awaits")
    async def awaits():
        time.sleep(0.01)
        await asyncio.sleep(0.01)
        return {"row": 1}

    @app.get("/leaks")
    async def leaks(request: Request):
        leaks.calls += 1
        if leaks.calls > 40:
            raise RuntimeError(f"no more for {request.headers.get('x-key')}")
        return {"row": 1}

    leaks.calls = 0

    @app.get("/dies")
    async def dies():
        os._exit(7)

    @app.get("/broken")
    async def broken():
        raise ValueError("broken as planned")
"""
"""Lines are counted from the empty first one, as Python does after dedent."""

ALONE = Load(id="alone", kind=LoadKind.CLOSED, users=1, stagger_s=0.0, warmup_s=0.1, window_s=0.5)
BUSY = Load(id="busy", kind=LoadKind.CLOSED, users=8, stagger_s=0.1, warmup_s=0.3, window_s=0.8)
KEY = "key-of-the-user-1234"


class Notes(Listener):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def note(self, text: str) -> None:
        self.said.append(text)


class Interrupting(Listener):
    """The user's Ctrl-C after the first trial."""

    def trial_ended(self, record: TrialRecord, standing: CampaignProgress) -> None:  # noqa: ARG002 - the protocol's
        raise KeyboardInterrupt


def order(folder: Path, *ids: str, headers: bool = False, **changed: Any) -> AppOrder:
    app = stranger(folder / "app", APP, **changed.pop("app", {}))
    sent = (("x-key", "${KEY_OF_MINE}"),) if headers else ()
    requests = tuple(AppRequest(id=name, path=f"/{name}", headers=sent) for name in ids)
    file = BenchFile(app=app, requests=requests, loads=(ALONE, BUSY), claims=(), path=folder / "handlerbench.toml")
    return AppOrder(
        file=file,
        out=folder / "results",
        seed=1,
        command="bench app run",
        **{"budget_s": 60.0, "max_rounds": 1, **changed},
    )


def line_of(text: str) -> int:
    return next(number for number, line in enumerate(APP.splitlines(), 1) if text in line)


def everything_in(folder: Path) -> str:
    return "\n".join(path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[CampaignOutcome, list[str]]:
    folder, notes = tmp_path_factory.mktemp("measured"), Notes()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KEY_OF_MINE", KEY)
        (folder / ".env").write_text("FROM_FILE=file-value-5678\n")
        asked = order(
            folder,
            "dies",
            "blocking",
            "clean",
            "awaits",
            "leaks",
            "broken",
            headers=True,
            app={"env_file": folder / ".env"},
        )
        return run_app(asked, notes), notes.said


def test_the_line_that_blocks_is_found_and_the_clean_route_has_none(found: tuple[CampaignOutcome, list[str]]) -> None:
    folder = found[0].folder
    by_trial = {t.trial_id: t for t in folder.trials()}
    lost: dict[str, float] = {}
    for entry in read_blocking(folder.path):
        if by_trial[entry.trial_id].treatment == "blocking@alone":
            lost[entry.place] = lost.get(entry.place, 0.0) + entry.lost_s
    worst = max(lost, key=lambda place: lost[place])
    assert worst == f"strange.py:{line_of('time.sleep(0.02)')} in look_up"
    blocked = {t.treatment: t.metrics.loop_blocked_ms_per_answer or 0.0 for t in by_trial.values()}
    assert blocked["blocking@alone"] > 4 * blocked["clean@alone"]


def test_claims_are_registered_with_predictions_and_what_they_are_about(
    found: tuple[CampaignOutcome, list[str]],
) -> None:
    folder = found[0].folder
    record, manifest = read_app_record(folder.path), folder.manifest()
    kinds = {(note.request, note.kind) for note in record.claims}
    assert {
        ("blocking", "blocks"),
        ("blocking", "bystander"),
        ("blocking", "capacity"),
        ("blocking", "change"),
    } <= kinds
    assert ("clean", "change") not in kinds
    assert {note.id for note in record.claims} == {claim.id for claim in manifest.asked()}
    predicted = {p.treatment: p for p in record.predictions}
    assert (predicted["blocking@busy+style-def"].ratio or 0) > 2


def test_a_handler_that_really_awaits_is_refused_as_def_with_the_line(found: tuple[CampaignOutcome, list[str]]) -> None:
    (refusal,) = read_app_record(found[0].folder.path).refusals
    assert (refusal.request, refusal.change, refusal.file) == ("awaits", "style-def", "strange.py")
    assert refusal.line == line_of("await asyncio.sleep(0.01)")


def test_a_request_that_fails_in_preflight_is_not_measured_and_said_with_the_app_s_last_lines(
    found: tuple[CampaignOutcome, list[str]],
) -> None:
    said = "\n".join(found[1])
    assert "GET /broken (request broken) answers 500, an error of the app" in said
    assert "ValueError: broken as planned" in said
    assert "GET /dies (request dies): the app ended (code 7) while it was asked" in said
    assert not [t for t in found[0].folder.trials() if t.variant in {"broken", "dies"}]


def test_errors_under_load_are_findings_with_the_app_s_own_log_lines(found: tuple[CampaignOutcome, list[str]]) -> None:
    troubles = read_app_record(found[0].folder.path).troubles
    assert {trouble.request for trouble in troubles} == {"leaks"}
    assert "wrong-status: 500" in troubles[0].reason
    assert any("no more for (hidden)" in line for line in troubles[0].log)


def test_no_secret_of_the_environment_is_in_the_results(found: tuple[CampaignOutcome, list[str]]) -> None:
    written = everything_in(found[0].folder.path) + "\n".join(found[1])
    assert "(hidden)" in written
    assert KEY not in written
    assert "file-value-5678" not in written


def test_nothing_but_the_results_is_left_in_the_folder(found: tuple[CampaignOutcome, list[str]]) -> None:
    logs = {path.name for path in (found[0].folder.path / "logs").iterdir()}
    assert not [name for name in logs if "probe" in name or "refusals" in name or name.startswith(("prep", "changed"))]


def test_a_change_that_cannot_be_tried_ends_before_anything_is_measured(tmp_path: Path) -> None:
    asked, notes = order(tmp_path, "awaits", change=server(style="def")), Notes()
    with pytest.raises(UsageError) as refused:
        run_app(asked, notes)
    assert f"strange.py:{line_of('await asyncio.sleep(0.01)')}" in str(refused.value)
    assert "predicted, not measured" in str(refused.value)
    assert not any("awaits with style-def" in line for line in notes.said)  # a refusal is said once
    assert not asked.out.exists()


def test_a_change_that_makes_no_sense_is_refused_before_the_app_is_started(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no middleware 'GZipMiddleware'"):
        run_app(order(tmp_path, "clean", change=server(without_middleware="GZipMiddleware")), Listener())
    with pytest.raises(UsageError, match="is async already"):
        run_app(order(tmp_path, "clean", change=server(style="on-loop")), Listener())


def test_an_app_of_which_nothing_answers_is_told_with_its_last_lines(tmp_path: Path) -> None:
    asked = order(tmp_path, "broken")
    with pytest.raises(EnvironmentUnfitError, match="no request is answered as it should be"):
        run_app(asked, Listener())
    assert not asked.out.exists()


def test_another_version_is_measured_in_the_same_rounds_and_leaves_nothing(tmp_path: Path) -> None:
    asked = order(tmp_path, "clean", against="HEAD")
    app = asked.file.app.directory
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "one"]):
        subprocess.run(["git", "-C", str(app), *who, *words], check=True)
    found = run_app(asked, Listener())
    measured = {t.treatment for t in found.folder.trials()}
    assert {"clean@busy", "clean@busy+version-HEAD"} <= measured
    record = read_app_record(found.folder.path)
    assert [(v.name, v.dirty) for v in record.versions] == [("", False), ("HEAD", False)]
    changes = [note for note in record.claims if note.kind == "change"]
    assert {note.change for note in changes} == {"version-HEAD"}
    listed = subprocess.run(["git", "-C", str(app), "worktree", "list"], check=True, capture_output=True, text=True)
    assert len(listed.stdout.splitlines()) == 1
    assert json.loads((found.folder.path / "manifest.json").read_text())["stopped_because"]


def test_a_campaign_that_was_interrupted_leaves_no_process_and_is_gone_on_with_by_the_same_file_only(
    tmp_path: Path,
) -> None:
    asked = order(tmp_path, "clean")
    with pytest.raises(KeyboardInterrupt):
        run_app(asked, Interrupting())
    ours = str(asked.file.app.directory)
    assert not [p for p in psutil.process_iter(["cwd"]) if p.info["cwd"] == ours]
    other = replace(asked, file=replace(asked.file, requests=(AppRequest(id="clean", path="/blocking"),)))
    with pytest.raises(UsageError, match="has another request clean now"):
        resume_app(other, Listener())
    found = resume_app(asked, Listener())
    trials = found.folder.trials()
    assert len({t.trial_id for t in trials}) == len(trials)
    assert {t.treatment for t in trials} == {"clean@alone", "clean@busy"}
