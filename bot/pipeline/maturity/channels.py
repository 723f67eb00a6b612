"""
The ways by which a message leaves us: e-mail, chats, GitLab's issues and wikis. Each sends, or says why not.
"""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import TYPE_CHECKING, Protocol

from bot.chats import service_of
from bot.domain.maturity.subscription import SubscriptionError, addresses
from bot.errors import MergewardenError
from bot.gitlab.errors import Forbidden, GitLabError, NotFound
from bot.pipeline.maturity.chat_requests import guarded
from bot.pipeline.outgoing import Sender, SendError
from bot.reports.maturity.message import Message
from bot.reports.visible import one_line
from bot.settings import MailAccess
from bot.store.secret_box import SecretBox

if TYPE_CHECKING:
    from bot.gitlab.client import GitLabClient

_SECONDS = 30.0
_GOODBYE_SECONDS = 5.0
LARGEST_MAIL = 20 * 1024 * 1024
"""Bytes of all attachments of one e-mail: what is larger is left out, and the message says where it is."""
_LARGEST_TEXT = 900_000
"""Characters of an issue or wiki page; GitLab takes 1,048,576."""


class ChannelError(MergewardenError):
    """Raised when a message did not leave us; says why in one line, without address or password."""


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that comes with a message."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Parcel:
    """All that is to be sent to one target."""

    key: str
    """The same whenever the same is sent again, so that a receiver may know it again: letters, digits and hyphens."""
    message: Message
    files: Sequence[Attached]
    document: str
    """The whole summary as Markdown, for issues and wikis."""
    page: str
    """Name of the wiki page."""
    at: datetime


class Send(Protocol):
    """Sends a parcel."""

    def __call__(self, target: str, parcel: Parcel) -> str:
        """Where it can be seen now; empty where nobody can tell. Raises ``ChannelError``."""
        ...


@dataclass(frozen=True, slots=True)
class Mail:
    """Sends by SMTP (RFC 5321), always encrypted unless the setting says otherwise."""

    access: MailAccess | None
    goodbye_seconds: float = _GOODBYE_SECONDS
    """So long the server's answer to QUIT is waited for: nothing depends on it."""

    def __call__(self, target: str, parcel: Parcel) -> str:
        """See ``Send``."""
        if self.access is None:
            raise ChannelError("no mail server is set up: set smtp_url and mail_from")
        mail = self._mail(self.access, addresses(target), parcel)
        try:
            server = self._server(self.access)
            try:
                refused = server.send_message(mail, self.access.sender, list(addresses(target)))
            finally:
                self._leave(server)
        except smtplib.SMTPResponseException as error:
            raise ChannelError(f"the mail server answered {error.smtp_code}") from None
        except smtplib.SMTPRecipientsRefused:
            raise ChannelError("the mail server refused every address") from None
        except (smtplib.SMTPException, ssl.SSLError, OSError) as error:
            what = one_line(error.strerror or type(error).__name__, 120) if isinstance(error, OSError) else "no SMTP"
            raise ChannelError(f"the mail server cannot be reached: {what}") from None
        if refused:
            # Those who got it must not get it again.
            return f"refused for {len(refused)} of {len(addresses(target))} addresses"
        return ""

    def _leave(self, server: smtplib.SMTP) -> None:
        """Say goodbye. Whatever is answered: a message that was taken is taken, one that was refused is refused."""
        with contextlib.suppress(smtplib.SMTPException, OSError):
            if server.sock is not None:
                server.sock.settimeout(self.goodbye_seconds)
                server.quit()
        with contextlib.suppress(OSError):
            server.close()

    @staticmethod
    def _mail(access: MailAccess, to: Sequence[str], parcel: Parcel) -> EmailMessage:
        mail = EmailMessage(policy=SMTP)
        mail["Subject"] = parcel.message.subject
        mail["From"] = access.sender
        mail["To"] = ", ".join(to)
        mail["Date"] = format_datetime(parcel.at)
        mail["Message-ID"] = f"<{parcel.key}@{access.sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence note is to answer.
        mail.set_content(parcel.message.text)
        for file in parcel.files:
            main, _, sub = file.media_type.partition("/")
            mail.add_attachment(file.content, maintype=main, subtype=sub, filename=file.name)
        return mail

    @staticmethod
    def _server(access: MailAccess) -> smtplib.SMTP:
        context = ssl.create_default_context(cafile=str(access.ca_file) if access.ca_file else None)
        if access.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(access.host, access.port, timeout=_SECONDS, context=context)
        else:
            server = smtplib.SMTP(access.host, access.port, timeout=_SECONDS)
        try:
            if access.security == "starttls":
                server.starttls(context=context)
            if access.user:
                server.login(access.user, access.password.get_secret_value())
        except BaseException:
            server.close()
            raise
        return server


