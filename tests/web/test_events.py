"""Every body becomes a typed event, an ignored one, or a clear refusal."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.gitlab.dispatch import jobs_for
from bot.gitlab.events import (
    EVENT_KINDS,
    Action,
    BranchUpdate,
    Change,
    Ignored,
    MalformedEvent,
    MergeRequestEvent,
    NoteEvent,
    PipelineEvent,
    PushEvent,
    State,
    SystemEvent,
    SystemEventKind,
    content_key,
    parse_event,
)
from bot.gitlab.payload import moment
from tests.web.fakes import all_bodies, body_of

HEAD = "c07d5e2f81946ab3d0e75c18f29b4a6673e1d80c"
OLD = "4be1cc09a7d3f2e8b6510d94c7fa38e2610bd57f"


def merge_request(name: str) -> MergeRequestEvent:
    event = parse_event(body_of(name))
    assert isinstance(event, MergeRequestEvent)
    return event


def test_a_merge_request_is_read_in_full() -> None:
    event = merge_request("merge_request_update_push")
    assert (event.project.id, event.project.path) == (412, "shop/payments")
    assert event.project.url == "https://gitlab.example.org/shop/payments"
    assert (event.iid, event.action, event.state) == (27, Action.UPDATE, State.OPENED)
    assert (event.head_sha, event.oldrev) == (HEAD, OLD)
    assert (event.source_branch, event.target_branch) == ("refunds", "trunk")
    assert (event.source_project_id, event.target_project_id) == (412, 412)
    assert (event.draft, event.actor_id) == (False, 87)
    assert event.updated_at == datetime(2026, 3, 2, 8, 40, 10, tzinfo=UTC)


def test_a_fork_keeps_its_own_project_id() -> None:
    assert merge_request("merge_request_open_from_fork").source_project_id == 977
    assert merge_request("merge_request_open_fork_gone").source_project_id is None


def test_changes_are_read_with_both_values() -> None:
    assert merge_request("merge_request_update_ready").changes.draft == Change(True, False)
    assert merge_request("merge_request_update_retarget").changes.target_branch == Change("trunk", "release/4.x")
    resolved = merge_request("merge_request_update_threads_resolved").changes.blocking_discussions_resolved
    assert resolved == Change(False, True)
    assert merge_request("merge_request_update_title").changes.names == ("title",)


def test_an_action_of_the_future_is_read_as_another_one() -> None:
    assert merge_request("merge_request_action_of_the_future").action is Action.OTHER


def test_the_path_is_not_taken_from_another_project() -> None:
    """The sample in GitLab's own documentation names two projects."""
    body = body_of("merge_request_open")
    body["project"]["id"] = 1
    event = parse_event(body)
    assert isinstance(event, MergeRequestEvent)
    assert (event.project.id, event.project.path) == (412, None)


def test_pushes_say_which_branch_moved() -> None:
    event = parse_event(body_of("push_default_branch"))
    assert isinstance(event, PushEvent)
    assert (event.branch, event.before, event.after) == ("trunk", OLD, HEAD)
    assert event.is_default_branch
    assert event.is_protected
    created, deleted = parse_event(body_of("push_branch_created")), parse_event(body_of("push_default_branch_deleted"))
    assert isinstance(created, PushEvent)
    assert created.before is None
    assert isinstance(deleted, PushEvent)
    assert deleted.after is None


def test_a_system_push_without_object_kind_is_a_push() -> None:
    event = parse_event(body_of("system_push_default_branch"))
    assert isinstance(event, PushEvent)
    assert (event.project.id, event.project.path, event.is_default_branch) == (412, "shop/payments", True)


def test_ids_of_sha256_repositories_are_read() -> None:
    event = parse_event(body_of("push_default_branch_sha256"))
    assert isinstance(event, PushEvent)
    assert event.after == "2e" * 32
    body = body_of("push_default_branch_sha256")
    body["after"] = "0" * 64
    deleted = parse_event(body)
    assert isinstance(deleted, PushEvent)
    assert deleted.after is None


