"""Every damaged file in the table of tests/support/hostile_inputs.py is refused in one sentence; nothing is changed."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from experiment.design.claims import CLAIMS
from experiment.errors import Exit
from fake_campaigns import write_campaign
from harness.commands.cli import main
from hostile_inputs import HOSTILE, PAGE, TABLES, HostileInput, page

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a small campaign once; every test damages a copy."""
    from experiment.design.plan import treatments_for

    claims = [CLAIMS["A7"]]
    path = tmp_path_factory.mktemp("sound") / "campaign"
    return write_campaign(path, rounds=1, claims=claims, treatments=treatments_for(claims), invalid=())


def _contents(folder: Path) -> dict[str, object]:
    small = 2 * 10**8
    return {
        p.name: p.read_bytes() if p.is_file() and p.lstat().st_size < small else p.lstat() for p in folder.iterdir()
    }


@pytest.mark.parametrize("tried", HOSTILE, ids=lambda t: f"{t.file}: {t.words}"[:90])
def test_a_damaged_file_is_one_sentence_and_exit_2(
    tried: HostileInput, sound: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "campaign"
    shutil.copytree(sound, folder)
    tried.change(folder / tried.file)
    before = {} if tried.words.startswith("a link to an endless") else _contents(folder)
    for words in (["report", str(folder)], ["run", "--quiet", "--resume", str(folder)]):
        assert main(words) == Exit.USAGE
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        assert len(said) < 1200
        assert said.startswith("bench: ")
        assert tried.file in said
        assert tried.said in said
        assert said.rstrip("\n").isprintable()
    assert not before or before == _contents(folder)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("end", [b"t0009,1", b't0009,"half a', b't0009,"two\nlines', b"t0009,\xc3"])
def test_a_row_that_a_crash_left_half_written_is_passed_over(
    end: bytes, table: str, sound: Path, tmp_path: Path
) -> None:
    from experiment.records.store import CampaignFolder

    shutil.copytree(sound, tmp_path / "campaign")
    path = tmp_path / "campaign" / table
    whole = path.read_bytes()
    if table == "latency.csv" and b"\n" in end:
        return  # its cells are never quoted
    path.write_bytes(whole + end)
    folder = CampaignFolder.open(tmp_path / "campaign")
    folder.check()
    assert len(folder.trials()) == len(CampaignFolder.open(sound).trials())
    folder.mend()
    assert path.read_bytes() == whole


def test_the_page_of_inputs_is_made_from_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python tests/support/hostile_inputs.py"
