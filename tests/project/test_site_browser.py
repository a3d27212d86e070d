"""The built site in a browser: it asks no network, nothing in it fails, and no page scrolls sideways."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

from browsers import CHROMIUM, FLAGS
from documented_commands import ROOT
from harness.commands.docs_site import build_site

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

PATIENCE_MS = 20_000

pytestmark = [
    pytest.mark.skipif(find_spec("mkdocs") is None, reason="mkdocs comes with `make docs`"),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs a system chromium"),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_site(ROOT, tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(FLAGS))
        yield opened
        opened.close()


def pages(site: Path) -> list[Path]:
    """Return all pages; of those about one claim, which are made alike, the two longest and the shortest."""
    written = sorted(site.rglob("*.html"))
    alike = sorted((page for page in written if page.parent.name == "claims"), key=size)
    return [page for page in written if page not in alike[1:-2]]


def size(page: Path) -> int:
    return page.stat().st_size


@pytest.mark.parametrize(("width", "theme"), [(360, "light"), (768, "dark"), (1440, "light")])
def test_every_page_is_whole_at_each_width_and_in_both_themes(
    site: Path, browser: Browser, width: int, theme: str
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=theme)  # type: ignore[arg-type]
    page = context.new_page()
    asked: list[str] = []
    wrong: list[str] = []

    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: wrong.append(f"{page.url}: {error}"))
    for path in pages(site):
        page.goto(path.as_uri(), timeout=PATIENCE_MS)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wrong.append(f"{path.relative_to(site)} scrolls sideways at {width}")
        if page.evaluate("document.documentElement.dataset.bsTheme") != theme:
            wrong.append(f"{path.relative_to(site)} is not {theme}")
    context.close()
    assert wrong == []
    assert [url for url in asked if not url.startswith("file:")] == []


def test_the_folded_table_of_claims_opens(site: Path, browser: Browser) -> None:
    page = browser.new_page()
    page.goto((site / "index.html").as_uri(), timeout=PATIENCE_MS)
    assert not page.get_by_text("At 80 users a blocking call in async def").is_visible()
    page.click("summary", timeout=PATIENCE_MS)
    assert page.get_by_text("At 80 users a blocking call in async def").is_visible()
    page.close()


def test_without_a_server_no_search_is_offered(site: Path, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 800})
    page.goto((site / "index.html").as_uri(), timeout=PATIENCE_MS)
    assert page.locator("a[rel=next]").is_visible()
    assert not page.locator("a[data-bs-target='#mkdocs_search_modal']").is_visible()
    page.close()
