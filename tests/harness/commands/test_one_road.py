"""A command reads each campaign once and judges it once; what it says is what it writes."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from analysis.reading import campaign as reading
from analysis.reading.sentences import finding
from analysis.stats.judge import judge_all
from analysis.wording import markdown
from comparable_campaigns import measured, resumer, runner
from experiment.design.claims import CLAIMS
from experiment.errors import Exit
from experiment.records.store import CampaignFolder
from harness.campaign.run import new_manifest, run_spec
from harness.commands import claim, publish, reproduce, run
from harness.commands.cli import main
from harness.commands.readme_page import BLOCKS

if TYPE_CHECKING:
    from harness.campaign.events import Listener
    from harness.campaign.run import CampaignOutcome, RunSpec


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    return measured(tmp_path / "theirs", claims=(CLAIMS["A9"],), rounds=3)


@pytest.fixture(autouse=True)
def _at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A repository in a folder of its own, in which FakeDriver measures, without charts, which take a second each."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "README.md").write_text("".join(f"<!-- {name}:begin -->\n<!-- {name}:end -->\n" for name in BLOCKS))
    monkeypatch.chdir(tmp_path)
    for name, value in (
        ("HOME", tmp_path),
        ("README", tmp_path / "README.md"),
        ("ANSWERS", tmp_path / "docs" / "answers.md"),
        ("REFERENCE", tmp_path / "results" / "reference"),
        ("FOLKLORE_REFERENCE", tmp_path / "results" / "reference-folklore"),
    ):
        monkeypatch.setattr(publish, name, value)
    monkeypatch.setattr(claim, "REFERENCE", tmp_path / "theirs")
    monkeypatch.setattr(run, "run_new", _run_new)
    monkeypatch.setattr(run, "resume", resumer())
    monkeypatch.setattr(reproduce, "run_registered", runner())
    monkeypatch.setattr("analysis.charts.draw_all", lambda _campaign, _folder: [])


def _run_new(order: RunSpec, listener: Listener) -> CampaignOutcome:
    claims = [CLAIMS[name] for name in order.claims]
    loads = {t.load: order.profile.load(t.load) for c in claims for t in c.treatments}
    loads["closed-20"] = order.profile.load("closed-20")
    return runner()(order.out, new_manifest(order, claims, loads, {}), listener)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each campaign was read, and how often any was judged for good."""
    seen: Counter[str] = Counter()

    def opened(path: Path) -> CampaignFolder:
        seen[path.name] += 1
        return CampaignFolder(path)

    def judged(*args: Any, **how: Any) -> Any:
        seen["judged"] += 1
        return judge_all(*args, **how)

    monkeypatch.setattr(reading, "CampaignFolder", opened)
    monkeypatch.setattr(reading, "judge_all", judged)
    return seen


@pytest.mark.parametrize(
    ("words", "campaigns"),
    [
        ("run --claims A9 --rounds 2 --quiet --out mine", ["mine"]),
        ("claim A9 --rounds 2 --quiet --out mine", ["mine", "theirs"]),
        ("run --resume theirs --quiet", ["theirs"]),
        ("reproduce theirs --quiet --out again", ["again", "theirs"]),
        ("report theirs", ["theirs"]),
        ("slides theirs", ["theirs"]),
        ("answers theirs", ["theirs"]),
        ("publish theirs", ["reference"]),
    ],
)
@pytest.mark.usefixtures("theirs")
def test_each_campaign_is_read_and_judged_once(words: str, campaigns: list[str], read: Counter[str]) -> None:
    assert main(words.split()) == Exit.OK
    assert read == {**dict.fromkeys(campaigns, 1), "judged": len(campaigns)}


def test_the_terminal_says_what_verdicts_csv_and_the_report_say(capsys: pytest.CaptureFixture[str]) -> None:
    main(["run", "--claims", "A9,A21", "--rounds", "4", "--quiet", "--out", "mine"])
    told = capsys.readouterr().out
    campaign = reading.load_campaign(Path("mine"))
    report = Path("mine/report.md").read_text(encoding="utf-8")
    with Path("mine/verdicts.csv").open(encoding="utf-8", newline="") as file:
        written = {row["claim"]: row["verdict"] for row in csv.DictReader(file)}
    assert written == {result.claim.id: result.verdict for result in campaign.results}
    for result in campaign.results:
        assert not result.comparisons or finding(result) in told
        assert f"| {markdown.cell(finding(result))} |" in report


