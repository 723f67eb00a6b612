"""Commands in notes, from what a person writes to what the merge request shows."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.command import Result, text_digest
from bot.domain.job import CloseMergeRequest, HandleNote
from bot.domain.suppression import Standing, Suppression
from bot.domain.triage import Justification, TriageState
from bot.domain.verdict import Presence
from bot.gitlab.markers import Marker, MarkerKind, marker_of, parse, with_marker
from bot.gitlab.model import Discussion as ReadDiscussion
from bot.pipeline.decisions import approve_suppression, decide
from bot.pipeline.notes import handle_note, missed_commands
from bot.pipeline.turn import was_shown
from bot.store import audit, commands, confirmations, contributors, findings, requests, suppressions, triage, wishes
from bot.store.commands import ScanTimes
from bot.store.engine import session, write_session
from tests.pipeline.workshop import POLICY, Workshop
from tests.standin import DEVELOPER, MAINTAINER, Discussion, Fault, MergeRequest, Note, Project, User, faults

_people = itertools.count(1)
REPORTER, GUEST = 20, 10
TODAY = datetime.now(UTC).date()


@dataclass
class Talk:
    """One merge request with one finding, and people who write about it."""

    workshop: Workshop
    second_person: str = "never"
    group: str | None = None
    extra: str = ""
    project: Project = field(init=False)
    request: MergeRequest = field(init=False)

    def __post_init__(self) -> None:
        policy = f"version: 1\nsuppressions: {{second_person: {self.second_person}}}\n{self.extra}"
        self.project = self.workshop.project({"README.md": "Hello.\n", ".mergewarden.yml": policy})
        if self.group:
            # The organisation says who confirms; a project's own file cannot.
            self.workshop.trust(self.project, self.group)
        self.request = self.workshop.open({"a.py": "flag\n"}, self.project)
        self.scanned = self.workshop.scan(self.request)

    # -- people and their words ---------------------------------------------------------------------------------------

    def person(self, level: int | None = DEVELOPER) -> User:
        made = self.workshop.gitlab.create_user(f"person{next(_people)}")
        if level is not None:
            self.workshop.gitlab.add_member(self.project, made, level)
        return made

    @property
    def thread(self) -> Discussion:
        """The finding's own."""
        return next(one for one in self.workshop.threads(self.request) if "kind=finding" in one.notes[0].body)

    @property
    def number(self) -> int:
        """As its thread says it: the default branch may have a finding of its own."""
        found = re.search(r"`#([0-9]+)`", self.thread.notes[0].body)
        assert found is not None
        return int(found[1])

    def write(self, person: User, text: str, discussion: Discussion | None = None) -> Note:
        return self.workshop.gitlab.comment(self.request, person, text, discussion=discussion)

    def hear(self, note: Note, digest: str | None = None) -> str:
        """Have the note handled as its webhook would, and whatever follows from it."""
        job = HandleNote(self.project.id, self.request.iid, note.id, digest or text_digest(note.body))
        outcome = self.workshop.outcome(self.workshop.submit(job))
        self.settle()
        return outcome

    def say(self, person: User, text: str, *, alone: bool = False) -> str:
        """In the finding's thread, or as a plain note."""
        return self.hear(self.write(person, text, None if alone else self.thread))

    def settle(self) -> None:
        """Wait until nothing is left to do."""
        self.workshop.settle()

    # -- what came of them --------------------------------------------------------------------------------------------

    def answers(self) -> list[str]:
        """Visible texts of our answers, oldest first."""
        found = []
        for one in self.workshop.gitlab.discussions(self.request):
            for note in one.notes:
                text, marker = parse(note.body)
                if note.author is self.workshop.user and marker is not None and marker.kind is MarkerKind.ANSWER:
                    found.append((note.id, text))
        return [text for _, text in sorted(found)]

    def reaction(self, note: Note) -> list[str]:
        return self.workshop.gitlab.reactions(note, self.workshop.user)

    def exceptions(self) -> list[Suppression]:
        with session(self.workshop.services.store) as reading:
            return list(suppressions.of_finding(reading, self.number))

    def standings(self) -> list[Standing]:
        return [made.standing(datetime.now(UTC)) for made in self.exceptions()]

    def judged(self) -> TriageState:
        with session(self.workshop.services.store) as reading:
            known = findings.get(reading, self.number)
            assert known is not None
            return known.judgement.state

    def status(self) -> str:
        return self.workshop.state(self.request)

    def logged(self) -> list[tuple[str, str]]:
        """What the audit log says was done in the project, and by whom; each says where."""
        with session(self.workshop.services.store) as reading:
            entries = [one for one in audit.stream(reading) if one.project_id == self.project.id]
        assert all(one.details["where"] == f"!{self.request.iid}" for one in entries)
        return [(one.action, one.actor) for one in entries]

    def read(self) -> list[ReadDiscussion]:
        return self.workshop.services.gitlab.discussions(self.project.id, self.request.iid)


