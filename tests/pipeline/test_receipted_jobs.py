"""A merge request gets its receipt and its share of discussions, with the real engine, store, git and stand-in."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.domain.receipt import Envelope, read_statement
from bot.pipeline.assess import never
from bot.pipeline.mirrors import mirror_of
from bot.pipeline.receipts import differences
from bot.pipeline.signing import checked, key_file, signer
from bot.store import noise, receipts
from bot.store.engine import session
from bot.store.receipts import StoredReceipt
from tests.pipeline.workshop import Workshop
from tests.standin import MergeRequest


def receipt_of(workshop: Workshop, request: MergeRequest) -> StoredReceipt | None:
    with session(workshop.services.store) as reading:
        return receipts.latest(reading, request.project.id, request.iid)


def test_every_verdict_has_a_receipt_that_holds_against_the_repository(workshop: Workshop) -> None:
    request = workshop.open({"a.py": "flag\n", "b.py": "fine\nfine\n"})
    assert workshop.scan(request) == "failed"
    stored = receipt_of(workshop, request)
    assert stored is not None
    envelope = Envelope.from_json(stored.envelope)
    checked(envelope, [signer(workshop.services.settings).public])
    receipt = read_statement(envelope.payload)
    assert (receipt.head, receipt.merge_request) == (request.head_sha, request.iid)
    assert {file.path: (file.read_by, file.lines) for file in receipt.change.files} == {
        "a.py": (("fake", "mark"), 1),
        "b.py": (("fake", "mark"), 2),
    }
    assert receipt.decision.id is not None
    assert (receipt.decision.outcome.value, receipt.decision.violations["block"]) == ("failed", 1)
    project = workshop.services.gitlab.project(request.project.id)
    assert differences(mirror_of(workshop.services, project, never), receipt) == ()
    assert stored.id in workshop.summaries(request)[0].body


def test_judged_again_with_the_same_result_the_receipt_stays(workshop: Workshop) -> None:
    request = workshop.open({"a.py": "flag\n"})
    workshop.scan(request)
    first = receipt_of(workshop, request)
    workshop.scan(request)
    workshop.sync(request)
    assert receipt_of(workshop, request) == first


def test_a_new_head_has_a_receipt_of_its_own(workshop: Workshop) -> None:
    request = workshop.open({"a.py": "flag\n"})
    workshop.scan(request)
    first = receipt_of(workshop, request)
    workshop.gitlab.commit(request.project, "feature", {"a.py": "fine\n"}, author=workshop.ada)
    assert workshop.scan(request) == "passed"
    second = receipt_of(workshop, request)
    assert first is not None
    assert second is not None
    assert first.id != second.id
    assert second.id in workshop.summaries(request)[0].body


def test_without_a_key_there_is_a_verdict_and_the_summary_says_that_there_is_no_receipt(workshop: Workshop) -> None:
    signer(workshop.services.settings)
    place = key_file(workshop.services.settings)
    place.chmod(0o644)
    try:
        request = workshop.open({"a.py": "flag\n"})
        assert workshop.scan(request) == "failed"
        assert receipt_of(workshop, request) is None
        assert "no receipt: it could not be signed" in workshop.summaries(request)[0].body
    finally:
        place.chmod(0o600)
    # As soon as there is one, the next look brings the receipt.
    workshop.sync(request)
    stored = receipt_of(workshop, request)
    assert stored is not None
    assert stored.id in workshop.summaries(request)[0].body


def test_what_was_commented_on_is_remembered_once(workshop: Workshop) -> None:
    request = workshop.open({"a.py": "flag\nflag\n"})
    workshop.scan(request)
    workshop.sync(request)
    with session(workshop.services.store) as reading:
        found = noise.by_rule(reading, since=datetime(2020, 1, 1, tzinfo=UTC), project_id=request.project.id)
    assert [rule.comments for rule in found[request.project.id]] == [len(workshop.threads(request))]


@pytest.mark.parametrize("again", [False, True], ids=["two pushes", "and back"])
def test_the_limit_of_discussions_holds_over_several_pushes(workshop: Workshop, again: bool) -> None:
    limit = 20
    first = {f"a{n:02}.py": "flag\n" for n in range(limit)}
    request = workshop.open(first)
    workshop.scan(request)
    more = {f"b{n:02}.py": "flag\n" for n in range(5)}
    mended = dict.fromkeys(list(first)[:3], "fine\n") if again else {}
    workshop.gitlab.commit(request.project, "feature", more | mended, author=workshop.ada)
    workshop.scan(request)
    if again:
        workshop.gitlab.commit(request.project, "feature", dict.fromkeys(mended, "flag\n"), author=workshop.ada)
        workshop.scan(request)
    _, _, still_open, summaries = workshop.shown(request)
    assert (still_open, summaries) == (limit, 1)
