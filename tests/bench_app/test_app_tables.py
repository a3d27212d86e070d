"""The app's tables: what is forgotten in a row is found here, and not after an hour of measuring."""

from __future__ import annotations

from importlib.metadata import version

import pytest

from bench_app.catalogue import CATALOGUE, HANDLER_MODULES
from bench_app.db_drivers import DB_DRIVERS, DbDriver
from bench_app.http_clients import HTTP_CLIENTS, HttpClient
from bench_app.items import PLAIN
from bench_app.settings import Settings
from bench_app.styles import STYLES, Style
from bench_app.table import DuplicateNameError, Table, UnknownNameError
from bench_app.works import DB, HTTP, WORKS, Bound, Work
from harness.system.host import package_versions
from harness.trial.app_settings import todays


@pytest.mark.parametrize("work", WORKS.values(), ids=lambda w: w.name)
def test_a_work_has_handlers_and_words(work: Work) -> None:
    assert [v for v in CATALOGUE.values() if v.work is work]
    assert f"bench_app.handlers.{work.name}" in {module.__name__ for module in HANDLER_MODULES}
    assert work.heading.startswith(work.name)
    assert work.summary.endswith(".")
    assert not work.task.endswith(".")


@pytest.mark.parametrize("work", WORKS.values(), ids=lambda w: w.name)
def test_a_work_that_waits_names_a_setting_that_the_manifest_records(work: Work) -> None:
    assert work.setting is None or work.setting in todays()
    if work.bound in (Bound.WAIT, Bound.POOLED_WAIT):
        assert work.setting is not None


@pytest.mark.parametrize("style", STYLES.values(), ids=lambda s: s.name)
def test_a_style_has_variants_words_and_looks_of_its_own(style: Style) -> None:
    others = [s for s in STYLES.values() if s is not style]
    assert [v for v in CATALOGUE.values() if v.style is style]
    assert all((s.words, s.colour, s.marker) != (style.words, style.colour, style.marker) for s in others)
    assert style.colour not in {s.colour for s in others}
    assert style.marker not in {s.marker for s in others}


@pytest.mark.parametrize("client", HTTP_CLIENTS.values(), ids=lambda c: c.name)
def test_an_http_client_has_a_variant_a_style_and_its_package_is_recorded(client: HttpClient) -> None:
    used = [v for v in CATALOGUE.values() if v.uses is client]
    assert {(v.work, v.style, v.tool) for v in used} == {(HTTP, style, client.name) for style in client.styles}
    assert package_versions()[client.package] == version(client.package)


@pytest.mark.parametrize("driver", DB_DRIVERS.values(), ids=lambda d: d.name)
def test_a_database_driver_has_a_waiting_and_a_plain_variant_a_style(driver: DbDriver) -> None:
    used = {(v.work, v.style, v.tool) for v in CATALOGUE.values() if v.uses is driver}
    assert used == {(DB, style, driver.tool + end) for style in driver.styles for end in ("", PLAIN)}
    assert package_versions()[driver.package] == version(driver.package)


def test_works_that_are_served_by_default_are_all() -> None:
    assert Settings().works == set(WORKS)


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"there is no style 'async-nativ'\. Did you mean async-native\?"):
        STYLES["async-nativ"]
    assert "async-nativ" not in STYLES
    assert STYLES.get("async-nativ") is None


def test_two_rows_of_one_name_are_refused() -> None:
    table: Table[Style] = Table("style")
    table.add(STYLES["def"])
    with pytest.raises(DuplicateNameError, match="two styles named def"):
        table.add(STYLES["def"])