def test_a_resumed_smoke_run_says_that_it_is_no_evidence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    profile = run_spec("smoke").profile
    facts = {"name": profile.name, "is_smoke": True, "budget_s": profile.budget_s, "max_rounds": profile.max_rounds}
    measured(tmp_path / "smoke", claims=(CLAIMS["A9"],), rounds=1, profile=facts)
    main(["run", "--resume", "smoke", "--quiet"])
    assert "A smoke run: its windows are too short for evidence" in capsys.readouterr().out


def test_a_published_campaign_is_in_readme_reference_and_answers(theirs: Path, tmp_path: Path) -> None:
    assert main(["publish", "theirs"]) == Exit.OK
    assert "| A9 |" in (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "theirs" in (tmp_path / "docs" / "answers.md").read_text(encoding="utf-8")
    assert CampaignFolder(tmp_path / "results" / "reference").trials() == CampaignFolder(theirs).trials()


def test_a_campaign_over_the_folklore_has_a_place_of_its_own_without_durations(tmp_path: Path) -> None:
    facts = {"name": "folklore", "is_smoke": False, "budget_s": 60.0, "max_rounds": 3}
    folder = measured(tmp_path / "mine", claims=(CLAIMS["A9"],), rounds=3, profile=facts)
    before = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert main(["publish", "mine"]) == Exit.OK
    published = CampaignFolder(tmp_path / "results" / "reference-folklore")
    assert published.trials() == CampaignFolder(folder).trials()
    assert (published.path / "latency.csv").read_text(encoding="utf-8").count("\n") == 1
    assert not (tmp_path / "results" / "reference").exists()
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == before
    assert "[mine](../../results/reference-folklore/report.md)" in (tmp_path / "docs" / "claims" / "A9.md").read_text()
    assert "None of it has been measured" in (tmp_path / "docs" / "folklore.md").read_text()


def test_a_smoke_run_is_not_published(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    facts = {"name": "smoke", "is_smoke": True, "budget_s": 60.0, "max_rounds": 3}
    measured(tmp_path / "smoke", claims=(CLAIMS["A9"],), rounds=1, profile=facts)
    assert main(["publish", "smoke"]) == Exit.USAGE
    assert "are not published" in capsys.readouterr().err
    assert not (tmp_path / "results").exists()


def test_a_reference_that_cannot_be_drawn_is_not_put_in_the_place_of_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    measured(tmp_path / "theirs", claims=(CLAIMS["A9"],), rounds=3)
    assert main(["publish", "theirs"]) == Exit.OK
    before = {path.name: path.read_bytes() for path in (tmp_path / "results" / "reference").iterdir() if path.is_file()}

    def no_room(_campaign: object) -> NoReturn:
        raise OSError(28, "No space left on device", "results/reference")

    monkeypatch.setattr(publish, "draw", no_room)
    measured(tmp_path / "newer", claims=(CLAIMS["A9"],), rounds=2)
    assert main(["publish", "newer"]) == Exit.ENVIRONMENT
    assert "the disk is full" in capsys.readouterr().err
    reference = tmp_path / "results" / "reference"
    assert {path.name: path.read_bytes() for path in reference.iterdir() if path.is_file()} == before
    assert [path.name for path in reference.parent.iterdir()] == ["reference"]


def test_a_swap_that_broke_off_is_mended_by_the_next(theirs: Path, tmp_path: Path) -> None:
    assert main(["publish", "theirs"]) == Exit.OK
    reference = tmp_path / "results" / "reference"
    (reference / "README.md").write_text("by hand")
    reference.rename(publish.old_of(reference))
    assert main(["publish", str(theirs)]) == Exit.OK
    assert (reference / "README.md").read_text() == "by hand"
    assert [path.name for path in reference.parent.iterdir()] == ["reference"]
