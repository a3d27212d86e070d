"""The shop is measured for real, briefly: each planted mistake is found at its line, and there is no false alarm."""

from __future__ import annotations

import subprocess
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from analysis.own_app.ranking import first_line, ranking
from analysis.own_app.reading import read_results
from analysis.own_app.results import AppResults, RouteResult, Standing
from example_apps import EXAMPLES, bench, example
from experiment.errors import Exit

if TYPE_CHECKING:
    from pathlib import Path

PLANTED: dict[str, Any] = tomllib.loads((EXAMPLES / "shop" / "planted.toml").read_text(encoding="utf-8"))
MISTAKES = {mistake["request"]: mistake for mistake in PLANTED["mistake"]}
CLEAN = PLANTED["clean"]["requests"]
BRIEF = '\n[[load]]\nid = "alone"\nkind = "closed"\nusers = 1\nwarmup_s = 0.3\nwindow_s = 1.2\n'
AUTHOR = ("-c", "user.name=a test", "-c", "user.email=test@example.org")
KEY = "a-key-that-stands-in-no-file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a brief run left: its folder, what it printed, and what was read back."""

    folder: Path
    printed: str
    results: AppResults

    def route(self, request: str) -> RouteResult:
        return next(route for route in self.results.routes if route.request.id == request)


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
    assert done.returncode == 0, done.stdout + done.stderr
    return Measured(folder=folder, printed=done.stdout, results=read_results(folder / "measured"))


def app(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return bench(folder, "app", *words, "--quiet", "--seed", "1", SHOP_KEY=KEY)


def planted_at(folder: Path, mistake: dict[str, Any]) -> str:
    """Return where a mistake's marker stands, as `file:line`."""
    lost = mistake["lost"]
    lines = (folder / lost["file"]).read_text(encoding="utf-8").splitlines()
    (number,) = [n for n, line in enumerate(lines, start=1) if line.endswith(f"# {lost['marker']}")]
    return f"{lost['file']}:{number}"


@pytest.mark.timeout(600)
@pytest.mark.parametrize("request_id", MISTAKES)
def test_a_planted_mistake_is_found_at_its_line(shop: Measured, request_id: str) -> None:
    route, mistake = shop.route(request_id), MISTAKES[request_id]
    place = first_line(route)
    assert route.standing is Standing.BLOCKS
    assert place is not None
    assert (place.at, place.function) == (planted_at(shop.folder, mistake), mistake["lost"]["function"])
    assert place.share > 0.5


@pytest.mark.parametrize("request_id", CLEAN)
def test_a_clean_route_raises_no_alarm(shop: Measured, request_id: str) -> None:
    assert shop.route(request_id).standing in (Standing.CLEAR, Standing.UNDECIDED)


def test_the_ranking_has_the_planted_mistakes_and_nothing_else(shop: Measured) -> None:
    assert {ranked.route.request.id for ranked in ranking(shop.results)} == set(MISTAKES)
    assert "What to change first" in shop.printed


@pytest.mark.parametrize("request_id", [name for name, mistake in MISTAKES.items() if mistake["cure"] == "none"])
def test_a_route_that_really_awaits_is_refused_its_thread_with_the_line_of_the_await(
    shop: Measured, request_id: str
) -> None:
    (refusal,) = shop.route(request_id).refusals
    endpoint = MISTAKES[request_id]["endpoint"]
    assert refusal.file == endpoint.partition(":")[0].replace(".", "/") + ".py"
    assert refusal.function == endpoint.partition(":")[2]
    assert refusal.line is not None


@pytest.mark.parametrize("request_id", [name for name, mistake in MISTAKES.items() if "seen" in mistake])
def test_what_can_be_seen_without_load_is_among_the_static_findings(shop: Measured, request_id: str) -> None:
    kinds = {"blocking-call": "blocking-call-in-async"}
    kind = MISTAKES[request_id]["kind"]
    assert kinds.get(kind, kind) in {finding.id for finding in shop.route(request_id).findings}


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


def test_every_marker_of_the_list_stands_once_in_the_shop() -> None:
    for mistake in MISTAKES.values():
        assert planted_at(EXAMPLES / "shop", mistake)
