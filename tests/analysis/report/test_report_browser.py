"""The report in a real browser: what only a browser can say of a page."""

from __future__ import annotations

import csv
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from analysis.charts import draw_all
from analysis.reading.campaign import load_campaign
from analysis.report.report import write_report, write_verdicts_csv
from browsers import CHROMIUM, FLAGS, TEXTS, contrast, need_chromium, too_faint
from experiment.design.claims import CLAIMS
from experiment.design.plan import treatments_for
from fake_campaigns import write_campaign

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

JUDGED = [CLAIMS[name] for name in ("A1", "A2", "A5", "A20", "A21")]
THEMES = ("light", "dark")
WIDTHS = (360, 768, 1440)


@dataclass(frozen=True)
class Opened:
    page: Page
    url: str
    said: list[str]
    asked_for: list[str]

    def seen(self, theme: str, width: int = 1440) -> Page:
        """The page as it lies there, for questions that change nothing: loading it is what takes the time."""
        if not self.page.url.startswith(self.url):
            self.afresh()
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
        self.page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        return self.page

    def afresh(self, theme: str = "light", width: int = 1440, anchor: str = "") -> Page:
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.goto("about:blank")
        self.page.goto(self.url + anchor)
        self.page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
        return self.page


def spread_in_time(path: Path) -> None:
    """Let the trials of a made-up campaign, which all start at once, start three seconds apart."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for place, row in enumerate(rows):
        row["started_at"] = f"2026-01-01T10:{place * 3 // 60:02}:{place * 3 % 60:02}+00:00"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    need_chromium()
    folder = tmp_path_factory.mktemp("results") / "c"
    planned = treatments_for(JUDGED)
    write_campaign(folder, treatments=planned, claims=JUDGED, rounds=2)
    spread_in_time(folder / "trials.csv")
    campaign = load_campaign(folder)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("analysis.drawing.files.imsave", lambda path, _image, **_how: path.touch())  # shows none
        write_verdicts_csv(campaign)
        url = write_report(campaign, draw_all(campaign, folder / "charts"))[0].as_uri()
    with sync_api.sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            str(tmp_path_factory.mktemp("profile")), executable_path=str(CHROMIUM), args=list(FLAGS)
        )
        page = context.new_page()
        said: list[str] = []
        asked_for: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked_for.append(request.url))
        yield Opened(page, url, said, asked_for)
        context.close()


def test_the_page_opens_without_an_error_and_asks_for_nothing(opened: Opened) -> None:
    opened.asked_for.clear()
    opened.afresh()
    assert [url for url in opened.asked_for if not url.startswith(("about:", "data:"))] == [opened.url]
    assert opened.said == []


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_makes_the_page_scroll_sideways(opened: Opened, width: int, theme: str) -> None:
    page = opened.seen(theme, width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("theme", THEMES)
def test_every_text_stands_out_as_wcag_aa_asks(opened: Opened, theme: str) -> None:
    page = opened.seen(theme)
    texts = page.evaluate(TEXTS)
    assert len(texts) > 100
    assert [text for text in texts if too_faint(text)] == []


def test_contrast_is_computed_as_wcag_defines_it() -> None:
    assert contrast("rgb(0, 0, 0)", "rgb(255, 255, 255)") == pytest.approx(21)
    assert contrast("rgb(119, 119, 119)", "rgb(255, 255, 255)") == pytest.approx(4.48, abs=0.01)


def visible(page: Page, selector: str) -> list[str]:
    found: list[str] = page.evaluate(
        "(selector) => [...document.querySelectorAll(selector)].filter((e) => e.checkVisibility()).map((e) => e.id)",
        selector,
    )
    return found


def open_filter(page: Page) -> None:
    page.focus("#choose > summary")
    page.keyboard.press("Enter")


def pick(page: Page, select: str, letters: str) -> None:
    """Choose an option as a keyboard does: focus, and type how it begins."""
    page.focus(select)
    page.keyboard.type(letters)
    page.keyboard.press("Tab")


def test_a_claim_is_filtered_by_keyboard(opened: Opened) -> None:
    page = opened.afresh()
    everything = visible(page, ".answers > li")
    open_filter(page)
    pick(page, "#by-claim", "A20")
    assert visible(page, ".answers > li") == ["claim-A20"]
    assert visible(page, "h2[id^=work-]") == ["work-noop"]
    assert page.inner_text("#shown") == "1 of 4 claims shown"
    page.focus("#show-all")
    page.keyboard.press("Enter")
    page.wait_for_function("document.getElementById('shown').textContent.startsWith('All 4')")
    assert visible(page, ".answers > li") == everything


def test_a_work_is_filtered_by_keyboard(opened: Opened) -> None:
    page = opened.afresh()
    open_filter(page)
    pick(page, "#by-work", "sleep")
    assert visible(page, ".answers > li") == ["claim-A1", "claim-A2", "claim-A5"]
    assert visible(page, "h2[id^=work-]") == ["work-sleep"]
    rows = page.evaluate("[...document.querySelectorAll('tr[data-works]:not([hidden])')].map((r) => r.dataset.works)")
    assert set(rows) == {"sleep"}


def test_the_filter_is_reached_with_the_tab_key(opened: Opened) -> None:
    page = opened.afresh()
    met = set()
    open_filter(page)
    page.evaluate("document.activeElement.blur()")
    for _ in range(40):
        page.keyboard.press("Tab")
        met.add(page.evaluate("document.activeElement.id"))
    assert {"theme", "by-work", "by-claim", "show-all"} <= met


def test_a_filtered_view_can_be_linked(opened: Opened) -> None:
    page = opened.afresh(anchor="#order")
    open_filter(page)
    pick(page, "#by-claim", "A20")
    pick(page, "#by-work", "noop")
    assert page.url == f"{opened.url}?claim=A20&work=noop#order"
    page.goto("about:blank")
    page.goto(f"{opened.url}?work=noop&claim=A20")
    assert visible(page, ".answers > li") == ["claim-A20"]
    assert page.input_value("#by-work") == "noop"
    assert page.inner_text("#shown") == "1 of 4 claims shown"
    page.click("#show-all")
    page.wait_for_function("document.getElementById('shown').textContent.startsWith('All 4')")
    assert page.url == opened.url


def test_a_link_to_a_view_of_another_campaign_shows_everything(opened: Opened) -> None:
    page = opened.afresh(anchor="?work=teapot&claim=A99")
    assert page.text_content("#shown") == "All 4 claims shown"
    assert page.url == opened.url
    assert opened.said == []


def test_a_linked_view_with_a_place_it_hides_leads_to_the_place(opened: Opened) -> None:
    page = opened.afresh(anchor="?claim=A20#claim-A1")
    page.wait_for_function("document.getElementById('claim-A1').checkVisibility()")


def test_a_link_to_something_hidden_shows_it_again(opened: Opened) -> None:
    page = opened.afresh()
    open_filter(page)
    pick(page, "#by-claim", "A20")
    page.evaluate("location.hash = '#claim-A1'")
    page.wait_for_function("document.getElementById('claim-A1').checkVisibility()")


@pytest.mark.parametrize("anchor", ["#claim-A1", "#work-sleep", "#goodput-sleep", "#order", "#cost"])
def test_an_anchor_leads_to_its_place(opened: Opened, anchor: str) -> None:
    page = opened.afresh(anchor=anchor)
    assert page.evaluate("document.querySelector(':target')?.id") == anchor[1:]
    assert page.evaluate("document.querySelector(':target').getBoundingClientRect().top") < 900


def test_every_link_inside_the_page_resolves(opened: Opened) -> None:
    page = opened.seen("light")
    targets = page.evaluate("[...document.querySelectorAll('a[href^=\"#\"]')].map((a) => a.getAttribute('href'))")
    assert len(targets) > 20
    assert [t for t in targets if page.query_selector(f"[id='{t[1:]}']") is None] == []


def test_every_picture_has_a_name_to_be_read_out(opened: Opened) -> None:
    page = opened.seen("light")
    names = page.evaluate("[...document.querySelectorAll('svg, img')].map((e) => e.ariaLabel || e.alt || '')")
    assert len(names) >= 5
    assert all(len(name) > 20 for name in names)


def test_the_theme_button_turns_the_page_dark_and_back(opened: Opened) -> None:
    page = opened.afresh()
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.focus("#theme")
    page.keyboard.press("Enter")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    page.keyboard.press("Enter")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == light


def test_on_paper_the_page_is_light_and_without_its_buttons(opened: Opened) -> None:
    page = opened.afresh("dark")
    page.emulate_media(media="print")
    try:
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert visible(page, "#theme, #filter, #unfold") == []
        page.set_viewport_size({"width": 720, "height": 1000})  # about A4 between its margins
        assert page.evaluate("document.documentElement.scrollWidth") <= 720
    finally:
        page.emulate_media(media="screen")


def test_on_paper_it_is_short_with_everything_folded(opened: Opened) -> None:
    page = opened.afresh()
    pages = re.findall(rb"/Type\s*/Page\b(?!s)", page.pdf(format="A4"))
    assert 1 <= len(pages) < 15


def test_without_scripts_everything_can_be_read(opened: Opened) -> None:
    text = Path(opened.url.removeprefix("file://")).read_text(encoding="utf-8")
    before_script = text[: text.index("<script>")]
    # what would do nothing: the theme's button, the filter, the one that unfolds, the chart over time, the charts' own
    charts = before_script.count("<figure")
    assert len(re.findall(r" hidden[ >]", before_script)) == 4 + 2 * charts
    assert "<noscript>" in before_script


REFERENCE = Path(__file__).parents[3] / "results" / "reference"
SCREENS = {1440: 900, 360: 800}


@pytest.fixture(scope="module")
def whole(opened: Opened, tmp_path_factory: pytest.TempPathFactory) -> Opened:
    """The page of the reference; its charts take long to draw, and are below what is looked at."""
    folder = tmp_path_factory.mktemp("results") / "reference"
    folder.mkdir()
    for name in ("manifest.json", "trials.csv", "throughput.csv", "latency.csv"):
        shutil.copy(REFERENCE / name, folder)
    campaign = load_campaign(folder)
    return Opened(opened.page, write_report(campaign, [])[0].as_uri(), opened.said, opened.asked_for)


@pytest.mark.parametrize("width", SCREENS)
def test_answer_matrix_and_verdicts_are_on_the_first_two_screens(whole: Opened, width: int) -> None:
    page = whole.afresh(width=width)
    tops = [page.locator(part).first.bounding_box() for part in ("h1", ".advice", ".matrix", ".answers")]
    places = [box["y"] for box in tops if box]
    assert places == sorted(places)
    assert len(places) == 4
    last = page.locator(".answers:not(.others) > li").last.bounding_box()
    assert last
    assert page.locator(".answers:not(.others) > li").count() >= 30
    assert last["y"] + last["height"] <= 2 * SCREENS[width]


@pytest.mark.parametrize("theme", THEMES)
def test_every_text_of_the_answer_and_the_matrix_stands_out(whole: Opened, theme: str) -> None:
    page = whole.seen(theme)
    assert page.locator("[class^=shade-]").count() > 10
    assert [text for text in page.evaluate(TEXTS) if too_faint(text)] == []


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_makes_the_whole_page_scroll_sideways(whole: Opened, width: int) -> None:
    page = whole.seen("light", width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def told(page: Page, chart: str) -> str:
    return page.locator(f"{chart} .tip").inner_text() if page.locator(f"{chart} .tip").is_visible() else ""


def test_the_values_of_a_chart_are_read_with_the_arrow_keys(opened: Opened) -> None:
    page, chart = opened.afresh(anchor="#goodput-sleep"), "#goodput-sleep .drawing"
    page.focus(chart)
    assert told(page, chart) == ""
    page.keyboard.press("ArrowRight")
    first = told(page, chart)
    assert re.match(r"async-native.* \d+ \(\d+ to \d+ in 2 trials\)", first)
    page.keyboard.press("ArrowDown")
    assert told(page, chart) not in {first, ""}
    page.keyboard.press("Escape")
    assert told(page, chart) == ""


def test_a_chart_tells_the_value_under_the_pointer(opened: Opened) -> None:
    page, chart = opened.afresh(anchor="#percentiles-sleep"), "#percentiles-sleep .drawing"
    page.locator(chart).scroll_into_view_if_needed()
    box = page.locator(f"{chart} svg").bounding_box()
    assert box
    x, y = page.evaluate("(c) => JSON.parse(document.querySelector(c).dataset.spots).points[3].slice(1, 3)", chart)
    scale = box["width"] / 1600
    page.mouse.move(box["x"] + x * scale + 5, box["y"] + y * scale + 5)
    assert re.search(r" p[\d.]+: (at least )?[\d.]+ (µs|ms|s)$", told(page, chart))


def test_the_chart_over_time_is_zoomed_by_keyboard_and_by_buttons(opened: Opened) -> None:
    page, plot = opened.afresh(anchor="#time"), "#time-plot"

    def count() -> int:
        return page.locator(f"{plot} circle:not(.mark)").count()

    everything = count()
    page.focus(plot)
    page.keyboard.press("+")
    assert 0 < count() < everything
    page.keyboard.press("0")
    assert count() == everything
    page.click("[data-zoom=in]")
    assert count() < everything
    page.click("[data-zoom=all]")
    page.focus(plot)
    page.keyboard.press("ArrowRight")
    assert re.search(r"@.*, round \d", told(page, plot))
    page.select_option("#time-treatment", index=1)
    assert 0 < count() < everything


def test_errors_and_percentiles_over_time_can_be_chosen(opened: Opened) -> None:
    page = opened.afresh(anchor="#time")
    labels = page.locator("#time-measure option").all_inner_texts()
    assert {"wrong answers and errors in the second", "response time p99 of the trial"} <= set(labels)
    for label in labels:
        page.select_option("#time-measure", label=label)
        assert page.locator("#time-plot svg").get_attribute("aria-label", timeout=5000)
    assert opened.said == []


def test_a_chart_is_saved_as_a_picture_without_a_network(opened: Opened) -> None:
    page = opened.afresh(anchor="#goodput-sleep")
    for kind, start in (("svg", b"<svg"), ("png", b"\x89PNG")):
        with page.expect_download() as found:
            page.locator(f"#goodput-sleep [data-save={kind}]").click()
        saved = Path(found.value.path()).read_bytes()
        assert saved.startswith(start)
        assert b"var(--" not in saved


def test_everything_is_unfolded_and_folded_by_one_button(opened: Opened) -> None:
    page = opened.afresh()
    page.click("#unfold")
    assert page.locator("main details:not(.filter):not([open])").count() == 0
    page.wait_for_function("document.getElementById('unfold').textContent === 'Fold all'")
    page.click("#unfold")
    assert page.locator("main details:not(.filter)[open]").count() == 0


def is_moving(page: Page) -> bool:
    """Whether the mark on a chart glides to the next value."""
    page.focus("#goodput-sleep .drawing")
    page.keyboard.press("ArrowRight")
    lasting = page.evaluate("getComputedStyle(document.querySelector('.mark')).transitionDuration")
    return any(float(each.removesuffix("s")) > 0 for each in lasting.split(", "))


def test_nothing_moves_for_a_reader_who_asked_for_that(opened: Opened) -> None:
    page = opened.afresh(anchor="#goodput-sleep")
    page.emulate_media(reduced_motion="no-preference")
    assert is_moving(page)
    page.emulate_media(reduced_motion="reduce")
    assert not is_moving(page)
    page.emulate_media(reduced_motion="no-preference")
