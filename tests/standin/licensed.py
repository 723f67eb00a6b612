"""
Approvals, which every tier has, and what a licence adds: approval rules (Premium), external status checks (Ultimate).

doc/api/merge_request_approvals.md, doc/api/status_checks.md. The rules of a licence that is gone do not hold.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from typing import TYPE_CHECKING

import httpx

from tests.standin.errors import ApiError
from tests.standin.model import (
    DEVELOPER,
    Approval,
    ApprovalRule,
    CheckResponse,
    Json,
    MergeRequest,
    Project,
    StatusCheck,
    User,
    now,
)

if TYPE_CHECKING:
    from tests.standin.world import World

_ORDER = ("free", "premium", "ultimate")


class Licensed:
    """Approvals and status checks of one instance."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.pending_seconds = 120.0
        """After so long without an answer, the check of a new merge request counts as failed."""

    def has(self, tier: str) -> bool:
        return _ORDER.index(self._world.tier) >= _ORDER.index(tier)

    # -- approvals ----------------------------------------------------------------------------------------------------

    def may_approve(self, request: MergeRequest, user: User) -> bool:
        if self._world.access_level(request.project, user) < DEVELOPER:
            return False
        return not (self.has("premium") and not request.project.author_approval and user is request.author)

    def approve(self, request: MergeRequest, user: User, sha: str | None) -> None:
        """Raises ``ApiError``: 409 for another head, 401 for somebody who may not or already did."""
        if sha is not None and sha != request.head_sha:
            raise ApiError(409, f"SHA does not match HEAD of source branch: {request.head_sha}")
        if not self.may_approve(request, user) or any(a.user is user for a in request.approvals):
            raise ApiError(401, "401 Unauthorized")
        request.approvals.append(Approval(user, now()))
        self._world.hook_merge_request(request, user, "approved" if self.approved(request) else "approval")

    def unapprove(self, request: MergeRequest, user: User) -> None:
        if not any(a.user is user for a in request.approvals):
            raise ApiError(404, "404 Not Found")
        request.approvals = [a for a in request.approvals if a.user is not user]
        self._world.hook_merge_request(request, user, "unapproved")

    def rules(self, project: Project) -> list[ApprovalRule]:
        return project.approval_rules if self.has("premium") else []

    def rule_met(self, rule: ApprovalRule, request: MergeRequest) -> bool:
        counted = [a for a in request.approvals if not rule.user_ids or a.user.id in rule.user_ids]
        return len(counted) >= rule.approvals_required

    def approved(self, request: MergeRequest) -> bool:
        return all(self.rule_met(r, request) for r in self.rules(request.project))

    def source_moved(self, request: MergeRequest) -> None:
        """Premium takes approvals back on a push. Free keeps them: an approval there outlives the code."""
        if self.has("premium") and request.project.reset_approvals_on_push:
            request.approvals = []

    # -- external status checks ---------------------------------------------------------------------------------------

    def checks(self, request: MergeRequest) -> list[StatusCheck]:
        """The checks that apply to the target branch."""
        if not self.has("ultimate"):
            return []
        protected = {p.id for name, p in request.project.protected.items() if name == request.target_branch}
        return [
            c
            for c in request.project.status_checks
            if not c.protected_branch_ids or protected & set(c.protected_branch_ids)
        ]

    def state(self, check: StatusCheck, request: MergeRequest) -> str:
        """The answer for the current head; pending without one."""
        rows = [r for r in request.check_responses if r.check_id == check.id and r.sha == request.head_sha]
        if not rows:
            return "pending"
        last = rows[-1]
        late = (now() - last.created_at).total_seconds() > self.pending_seconds
        return "failed" if last.status == "pending" and late else last.status

    def checks_pass(self, request: MergeRequest) -> bool:
        if not request.project.settings["only_allow_merge_if_all_status_checks_passed"]:
            return True
        return all(self.state(c, request) == "passed" for c in self.checks(request))

    def respond(self, request: MergeRequest, check: StatusCheck, sha: str, status: str, user: User | None) -> None:
        if sha != request.head_sha:
            raise ApiError(409, f"SHA does not match HEAD of source branch: {request.head_sha}")
        request.check_responses.append(CheckResponse(check.id, sha, status, user, now()))
        self._world.changed()

    def opened(self, request: MergeRequest) -> None:
        """A new merge request gets a row for each check, and with it the clock."""
        for check in self.checks(request):
            request.check_responses.append(CheckResponse(check.id, request.head_sha, "pending", None, now()))

    def tell(self, request: MergeRequest, payload: Json, only: StatusCheck | None = None) -> None:
        """Ask the services; a question that is lost is not repeated."""
        for check in [only] if only else self.checks(request):
            rule = {"id": check.id, "name": check.name, "external_url": check.external_url}
            body = json.dumps({**payload, "external_approval_rule": rule}, ensure_ascii=False).encode()
            headers = {"Content-Type": "application/json"}
            if check.shared_secret:
                headers["X-Gitlab-Signature"] = hmac.new(check.shared_secret.encode(), body, hashlib.sha256).hexdigest()
            arguments = (check.external_url, body, headers)
            threading.Thread(target=_post, args=arguments, name="standin-status-check", daemon=True).start()


def _post(url: str, body: bytes, headers: dict[str, str]) -> None:
    try:
        httpx.post(url, content=body, headers=headers, timeout=10, trust_env=False)
    except (httpx.HTTPError, httpx.InvalidURL):
        return
