"""
Brings compliance summaries to those who subscribed to them: makes what is due, plans a delivery for each, sends.

Planning and sending may be done by any number of processes at any time: a report is made once for a snapshot and a
language, a delivery is planned once for each subscription and report, and who sends has claimed it before.
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
from bot.domain.maturity.subscription import Channel, ReportDelivery, Subscription, digests
from bot.domain.triage import SYSTEM
from bot.errors import MergewardenError
from bot.pipeline.maturity.channels import LARGEST_MAIL, Attached, ChannelError, Chat, Issue, Mail, Parcel, Send, Wiki
from bot.pipeline.maturity.summaries import draw, make_summary
from bot.reports.maturity.message import Enclosed, compose
from bot.reports.maturity.summary_formats import FORMATS, file_name
from bot.reports.visible import one_line
from bot.reports.wording import words_in
from bot.services import Services
from bot.store import audit
from bot.store.engine import session, write_session
from bot.store.maturity import deliveries, reports, subscriptions
from bot.store.maturity.deliveries import Planned
from bot.store.maturity.reports import StoredReport
from bot.store.secret_box import SecretBox, SecretKeyError
from bot.texts import Language

log = structlog.get_logger(__name__)

Make = Callable[[Services, Scope, Period, Language, str, datetime], StoredReport]
"""Makes the summary of an ended period, or gives back the one that there is. Raises ``MergewardenError``."""


def senders_of(services: Services) -> Mapping[Channel, Send]:
    """The ways out as the settings have them. Raises ``ConfigurationError`` for half a mail server."""
    ways: dict[Channel, Send] = {Channel.EMAIL: Mail(services.settings.mail()), Channel.CHAT: Chat()}
    if services.settings.gitlab_url is not None:
        ways |= {Channel.GITLAB_ISSUE: Issue(services.gitlab), Channel.GITLAB_WIKI: Wiki(services.gitlab)}
    return ways


def make_due(services: Services, now: datetime, *, make: Make | None = None) -> int:
    """
    Make the summaries of periods that ended since somebody subscribed, and plan their deliveries; how many are new.

    A summary that cannot be made yet, because its snapshot is not there, is left to the next time.
    """
    made = make or _make
    with session(services.store) as reading:
        wanted = subscriptions.every(reading, enabled_only=True)
    planned: list[Planned] = []
    known: dict[tuple[Scope, Period, Language], int | None] = {}
    for one in wanted:
        for kind in one.periods:
            period = last_ended(kind, now.astimezone(UTC).date())
            if period.last < one.created_at.astimezone(UTC).date():
                continue
            key = (one.scope, period, one.language)
            if key not in known:
                known[key] = _report(services, made, *key, now)
            report_id = known[key]
            if report_id is not None:
                planned.append(Planned(one, report_id))
    with write_session(services.store) as writing:
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
        try:
            targets = subscriptions.targets(
                reading, SecretBox(services.settings.data_dir), {one.subscription_id for one in claimed}
            )
        except SecretKeyError as error:
            _all_failed(services, claimed, me, str(error), clock())
            return 0
    silent = [one.id for one in claimed if known[one.subscription_id].disabled_at is not None]
    if silent:
        with write_session(services.store) as writing:
            deliveries.drop(writing, silent, me, "the subscription is disabled", now)
    due = [(one, known[one.subscription_id], targets[one.subscription_id]) for one in claimed if one.id not in silent]
    return sum(
        _Bundle(services, senders, bundle, known, targets[bundle[0].subscription_id], me, clock).send()
        for bundle in digests(due)
    )


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
        wording = words_in(self.subscription.language)
        stored = self._reports()
        asks = self.subscription.acknowledge
        public = self.services.settings.public_url
        code = ""
        if asks and public:
            with write_session(self.services.store) as writing:
                code = deliveries.new_code(writing, ids)
        language = self.subscription.language
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
            files=tuple(self._files(stored)),
            document="\n\n".join(draw(one.summary, language, FORMATS["md"]).decode() for one in stored),
            page=f"compliance/{period}/{_slug(stored[0].summary.scope)}-{language.value.lower()}",
            at=self.clock(),
        )

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
                if deliveries.record_failed(writing, one, self.me, problem, now):
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


def _all_failed(services: Services, claimed: Sequence[ReportDelivery], me: str, problem: str, now: datetime) -> None:
    with write_session(services.store) as writing:
        for one in claimed:
            deliveries.record_failed(writing, one, me, problem, now)
