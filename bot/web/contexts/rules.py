"""What the pages about rules and receipts show beside what ``bot.reports`` makes of them."""

from __future__ import annotations

from dataclasses import dataclass

from bot.reports.receipt_page import ReceiptPage
from bot.reports.rule_page import ListPage, Row, RulePage


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule in the list."""

    row: Row
    url: str
    triage_url: str
    """Empty where it has no findings."""


@dataclass(frozen=True, slots=True)
class RulesPage:
    """The list; empty parts where no pipeline can be asked."""

    list: ListPage | None
    rows: tuple[RuleRow, ...]
    all_projects: bool
    first: str = ""
    next: str = ""


@dataclass(frozen=True, slots=True)
class OneRulePage:
    """One rule."""

    rule: RulePage
    triage_url: str
    all_projects: bool


@dataclass(frozen=True, slots=True)
class OneReceiptPage:
    """One receipt."""

    receipt: ReceiptPage
    document_url: str
    project_url: str
