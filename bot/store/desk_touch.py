"""
Says what was changed in a transaction that the desk's rows follow from; before the commit they are brought in line.

Once for the whole transaction: a bulk decision about a hundred findings, each with a new state, an exception and the
end of an older one, costs as many statements as a decision about one. See ``bot.store.desk.item_rows``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import event
from sqlalchemy.orm import Session

from bot.domain.suppression import Scope, Suppression

_KEY = "mergewarden desk"


@dataclass(slots=True)
class Touched:
    """What was changed since the desk's rows were true."""

    findings: set[int] = field(default_factory=set)
    seen: set[int] = field(default_factory=set)
    """Of these also what is searched, or who saw them."""
    suppressions: list[Suppression] = field(default_factory=list)
    """Made, approved or revoked ones that are not about a single finding."""
    packages: bool = False
    """Whether something became known about vulnerabilities."""


def touch(session: Session, finding_ids: Iterable[int], *, seen: bool = False) -> None:
    """
    These findings were changed; ``seen``: a scan or report wrote them, so that title, place or rules may be others.
    """
    touched = _of(session)
    numbers = set(finding_ids)
    touched.findings |= numbers
    if seen:
        touched.seen |= numbers


def touch_suppression(session: Session, suppression: Suppression) -> None:
    """This exception was made, approved or revoked."""
    if suppression.scope is not Scope.FINDING:
        _of(session).suppressions.append(suppression)
    elif suppression.finding_id is not None:
        touch(session, [suppression.finding_id])


def touch_packages(session: Session) -> None:
    """Something became known about how likely vulnerabilities are exploited."""
    _of(session).packages = True


def take(session: Session) -> Touched | None:
    """What was changed, and from now on nothing was; None for nothing."""
    found = session.info.pop(_KEY, None)
    assert found is None or isinstance(found, Touched)
    return found


def _of(session: Session) -> Touched:
    found = session.info.setdefault(_KEY, Touched())
    assert isinstance(found, Touched)
    return found


@event.listens_for(Session, "before_commit")
def _before_commit(session: Session) -> None:
    if _KEY in session.info:
        # Late: it reads what the modules write that call ``touch``.
        from bot.store.desk.item_rows import settle

        settle(session)


@event.listens_for(Session, "after_rollback")
def _after_rollback(session: Session) -> None:
    # Nothing was changed after all.
    session.info.pop(_KEY, None)
