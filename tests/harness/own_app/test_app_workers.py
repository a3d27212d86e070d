"""An app of somebody else's that workers drive, at another address than usual: from its file to its results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from experiment.design.model import Load, LoadKind
from experiment.design.own_app import AppRequest, BenchFile
from experiment.records.manifest import Elsewhere
from harness.campaign.events import Listener
from harness.own_app.campaign import run_app
from harness.own_app.order import AppOrder
from real_servers import free_port
from strangers import stranger
from volunteers import volunteers

if TYPE_CHECKING:
    from pathlib import Path

BUSY = Load(id="busy", kind=LoadKind.CLOSED, users=4, stagger_s=0.1, warmup_s=0.2, window_s=0.5)


class Notes(Listener):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def note(self, text: str) -> None:
        self.said.append(text)


def test_an_app_is_driven_by_workers_that_others_start(tmp_path: Path) -> None:
    port, notes = free_port(), Notes()
    file = BenchFile(
        app=stranger(tmp_path / "app"),
        requests=(AppRequest(id="home", path="/"),),
        loads=(BUSY,),
        claims=(),
        path=tmp_path / "handlerbench.toml",
    )
    order = AppOrder(
        file=file,
        out=tmp_path / "results",
        seed=1,
        command="bench app run --expect-workers 1",
        budget_s=30.0,
        max_rounds=1,
        workers=1,
        elsewhere=Elsewhere(bind=f"127.0.0.1:{port}", sut_host="::1"),
    )
    with volunteers(port, 1):
        folder = run_app(order, notes).folder
    manifest, trials = folder.manifest(), folder.trials()
    assert [trial.reasons for trial in trials if "driver-failed" in trial.rules] == []
    assert any(trial.metrics.answers for trial in trials)
    assert manifest.workers == 1
    assert manifest.elsewhere is not None
    assert len(manifest.elsewhere.machines) == 1
    assert all("--host ::1" in command for command in manifest.commands.values())
    assert any(f"start each with: bench worker --master 127.0.0.1:{port} --sut-host ::1" in said for said in notes.said)
    assert any(said.startswith("1 worker came: ") for said in notes.said)
