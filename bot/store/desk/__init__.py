"""
The security team's desk: what waits for a decision, over all projects, the most urgent first.

Lists, facets and groups are read from narrow rows of their own (``triage_item``) and from sums of them (``tally``,
``group_tally``), which are written in the transaction that changes a finding: see ``bot.store.desk.item_rows``. Every
function takes a fixed number of statements. ``sees`` is always ``Principal.sees``: the projects that somebody may see
by number, None for all. Give filters that ``Filter.for_person`` has been through.

* ``page(session, wanted, sees, *, now, after=None, limit=50)``: part of the list; ``after`` is ``DeskPage.next``.
* ``one(session, finding_id, sees, *, now)``: one finding as a row of it; None where there is none, or it is not shown.
* ``facets(session, wanted, sees, *, now)``: how many there are by each value of a filter.
* ``groups(session, wanted, sees, *, by, now, limit=100)``: the rules, packages or projects of the list.
* ``refresh(session, finding_ids)`` and ``refresh_project(session, project_id)``: bring rows in line at once. Decisions,
  exceptions, scans and imports need no call: theirs follow before the commit. A changed exposure does need one.
* ``assign``, ``claim`` and ``snooze`` write what people do with rows.
"""

from __future__ import annotations

from bot.store.desk.counting import Facets, Group, Groups, facets, groups
from bot.store.desk.item_rows import assign, claim, pass_time, rebuild, refresh, refresh_project, settle, snooze
from bot.store.desk.listing import LONGEST_PAGE, DeskPage, Item, Place, one, page, some

__all__ = [
    "LONGEST_PAGE",
    "DeskPage",
    "Facets",
    "Group",
    "Groups",
    "Item",
    "Place",
    "assign",
    "claim",
    "facets",
    "groups",
    "one",
    "page",
    "pass_time",
    "rebuild",
    "refresh",
    "refresh_project",
    "settle",
    "snooze",
    "some",
]
