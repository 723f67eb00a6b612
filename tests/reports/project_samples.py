"""States of projects to render."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.domain import merge_texts
from bot.domain.enforcement import Enforcement, Level, Limit, Missing, Need
from bot.domain.incident import Incident, IncidentKind, KnownIncident
from bot.domain.merging import Asked, Wish, WishState
from bot.domain.project_state import OpenMergeRequest, ProjectState
from bot.domain.suppression import Scope, Suppression
from bot.domain.triage import Justification
from bot.domain.verdict import Outcome

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
DAY = timedelta(days=1)
HEAD = "1f" * 20

FORGED = KnownIncident(
    id=31,
    incident=Incident(
        412,
        IncidentKind.FORGED_STATUS,
        "status of mallory",
        merge_request_iid=27,
        ref="refunds",
        sha=HEAD,
        actor="mallory",
        details={"state": "success"},
    ),
    first_at=NOW - DAY,
    last_at=NOW,
    count=3,
    project="shop/backend",
)
UNCLEARED = KnownIncident(
    id=30,
    incident=Incident(412, IncidentKind.UNCLEARED_COMMIT, "commit x", ref="main", sha="ab" * 20),
    first_at=NOW - 2 * DAY,
    last_at=NOW - 2 * DAY,
    count=1,
    project="shop/backend",
)
WAITING = Suppression(
    id=7,
    project_id=412,
    scope=Scope.FINDING,
    justification=Justification.ACCEPTABLE_RISK,
    reason="Only reachable from the batch network.",
    created_by="alice",
    created_at=NOW - DAY,
    expires_at=NOW + 60 * DAY,
    finding_id=812,
    needs_approval=True,
)

FULL = ProjectState(
    project_id=412,
    path="shop/backend",
    url="https://gitlab.example.com/shop/backend",
    default_branch="main",
    enforcement=Enforcement(
        Level.L1,
        (Missing(Need.ONLY_BOT_MERGES, "main"), Missing(Need.NO_KEYHOLDERS, "alice, bob"), Missing(Need.HOOK)),
        (Limit.STATUS, Limit.PUSH),
    ),
    checked_at=NOW - timedelta(minutes=20),
    hook_seen_at=None,
    baseline_commit="ab" * 20,
    baseline_at=NOW - DAY,
    merge_requests=(
        OpenMergeRequest(28, "main", "2e" * 20, None, tolerated=False, judged_at=None, is_current=False),
        OpenMergeRequest(27, "main", HEAD, Outcome.FAILED, tolerated=False, judged_at=NOW, is_current=True),
        OpenMergeRequest(26, "main", HEAD, Outcome.PASSED, tolerated=False, judged_at=NOW - DAY, is_current=False),
        OpenMergeRequest(25, "release/1", HEAD, Outcome.WARNED, tolerated=False, judged_at=NOW, is_current=True),
        OpenMergeRequest(24, "main", HEAD, Outcome.NOT_ASSESSED, tolerated=True, judged_at=NOW, is_current=True),
    ),
    open_merge_requests=140,
    incidents=(FORGED, UNCLEARED),
    open_incidents=2,
    wishes=(
        Wish(
            id=3,
            project_id=412,
            iid=25,
            target_branch="release/1",
            state=WishState.WAITING,
            asked_by="carol",
            asked_by_id=9,
            asked_how=Asked.COMMAND,
            asked_at=NOW - timedelta(minutes=4),
            updated_at=NOW,
            reason=merge_texts.THREADS,
        ),
    ),
    waiting=(WAITING,),
    ending=(),
)
BARE = ProjectState(
    project_id=500,
    path="new/one",
    url="",
    default_branch=None,
    enforcement=None,
    checked_at=None,
    hook_seen_at=None,
    baseline_commit=None,
    baseline_at=None,
    merge_requests=(),
    open_merge_requests=0,
    incidents=(),
    open_incidents=0,
    wishes=(),
    waiting=(),
    ending=(),
)
