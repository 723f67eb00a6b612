"""The merge bot merges what is clear, when it is clear, one after the other, and says what it waits for once."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.domain import merge_texts
from bot.domain.job import RunMergeQueue
from bot.domain.merging import Asked, Wish, WishState
from bot.domain.policy import MergeRules, Policy
from bot.pipeline.merge_queue import after_verdict, ask_to_merge, close_wishes, run_merge_queue, take_back
from bot.store import clearances, wishes
from bot.store.engine import session, write_session
from tests.pipeline.workshop import Workshop
from tests.standin import DEVELOPER, MAINTAINER, Fault, MergeRequest, Project
from tests.standin.repository import Files

CLEAN, FLAGGED = {"a.py": "fine\n"}, {"a.py": "flag\n"}


def gated(workshop: Workshop, **settings: object) -> Project:
    """A project into whose branch only Maintainers merge, of whom the bot is one."""
    project = workshop.project()
    workshop.gitlab.add_member(project, workshop.user, MAINTAINER)
    workshop.gitlab.protect(project, "main", push=0, merge=MAINTAINER)
    if settings:
        workshop.gitlab.settings(project, **settings)  # type: ignore[arg-type]
    return project


def opened(workshop: Workshop, project: Project, branch: str, files: Files, start: str | None = None) -> MergeRequest:
    workshop.gitlab.commit(project, branch, files, author=workshop.ada, start=start)
    return workshop.gitlab.open_merge_request(project, branch, author=workshop.ada)


def ask(workshop: Workshop, request: MergeRequest) -> Wish:
    with write_session(workshop.services.store) as writing:
        return ask_to_merge(
            writing,
            project_id=request.project.id,
            iid=request.iid,
            target_branch=request.target_branch,
            asked_by="ada",
            asked_by_id=workshop.ada.id,
        )


def regretted(workshop: Workshop, request: MergeRequest, by: str) -> bool:
    with write_session(workshop.services.store) as writing:
        return take_back(writing, project_id=request.project.id, iid=request.iid, by=by)


def run(workshop: Workshop, project: Project, branch: str = "main") -> str:
    return workshop.outcome(workshop.submit(RunMergeQueue(project.id, branch)))


def wish_of(workshop: Workshop, wish: Wish) -> Wish:
    with session(workshop.services.store) as reading:
        found = wishes.get(reading, wish.id)
    assert found is not None
    return found


def said(workshop: Workshop, request: MergeRequest) -> list[str]:
    """What the merge bot wrote, without its hidden line."""
    notes = [note.body for note in workshop.summaries(request)]
    return [body.split("\n\n<!--")[0] for body in notes if body.startswith("**Merge bot**")]


# --- what is merged ---------------------------------------------------------------------------------------------------


def test_what_is_clear_is_merged_by_the_bot_at_the_judged_commit(workshop: Workshop) -> None:
    project = gated(workshop)
    request = opened(workshop, project, "feature", CLEAN)
    assert workshop.scan(request) == "passed"
    wish = ask(workshop, request)
    assert run(workshop, project) == "merged"
    assert request.state == "merged"
    assert request.merge_user is workshop.user
    after = wish_of(workshop, wish)
    assert (after.state, after.merged_sha) == (WishState.MERGED, request.merge_commit_sha)
    assert said(workshop, request) == []
    assert run(workshop, project) == "nothing"


def test_what_is_not_clear_waits_is_told_once_and_merges_when_it_is(workshop: Workshop) -> None:
    project = gated(workshop)
    request = opened(workshop, project, "feature", FLAGGED)
    assert workshop.scan(request) == "failed"
    wish = ask(workshop, request)
    assert run(workshop, project) == "waiting"
    assert request.state == "opened"
    assert wish_of(workshop, wish).reason == merge_texts.NOT_CLEAR
    (note,) = said(workshop, request)
    assert "the gate does not let it through" in note

    workshop.gitlab.clear_log()
    assert run(workshop, project) == "waiting"
    # What waits for the gate costs GitLab nothing.
    assert [r.path for r in workshop.gitlab.request_log if "/merge_requests/" in r.path] == []

    workshop.gitlab.commit(project, "feature", CLEAN, author=workshop.ada)
    assert workshop.scan(request) == "passed"
    # The verdict itself has the queue looked at.
    workshop.gitlab.wait_for(lambda: request.state == "merged")
    workshop.gitlab.wait_for(lambda: wish_of(workshop, wish).state is WishState.MERGED)
    assert said(workshop, request) == ["**Merge bot**: merged."]


def test_a_push_after_the_verdict_is_not_merged(workshop: Workshop) -> None:
    project = gated(workshop)
    request = opened(workshop, project, "feature", CLEAN)
    assert workshop.scan(request) == "passed"
    wish = ask(workshop, request)
    workshop.gitlab.commit(project, "feature", FLAGGED, author=workshop.ada)
    assert run(workshop, project) == "waiting"
    assert request.state == "opened"
    assert wish_of(workshop, wish).reason == merge_texts.NO_VERDICT
    assert workshop.scan(request) == "failed"
    assert run(workshop, project) == "waiting"
    assert request.state == "opened"


def test_what_was_withdrawn_is_not_merged_before_it_is_judged_again(workshop: Workshop) -> None:
    """The history of the target became another one; the new scan waits in a queue of its own."""
    project = gated(workshop)
    request = opened(workshop, project, "feature", CLEAN)
    assert workshop.scan(request) == "passed"
    workshop.settle()
    with write_session(workshop.services.store) as writing:
        clearances.withdraw(writing, project.id, request.iid, clearances.REWRITTEN, datetime.now(UTC))
    wish = ask(workshop, request)
    assert run(workshop, project) == "waiting"
    assert request.state == "opened"
    assert wish_of(workshop, wish).reason == merge_texts.NO_VERDICT
    assert workshop.scan(request) == "passed"
    # The verdict itself has the queue looked at.
    workshop.gitlab.wait_for(lambda: request.state == "merged")


def test_a_push_at_the_very_moment_is_not_merged(workshop: Workshop) -> None:
    """Between our reading and our merging: GitLab compares the commit."""
    project = gated(workshop)
    request = opened(workshop, project, "feature", CLEAN)
    assert workshop.scan(request) == "passed"
    ask(workshop, request)
    judged = request.head_sha

    def push_first(_: object) -> bool:
        if request.head_sha == judged:
            workshop.gitlab.commit(project, "feature", FLAGGED, author=workshop.ada)
        return False

    workshop.gitlab.faults.add("PUT", r"/merge$", status=500, when=push_first)
    assert run(workshop, project) == "waiting"
    assert request.head_sha != judged
    assert request.state == "opened"


def test_another_target_ends_the_wish(workshop: Workshop) -> None:
    project = gated(workshop)
    request = opened(workshop, project, "feature", CLEAN)
    assert workshop.scan(request) == "passed"
    wish = ask(workshop, request)
    workshop.gitlab.commit(project, "release", {"r.txt": "r\n"}, author=workshop.ada)
    workshop.gitlab.retarget(request, "release")
    assert run(workshop, project) == "waiting"
    assert request.state == "opened"
    assert wish_of(workshop, wish).state is WishState.CANCELLED
    (note,) = said(workshop, request)
    assert "its target branch is another one now" in note


def test_several_are_merged_in_the_order_of_asking(workshop: Workshop) -> None:
    project = gated(workshop)
    requests = [opened(workshop, project, f"f{n}", {f"{n}.py": "fine\n"}) for n in range(3)]
    for request in requests:
        assert workshop.scan(request) == "passed"
    for request in reversed(requests):
        ask(workshop, request)
    assert run(workshop, project) == "merged"
    assert all(request.state == "merged" for request in requests)
    merged = [request.merged_at for request in reversed(requests)]
    assert merged == sorted(merged, key=str)


# --- rebase -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["ff", "rebase_merge"])
def test_where_the_project_wants_it_each_is_rebased_and_judged_again(workshop: Workshop, method: str) -> None:
    project = gated(workshop, merge_method=method)
    first = opened(workshop, project, "f1", {"1.py": "fine\n"})
    second = opened(workshop, project, "f2", {"2.py": "fine\n"})
    for request in (first, second):
        assert workshop.scan(request) == "passed"
    old = second.head_sha
    for request in (first, second):
        ask(workshop, request)
    assert run(workshop, project) == "merged"
    assert first.state == "merged"
    workshop.gitlab.wait_for(lambda: not second.rebase_in_progress)
    assert run(workshop, project) == "waiting"
    assert second.head_sha != old
    assert second.state == "opened"
    assert workshop.scan(second) == "passed"
    workshop.gitlab.wait_for(lambda: second.state == "merged")
    assert said(workshop, second) == []


def test_those_behind_wait_for_what_is_being_rebased(workshop: Workshop) -> None:
    project = gated(workshop, merge_method="ff")
    first = opened(workshop, project, "f1", {"1.py": "fine\n"})
    second = opened(workshop, project, "f2", {"2.py": "fine\n"})
    workshop.gitlab.commit(project, "main", {"m.txt": "m\n"}, author=workshop.ada)
    for request in (first, second):
        assert workshop.scan(request) == "passed"
    old = second.head_sha
    for request in (first, second):
        ask(workshop, request)
    assert run(workshop, project) == "waiting"
    workshop.gitlab.wait_for(lambda: not first.rebase_in_progress)
    assert run(workshop, project) == "waiting"
    assert second.head_sha == old
    with session(workshop.services.store) as reading:
        reasons = [wish.reason for wish in wishes.open_wishes(reading, project.id, "main")]
    assert reasons == [merge_texts.REBASING, merge_texts.BEHIND.format(count=first.iid)]


def test_a_rebase_that_does_not_work_is_refused_with_the_reason(workshop: Workshop) -> None:
    project = gated(workshop, merge_method="ff")
    request = opened(workshop, project, "f1", {"1.py": "fine\n"})
    workshop.gitlab.commit(project, "main", {"m.txt": "m\n"}, author=workshop.ada)
    assert workshop.scan(request) == "passed"
    wish = ask(workshop, request)
    workshop.gitlab.install_hook(project, "#!/bin/sh\necho 'GL-HOOK-ERR: /close no rebase @all today' >&2; exit 1\n")
    run(workshop, project)
    workshop.gitlab.wait_for(lambda: not request.rebase_in_progress)
    run(workshop, project)
    after = wish_of(workshop, wish)
    assert after.state is WishState.REFUSED
    assert after.reason.startswith("GitLab could not rebase it: ")
    assert "no rebase" in after.reason
    assert workshop.gitlab.executed_quick_actions == []
    assert request.state == "opened"


def test_a_source_branch_that_the_bot_may_not_push_to_is_told(workshop: Workshop) -> None:
    project = gated(workshop, merge_method="ff")
    request = opened(workshop, project, "f1", {"1.py": "fine\n"})
    workshop.gitlab.protect(project, "f1", push=0, merge=0)
    workshop.gitlab.commit(project, "main", {"m.txt": "m\n"}, author=workshop.ada)
    workshop.scan(request)
    wish = ask(workshop, request)
    run(workshop, project)
    assert wish_of(workshop, wish).reason == merge_texts.NO_PUSH


# --- what is in the way -----------------------------------------------------------------------------------------------


def test_a_draft_waits_and_a_conflict_is_refused(workshop: Workshop) -> None:
    project = gated(workshop)
    draft, conflict = opened(workshop, project, "d", {"d.py": "1\n"}), opened(workshop, project, "c", {"c.py": "1\n"})
    workshop.gitlab.set_draft(draft, True)
    assert workshop.scan(draft) == "passed"
    assert workshop.scan(conflict) == "passed"
    workshop.gitlab.commit(project, "main", {"c.py": "2\n"}, author=workshop.ada)
    waiting, refused = ask(workshop, draft), ask(workshop, conflict)
    assert run(workshop, project) == "waiting"
    assert wish_of(workshop, waiting).reason == merge_texts.DRAFT
    assert wish_of(workshop, refused).state is WishState.REFUSED
    (note,) = said(workshop, conflict)
    assert note == (
        "**Merge bot**: not merged. When the reason is gone, ask again with `/mw merge`.\n\n"
        "**Why**: it conflicts with its target branch"
    )


def test_a_bot_without_the_right_says_so(workshop: Workshop) -> None:
    project = gated(workshop)
    workshop.gitlab.add_member(project, workshop.user, DEVELOPER)
    request = opened(workshop, project, "feature", CLEAN)
    assert workshop.scan(request) == "passed"
    wish = ask(workshop, request)
    run(workshop, project)
    assert wish_of(workshop, wish).reason == merge_texts.NO_RIGHT
    assert request.state == "opened"


def test_what_a_server_hook_says_is_passed_on_and_does_nothing(workshop: Workshop) -> None:
    project = gated(workshop)
    request = opened(workshop, project, "feature", CLEAN)
    assert workshop.scan(request) == "passed"
    wish = ask(workshop, request)
    lines = "".join(f"echo 'GL-HOOK-ERR: {line}' >&2\n" for line in ("not today", "/close", "@all <b>#1</b>"))
    workshop.gitlab.install_hook(project, f"#!/bin/sh\n{lines}exit 1\n")
    assert run(workshop, project) == "waiting"
    after = wish_of(workshop, wish)
    assert after.state is WishState.REFUSED
    assert after.reason.startswith("GitLab refused to merge it: ")
    (note,) = said(workshop, request)
    assert "not today" in note
    assert request.state == "opened"
    assert workshop.gitlab.executed_quick_actions == []
    assert [m for m in workshop.gitlab.mentions if m.by == workshop.user.username] == []


def test_other_requirements_of_the_project_are_waited_for(workshop: Workshop) -> None:
    project = gated(workshop, only_allow_merge_if_all_discussions_are_resolved=True)
    request = opened(workshop, project, "feature", CLEAN)
    assert workshop.scan(request) == "passed"
    note = workshop.gitlab.comment(request, workshop.grace, "Why?", thread=True)
    wish = ask(workshop, request)
    assert run(workshop, project) == "waiting"
    assert wish_of(workshop, wish).reason == merge_texts.THREADS
    thread = next(d for d in request.discussions if note in d.notes)
    workshop.gitlab.resolve(request, thread, by=workshop.grace)
    assert run(workshop, project) == "merged"


# --- GitLab's moods ---------------------------------------------------------------------------------------------------


def test_an_answer_that_got_lost_does_not_merge_twice(workshop: Workshop) -> None:
    project = gated(workshop)
    request = opened(workshop, project, "feature", CLEAN)
    assert workshop.scan(request) == "passed"
    wish = ask(workshop, request)
    workshop.gitlab.faults.add("PUT", r"/merge$", Fault(action="handle_then_reset"))
    run(workshop, project)
    assert request.state == "merged"
    after = wish_of(workshop, wish)
    assert (after.state, after.merged_sha) == (WishState.MERGED, request.merge_commit_sha)
    merges = [r for r in workshop.gitlab.request_log if r.method == "PUT" and r.path.endswith(f"/{request.iid}/merge")]
    assert len([r for r in merges if f"/projects/{project.id}/" in r.path]) == 1


def test_one_that_cannot_be_read_does_not_stop_the_others(workshop: Workshop) -> None:
    project = gated(workshop)
    first, second = opened(workshop, project, "f1", {"1.py": "1\n"}), opened(workshop, project, "f2", {"2.py": "1\n"})
    for request in (first, second):
        assert workshop.scan(request) == "passed"
    for request in (first, second):
        ask(workshop, request)
    workshop.gitlab.faults.add("GET", rf"/projects/{project.id}/merge_requests/{first.iid}$", status=502, times=3)
    assert run(workshop, project) == "merged"
    assert second.state == "merged"
    assert first.state == "merged"


def test_a_refusal_that_passes_is_tried_again_and_not_for_ever(workshop: Workshop) -> None:
    project = gated(workshop)
    request = opened(workshop, project, "feature", CLEAN)
    assert workshop.scan(request) == "passed"
    wish = ask(workshop, request)
    workshop.gitlab.faults.add("PUT", r"/merge$", status=409, body={"message": "SHA does not match"})
    assert run(workshop, project) == "merged"
    assert wish_of(workshop, wish).attempts == 2


def test_a_merge_request_that_is_gone_ends_its_wish(workshop: Workshop) -> None:
    project = gated(workshop)
    request = opened(workshop, project, "feature", CLEAN)
    wish = ask(workshop, request)
    workshop.gitlab.faults.add(
        "GET", rf"/projects/{project.id}/merge_requests/{request.iid}$", status=404, body={"message": "404 Not Found"}
    )
    assert run(workshop, project) == "waiting"
    assert wish_of(workshop, wish).state is WishState.CANCELLED


def test_a_note_that_cannot_be_sent_keeps_nobody_from_merging(workshop: Workshop) -> None:
    project = gated(workshop)
    request = opened(workshop, project, "feature", FLAGGED)
    assert workshop.scan(request) == "failed"
    wish = ask(workshop, request)
    workshop.gitlab.faults.add("POST", r"/notes$", status=403, body={"message": "403 Forbidden"}, times=9)
    assert run(workshop, project) == "waiting"
    workshop.gitlab.faults.clear()
    assert wish_of(workshop, wish).reason == merge_texts.NOT_CLEAR


# --- how wishes come and go -------------------------------------------------------------------------------------------


def rules(label: str | None = None, *, when_clear: bool = False) -> Policy:
    return Policy(merge=MergeRules(label=label, when_clear=when_clear))


def verdict(workshop: Workshop, request: MergeRequest, policy: Policy, *, lets_through: bool = True) -> bool:
    seen = workshop.services.gitlab.merge_request(request.project.id, request.iid)
    return after_verdict(workshop.services, seen, policy, lets_through)


def open_wish(workshop: Workshop, request: MergeRequest) -> Wish | None:
    with session(workshop.services.store) as reading:
        return wishes.open_wish(reading, request.project.id, request.iid)


def test_the_policys_label_asks_and_its_removal_takes_back(workshop: Workshop) -> None:
    project = gated(workshop)
    request = opened(workshop, project, "feature", CLEAN)
    assert not verdict(workshop, request, rules("merge me"))
    workshop.gitlab.label(request, "merge me", by=workshop.ada)
    assert not verdict(workshop, request, rules())
    assert verdict(workshop, request, rules("merge me"), lets_through=False)
    wish = open_wish(workshop, request)
    assert wish is not None
    assert (wish.asked_how, wish.asked_by) == (Asked.LABEL, "merge me")
    assert verdict(workshop, request, rules("merge me"))
    again = open_wish(workshop, request)
    assert again is not None
    assert again.id == wish.id
    workshop.gitlab.label(request, by=workshop.ada, remove=["merge me"])
    assert not verdict(workshop, request, rules("merge me"))
    assert wish_of(workshop, wish).state is WishState.CANCELLED


def test_a_label_that_went_after_the_verdict_merges_nothing(workshop: Workshop) -> None:
    project = gated(workshop)
    request = opened(workshop, project, "feature", CLEAN)
    workshop.gitlab.label(request, "merge me", by=workshop.ada)
    assert workshop.scan(request) == "passed"
    assert verdict(workshop, request, rules("merge me"))
    workshop.gitlab.label(request, by=workshop.ada, remove=["merge me"])
    run(workshop, project)
    assert request.state == "opened"
    assert open_wish(workshop, request) is None


def test_a_policy_that_merges_what_is_clear_asks_by_itself_and_says_nothing(workshop: Workshop) -> None:
    project = gated(workshop)
    request = opened(workshop, project, "feature", CLEAN)
    policy = rules(when_clear=True)
    assert not verdict(workshop, request, policy, lets_through=False)
    workshop.gitlab.set_draft(request, True)
    assert not verdict(workshop, request, policy)
    workshop.gitlab.set_draft(request, False)
    assert verdict(workshop, request, policy)
    assert run(workshop, project) == "waiting"
    assert said(workshop, request) == []
    assert not verdict(workshop, request, rules())
    assert open_wish(workshop, request) is None


def test_a_persons_word_outlives_the_label(workshop: Workshop) -> None:
    project = gated(workshop)
    request = opened(workshop, project, "feature", CLEAN)
    workshop.gitlab.label(request, "merge me", by=workshop.ada)
    assert verdict(workshop, request, rules("merge me"))
    wish = ask(workshop, request)
    workshop.gitlab.label(request, by=workshop.ada, remove=["merge me"])
    assert verdict(workshop, request, rules("merge me"))
    assert wish_of(workshop, wish).asked_how is Asked.COMMAND


def test_asking_again_is_asking_once_and_taking_back_is_remembered(workshop: Workshop) -> None:
    project = gated(workshop)
    request = opened(workshop, project, "feature", CLEAN)
    first, second = ask(workshop, request), ask(workshop, request)
    assert first.id == second.id
    assert regretted(workshop, request, "grace")
    assert not regretted(workshop, request, "grace")
    after = wish_of(workshop, first)
    assert (after.state, after.reason) == (WishState.CANCELLED, "grace took it back")
    assert run(workshop, project) == "nothing"


def test_a_wish_taken_back_while_the_bot_looks_is_not_carried_out(workshop: Workshop) -> None:
    project = gated(workshop)
    request = opened(workshop, project, "feature", CLEAN)
    assert workshop.scan(request) == "passed"
    ask(workshop, request)

    def regret(_: object) -> bool:
        regretted(workshop, request, "ada")
        return False

    workshop.gitlab.faults.add("GET", rf"/merge_requests/{request.iid}$", status=500, when=regret)
    run(workshop, project)
    assert request.state == "opened"


@pytest.mark.parametrize(("merged", "state"), [(True, WishState.MERGED), (False, WishState.CANCELLED)])
def test_the_end_of_a_merge_request_is_the_end_of_its_wish(workshop: Workshop, merged: bool, state: WishState) -> None:
    project = gated(workshop)
    request = opened(workshop, project, "feature", CLEAN)
    wish = ask(workshop, request)
    with write_session(workshop.services.store) as writing:
        close_wishes(writing, project.id, request.iid, merged=merged)
    assert wish_of(workshop, wish).state is state


def test_closing_is_noticed_even_without_its_event(workshop: Workshop) -> None:
    project = gated(workshop)
    request = opened(workshop, project, "feature", CLEAN)
    wish = ask(workshop, request)
    workshop.gitlab.close(request)
    run(workshop, project)
    assert wish_of(workshop, wish).state is WishState.CANCELLED
    assert said(workshop, request) == []


def test_a_queue_that_gitlab_has_not_made_up_its_mind_about_is_looked_at_again(workshop: Workshop) -> None:
    project = gated(workshop)
    request = opened(workshop, project, "feature", CLEAN)
    assert workshop.scan(request) == "passed"
    ask(workshop, request)
    workshop.gitlab.faults.add("PUT", r"/merge$", status=409, body={"message": "SHA does not match"}, times=5)
    slept: list[float] = []
    outcome = run_merge_queue(workshop.services, workshop.queue, "job:x", project.id, "main", sleep=slept.append)
    assert outcome == "waiting"
    assert len(slept) == 3
    # Another run was submitted.
    workshop.gitlab.wait_for(lambda: request.state == "merged")
