"""docs/add-something.md does what it says: its blocks are run, and what they add is measured and reported."""

from __future__ import annotations

import asyncio
import hashlib
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from analysis.stats.results import Verdict
from bench_app import styles, works
from bench_app.app import create_app
from bench_app.registry import REGISTRY, variant
from bench_app.settings import Settings
from bench_app.styles import STYLES
from bench_app.works import WORKS
from comparable_campaigns import runner
from experiment.design import factors, metrics, model
from experiment.design.claims import A_A, CLAIMS, claim
from experiment.design.factors import FACTORS, server
from experiment.design.metrics import GOODPUT, METRICS, NORMALIZED_GOODPUT
from harness.campaign.events import Listener
from harness.campaign.fake import FakeDriver
from harness.campaign.run import new_manifest, run_spec
from harness.commands.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).resolve().parents[2] / "docs" / "add-something.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
TABLES: tuple[Any, ...] = (CLAIMS, REGISTRY, WORKS, STYLES, METRICS, FACTORS)  # those first that use the others


@pytest.fixture(scope="module")
def added() -> Iterator[dict[str, Any]]:
    """What the page's blocks define; taken out of the tables again afterwards."""
    before = [set(table) for table in TABLES]
    names: dict[str, Any] = {"asyncio": asyncio, "hashlib": hashlib, "replace": replace, "variant": variant}
    for module in (works, styles, metrics, factors, model):
        names |= {name: value for name, value in vars(module).items() if not name.startswith("_")}
    names |= {"claim": claim, "server": server}
    try:
        for block in BLOCKS:
            exec(compile(block, str(PAGE), "exec"), names)  # noqa: S102 - our own page
        yield names
    finally:
        for table, known in zip(TABLES, before, strict=True):
            for name in set(table) - known:
                table.remove(name)


@pytest.fixture(scope="module")
def reported(added: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A campaign of the page's claim, measured by FakeDriver with planted effects, and reported."""
    assert added
    path = tmp_path_factory.mktemp("results") / "added"
    asked = CLAIMS["X1"]
    order = run_spec("article", claims=("X1",), seed=1, rounds=4, out=path)
    manifest = new_manifest(order, [asked], {load: order.profile.load(load) for load in ("closed-8", "closed-20")}, {})
    runner(driver=_driver())(path, manifest, Listener())
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("analysis.drawing.files.imsave", lambda path, _image, **_how: Path(path).touch())
        assert main(["report", str(path)]) == 0
    return path


def _driver() -> FakeDriver:
    lag = METRICS["loop_lag_max_us"]
    threads, loop = CLAIMS["X1"].comparisons[0].treatments
    executor, blocking = CLAIMS["X1"].comparisons[1].treatments
    planted: dict[str, Any] = {t.id: {GOODPUT: 4000.0, NORMALIZED_GOODPUT: 4000.0} for t in A_A.treatments}
    planted |= {threads.id: {GOODPUT: 90.0}, loop.id: {GOODPUT: 50.0}}
    planted |= {executor.id: {lag: 2_000.0, GOODPUT: 88.0}, blocking.id: {lag: 90_000.0, GOODPUT: 50.0}}
    return FakeDriver(planted=planted, spread=0.01)


def test_the_page_adds_one_of_each(added: dict[str, Any]) -> None:
    assert {"hash", "async-executor", "loop_lag_max_us", "backlog", "X1"} <= {
        name for table in TABLES for name in table
    }
    assert {"hash.def", "hash.async-blocking", "hash.async-executor"} <= set(REGISTRY)
    assert added["BACKLOG"] is FACTORS["backlog"]


@pytest.mark.parametrize("name", ["hash.def", "hash.async-blocking", "hash.async-executor"])
def test_the_app_serves_the_new_variants_and_their_answers_are_right(added: dict[str, Any], name: str) -> None:
    assert added
    new = REGISTRY[name]
    app = create_app(Settings(works=frozenset({"hash"})))

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sut") as client:
            return await client.get(new.request.path)

    answer = asyncio.run(ask())
    assert new.complaint(answer.status_code, answer.content) is None


def test_the_new_factor_is_in_the_command_line_that_the_manifest_records(reported: Path) -> None:
    text = (reported / "manifest.json").read_text(encoding="utf-8")
    assert '"backlog": 64' in text
    assert "hash.async-executor@closed-8+backlog-64" in text
    assert server(backlog=64).launch().options[-2:] == ("--backlog", "64")


def test_the_new_claim_is_judged_by_the_new_metric(reported: Path) -> None:
    report = (reported / "report.md").read_text(encoding="utf-8")
    assert Verdict.SUPPORTED.value in report.lower()
    assert "with hash.async-executor the longest loop lag is 0.022 times that with hash.async-blocking" in report


def test_the_report_names_work_style_and_server_in_words(reported: Path) -> None:
    report = (reported / "report.md").read_text(encoding="utf-8")
    assert "hash.def@closed-8+all-cores" in report
    page = (reported / "report.html").read_text(encoding="utf-8")
    assert "hash: CPU work that lets go of the GIL" in page
    assert "backlog 64" in page


def test_the_new_style_is_drawn_in_its_colour(reported: Path) -> None:
    drawn = [path for path in (reported / "charts").glob("*hash*.svg") if "#332288" in path.read_text(encoding="utf-8")]
    assert {path.name for path in drawn} >= {"goodput-hash.svg"}