@dataclass(frozen=True, slots=True)
class Chat:
    """
    Sends to a chat through apprise. An administrator chose the address; what is sent is words of ours.

    What may be asked is what outgoing webhooks may ask: nothing else is connected to, and no redirect is followed.
    """

    sender: Sender

    def __call__(self, target: str, parcel: Parcel) -> str:
        """See ``Send``."""
        # Hundred services take a while to import: only who sends to a chat waits for them.
        import apprise

        try:
            # Once more: what was kept by an older release was not looked at like this.
            service = service_of(target)
        except SubscriptionError as error:
            raise ChannelError(str(error)) from None
        told = apprise.Apprise(asset=service.asset)
        told.add(service)
        try:
            with guarded(service, self.sender) as asked:
                taken = bool(
                    told.notify(
                        title=parcel.message.subject, body=parcel.message.short, body_format=apprise.NotifyFormat.TEXT
                    )
                )
                problem = asked.problem
                # Matrix signs out when it is forgotten, and can do so here only.
                del told, service
        except SendError as error:
            raise ChannelError(f"the chat cannot be reached: {error}") from None
        except Exception as error:  # what its services raise may show the address
            raise ChannelError(f"the chat cannot be sent to: {type(error).__name__}") from None
        if not taken:
            raise ChannelError(f"the chat did not take it{f': {problem}' if problem else ''}")
        return ""


@dataclass(frozen=True, slots=True)
class Issue:
    """Opens a confidential issue, once for each parcel."""

    client: GitLabClient
    box: SecretBox

    def __call__(self, target: str, parcel: Parcel) -> str:
        """See ``Send``."""
        try:
            project = self.client.project(target)
            # Who may edit issues of the bot must not be able to write down that a later summary has arrived: nobody
            # else can make its mark. GitLab does not tell who edited a description, so that is not asked.
            mark = f"<!-- mergewarden:summary {self.box.mark(f'issue {project.id} {parcel.key}')} -->"
            me = self.client.current_user().id
            for known in self.client.issues_by(project.id, me):
                if known.author_id == me and mark in known.description:
                    return known.url
            body = f"{_cut(parcel.document)}\n\n{mark}\n"
            return self.client.create_issue(project.id, parcel.message.subject, body).url
        except GitLabError as error:
            raise ChannelError(f"GitLab did not take the issue: {one_line(str(error), 200)}") from None


@dataclass(frozen=True, slots=True)
class Wiki:
    """Writes a wiki page; the same parcel again writes the same page."""

    client: GitLabClient

    def __call__(self, target: str, parcel: Parcel) -> str:
        """See ``Send``."""
        try:
            project = self.client.project(target)
            slug = self.client.put_wiki_page(project.id, parcel.page, _cut(parcel.document))
        except (NotFound, Forbidden):
            raise ChannelError("the project has no wiki, or the bot does not see it") from None
        except GitLabError as error:
            raise ChannelError(f"GitLab did not take the page: {one_line(str(error), 200)}") from None
        return f"{project.url}/-/wikis/{slug}"


def _cut(document: str) -> str:
    return document if len(document) <= _LARGEST_TEXT else document[:_LARGEST_TEXT] + "\n\n…\n"