# --- words about findings ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "justification", "days"),
    [
        ("fp", Justification.FALSE_POSITIVE, 365),
        ("accept", Justification.ACCEPTABLE_RISK, 90),
        ("mitigated", Justification.MITIGATING_CONTROL, 365),
        ("test", Justification.USED_IN_TESTS, 365),
        ("na", Justification.NOT_APPLICABLE, 365),
    ],
)
def test_a_developers_word_in_the_thread_turns_the_status_green_and_closes_the_thread(
    workshop: Workshop, word: str, justification: Justification, days: int
) -> None:
    talk = Talk(workshop)
    assert (talk.scanned, talk.status()) == ("failed", "failed")
    alice = talk.person()
    note = talk.write(alice, f"/mw {word} the value is a constant", talk.thread)
    assert talk.hear(note) == "done"
    (made,) = talk.exceptions()
    assert (made.justification, made.reason, made.created_by) == (
        justification,
        "the value is a constant",
        alice.username,
    )
    assert made.expires_at.date() == TODAY + timedelta(days=days)
    assert (talk.status(), talk.thread.resolved) == ("success", True)
    # A reaction says it all.
    assert (talk.reaction(note), talk.answers()) == (["thumbsup"], [])


def test_a_number_says_which_finding_wherever_it_is_written(workshop: Workshop) -> None:
    talk = Talk(workshop)
    note = talk.write(talk.person(), f"Look:\n/mw fp #{talk.number} until {TODAY + timedelta(days=5)} a constant")
    assert talk.hear(note) == "done"
    (made,) = talk.exceptions()
    assert (made.reason, made.expires_at.date()) == ("a constant", TODAY + timedelta(days=5))
    with session(workshop.services.store) as reading:
        asked = requests.requests_of(reading, [made.id])[made.id]
    assert (asked.iid, asked.asked_by_id) == (talk.request.iid, note.author.id)
    assert talk.status() == "success"


def test_a_word_counts_at_once_on_every_open_merge_request_with_the_finding(workshop: Workshop) -> None:
    talk = Talk(workshop)
    workshop.gitlab.commit(talk.project, "other", {"b.py": "fine\n"}, author=workshop.ada, start="feature")
    other = workshop.gitlab.open_merge_request(talk.project, "other", author=workshop.ada)
    assert workshop.scan(other) == "failed"
    assert talk.say(talk.person(), "/mw fp a constant") == "done"
    assert (talk.status(), workshop.state(other)) == ("success", "success")


def test_the_author_can_only_ask_and_another_developer_confirms(workshop: Workshop) -> None:
    talk = Talk(workshop)
    asked = talk.write(workshop.ada, "/mw fp a constant", talk.thread)
    assert talk.hear(asked) == "requested"
    assert (talk.standings(), talk.status(), talk.reaction(asked)) == ([Standing.WAITING], "failed", ["eyes"])
    (answer,) = talk.answers()
    assert f"/mw confirm #{talk.number}" in answer
    assert "because you opened this merge request" in answer
    assert "@" not in answer
    # His own word for it is none, and nobody hears it twice.
    assert talk.say(workshop.ada, "/mw confirm") == "refused"
    assert talk.say(workshop.ada, "/mw fp a constant") == "unchanged"
    assert talk.standings() == [Standing.WAITING]
    bob = talk.person()
    assert talk.say(bob, "/mw confirm") == "done"
    assert (talk.standings(), talk.status(), talk.thread.resolved) == ([Standing.IN_FORCE], "success", True)
    # What was refused or said twice is no act.
    assert talk.logged() == [("finding.decided", "ada"), ("suppression.approved", bob.username)]


def test_where_the_policy_wants_two_a_developer_asks_and_a_maintainer_decides(workshop: Workshop) -> None:
    talk = Talk(workshop, second_person="always")
    alice, bob = talk.person(), talk.person()
    assert talk.say(alice, "/mw accept behind the firewall") == "requested"
    assert "A Maintainer or Owner" in talk.answers()[-1]
    assert talk.say(alice, "/mw confirm") == "refused"
    assert talk.say(bob, "/mw confirm") == "refused"
    assert talk.say(bob, "/mw accept behind the firewall") == "unchanged"
    assert (talk.standings(), talk.status()) == ([Standing.WAITING], "failed")
    assert talk.say(workshop.grace, "/mw confirm") == "done"
    (made,) = talk.exceptions()
    assert (made.created_by, made.approved_by, talk.status()) == (alice.username, "grace", "success")


def test_an_author_cannot_confirm_through_the_access_token_that_he_made(workshop: Workshop) -> None:
    talk = Talk(workshop)
    assert talk.say(workshop.ada, "/mw fp a constant") == "requested"
    robot = workshop.gitlab.create_user(f"project_{talk.project.id}_bot_{next(_people)}", bot=True)
    workshop.gitlab.add_member(talk.project, robot, MAINTAINER)
    assert talk.say(robot, "/mw confirm") == "refused"
    assert "A bot decides nothing about findings" in talk.answers()[-1]
    assert (talk.standings(), talk.status()) == ([Standing.WAITING], "failed")


def test_with_a_security_group_its_members_decide_and_maintainers_do_not(workshop: Workshop) -> None:
    name = f"security{next(_people)}"
    group = workshop.gitlab.create_group(name, visibility="internal")
    workshop.gitlab.add_member(group, workshop.user, DEVELOPER)
    talk = Talk(workshop, second_person="always", group=name)
    carol, guest = talk.person(), talk.person()
    workshop.gitlab.add_member(group, carol, DEVELOPER)
    workshop.gitlab.add_member(group, guest, GUEST)
    assert talk.say(workshop.grace, "/mw fp a constant") == "requested"
    assert name in talk.answers()[-1]
    assert talk.say(guest, "/mw confirm") == "refused"
    assert talk.say(carol, "/mw confirm") == "done"
    assert talk.status() == "success"
    # By herself she needs nobody.
    other = Talk(workshop, second_person="always", group=name)
    workshop.gitlab.add_member(other.project, carol, DEVELOPER)
    assert other.say(carol, "/mw fp a constant") == "done"
    assert other.status() == "success"


