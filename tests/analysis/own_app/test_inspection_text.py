"""What inspection says in a terminal: every route and finding, in 80 columns, with what a finding costs."""

from __future__ import annotations

import pytest

from analysis.own_app.inspection_text import inspection_text
from analysis.wording.columns import width_of
from experiment.records.inspection import Inspection
from experiment.theory.app_findings import FINDINGS, findings

LONG = "/a/very/long/path/with/many/parts/that/goes/on/{and_on}/{and_on_further}/until/it/ends"
PLACE = {"file": "shop/routers/a_module_with_a_long_name/and_another.py", "line": 123}
SEEN = Inspection.model_validate(
    {
        "error": None,
        "python": "3.9.18",
        "packages": {"fastapi": "0.100.0", "starlette": "0.27.0", "uvicorn": "0.23.2", "pydantic": "2.0.0"},
        "framework": "FastAPI",
        "routes": [
            {
                "methods": ["GET"],
                "path": path,
                "mount": "",
                "endpoint": "shop:a",
                "style": style,
                **PLACE,
                "hops": [
                    {"source": "yield-dependency", "name": "get_session", "count": 2, **PLACE},
                    {"source": "endpoint", "name": "a", "count": 1, **PLACE},
                    {"source": "response-validation", "name": "a", "count": 1, **PLACE},
                ]
                if style == "def"
                else [],
                "traps": [{"id": "blocking-call-in-async", "detail": "time.sleep in rank", **PLACE}]
                if style == "async"
                else [],
                "parameters": [],
            }
            for path, style in (("/search", "async"), (LONG, "def"), ("/b", "def"), ("/c", "def"), ("/d", "def"))
        ],
        "middleware": [{"name": "TimingMiddleware", "cls": "shop:TimingMiddleware", "is_base_http": True, **PLACE}],
    }
)


def text(measured: dict[str, str] | None = None, width: int = 80) -> str:
    return inspection_text(SEEN, "shop.main:app", findings(SEEN), measured or {}, width)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    assert max(map(width_of, text(width=width).splitlines())) <= width


def test_a_route_has_its_style_its_hops_and_where_they_come_from() -> None:
    said = text(width=200)
    assert "GET /search" in said
    assert "async def      0" in said
    assert "def            4" in said
    assert "to a thread for dependency get_session with yield (2), the handler, validation of the answer" in said
    assert f"! {PLACE['file']}:123: time.sleep in rank: a call that waits" in said


def test_a_finding_says_what_a_claim_of_ours_measured_of_its_cost() -> None:
    said = " ".join(text({"A1": "it has 0.025 times the goodput."}).split())
    assert f"{FINDINGS['blocking-call-in-async'].of_claim}: it has 0.025 times the goodput." in said
    assert f"{FINDINGS['yield-dependency'].of_claim}; no campaign at hand has its figure." in said


def test_a_place_that_several_routes_share_is_named_once() -> None:
    said = text(width=200)
    assert said.count("get_session, 2 times a request") == 1
    assert "GET /b, GET /c and 1 more" in said


def test_an_app_without_findings_says_so() -> None:
    clean = SEEN.model_copy(update={"routes": SEEN.routes[:0], "middleware": []})
    assert "Nothing. What only shows under load" in inspection_text(clean, "shop:app", (), {})


def many_hops() -> Inspection:
    hop = {"source": "dependency", "count": 1}
    hops = [*({**hop, "name": f"Of{n}", "file": "a.py", "line": n + 1} for n in range(11))]
    hops.append({"source": "endpoint", "name": "a", "count": 1, **PLACE})
    routes = [route.model_dump() | {"hops": hops, "style": "def", "traps": []} for route in SEEN.routes[:1]]
    return Inspection.model_validate(SEEN.model_dump() | {"routes": routes})


def test_many_dependencies_of_a_route_are_named_in_part() -> None:
    said = " ".join(inspection_text(many_hops(), "shop:app", (), {}, 200).split())
    assert "to a thread for dependencies Of0, Of1, Of2 and 8 more, the handler" in said


def test_many_places_of_a_finding_are_named_in_part() -> None:
    seen = many_hops()
    said = inspection_text(seen, "shop:app", findings(seen), {}, 200)
    assert "Of7" in said
    assert "and 3 more places (--json has all)" in said
    assert "Of9" not in said
