"""
Finds commits on protected branches that were never cleared, whatever way they came: the reconciler of every level.

A branch is looked at from where it was looked at last, with the same decision as the pre-receive hook's. The first look
begins at the head of that day: what came before is the baseline's business. A clearance that is granted later does not
take an incident back.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import structlog

from bot.domain.clearance import MOST_COMMITS, Clearance, Refusal, Update, Why, decide
from bot.domain.incident import Incident, IncidentKind
from bot.domain.protected_branches import is_protected, protected_names
from bot.gitlab.errors import NotFound
from bot.gitlab.model import Project
from bot.pipeline.clearing import facts_of, prove
from bot.pipeline.git import GitCancelled, Mirror, RefNotFound, branch_ref, branch_refspec, commit_refspec
from bot.pipeline.mirrors import mirror_of
from bot.services import Services
from bot.store import clearances, heads, incidents, watched
from bot.store.enforcement import stored
from bot.store.engine import session, write_session
from scanners.normalize import clean_text

log = structlog.get_logger(__name__)

MOST_INCIDENTS = 100
"""Commits of one look that get an incident each; the others share one."""
_MOST_ASKED = 20
"""Commits of one look about which GitLab is asked whose they are."""
_RECENT = 500
_LONGEST_NAME = 200


def verify_branch(
    services: Services,
    project_id: int,
    branch: str,
    *,
    created: bool = False,
    on_rewritten: Callable[[], None] | None = None,
) -> str:
    """
    Look at everything that came onto a protected branch since the last look; returns what became of it, one word.

    The first look begins at the head of that moment; at a branch that was ``created`` just now it begins where the
    branch leaves the default branch. ``on_rewritten`` is called where the history of the branch became another one, and
    again when the step is repeated. Raises ``GitError`` and ``GitLabError``; whatever was found before that is written
    down.
    """
    project = services.gitlab.project(project_id)
    if not is_protected(branch, protected_patterns(services, project)):
        # What we know may be older than the rule.
        try:
            if not services.gitlab.branch(project_id, branch).protected:
                return "not_protected"
        except NotFound:
            return "gone"
    with session(services.store) as reading:
        known = watched.watched(reading, project_id, branch)
    if known is not None and known.verified_sha is not None:
        # Most looks find nothing new, and to ask costs less than to fetch.
        try:
            if services.gitlab.branch(project_id, branch).sha == known.verified_sha:
                return "unchanged"
        except NotFound:
            return "gone"
    mirror = mirror_of(services, project)
    now = datetime.now(UTC)
    try:
        mirror.fetch([branch_refspec(branch)])
    except RefNotFound:
        return "gone"
    head = mirror.resolve(branch_ref(branch))
    verified = known.verified_sha if known is not None else None
    if verified is None and created and project.default_branch not in (None, branch):
        verified = _fork_point(mirror, project.default_branch, head)
    if verified is None:
        with write_session(services.store) as writing:
            watched.mark(writing, project_id, branch, head, now)
        return "first_look"
    if known is not None and known.verified_sha == head:
        return "unchanged"
    return _Look(services, mirror, project, branch, now, on_rewritten).run(verified, head)


def _fork_point(mirror: Mirror, default_branch: str | None, head: str) -> str | None:
    """Where a new branch leaves the default branch; None where the two have nothing in common."""
    assert default_branch is not None
    try:
        mirror.fetch([branch_refspec(default_branch)])
        return mirror.merge_base(mirror.resolve(branch_ref(default_branch)), head)
    except RefNotFound:
        return None


def protected_patterns(services: Services, project: Project) -> tuple[str, ...]:
    """Names and patterns of a project's protected branches as last seen; the default branch always is one."""
    with session(services.store) as reading:
        known = stored(reading, project.id)
    return protected_names(known.protected_names if known is not None else None, project.default_branch)