def test_notes_are_read_with_who_wrote_them() -> None:
    event = parse_event(body_of("note_created"))
    assert isinstance(event, NoteEvent)
    assert (event.iid, event.note_id, event.discussion_id, event.author_id) == (27, 55031, "7f3a", 87)
    assert (event.text, event.edited, event.internal, event.head_sha) == ("Is this query safe?", False, False, HEAD)
    edited = parse_event(body_of("note_edited"))
    assert isinstance(edited, NoteEvent)
    assert (edited.edited, edited.updated_by_id) == (True, 12)


def test_a_note_without_action_is_a_new_one_and_a_confidential_one_is_internal() -> None:
    body = body_of("note_created")
    del body["object_attributes"]["action"]
    body["event_type"] = "confidential_note"
    event = parse_event(body)
    assert isinstance(event, NoteEvent)
    assert not event.edited
    assert event.internal


def test_pipelines_say_what_they_belong_to() -> None:
    event = parse_event(body_of("pipeline_of_merge_request_finished"))
    assert isinstance(event, PipelineEvent)
    assert (event.pipeline_id, event.status, event.source, event.iid) == (70411, "success", "merge_request_event", 27)
    assert (event.sha, event.job_names) == (HEAD, ("lint", "unit"))
    branch = parse_event(body_of("pipeline_of_branch_finished"))
    assert isinstance(branch, PipelineEvent)
    assert (branch.iid, branch.ref) == (None, "refunds")


@pytest.mark.parametrize(
    ("name", "kind", "old_path"),
    [
        ("system_project_create", SystemEventKind.PROJECT_CREATE, None),
        ("system_project_destroy", SystemEventKind.PROJECT_DESTROY, None),
        ("system_project_rename", SystemEventKind.PROJECT_RENAME, "shop/pay"),
        ("system_project_transfer", SystemEventKind.PROJECT_TRANSFER, "mira/payments"),
    ],
)
def test_life_cycle_events_name_the_project(name: str, kind: SystemEventKind, old_path: str | None) -> None:
    event = parse_event(body_of(name))
    assert isinstance(event, SystemEvent)
    assert (event.kind, event.project.id, event.project.path) == (kind, 412, "shop/payments")
    assert event.old_path == old_path


def test_a_repository_update_lists_branches_and_no_tags() -> None:
    event = parse_event(body_of("system_repository_update"))
    assert isinstance(event, SystemEvent)
    assert event.updates[0] == BranchUpdate("trunk", OLD, HEAD)
    assert [update.branch for update in event.updates] == ["trunk", "refunds", "old"]
    assert event.updates[2].after is None


@pytest.mark.parametrize(
    "name",
    ["tag_push", "job", "system_user_create", "external_status_check", "note_on_issue", "resend_cut_short"],
)
def test_what_does_not_concern_us_is_ignored(name: str) -> None:
    assert isinstance(parse_event(body_of(name)), Ignored)


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2026-03-02 08:15:03 UTC", 8),
        ("2026-03-02T08:15:03Z", 8),
        ("2026-03-02T09:15:03+01:00", 8),
        ("2026-03-02T08:15:03.250Z", 8),
        ("2026-03-02 10:15:03 +0200", 8),
        ("2026-03-02T08:15:03", 8),
    ],
)
def test_every_format_of_time_is_read(text: str, hour: int) -> None:
    read = moment({"at": text}, "at")
    assert read is not None
    assert read.replace(microsecond=0) == datetime(2026, 3, 2, hour, 15, 3, tzinfo=UTC)


@given(st.text(max_size=80))
def test_no_text_makes_the_reading_of_a_time_crash(text: str) -> None:
    read = moment({"at": text}, "at")
    assert read is None or read.tzinfo is UTC


