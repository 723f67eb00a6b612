"""Commits that nobody cleared are found on protected branches, whatever way they came; and nothing else is."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from bot.domain.enforcement import Enforcement, Level
from bot.domain.incident import IncidentKind, KnownIncident
from bot.domain.job import CloseMergeRequest, ScanMergeRequest, ScanReason, VerifyBranch
from bot.domain.protected_branches import is_protected
from bot.pipeline.clearing import settle, withdraw
from bot.pipeline.git import merge_request_refspec
from bot.pipeline.mirrors import mirror_of
from bot.pipeline.protected import MOST_INCIDENTS, protected_patterns, verify_branch
from bot.pipeline.superseded import Superseded
from bot.store import clearances, incidents
from bot.store.enforcement import record
from bot.store.engine import session, write_session
from bot.store.heads import current_sequence, mark_scanned, raise_sequence
from tests.pipeline.workshop import Workshop
from tests.standin import MergeRequest, Project


def look(workshop: Workshop, project: Project, branch: str = "main") -> str:
    return verify_branch(workshop.services, project.id, branch)


def found(workshop: Workshop, project: Project) -> list[KnownIncident]:
    with session(workshop.services.store) as reading:
        return list(reversed(incidents.page(reading, project_id=project.id, limit=1_000)))


def kinds(workshop: Workshop, project: Project) -> list[IncidentKind]:
    return [known.incident.kind for known in found(workshop, project)]


def clear(workshop: Workshop, request: MergeRequest, *, lets_through: bool = True, sequence: int | None = None) -> None:
    """What the lead's job does at the end of a verdict."""
    project = workshop.services.gitlab.project(request.project.id)
    mirror = mirror_of(workshop.services, project)
    mirror.fetch([merge_request_refspec(request.iid), "refs/heads/main:refs/mergewarden/test/main"])
    target = mirror.resolve("refs/mergewarden/test/main")
    with session(workshop.services.store) as reading:
        known = current_sequence(reading, request.project.id, request.iid)
    for _ in range(2):
        settle(
            workshop.services,
            mirror,
            project_id=request.project.id,
            iid=request.iid,
            sequence=known if sequence is None else sequence,
            target_branch=request.target_branch,
            base_sha=mirror.merge_base(target, request.head_sha),
            head_sha=request.head_sha,
            scan_id="scan",
            lets_through=lets_through,
            at=datetime.now(UTC),
        )
    with write_session(workshop.services.store) as writing:
        newest = raise_sequence(writing, request.project.id, request.iid, head_sha=request.head_sha).sequence
        mark_scanned(
            writing,
            request.project.id,
            request.iid,
            sequence=newest,
            scan_id="scan",
            head_sha=request.head_sha,
            base_sha=None,
            target_branch=request.target_branch,
        )


def opened(workshop: Workshop, files: Mapping[str, str] | None = None) -> MergeRequest:
    """A merge request, on a target branch that was looked at before."""
    request = workshop.open(files or {"new.py": "x = 1\n"})
    assert look(workshop, request.project) == "first_look"
    return request


# --- Nothing to say --------------------------------------------------------------------------------------------------


def test_the_first_look_begins_at_the_head_of_that_day(workshop: Workshop) -> None:
    project = workshop.project()
    assert look(workshop, project) == "first_look"
    assert look(workshop, project) == "unchanged"
    assert found(workshop, project) == []


@pytest.mark.parametrize("method", ["merge", "rebase_merge", "ff"])
@pytest.mark.parametrize("squash", [False, True], ids=["commits", "squash"])
def test_what_gitlab_merges_of_what_was_cleared_is_cleared(workshop: Workshop, method: str, squash: bool) -> None:
    request = opened(workshop)
    workshop.gitlab.settings(request.project, merge_method=method)
    workshop.gitlab.commit(request.project, "feature", {"more.py": "y = 1\n"}, author=workshop.ada)
    if method == "merge":
        # Something else came onto the branch meanwhile, and was cleared.
        workshop.gitlab.commit(request.project, "side", {"side.py": "1\n"}, author=workshop.ada, start="main")
        side = workshop.gitlab.open_merge_request(request.project, "side", author=workshop.ada)
        clear(workshop, side)
        workshop.gitlab.merge(side, by=workshop.grace)
    clear(workshop, request)
    workshop.gitlab.merge(request, by=workshop.grace, squash=squash)
    assert look(workshop, request.project) == "cleared"
    assert found(workshop, request.project) == []


