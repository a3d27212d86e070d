"""A table of the report as a value, for HTML and Markdown alike; and tables made of the columns of trials.csv."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import pandas as pd

from analysis.reading.campaign import Campaign, valid_trials
from analysis.reading.summary import all_rows
from analysis.wording import words
from analysis.wording.names import parse_variant
from bench_app.works import Work
from experiment.design.model import Claim


@dataclass(frozen=True, slots=True, kw_only=True)
class RowView:
    """A row: its name, its cells by column, and the work and the claims (parted by spaces) that a filter looks for."""

    id: str
    cells: Mapping[str, str]
    work: str = ""
    claims: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableView:
    """A table; `key` heads the column of names, `texts` are the columns that hold no numbers."""

    label: str
    key: str
    columns: tuple[str, ...]
    rows: tuple[RowView, ...]
    caption: str = ""
    texts: tuple[str, ...] = ()


class FieldColumn(NamedTuple):
    """A column made of one column of trials.csv: how the trials of a treatment become one value, and how it is said."""

    name: str
    field: str
    say: Callable[[float], str]
    how: str = "median"


def field_table(campaign: Campaign, columns: Sequence[FieldColumn], *, label: str, caption: str) -> TableView:
    """Return a table with a row for every treatment that has a valid trial."""
    found = valid_trials(campaign).groupby("treatment").agg({c.field: _HOW.get(c.how, c.how) for c in columns})
    values = found.to_dict("index")
    return TableView(
        label=label,
        caption=caption,
        key="treatment",
        columns=tuple(c.name for c in columns),
        rows=tuple(
            treatment_row(
                campaign, row.treatment.id, {c.name: _cell(values[row.treatment.id][c.field], c) for c in columns}
            )
            for row in all_rows(campaign)
            if row.treatment.id in values
        ),
    )


def _most_frequent(texts: pd.Series[str]) -> str | None:
    found = texts.mode()
    return None if found.empty else str(found.iloc[0])


_HOW = {"most frequent": _most_frequent}


def _cell(value: float, column: FieldColumn) -> str:
    return words.NOT_MEASURED if pd.isna(value) else column.say(value)


def treatment_row(campaign: Campaign, treatment: str, cells: Mapping[str, str], *, id: str = "") -> RowView:  # noqa: A002 - the row's own word
    """Return a row about a treatment, named by it unless `id` is given."""
    return RowView(
        id=id or treatment,
        cells=cells,
        work=parse_variant(campaign.treatments[treatment].variant).work.name,
        claims=" ".join(_claims_by_treatment(campaign).get(treatment, ())),
    )


@lru_cache(maxsize=2)
def _claims_by_treatment(campaign: Campaign) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for claim in campaign.claims:
        for treatment in claim.treatments:
            found.setdefault(treatment.id, []).append(claim.id)
    return found


def works_of_claim(claim: Claim) -> tuple[str, ...]:
    """Return the works a claim is about, each once."""
    return tuple(dict.fromkeys(parse_variant(t.variant).work.name for t in claim.treatments))


def claims_on_work(campaign: Campaign, work: Work) -> str:
    """Return the ids of the claims that rest on a work, parted by spaces."""
    return " ".join(c.id for c in campaign.claims if work.name in works_of_claim(c))
