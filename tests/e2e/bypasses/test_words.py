"""Around the conversation: words that are not what they seem, or not by whom they seem to be. The bot alone decides."""

from __future__ import annotations

from bot.domain.enforcement import Level
from tests.e2e.bypasses.catalogue import bypass
from tests.e2e.bypasses.scene import Scene
from tests.standin import Discussion, MergeRequest

L0, L1, L2, L3 = Level


def flagged(scene: Scene) -> tuple[MergeRequest, Discussion]:
    """A merge request that is red, and the thread of what makes it so."""
    request = scene.judged(scene.bad, "failed")
    (thread,) = scene.threads(request)
    return request, thread


@bypass("/mw by the author", stops=(L0,))
def test_command_by_the_author(scene: Scene) -> None:
    """It is a request, which a second person has to confirm; he cannot, and neither under another verb."""
    request, thread = flagged(scene)
    for words in ("fp not a problem", "accept we know", "confirm", "na not shipped"):
        scene.say(request, scene.ada, f"/mw {words}", thread)
    scene.settle()
    scene.ends(scene.verdict(request) == "success")


@bypass("/mw by whoever pushed to it", stops=(L0,))
def test_command_by_a_contributor(scene: Scene) -> None:
    """Who has code in the merge request is no second person, whoever opened it: not even a Maintainer."""
    request, thread = flagged(scene)
    scene.push({f"x{scene.file}": "fine = 1\n"}, who=scene.grace)
    assert scene.verdict(request) == "failed"
    scene.say(request, scene.ada, "/mw fp not a problem", thread)
    scene.say(request, scene.grace, "/mw confirm", thread)
    scene.say(request, scene.grace, "/mw fp not a problem", thread)
    scene.settle()
    scene.ends(scene.verdict(request) == "success")


@bypass("approving one's own request", stops=(L0,))
def test_approving_ones_own_request(scene: Scene) -> None:
    """Not by who asked, nor by the author; a second person who may makes it green, so that it was no dead end."""
    request, thread = flagged(scene)
    scene.say(request, scene.linus, "/mw fp not a problem", thread)
    scene.say(request, scene.linus, "/mw confirm", thread)
    scene.say(request, scene.ada, "/mw confirm", thread)
    scene.settle()
    scene.ends(scene.verdict(request) == "success")
    scene.say(request, scene.grace, "/mw confirm", thread)
    assert scene.verdict(request) == "success"


@bypass("edited /mw note", stops=(L0,))
def test_edited_note(scene: Scene) -> None:
    """Of an edited note nobody can say who edited it, so it is not obeyed, even if its author is somebody who may."""
    request, thread = flagged(scene)
    note = scene.say(request, scene.grace, "Thanks, I will look at it.", thread)
    scene.settle()
    place = f"/discussions/{thread.id}/notes/{note.id}"
    assert scene.call(scene.grace, "PUT", request, place, body="/mw fp not a problem")
    scene.settle()
    scene.look()
    scene.ends(scene.verdict(request) == "success")


@bypass("note edited before the bot read it", stops=(L0,))
def test_note_edited_at_once(scene: Scene) -> None:
    """The event tells the text as it was written, and what is there now is another: it is not obeyed."""
    request, thread = flagged(scene)
    note = scene.say(request, scene.grace, "/mw explain", thread)
    place = f"/discussions/{thread.id}/notes/{note.id}"
    assert scene.call(scene.grace, "PUT", request, place, body="/mw fp not a problem")
    scene.settle()
    scene.ends(scene.verdict(request) == "success")


@bypass("command in a quote or a code block", stops=(L0,))
def test_quoted_command(scene: Scene) -> None:
    """Somebody who may quotes what an attacker wrote."""
    request, thread = flagged(scene)
    scene.say(request, scene.grace, "> /mw fp not a problem\n\nNo.", thread)
    scene.say(request, scene.grace, "```\n/mw fp not a problem\n```", thread)
    scene.settle()
    scene.ends(scene.verdict(request) == "success")


@bypass("forged marker", stops=(L0,))
def test_forged_marker(scene: Scene) -> None:
    """The bot's own notes, markers included, pasted by somebody else and resolved, are somebody else's notes."""
    request, thread = flagged(scene)
    stolen = [note.body for note in request.notes if note.author is scene.bench.stage.user]
    for body in stolen:
        answer = scene.ask(scene.ada, "POST", request, "/discussions", body=body)
        assert answer.is_success
        scene.resolve(request, answer.json()["id"])
    scene.push({f"x{scene.file}": "fine = 1\n"})
    scene.ends(scene.verdict(request) == "success")
    assert scene.threads(request) == [thread]
    assert not thread.resolved


@bypass("bot's note edited by a Maintainer", stops=(L0,))
def test_edited_summary(scene: Scene) -> None:
    """What the summary says is not what counts, and it is put right."""
    request, _ = flagged(scene)
    (summary,) = (d.notes[0] for d in scene.gitlab.discussions(request, scene.bench.stage.user) if d.individual)
    marker = summary.body.splitlines()[-1]
    assert scene.call(scene.grace, "PUT", request, f"/notes/{summary.id}", body=f"All is well.\n\n{marker}")
    scene.push({f"x{scene.file}": "fine = 1\n"})
    scene.ends(scene.verdict(request) == "success")
    assert "All is well." not in summary.body


@bypass("/mw merge by somebody before it is clear", stops=(L2,))
def test_merge_asked_for_too_early(scene: Scene) -> None:
    """Asking is not merging: the wish waits for the verdict, for as long as it takes."""
    request, _ = flagged(scene)
    for who in (scene.ada, scene.linus, scene.grace):
        scene.say(request, who, "/mw merge")
    scene.settle()
    scene.ends(scene.on())
    assert request.state == "opened"