def test_nobody_is_guessed_to_be_in_a_group_that_the_bot_cannot_see(workshop: Workshop) -> None:
    talk = Talk(workshop, second_person="always", group="security/unseen")
    note = talk.write(workshop.grace, "/mw fp a constant", talk.thread)
    assert talk.hear(note) == "refused"
    assert "does not see who is in the group `security/unseen`" in talk.answers()[-1]
    assert (talk.exceptions(), talk.reaction(note)) == ([], ["no_entry_sign"])
    assert talk.say(talk.person(), "/mw help") == "answered"


def test_whose_commits_are_in_it_can_only_ask_even_as_a_maintainer(workshop: Workshop) -> None:
    talk = Talk(workshop)
    mallory = talk.person(MAINTAINER)
    workshop.gitlab.commit(talk.project, "feature", {"b.py": "fine\n"}, author=mallory)
    workshop.scan(talk.request)
    assert talk.say(mallory, "/mw fp a constant") == "requested"
    # Known from the push alone: the commit may name anybody.
    eve = talk.person(MAINTAINER)
    with write_session(workshop.services.store) as writing:
        contributors.add_contributor(writing, talk.project.id, talk.request.iid, eve.id)
    assert talk.say(eve, "/mw confirm") == "refused"
    assert talk.standings() == [Standing.WAITING]


def test_a_second_merge_request_of_the_same_code_makes_nobody_a_stranger_to_it(workshop: Workshop) -> None:
    talk = Talk(workshop)
    mallory, friend = talk.person(), talk.person()
    with write_session(workshop.services.store) as writing:
        contributors.add_contributor(writing, talk.project.id, talk.request.iid, mallory.id)
    # The commit names somebody else, and a friend opens it.
    number = talk.number
    talk.request = workshop.gitlab.open_merge_request(talk.project, "feature", author=friend)
    workshop.scan(talk.request)
    assert talk.say(mallory, f"/mw fp #{number} a constant", alone=True) == "requested"
    assert talk.say(talk.person(), f"/mw confirm #{number}", alone=True) == "done"


def test_who_asked_under_another_name_cannot_confirm(workshop: Workshop) -> None:
    talk = Talk(workshop, second_person="always")
    alice = talk.person()
    assert talk.say(alice, "/mw fp a constant") == "requested"
    workshop.gitlab.add_member(talk.project, alice, MAINTAINER)
    alice.username = f"renamed{next(_people)}"
    assert talk.say(alice, "/mw confirm") == "refused"
    assert "You asked for this yourself" in talk.answers()[-1]
    assert talk.standings() == [Standing.WAITING]


def test_two_who_confirm_at_once_are_one_confirmation(workshop: Workshop) -> None:
    talk = Talk(workshop)
    assert talk.say(workshop.ada, "/mw fp a constant") == "requested"
    notes = [talk.write(person, "/mw confirm", talk.thread) for person in (talk.person(), talk.person())]
    jobs = [
        workshop.submit(HandleNote(talk.project.id, talk.request.iid, note.id, text_digest(note.body)))
        for note in notes
    ]
    assert sorted(workshop.outcome(job) for job in jobs) == ["done", "unchanged"]
    talk.settle()
    assert talk.standings() == [Standing.IN_FORCE]
    assert "is dismissed until" in talk.answers()[-1]


def test_the_same_again_is_friendly_and_another_reason_takes_its_place(workshop: Workshop) -> None:
    talk = Talk(workshop)
    alice = talk.person()
    assert talk.say(alice, "/mw fp a constant") == "done"
    again = talk.write(alice, "/mw fp a constant", talk.thread)
    assert talk.hear(again) == "unchanged"
    assert talk.reaction(again) == ["thumbsup"]
    assert talk.say(alice, "/mw test only in tests") == "done"
    assert talk.standings() == [Standing.REVOKED, Standing.IN_FORCE]
    # Whoever could only ask does not undo what stands.
    assert talk.say(workshop.ada, "/mw na not here") == "unchanged"
    assert talk.standings() == [Standing.REVOKED, Standing.IN_FORCE]


def test_a_word_of_somebody_who_decides_takes_the_place_of_a_request(workshop: Workshop) -> None:
    talk = Talk(workshop)
    assert talk.say(workshop.ada, "/mw fp a constant") == "requested"
    assert talk.say(workshop.grace, "/mw fp a constant") == "done"
    assert talk.standings() == [Standing.REVOKED, Standing.IN_FORCE]
    assert talk.exceptions()[-1].created_by == "grace"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("/mw accept until 2001-01-01 because", "2001-01-01 has passed"),
        ("/mw accept for 366d because", "up to"),
        ("/mw accept for 99999 days because", "up to"),
        ("/mw accept until 2027-02-30 because", "`2027-02-30` is not an end"),
        ("/mw fp", "needs a reason"),
        ("/mw fpp a constant", "Did you mean `/mw fp #812 the reason`?"),
        ("/mw frobnicate", "There is no command `frobnicate`"),
        ("/mw fp #0 a constant", "`#0` is not the number"),
        ("/mw merge cancle", "Did you mean `/mw merge cancel`?"),
        ("> quoted\n/mw fp a constant", "directly below a quotation"),
        (f"/mw fp {'x' * 2001}", "The reason is too long"),
    ],
)
def test_what_is_wrong_with_a_command_is_said_with_an_example(workshop: Workshop, text: str, said: str) -> None:
    talk = Talk(workshop)
    note = talk.write(talk.person(), text, talk.thread)
    assert talk.hear(note) == "misread"
    assert said in talk.answers()[-1]
    assert (talk.reaction(note), talk.exceptions(), talk.status()) == (["warning"], [], "failed")


