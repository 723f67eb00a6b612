"""Subscriptions: what can be one, when something is sent, and what becomes one message."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.maturity.period import PeriodKind
from bot.domain.maturity.scope import ORGANISATION, Scope
from bot.domain.maturity.subscription import (
    GIVE_UP_AFTER,
    Audience,
    Channel,
    QuietHours,
    Subscription,
    SubscriptionError,
    Wanted,
    check,
    digests,
    next_attempt,
    not_before,
    parse_quiet,
    shown_target,
    unserved,
)
from bot.texts import Language

NOW = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)
BOARD = Wanted(
    name="Board",
    channel=Channel.EMAIL,
    target="anna@example.com",
    audience=Audience.MANAGEMENT,
    scope=ORGANISATION,
    periods=(PeriodKind.MONTH,),
    formats=("pdf",),
    language=Language.CHINESE,
    time_zone="Asia/Shanghai",
)


def subscription(number: int, **changes: object) -> Subscription:
    made = Subscription(
        id=number,
        name="Board",
        channel=Channel.EMAIL,
        shown_target="anna@example.com",
        audience=Audience.MANAGEMENT,
        scope=ORGANISATION,
        periods=(PeriodKind.MONTH,),
        formats=("pdf",),
        language=Language.CHINESE,
        time_zone="UTC",
        quiet=None,
        acknowledge=False,
        created_by="ada",
        created_by_id=None,
        created_at=NOW,
        disabled_at=None,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def test_what_is_right_is_tidied() -> None:
    made = check(
        replace(
            BOARD,
            name="  The  board ",
            target=" anna@example.com,ben@example.com , anna@example.com",
            periods=(PeriodKind.YEAR, PeriodKind.WEEK),
            formats=("xlsx", "pdf", "pdf"),
        )
    )
    assert made.name == "The board"
    assert made.target == "anna@example.com, ben@example.com"
    assert made.periods == (PeriodKind.WEEK, PeriodKind.YEAR)
    assert made.formats == ("pdf", "xlsx")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"name": " "}, "needs a name"),
        ({"name": "x" * 101}, "needs a name"),
        ({"name": "a\u202eb"}, "needs a name"),
        ({"periods": ()}, "kinds of periods"),
        ({"periods": (PeriodKind.NIGHT,)}, "kinds of periods"),
        ({"formats": ()}, "needs formats"),
        ({"formats": ("exe",)}, "needs formats"),
        ({"time_zone": "Mars/Olympus"}, "time zone"),
        ({"time_zone": "../../etc/passwd"}, "time zone"),
        ({"time_zone": ""}, "time zone"),
        ({"target": ""}, "needs a target"),
        ({"target": "anna@example.com\r\nBcc: x@example.com"}, "needs a target"),
        ({"target": "Anna <anna@example.com>"}, "not an e-mail address"),
        ({"target": "somebody"}, "not an e-mail address"),
        ({"target": ",".join(f"a{n}@example.com" for n in range(21))}, "at most 20"),
        ({"channel": Channel.GITLAB_ISSUE, "target": "no-path-at-all"}, "full path of a project"),
        ({"channel": Channel.GITLAB_WIKI, "target": "https://gitlab.example.com/a/b"}, "full path of a project"),
        ({"channel": Channel.CHAT, "target": "file:///etc/passwd"}, "address of a chat"),
        ({"channel": Channel.CHAT, "target": "syslog://"}, "address of a chat"),
        ({"channel": Channel.CHAT, "target": "json://127.0.0.1"}, "address of a chat"),
        ({"channel": Channel.CHAT, "target": "//[secret"}, "address of a chat"),
        ({"channel": Channel.CHAT, "target": "slack:secret"}, "address of a chat"),
    ],
)
def test_what_cannot_be_says_why_and_never_shows_the_target(changes: dict[str, object], says: str) -> None:
    with pytest.raises(SubscriptionError) as caught:
        check(replace(BOARD, **changes))  # type: ignore[arg-type]
    assert says in str(caught.value)
    target = str(changes.get("target") or "nothing to hide")
    assert target not in str(caught.value) + caught.value.hint


def test_of_a_chat_nothing_is_shown_but_which_one_it_is() -> None:
    assert shown_target(Channel.CHAT, "dingtalk://secret-token@secret") == "dingtalk://…"
    assert shown_target(Channel.CHAT, "mmost://[secret") == "mmost://…"
    assert shown_target(Channel.CHAT, "secret") == "chat://…"
    assert shown_target(Channel.EMAIL, "anna@example.com") == "anna@example.com"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("22:00-08:00", QuietHours(1320, 480)), (" 12:30 - 13:00 ", QuietHours(750, 780)), ("", None)],
)
def test_quiet_hours_are_read(text: str, expected: QuietHours | None) -> None:
    assert parse_quiet(text) == expected


@pytest.mark.parametrize("text", ["22:00", "22-8-9", "25:00-08:00", "08:00-08:00", "night"])
def test_what_are_no_quiet_hours_is_refused(text: str) -> None:
    with pytest.raises(SubscriptionError, match="quiet hours"):
        parse_quiet(text)


@pytest.mark.parametrize(
    ("hour", "expected"),
    # In Shanghai it is eight hours later: 22:00 to 08:00 there is 14:00 to 00:00 in UTC.
    [(13, 13), (14, 24), (23, 24), (0, 0), (6, 6)],
)
def test_in_quiet_hours_a_message_waits_for_their_end(hour: int, expected: int) -> None:
    midnight = datetime(2026, 11, 2, tzinfo=UTC)
    sent = not_before(midnight + timedelta(hours=hour), QuietHours(1320, 480), "Asia/Shanghai")
    assert sent == midnight + timedelta(hours=expected)


@given(
    st.integers(0, 366 * 24 * 60).map(lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)),
    st.integers(0, 1439),
    st.integers(0, 1439),
    st.sampled_from(["UTC", "Asia/Shanghai", "Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns"]),
)
def test_it_never_waits_longer_than_a_day_and_never_back(now: datetime, start: int, end: int, zone: str) -> None:
    if start == end:
        return
    sent = not_before(now, QuietHours(start, end), zone)
    assert timedelta() <= sent - now <= timedelta(hours=25)
    assert not_before(now, None, zone) == now


def test_pauses_grow_and_end_after_three_days() -> None:
    pauses = [next_attempt(NOW, attempts, NOW) for attempts in range(1, 9)]
    assert all(one is not None for one in pauses)
    waits = [one - NOW for one in pauses if one is not None]
    assert waits == sorted(waits)
    assert waits[0] == timedelta(minutes=1)
    assert waits[-1] == timedelta(hours=12)
    assert next_attempt(NOW, 20, NOW + GIVE_UP_AFTER) is None


def test_what_goes_to_one_target_in_one_language_is_one_message() -> None:
    one, two = subscription(1), subscription(2)
    english = subscription(3, language=Language.ENGLISH)
    security = subscription(4, audience=Audience.SECURITY)
    due = [
        ("a", one, "anna@example.com"),
        ("b", two, "anna@example.com"),
        ("c", two, "ben@example.com"),
        ("d", english, "anna@example.com"),
        ("e", security, "anna@example.com"),
    ]
    assert digests(due) == (("a", "b"), ("c",), ("d",), ("e",))


@pytest.mark.parametrize("channel", [Channel.GITLAB_ISSUE, Channel.GITLAB_WIKI])
def test_an_issue_or_page_is_about_one_summary(channel: Channel) -> None:
    page = subscription(1, channel=channel)
    assert digests([("a", page, "x/y"), ("b", page, "x/y"), ("c", page, "x/y")]) == (("a",), ("b",), ("c",))


@pytest.mark.parametrize(
    ("scope", "gone"),
    [
        (ORGANISATION, False),
        (Scope.of_project(1), False),
        (Scope.of_project(-3), False),
        (Scope.of_project(2), True),
        (Scope.of_group("store"), False),
        (Scope.of_group("STORE/Web"), False),
        (Scope.of_group("shop"), True),
        (Scope.of_group("stor"), True),
        (Scope.of_group("store/web/till"), True),
    ],
)
def test_a_subscription_of_which_nothing_is_served_is_told(scope: Scope, gone: bool) -> None:
    paths = {1: "Store/web/till", -3: "local/import"}
    assert unserved([subscription(7, scope=scope)], paths) == ({7} if gone else set())


def test_without_projects_nothing_is_served() -> None:
    known = [subscription(1), subscription(2, scope=Scope.of_group("shop")), subscription(3, scope=Scope.of_project(1))]
    assert unserved(known, {}) == {1, 2, 3}


_PATHS = st.lists(st.sampled_from(["a", "B", "b", "ß", "ss", "c.d"]), min_size=2, max_size=4).map("/".join)


@given(
    st.dictionaries(st.integers(1, 5), _PATHS, max_size=5),
    st.lists(st.sampled_from(["A", "b", "ss", "c.d"]), min_size=1),
)
def test_served_is_what_a_scope_covers(paths: dict[int, str], words: list[str]) -> None:
    scopes = [ORGANISATION, Scope.of_project(1), Scope.of_group("/".join(words))]
    known = [subscription(number, scope=scope) for number, scope in enumerate(scopes)]
    covered = {one.id for one in known if any(one.scope.covers(number, path) for number, path in paths.items())}
    assert unserved(known, paths) == {0, 1, 2} - covered
