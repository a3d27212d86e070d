"""Readers believe nothing: whatever becomes of a campaign's files, they are read within bounds or refused in a line."""

from __future__ import annotations

import json
import shutil
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.reading.campaign import load_campaign
from experiment.design.claims import CLAIMS
from experiment.design.plan import treatments_for
from experiment.errors import StoreError
from experiment.records.manifest import read_manifest
from experiment.records.store import CampaignFolder
from experiment.records.trial import METRIC_FIELDS, Series
from fake_campaigns import write_campaign

if TYPE_CHECKING:
    from collections.abc import Callable

FOUND = Path(__file__).resolve().parents[2] / "data" / "found"
TABLES = ("trials.csv", "latency.csv", "throughput.csv")
_TRIED = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
_CELLS = st.sampled_from(
    [
        "",
        "0",
        "-1",
        "1",
        "nan",
        "inf",
        "1e308",
        "1e-308",
        "9" * 25,
        "t0001",
        "t1",
        "x",
        '"',
        "\u00b2",
        "1_0",
        " 1",
        "\x1b",
    ]
)
_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.just("x" * 30_000),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a small campaign once."""
    claims = [CLAIMS["A7"]]
    path = tmp_path_factory.mktemp("sound") / "campaign"
    return write_campaign(path, rounds=2, claims=claims, treatments=treatments_for(claims)[:2], invalid=())


@pytest.fixture
def folder(sound: Path, tmp_path: Path) -> Path:
    shutil.copytree(sound, tmp_path / "campaign")
    return tmp_path / "campaign"


def _is_one_line(said: str) -> None:
    assert said.isprintable()
    assert len(said) < 1000


def _is_read_or_refused(folder: Path) -> bool:
    """Return whether all of a campaign could be read; it is judged and within bounds then, else one line says why."""
    said = ""
    try:
        campaign = load_campaign(folder)
        campaign.folder.check()
        seconds, histograms = campaign.folder.seconds(), campaign.folder.histograms(only=Series.RESPONSE)
    except StoreError as error:
        said = str(error)
    if said:
        _is_one_line(said)
        assert str(folder) in said
        return False
    numbers = [getattr(t.metrics, name) for t in campaign.trials for name in METRIC_FIELDS]
    assert all(isfinite(n) for n in numbers if isinstance(n, int | float))
    assert all((row.answers or 0) >= 0 for rows in seconds.values() for row in rows)
    for by_series in histograms.values():
        for histogram in by_series.values():
            assert histogram.total > 0 or histogram.entered
            assert histogram.mean_us() is None or isfinite(histogram.mean_us() or 0.0)
    return True


@st.composite
def _changes(draw: st.DrawFn) -> Callable[[bytes], bytes]:
    """Return what damages a table: bytes exchanged or cut, a row doubled or dropped, a cell replaced."""
    kind = draw(st.sampled_from(["bytes", "cut", "row", "cell"]))
    place, text = draw(st.floats(0, 1, exclude_max=True)), draw(_CELLS)
    junk, gone, column = draw(st.binary(max_size=4)), draw(st.integers(0, 30)), draw(st.integers(0, 90))

    def change(data: bytes) -> bytes:
        at = int(place * len(data))
        if kind == "bytes":
            return data[:at] + junk + data[at + gone :]
        if kind == "cut":
            return data[:at]
        lines = data.split(b"\n")
        row = int(place * len(lines))
        if kind == "row":
            return b"\n".join([*lines[:row], *lines[row : row + 1] * (gone % 3), *lines[row + 1 :]])
        cells = lines[row].split(b",")
        cells[column % len(cells)] = text.encode()
        return b"\n".join([*lines[:row], b",".join(cells), *lines[row + 1 :]])

    return change


@_TRIED
@given(table=st.sampled_from(TABLES), change=_changes())
def test_a_damaged_table_is_read_within_bounds_or_refused(
    table: str, change: Callable[[bytes], bytes], sound: Path, folder: Path
) -> None:
    (folder / table).write_bytes(change((sound / table).read_bytes()))
    _is_read_or_refused(folder)
    (folder / table).write_bytes((sound / table).read_bytes())


@_TRIED
@given(table=st.sampled_from(TABLES), share=st.floats(0, 1))
def test_a_table_that_is_cut_anywhere_is_mended_and_loses_no_whole_row(
    table: str, share: float, sound: Path, folder: Path
) -> None:
    whole = (sound / table).read_bytes()
    head = whole.index(b"\n") + 1
    cut = whole[: head + int(share * (len(whole) - head))]
    (folder / table).write_bytes(cut)
    made = CampaignFolder.open(folder)
    made.mend()
    assert (folder / table).read_bytes() == cut[: cut.rfind(b"\n") + 1]
    assert _is_read_or_refused(folder)
    (folder / table).write_bytes(whole)


def _places(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [way, *(place for name, each in inner for place in _places(each, (*way, name)))]


@_TRIED
@given(data=st.data(), value=_JSON)
def test_any_value_in_place_of_any_other_in_a_manifest_is_read_or_refused(
    data: st.DataObject, value: Any, sound: Path, folder: Path
) -> None:
    loaded = json.loads((sound / "manifest.json").read_text(encoding="utf-8"))
    way = data.draw(st.sampled_from(_places(loaded)[1:]))
    at = loaded
    for name in way[:-1]:
        at = at[name]
    at[way[-1]] = value
    (folder / "manifest.json").write_text(json.dumps(loaded), encoding="utf-8")
    _is_read_or_refused(folder)


@_TRIED
@given(value=st.dictionaries(st.sampled_from(["format_version", "campaign", "loads", "claims"]) | st.text(), _JSON))
def test_any_object_is_a_manifest_or_refused(value: dict[str, Any]) -> None:
    for version in (1, 2, value.get("format_version")):
        try:
            read_manifest({**value, "format_version": version}, "manifest.json")
        except StoreError as error:
            _is_one_line(str(error))


@pytest.mark.parametrize("found", sorted(p for p in FOUND.glob("*.*/*")), ids=lambda p: f"{p.parent.name}: {p.name}")
def test_what_was_found_once_is_tried_again(found: Path, folder: Path) -> None:
    shutil.copyfile(found, folder / found.parent.name)
    assert not _is_read_or_refused(folder)


def test_every_series_can_be_read_alone(sound: Path) -> None:
    assert set(CampaignFolder.open(sound).histograms(only=Series.RESPONSE)["t0001"]) == {Series.RESPONSE}
