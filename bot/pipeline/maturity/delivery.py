"""
Brings compliance summaries to those who subscribed to them: makes what is due, plans a delivery for each, sends.

Planning and sending may be done by any number of processes at any time: a report is made once for a snapshot and a
language, a delivery is planned once for each subscription and period, and who sends has claimed it before, and renews
the claim until the moment of sending.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from bot.domain.audit import Act, Action, Word
from bot.domain.maturity.period import Period, last_ended
from bot.domain.maturity.scope import Scope
from bot.domain.maturity.subscription import (
    PERIODS,
    Channel,
    ReportDelivery,
    Subscription,
    digests,
    not_before,
    unserved,
)
from bot.domain.triage import SYSTEM
from bot.errors import MergewardenError
from bot.pipeline.maturity.channels import LARGEST_MAIL, Attached, ChannelError, Chat, Issue, Mail, Parcel, Send, Wiki
from bot.pipeline.maturity.summaries import draw, make_summary
from bot.pipeline.outgoing import sender_of
from bot.reports.maturity.message import Enclosed, compose
from bot.reports.maturity.summary_formats import FORMATS, file_name
from bot.reports.visible import one_line
from bot.reports.wording import words_in
from bot.services import Services
from bot.store import audit, projects
from bot.store.engine import session, write_session
from bot.store.maturity import deliveries, reports, subscriptions
from bot.store.maturity.deliveries import Planned
from bot.store.maturity.reports import StoredReport
from bot.store.maturity.snapshots import scope_key
from bot.store.secret_box import SecretBox, SecretKeyError
from bot.texts import Language

log = structlog.get_logger(__name__)

Make = Callable[[Services, Scope, Period, Language, str, datetime], StoredReport]
"""Makes the summary of an ended period, or gives back the one that there is. Raises ``MergewardenError``."""


def senders_of(services: Services) -> Mapping[Channel, Send]:
    """The ways out as the settings have them. Raises ``ConfigurationError`` for half a mail server."""
    ways: dict[Channel, Send] = {Channel.EMAIL: Mail(services.settings.mail()), Channel.CHAT: Chat(sender_of(services))}
    if services.settings.gitlab_url is not None:
        box = SecretBox(services.settings.data_dir)
        ways |= {Channel.GITLAB_ISSUE: Issue(services.gitlab, box), Channel.GITLAB_WIKI: Wiki(services.gitlab)}
    return ways


def make_due(services: Services, now: datetime, *, make: Make | None = None) -> int:
    """
    Make the summaries of periods that ended since somebody subscribed, and plan their deliveries; how many are new.

    A summary that cannot be made yet, because its snapshot is not there, is left to the next time. Whose summary of a
    period was planned before gets none of a later revision, also where it was given up.
    """
    made = make or _make
    ended = {kind: last_ended(kind, now.astimezone(UTC).date()) for kind in PERIODS}
    with session(services.store) as reading:
        wanted = subscriptions.every(reading, enabled_only=True)
        had = deliveries.planned_about(reading, ended.values())
        paths = {one.id: one.path for one in projects.all_projects(reading) if services.settings.serves(one.path)}
    for number in sorted(unserved(wanted, paths)):
        log.warning("nothing of a subscription's scope is served", subscription=number)
    found: list[tuple[Subscription, Period, int]] = []
    known: dict[tuple[Scope, Period, Language], int | None] = {}
    for one in wanted:
        for kind in one.periods:
            period = ended[kind]
            if period.last < one.created_at.astimezone(UTC).date() or _about(one, period) in had:
                continue
            key = (one.scope, period, one.language)
            if key not in known:
                known[key] = _report(services, made, *key, now)
            report_id = known[key]
            if report_id is not None:
                found.append((one, period, report_id))
    if not found:
        return 0
    with write_session(services.store) as writing:
        # Making takes a while: another process may have planned another revision. Of two one waits here, and then sees.
        still = {one.id for one in subscriptions.every(writing, enabled_only=True, lock=True)}
        had = deliveries.planned_about(writing, ended.values())
        planned = [
            Planned(one, report_id)
            for one, period, report_id in found
            if one.id in still and _about(one, period) not in had
        ]
        return deliveries.plan(writing, planned, now)


def deliver(
    services: Services,
    senders: Mapping[Channel, Send],
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    claimer: str | None = None,
) -> int:
    """Send what is due; how many deliveries arrived. What did not is tried again later, or given up and shown."""
    me = claimer or uuid.uuid4().hex
    now = clock()
    with write_session(services.store) as writing:
        claimed = deliveries.claim(writing, me, now)
    if not claimed:
        return 0
    with session(services.store) as reading:
        known = {one.id: one for one in subscriptions.every(reading)}
        # Whose subscription was deleted meanwhile is gone with it.
        claimed = tuple(one for one in claimed if one.subscription_id in known)
        try:
            targets = subscriptions.targets(
                reading, SecretBox(services.settings.data_dir), {one.subscription_id for one in claimed}
            )
        except SecretKeyError as error:
            _all_failed(services, claimed, known, me, str(error), clock())
            return 0
    silent = [one.id for one in claimed if known[one.subscription_id].disabled_at is not None]
    waits = {
        one.id: moment
        for one in claimed
        if one.id not in silent and (moment := _earliest(known[one.subscription_id], now)) > now
    }
    if silent or waits:
        with write_session(services.store) as writing:
            deliveries.drop(writing, silent, me, "the subscription is disabled", now)
            deliveries.give_back(writing, waits, me)
    due = [
        (one, known[one.subscription_id], targets[one.subscription_id])
        for one in claimed
        if one.id not in silent and one.id not in waits and one.subscription_id in targets
    ]
    return sum(
        _Bundle(services, senders, bundle, known, targets[bundle[0].subscription_id], me, clock).send()
        for bundle in digests(due)
    )


class _NotNow(Exception):
    """Raised where a message is not this process's to send any more, or quiet hours have begun."""


