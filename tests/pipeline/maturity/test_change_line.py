"""The summary of a merge request says how its project scores, with the real engine, store, git and stand-in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from sqlalchemy import update

from bot.domain.job import ScanBranch
from bot.store import findings
from bot.store.engine import session, write_session
from bot.store.maturity import counting
from bot.store.maturity_tables import ProjectDayRecord
from bot.store.statements import table
from tests.domain.maturity.test_change_effect import FINE
from tests.pipeline.test_baseline import dismiss
from tests.pipeline.workshop import Workshop
from tests.standin import MergeRequest


def count(workshop: Workshop, request: MergeRequest, tally: Mapping[str, int]) -> None:
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    with write_session(workshop.services.store) as writing:
        counting.keep_days(writing, {(request.project.id, yesterday): tally})


def line(workshop: Workshop, request: MergeRequest) -> str:
    (summary,) = workshop.summaries(request)
    return next((one for one in summary.body.splitlines() if one.startswith("**Maturity**")), "")


def test_the_score_and_what_the_change_does_to_it_stand_in_the_summary(workshop: Workshop) -> None:
    request = workshop.open({"a.py": "flag\n"})
    count(workshop, request, FINE.tally())
    assert workshop.scan(request) == "failed"
    worse = line(workshop, request)
    assert "of 100, level" in worse
    assert "(our inference)" in worse
    assert "with this change" in worse
    workshop.gitlab.commit(request.project, "feature", {"a.py": "fine\n"}, author=workshop.ada)
    assert workshop.scan(request) == "passed"
    assert "this change leaves it so" in line(workshop, request)


def test_only_what_lies_open_on_the_default_branch_is_mended_by_a_change(workshop: Workshop) -> None:
    project = workshop.project({"old.py": "flag\n"})
    assert workshop.outcome(workshop.submit(ScanBranch(project.id, "main", None))) == "done"
    request = workshop.open({"old.py": None}, project)
    count(workshop, request, FINE.tally() | {"open.medium": 1, "code.lines": 100})
    assert workshop.scan(request) == "passed"
    assert "with this change" in line(workshop, request)
    with session(workshop.services.store) as reading:
        (known,) = findings.page(reading, project_id=project.id).findings
    # Now the one that was counted is another: nobody counts what was dismissed.
    dismiss(workshop, known.id)
    assert workshop.scan(request) == "passed"
    assert "this change leaves it so" in line(workshop, request)


def test_a_project_that_was_never_scanned_is_not_assessed(workshop: Workshop) -> None:
    request = workshop.open({"a.py": "fine\n"})
    count(workshop, request, FINE.tally() | {"projects.ever_scanned": 0})
    assert workshop.scan(request) == "passed"
    assert line(workshop, request) == "**Maturity**: not assessed"


def test_where_nothing_was_counted_nothing_is_said(workshop: Workshop) -> None:
    request = workshop.open({"a.py": "fine\n"})
    assert workshop.scan(request) == "passed"
    assert line(workshop, request) == ""


def test_a_damaged_count_costs_the_line_and_not_the_verdict(workshop: Workshop) -> None:
    request = workshop.open({"a.py": "flag\n"})
    count(workshop, request, FINE.tally())
    days = table(ProjectDayRecord)
    with write_session(workshop.services.store) as writing:
        writing.execute(update(days).where(days.c.project_id == request.project.id).values(counters=[1]))
    assert workshop.scan(request) == "failed"
    assert line(workshop, request) == ""
