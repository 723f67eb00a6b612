"""
Says the verdict also where a licence has places for it: external status checks (Ultimate) and approval rules (Premium).

Nothing depends on it: whether a GitLab has them is found out by asking once a day for each project, and what fails is
logged. https://docs.gitlab.com/api/status_checks/ https://docs.gitlab.com/api/merge_request_approvals/
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

import structlog

from bot.gitlab.errors import Conflict, Forbidden, GitLabError, NotFound, Unauthorized
from bot.gitlab.model import ApprovalRule, MergeRequest, StatusCheck
from bot.services import Services
from bot.store import enforcement
from bot.store.engine import session, write_session

log = structlog.get_logger(__name__)

PART = "licence"
"""Under this name the store keeps whether a project has them."""
_ASK_AGAIN = timedelta(days=1)

T = TypeVar("T")


def answer(services: Services, request: MergeRequest, lets_through: bool) -> None:
    """
    Answer our external status checks on the head of ``request``, and approve it or take our approval back where a rule
    names the bot. Raises nothing of GitLab's.
    """
    if request.sha is None:
        return
    now = datetime.now(UTC)
    known = _known(services, request.project_id)
    due = known is None or now - _moment(known) > _ASK_AGAIN
    try:
        # On a GitLab without the licence these two questions are all, once a day.
        checks = _asked(lambda: services.gitlab.status_checks(request.project_id, request.iid), due, known, "checks")
        rules = _asked(lambda: services.gitlab.approval_rules(request.project_id, request.iid), due, known, "rules")
        if due:
            part = {"asked_at": now.isoformat(), "checks": checks is not None, "rules": rules is not None}
            with write_session(services.store) as writing:
                enforcement.remember(writing, request.project_id, PART, part)
        _answer_checks(services, request, checks or (), lets_through)
        _approve(services, request, rules or (), lets_through)
    except GitLabError as error:
        log.warning("external checks not answered", iid=request.iid, error=str(error))


def take_back(services: Services, request: MergeRequest) -> None:
    """
    Take our approval back as long as there is no verdict on the present head: projects may keep approvals over a push.

    Asks GitLab only where a rule was seen. Raises nothing of GitLab's.
    """
    known = _known(services, request.project_id)
    if request.sha is None or known is None or known.get("rules") is not True:
        return
    try:
        rules = _asked(lambda: services.gitlab.approval_rules(request.project_id, request.iid), False, known, "rules")
        _approve(services, request, rules or (), lets_through=False)
    except GitLabError as error:
        log.warning("approval not taken back", iid=request.iid, error=str(error))


def is_ours(check: StatusCheck, *, public_url: str | None, status_name: str) -> bool:
    """Whether a status check asks us: it leads to our address, or bears the name of our commit status."""
    if check.name == status_name:
        return True
    if not public_url or not check.external_url:
        return False
    try:
        ours, theirs = urlsplit(public_url), urlsplit(check.external_url)
    except ValueError:  # brackets that hold no IPv6 address, or letters that only look like separators
        return False
    if (ours.scheme, ours.netloc.lower()) != (theirs.scheme, theirs.netloc.lower()):
        return False
    base = ours.path.rstrip("/")
    return not base or theirs.path == base or theirs.path.startswith(f"{base}/")


def _answer_checks(
    services: Services, request: MergeRequest, checks: Sequence[StatusCheck], lets_through: bool
) -> None:
    assert request.sha is not None
    wanted = "passed" if lets_through else "failed"
    settings = services.settings
    for check in checks:
        ours = is_ours(check, public_url=settings.public_url, status_name=settings.status_name)
        if not ours or check.status == wanted:
            continue
        try:
            services.gitlab.answer_status_check(
                request.project_id, request.iid, check.id, sha=request.sha, passed=lets_through
            )
        except Conflict:
            return  # A newer head: its own verdict answers.


def _approve(services: Services, request: MergeRequest, rules: Sequence[ApprovalRule], lets_through: bool) -> None:
    assert request.sha is not None
    bot = services.bot_user.id
    named = [rule for rule in rules if bot in rule.users]
    approved = any(bot in rule.approved_by for rule in named)
    if not named or approved is lets_through:
        return
    try:
        if lets_through:
            services.gitlab.approve(request.project_id, request.iid, sha=request.sha)
        else:
            services.gitlab.unapprove(request.project_id, request.iid)
    except (Conflict, NotFound):
        return  # A newer head, or nothing to take back.
    except (Unauthorized, Forbidden) as error:
        log.warning("the bot may not approve", iid=request.iid, error=str(error))


def _asked(
    question: Callable[[], Sequence[T]], due: bool, known: dict[str, Any] | None, what: str
) -> Sequence[T] | None:
    """What GitLab answers; None where it has no such thing, or said so earlier today."""
    if not due and known is not None and known.get(what) is not True:
        return None
    try:
        return question()
    except (Unauthorized, Forbidden, NotFound):
        # 401 is how a project without the licence answers for status checks: it does not mean that the token is dead.
        return None


def _known(services: Services, project_id: int) -> dict[str, Any] | None:
    with session(services.store) as reading:
        stored = enforcement.stored(reading, project_id)
    part = stored.facts.get(PART) if stored is not None else None
    return part if isinstance(part, dict) else None


def _moment(part: dict[str, Any]) -> datetime:
    try:
        return datetime.fromisoformat(str(part.get("asked_at")))
    except ValueError:
        return datetime.fromtimestamp(0, UTC)