@dataclass(frozen=True, slots=True)
class _Bundle:
    """Deliveries that are one message to one target."""

    services: Services
    senders: Mapping[Channel, Send]
    deliveries: Sequence[ReportDelivery]
    known: Mapping[int, Subscription]
    target: str
    me: str
    clock: Callable[[], datetime]

    @property
    def subscription(self) -> Subscription:
        """Of the first: all have the same channel, language and audience."""
        return self.known[self.deliveries[0].subscription_id]

    def send(self) -> int:
        """How many arrived."""
        ids = [one.id for one in self.deliveries]
        try:
            send = self.senders.get(self.subscription.channel)
            if send is None:
                raise ChannelError("GitLab is not set up: set gitlab_url and gitlab_token")
            where = send(self.target, self._parcel(ids))
        except _NotNow:
            log.info("a summary is left to others or to later", subscription=self.subscription.id)
            return 0
        except MergewardenError as error:
            self._failed(str(error))
            return 0
        except Exception as error:  # a way out that breaks must not keep the others from being tried
            log.exception("a summary could not be sent", subscription=self.subscription.id)
            self._failed(f"it could not be sent: {type(error).__name__}")
            return 0
        with write_session(self.services.store) as writing:
            sent = deliveries.record_sent(writing, ids, self.me, self.clock(), where)
            audit.append(writing, self._act(Action.REPORT_DELIVERED, {"where": one_line(where, 200)}))
        return sent

    def _parcel(self, ids: Sequence[int]) -> Parcel:
        language = self.subscription.language
        wording = words_in(language)
        stored = self._reports()
        files = tuple(self._files(stored))
        document = "\n\n".join(draw(one.summary, language, FORMATS["md"]).decode() for one in stored)
        asks = self.subscription.acknowledge
        public = self.services.settings.public_url
        # Whatever takes long is done. The code is the message's: who may not send must not change it.
        code = self._hold(with_code=asks and public is not None)
        enclosed = [Enclosed(one.summary, f"{public}/reports/{one.id}" if public else "") for one in stored]
        message = compose(
            enclosed,
            self.subscription.audience,
            wording,
            acknowledge_url=f"{public}/acknowledge/{code}" if code else "",
            asks=asks,
        )
        period = stored[0].summary.period.label.replace("..", "-to-")
        return Parcel(
            key=f"mw-{'-'.join(str(number) for number in ids)}",
            message=message,
            files=files,
            document=document,
            page=f"compliance/{period}/{_slug(stored[0].summary.scope)}-{language.value.lower()}",
            at=self.clock(),
        )

    def _hold(self, *, with_code: bool = False) -> str:
        """
        Keep the claims for another while; a new code of the message where one is wanted.

        Raises ``_NotNow`` where not all are this process's any more, or one is not to be sent at this hour: the others
        are given back, so that they come with the next round.
        """
        now = self.clock()
        due = {one.id: _earliest(self.known[one.subscription_id], now) for one in self.deliveries}
        with write_session(self.services.store) as writing:
            ours = deliveries.renew(writing, due, self.me, now)
            if ours == due.keys() and all(moment <= now for moment in due.values()):
                return deliveries.new_code(writing, due) if with_code else ""
            deliveries.give_back(writing, {number: due[number] for number in ours}, self.me)
        raise _NotNow

    def _reports(self) -> list[StoredReport]:
        found = []
        with session(self.services.store) as reading:
            for one in self.deliveries:
                report = reports.get(reading, one.report_id)
                if report is None:
                    raise ChannelError(f"report {one.report_id} is not there any more")
                found.append(report)
        return found

    def _files(self, stored: Sequence[StoredReport]) -> Iterator[Attached]:
        if self.subscription.channel is not Channel.EMAIL:
            return
        room = LARGEST_MAIL
        for delivery, one in zip(self.deliveries, stored, strict=True):
            for word in self.known[delivery.subscription_id].formats:
                # Each may take minutes, and all together longer than a claim holds.
                self._hold()
                content = draw(one.summary, self.subscription.language, FORMATS[word])
                if len(content) <= room:
                    room -= len(content)
                    name = file_name(one.summary, self.subscription.language, FORMATS[word])
                    yield Attached(name, FORMATS[word].media_type.partition(";")[0], content)

    def _failed(self, problem: str) -> None:
        now = self.clock()
        log.warning("a summary did not arrive", subscription=self.subscription.id, problem=problem)
        with write_session(self.services.store) as writing:
            for one in self.deliveries:
                if deliveries.record_failed(writing, one, self.known[one.subscription_id], self.me, problem, now):
                    audit.append(writing, self._act(Action.REPORT_GIVEN_UP, {"problem": one_line(problem, 200)}))

    def _act(self, action: Action, details: Mapping[str, Word]) -> Act:
        return Act(
            actor=SYSTEM,
            person_id=None,
            action=action,
            subject=f"subscription {self.subscription.id}",
            details={
                "reports": [one.report_id for one in self.deliveries],
                "channel": self.subscription.channel.value,
                **details,
            },
        )


