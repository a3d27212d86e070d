"""The claims: whatever is written in claims.py is registered, whole, and can come out false."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path
from pkgutil import iter_modules

import pytest

from bench_app.catalogue import CATALOGUE
from experiment.design import claims
from experiment.design.claims import A_A, CLAIMS, claim, table
from experiment.design.loads import LOADS
from experiment.design.metrics import NORMALIZED_GOODPUT
from experiment.design.model import Claim, Comparison
from experiment.design.profiles import ARTICLE_CLAIMS, PROFILES

PAIRS = [(c, comparison) for c in CLAIMS.values() for comparison in c.comparisons]


def test_every_claim_that_is_written_is_registered() -> None:
    """A bare Claim(...) in a module would be written, and silently ignored."""
    modules = [*claims.MODULES, table]
    assert {m.name for m in iter_modules(claims.__path__)} == {m.__name__.rpartition(".")[2] for m in modules}
    trees = [ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8")) for module in modules]
    calls = [n for tree in trees for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)]
    written = [node for node in calls if node.func.id == "claim"]  # type: ignore[attr-defined]
    bare = [node for node in calls if node.func.id == "Claim"]  # type: ignore[attr-defined]
    assert len(written) == len(CLAIMS)
    assert len(bare) == 1  # inside claim() itself


def test_a_claim_registers_wherever_it_is_written() -> None:
    new = claim("X9", "somewhere-else", "A statement", "ourselves", *CLAIMS["A1"].comparisons, refuted_by="nothing")
    assert CLAIMS["X9"] is new
    CLAIMS.remove("X9")


@pytest.mark.parametrize(("id", "slug"), [("A1", "fresh"), ("X9", CLAIMS["A1"].slug)])
def test_an_id_or_a_slug_that_is_taken_is_refused(id: str, slug: str) -> None:  # noqa: A002 - the field's own name
    with pytest.raises(ValueError, match="there are two claims"):
        claim(id, slug, "A statement", "ourselves", note="why")


def test_a_claim_that_compares_nothing_says_why() -> None:
    with pytest.raises(ValueError, match="no note says why"):
        claim("X9", "nothing", "A statement", "ourselves")
    assert all(c.note for c in CLAIMS.values() if not c.is_measurable)


def test_a_claim_that_can_be_measured_says_what_would_refute_it() -> None:
    with pytest.raises(ValueError, match="does not say what would refute it"):
        claim("X9", "irrefutable", "A statement", "ourselves", *CLAIMS["A1"].comparisons)
    assert all(c.refuted_by for c in CLAIMS.values() if c.is_measurable)


def test_what_stands_beside_a_claim_costs_no_trial() -> None:
    with pytest.raises(ValueError, match="needs trials of its own"):
        claim("X9", "dear", "A", "ourselves", *CLAIMS["A1"].comparisons, refuted_by="x", beside=(A_A,))


def test_only_sides_that_are_alike_are_judged_at_equal_core_speed() -> None:
    unlike = replace(CLAIMS["A1"].comparisons[0], metric=NORMALIZED_GOODPUT)
    with pytest.raises(ValueError, match="at equal core speed"):
        claim("X9", "unlike", "A statement", "ourselves", unlike, refuted_by="x")
    assert A_A.metric.is_at_equal_speed
    assert A_A.is_alike


def test_a_claim_about_one_factor_compares_sides_that_differ_in_nothing_else() -> None:
    with pytest.raises(ValueError, match=r"X9 is about loop, but .* differ in style"):
        claim("X9", "unlike", "A", "ourselves", *CLAIMS["A1"].comparisons, refuted_by="x", differs_in={"loop"})
    with pytest.raises(ValueError, match=r"X9 is about load and style, but"):
        claim("X9", "half", "A", "ourselves", *CLAIMS["A1"].comparisons, refuted_by="x", differs_in={"style", "load"})


def test_the_style_of_a_variant_is_a_difference() -> None:
    assert table.differences(CLAIMS["A1"].comparisons[0]) == {"style"}


def test_every_claim_beyond_the_article_says_what_its_sides_differ_in() -> None:
    trees = [ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8")) for module in claims.MODULES]
    calls = [n for tree in trees for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)]
    silent = {
        ast.literal_eval(n.args[0])
        for n in calls
        if n.func.id == "claim" and not {k.arg for k in n.keywords} & {"differs_in"}  # type: ignore[attr-defined]
    }
    assert {name for name in silent if CLAIMS[name].comparisons} <= set(ARTICLE_CLAIMS)


@pytest.mark.parametrize(("asked", "comparison"), PAIRS, ids=lambda x: x.id if isinstance(x, Claim) else "")
def test_a_comparison_names_what_there_is(asked: Claim, comparison: Comparison) -> None:
    assert asked.statement
    for treatment in comparison.treatments:
        assert treatment.variant in CATALOGUE
        assert treatment.load in LOADS
    assert comparison.metric.is_structural <= (comparison.baseline is None)
    assert comparison.metric.is_structural == (comparison.scatter == 0)
    assert comparison.treatment != comparison.baseline


def test_the_profiles_name_claims_that_there_are() -> None:
    assert all(name in CLAIMS for profile in PROFILES.values() for name in profile.claims)
    assert set(ARTICLE_CLAIMS) == {name for name in CLAIMS if name.startswith("A")}
