"""The shop is measured for real, briefly: each planted mistake is found at its line, and there is no false alarm."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from analysis.own_app.ranking import ranking
from analysis.own_app.reading import read_results
from analysis.own_app.results import AppResults, Standing
from example_apps import AWAITING, CLEAN, MISTAKES, assert_found, assert_refused, bench, example, route_of
from experiment.errors import Exit

if TYPE_CHECKING:
    from pathlib import Path

BRIEF = '\n[[load]]\nid = "alone"\nkind = "closed"\nusers = 1\nwarmup_s = 0.3\nwindow_s = 1.2\n'
AUTHOR = ("-c", "user.name=a test", "-c", "user.email=test@example.org")
KEY = "a-key-that-stands-in-no-file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a brief run left: its folder, what it printed, and what was read back."""

    folder: Path
    printed: str
    results: AppResults


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop in its own folder and environment, with one user as its only load."""
    folder = example("shop", tmp_path_factory.mktemp("examples"))
    settings = folder / "handlerbench.toml"
    alone = settings.read_text(encoding="utf-8").partition("\n[[claim]]")[0]
    settings.write_text(alone + BRIEF, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def shop(folder: Path) -> Measured:
    """Measure every route of the shop in three rounds."""
    done = app(folder, "run", "--rounds", "3", "--budget", "4m", "--out", "measured")
    if done.returncode == Exit.INVALID and "in a row were discarded" in done.stderr:
        pytest.skip(f"this machine is too busy to measure anything: {done.stderr.splitlines()[0]}")
    assert done.returncode == 0, done.stdout + done.stderr
    return Measured(folder=folder, printed=done.stdout, results=read_results(folder / "measured"))


def app(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return bench(folder, "app", *words, "--quiet", "--seed", "1", SHOP_KEY=KEY)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("request_id", MISTAKES)
def test_a_planted_mistake_is_found_at_its_line(shop: Measured, request_id: str) -> None:
    assert_found(shop.results, shop.folder, request_id)


@pytest.mark.parametrize("request_id", CLEAN)
def test_a_clean_route_raises_no_alarm(shop: Measured, request_id: str) -> None:
    assert route_of(shop.results, request_id).standing in (Standing.CLEAR, Standing.UNDECIDED)


def test_the_ranking_has_the_planted_mistakes_and_nothing_else(shop: Measured) -> None:
    assert {ranked.route.request.id for ranked in ranking(shop.results)} == set(MISTAKES)
    assert "What to change first" in shop.printed


@pytest.mark.parametrize("request_id", AWAITING)
def test_a_route_that_really_awaits_is_refused_its_thread(shop: Measured, request_id: str) -> None:
    assert_refused(shop.results, request_id)


def test_the_key_stands_in_no_file_of_the_campaign(shop: Measured) -> None:
    files = [path for path in (shop.folder / "measured").rglob("*") if path.is_file()]
    assert files
    assert [path.name for path in files if KEY.encode() in path.read_bytes()] == []


@pytest.mark.timeout(300)
def test_a_change_is_tried_without_editing_the_shop(folder: Path) -> None:
    before = (folder / "shop" / "routers" / "products.py").read_bytes()
    done = app(folder, "try", "stock", "--style", "def", "--rounds", "2", "--out", "tried")
    assert done.returncode == 0, done.stdout + done.stderr
    (route,) = read_results(folder / "tried").routes
    (change,) = route.changes
    assert (change.key, change.is_measured, change.refusal) == ("style-def", True, None)
    assert change.prediction is not None
    assert (folder / "shop" / "routers" / "products.py").read_bytes() == before


@pytest.mark.timeout(300)
def test_a_version_that_became_worse_fails_the_gate(folder: Path) -> None:
    warehouse = folder / "shop" / "warehouse.py"
    for step in (["init", "-q", "-b", "main"], ["add", "shop"], [*AUTHOR, "commit", "-qm", "as it was"]):
        subprocess.run(["git", *step], cwd=folder, check=True)
    today = warehouse.read_text(encoding="utf-8")
    warehouse.write_text(today.replace("ROUND_TRIP_S = 0.02", "ROUND_TRIP_S = 0.08"), encoding="utf-8")
    words = ("run", "--requests", "stock", "--rounds", "4", "--out", "against")
    done = app(folder, *words, "--against", "main", "--fail-on", "worse:10%", "--annotations")
    warehouse.write_text(today, encoding="utf-8")
    assert done.returncode == Exit.GATE_FAILED, done.stdout + done.stderr
    assert "of that in main: all of it more than 10 % worse" in done.stderr
    assert "title=GET /products/3/stock became worse::" in done.stdout