def _about(one: Subscription, period: Period) -> tuple[int, str, Period]:
    """As ``deliveries.planned_about`` has it."""
    return one.id, scope_key(one.scope), period


def _earliest(one: Subscription, now: datetime) -> datetime:
    """From when on something may be sent: now, or the end of the quiet hours that are now."""
    return not_before(now, one.quiet, one.time_zone)


def _slug(scope: Scope) -> str:
    word = scope.key if scope.key else "all"
    kept = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in word)
    return f"{scope.kind.value}-{kept}"[:80].strip("-")


def _report(
    services: Services, make: Make, scope: Scope, period: Period, language: Language, now: datetime
) -> int | None:
    try:
        return make(services, scope, period, language, SYSTEM, now).id
    except MergewardenError as error:
        log.info("a summary cannot be made yet", scope=str(scope), period=period.label, why=str(error))
        return None


def _make(
    services: Services, scope: Scope, period: Period, language: Language, made_by: str, now: datetime
) -> StoredReport:
    return make_summary(services, scope, period, language, made_by=made_by, now=now)


def _all_failed(
    services: Services,
    claimed: Sequence[ReportDelivery],
    known: Mapping[int, Subscription],
    me: str,
    problem: str,
    now: datetime,
) -> None:
    with write_session(services.store) as writing:
        for one in claimed:
            deliveries.record_failed(writing, one, known[one.subscription_id], me, problem, now)