def test_a_finding_of_another_project_or_merge_request_is_none_of_this_one(workshop: Workshop) -> None:
    talk, other = Talk(workshop), Talk(workshop)
    alice = talk.person()
    workshop.gitlab.add_member(other.project, alice, DEVELOPER)
    for number in (other.number, 999_999_999_999_999_999):
        assert talk.say(alice, f"/mw fp #{number} a constant", alone=True) == "misread"
        # Alike, so that nobody learns of findings that he may not see.
        assert f"`#{number}` is not a finding of this merge request" in talk.answers()[-1]
        assert talk.say(alice, f"/mw explain #{number}", alone=True) == "answered"
        assert f"`#{number}` is not a finding of this merge request" in talk.answers()[-1]
    assert other.exceptions() == []


def test_outside_a_thread_the_number_is_asked_for(workshop: Workshop) -> None:
    talk = Talk(workshop)
    assert talk.say(talk.person(), "/mw fp a constant", alone=True) == "misread"
    assert "Say which finding you mean" in talk.answers()[-1]


def test_a_bare_number_in_a_thread_is_not_taken_for_another_finding(workshop: Workshop) -> None:
    talk = Talk(workshop)
    assert talk.say(talk.person(), f"/mw fp {talk.number + 1} reasons") == "misread"
    assert f"This is the thread of `#{talk.number}`" in talk.answers()[-1]
    assert talk.say(talk.person(), f"/mw fp {talk.number} a constant") == "done"
    assert [made.reason for made in talk.exceptions()] == ["a constant"]


def test_a_forged_marker_makes_no_thread_of_a_finding(workshop: Workshop) -> None:
    talk = Talk(workshop)
    body = parse(talk.thread.notes[0].body)[1]
    assert body is not None
    forged = talk.workshop.gitlab.comment(
        talk.request, workshop.ada, with_marker("Mine", Marker(MarkerKind.FINDING, body.fingerprint)), thread=True
    )
    where = next(one for one in workshop.gitlab.discussions(talk.request) if forged in one.notes)
    assert talk.hear(talk.write(talk.person(), "/mw fp a constant", where)) == "misread"
    assert talk.exceptions() == []


# --- edited code ------------------------------------------------------------------------------------------------------


def flagged(word: str, last: str = "four") -> str:
    return f"one\ntwo\nflag RULE {word}\nthree\n{last}\n"


def changed(workshop: Workshop, **more: str) -> Talk:
    """The flagged line is edited after it was judged."""
    talk = Talk(workshop, **more)
    policy = f"version: 1\nsuppressions: {{second_person: {talk.second_person}}}\n"
    talk.project = workshop.project({".mergewarden.yml": policy, "m.py": flagged("old")})
    talk.request = workshop.open({"m.py": flagged("new")}, talk.project)
    workshop.scan(talk.request)
    return talk


def test_a_second_person_confirms_edited_code_as_it_is_now(workshop: Workshop) -> None:
    talk = changed(workshop)
    with session(workshop.services.store) as reading:
        (seen,) = [one for one in findings.sightings(reading, talk.number) if one.ref == f"!{talk.request.iid}"]
    assert seen.presence is Presence.CHANGED
    assert talk.say(workshop.ada, "/mw confirm") == "refused"
    assert talk.status() == "failed"
    assert talk.say(talk.person(), "/mw confirm harmless here") == "done"
    assert talk.status() == "success"
    with session(workshop.services.store) as reading:
        said = confirmations.confirmed_on(reading, talk.project.id, talk.request.iid)[talk.number]
        code = findings.code_on(reading, talk.number, f"!{talk.request.iid}")
    assert code is not None
    assert said.reason == "harmless here"
    assert said.fits(code, seen.changed_at)
    assert not said.fits(code, datetime.now(UTC))
    assert not said.fits("other", seen.changed_at)
    assert talk.say(talk.person(), "/mw confirm") == "unchanged"
    assert "confirmed" in talk.answers()[-1]
    assert talk.say(talk.person(), "/mw reopen a mistake") == "done"
    assert talk.status() == "failed"
    with session(workshop.services.store) as reading:
        assert confirmations.confirmed_on(reading, talk.project.id, talk.request.iid) == {}
    assert [action for action, _ in talk.logged()] == ["finding.code_confirmed", "finding.code_unconfirmed"]


def test_confirming_edited_code_renews_the_dismissal_of_the_code_before(workshop: Workshop) -> None:
    talk = Talk(workshop)
    talk.project = workshop.project({"m.py": flagged("old")})
    talk.request = workshop.open({"m.py": flagged("old", "five")}, talk.project)
    workshop.scan(talk.request)
    end = datetime.now(UTC) + timedelta(days=20)
    with write_session(workshop.services.store) as writing:
        # Nothing new, so no thread says its number.
        (known,) = findings.page(writing, project_id=talk.project.id).findings
        decide(
            writing,
            known.id,
            state=TriageState.DISMISSED,
            justification=Justification.NOT_APPLICABLE,
            reason="never reached",
            actor="zoe",
            now=datetime.now(UTC),
            rules=workshop.services.policy().policy.suppressions,
            expires_at=end,
        )
    workshop.gitlab.commit(talk.project, "feature", {"m.py": flagged("new", "five")}, author=workshop.ada)
    assert workshop.scan(talk.request) == "failed"
    assert talk.say(workshop.ada, "/mw confirm") == "refused"
    assert talk.say(workshop.grace, "/mw confirm") == "done"
    first, second = talk.exceptions()
    assert (first.standing(datetime.now(UTC)), second.standing(datetime.now(UTC))) == (Standing.IN_FORCE,) * 2
    assert (second.reason, second.created_by, second.expires_at) == ("never reached", "grace", first.expires_at)
    assert talk.status() == "success"


