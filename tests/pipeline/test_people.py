"""Whose commits are whose, and who a person is to a merge request."""

from __future__ import annotations

import pytest

from bot.gitlab.model import Commit, Profile
from bot.pipeline.people import CannotTell, person_of, wrote
from bot.store.contributors import add_contributor
from bot.store.engine import write_session
from tests.pipeline.workshop import Workshop
from tests.standin import DEVELOPER, MAINTAINER

ADA = Profile(7, "ada", "Ada Lovelace", "Ada@example.com")


@pytest.mark.parametrize(
    ("name", "email", "his"),
    [
        ("Ada Lovelace", "other@example.com", True),
        ("ada  LOVELACE", "other@example.com", True),
        ("ADA", "other@example.com", True),
        ("Somebody", "ada@EXAMPLE.com", True),
        ("Somebody", "7-ada@users.noreply.gitlab.example", True),
        # The number is what stays when the name changes.
        ("Somebody", "7-old.name@users.noreply.gitlab.example", True),
        ("Somebody", "77-ada@users.noreply.gitlab.example", False),
        ("Somebody", "7-ada@example.com", False),
        ("Grace", "grace@example.com", False),
        ("", "", False),
    ],
)
def test_a_commit_is_whose_name_or_address_it_carries(name: str, email: str, his: bool) -> None:
    others = Commit("b", "Grace", "grace@example.com", "Grace", "grace@example.com")
    assert wrote(ADA, [others, Commit("a", name, email, "Grace", "grace@example.com")]) is his
    assert wrote(ADA, [others, Commit("a", "Grace", "grace@example.com", name, email)]) is his


def test_who_shows_no_name_and_no_address_wrote_nothing_that_shows_none() -> None:
    nameless = Profile(7, "ada", "", "")
    assert not wrote(nameless, [Commit("a", "", "", "", "")])
    assert not wrote(nameless, [])


def test_a_person_is_asked_for_by_number_with_groups_and_commits(workshop: Workshop) -> None:
    group = workshop.gitlab.create_group("people", visibility="internal")
    made = workshop.open({"a.py": "fine\n"})
    request = workshop.services.gitlab.merge_request(made.project.id, made.iid)
    ada, grace, carol = workshop.ada, workshop.grace, workshop.gitlab.create_user("carol-of-people")

    def who(user_id: int, name: str, security_group: str | None = None) -> tuple[int | None, bool | None, bool, bool]:
        found = person_of(workshop.services, request, user_id, name, security_group=security_group)
        return found.access_level, found.in_security_group, found.is_author, found.is_contributor

    assert who(ada.id, "ada") == (DEVELOPER, None, True, True)
    assert who(grace.id, "grace") == (MAINTAINER, None, False, False)
    assert who(grace.id, "grace", "people") == (MAINTAINER, False, False, False)
    workshop.gitlab.add_member(group, grace, DEVELOPER)
    assert who(grace.id, "grace", "people") == (MAINTAINER, True, False, False)
    # Whoever is no member is not looked up anywhere.
    workshop.gitlab.add_member(group, carol, DEVELOPER)
    workshop.gitlab.clear_log()
    assert who(carol.id, "carol", "people") == (None, None, False, False)
    assert len(workshop.gitlab.request_log) == 1
    with write_session(workshop.services.store) as writing:
        add_contributor(writing, made.project.id, made.iid, grace.id)
    assert who(grace.id, "grace") == (MAINTAINER, None, False, True)
    with pytest.raises(CannotTell) as caught:
        who(grace.id, "grace", "people/nowhere")
    assert (caught.value.group, bool(caught.value.hint)) == ("people/nowhere", True)
