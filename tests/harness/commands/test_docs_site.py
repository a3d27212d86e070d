"""`make docs`: the pages, their links, and that the built site loads nothing from elsewhere.

mkdocs is installed by `make docs` alone; without it the tests that build are skipped, and CI's `make docs` is the test.
"""

from __future__ import annotations

import re
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from documented_commands import ROOT
from experiment.errors import Exit, UsageError
from harness.commands import docs_site
from harness.commands.docs_site import (
    ALWAYS,
    INDEX,
    SETTINGS,
    THEME,
    build_site,
    drawn_later,
    foreign_assets,
    links,
    menu,
    pages,
    slug,
)

if TYPE_CHECKING:
    from pathlib import Path

needs_mkdocs = pytest.mark.skipif(find_spec("mkdocs") is None, reason="mkdocs comes with `make docs`")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small repository: a README, an index that lists it, and the settings of ours."""
    for path in (*ALWAYS, SETTINGS, f"{THEME}/main.html"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes((ROOT / path).read_bytes())
    (tmp_path / "README.md").write_text("# One\n\n[two](docs/two.md#part)\n", encoding="utf-8")
    (tmp_path / "docs" / "two.md").write_text("# Two\n\n## Part\n\nText.\n", encoding="utf-8")
    index = "# Index\n\n## Start\n\n- [One](../README.md): it\n- [Two](two.md): it\n"
    (tmp_path / INDEX).write_text(index, encoding="utf-8")
    return tmp_path


def test_every_page_of_docs_and_what_it_links_to_is_found() -> None:
    found = pages(ROOT)
    ours = {str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md")}
    assert ours | {"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "results/README.md"} <= found.keys()
    assert "results/reference/charts/goodput-sleep.svg" in found


def test_links_are_those_of_the_repository_outside_code() -> None:
    text = (
        "[a](b.md#x) ![c](../d.svg) [e](https://f.org) [g](#h)\n\n`[i](j.md)`\n\n    [k](l.md)\n\n```\n[m](n.md)\n```\n"
    )
    assert list(links("docs/page.md", text)) == ["docs/b.md", "d.svg"]


def test_a_link_to_no_file_is_told_with_its_page(tree: Path) -> None:
    (tree / "docs" / "two.md").write_text("[gone](three.md)\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"docs/two\.md links to docs/three\.md, which is no file"):
        pages(tree)


def test_the_menu_is_the_index_in_its_order() -> None:
    groups = [next(iter(group)) for group in menu((ROOT / INDEX).read_text(encoding="utf-8"))]
    assert groups[:3] == ["Start", "Your own app", "Claims"]
    assert menu("## Start\n\n- [One](../README.md): it\n- [Two](two.md): it\n") == [
        {"Start": [{"One": "README.md"}, {"Two": "docs/two.md"}]}
    ]


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("A1 wrong-style", "a1-wrong-style"),
        ("What is `async def`?", "what-is-async-def"),
        ("0.2.0 (today)", "_020-today"),
    ],
)
def test_an_anchor_is_that_of_github_and_one_a_script_may_ask_for(heading: str, anchor: str) -> None:
    assert slug(heading, "-") == anchor


def test_a_chart_that_is_not_kept_leaves_its_title(tmp_path: Path) -> None:
    (tmp_path / "results" / "mine" / "charts").mkdir(parents=True)
    (tmp_path / "results" / "mine" / "charts" / "kept.svg").touch()
    text = "- [kept](charts/kept.svg)\n- [gone](charts/gone.png)\n- [other](gone.md)\n"
    left = "- [kept](charts/kept.svg)\n- gone\n- [other](gone.md)\n"
    assert drawn_later(tmp_path, "results/mine/report.md", text) == left
    assert drawn_later(tmp_path, "docs/page.md", text) == text


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("a.html", '<script src="https://cdn.example/x.js"></script>'),
        ("a.html", '<link rel="stylesheet" href="//cdn.example/x.css">'),
        ("a.html", '<img src="http://example.org/x.png">'),
        ("a.css", "@import 'https://fonts.example/css';"),
        ("a.css", "a { background: url( 'https://example.org/x.png'); }"),
    ],
)
def test_what_would_be_loaded_from_elsewhere_is_found(tmp_path: Path, file: str, text: str) -> None:
    (tmp_path / file).write_text(text, encoding="utf-8")
    (found,) = foreign_assets(tmp_path)
    assert found.startswith(f"{file} loads ")


def test_a_link_to_click_and_a_namespace_load_nothing(tmp_path: Path) -> None:
    text = '<a href="https://example.org">x</a><svg xmlns="http://www.w3.org/2000/svg"></svg><img src="x.png">'
    (tmp_path / "a.html").write_text(text, encoding="utf-8")
    assert foreign_assets(tmp_path) == []


@needs_mkdocs
def test_the_site_is_built_from_every_page_and_loads_nothing(tmp_path: Path) -> None:
    site = build_site(ROOT, tmp_path)
    for page in (path for path in pages(ROOT) if path.endswith(".md")):
        name = re.sub(r"README\.md$", "index.html", page).removesuffix(".md")
        assert (site / (name if name.endswith(".html") else f"{name}.html")).is_file(), page
    assert foreign_assets(site) == []
    front = (site / "index.html").read_text(encoding="utf-8")
    assert re.search(r"<details>\s*<summary>.*?</summary>\s*<table", front, re.DOTALL)


@needs_mkdocs
@pytest.mark.parametrize("link", ["docs/two.md#gone", "#gone"])
def test_an_anchor_that_leads_nowhere_fails(tree: Path, link: str) -> None:
    build_site(tree, tree / "build")
    (tree / "README.md").write_text(f"# One\n\n[two]({link})\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"README\.md.*#gone"):
        build_site(tree, tree / "build")


def test_a_fault_is_one_message_and_an_exit_code(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tree / "docs" / "two.md").write_text("[gone](three.md)\n", encoding="utf-8")
    monkeypatch.setattr(docs_site, "CHECKOUT", tree)
    assert docs_site.main() == Exit.USAGE
    assert capsys.readouterr().err.startswith("docs/two.md links to docs/three.md")
