"""Receipts as documents: canonical, small, and without anything of a stranger's code."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.change import ChangeKind
from bot.domain.change_coverage import NO_ANSWER, ChangeCoverage, Content, CoveredFile, Look
from bot.domain.receipt import (
    LARGEST,
    PAYLOAD_TYPE,
    Envelope,
    InvalidReceipt,
    Receipt,
    Signature,
    UnreadableReceipt,
    canonical,
    id_of,
    pre_authentication_encoding,
    read_envelope,
    read_statement,
    receipt_of,
    same_but_for_the_time,
    statement_bytes,
)
from bot.domain.verdict import Effect, GateDecision, Outcome, Suppressed, TrackedFinding, Violation
from tests.domain.test_change_coverage import COVERAGES
from tests.examples import examples
from tests.reports import samples
from tests.store.samples import REPORT

AT = datetime(2026, 3, 1, 12, 0, 7, 999_999, tzinfo=UTC)
COVERAGE = ChangeCoverage(
    (
        CoveredFile(
            PurePosixPath("src/a.py"),
            PurePosixPath("src/old.py"),
            ChangeKind.RENAMED,
            Content.TEXT,
            "c" * 40,
            12,
            3,
            (Look("semgrep"), Look("bandit", (NO_ANSWER,))),
        ),
        CoveredFile(PurePosixPath("logo.png"), None, ChangeKind.ADDED, Content.BINARY, "d" * 40),
    ),
    omitted=4,
    omitted_incomplete=1,
)
COVERED = replace(REPORT, coverage=COVERAGE)


def made(report: Any = COVERED, **more: Any) -> Receipt:
    arguments: dict[str, Any] = {
        "project_id": 5,
        "scan_id": "mr.5.7.1",
        "at": AT,
        "version": "0.1.0",
        "decision_id": 9,
    } | more
    return receipt_of(report, **arguments)


def document(receipt: Receipt | None = None) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(statement_bytes(receipt or made()))
    return parsed


# --- what it says -----------------------------------------------------------------------------------------------------


def test_its_subject_is_the_head_commit() -> None:
    found = document()
    assert found["_type"] == "https://in-toto.io/Statement/v1"
    assert found["subject"] == [{"digest": {"gitCommit": "b" * 40}, "name": "shop/backend!7"}]
    assert found["predicate"]["head"] == "b" * 40
    assert found["predicate"]["base"] == "a" * 40


def test_it_says_who_read_a_file_and_who_did_not() -> None:
    first, second = document()["predicate"]["change"]["files"]
    assert first == {
        "path": "src/a.py",
        "previousPath": "src/old.py",
        "change": "renamed",
        "content": "text",
        "blob": "c" * 40,
        "lines": 12,
        "ranges": 3,
        "readBy": ["semgrep"],
        "gaps": [{"scanner": "bandit", "reasons": ["no_answer"]}],
    }
    assert (second["readBy"], second["gaps"], second["content"]) == ([], [], "binary")


def test_a_scan_that_did_not_note_the_files_says_so() -> None:
    change = document(made(REPORT))["predicate"]["change"]
    assert (change["listed"], change["filesChanged"]) == (False, 3)


def test_a_scanner_without_an_answer_has_its_reason_and_the_others_have_none() -> None:
    rows = {row["name"]: row for row in document()["predicate"]["scanners"]}
    assert rows["bandit"]["reason"] == "took longer than 600 s"
    assert (rows["bandit"]["assessed"], rows["bandit"]["status"]) == (False, "timed_out")
    assert "reason" not in rows["semgrep"]
    assert rows["pip-audit"]["dataDate"] == "2024-10-10"


def test_reports_of_other_tools_stand_apart() -> None:
    run = replace(REPORT.runs[0], scanner="CodeQL-import")
    found = document(made(replace(COVERED, runs=(*REPORT.runs, run))))["predicate"]
    assert [row["name"] for row in found["reports"]] == ["CodeQL-import"]
    assert "CodeQL-import" not in [row["name"] for row in found["scanners"]]


def test_findings_count_once_by_the_strongest_rule() -> None:
    decision = GateDecision(
        Outcome.FAILED,
        (
            Violation("f1" * 32, "a", Effect.MONITOR),
            Violation("f1" * 32, "b", Effect.BLOCK),
            Violation("d1" * 32, "c", Effect.COMMENT),
        ),
        suppressed=(Suppressed("e1" * 32, 7, "it is a toy"), Suppressed("e1" * 32, None, "code says so")),
    )
    found = document(made(replace(COVERED, decision=decision)))["predicate"]["decision"]
    assert found["violations"] == {"block": 1, "comment": 1, "monitor": 0}
    assert found["findings"] == {"new": 1, "existing": 2, "changed": 1, "fixed": 1}
    assert found["suppressed"] == [
        {"fingerprint": "e1" * 32, "suppression": 7},
        {"fingerprint": "e1" * 32},
    ]


def test_times_are_of_utc_whatever_the_zone_they_came_in() -> None:
    shanghai = AT.astimezone(timezone(timedelta(hours=8)))
    assert made(at=shanghai).decision.at == made().decision.at == "2026-03-01T12:00:07Z"
    with pytest.raises(ValueError, match="zone"):
        made(at=datetime(2026, 3, 1))  # noqa: DTZ001 - that is the point


def test_nothing_of_the_code_and_no_message_is_in_it() -> None:
    """Each text of a finding is marked, and no mark comes out."""
    mark = "TELLTALE"

    def marked(item: TrackedFinding) -> TrackedFinding:
        texts = dict.fromkeys(("title", "message", "snippet", "remediation"), mark)
        finding = replace(item.finding, **texts, references=(f"https://{mark}.example",))  # type: ignore[arg-type]
        return replace(item, finding=finding, previous=finding, explanation=mark)

    for report in (COVERED, samples.RICH, samples.SUPPRESSED):
        tracked = tuple(marked(item) for item in report.tracked)
        runs = tuple(
            replace(
                run,
                findings=tuple(item.finding for item in tracked),
                gaps=tuple(replace(gap, detail=mark) for gap in run.gaps),
            )
            for run in report.runs
        )
        decision = replace(
            report.decision,
            reasons=tuple(replace(reason, detail=mark) for reason in report.decision.reasons),
            suppressed=tuple(replace(excused, explanation=mark) for excused in report.decision.suppressed),
        )
        receipt = made(replace(report, tracked=tracked, runs=runs, decision=decision))
        assert mark not in statement_bytes(receipt).decode()
        assert receipt.scanners[0].findings == len(tracked)


def test_a_folder_outside_git_gets_none() -> None:
    with pytest.raises(ValueError, match="commit"):
        made(replace(COVERED, subject=replace(REPORT.subject, head_sha=None)))


def test_lists_that_a_stranger_can_make_long_end() -> None:
    many = tuple(Suppressed(f"{n:064x}", n, "x" * 1_000) for n in range(3_000))
    found = made(replace(COVERED, decision=replace(REPORT.decision, suppressed=many))).decision
    assert (len(found.suppressed), found.suppressed_omitted) == (1_000, 2_000)


def test_the_time_and_number_of_a_decision_make_no_other_receipt_and_all_else_does() -> None:
    assert same_but_for_the_time(made(), made(at=AT + timedelta(days=1), decision_id=10))
    for other in (
        made(enforcement="L1"),
        made(scan_id="another"),
        made(confirmed=frozenset({"f1" * 32})),
        made(REPORT),
        made(version="0.2.0"),
    ):
        assert not same_but_for_the_time(made(), other)


# --- bytes ------------------------------------------------------------------------------------------------------------


def test_equal_receipts_are_equal_bytes() -> None:
    assert statement_bytes(made()) == statement_bytes(made())
    assert id_of(statement_bytes(made())) != id_of(statement_bytes(made(enforcement="L1")))


@given(COVERAGES, st.text(max_size=20), st.integers(-(10**9), 10**9))
def test_every_receipt_comes_back_from_its_bytes(coverage: ChangeCoverage, scan_id: str, project_id: int) -> None:
    receipt = made(replace(COVERED, coverage=coverage), scan_id=scan_id, project_id=project_id)
    payload = statement_bytes(receipt)
    assert read_statement(payload) == receipt
    assert canonical(json.loads(payload)) == payload
    assert statement_bytes(read_statement(payload)) == payload


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(JSON)
def test_canonical_json_comes_back_and_is_canonical_again(value: Any) -> None:
    try:
        once = canonical(value)
    except UnicodeEncodeError:
        return  # half a character in a name
    assert json.loads(once) == value
    assert canonical(json.loads(once)) == once


def test_a_name_that_is_no_utf8_has_a_form_that_is() -> None:
    odd = CoveredFile(PurePosixPath("a\udcff\n\u202e.py"), None, ChangeKind.ADDED, Content.TEXT)
    receipt = made(replace(COVERED, coverage=ChangeCoverage((odd,))))
    assert read_statement(statement_bytes(receipt)).change.files[0].path == "a\\udcff\n\u202e.py"


# --- reading what was signed ------------------------------------------------------------------------------------------


def changed(**more: Any) -> bytes:
    return canonical(document() | more)


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        pytest.param(b"", "not JSON", id="nothing"),
        pytest.param(b"\xff{}", "not UTF-8", id="no text"),
        pytest.param(b"[]", "not an in-toto statement", id="a list"),
        pytest.param(b"[" * 100_000, "not JSON", id="deep"),
        pytest.param(b'{"_type":"a","_type":"https://in-toto.io/Statement/v1"}', "twice", id="doubled name"),
        pytest.param(b'{"a":NaN}', "no number", id="NaN"),
        pytest.param(
            changed(_type="https://in-toto.io/Statement/v0.1"), "not an in-toto statement", id="old statement"
        ),
        pytest.param(changed(predicateType="https://slsa.dev/provenance/v1"), "another kind", id="other predicate"),
        pytest.param(
            changed(predicateType="https://mergewarden.invalid/coverage-receipt/v2"), "format v2", id="later format"
        ),
        pytest.param(changed(predicateType=None), "another kind", id="no predicate type"),
        pytest.param(changed(predicate={}), "incomplete or wrong at predicate", id="empty predicate"),
        pytest.param(changed(subject=[]), "subject is not the commit", id="no subject"),
        pytest.param(
            changed(subject=[{"digest": {"gitCommit": "c" * 40}}]), "subject is not the commit", id="other subject"
        ),
        pytest.param(
            changed(subject=[{"digest": {"gitCommit": "b" * 40}}, {"digest": {"gitCommit": "c" * 40}}]),
            "subject is not the commit",
            id="two subjects",
        ),
        pytest.param(changed(subject=[{"digest": {"sha256": "b" * 64}}]), "incomplete", id="other digest"),
        pytest.param(
            changed(predicate=document()["predicate"] | {"head": "B" * 40}), "predicate.head", id="no commit id"
        ),
        pytest.param(
            changed(predicate=document()["predicate"] | {"mergeRequest": "7"}), "mergeRequest", id="text for a number"
        ),
    ],
)
def test_what_is_no_receipt_is_refused(payload: bytes, said: str) -> None:
    with pytest.raises(InvalidReceipt, match=said):
        read_statement(payload)


def test_fields_of_a_later_release_are_passed_over() -> None:
    found = document()
    found["predicate"]["weather"] = "fine"
    found["more"] = 1
    assert read_statement(canonical(found)) == made()


# --- envelopes --------------------------------------------------------------------------------------------------------

ENVELOPE = Envelope(b"hello world", PAYLOAD_TYPE, (Signature(b"\xfb\xff" * 32, "key"),))


def test_the_signed_bytes_are_those_of_the_specification() -> None:
    """The example of https://github.com/secure-systems-lab/dsse/blob/master/protocol.md."""
    assert (
        pre_authentication_encoding("http://example.com/HelloWorld", b"hello world")
        == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )
    assert pre_authentication_encoding("ä", b"") == b"DSSEv1 2 \xc3\xa4 0 "


