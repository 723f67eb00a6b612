"""The ways out, each against a real counterpart: a mail server, GitLab. Chats are in ``test_chats``."""

from __future__ import annotations

import re
import socketserver
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from pydantic import SecretStr

from bot.pipeline.maturity.channels import Attached, ChannelError, Issue, Mail, Parcel, Wiki
from bot.reports.maturity.message import Message
from bot.settings import MailAccess
from bot.store.secret_box import SecretBox
from tests.pipeline.maturity.stage import Stage
from tests.standin import DEVELOPER

PARCEL = Parcel(
    key="mw-7",
    message=Message("安全合规摘要:2026 年 10 月", "Scores and words.\n", "Score 61"),
    files=(Attached("summary.pdf", "application/pdf", b"%PDF-1.7 ..."),),
    document="# Summary\n\nWords.\n",
    page="compliance/2026-10/organisation-all-en",
    at=datetime(2026, 11, 2, 6, 0, tzinfo=UTC),
)


@dataclass
class MailServer:
    """As much of SMTP as a client needs; remembers what it got."""

    refuse: dict[str, str] = field(default_factory=dict)
    """Beginning of a command to the answer that it gets."""
    mails: list[tuple[list[str], EmailMessage]] = field(default_factory=list)
    port: int = 0

    def access(self, **changes: Any) -> MailAccess:
        made = MailAccess("127.0.0.1", self.port, "none", "", SecretStr(""), "mergewarden@example.com", None)
        return replace(made, **changes)


@pytest.fixture
def mail() -> Iterator[MailServer]:
    made = MailServer()

    class Handler(socketserver.StreamRequestHandler):
        def say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

        def handle(self) -> None:
            self.say("220 ready")
            to: list[str] = []
            while line := self.rfile.readline().decode().strip():
                refused = next((answer for start, answer in made.refuse.items() if line.upper().startswith(start)), "")
                if refused == "hang up":
                    return
                if refused == "silence":
                    continue
                if refused:
                    self.say(refused)
                elif line.upper().startswith("EHLO"):
                    self.say("250 mail.example.com")
                elif line.upper().startswith("RCPT"):
                    to.append(line.partition("<")[2].partition(">")[0])
                    self.say("250 ok")
                elif line.upper() == "DATA":
                    self.say("354 go on")
                    body = b""
                    while not body.endswith(b"\r\n.\r\n"):
                        body += self.rfile.readline()
                    parsed = message_from_bytes(body[:-5], policy=policy.default)
                    assert isinstance(parsed, EmailMessage)
                    made.mails.append((list(to), parsed))
                    self.say("250 taken")
                elif line.upper() == "QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say("250 ok")

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    made.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield made
    server.shutdown()
    server.server_close()


def test_a_mail_has_words_and_files_and_says_that_no_person_wrote_it(mail: MailServer) -> None:
    assert Mail(mail.access())("anna@example.com, ben@example.com", PARCEL) == ""
    ((to, got),) = mail.mails
    assert to == ["anna@example.com", "ben@example.com"]
    assert got["Subject"] == PARCEL.message.subject
    assert got["Message-ID"] == "<mw-7@example.com>"
    assert got["Auto-Submitted"] == "auto-generated"
    body = got.get_body()
    assert body is not None
    assert body.get_content().replace("\r\n", "\n") == "Scores and words.\n"
    (file,) = got.iter_attachments()
    assert (file.get_filename(), file.get_content_type()) == ("summary.pdf", "application/pdf")
    assert file.get_content() == b"%PDF-1.7 ..."


@pytest.mark.parametrize(
    ("command", "answer", "says"),
    [
        ("MAIL", "451 greylisted", "answered 451"),
        ("RCPT", "550 unknown", "refused every address"),
        ("DATA", "552 too large", "answered 552"),
        ("EHLO", "421 busy", "answered 421"),
    ],
)
def test_a_mail_server_that_refuses_is_named_by_its_answer(
    mail: MailServer, command: str, answer: str, says: str
) -> None:
    mail.refuse = {command: answer}
    if command == "EHLO":
        mail.refuse["HELO"] = answer
    with pytest.raises(ChannelError, match=says) as caught:
        Mail(mail.access())("anna@example.com", PARCEL)
    assert "anna" not in str(caught.value)


