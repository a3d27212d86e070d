"""The catalogue: what is registered, under which names, in which order, and what it costs to load."""

import subprocess
import sys

import pytest

from bench_app.catalogue import CATALOGUE
from bench_app.pdf import UnreadablePdfError, extract_text
from bench_app.registry import DuplicateVariantError, Registry, Resource, Variant
from bench_app.samples import SAMPLES, pdf_lines, sample_pdf
from bench_app.styles import ASYNC_BLOCKING, ASYNC_NATIVE, ASYNC_OFFLOAD, DEF, STYLES, Style
from bench_app.weather import CITY, report
from bench_app.works import HTTP, NOOP, SLEEP, WORKS, Work
from real_servers import ROOT

VARIANTS = list(CATALOGUE.values())


def registry_with(*parts: tuple[Work, Style, str | None], path: str | None = None) -> Registry:
    registry = Registry()
    for work, style, tool in parts:
        registry.variant(work=work, style=style, tool=tool, path=path, expected=None)(lambda: None)
    return registry


def test_a_variants_id_says_work_style_and_tool() -> None:
    for key, v in CATALOGUE.items():
        assert key == v.id == ".".join(part for part in (v.work.name, v.style.name, v.tool) if part)


def test_a_path_follows_from_the_id_unless_it_is_the_articles() -> None:
    for v in VARIANTS:
        assert v.article or v.path == "/" + v.id.replace(".", "/")


def test_the_articles_routes_have_the_articles_paths_and_styles() -> None:
    assert {v.path: v.style for v in VARIANTS if v.article} == {
        "/bad": ASYNC_BLOCKING,
        "/good": ASYNC_NATIVE,
        "/sync-ok": DEF,
        "/weather/{city}": ASYNC_NATIVE,
        "/weather-sync/{city}": DEF,
        "/upload": ASYNC_OFFLOAD,
    }


def test_no_two_variants_share_a_path() -> None:
    assert len({(v.method, v.path) for v in VARIANTS}) == len(VARIANTS)


def test_works_and_styles_come_in_the_order_of_their_tables() -> None:
    places = [(WORKS.place(v.work), STYLES.place(v.style)) for v in VARIANTS]
    assert places == sorted(places)


def test_within_a_style_variants_come_in_the_order_they_were_defined() -> None:
    registry = registry_with(
        (SLEEP, DEF, None), (NOOP, DEF, "second"), (NOOP, ASYNC_NATIVE, None), (NOOP, DEF, "first")
    )
    assert list(registry) == ["noop.async-native", "noop.def.second", "noop.def.first", "sleep.def"]


def test_the_same_id_twice_is_refused() -> None:
    with pytest.raises(DuplicateVariantError, match=r"noop\.def"):
        registry_with((NOOP, DEF, None), (NOOP, DEF, None))


def test_the_same_path_twice_is_refused() -> None:
    with pytest.raises(DuplicateVariantError, match="/same"):
        registry_with((NOOP, DEF, "a"), (NOOP, DEF, "b"), path="/same")


def test_the_catalogue_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        CATALOGUE["noop.def"] = VARIANTS[0]  # type: ignore[index]


@pytest.mark.parametrize("v", VARIANTS, ids=lambda v: v.id)
def test_a_variant_is_fit_for_docs_lifespan_and_drivers(v: Variant) -> None:
    assert v.summary.endswith(".")
    assert "\n" not in v.summary
    assert v.request.method == v.method
    assert "{" not in v.request.path
    assert bool(v.request.read_body()) == (v.method == "POST")


def test_variants_of_one_family_send_the_same_body() -> None:
    for family in {v.family for v in VARIANTS}:
        assert len({v.request.read_body() for v in VARIANTS if v.family == family}) == 1, family


def test_who_asks_the_upstream_says_so() -> None:
    assert {v.id for v in VARIANTS if Resource.UPSTREAM in v.needs} == {v.id for v in VARIANTS if v.work is HTTP}


def test_loading_the_catalogue_loads_no_library_that_only_handlers_use() -> None:
    code = (
        "import sys, bench_app.app; heavy = {'httpx', 'httpx2', 'aiohttp', 'requests', 'pypdf', 'fpdf', 'asyncpg',"
        " 'psycopg', 'psycopg2', 'sqlalchemy', 'sqlite3', 'aiosqlite', 'aiofiles', 'pandas', 'matplotlib',"
        " 'locust', 'gevent'};"
        " print(sorted(heavy & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_right_answer_is_no_complaint() -> None:
    assert CATALOGUE["noop.def"].complaint(200, b'{"ok": true}') is None
    assert CATALOGUE["http.def.session"].complaint(200, b'{"sky": "rain"}') is not None


@pytest.mark.parametrize(
    ("status", "body", "complaint"),
    [
        (500, b'{"ok": true}', "status 500"),
        (200, b"<html>", "not JSON"),
        (200, b'{"ok": false}', "wrong answer"),
        (200, b"\xff\xfe", "not JSON"),
    ],
)
def test_a_wrong_answer_is_named(status: int, body: bytes, complaint: str) -> None:
    assert complaint in (CATALOGUE["noop.def"].complaint(status, body) or "")


def test_the_sample_pdf_is_the_same_on_every_day() -> None:
    first = sample_pdf()
    sample_pdf.cache_clear()
    assert sample_pdf().body == first.body
    assert 10_000 < len(first.body) < 100_000


def test_pypdf_finds_exactly_the_text_that_was_put_into_the_sample() -> None:
    text = extract_text(SAMPLES["pdf"]().body)
    assert text == "\n".join(line for page in pdf_lines() for line in page)


def test_only_the_whole_text_is_a_right_answer_to_an_upload() -> None:
    upload = CATALOGUE["upload.def"]
    assert upload.complaint(200, b'{"text": ""}') is not None
    assert upload.complaint(200, b'{"text": "000 loop"}') is not None


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"hello",
        b"%PDF-1.4\n" + b"\xff" * 300,
        sample_pdf().body[:5000],
        sample_pdf().body[:-2000],
        sample_pdf().body.replace(b"/Kids", b"/Xids"),
    ],
    ids=["empty", "text", "only a header", "first part", "no trailer", "no page tree"],
)
def test_what_is_no_pdf_or_a_damaged_one_is_unreadable(damaged: bytes) -> None:
    with pytest.raises(UnreadablePdfError, match="not a readable PDF: "):
        extract_text(damaged)


def test_a_city_has_one_weather_and_cities_differ() -> None:
    assert report(CITY) == report(CITY)
    assert report(CITY)["city"] == CITY
    assert len({str(report(city)) for city in ("oslo", "rome", "lima")}) == 3
