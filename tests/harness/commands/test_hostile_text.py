"""Hostile text in every string of a manifest and of a trial: it stays text in every page, and on the terminal."""

from __future__ import annotations

import csv
import itertools
import json
import re
import shutil
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from markdown_it import MarkdownIt

from experiment.design.claims import CLAIMS
from experiment.design.plan import treatments_for
from experiment.errors import Exit, StoreError
from experiment.records.manifest import read_manifest
from fake_campaigns import write_campaign
from harness.commands.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EVIL = (
    "\x1b[31mred\x1b]0;title\x07\x9b2J\u202egnp | <script>alert(1)</script> [x](javascript:alert(1)) "
    "![i](http://evil.example/i.png) **bold** `code` http://evil.example www.evil.example &lt; $x$ ~~gone~~ \\1 \\x "
    "--> ]]> \"quoted' {{ 7 * 7 }}\n# heading\n\n- item\n\n<img src=x onerror=alert(1)>\n\n"
    "    code\n```\n\U0001f4a9 \u4e2d"
)
_OBEYED = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def _strings(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every string."""
    if isinstance(value, str):
        yield way
    for name, inner in (
        value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else [])
    ):
        yield from _strings(inner, (*way, name))


def _with(manifest: Any, way: tuple[Any, ...]) -> Any:
    changed = json.loads(json.dumps(manifest))
    at = changed
    for name in way[:-1]:
        at = at[name]
    at[way[-1]] = EVIL
    return changed


def _planted(manifest: Any) -> tuple[Any, set[tuple[Any, ...]]]:
    """Return the manifest with the text in every string that takes it, and the ways to the others."""
    refused = set()
    for way in list(_strings(manifest)):
        changed = _with(manifest, way)
        try:
            read_manifest(changed, "manifest.json")
            manifest = changed
        except StoreError as error:
            assert str(error).isprintable()  # noqa: PT017 - most fields take it, and raise nothing
            refused.add(way)
    return manifest, refused


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, set[tuple[Any, ...]]]:
    """Write a campaign with the text wherever a reader takes it."""
    claims = [CLAIMS["A7"], CLAIMS["A1"]]
    folder = write_campaign(
        tmp_path_factory.mktemp("results") / "evil", rounds=2, claims=claims, treatments=treatments_for(claims)
    )
    path = folder / "manifest.json"
    whole = json.loads(path.read_text(encoding="utf-8"))
    whole |= {"reproduces": {"campaign": "another", "commit": "1234", "path": "../another"}}
    whole |= {"database": {"version": "16", "source": "system"}, "skipped": {"noop.def.x": "why"}}
    whole |= {"commands": {"x": "uvicorn"}}
    planted, refused = _planted(whole)
    path.write_text(json.dumps(planted), encoding="utf-8")
    _plant_in_trials(folder / "trials.csv")
    return folder, refused


def _copy(folder: Path, other: Path) -> None:
    """Copy a campaign and take the text from what may differ, so that it stands in the list of differences."""
    shutil.copytree(folder, other)
    path = other / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest["packages"] = dict.fromkeys(manifest["packages"], "1.0")
    manifest["host"]["kernel"] = "6.1"
    path.write_text(json.dumps(manifest), encoding="utf-8")


def _plant_in_trials(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row |= {"reasons": EVIL, "first_failure": EVIL, "stuck_at": EVIL}
    rows[0]["rules"] = "errors"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture(scope="module")
def outputs(made: tuple[Path, set[Any]], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return all texts that the commands write of it."""
    folder, out = made[0], tmp_path_factory.mktemp("out")
    _copy(folder, out / "copy")
    told: dict[str, str] = {}
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("COLUMNS", "200")
        for words in (
            ["report", str(folder)],
            ["slides", str(folder)],
            ["answers", str(folder), "--out", str(out / "answers.md")],
            [
                "compare",
                str(folder),
                str(out / "copy"),
                "--markdown",
                str(out / "compare.md"),
                "--junit",
                str(out / "j.xml"),
            ],
        ):
            assert main(words) == Exit.OK, words
    kinds = (".md", ".html", ".svg", ".xml")
    files = [p for place in (folder, out) for p in place.rglob("*") if p.suffix in kinds]
    told |= {p.name: p.read_text(encoding="utf-8") for p in files}
    return told


def test_only_names_and_words_of_a_closed_list_refuse_it(made: tuple[Path, set[tuple[Any, ...]]]) -> None:
    names = {
        *("campaign", "judge", "metric", "id", "slug", "variant", "load", "kind", "arrivals", "path", "name"),
        *("server", "loop", "http", "cores", "access_log", "interpreter"),
    }
    assert {str(way[-1]) for way in made[1]} <= names


def test_no_page_has_a_control_character(outputs: dict[str, str]) -> None:
    assert {"report.md", "report.html", "answers.md", "compare.md", "j.xml"} <= outputs.keys()
    for name, text in outputs.items():
        assert not _OBEYED.search(text), name


@pytest.mark.parametrize("page", ["report.md", "answers.md", "compare.md"])
def test_in_markdown_it_is_neither_markup_nor_a_link(page: str, outputs: dict[str, str]) -> None:
    read = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    tokens = [t for token in read.parse(outputs[page]) for t in (token, *(token.children or ()))]
    html = "".join(t.content for t in tokens if t.type in {"html_block", "html_inline"})
    assert "script" not in html
    assert "img" not in html
    assert not any(t.type in {"image", "fence", "s_open", "em_open"} for t in tokens)
    assert all(str(t.attrs["href"]).startswith(("charts/", "../")) for t in tokens if t.type == "link_open")
    headings = [after.content for t, after in itertools.pairwise(tokens) if t.type == "heading_open"]
    assert "heading" not in headings
    if page != "answers.md":  # which quotes few texts
        assert "http\\://evil" in outputs[page]


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.seen and self.seen[-1][0] == "script":
            self.scripts.append(data)


def test_in_html_it_is_neither_a_tag_nor_an_attribute(outputs: dict[str, str]) -> None:
    tags = _Tags()
    tags.feed(outputs["report.html"])
    assert not any(tag == "img" for tag, _ in tags.seen)
    assert not any(name.startswith("on") for _, attributes in tags.seen for name in attributes)
    assert not any("alert(1)" in script for script in tags.scripts)
    links = [attributes.get("href") or "" for tag, attributes in tags.seen if tag == "a"]
    assert links
    assert all(link.startswith(("#", "data:text/csv;", "data:application/json;base64,")) for link in links)


def test_a_terminal_obeys_none_of_it(
    made: tuple[Path, set[Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _copy(made[0], tmp_path / "copy")
    assert main(["compare", str(made[0]), str(tmp_path / "copy")]) == Exit.OK
    from rich.console import Console

    from analysis.reading.campaign import load_campaign
    from harness.campaign.events import CampaignProgress
    from harness.commands.live import PlainLines
    from harness.commands.measuring import _show_verdicts

    campaign, console = load_campaign(made[0]), Console()
    _show_verdicts(console, campaign.results)
    standing = CampaignProgress(
        round=1,
        is_pass=True,
        claims=(),
        open_claims=1,
        all_claims=1,
        trials_done=1,
        trials_in_round=1,
        position=0,
        elapsed_s=1.0,
        budget_s=2.0,
        round_left_s=None,
    )
    for record in campaign.trials:
        PlainLines(console).trial_ended(record, standing)
    told = capsys.readouterr()
    assert not _OBEYED.search(told.out + told.err)
    assert r"\x1b[31mred" in told.out
