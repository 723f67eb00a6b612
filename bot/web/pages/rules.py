"""
The rules and how they did in the projects that one sees. The same for programs is in ``bot.web.rules``.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

from bot.domain.rule_card import RuleFilter, UnknownRuleFilter
from bot.domain.triage_filter import Filter
from bot.errors import sentence
from bot.reports.rule_page import list_page, rule_page
from bot.reports.wording import words_in
from bot.texts import N_
from bot.web.api.problems import Problem
from bot.web.contexts.rules import OneRulePage, RuleRow, RulesPage
from bot.web.entry import Visit
from bot.web.pages.jobs import link

if TYPE_CHECKING:
    from bot.web.desk import Desk

_FILTERS = ("language", "weakness", "scanner", "mode", "severity", "origin")
_LONGEST = 200
_SHOWN = 100
"""Rules on one page."""


def routes(desk: Desk) -> Sequence[Route]:
    """``GET /rules`` and ``/rules/{id}``."""
    entry = desk.entry
    return (
        Route("/rules", entry.page(partial(_list, desk)), name="rules"),
        Route("/rules/{rule}", entry.page(partial(_one, desk)), name="rule"),
    )


def _list(desk: Desk, visit: Visit) -> Response:
    wanted, order = _wanted(visit)
    if desk.operations is None:
        return desk.frame.page(visit, "rules.html", RulesPage(None, (), True), section="rules")
    shelf = desk.operations.shelf(visit.language, visit.now, visit.principal.sees)
    begin = _begin(visit)
    shown = slice(begin, begin + _SHOWN)
    try:
        page = list_page(shelf, wanted, order, words_in(visit.language), shown)
    except UnknownRuleFilter as error:
        raise Problem(400, error.told, N_("Leave it out for all rules.")) from error
    rows = tuple(
        RuleRow(
            row,
            desk.frame.url("rule", rule=row.rule, scanner=row.scanner),
            _triage(desk, row.scanner, row.rule) if row.findings != "0" else "",
        )
        for row in page.rows
    )
    given = {name: visit.query[name] for name in (*_FILTERS, "sort") if name in visit.query}
    context = RulesPage(
        page,
        rows,
        visit.principal.sees is None,
        first=desk.frame.url("rules", **given) if begin else "",
        next=desk.frame.url("rules", **given, after=begin + _SHOWN) if begin + _SHOWN < page.total else "",
    )
    return desk.frame.page(visit, "rules.html", context, section="rules")


def _one(desk: Desk, visit: Visit) -> Response:
    rule, scanner = str(visit.params["rule"])[:_LONGEST], visit.query.get("scanner", "")[:_LONGEST] or None
    found = None
    if desk.operations is not None:
        found = desk.operations.dossier(rule, scanner, visit.language, visit.now, visit.principal.sees)
    if found is None:
        raise Problem(404, N_("there is no such rule"), N_("The list names all."))
    card, everything = found.record.card, visit.principal.sees is None
    context = OneRulePage(
        rule_page(found, words_in(visit.language)),
        _triage(desk, card.scanner, card.rule_id),
        everything,
    )
    return desk.frame.page(visit, "rule.html", context, section="rules")


def _triage(desk: Desk, scanner: str, rule: str) -> str:
    place = link(desk, "triage")
    return f"{place}?{Filter(standings=frozenset(), rule=(scanner, rule)).to_query()}" if place else ""


def _begin(visit: Visit) -> int:
    text = visit.query.get("after", "")
    if text and not (text.isascii() and text.isdigit() and len(text) < 7):
        raise Problem(
            400, N_("this is not the end of a page"), N_("Follow the link to the next page as it is."), field="after"
        )
    return int(text or 0)


def _wanted(visit: Visit) -> tuple[RuleFilter, str]:
    for name in visit.query:
        if name not in (*_FILTERS, "sort", "after"):
            raise Problem(
                400,
                N_("there is no such parameter"),
                sentence(N_("There are {names} and sort."), names=", ".join(_FILTERS)),
                field=name[:100],
            )
    given = {name: visit.query.get(name, "")[:_LONGEST] for name in _FILTERS}
    return RuleFilter(**given), visit.query.get("sort", "")[:_LONGEST] or "rule"