def test_a_branch_that_is_not_protected_is_not_looked_at(workshop: Workshop) -> None:
    project = workshop.project()
    workshop.gitlab.commit(project, "topic", {"x.py": "1\n"}, author=workshop.ada, start="main")
    assert look(workshop, project, "topic") == "not_protected"
    assert look(workshop, project, "no-such-branch") == "gone"
    workshop.gitlab.protect(project, "topic")
    assert look(workshop, project, "topic") == "first_look"


# --- Incidents -------------------------------------------------------------------------------------------------------


def test_a_new_protected_branch_brings_nothing_in_unseen(workshop: Workshop) -> None:
    """Push to a branch that nobody watches, then make a protected one of it."""
    project = workshop.project()
    workshop.gitlab.protect(project, "release/*")
    assert look(workshop, project) == "first_look"
    workshop.gitlab.commit(project, "release/1", {"x.py": "1\n"}, author=workshop.ada, start="main")
    done = verify_branch(workshop.services, project.id, "release/1", created=True)
    assert done == "incidents"
    (told,) = found(workshop, project)
    assert (told.incident.kind, told.incident.ref) == (IncidentKind.UNCLEARED_COMMIT, "release/1")
    head = workshop.gitlab.create_branch(project, "release/2", "main", by=workshop.grace)
    assert head
    assert verify_branch(workshop.services, project.id, "release/2", created=True) == "cleared"
    assert len(found(workshop, project)) == 1


def test_a_direct_push_is_an_incident_for_each_commit(workshop: Workshop) -> None:
    project = workshop.project()
    look(workshop, project)
    shas = [workshop.gitlab.commit(project, "main", {"x.py": f"{n}\n"}, author=workshop.grace) for n in range(3)]
    assert look(workshop, project) == "incidents"
    told = found(workshop, project)
    assert {known.incident.sha for known in told} == set(shas)
    assert {known.incident.kind for known in told} == {IncidentKind.UNCLEARED_COMMIT}
    assert all(known.incident.ref == "main" for known in told)
    assert all(known.incident.details["committer"] == "grace" for known in told)
    assert told[0].incident.details["why"].endswith("was not cleared for main")


def test_each_is_told_once(workshop: Workshop) -> None:
    project = workshop.project()
    look(workshop, project)
    workshop.gitlab.commit(project, "main", {"x.py": "1\n"}, author=workshop.grace)
    assert [look(workshop, project) for _ in range(3)] == ["incidents", "unchanged", "unchanged"]
    (known,) = found(workshop, project)
    assert known.count == 1


def test_a_merge_without_a_clearance_names_the_merge_request(workshop: Workshop) -> None:
    request = opened(workshop)
    clear(workshop, request, lets_through=False)
    workshop.gitlab.merge(request, by=workshop.grace)
    assert look(workshop, request.project) == "incidents"
    told = {known.incident.kind: known.incident for known in found(workshop, request.project)}
    assert told[IncidentKind.MERGED_UNCLEARED].merge_request_iid == request.iid
    assert told[IncidentKind.MERGED_UNCLEARED].subject == f"!{request.iid}"


def test_a_squash_without_a_clearance_names_the_merge_request_too(workshop: Workshop) -> None:
    request = opened(workshop)
    workshop.gitlab.settings(request.project, merge_method="ff")
    workshop.gitlab.merge(request, by=workshop.grace, squash=True)
    assert look(workshop, request.project) == "incidents"
    assert IncidentKind.MERGED_UNCLEARED in kinds(workshop, request.project)


def test_a_clearance_that_comes_later_takes_nothing_back(workshop: Workshop) -> None:
    request = opened(workshop)
    workshop.gitlab.merge(request, by=workshop.grace)
    look(workshop, request.project)
    before = found(workshop, request.project)
    assert before
    clear(workshop, request)
    assert look(workshop, request.project) == "unchanged"
    assert found(workshop, request.project) == before


