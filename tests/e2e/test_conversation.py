"""Threads: resolved, opened again, left to people, and never anybody else's."""

from __future__ import annotations

import json

from tests.e2e.samples import SAFE_LOAD, UNSAFE_LOAD
from tests.e2e.stage import Stage, Story
from tests.standin import MergeRequest


def edited(story: Story) -> MergeRequest:
    """A merge request that edits a line which was flagged before and still is."""
    return story.judged({"load.py": UNSAFE_LOAD.replace("yaml.load(text", "yaml.load(text.strip()")})


def test_edited_finding_is_confirmed_by_another_developer_and_not_by_the_author(stage: Stage) -> None:
    story = stage.story("conversation/changed", {"load.py": UNSAFE_LOAD})
    request = edited(story)
    (thread,) = story.threads(request)

    story.gitlab.resolve(request, thread, by=stage.ada)
    stage.settle()
    assert story.state(request) == "failed"
    assert not thread.resolved

    story.gitlab.clear_log()
    story.gitlab.resolve(request, thread, by=stage.linus)
    assert story.verdict(request, "success").state == "success"
    assert thread.resolved
    assert [entry["reason"] for entry in stage.log(request, "scan begins")] == ["opened"]


def test_resolving_a_new_finding_does_not_unblock(stage: Stage) -> None:
    story = stage.story("conversation/resolved")
    request = story.judged({"load.py": UNSAFE_LOAD})
    (thread,) = story.threads(request)
    story.gitlab.resolve(request, thread, by=stage.grace)
    stage.settle()
    assert (story.state(request), thread.resolved) == ("failed", False)


def test_thread_is_opened_again_when_the_finding_comes_back(stage: Stage) -> None:
    story = stage.story("conversation/back")
    request = story.judged({"load.py": UNSAFE_LOAD})
    (thread,) = story.threads(request)
    story.mend(request, {"load.py": SAFE_LOAD})
    assert thread.resolved
    story.mend(request, {"load.py": UNSAFE_LOAD}, "failed")
    assert story.threads(request) == [thread]
    assert not thread.resolved


def test_thread_in_which_a_person_wrote_is_told_once_and_left_open(stage: Stage) -> None:
    story = stage.story("conversation/people")
    request = story.judged({"load.py": UNSAFE_LOAD})
    (thread,) = story.threads(request)
    story.gitlab.comment(request, stage.linus, "Is this text ours?", discussion=thread)
    story.mend(request, {"load.py": SAFE_LOAD})
    story.mend(request, {"README.md": "More.\n"})
    assert not thread.resolved
    assert [note.author for note in thread.notes] == [stage.user, stage.linus, stage.user]
    assert "gone" in thread.notes[2].body


def test_pasted_markers_fool_nobody(stage: Stage) -> None:
    """Somebody copies the bot's summary and finding, marker included, before and after the bot wrote them."""
    other = stage.story("conversation/source")
    original = other.judged({"load.py": UNSAFE_LOAD})
    stolen = [note.body for note in original.notes if note.author is stage.user]

    story = stage.story("conversation/pasted")
    story.gitlab.lose_deliveries()
    request = story.open({"load.py": UNSAFE_LOAD})
    pasted = [story.gitlab.comment(request, stage.ada, body, thread=True) for body in stolen]
    story.gitlab.lose_deliveries(False)
    story.push({"README.md": "Hello.\n"})
    assert story.verdict(request).state == "failed"
    assert len(story.threads(request)) == 1
    assert len(story.summaries(request)) == 1
    story.mend(request, {"load.py": SAFE_LOAD})
    assert [note.body for note in pasted] == stolen
    assert not any(note.resolved for note in pasted)


def test_summary_that_somebody_edited_is_put_right(stage: Stage) -> None:
    story = stage.story("conversation/edited")
    request = story.judged({"load.py": UNSAFE_LOAD})
    (note,) = story.summaries(request)
    discussion = next(d for d in request.discussions if note in d.notes)
    marker = note.body.splitlines()[-1]
    story.gitlab.world.edit_note(request, discussion, note, stage.grace, f"All is well.\n\n{marker}")
    story.mend(request, {"README.md": "Hello.\n"}, "failed")
    assert "All is well." not in story.summary(request)


def test_resent_delivery_and_second_hook_change_nothing(stage: Stage) -> None:
    story = stage.story("conversation/twice")
    request = story.judged({"load.py": UNSAFE_LOAD})
    opened = next(d for d in story.gitlab.deliveries if d.hook in story.project.hooks and d.trigger.startswith("merge"))
    story.gitlab.clear_log()
    story.gitlab.resend(opened)
    story.gitlab.add_hook(story.project, f"{stage.bot.url}/webhooks/gitlab", token=stage.bot.secret)
    story.gitlab.deliver(story.project.hooks[-1], opened.trigger, json.loads(opened.body))
    stage.settle()
    assert story.gitlab.writes() == []
    assert len(stage.log(request, "scan begins")) == 1


def test_scanning_the_same_again_writes_nothing(stage: Stage) -> None:
    """A draft that becomes ready is scanned again; what is said already is right."""
    story = stage.story("conversation/again")
    request = story.open({"load.py": UNSAFE_LOAD}, draft=True)
    assert story.verdict(request).state == "failed"
    story.gitlab.clear_log()
    story.gitlab.set_draft(request, False)
    stage.settle()
    assert len(stage.log(request, "scan begins")) == 2
    assert story.gitlab.writes() == []
