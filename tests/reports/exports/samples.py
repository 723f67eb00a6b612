"""Known findings to export: one of each state, and any at all."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import strategies as st

from bot.domain.known import KnownFinding, Whereabouts
from bot.domain.suppression import Scope, Suppression
from bot.domain.triage import Judgement, Justification, TriageState
from bot.reports.exports.registry import exporter
from bot.reports.exports.subject import ExportSubject
from scanners.finding import Finding, Location, RelatedLocation
from tests.reports import samples
from tests.reports.hostile import nasty
from tests.reports.strategies import findings, locations

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
EARLIER = datetime(2026, 4, 1, 8, 0, 0, 250_000, tzinfo=UTC)
SUBJECT = ExportSubject(
    project="shop/payments",
    project_url="https://gitlab.example/shop/payments",
    generated_at=NOW,
    tool_version="0.1.0",
    lookup=samples.lookup,
)
CONFIRMED = Judgement(TriageState.CONFIRMED, None, "", "bo", NOW)
DISMISSED = Judgement(TriageState.DISMISSED, Justification.FALSE_POSITIVE, "not reachable from outside", "anna", NOW)


def known(
    finding: Finding,
    number: int,
    *,
    where: Whereabouts = Whereabouts.DEFAULT_BRANCH,
    judgement: Judgement | None = None,
    suppressed: bool = False,
    suppression: Suppression | None = None,
) -> KnownFinding:
    return KnownFinding(
        id=number,
        project_id=7,
        project="shop/payments",
        finding=finding,
        whereabouts=where,
        judgement=judgement or Judgement(),
        first_seen_at=EARLIER,
        suppressed=suppressed or suppression is not None,
        suppression=suppression,
    )


BY_ADVISORY = Suppression(
    id=3,
    project_id=7,
    scope=Scope.ADVISORY,
    justification=Justification.NOT_APPLICABLE,
    reason="the vendor says so",
    created_by="bo",
    created_at=EARLIER,
    expires_at=NOW.replace(year=2027),
    advisory="CVE-2023-36053",
    approved_by="anna",
    approved_at=NOW,
)


SQL = replace(
    samples.SQL,
    related=(RelatedLocation(Location(samples.SQL.location.path, 3, 3, 5), "the name comes from the request"),),
)

RICH = (
    known(SQL, 812),
    known(
        samples.SECRET,
        813,
        where=Whereabouts.ELSEWHERE,
        judgement=Judgement(TriageState.CONFIRMED, None, "", "bo", NOW),
    ),
    known(samples.HOSTILE, 814, judgement=DISMISSED, suppressed=True),
    known(samples.DEPENDENCY, 815),
    known(samples.UNFIXED_DEPENDENCY, 816, judgement=DISMISSED),
    known(samples.CHANGED, 817, suppressed=True),
    known(samples.FIXED, 818, where=Whereabouts.NOWHERE),
)


def export(format: str, found: Iterable[KnownFinding], subject: ExportSubject = SUBJECT) -> bytes:
    out = io.BytesIO()
    exporter(format).write(out, subject, found)
    return out.getvalue()


moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
judgements = st.builds(
    Judgement,
    st.sampled_from(TriageState),
    st.none() | st.sampled_from(Justification),
    nasty,
    nasty,
    st.none() | moments,
)
anything = st.lists(
    st.builds(
        KnownFinding,
        id=st.integers(1, 2**40),
        project_id=st.integers(-9, 2**40),
        project=nasty,
        finding=st.builds(
            lambda finding, related: replace(finding, related=related),
            findings(),
            st.lists(st.builds(RelatedLocation, locations(), nasty), max_size=2).map(tuple),
        ),
        whereabouts=st.sampled_from(Whereabouts),
        judgement=judgements,
        first_seen_at=moments,
        suppressed=st.booleans(),
        suppression=st.none()
        | st.builds(
            lambda word, reason, actor: replace(BY_ADVISORY, justification=word, reason=reason, created_by=actor),
            st.sampled_from(Justification),
            nasty,
            nasty,
        ),
    ),
    max_size=4,
    unique_by=lambda known: known.id,
)
"""Any findings at all, also such as our own code would not put together."""
subjects = st.builds(
    ExportSubject,
    project=nasty,
    project_url=st.sampled_from(["", "https://gitlab.example/a/b"]) | nasty,
    generated_at=moments,
    tool_version=st.just("0.1.0"),
    language=st.sampled_from(list(type(SUBJECT.language))),
    author=st.just("security@shop.example"),
)