def test_who_got_a_mail_does_not_get_it_again_because_another_address_is_wrong(mail: MailServer) -> None:
    mail.refuse = {"RCPT TO:<WRONG": "550 unknown"}
    assert Mail(mail.access())("wrong@example.com, ben@example.com", PARCEL) == "refused for 1 of 2 addresses"
    assert mail.mails[0][0] == ["ben@example.com"]


@pytest.mark.parametrize("goodbye", ["421 too many of you", "250 ok", "nonsense", "hang up"])
def test_what_a_mail_server_took_has_arrived_however_it_says_goodbye(mail: MailServer, goodbye: str) -> None:
    mail.refuse = {"QUIT": goodbye}
    assert Mail(mail.access())("anna@example.com", PARCEL) == ""
    assert len(mail.mails) == 1


def test_a_mail_server_that_never_says_goodbye_is_not_waited_for(mail: MailServer) -> None:
    mail.refuse = {"QUIT": "silence"}
    begun = time.monotonic()
    assert Mail(mail.access(), goodbye_seconds=0.05)("anna@example.com", PARCEL) == ""
    assert time.monotonic() - begun < 5
    assert len(mail.mails) == 1


def test_a_password_never_goes_over_a_line_that_is_not_encrypted(mail: MailServer) -> None:
    access = mail.access(security="starttls", user="mw", password=SecretStr("hush"))
    with pytest.raises(ChannelError) as caught:
        Mail(access)("anna@example.com", PARCEL)
    assert "hush" not in str(caught.value)
    assert mail.mails == []


def test_without_a_mail_server_it_says_what_to_set() -> None:
    with pytest.raises(ChannelError, match="smtp_url and mail_from"):
        Mail(None)("anna@example.com", PARCEL)


def test_an_issue_is_opened_once_however_often_it_is_sent(stage: Stage) -> None:
    send = issues_of(stage)
    where = send(stage.project.path, PARCEL)
    assert send(stage.project.path, PARCEL) == where
    (issue,) = stage.site.gitlab.issues(stage.project)
    assert issue.confidential
    assert issue.title == PARCEL.message.subject
    assert issue.description.startswith("# Summary")


def test_who_edits_an_issue_of_ours_cannot_say_that_a_later_summary_has_arrived(stage: Stage) -> None:
    send = issues_of(stage)
    first = send(stage.project.path, PARCEL)
    (issue,) = stage.site.gitlab.issues(stage.project)
    later = [replace(PARCEL, key=f"mw-{number}") for number in (8, 80)]
    # All that can be known: the mark that is there, the old form of it, and the numbers of deliveries to come.
    (mark,) = re.findall("<!-- mergewarden:summary (.*) -->", issue.description)
    forged = [one.key for one in later] + [mark + one.key for one in later] + [mark[:-1]]
    issue.description += "".join(f"\n<!-- mergewarden:summary {word} -->" for word in forged)
    where = [send(stage.project.path, one) for one in later]
    assert len({first, *where}) == 3
    assert send(stage.project.path, PARCEL) == first


def test_the_mark_of_one_project_means_nothing_in_another(stage: Stage) -> None:
    other = stage.gitlab.create_project(f"{stage.project.path}-other", members={stage.site.bot: DEVELOPER})
    send = issues_of(stage)
    where = send(stage.project.path, PARCEL)
    (issue,) = stage.gitlab.issues(stage.project)
    there = send(other.path, PARCEL)
    (copy,) = stage.gitlab.issues(other)
    assert where != there
    assert marked(issue.description) != marked(copy.description)


def marked(description: str) -> str:
    return description.rpartition("<!--")[2]


def issues_of(stage: Stage) -> Issue:
    return Issue(stage.site.client, SecretBox(stage.services.settings.data_dir))


def test_a_wiki_page_is_written_and_written_over(stage: Stage) -> None:
    send = Wiki(stage.site.client)
    where = send(stage.project.path, PARCEL)
    assert where.endswith("/-/wikis/compliance/2026-10/organisation-all-en")
    send(stage.project.path, replace(PARCEL, document="# Revised\n"))
    assert stage.project.wiki == {PARCEL.page: "# Revised\n"}


def test_a_project_that_is_not_there_is_an_error(stage: Stage) -> None:
    for send in (issues_of(stage), Wiki(stage.site.client)):
        with pytest.raises(ChannelError):
            send("nobody/nothing", PARCEL)


def test_a_project_without_a_wiki_says_so(stage: Stage) -> None:
    stage.project.wiki_enabled = False
    with pytest.raises(ChannelError, match="no wiki"):
        Wiki(stage.site.client)(stage.project.path, PARCEL)
