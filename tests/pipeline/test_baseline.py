"""The default branch's baseline, and what a merge request takes to it: engine, store and git as they are."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

import pytest

from bot.domain.job import CloseMergeRequest, ScanBranch
from bot.domain.known import KnownFinding, Whereabouts
from bot.domain.policy import SuppressionRules
from bot.domain.triage import Justification, TriageState
from bot.domain.verdict import ScanReport
from bot.pipeline.assess import tools_of
from bot.pipeline.branch import scan_branch
from bot.pipeline.decisions import decide
from bot.pipeline.importing import ImportTarget, import_report
from bot.pipeline.nightly import renew_baselines
from bot.store import findings, heads, scans, tracking
from bot.store.engine import session, write_session
from bot.store.tracking import OWN, Ref
from scanners.fingerprint import RECIPES, Recipe
from scanners.imports import ReportError
from scanners.interface import ScanTarget
from tests.pipeline.workshop import MarkScanner, Workshop
from tests.standin import MergeRequest, Project


@pytest.fixture
def scanner(workshop: Workshop) -> MarkScanner:
    (found,) = [scanner for scanner in workshop.services.scanners if isinstance(scanner, MarkScanner)]
    return found


def read_branch(workshop: Workshop, project: Project) -> str:
    return workshop.outcome(workshop.submit(ScanBranch(project.id, "main", None)))


def known(workshop: Workshop, project: Project) -> list[KnownFinding]:
    with session(workshop.services.store) as reading:
        found = findings.page(reading, project_id=project.id).findings
    return sorted(found, key=lambda item: item.id)


def report_of(workshop: Workshop, request: MergeRequest) -> ScanReport:
    with session(workshop.services.store) as reading:
        head = heads.get_head(reading, request.project.id, request.iid)
        assert head is not None
        assert head.last_scan_id is not None
        report = scans.load_scan(reading, head.last_scan_id)
    assert report is not None
    return report


def dismiss(workshop: Workshop, number: int, on: str | None = None) -> None:
    now = datetime.now(UTC)
    with write_session(workshop.services.store) as writing:
        decide(
            writing,
            number,
            state=TriageState.DISMISSED,
            justification=Justification.ACCEPTABLE_RISK,
            reason="known and harmless",
            actor="grace",
            now=now,
            rules=SuppressionRules(),
            expires_at=now + timedelta(days=30),
            on=on,
        )


def test_first_sight_reads_everything_and_a_push_reads_what_it_changed(
    workshop: Workshop, scanner: MarkScanner
) -> None:
    files = {f"{n}.py": f"flag r{n}\n# {n}\n" for n in range(6)}
    project = workshop.project(files)
    assert read_branch(workshop, project) == "done"
    numbers = {item.finding.rule_id: item.id for item in known(workshop, project)}
    assert len(numbers) == 6
    assert {item.whereabouts for item in known(workshop, project)} == {Whereabouts.DEFAULT_BRANCH}
    scanner.parsed.clear()
    workshop.gitlab.commit(project, "main", {"3.py": "# new\nflag r3\n# 3\nflag extra\n"}, author=workshop.ada)
    assert read_branch(workshop, project) == "done"
    assert scanner.parsed == [1]
    after = {item.finding.rule_id: item.id for item in known(workshop, project)}
    assert {rule: number for rule, number in after.items() if rule != "extra"} == numbers
    assert read_branch(workshop, project) == "unchanged"


def test_a_first_reading_in_parts_says_how_far_it_is_and_finds_the_same(
    workshop: Workshop, scanner: MarkScanner
) -> None:
    project = workshop.project({f"{n}.py": f"flag r{n}\n# part {n}\n" for n in range(5)})
    seen: list[tuple[int, int] | None] = []

    class Watched(MarkScanner):
        """Asks, while it reads a part, what others would be told."""

        def command(self, target: ScanTarget, report: Path) -> list[str]:
            with session(workshop.services.store) as reading:
                (baseline,) = [b for b in tracking.baselines(reading) if b.project_id == project.id]
            seen.append(baseline.progress)
            return super().command(target, report)

    tools = replace(
        tools_of(workshop.services), scanners=(workshop.services.scanners[0], Watched(digest="parts")), batch=2
    )
    assert scan_branch(workshop.services, tools, "parts", project.id, "main", None) == "done"
    assert seen[0] is None
    assert [progress[1] for progress in seen[1:] if progress is not None] == [5] * (len(seen) - 1)
    assert {item.finding.rule_id for item in known(workshop, project)} == {f"r{n}" for n in range(5)}
    with session(workshop.services.store) as reading:
        (baseline,) = [b for b in tracking.baselines(reading) if b.project_id == project.id]
    assert baseline.progress is None


def test_the_number_of_a_known_finding_is_said_on_the_merge_request(workshop: Workshop) -> None:
    project = workshop.project({"a.py": "# 1\n# 2\nflag known\n"})
    read_branch(workshop, project)
    (before,) = known(workshop, project)
    request = workshop.open({"a.py": "# 0\n# 1\n# 2\nflag known\nflag fresh\n"}, project)
    assert workshop.scan(request) == "failed"
    told = {item.finding.rule_id: item for item in report_of(workshop, request).tracked}
    assert told["known"].number == before.id
    assert told["known"].explanation == f"same as #{before.id}: line map: was 3, now 4"
    assert told["fresh"].number not in (None, before.id)


@pytest.mark.parametrize("squash", [False, True])
def test_a_dismissal_on_a_merge_request_holds_there_and_after_the_merge(workshop: Workshop, squash: bool) -> None:
    project = workshop.project({"a.py": "# 1\n"})
    read_branch(workshop, project)
    request = workshop.open({"a.py": "# 1\nflag accepted\n"}, project)
    assert workshop.scan(request) == "failed"
    (finding,) = report_of(workshop, request).tracked
    assert finding.number is not None
    dismiss(workshop, finding.number)
    # Judged again without a scan.
    assert workshop.sync(request) == "passed"
    (excused,) = report_of(workshop, request).decision.suppressed
    assert "known and harmless" in excused.explanation
    assert workshop.threads(request)[0].resolved

    if squash:
        # Another commit with the same content, and something before it.
        workshop.gitlab.commit(project, "main", {"b.py": "# b\n"}, author=workshop.ada)
        workshop.gitlab.commit(project, "main", {"a.py": "# 0\n# 1\nflag accepted\n"}, author=workshop.ada)
        workshop.gitlab.close(request)
    else:
        workshop.gitlab.merge(request, by=workshop.grace)
    assert workshop.outcome(workshop.submit(CloseMergeRequest(project.id, request.iid, merged=not squash))) == "closed"
    assert read_branch(workshop, project) in ("done", "unchanged")
    (after,) = known(workshop, project)
    assert (after.id, after.judgement.state) == (finding.number, TriageState.DISMISSED)
    assert after.whereabouts is Whereabouts.DEFAULT_BRANCH
    assert after.suppressed


def test_an_edited_line_is_not_covered_by_an_earlier_dismissal(workshop: Workshop) -> None:
    project = workshop.project({"a.py": "# 1\nflag old one\n"})
    read_branch(workshop, project)
    (before,) = known(workshop, project)
    dismiss(workshop, before.id)
    request = workshop.open({"a.py": "# 1\nflag old but worse\n"}, project)
    assert workshop.scan(request) == "failed"
    (finding,) = report_of(workshop, request).tracked
    assert finding.number == before.id
    assert report_of(workshop, request).decision.suppressed == ()
    # Whoever looks at what stands there now may say so again.
    dismiss(workshop, before.id, on=f"!{request.iid}")
    assert workshop.sync(request) == "passed"


def test_a_closed_merge_request_leaves_nothing_open(workshop: Workshop) -> None:
    project = workshop.project({"a.py": "# 1\n"})
    read_branch(workshop, project)
    request = workshop.open({"a.py": "# 1\nflag dropped\n"}, project)
    workshop.scan(request)
    (finding,) = known(workshop, project)
    assert finding.whereabouts is Whereabouts.ELSEWHERE
    workshop.gitlab.close(request)
    workshop.outcome(workshop.submit(CloseMergeRequest(project.id, request.iid, merged=False)))
    (finding,) = known(workshop, project)
    assert finding.whereabouts is Whereabouts.NOWHERE


def test_a_scanner_that_crashes_on_the_branch_closes_nothing_and_is_asked_again(workshop: Workshop) -> None:
    project = workshop.project({"a.py": "flag one\n", "b.py": "# b\n"})
    read_branch(workshop, project)
    workshop.gitlab.commit(project, "main", {"a.py": "burst\n"}, author=workshop.ada)
    assert read_branch(workshop, project) == "done"
    (finding,) = known(workshop, project)
    assert finding.whereabouts is Whereabouts.DEFAULT_BRANCH
    workshop.gitlab.commit(project, "main", {"a.py": "# mended\n"}, author=workshop.ada)
    assert read_branch(workshop, project) == "done"
    (finding,) = known(workshop, project)
    assert finding.whereabouts is Whereabouts.NOWHERE


def test_new_rules_have_the_branch_read_again_at_night_and_once(workshop: Workshop, scanner: MarkScanner) -> None:
    project = workshop.project({"a.py": "flag one\n"})
    read_branch(workshop, project)
    late = datetime.now(UTC).replace(hour=23)
    assert renew_baselines(workshop.services, workshop.queue, late.replace(hour=0)) == 0
    others = renew_baselines(workshop.services, workshop.queue, late)
    scanner._digest = "other rules"
    try:
        assert renew_baselines(workshop.services, workshop.queue, late) > others
        job_id = f"branch:{project.id}:head:night.{late.date().isoformat()}"
        assert workshop.outcome([job_id]) == "done"
        with session(workshop.services.store) as reading:
            state = tracking.stream_state(reading, Ref(project.id, "main"), OWN)
        assert "other rules" in state.looked_with["mark"]
    finally:
        scanner._digest = "d"


def test_a_merge_request_of_an_unread_project_has_its_default_branch_read(workshop: Workshop) -> None:
    project = workshop.project({"a.py": "flag one\n"})
    request = workshop.open({"b.py": "# b\n"}, project)
    workshop.scan(request)
    job_id = f"branch:{project.id}:head:first.{datetime.now(UTC).date().isoformat()}"
    assert workshop.outcome([job_id]) == "done"
    (finding,) = known(workshop, project)
    assert finding.whereabouts is Whereabouts.DEFAULT_BRANCH


def test_a_new_recipe_of_fingerprints_loses_no_number_and_no_decision(workshop: Workshop) -> None:
    """Replays an upgrade: scanned and judged by one release, scanned again by the next after the code has moved."""
    project = workshop.project({"a.py": "# 1\nflag moved here\n", "b.py": "flag other\n"})
    read_branch(workshop, project)
    before = {item.finding.rule_id: item for item in known(workshop, project)}
    dismiss(workshop, before["moved"].id)
    newer = Recipe("mw-next", fold=lambda code: code.upper())
    tools = replace(tools_of(workshop.services), recipes=(*RECIPES, newer))
    workshop.gitlab.commit(
        project, "main", {"a.py": "# 0\n# 1\n# 2\nflag moved here\n", "b.py": "# b\nflag other\n"}, author=workshop.ada
    )
    assert scan_branch(workshop.services, tools, "upgrade", project.id, "main", None) == "done"
    after = {item.finding.rule_id: item for item in known(workshop, project)}
    assert {rule: item.id for rule, item in after.items()} == {rule: item.id for rule, item in before.items()}
    assert after["moved"].judgement.state is TriageState.DISMISSED
    assert after["moved"].finding.match_hash != before["moved"].finding.match_hash
    assert after["moved"].suppressed


def sarif(path: Path, *results: tuple[str, str, int], rule: str = "py/tainted") -> Path:
    document = {
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "CodeQL", "version": "2.15", "rules": [{"id": rule}]}},
                "results": [
                    {
                        "ruleId": rule,
                        "level": level,
                        "message": {"text": "tainted"},
                        "locations": [
                            {
                                "physicalLocation": {
                                    "artifactLocation": {"uri": name},
                                    "region": {"startLine": line},
                                }
                            }
                        ],
                    }
                    for name, level, line in results
                ],
            }
        ],
    }
    path.write_text(json.dumps(document))
    return path


def test_a_report_about_the_merge_requests_commit_counts_in_its_verdict(workshop: Workshop, tmp_path: Path) -> None:
    project = workshop.project({"a.py": "# 1\n# 2\n"})
    request = workshop.open({"a.py": "# 1\n# 2\n# 3\n"}, project)
    assert workshop.scan(request) == "passed"
    target = ImportTarget(project.id, "main", request.iid, request.head_sha)
    outcome = import_report(
        workshop.services, sarif(tmp_path / "r.sarif", ("a.py", "error", 1), ("a.py", "error", 3)), target, actor="ci"
    )
    assert outcome.counts["new"] == 2
    assert workshop.sync(request) == "failed"
    report = report_of(workshop, request)
    told = {item.finding.location.start_line: item for item in report.tracked}
    # Line 1 stands in the target branch as well, where nobody has run that tool.
    assert (told[1].presence.value, told[3].presence.value) == ("existing", "new")
    assert "CodeQL-import" in {run.scanner for run in report.runs}
    assert len(workshop.threads(request)) == 1
    # Once more: nothing changes, and the thread stays one.
    workshop.gitlab.clear_log()
    assert workshop.sync(request) == "failed"
    assert workshop.gitlab.writes() == []
    # A scan again keeps what was imported for this commit.
    assert workshop.scan(request) == "failed"
    assert PurePosixPath("a.py") in {item.finding.location.path for item in report_of(workshop, request).tracked}


def test_a_report_about_an_earlier_push_does_not_count(workshop: Workshop, tmp_path: Path) -> None:
    project = workshop.project({"a.py": "# 1\n"})
    request = workshop.open({"a.py": "# 1\n# 2\n"}, project)
    workshop.scan(request)
    target = ImportTarget(project.id, "main", request.iid, request.head_sha)
    import_report(workshop.services, sarif(tmp_path / "r.sarif", ("a.py", "error", 2)), target, actor="ci")
    assert workshop.sync(request) == "failed"
    workshop.gitlab.commit(project, "feature", {"a.py": "# 1\n# 2\n# 3\n"}, author=workshop.ada)
    assert workshop.scan(request) == "passed"


def test_a_reported_line_that_a_later_push_edits_has_to_be_confirmed(workshop: Workshop, tmp_path: Path) -> None:
    """The first push left it alone, the second one did not: the sum of them is what counts."""
    project = workshop.project({"a.py": "# 1\n# 2\n"})
    request = workshop.open({"a.py": "# 1\n# 2\n# 3\n"}, project)
    workshop.scan(request)
    target = ImportTarget(project.id, "main", request.iid, request.head_sha)
    import_report(workshop.services, sarif(tmp_path / "1.sarif", ("a.py", "error", 1)), target, actor="ci")
    assert workshop.sync(request) == "passed"
    workshop.gitlab.commit(project, "feature", {"a.py": "# worse\n# 2\n# 3\n"}, author=workshop.ada)
    workshop.scan(request)
    target = ImportTarget(project.id, "main", request.iid, request.head_sha)
    import_report(workshop.services, sarif(tmp_path / "2.sarif", ("a.py", "error", 1)), target, actor="ci")
    assert workshop.sync(request) == "failed"
    (item,) = report_of(workshop, request).tracked
    assert item.presence.value == "changed"


def test_a_late_report_about_an_older_commit_takes_nothing_back(workshop: Workshop, tmp_path: Path) -> None:
    project = workshop.project({"a.py": "# 1\n"})
    request = workshop.open({"a.py": "# 1\n# 2\n"}, project)
    workshop.scan(request)
    older = ImportTarget(project.id, "main", request.iid, request.head_sha)
    workshop.gitlab.commit(project, "feature", {"a.py": "# 1\n# 2\n# 3\n"}, author=workshop.ada)
    workshop.scan(request)
    target = ImportTarget(project.id, "main", request.iid, request.head_sha)
    import_report(workshop.services, sarif(tmp_path / "r.sarif", ("a.py", "error", 3)), target, actor="ci")
    assert workshop.sync(request) == "failed"
    with pytest.raises(ReportError, match="older commit"):
        import_report(workshop.services, sarif(tmp_path / "late.sarif"), older, actor="ci")
    assert workshop.sync(request) == "failed"
