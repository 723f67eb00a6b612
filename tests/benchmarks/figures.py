"""What was measured against what was promised."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Figure:
    """One promise and what came out."""

    name: str
    measured: str
    promised: str
    reached: bool
    detail: str = ""

    def __str__(self) -> str:
        verdict = "reached" if self.reached else "FALLS SHORT"
        detail = f" ({self.detail})" if self.detail else ""
        return f"{self.name}: {self.measured}, promised {self.promised}: {verdict}{detail}"


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least ``share`` of all values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def print_figures(figures: Sequence[Figure], console: Console) -> None:
    """The table at the end."""
    table = Table("figure", "measured", "promised", "", "detail")
    for figure in figures:
        table.add_row(
            figure.name,
            figure.measured,
            figure.promised,
            "[green]reached[/]" if figure.reached else "[bold red]falls short[/]",
            figure.detail,
        )
    console.print(table)