def test_a_head_that_was_superseded_after_the_merge_was_cleared_in_its_time(workshop: Workshop) -> None:
    request = opened(workshop)
    clear(workshop, request)
    workshop.gitlab.merge(request, by=workshop.grace)
    with write_session(workshop.services.store) as writing:
        clearances.deny(writing, request.project.id, request.iid, branch="main", head="f" * 40, at=datetime.now(UTC))
    assert look(workshop, request.project) == "cleared"


def test_a_merge_with_something_added_is_an_incident(workshop: Workshop) -> None:
    request = opened(workshop)
    clear(workshop, request)
    repository = request.project.repository
    tree = repository.tree_with(request.head_sha, {"evil.py": "import os\n"})
    old = repository.head("main")
    assert old is not None
    repository.set_ref("refs/heads/main", repository.commit_tree(tree, [old, request.head_sha], "Merge"), old)
    assert look(workshop, request.project) == "incidents"
    (known,) = found(workshop, request.project)
    assert known.incident.kind is IncidentKind.UNCLEARED_COMMIT
    assert "changed in the merge itself" in known.incident.details["why"]


def test_rewritten_history_is_an_incident_besides_what_it_brings(workshop: Workshop) -> None:
    project = workshop.project()
    start = project.repository.head("main")
    assert start is not None
    workshop.gitlab.commit(project, "main", {"x.py": "1\n"}, author=workshop.grace)
    look(workshop, project)
    other = project.repository.commit("other", {"evil.py": "1\n"}, "evil", "mallory", parent=start)
    project.repository.set_ref("refs/heads/main", other)
    assert look(workshop, project) == "incidents"
    assert sorted(kind.value for kind in kinds(workshop, project)) == ["history_rewritten", "uncleared_commit"]
    assert look(workshop, project) == "unchanged"
    # Back to where it was: rewritten again, and nothing new.
    project.repository.set_ref("refs/heads/main", start)
    look(workshop, project)
    assert [kind.value for kind in kinds(workshop, project)].count("history_rewritten") == 2
    assert [kind.value for kind in kinds(workshop, project)].count("uncleared_commit") == 1


def test_what_was_cleared_upon_history_that_is_gone_is_judged_again(workshop: Workshop) -> None:
    """A secret is taken out of the history by force; what was branched off before would bring it back unseen."""
    project = workshop.project()
    start = project.repository.head("main")
    workshop.gitlab.commit(project, "main", {"leak.py": "flag leak\n"}, author=workshop.grace)
    look(workshop, project)
    workshop.gitlab.commit(project, "feature", {"fine.py": "1\n"}, author=workshop.ada)
    request = workshop.gitlab.open_merge_request(project, "feature", author=workshop.ada)
    assert workshop.scan(request) == "passed"
    workshop.settle()  # a new project is looked at before its first verdict
    project.repository.set_ref("refs/heads/main", start)
    assert workshop.outcome(workshop.submit(VerifyBranch(project.id, "main"))) == "incidents"
    deadline = time.monotonic() + 20
    while workshop.state(request) != "failed" and time.monotonic() < deadline:
        time.sleep(0.05)
    assert workshop.state(request) == "failed"
    with session(workshop.services.store) as reading:
        assert clearances.standing(reading, project.id, request.iid) == ()


def test_a_job_that_was_overtaken_clears_nothing(workshop: Workshop) -> None:
    request = opened(workshop)
    with write_session(workshop.services.store) as writing:
        old = raise_sequence(writing, request.project.id, request.iid).sequence
        raise_sequence(writing, request.project.id, request.iid)
    with pytest.raises(Superseded):
        clear(workshop, request, sequence=old)
    with session(workshop.services.store) as reading:
        assert clearances.standing(reading, request.project.id, request.iid) == ()