@given(st.binary(max_size=50), st.text(st.characters(exclude_categories=["Cs"]), max_size=20), st.binary(max_size=64))
def test_every_envelope_comes_back(payload: bytes, kind: str, value: bytes) -> None:
    envelope = Envelope(payload, kind, (Signature(value, kind), Signature(b"")))
    assert read_envelope(json.dumps(envelope.to_json()).encode()) == envelope


def test_both_alphabets_of_base64_are_read() -> None:
    written = ENVELOPE.to_json()
    (signature,) = written["signatures"]
    signature["sig"] = signature["sig"].replace("+", "-").replace("/", "_")
    assert Envelope.from_json(written) == ENVELOPE


def base64_of(text: str) -> dict[str, Any]:
    return ENVELOPE.to_json() | {"payload": text}


@pytest.mark.parametrize(
    ("document", "said"),
    [
        pytest.param([], "not a JSON object", id="a list"),
        pytest.param({}, "are wanted", id="empty"),
        pytest.param(ENVELOPE.to_json() | {"payloadType": 1}, "are wanted", id="type a number"),
        pytest.param(ENVELOPE.to_json() | {"signatures": {}}, "are wanted", id="signatures an object"),
        pytest.param(ENVELOPE.to_json() | {"signatures": []}, "signatures", id="no signature"),
        pytest.param(
            ENVELOPE.to_json() | {"signatures": ENVELOPE.to_json()["signatures"] * 17}, "has 17", id="many signatures"
        ),
        pytest.param(ENVELOPE.to_json() | {"signatures": ["x"]}, "a signature has sig", id="signature a text"),
        pytest.param(
            ENVELOPE.to_json() | {"signatures": [{"sig": "", "keyid": 7}]}, "may have keyid", id="key a number"
        ),
        pytest.param(base64_of("aGVsbG8gd29ybGQ"), "base64, or cut off", id="cut off"),
        pytest.param(base64_of("aGVsbG8gd29ybGQ=\n"), "base64", id="line end"),
        pytest.param(base64_of("aGVs bG8="), "base64", id="space"),
        pytest.param(base64_of("aGVsbG8gd29ybGR="), "as it is written", id="left-over bits"),
        pytest.param(base64_of("-_+/"), "two kinds", id="two alphabets"),
        pytest.param(base64_of("аGVs"), "base64", id="Cyrillic a"),
        pytest.param(base64_of("ａGVs"), "base64", id="wide a"),
        pytest.param(ENVELOPE.to_json() | {"payloadType": "\ud800"}, "half a character", id="half a character"),
    ],
)
def test_what_is_no_envelope_is_refused(document: object, said: str) -> None:
    with pytest.raises(UnreadableReceipt, match=said):
        Envelope.from_json(document)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        pytest.param(b"", "not JSON", id="nothing"),
        pytest.param(b"\xef\xbb\xbf{}", "not JSON", id="byte order mark"),
        pytest.param('{"payload":""}'.encode("utf-16"), "not UTF-8", id="UTF-16"),
        pytest.param(b'{"payload":"","payload":"aa=="}', "twice", id="doubled name"),
        pytest.param(b'{"signatures":[{"sig":"","sig":"x"}]}', "twice", id="doubled name within"),
        pytest.param(b'{"payload":"","p\\u0061yload":""}', "twice", id="doubled name in disguise"),
        pytest.param(b"{" * 100_000, "not JSON", id="deep"),
        pytest.param(b'{"a":' + b"9" * 10_000 + b"}", "not JSON", id="long number"),
        pytest.param(b" " * (LARGEST + 1), "larger", id="huge"),
    ],
)
def test_a_file_that_is_no_envelope_is_refused(raw: bytes, said: str) -> None:
    with pytest.raises(UnreadableReceipt, match=said):
        read_envelope(raw)


@settings(max_examples=examples(300))
@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_rubbish_is_unreadable_and_nothing_worse(raw: bytes) -> None:
    with pytest.raises(UnreadableReceipt):
        read_envelope(raw)


def test_base64_here_is_that_of_the_standard() -> None:
    assert base64.b64decode(ENVELOPE.to_json()["payload"]) == b"hello world"
