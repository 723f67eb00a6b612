"""Another default branch, from git to the figures: renamed, of another history, and back again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.domain.job import ScanBranch
from bot.domain.known import Whereabouts
from bot.store import findings
from bot.store.engine import session
from bot.store.maturity import counting
from tests.pipeline.workshop import Workshop
from tests.standin import Project


def read_branch(workshop: Workshop, project: Project) -> str:
    return workshop.outcome(workshop.submit(ScanBranch(project.id, project.default_branch, None)))


def flows(workshop: Workshop, project: Project) -> dict[str, int]:
    """What happened in the project since yesterday."""
    now = datetime.now(UTC)
    found: dict[str, int] = {}
    with session(workshop.services.store) as reading:
        first = now.date() - timedelta(days=1)
        for tally in counting.count_days(reading, first, now.date(), now, project_ids=[project.id], stocks=()).values():
            for name, value in tally.items():
                found[name] = found.get(name, 0) + value
    return found


def on_default(workshop: Workshop, project: Project) -> set[str]:
    with session(workshop.services.store) as reading:
        found = findings.page(reading, project_id=project.id).findings
    return {one.finding.rule_id for one in found if one.whereabouts is Whereabouts.DEFAULT_BRANCH}


def test_a_renamed_branch_keeps_its_escapes_and_what_comes_with_the_rename_escaped_too(workshop: Workshop) -> None:
    project = workshop.project({"a.py": "flag old\n", "b.py": "# b\n"})
    read_branch(workshop, project)
    workshop.gitlab.commit(project, "main", {"b.py": "flag escaped\n"}, author=workshop.ada)
    read_branch(workshop, project)
    assert flows(workshop, project)["escaped"] == 1
    head = project.repository.head("main")
    assert head is not None
    project.repository.git("branch", "trunk", head)
    project.default_branch = "trunk"
    assert read_branch(workshop, project) == "done"
    assert flows(workshop, project)["escaped"] == 1
    assert on_default(workshop, project) == {"old", "escaped"}
    # The very head that was looked at under the former name, and nothing new to look with: it is told all the same.
    project.default_branch = "main"
    assert read_branch(workshop, project) == "done"
    workshop.gitlab.commit(project, "main", {"c.py": "flag late\n"}, author=workshop.ada)
    head = project.repository.head("main")
    assert head is not None
    project.repository.git("branch", "third", head)
    project.default_branch = "third"
    assert read_branch(workshop, project) == "done"
    assert flows(workshop, project)["escaped"] == 2


def test_a_branch_of_another_history_brings_what_was_there_before_and_repairs_nothing(workshop: Workshop) -> None:
    project = workshop.project({"a.py": "flag old\n"})
    legacy = project.repository.head("main")
    assert legacy is not None
    project.repository.git("branch", "legacy", legacy)
    read_branch(workshop, project)
    workshop.gitlab.commit(project, "main", {"b.py": "flag escaped\n"}, author=workshop.ada)
    read_branch(workshop, project)
    workshop.gitlab.commit(project, "legacy", {"c.py": "flag theirs\n"}, author=workshop.ada)
    before = flows(workshop, project)
    project.default_branch = "legacy"
    assert read_branch(workshop, project) == "done"
    after = flows(workshop, project)
    assert on_default(workshop, project) == {"old", "theirs"}
    assert after["escaped"] == before["escaped"] == 1
    assert not any(name.startswith(("fixed", "reopened")) for name in after)
    workshop.gitlab.commit(project, "legacy", {"d.py": "flag new\n"}, author=workshop.ada)
    read_branch(workshop, project)
    assert flows(workshop, project)["escaped"] == 2
    project.default_branch = "main"
    assert read_branch(workshop, project) == "done"
    assert flows(workshop, project)["escaped"] == 2
    assert on_default(workshop, project) == {"old", "escaped"}
