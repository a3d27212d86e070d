"""What several test files look at, made once. Fixtures import what they need, so that one test starts at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from load_groups import Together, kinds_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import psycopg

    from analysis.reading.campaign import Campaign
    from drawn_campaign import Drawn
    from harness.postgres.server import Database
    from installed_wheel import Installed
    from misbehaving_servers import Driver


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Together:
    """Have `make test`, which runs two processes, keep those tests in one that must be or had better be."""
    return Together(config, log)


@pytest.hookimpl(tryfirst=True)  # before `-m` chooses by them
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test with what it is, as the table has it."""
    for item in items:
        for kind in sorted(kinds_of(item.nodeid)):
            item.add_marker(kind)


@pytest.fixture(autouse=True)
def _not_waiting_for_the_disk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out fsync, which thousands of made-up trials would wait for, but where the store itself is tested."""
    if request.module.__name__ != "test_store":
        monkeypatch.setattr("os.fsync", lambda _fd: None)


@pytest.fixture(autouse=True)
def _measuring_beside_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep made-up campaigns, which measure nothing, out of the way of each other and of real ones."""
    monkeypatch.setattr("harness.system.lock.machine_file", lambda: tmp_path.with_name(f".{tmp_path.name}.lock"))


@pytest.fixture(scope="session")
def driver() -> Iterator[Driver]:
    """A driver that carries out one trial after the other, as in a campaign."""
    from misbehaving_servers import Driver

    with Driver() as driver:
        yield driver


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `pip install .` installs."""
    from installed_wheel import build

    return build(tmp_path_factory.mktemp("build"))


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel in an environment of its own."""
    from installed_wheel import install

    return install(wheel, tmp_path_factory.mktemp("installed"))


@pytest.fixture(scope="session")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    """A whole made-up campaign."""
    from analysis.reading.campaign import load_campaign
    from fake_campaigns import write_campaign

    return load_campaign(write_campaign(tmp_path_factory.mktemp("results") / "whole"))


@pytest.fixture(scope="session")
def drawn(made_up: Campaign) -> Drawn:
    """That campaign with all its charts, which take longer than all that is asked about them."""
    from analysis.charts import draw_all
    from drawn_campaign import Drawn

    charts = draw_all(made_up, made_up.folder.path / "charts")
    return Drawn(made_up, {chart.name: chart for chart in charts})


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Four campaigns to compare: one, its like, one with planted changes, one of another machine."""
    from comparable_campaigns import SLOWER, measured
    from fake_campaigns import HOST

    root = tmp_path_factory.mktemp("results")
    return {
        "before": measured(root / "before", seed=1),
        "same": measured(root / "same", seed=2),
        "slower": measured(root / "slower", seed=3, factors=SLOWER),
        "elsewhere": measured(root / "elsewhere", seed=4, host={**HOST, "cpu": "Another <Processor> & more"}),
    }


@pytest.fixture(scope="session")
def of(folders: dict[str, Path]) -> Callable[[str], Campaign]:
    """Those campaigns, loaded, by name."""
    from analysis.reading.campaign import load_campaign

    campaigns = {name: load_campaign(path) for name, path in folders.items()}
    return campaigns.__getitem__


@pytest.fixture(scope="session")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A PostgreSQL of our own."""
    from harness.postgres.server import postgres

    with postgres(log=tmp_path_factory.mktemp("postgres") / "log") as db:
        yield db


@pytest.fixture
def connection(db: Database) -> Iterator[psycopg.Connection[Any]]:
    """A connection to it, each statement its own transaction."""
    import psycopg

    with psycopg.connect(db.url, autocommit=True) as connection:
        yield connection
