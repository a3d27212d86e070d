"""The matrix of styles and works as a table of the page: works as rows, so that it fits a phone."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.charts.matrix import Cell, Column, columns_of, heading_of, styles_of
from analysis.reading.campaign import Campaign
from analysis.report.table import claims_on_work
from bench_app.styles import Style


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixCell:
    """A style in a work: how far below the best, and its figure; without a `relation`, `told` is why there is none."""

    relation: str
    told: str
    shade: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixRow:
    """A work under one load: `name` is short, `conditions` its load and cores."""

    name: str
    conditions: str
    work: str
    claims: str
    cells: tuple[MatrixCell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixView:
    """The matrix; `styles` are the names of the columns with what they mean. Without two styles it has no rows."""

    styles: tuple[Style, ...]
    rows: tuple[MatrixRow, ...]


def matrix_table(campaign: Campaign) -> MatrixView:
    columns = columns_of(campaign)
    styles = tuple(styles_of(columns))
    return MatrixView(styles=styles, rows=tuple(_row(campaign, column, styles) for column in columns))


def _row(campaign: Campaign, column: Column, styles: tuple[Style, ...]) -> MatrixRow:
    return MatrixRow(
        name=heading_of(column),
        conditions=column.conditions,
        work=column.work.name,
        claims=claims_on_work(campaign, column.work),
        cells=tuple(_cell(column, style) for style in styles),
    )


def _cell(column: Column, style: Style) -> MatrixCell:
    found: Cell | None = column.cells.get(style)
    if found is None:
        return MatrixCell(relation="", told=column.why_missing(style))
    return MatrixCell(relation=found.relation, told=found.told, shade=found.shade)
