"""The page of an app in a real browser: what only a browser can say of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from analysis.own_app.page import page
from analysis.own_app.reading import read_results
from browsers import CHROMIUM, FLAGS, need_chromium
from fake_app_world import ALONE, BUSY, REQUESTS, WORLD, Truth
from fake_apps import write_app_campaign

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

LONG = "shop/" + "a_long_name_without_a_break_" * 6 + ".py"
CONTRAST = """() => {
  const light = (c) => c.map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const of = (text) => { const [r, g, b] = light(text.match(/[\\d.]+/g).slice(0, 3).map(Number));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  return [...document.querySelectorAll("body *")]
    .filter((e) => e.checkVisibility() && [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()))
    .map((e) => {
      let ground = e;
      while (ground && getComputedStyle(ground).backgroundColor === "rgba(0, 0, 0, 0)") ground = ground.parentElement;
      const behind = ground ? getComputedStyle(ground).backgroundColor : "rgb(255,255,255)";
      const [a, b] = [of(getComputedStyle(e).color), of(behind)];
      return [e.textContent.trim().slice(0, 40), (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)];
    })
    .filter(([, ratio]) => ratio < 4.5);
}"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("apps") / "made"
    lines = (
        (f"{LONG}:41 in rank", "a.library." + "call" * 30, 50.0),
        *((f"b.py:{n} in f", None, 1.0) for n in range(3)),
    )
    world = {**WORLD, **{f"search@{load}": Truth(ms=53, rps=19, blocked_ms=52, lines=lines) for load in (ALONE, BUSY)}}
    requests = (
        REQUESTS[0].model_copy(update={"path": "/search?q=<img src=x onerror=alert(1)>" + "x" * 90}),
        *REQUESTS[1:],
    )
    path = folder / "report.html"
    write_app_campaign(folder, world=world, requests=requests)
    path.write_text(page(read_results(folder)), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def opened(file: Path) -> Iterator[tuple[Page, list[str]]]:
    from playwright.sync_api import sync_playwright

    need_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        tab, asked = browser.new_page(), list[str]()
        tab.on("request", lambda request: asked.append(request.url))
        tab.on("dialog", lambda dialog: asked.append(f"dialog {dialog.message}"))
        tab.on("dialog", lambda dialog: dialog.dismiss())
        tab.on("console", lambda message: asked.append(f"console {message.text}"))
        tab.goto(file.as_uri())
        yield tab, asked
        browser.close()


def test_the_page_asks_for_nothing_and_runs_nothing_of_the_app(opened: tuple[Page, list[str]], file: Path) -> None:
    _, asked = opened
    assert [url for url in asked if not url.startswith("data:")] == [file.as_uri()]


@pytest.mark.parametrize("width", [360, 768, 1440])
def test_nothing_reaches_beyond_the_screen(opened: tuple[Page, list[str]], width: int) -> None:
    tab, _ = opened
    tab.set_viewport_size({"width": width, "height": 900})
    tab.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert tab.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_can_be_read_on_its_ground(opened: tuple[Page, list[str]], theme: str) -> None:
    tab, _ = opened
    tab.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
    assert tab.evaluate(CONTRAST) == []


def test_a_link_to_a_folded_card_unfolds_it(opened: tuple[Page, list[str]], file: Path) -> None:
    tab, _ = opened
    tab.goto(file.as_uri())
    assert tab.locator("#request-items > details").get_attribute("open") is None
    tab.locator("a[href='#request-items']").first.click()
    tab.locator("#request-items > details[open]").wait_for(timeout=5000)


def test_paper_has_every_detail_and_no_button(opened: tuple[Page, list[str]], file: Path) -> None:
    tab, _ = opened
    tab.goto(file.as_uri())
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    tab.emulate_media(media="print")
    assert tab.locator("details:not([open])").count() == 0
    assert not tab.locator("#theme").is_visible()
    tab.emulate_media(media="screen")
