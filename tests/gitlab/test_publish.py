"""Publishing against the stand-in: fallbacks, failures in the middle, answers that get lost, hostile words."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.change import ChangeKind, FileChange, Hunk
from bot.domain.conversation import WantedConversation, WantedThread
from bot.gitlab.client import GitLabClient
from bot.gitlab.comments import CommentPlan, CreateThread, Reply, plan_comments
from bot.gitlab.errors import Forbidden, RateLimited, Unauthorized
from bot.gitlab.positions import LinePosition, position_for
from bot.gitlab.publish import Patience, PublishResult, publish_comments
from bot.reports.markdown import code_block, code_span, plain, prose, quote
from tests.examples import examples
from tests.gitlab.conftest import APP, NoSleep, Scene
from tests.gitlab.conversation import thread, wanted
from tests.standin import Fault, MergeRequest, faults, text

CHANGE = FileChange(ChangeKind.MODIFIED, PurePosixPath("app.py"), PurePosixPath("app.py"), (Hunk(30, 1, 30, 2),))


def plan_for(client: GitLabClient, scene: Scene, made: MergeRequest, want: WantedConversation) -> CommentPlan:
    return plan_comments(
        want,
        client.discussions(scene.project.id, made.iid),
        bot_id=scene.bot.id,
        positions={t.fingerprint: position_for(CHANGE, t.location) for t in want.threads},
    )


def publish(
    client: GitLabClient, scene: Scene, made: MergeRequest, want: WantedConversation, no_sleep: NoSleep
) -> PublishResult:
    request = client.merge_request(scene.project.id, made.iid)
    plan = plan_for(client, scene, made, want)
    return publish_comments(client, request, plan, sleep=no_sleep, patience=Patience())


def places(made: MergeRequest) -> list[str]:
    found = [d.notes[0].position for d in made.discussions if d.resolvable]
    return [p["position_type"] if p else "overview" for p in found]


def test_threads_stand_on_added_unchanged_and_far_away_lines(
    scene: Scene, client: GitLabClient, no_sleep: NoSleep
) -> None:
    made = scene.open()
    want = wanted(thread("a", line=30), thread("b", line=29), thread("c", line=60), thread("d", line=1))
    result = publish(client, scene, made, want, no_sleep)
    assert result.complete
    assert result.created == ("summary", "a", "b", "c", "d")
    assert result.displaced == result.altered == ()
    assert places(made) == ["text"] * 4


def test_publishing_twice_sends_nothing_the_second_time(scene: Scene, client: GitLabClient, no_sleep: NoSleep) -> None:
    made = scene.open()
    want = wanted(thread("a", line=30), thread("b", path="other.py"))
    publish(client, scene, made, want, no_sleep)
    scene.gitlab.clear_log()
    assert publish(client, scene, made, want, no_sleep) == PublishResult()
    assert scene.gitlab.writes() == []


def test_a_finding_lives_through_push_fix_and_return(scene: Scene, client: GitLabClient, no_sleep: NoSleep) -> None:
    made = scene.open()
    want = wanted(thread("a", line=30))
    publish(client, scene, made, want, no_sleep)
    scene.gitlab.commit(scene.project, "feature", {"app.py": APP}, author=scene.ada)
    assert publish(client, scene, made, wanted(), no_sleep).resolved == ("a",)
    assert made.discussions_resolved()
    assert publish(client, scene, made, want, no_sleep).reopened == ("a",)
    scene.gitlab.comment(made, scene.ada, "on it", discussion=made.discussions[1])
    assert publish(client, scene, made, wanted(), no_sleep).replied == ("a",)
    assert publish(client, scene, made, wanted(), no_sleep) == PublishResult()


def test_a_line_that_gitlab_refuses_becomes_a_file_comment_and_an_unknown_file_a_thread(
    scene: Scene, client: GitLabClient, no_sleep: NoSleep
) -> None:
    made = scene.open()
    request = client.merge_request(scene.project.id, made.iid)
    plan = CommentPlan(
        scene.bot.id,
        (
            CreateThread("a", LinePosition("app.py", "app.py", None, 5), "at line", "→ `app.py:5`"),
            CreateThread("b", LinePosition("no.py", "no.py", None, 5), "at line", "→ `no.py:5`"),
        ),
    )
    result = publish_comments(client, request, plan, sleep=no_sleep)
    assert (result.created, result.displaced) == (("a", "b"), ("a", "b"))
    assert places(made) == ["file", "overview"]
    assert [d.notes[0].body for d in made.discussions] == ["→ `app.py:5`", "→ `no.py:5`"]
    assert len([r for r in scene.gitlab.request_log if r.path.endswith("/versions")]) == 1


def test_refs_that_are_not_of_this_merge_request_are_read_again_once(
    scene: Scene, client: GitLabClient, no_sleep: NoSleep
) -> None:
    made = scene.open()
    scene.gitlab.faults.add("POST", "/discussions$", status=400, body={"message": '400 - Note {line_code: ["x"]}'})
    scene.gitlab.commit(scene.project, "main", {"other.txt": "1"}, author=scene.grace)
    request = client.merge_request(scene.project.id, made.iid)
    scene.gitlab.world.recompute(made)
    result = publish_comments(client, request, plan_for(client, scene, made, wanted(thread())), sleep=no_sleep)
    # The first try is the summary's plain note, the refused one the old refs, and then the new refs fit.
    assert result.complete
    assert result.displaced == ()
    assert made.discussions[1].notes[0].position is not None
    assert made.discussions[1].notes[0].position["start_sha"] == made.version.start_sha


def test_a_failure_in_the_middle_loses_nothing_else(scene: Scene, client: GitLabClient, no_sleep: NoSleep) -> None:
    made = scene.open()
    scene.gitlab.faults.add(
        "POST", "/discussions$", faults.FORBIDDEN, when=lambda p: "fp=b" in p.get("body", ""), times=1
    )
    result = publish(client, scene, made, wanted(thread("a"), thread("b"), thread("c")), no_sleep)
    assert result.created == ("summary", "a", "c")
    assert [f.what for f in result.failed] == ["b"]
    assert isinstance(result.failed[0].error, Forbidden)
    assert not result.complete
    assert publish(client, scene, made, wanted(thread("a"), thread("b"), thread("c")), no_sleep).created == ("b",)


def test_rate_limits_are_waited_for_but_not_for_ever(scene: Scene, client: GitLabClient, no_sleep: NoSleep) -> None:
    made = scene.open()
    scene.gitlab.faults.add("POST", "/notes$", faults.rate_limited(7), faults.RATE_LIMITED_ENDPOINT)
    assert publish(client, scene, made, wanted(), no_sleep).complete
    assert no_sleep.slept == [7.0, 2.0]
    no_sleep.slept.clear()
    scene.gitlab.faults.add("POST", "/discussions$", faults.rate_limited(86_400), times=50)
    result = publish(client, scene, made, wanted(*[thread(f"f{n}") for n in range(6)]), no_sleep)
    assert len(result.failed) == 6
    assert all(isinstance(f.error, RateLimited) for f in result.failed)
    assert max(no_sleep.slept) <= Patience().longest_wait
    assert sum(no_sleep.slept) <= Patience().total


def test_an_answer_that_got_lost_makes_no_second_note(scene: Scene, client: GitLabClient, no_sleep: NoSleep) -> None:
    made = scene.open()
    scene.gitlab.faults.add("POST", "/(notes|discussions)$", Fault(action="handle_then_reset"), times=2)
    result = publish(client, scene, made, wanted(thread("a")), no_sleep)
    assert result.complete
    assert len(made.discussions) == 2
    assert publish(client, scene, made, wanted(thread("a")), no_sleep) == PublishResult()


def test_an_outage_in_between_is_lived_through(scene: Scene, client: GitLabClient, no_sleep: NoSleep) -> None:
    made = scene.open()
    scene.gitlab.faults.add("POST", "/discussions$", faults.BAD_GATEWAY, Fault(action="reset"), faults.LOCKED)
    assert publish(client, scene, made, wanted(thread("a")), no_sleep).created == ("summary", "a")


def test_a_server_error_for_a_position_is_answered_with_another_place(
    scene: Scene, client: GitLabClient, no_sleep: NoSleep
) -> None:
    made = scene.open()
    scene.gitlab.faults.add(
        "POST",
        "/discussions$",
        faults.SERVER_ERROR,
        times=9,
        when=lambda p: (p.get("position") or {}).get("position_type") == "text",
    )
    result = publish(client, scene, made, wanted(thread("a")), no_sleep)
    assert (result.displaced, places(made)) == (("a",), ["file"])
    scene.gitlab.faults.clear()
    assert publish(client, scene, made, wanted(thread("a")), no_sleep) == PublishResult()


def test_a_dead_token_ends_it_and_names_everything_that_is_missing(
    scene: Scene, client: GitLabClient, no_sleep: NoSleep
) -> None:
    made = scene.open()
    request = client.merge_request(scene.project.id, made.iid)
    plan = plan_for(client, scene, made, wanted(thread("a"), thread("b")))
    scene.gitlab.revoke(scene.token)
    result = publish_comments(client, request, plan, sleep=no_sleep)
    assert [f.what for f in result.failed] == ["summary", "a", "b"]
    assert {type(f.error) for f in result.failed} == {Unauthorized}
    assert len(scene.gitlab.writes()) == 1


def test_it_stops_when_a_newer_push_is_there(scene: Scene, client: GitLabClient, no_sleep: NoSleep) -> None:
    made = scene.open()
    request = client.merge_request(scene.project.id, made.iid)
    plan = plan_for(client, scene, made, wanted(thread("a"), thread("b")))
    answers = iter([True, True, False])
    result = publish_comments(client, request, plan, still_current=lambda: next(answers), sleep=no_sleep)
    assert result.stopped
    assert not result.complete
    assert result.created == ("summary", "a")


def test_a_text_that_gitlab_changed_is_noticed(scene: Scene, client: GitLabClient, no_sleep: NoSleep) -> None:
    made = scene.open()
    naive = wanted(thread("a", body="Careful:\n/close"))
    result = publish(client, scene, made, naive, no_sleep)
    assert result.altered == ("a",)
    assert [e.command for e in scene.gitlab.executed_quick_actions] == ["close"]


def test_a_thread_of_a_closed_discussion_that_vanished_is_a_failure_and_a_vanished_duplicate_is_not(
    scene: Scene, client: GitLabClient, no_sleep: NoSleep
) -> None:
    made = scene.open()
    publish(client, scene, made, wanted(thread("a")), no_sleep)
    request = client.merge_request(scene.project.id, made.iid)
    plan = CommentPlan(scene.bot.id, (Reply("a", "0" * 40, "text"),))
    assert [f.what for f in publish_comments(client, request, plan, sleep=no_sleep).failed] == ["a"]


NASTY = [
    "/close",
    "\u00a0/merge",
    "@ada @all",
    "&#64;ada",
    "#1 !1 ~bug %1 $1 &1 [vulnerability:1]",
    "```\n/close\n```",
    "````\n/close",
    ">>>\n/close\n>>>",
    "<!-- mergewarden:v1 kind=finding fp=evil d=0123456789abcdef -->",
    "<!--\n/close\n-->",
    "<details>\n\n/close\n\n</details>",
    "`\n/close\n`",
    "| a |\n|---|\n/close",
    "![x](http://evil.example/x.png)",
    "acme/shop#1 0123456789abcdef0123456789abcdef01234567",
    "x\r/close\r\n/merge\u2028/label ~x",
    "~~~\n/close\n~~~",
    "\\/close \\@ada",
    "/CLOſE",
]
fragments = st.lists(st.one_of(st.sampled_from(NASTY), st.text(max_size=15)), min_size=1, max_size=5)


def hostile_body(stranger: str) -> str:
    """Every way in which the reports put a stranger's text into a note."""
    return "\n\n".join(
        [
            f"#### Finding {plain(stranger)}",
            prose(stranger),
            quote(stranger),
            f"In {code_span(stranger)}:",
            code_block(stranger),
        ]
    )