def test_a_request_about_edited_code_takes_away_nothing_that_is_in_force_elsewhere(workshop: Workshop) -> None:
    talk = Talk(workshop)
    talk.project = workshop.project({"m.py": flagged("old")})
    talk.request = workshop.open({"m.py": flagged("old", "five")}, talk.project)
    workshop.scan(talk.request)
    with write_session(workshop.services.store) as writing:
        (known,) = findings.page(writing, project_id=talk.project.id).findings
        decide(
            writing,
            known.id,
            state=TriageState.DISMISSED,
            justification=Justification.NOT_APPLICABLE,
            reason="never reached",
            actor="zoe",
            now=datetime.now(UTC),
            rules=workshop.services.policy().policy.suppressions,
            expires_at=datetime.now(UTC) + timedelta(days=20),
        )
    # The same code as far as hashes go, but an edit.
    workshop.gitlab.commit(talk.project, "feature", {"m.py": flagged("  old", "five")}, author=workshop.ada)
    assert workshop.scan(talk.request) == "failed"
    assert talk.say(workshop.ada, "/mw fp a constant") == "requested"
    assert talk.standings() == [Standing.IN_FORCE, Standing.WAITING]


def test_what_is_neither_asked_for_nor_edited_cannot_be_confirmed(workshop: Workshop) -> None:
    talk = Talk(workshop)
    assert talk.say(talk.person(), "/mw confirm") == "unchanged"
    assert "there is nothing to confirm" in talk.answers()[-1]
    assert talk.status() == "failed"


def test_a_click_on_resolve_does_not_do_what_a_command_may_not(workshop: Workshop) -> None:
    talk = changed(workshop, second_person="always")
    bob, carol = talk.person(), talk.person()
    thread = talk.thread
    for who in (bob, workshop.ada):
        workshop.gitlab.resolve(talk.request, thread, by=who)
        assert workshop.sync(talk.request) == "failed"
        assert (talk.status(), thread.resolved) == ("failed", False)
    # Whoever pushed to it is no second person either, whatever his role.
    workshop.gitlab.add_member(talk.project, carol, MAINTAINER)
    with write_session(workshop.services.store) as writing:
        contributors.add_contributor(writing, talk.project.id, talk.request.iid, carol.id)
    workshop.gitlab.resolve(talk.request, thread, by=carol)
    assert workshop.sync(talk.request) == "failed"
    workshop.gitlab.resolve(talk.request, thread, by=workshop.grace)
    assert workshop.sync(talk.request) == "passed"
    assert (talk.status(), thread.resolved) == ("success", True)


def test_a_thread_that_was_resolved_before_the_last_edit_confirms_nothing(workshop: Workshop) -> None:
    talk = changed(workshop)
    thread = talk.thread
    workshop.gitlab.resolve(talk.request, thread, by=workshop.grace)
    assert workshop.sync(talk.request) == "passed"
    # There and back: the same text, as a secret always looks the same once its value is taken out.
    workshop.gitlab.commit(talk.project, "feature", {"m.py": flagged("other")}, author=workshop.ada)
    assert workshop.scan(talk.request) == "failed"
    workshop.gitlab.commit(talk.project, "feature", {"m.py": flagged("new")}, author=workshop.ada)
    assert workshop.scan(talk.request) == "failed"
    assert not thread.resolved
    workshop.gitlab.resolve(talk.request, thread, by=workshop.grace)
    assert workshop.sync(talk.request) == "passed"


def test_code_that_was_edited_meanwhile_is_not_what_a_person_looked_at(workshop: Workshop) -> None:
    talk = changed(workshop)
    note = talk.write(workshop.grace, "/mw confirm", talk.thread)
    workshop.gitlab.commit(talk.project, "feature", {"m.py": flagged("evil")}, author=workshop.ada)
    workshop.scan(talk.request)
    assert talk.hear(note) == "refused"
    assert "was edited since you looked at it" in talk.answers()[-1]
    assert talk.say(workshop.grace, "/mw confirm") == "done"


def test_a_request_does_not_outlive_the_code_that_it_was_about(workshop: Workshop) -> None:
    talk = changed(workshop)
    assert talk.say(workshop.ada, "/mw fp a constant") == "requested"
    workshop.gitlab.commit(talk.project, "feature", {"m.py": flagged("evil")}, author=workshop.ada)
    workshop.scan(talk.request)
    assert talk.say(workshop.grace, "/mw confirm") == "done"
    assert [made.approved_by for made in talk.exceptions()] == [""]


NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("edited", "written", "shown"),
    [
        (None, 0, True),
        (-10, -9, True),
        (-10, -11, False),
        (0, 2, True),  # seen by the last scan, and written after it was recorded
        (0, 0.5, False),  # while it ran
        (1.5, 3, False),  # by a scan that is not shown yet
        (0, None, False),
    ],
)
def test_a_person_sees_an_edit_once_the_scan_is_recorded(
    edited: float | None, written: float | None, shown: bool
) -> None:
    last = ScanTimes(NOON, NOON + MINUTE)
    at = None if edited is None else NOON + edited * MINUTE
    assert was_shown(at, last, None if written is None else NOON + written * MINUTE) is shown


# --- taking back ------------------------------------------------------------------------------------------------------


def test_a_word_is_taken_back_and_the_finding_counts_again(workshop: Workshop) -> None:
    talk = Talk(workshop)
    alice = talk.person()
    assert talk.say(alice, "/mw fp a constant") == "done"
    assert talk.status() == "success"
    assert talk.say(workshop.ada, "/mw reopen I was wrong") == "refused"
    assert talk.say(talk.person(), "/mw reopen it is reached") == "done"
    assert (talk.standings(), talk.judged(), talk.status()) == ([Standing.REVOKED], TriageState.DETECTED, "failed")
    assert not talk.thread.resolved
    assert talk.say(talk.person(), "/mw reopen it is reached") == "unchanged"
    assert [action for action, _ in talk.logged()] == ["finding.decided"] * 2


def test_who_asked_may_take_his_own_request_back_and_nothing_else(workshop: Workshop) -> None:
    talk = Talk(workshop, second_person="always")
    alice = talk.person()
    assert talk.say(alice, "/mw fp a constant") == "requested"
    assert talk.say(talk.person(), "/mw reopen no") == "refused"
    assert talk.say(alice, "/mw reopen I was wrong") == "done"
    assert (talk.standings(), talk.judged()) == ([Standing.REVOKED], TriageState.DETECTED)
    assert talk.say(workshop.grace, "/mw fp a constant") == "done"
    assert talk.say(alice, "/mw reopen no") == "refused"
    assert talk.standings() == [Standing.REVOKED, Standing.IN_FORCE]


# --- who is heard -----------------------------------------------------------------------------------------------------


def test_a_stranger_is_not_answered_and_changes_nothing(workshop: Workshop) -> None:
    talk = Talk(workshop)
    for text in ("/mw fp a constant", "/mw help", "/mw frobnicate", "/mw merge"):
        note = talk.write(talk.person(None), text, talk.thread)
        workshop.gitlab.clear_log()
        assert talk.hear(note) == "ignored"
        assert workshop.gitlab.writes() == []
    assert talk.exceptions() == []


@pytest.mark.parametrize("level", [GUEST, 15, REPORTER, 25])
def test_members_below_developer_may_ask_and_nothing_else(workshop: Workshop, level: int) -> None:
    talk = Talk(workshop)
    carol = talk.person(level)
    for text in ("/mw fp a constant", "/mw confirm", "/mw rescan", "/mw merge", "/mw frobnicate", "/mw reopen no"):
        assert talk.say(carol, text) == "refused"
        assert "at least the role Developer" in talk.answers()[-1]
    assert talk.say(carol, "/mw explain") == "answered"
    assert talk.exceptions() == []


def test_whose_membership_waits_or_has_ended_is_a_stranger(workshop: Workshop) -> None:
    talk = Talk(workshop)
    blocked, ended, waiting = talk.person(), talk.person(), talk.person()
    workshop.gitlab.block(blocked)
    workshop.gitlab.add_member(talk.project, ended, MAINTAINER, expires_at="2020-01-01")
    workshop.gitlab.add_member(talk.project, waiting, MAINTAINER, membership_state="awaiting")
    for person in (blocked, ended, waiting):
        assert talk.say(person, "/mw fp a constant") == "ignored"
    assert talk.exceptions() == []


# --- how a note is heard ----------------------------------------------------------------------------------------------


def test_an_edited_note_is_not_obeyed_and_its_writer_is_told(workshop: Workshop) -> None:
    talk = Talk(workshop)
    note = talk.write(talk.person(), "/mw explain", talk.thread)
    announced = text_digest(note.body)
    workshop.gitlab.edit_note(talk.request, note, "/mw fp a constant", by=workshop.grace)
    assert talk.hear(note, announced) == "edited"
    assert (talk.exceptions(), talk.reaction(note)) == ([], ["warning"])
    assert "edited commands are not obeyed" in talk.answers()[-1]
    # Nor when it comes again, by whatever way.
    assert talk.hear(note) == "edited"
    assert talk.exceptions() == []


def test_a_note_that_is_gone_does_nothing(workshop: Workshop) -> None:
    talk = Talk(workshop)
    note = talk.write(talk.person(), "/mw fp a constant", talk.thread)
    workshop.gitlab.delete_note(talk.request, note, by=note.author)
    assert talk.hear(note) == "gone"
    assert talk.exceptions() == []


def test_our_own_and_internal_notes_are_not_obeyed(workshop: Workshop) -> None:
    talk = Talk(workshop)
    own = talk.write(workshop.user, "/mw fp a constant", talk.thread)
    internal = talk.write(workshop.grace, "/mw fp a constant", talk.thread)
    internal.internal = True
    assert [talk.hear(note) for note in (own, internal)] == ["not_for_us", "not_for_us"]
    quoted = talk.write(workshop.grace, "```\n/mw fp a constant\n```", talk.thread)
    assert talk.hear(quoted) == "no_command"
    assert (talk.exceptions(), talk.answers()) == ([], [])