@pytest.mark.parametrize("text", ["", "yesterday", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", 5, None])
def test_a_time_that_nobody_can_read_is_none(text: object) -> None:
    assert moment({"at": text}, "at") is None


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("object_attributes",), None, "object_attributes is missing"),
        (("object_attributes",), [], "object_attributes must be an object"),
        (("object_attributes", "iid"), None, "object_attributes.iid is missing"),
        (("object_attributes", "iid"), "27", "object_attributes.iid must be an integer"),
        (("object_attributes", "iid"), True, "object_attributes.iid must be an integer"),
        (("object_attributes", "iid"), 0, "object_attributes.iid must be an integer"),
        (("object_attributes", "iid"), -4, "object_attributes.iid must be an integer"),
        (("object_attributes", "iid"), 2**63, "object_attributes.iid must be an integer"),
        (("object_attributes", "iid"), 1.5, "object_attributes.iid must be an integer"),
        (("object_attributes", "target_project_id"), {}, "object_attributes.target_project_id must be"),
        (("object_attributes", "last_commit"), "x", "object_attributes.last_commit must be an object"),
        (("object_attributes", "last_commit", "id"), "main", "last_commit.id must be a commit id"),
        (("object_attributes", "last_commit", "id"), "a" * 39, "last_commit.id must be a commit id"),
        (("object_attributes", "oldrev"), 7, "oldrev must be a commit id"),
        (("object_attributes", "target_branch"), "a\nb", "target_branch holds characters"),
        (("object_attributes", "target_branch"), "a\x00", "target_branch holds characters"),
        (("object_attributes", "source_branch"), "\ud800", "source_branch holds characters"),
        (("object_attributes", "source_branch"), "b" * 5000, "source_branch must be a text"),
        (("user", "id"), "root", "user.id must be an integer"),
        (("project",), "shop", "project must be an object"),
        (("changes",), [1], "changes must be an object"),
        (("changes", "target_branch"), "x", "changes.target_branch must be an object"),
    ],
)
def test_a_merge_request_of_the_wrong_shape_is_refused_by_name(path: tuple[str, ...], value: Any, said: str) -> None:
    body = body_of("merge_request_open")
    place = body
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(MalformedEvent, match=said.replace(".", r"\.")):
        parse_event(body)


@pytest.mark.parametrize("body", [None, 1, "x", [], [{"object_kind": "push"}]])
def test_a_body_that_is_no_object_is_refused(body: Any) -> None:
    with pytest.raises(MalformedEvent, match="must be a JSON object"):
        parse_event(body)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
known_kinds = st.sampled_from(
    ["merge_request", "push", "note", "pipeline", "repository_update", "project_destroy", "build", "tag_push"]
)
known_keys = st.sampled_from(
    ["object_kind", "event_name", "object_attributes", "project", "user", "changes", "merge_request", "builds", "ref"]
)


def well_behaved(body: Any) -> None:
    try:
        event = parse_event(body)
    except MalformedEvent:
        return
    assert type(event) in EVENT_KINDS
    assert len(content_key(event)) == 64
    jobs_for(event, bot_user_id=1)


@given(json_values)
def test_any_json_gives_an_event_or_a_refusal(body: Any) -> None:
    well_behaved(body)


@given(known_kinds, st.dictionaries(known_keys, json_values, max_size=6))
def test_any_content_under_a_known_kind_gives_an_event_or_a_refusal(kind: str, body: dict[str, Any]) -> None:
    well_behaved({**body, "object_kind": kind})


@given(st.sampled_from(all_bodies()), st.integers(0, 10_000), json_values)
def test_any_value_in_any_place_of_a_real_body_gives_an_event_or_a_refusal(name: str, choice: int, value: Any) -> None:
    body = copy.deepcopy(body_of(name))
    places: list[tuple[Any, Any]] = []

    def collect(node: Any) -> None:
        items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        for key, item in items:
            places.append((node, key))
            collect(item)

    collect(body)
    node, key = places[choice % len(places)]
    node[key] = value
    well_behaved(body)


def test_content_keys_tell_events_apart_and_ignore_what_says_nothing() -> None:
    keys = {name: content_key(parse_event(body_of(name))) for name in all_bodies() if name.startswith("merge_request")}
    assert len(set(keys.values())) == len(keys)
    body = body_of("merge_request_open")
    shuffled = json.loads(json.dumps(body, sort_keys=True))
    shuffled["object_attributes"]["description"] = "cut"
    assert content_key(parse_event(shuffled)) == keys["merge_request_open"]