def test_the_standin_would_run_naive_text() -> None:
    """If this fails, the next test proves nothing."""
    assert len([n for n in NASTY if text.quick_actions(f"Finding\n\n{n}")[1]]) == 6
    assert [m for n in NASTY for m in text.mentions(n)] == ["ada", "all", "ada"]
    assert len([r for n in NASTY for r in text.references(n, "http://x")]) >= 7
    assert [i for n in NASTY for i in text.external_images(n)] == ["http://evil.example/x.png"]


@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=fragments, joiner=st.sampled_from(["\n", "\n\n", " ", ""]))
def test_no_hostile_text_does_anything(
    scene: Scene, client: GitLabClient, no_sleep: NoSleep, parts: list[str], joiner: str
) -> None:
    stranger = joiner.join(parts)
    path = f"src/{stranger.replace('/', '_').replace('..', '_') or 'x'}"
    made = next(iter(scene.project.merge_requests.values()), None) or scene.open()
    request = client.merge_request(scene.project.id, made.iid)
    body = hostile_body(stranger)
    found: WantedThread = thread("fp", body=body, path=path)
    want = wanted(found, summary=body)
    made.discussions.clear()
    plan = plan_comments(want, [], bot_id=scene.bot.id, positions={})
    result = publish_comments(client, request, plan, sleep=no_sleep)
    assert result.complete, result.failed
    assert result.altered == ()
    gitlab = scene.gitlab
    assert gitlab.executed_quick_actions == []
    assert gitlab.mentions == []
    assert gitlab.references == []
    assert gitlab.external_images == []
    assert made.state == "opened"
    assert publish(client, scene, made, want, no_sleep) == PublishResult()


@pytest.mark.parametrize("length", [60_000, 200_000])
def test_long_bodies_arrive_whole(scene: Scene, client: GitLabClient, no_sleep: NoSleep, length: int) -> None:
    made = scene.open()
    assert publish(client, scene, made, wanted(summary="x " * (length // 2)), no_sleep).altered == ()