def test_a_first_scan_upon_history_that_is_gone_begins_anew(workshop: Workshop) -> None:
    project = workshop.project()
    start = project.repository.head("main")
    workshop.gitlab.commit(project, "main", {"leak.py": "1\n"}, author=workshop.grace)
    look(workshop, project)
    workshop.gitlab.commit(project, "feature", {"slow.py": "hang\n"}, author=workshop.ada)
    request = workshop.gitlab.open_merge_request(project, "feature", author=workshop.ada)
    first = workshop.submit(ScanMergeRequest(project.id, request.iid, request.head_sha, ScanReason.OPENED))
    workshop.gitlab.wait_for_status(request, "running")
    project.repository.set_ref("refs/heads/main", start)
    workshop.submit(VerifyBranch(project.id, "main"))
    assert workshop.outcome(first) == "superseded"
    workshop.gitlab.close(request)
    workshop.submit(CloseMergeRequest(project.id, request.iid, merged=False))
    workshop.settle()


def test_thousands_of_commits_are_looked_at_in_bounded_time_and_told_in_few_words(workshop: Workshop) -> None:
    project = workshop.project()
    look(workshop, project)
    old = project.repository.head("main")
    lines: list[bytes] = []
    for number in range(4_500):
        content = b"%d\n" % number
        lines += [
            b"commit refs/heads/main",
            b"committer Mallory <m@example.com> %d +0000" % (1_700_000_000 + number),
            b"data 1\nx",
            *([] if number else [b"from " + str(old).encode()]),
            b"M 100644 inline x.py\ndata %d\n%s" % (len(content), content),
        ]
    project.repository.git("fast-import", "--quiet", "--force", data=b"\n".join(lines) + b"\n")
    assert look(workshop, project) == "incidents"
    told = found(workshop, project)
    assert len(told) == 3 * (MOST_INCIDENTS + 1)
    rest = [int(known.incident.details["more"]) for known in told if "more" in known.incident.details]
    assert sum(rest) + 3 * MOST_INCIDENTS == 4_500


def test_a_branch_that_vanished_and_came_back_is_looked_at_from_where_it_was(workshop: Workshop) -> None:
    project = workshop.project()
    look(workshop, project)
    head = project.repository.head("main")
    project.repository.set_ref("refs/heads/main", None)
    assert look(workshop, project) == "gone"
    evil = project.repository.commit("main", {"evil.py": "1\n"}, "evil", "mallory", parent=head)
    assert look(workshop, project) == "incidents"
    assert [known.incident.sha for known in found(workshop, project)] == [evil]


# --- Clearances -------------------------------------------------------------------------------------------------------


def test_a_verdict_settles_what_is_cleared(workshop: Workshop) -> None:
    request = opened(workshop, {"new.py": "x = 1\n", "run": "y\n"})
    clear(workshop, request)
    with session(workshop.services.store) as reading:
        (granted,) = clearances.standing(reading, request.project.id, request.iid)
    assert (granted.head, granted.branch) == (request.head_sha, "main")
    assert granted.patch_id is not None
    assert granted.commits == (granted.patch_id,)
    clear(workshop, request, lets_through=False)
    with session(workshop.services.store) as reading:
        assert clearances.standing(reading, request.project.id, request.iid) == ()


def test_a_closed_merge_request_clears_nothing(workshop: Workshop) -> None:
    request = opened(workshop)
    clear(workshop, request)
    for _ in range(2):
        withdraw(workshop.services, request.project.id, request.iid, clearances.CLOSED)
    with session(workshop.services.store) as reading:
        assert clearances.standing(reading, request.project.id, request.iid) == ()


# --- Which branches ---------------------------------------------------------------------------------------------------


def test_branches_are_watched_by_the_rules_as_last_seen(workshop: Workshop) -> None:
    project = workshop.services.gitlab.project(workshop.project().id)
    names = ("main", "release/1", "release/2", "topic")

    def watched_names() -> list[str]:
        patterns = protected_patterns(workshop.services, project)
        return [name for name in names if is_protected(name, patterns)]

    assert watched_names() == ["main"]
    with write_session(workshop.services.store) as writing:
        facts = {"protected_names": ["release/*"]}
        record(writing, project.id, Enforcement(Level.L0, (), ()), facts, datetime.now(UTC))
    assert watched_names() == ["main", "release/1", "release/2"]


def test_the_job_does_it(workshop: Workshop) -> None:
    project = workshop.project()
    assert workshop.outcome(workshop.submit(VerifyBranch(project.id, "main"))) == "first_look"
