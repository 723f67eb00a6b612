"""
Scans a default branch, so that what scanners say about its files is known before a merge request asks.
"""

from __future__ import annotations

from datetime import UTC, datetime
from time import monotonic

import structlog

from bot.domain.gate import evaluate, with_reasons
from bot.domain.verdict import ScanReport, Subject
from bot.pipeline.assess import Tools, assess_tree
from bot.pipeline.git import branch_ref, branch_refspec
from bot.pipeline.mirrors import mirror_of
from bot.pipeline.policies import project_policy
from bot.services import Services
from bot.store import projects, scans
from bot.store.engine import write_session

log = structlog.get_logger(__name__)


def scan_branch(services: Services, tools: Tools, job_id: str, project_id: int, branch: str, sha: str) -> str:
    """
    Scan the whole tree of ``branch`` and store what was found; returns what became of it, one word.

    Only when ``sha`` is still the branch's head: a later push brings its own job. Contents that were scanned before, on
    whatever branch, come from the cache. Raises ``GitError`` and ``GitLabError``.
    """
    started_at, started = datetime.now(UTC), monotonic()
    project = services.gitlab.project(project_id)
    mirror = mirror_of(services, project)
    mirror.fetch([branch_refspec(branch)])
    if mirror.resolve(branch_ref(branch)) != sha:
        return "superseded"
    policy, reasons = project_policy(services.policy(), project.path, mirror, sha)
    assessed = assess_tree(mirror, base=None, head=sha, tools=tools)
    report = ScanReport(
        subject=Subject(project.path, project.url, None, branch, None, sha),
        tracked=assessed.tracked,
        runs=assessed.runs,
        decision=with_reasons(evaluate(policy, assessed.tracked, assessed.runs), reasons),
        started_at=started_at,
        seconds=monotonic() - started,
        files_changed=assessed.files_changed,
        files_read=assessed.files_read,
    )
    with write_session(services.store) as writing:
        projects.upsert_projects(
            writing,
            [projects.Project(project.id, project.path, project.url, project.clone_url, project.default_branch)],
        )
        scans.record_scan(writing, report, project_id=project_id, scan_id=job_id)
    mirror.maintain()
    log.info("branch scanned", findings=len(report.tracked), seconds=round(report.seconds, 3))
    return "done"
