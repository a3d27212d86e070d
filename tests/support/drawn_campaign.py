"""A campaign with its charts, as the tests of charts and of the report share it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.charts import Chart
    from analysis.reading.campaign import Campaign


@dataclass(frozen=True)
class Drawn:
    campaign: Campaign
    charts: dict[str, Chart]