def test_several_commands_in_a_note_are_answered_together(workshop: Workshop) -> None:
    talk = Talk(workshop)
    note = talk.write(talk.person(), "Done with this.\n/mw fp a constant\n/mw frobnicate\n/mw help", talk.thread)
    assert talk.hear(note) == "misread"
    assert len(talk.exceptions()) == 1
    (answer,) = talk.answers()
    assert "→ `/mw frobnicate`" in answer
    assert "→ `/mw help`" in answer
    assert "→ `/mw fp" not in answer
    with session(workshop.services.store) as reading:
        handled = commands.get(reading, talk.project.id, note.id)
    assert handled is not None
    assert (handled.verb, handled.result, handled.answered) == ("fp +2", Result.MISREAD, True)


def test_a_plain_note_is_answered_by_one_that_nobody_has_to_resolve(workshop: Workshop) -> None:
    talk = Talk(workshop)
    before = sum(one.notes[0].resolvable for one in workshop.gitlab.discussions(talk.request))
    assert talk.say(talk.person(), "/mw help", alone=True) == "answered"
    assert sum(one.notes[0].resolvable for one in workshop.gitlab.discussions(talk.request)) == before
    assert talk.answers()[-1].startswith("→ `/mw help`")


def test_a_closed_merge_request_is_explained_and_not_decided_about(workshop: Workshop) -> None:
    talk = Talk(workshop)
    alice, number = talk.person(), talk.number
    workshop.gitlab.close(talk.request)
    for job in workshop.submit(CloseMergeRequest(talk.project.id, talk.request.iid, merged=False)):
        workshop.outcome([job])
    assert talk.say(alice, "/mw fp a constant") == "refused"
    assert "not open any more" in talk.answers()[-1]
    assert talk.say(alice, "/mw rescan") == "refused"
    assert talk.say(alice, f"/mw explain #{number}") == "answered"


def test_a_thread_of_commands_is_closed_by_us_and_one_where_people_talk_is_not(
    workshop: Workshop,
) -> None:
    talk = Talk(workshop)
    assert talk.say(workshop.ada, "/mw fp a constant") == "requested"
    assert talk.say(talk.person(), "/mw confirm") == "done"
    assert talk.thread.resolved
    other = Talk(workshop)
    other.write(workshop.ada, "I do not think so.", other.thread)
    assert other.say(other.person(), "/mw fp a constant") == "done"
    assert (other.status(), other.thread.resolved) == ("success", False)


# --- once, whatever happens -------------------------------------------------------------------------------------------


def test_a_note_that_is_announced_twice_is_obeyed_once(workshop: Workshop) -> None:
    talk = Talk(workshop)
    note = talk.write(talk.person(), "/mw fp a constant\n/mw help", talk.thread)
    digest = text_digest(note.body)
    for _ in range(3):
        handle_note(workshop.services, workshop.queue, talk.project.id, talk.request.iid, note.id, digest)
    assert (len(talk.exceptions()), len(talk.answers()), talk.reaction(note)) == (1, 1, ["thumbsup"])
    talk.settle()


@pytest.mark.parametrize("where", [r"/notes$", r"/award_emoji$"])
@pytest.mark.parametrize(
    "fault", [Fault(faults.BAD_GATEWAY), Fault(action="handle_then_reset")], ids=["lost", "answer lost"]
)
def test_what_was_decided_is_answered_after_a_crash_and_not_decided_again(
    workshop: Workshop, where: str, fault: Fault
) -> None:
    talk = Talk(workshop)
    note = talk.write(workshop.ada, "/mw fp a constant", talk.thread)
    # Six attempts, and the last one works.
    workshop.gitlab.faults.add("POST", where, *[fault] * 5)
    assert talk.hear(note) == "requested"
    assert (talk.standings(), len(talk.answers()), talk.reaction(note)) == ([Standing.WAITING], 1, ["eyes"])
    with session(workshop.services.store) as reading:
        assert len(triage.history(reading, talk.number)) == 1


def test_nobody_is_heard_while_gitlab_does_not_say_who_he_is(workshop: Workshop) -> None:
    talk = Talk(workshop)
    note = talk.write(talk.person(), "/mw fp a constant", talk.thread)
    workshop.gitlab.faults.add("GET", r"/members/all/", status=503, times=1000)
    digest = text_digest(note.body)
    with pytest.raises(Exception, match="503"):
        handle_note(workshop.services, workshop.queue, talk.project.id, talk.request.iid, note.id, digest)
    assert (talk.exceptions(), talk.answers(), talk.reaction(note)) == ([], [], [])
    workshop.gitlab.faults.clear()
    assert talk.hear(note) == "done"


def test_a_locked_conversation_loses_the_answer_and_not_the_decision(workshop: Workshop) -> None:
    talk = Talk(workshop)
    note = talk.write(workshop.ada, "/mw fp a constant", talk.thread)
    workshop.gitlab.faults.add("POST", r"/notes$", status=403, times=1)
    assert talk.hear(note) == "requested"
    assert (talk.standings(), talk.answers()) == ([Standing.WAITING], [])


def test_a_wrong_policy_is_an_answer_too(workshop: Workshop) -> None:
    talk = Talk(workshop)
    note = talk.write(talk.person(), "/mw fp a constant", talk.thread)
    file = workshop.folder / "policy.yaml"
    file.write_text("version: nonsense\n")
    try:
        assert talk.hear(note) == "refused"
    finally:
        file.write_text(POLICY)
    assert "the configuration or policy is wrong" in talk.answers()[-1]
    assert talk.exceptions() == []