@dataclass
class _Look:
    """One look at what came onto a branch."""

    services: Services
    mirror: Mirror
    project: Project
    branch: str
    now: datetime
    on_rewritten: Callable[[], None] | None = None
    requests: dict[str, int] = field(default_factory=dict)
    """Merge requests into the branch by their head."""
    asked: int = 0
    """How often GitLab was asked about a commit."""

    def run(self, verified: str, head: str) -> str:
        rewritten = not self._has(verified) or not self.mirror.is_ancestor(verified, head)
        found = 0
        if rewritten:
            found += self._report([self._rewritten(verified, head)], None)
            if self.on_rewritten is not None:
                self.on_rewritten()
        if rewritten and not self._has(verified):
            # What was there is gone from everywhere, so nobody can say what is new.
            self._report([], head)
        else:
            for old, new in self._stretches(verified, head):
                found += self._report(self._incidents(old, new), new)
        log.info("branch verified", branch=self.branch, head=head, incidents=found)
        return "incidents" if found else "cleared"

    def _stretches(self, verified: str, head: str) -> Iterable[tuple[str, str]]:
        """The way in stretches that can each be looked at commit by commit."""
        line = self.mirror.first_parents([verified], head)
        old = verified
        for end in range(MOST_COMMITS, len(line), MOST_COMMITS):
            yield old, line[end - 1]
            old = line[end - 1]
        yield old, head

    def _incidents(self, old: str, new: str) -> list[Incident]:
        # That history was rewritten is an incident of its own.
        update = replace(facts_of(self.mirror, self.branch, old, new), fast_forward=True)
        known = self._clearances(update)
        ruling = decide(update, known)
        self._fetch({head for proof in ruling.proofs for head in proof.heads})
        refusals = prove(self.mirror, ruling)
        if not refusals:
            return []
        self._known_requests()
        names = self.mirror.committers([refusal.sha for refusal in refusals[:MOST_INCIDENTS]])
        told = [self._incident(refusal, update, names.get(refusal.sha, "")) for refusal in refusals[:MOST_INCIDENTS]]
        if (more := len(refusals) - len(told)) > 0:
            told.append(
                Incident(
                    self.project.id,
                    IncidentKind.UNCLEARED_COMMIT,
                    f"more {new}",
                    ref=self.branch,
                    sha=new,
                    details={"more": str(more), "since": old},
                )
            )
        return list({incident.key: incident for incident in told}.values())

    def _clearances(self, update: Update) -> Sequence[Clearance]:
        tips = {update.new or "", *update.commits, *(p for c in update.commits.values() for p in c.parents)}
        patches = {commit.patch_id for commit in update.commits.values() if commit.patch_id is not None}
        store, project_id = self.services.store, self.project.id
        with session(store) as reading:
            named = clearances.matching(reading, project_id, heads=tips, patch_ids=patches, ever=True)
            runs = clearances.recent(
                reading, project_id, branches=[self.branch], now=self.now, limit=_RECENT, ever=True
            )
        return list(dict.fromkeys([*named, *runs]))

    def _incident(self, refusal: Refusal, update: Update, committer: str) -> Incident:
        commit = update.commits.get(refusal.sha)
        iid = self._merge_request(refusal.sha, commit.parents[1:] if commit is not None else ())
        merged = iid is not None and refusal.why in (Why.NOT_CLEARED, Why.MERGE_OF_UNCLEARED)
        details = {"why": refusal.sentence}
        if committer:
            details["committer"] = clean_text(committer)[:_LONGEST_NAME]
        return Incident(
            self.project.id,
            IncidentKind.MERGED_UNCLEARED if merged else IncidentKind.UNCLEARED_COMMIT,
            # By merge request, so that it is one incident with what the merge's own event says.
            f"!{iid}" if merged else f"commit {refusal.sha}",
            merge_request_iid=iid if iid is not None else refusal.iid,
            ref=self.branch,
            sha=refusal.sha,
            details=details,
        )

    def _merge_request(self, sha: str, others: Sequence[str]) -> int | None:
        """The merge request into this branch that brought a commit; None for none, or too many questions."""
        for one in (sha, *others):
            if one in self.requests:
                return self.requests[one]
        if self.asked >= _MOST_ASKED:
            return None
        self.asked += 1
        try:
            found = self.services.gitlab.merge_requests_of_commit(self.project.id, sha)
        except NotFound:
            return None
        return next((r.iid for r in found if r.state == "merged" and r.target_branch == self.branch), None)

    def _known_requests(self) -> None:
        with session(self.services.store) as reading:
            known = heads.heads_of(reading, [self.project.id]).values()
        for one in known:
            if one.head_sha is not None and one.target_branch == self.branch:
                self.requests[one.head_sha] = one.iid

    def _rewritten(self, verified: str, head: str) -> Incident:
        return Incident(
            self.project.id,
            IncidentKind.HISTORY_REWRITTEN,
            f"{verified[:40]} to {head[:40]} on {self.branch}"[:200],
            ref=self.branch,
            sha=head,
            details={"before": verified, "after": head},
        )

    def _report(self, found: Sequence[Incident], verified: str | None) -> int:
        """Incidents and how far we came, in one transaction: a repeated step finds either both or nothing."""
        with write_session(self.services.store) as writing:
            for incident in found:
                incidents.report(writing, incident, self.now)
            if verified is not None:
                watched.mark(writing, self.project.id, self.branch, verified, self.now)
        return len(found)

    def _has(self, sha: str) -> bool:
        if not self.mirror.has_commit(sha):
            self._fetch([sha])
        return self.mirror.has_commit(sha)

    def _fetch(self, commits: Collection[str]) -> None:
        """Get commits that we lost or never had; one that GitLab has not either stays away."""
        for sha in sorted(commits):
            if self.mirror.has_commit(sha):
                continue
            try:
                self.mirror.fetch([commit_refspec(sha)])
            except GitCancelled:
                raise
            except RefNotFound as error:
                log.info("a cleared head is gone", sha=sha, error=str(error))