def test_a_command_line_and_a_note_that_decide_at_once_leave_one_decision(workshop: Workshop) -> None:
    talk = Talk(workshop)
    assert talk.say(workshop.ada, "/mw fp a constant") == "requested"
    (made,) = talk.exceptions()
    with write_session(workshop.services.store) as writing:
        approve_suppression(writing, made.id, actor="zoe", now=datetime.now(UTC))
    assert talk.say(workshop.grace, "/mw confirm") == "unchanged"
    assert [made.approved_by for made in talk.exceptions()] == ["zoe"]


# --- the other verbs --------------------------------------------------------------------------------------------------


def test_rescan_scans_the_same_head_again(workshop: Workshop) -> None:
    talk = Talk(workshop)
    scanned = workshop.services.metrics.jobs.labels("scan_merge_request", "failed")._value.get()
    assert talk.say(talk.person(), "/mw rescan please", alone=True) == "done"
    assert workshop.services.metrics.jobs.labels("scan_merge_request", "failed")._value.get() == scanned + 1


def test_merge_asks_the_merge_bot_and_cancel_takes_it_back(workshop: Workshop) -> None:
    talk = Talk(workshop)
    alice = talk.person()
    assert talk.say(alice, "/mw merge", alone=True) == "requested"
    with session(workshop.services.store) as reading:
        wish = wishes.open_wish(reading, talk.project.id, talk.request.iid)
    assert wish is not None
    assert (wish.asked_by, wish.asked_by_id, wish.target_branch) == (alice.username, alice.id, "main")
    assert talk.say(alice, "/mw merge cancel", alone=True) == "done"
    assert talk.say(alice, "/mw merge cancel", alone=True) == "unchanged"
    with session(workshop.services.store) as reading:
        assert wishes.open_wish(reading, talk.project.id, talk.request.iid) is None
    assert talk.request.state == "opened"
    assert talk.logged() == [("merge.asked", alice.username), ("merge.taken_back", alice.username)]


def test_explain_says_why_it_counts_and_what_people_said(workshop: Workshop) -> None:
    talk = Talk(workshop, second_person="always")
    alice = talk.person()
    assert talk.say(alice, "/mw explain") == "answered"
    assert f"`#{talk.number}`" in talk.answers()[-1]
    assert "Blocks the merge: policy rule `whatever the fake says`" in talk.answers()[-1]
    assert talk.say(alice, "/mw accept behind the firewall") == "requested"
    assert talk.say(alice, f"/mw explain {talk.number}", alone=True) == "answered"
    assert f"`{alice.username}` asked for an exception" in talk.answers()[-1]
    assert talk.say(workshop.grace, "/mw confirm") == "done"
    assert talk.say(alice, "/mw explain") == "answered"
    assert "Does not count: risk accepted by" in talk.answers()[-1]
    assert talk.say(alice, "/mw explain", alone=True) == "answered"
    assert "Passed" in talk.answers()[-1]


def test_answers_speak_the_language_of_the_policy(workshop: Workshop) -> None:
    talk = Talk(workshop, extra="language: zh-CN\n")
    assert talk.say(workshop.ada, "/mw fp 常量") == "requested"
    assert "正在等待第二人确认" in talk.answers()[-1]
    assert talk.say(talk.person(), "／ｍｗ　ｆｐ：常量") == "done"


def test_no_answer_mentions_anybody_or_runs_anything(workshop: Workshop) -> None:
    talk = Talk(workshop)
    alice = talk.person()
    executed = len(workshop.gitlab.executed_quick_actions)
    for text in (
        "/mw fp @all /merge #1 !2 <!-- x -->",
        "/mw @root",
        "/mw /close",
        "/mw explain",
        "/mw merge\u2028/approve",
        "/mw fp #12/close",
        "/mw accept until `/close` @ada",
    ):
        talk.say(alice, text)
    bot = workshop.user.id
    ours = [note for one in talk.read() for note in one.notes if note.author_id == bot]
    assert len(ours) > 7
    assert all(marker_of(note, bot) is not None for note in ours)
    assert [mention for mention in workshop.gitlab.mentions if mention.by == workshop.user.username] == []
    assert len(workshop.gitlab.executed_quick_actions) == executed


# --- missed webhooks --------------------------------------------------------------------------------------------------


def test_commands_that_no_delivery_announced_are_found(workshop: Workshop) -> None:
    talk = Talk(workshop)
    alice = talk.person()
    long_ago = datetime.now(UTC) - timedelta(days=1)
    missed = talk.write(alice, "/mw fp a constant", talk.thread)
    talk.write(alice, "Just words.", talk.thread)
    talk.write(workshop.user, "/mw help")
    edited = talk.write(alice, "words")
    workshop.gitlab.edit_note(talk.request, edited, "/mw reopen no", by=alice)

    def found(since: datetime = long_ago) -> list[HandleNote]:
        with session(workshop.services.store) as reading:
            known = commands.known_notes(reading, talk.project.id, talk.request.iid)
        place = {"project_id": talk.project.id, "iid": talk.request.iid}
        return list(missed_commands(talk.read(), known, workshop.user.id, since, **place))

    assert [job.note_id for job in found()] == [missed.id, edited.id]
    assert found(datetime.now(UTC) + timedelta(days=1)) == []
    assert [workshop.outcome(workshop.submit(job)) for job in found()] == ["done", "edited"]
    talk.settle()
    assert found() == []
    assert (talk.standings(), talk.status()) == ([Standing.IN_FORCE], "success")
