"""
A coverage receipt: what was looked at in a merge request, by whom, and what the gate decided, as a document to sign.

The document is an in-toto statement (https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md) about the
head commit, in a DSSE envelope (https://github.com/secure-systems-lab/dsse/blob/master/protocol.md). It holds names,
numbers, digests and words of ours. It never holds source code, snippets, messages of findings or values of secrets.

Everything here is a function of its arguments: ``bot.pipeline.signing`` has the keys.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import PurePosixPath
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel

from bot.domain.change import ChangeKind
from bot.domain.change_coverage import ChangeCoverage, Content, CoveredFile
from bot.domain.verdict import Effect, GateDecision, Outcome, Presence, Reason, ReasonCode, ScanReport
from bot.errors import MergewardenError
from scanners.finding import FindingKind
from scanners.interface import ScannerRun, ScannerStatus
from scanners.normalize import clean_text

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
PREDICATE: Final = "https://mergewarden.invalid/coverage-receipt/"
PREDICATE_TYPE: Final = f"{PREDICATE}v1"
"""Resolves to nothing on purpose (RFC 2606): nobody else can ever answer for it. The last part is the version."""

LARGEST: Final = 16 * 1024 * 1024
"""Bytes of an envelope that is read."""
MOST_SIGNATURES: Final = 16
_MOST_SUBJECTS = 100
_MOST_EXCUSED = 1_000
_REASON = 300
_NAME = 200


class UnreadableReceipt(MergewardenError):
    """Raised for what is no envelope at all, so that nothing can be said about it."""


class InvalidReceipt(MergewardenError):
    """Raised for an envelope that proves nothing: its signature, its type or what it says does not hold."""


# --- What it says -----------------------------------------------------------------------------------------------------


class _Part(BaseModel):
    # Fields that we do not know are passed over, as in-toto wants it of consumers: a later release may add some.
    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        strict=True,
        alias_generator=to_camel,
        populate_by_name=True,
        hide_input_in_errors=True,
    )


Sha = Annotated[str, StringConstraints(pattern=r"^(?:[0-9a-f]{40}|[0-9a-f]{64})$")]
Count = Annotated[int, Field(ge=0, lt=2**63)]


class ReceiptProject(_Part):
    """Where it was."""

    id: int
    """GitLab's number."""
    path: str


class ReceiptGap(_Part):
    """Somebody who did not read all of a file."""

    scanner: str
    reasons: tuple[str, ...]
    """Words such as ``too_large``, ``parse_error`` or ``no_answer``."""


class ReceiptFile(_Part):
    """One file of the change."""

    path: str
    previous_path: str | None = None
    """For one that was renamed or copied."""
    change: ChangeKind
    content: Content
    blob: str | None = None
    lines: Count | None = None
    ranges: Count | None = None
    read_by: tuple[str, ...] = ()
    """Scanners that read all of it."""
    gaps: tuple[ReceiptGap, ...] = ()


class ReceiptChange(_Part):
    """What was read of the change."""

    files_changed: Count
    files_read: Count
    """Contents that scanners were given."""
    listed: bool
    """Whether ``files`` says which; not so where the scan was given up, or made by a release that did not note it."""
    files: tuple[ReceiptFile, ...] = ()
    omitted: Count = 0
    """Files of the change beyond those listed."""
    omitted_incomplete: Count = 0


class ReceiptScanner(_Part):
    """One scanner, or an imported report of another tool."""

    name: str
    kind: FindingKind
    version: str
    status: ScannerStatus
    assessed: bool
    reason: str | None = None
    """Why it is not assessed."""
    files: Count
    findings: Count
    gaps: Count
    rules_digest: str | None = None
    data_date: date | None = None
    """Of the newest advisory."""


class ReceiptReason(_Part):
    """Why the decision is what it is, beyond findings."""

    code: str
    count: Count
    subjects: tuple[str, ...] = ()
    """Scanners or settings; files are in the list of files."""


class ReceiptExcused(_Part):
    """A finding that does not count because of an exception."""

    fingerprint: str
    finding: int | None = None
    """Its number."""
    suppression: int | None = None
    """None for a comment in the code."""


class ReceiptDecision(_Part):
    """What the gate decided."""

    id: int | None = None
    at: str
    outcome: Outcome
    lets_through: bool
    tolerated: bool
    violations: dict[str, Count]
    """Findings by the strongest effect of the rules that they violate."""
    findings: dict[str, Count]
    """Findings by what the change did to them."""
    reasons: tuple[ReceiptReason, ...] = ()
    suppressed: tuple[ReceiptExcused, ...] = ()
    suppressed_omitted: Count = 0
    confirmed: tuple[str, ...] = ()
    """Fingerprints of changed findings that somebody confirmed."""
    policy_digest: str


class Receipt(_Part):
    """The predicate of the statement."""

    project: ReceiptProject
    merge_request: int | None = None
    target_branch: str
    base: Sha | None = None
    head: Sha
    scan: str
    scanned_at: str
    change: ReceiptChange
    scanners: tuple[ReceiptScanner, ...]
    reports: tuple[ReceiptScanner, ...] = ()
    """Reports of other tools about the same commit."""
    decision: ReceiptDecision
    enforcement: str | None = None
    """``L0`` to ``L3``, as the project's settings were last seen; None where nobody looked."""
    mergewarden: str
    """Version of the program."""


class _Digest(_Part):
    git_commit: str


class _Subject(_Part):
    digest: _Digest


class _Statement(_Part):
    type: Annotated[Literal["https://in-toto.io/Statement/v1"], Field(alias="_type")]
    subject: tuple[_Subject, ...]
    predicate_type: str
    predicate: Receipt


def receipt_of(
    report: ScanReport,
    *,
    project_id: int,
    scan_id: str,
    at: datetime,
    version: str,
    decision_id: int | None = None,
    confirmed: frozenset[str] = frozenset(),
    enforcement: str | None = None,
) -> Receipt:
    """
    What the receipt of this scan and its decision says. Equal arguments give equal receipts.

    ``at`` is when the decision was made. Raises ``ValueError`` for a scan of something without a commit.
    """
    subject = report.subject
    if subject.head_sha is None:
        raise ValueError("a receipt is about a commit")
    own = [run for run in report.runs if not is_import(run)]
    return Receipt(
        project=ReceiptProject(id=project_id, path=_word(subject.project, 1_000)),
        merge_request=subject.merge_request_iid,
        target_branch=_word(subject.ref, 1_000),
        base=subject.base_sha,
        head=subject.head_sha,
        scan=_word(scan_id),
        scanned_at=_moment(report.started_at),
        change=_change(report, report.coverage),
        scanners=tuple(_scanner(run) for run in own),
        reports=tuple(_scanner(run) for run in report.runs if is_import(run)),
        decision=_decision(report, decision_id, at, confirmed),
        enforcement=enforcement,
        mergewarden=version,
    )


_IMPORTED = "-import"


def is_import(run: ScannerRun) -> bool:
    """Whether a run is another tool's report, by the end of its name (see ``bot.pipeline.merging.IMPORTED``)."""
    return run.scanner.endswith(_IMPORTED)


def same_but_for_the_time(one: Receipt, other: Receipt) -> bool:
    """Whether two receipts say the same, whenever and under whichever number it was decided."""
    return _timeless(one) == _timeless(other)


def _timeless(receipt: Receipt) -> Receipt:
    return receipt.model_copy(update={"decision": receipt.decision.model_copy(update={"id": None, "at": ""})})


def _change(report: ScanReport, coverage: ChangeCoverage | None) -> ReceiptChange:
    return ReceiptChange(
        files_changed=report.files_changed,
        files_read=report.files_read,
        listed=coverage is not None,
        files=tuple(_file(file) for file in coverage.files) if coverage is not None else (),
        omitted=coverage.omitted if coverage is not None else 0,
        omitted_incomplete=coverage.omitted_incomplete if coverage is not None else 0,
    )


def _file(file: CoveredFile) -> ReceiptFile:
    return ReceiptFile(
        path=path_text(file.path),
        previous_path=path_text(file.previous) if file.previous is not None else None,
        change=file.kind,
        content=file.content,
        blob=file.blob,
        lines=file.lines,
        ranges=file.ranges,
        read_by=tuple(look.scanner for look in file.looks if not look.left_out),
        gaps=tuple(ReceiptGap(scanner=look.scanner, reasons=look.left_out) for look in file.looks if look.left_out),
    )


def _scanner(run: ScannerRun) -> ReceiptScanner:
    return ReceiptScanner(
        name=_word(run.scanner),
        kind=run.kind,
        version=_word(run.version),
        status=run.status,
        assessed=run.assessed,
        reason=None if run.assessed else _word(run.reason, _REASON),
        files=run.files,
        findings=len(run.findings),
        gaps=len(run.gaps),
        rules_digest=_word(run.rules_digest) or None,
        data_date=run.data_date,
    )


def _decision(report: ScanReport, decision_id: int | None, at: datetime, confirmed: frozenset[str]) -> ReceiptDecision:
    decision = report.decision
    numbers = {item.finding.fingerprint: item.number for item in report.tracked}
    excused = _excused(decision, numbers)
    effects = Counter(decision.effect_on(fingerprint) for fingerprint in {v.fingerprint for v in decision.violations})
    presences = Counter(item.presence for item in report.tracked)
    return ReceiptDecision(
        id=decision_id,
        at=_moment(at),
        outcome=decision.outcome,
        lets_through=decision.lets_through,
        tolerated=decision.tolerated,
        violations={effect.value: effects[effect] for effect in Effect},
        findings={presence.value: presences[presence] for presence in Presence},
        reasons=_reasons(decision.reasons),
        suppressed=tuple(excused[:_MOST_EXCUSED]),
        suppressed_omitted=max(0, len(excused) - _MOST_EXCUSED),
        confirmed=tuple(sorted(_word(fingerprint) for fingerprint in confirmed)[:_MOST_EXCUSED]),
        policy_digest=_word(decision.policy_digest),
    )


def _excused(decision: GateDecision, numbers: Mapping[str, int | None]) -> list[ReceiptExcused]:
    rows = {(s.fingerprint, s.suppression_id) for s in decision.suppressed}
    return [
        ReceiptExcused(fingerprint=_word(fingerprint), finding=numbers.get(fingerprint), suppression=suppression)
        for fingerprint, suppression in sorted(rows, key=lambda row: (row[0], row[1] is None, row[1] or 0))
    ]


def _reasons(reasons: Sequence[Reason]) -> tuple[ReceiptReason, ...]:
    """By code. What each says is left out: it may quote a policy file or an error."""
    found: dict[ReasonCode, list[str]] = {}
    for reason in reasons:
        found.setdefault(reason.code, []).append(reason.subject)
    rows = []
    for code in sorted(found, key=lambda code: code.value):
        named = code is not ReasonCode.FILE_NOT_READ
        subjects = sorted({_word(subject) for subject in found[code] if subject}) if named else []
        rows.append(ReceiptReason(code=code.value, count=len(found[code]), subjects=tuple(subjects[:_MOST_SUBJECTS])))
    return tuple(rows)


def path_text(path: PurePosixPath) -> str:
    """A path as it stands in a receipt: nothing is cleaned away, for it has to be found again in the repository."""
    return str(path).encode("utf-8", "backslashreplace").decode("utf-8")


def _word(text: str, limit: int = _NAME) -> str:
    return clean_text(text, limit).replace("\n", " ")


def _moment(at: datetime) -> str:
    """RFC 3339 in UTC, to the second."""
    if at.tzinfo is None:
        raise ValueError("a time without its zone says nothing")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# --- As bytes ---------------------------------------------------------------------------------------------------------


def statement_bytes(receipt: Receipt) -> bytes:
    """The statement as it is signed: equal for equal receipts."""
    name = f"{receipt.project.path}!{receipt.merge_request}" if receipt.merge_request is not None else None
    return canonical(
        {
            "_type": STATEMENT_TYPE,
            "subject": [{"digest": {"gitCommit": receipt.head}, **({"name": name} if name else {})}],
            "predicateType": PREDICATE_TYPE,
            "predicate": receipt.model_dump(mode="json", by_alias=True, exclude_none=True),
        }
    )


def canonical(document: object) -> bytes:
    """
    JSON as UTF-8 with sorted keys and without white space. There are no fractions in a receipt, so this is also the
    form of RFC 8785.
    """
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False)
    return text.encode("utf-8")


def id_of(payload: bytes) -> str:
    """The id of a receipt: SHA-256 (hex) of what is signed."""
    return hashlib.sha256(payload).hexdigest()


def read_statement(payload: bytes) -> Receipt:
    """The receipt in a payload whose signature was checked. Raises ``InvalidReceipt``."""
    try:
        document = _strict_json(payload)
    except ValueError as error:
        raise InvalidReceipt(f"what was signed is not JSON as it should be: {error}") from None
    if not isinstance(document, dict) or document.get("_type") != STATEMENT_TYPE:
        raise InvalidReceipt("what was signed is not an in-toto statement of version 1")
    kind = document.get("predicateType")
    if kind != PREDICATE_TYPE:
        if isinstance(kind, str) and kind.startswith(PREDICATE):
            format = _word(kind.removeprefix(PREDICATE), 40)
            raise InvalidReceipt(
                f"it is a receipt of the format {format}, which this release does not know",
                "Use the release that issued it, or a newer one.",
            )
        raise InvalidReceipt("what was signed is another kind of statement, not a coverage receipt")
    try:
        # Not from Python values: in strict mode only JSON's own arrays are taken for tuples.
        statement = _Statement.model_validate_json(payload)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        where = _word(".".join(str(part) for part in first["loc"]), 200)
        raise InvalidReceipt(f"the receipt is incomplete or wrong at {where}: {_word(first['msg'], 200)}") from None
    if [subject.digest.git_commit for subject in statement.subject] != [statement.predicate.head]:
        raise InvalidReceipt("its subject is not the commit that it speaks of")
    return statement.predicate


# --- The envelope -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature of an envelope."""

    value: bytes
    key_id: str = ""
    """A hint about the key; nobody vouches for it."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A payload with signatures over it and its type. Nothing in it is to be believed before they are checked."""

    payload: bytes
    payload_type: str
    signatures: tuple[Signature, ...]

    @property
    def signed_bytes(self) -> bytes:
        """What a signature is over: DSSE's pre-authentication encoding of type and payload."""
        return pre_authentication_encoding(self.payload_type, self.payload)

    def to_json(self) -> dict[str, Any]:
        """As DSSE writes it."""
        return {
            "payload": base64.b64encode(self.payload).decode("ascii"),
            "payloadType": self.payload_type,
            "signatures": [
                {"keyid": signature.key_id, "sig": base64.b64encode(signature.value).decode("ascii")}
                for signature in self.signatures
            ],
        }

    @classmethod
    def from_json(cls, document: object) -> Envelope:
        """An envelope out of a JSON value. Raises ``UnreadableReceipt``."""
        if not isinstance(document, dict):
            raise UnreadableReceipt("it is no envelope: not a JSON object")
        payload, kind, signatures = (document.get(name) for name in ("payload", "payloadType", "signatures"))
        if not isinstance(payload, str) or not isinstance(kind, str) or not isinstance(signatures, list):
            raise UnreadableReceipt("it is no envelope: payload, payloadType and signatures are wanted")
        if not 1 <= len(signatures) <= MOST_SIGNATURES:
            raise UnreadableReceipt(f"an envelope has 1 to {MOST_SIGNATURES} signatures, this has {len(signatures)}")
        return cls(
            _base64("payload", payload), _encodable(kind), tuple(_signature(signature) for signature in signatures)
        )


def pre_authentication_encoding(payload_type: str, payload: bytes) -> bytes:
    """PAE of DSSE's protocol: lengths go before the parts, so that neither can be taken for the other."""
    kind = payload_type.encode("utf-8")
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def read_envelope(raw: bytes) -> Envelope:
    """The envelope in a file's bytes. Raises ``UnreadableReceipt``."""
    if len(raw) > LARGEST:
        raise UnreadableReceipt(f"it is larger than {LARGEST} bytes, so it is no receipt")
    try:
        return Envelope.from_json(_strict_json(raw))
    except ValueError as error:
        raise UnreadableReceipt(f"it is not JSON as it should be: {error}") from None


def _signature(document: object) -> Signature:
    value = document.get("sig") if isinstance(document, dict) else None
    hint = document.get("keyid") if isinstance(document, dict) else None
    if not isinstance(value, str) or not isinstance(hint, str | None):
        raise UnreadableReceipt("it is no envelope: a signature has sig, a text, and may have keyid, another")
    return Signature(_base64("sig", value), _encodable(hint or ""))


def _base64(name: str, text: str) -> bytes:
    """
    Either alphabet of RFC 4648, as DSSE demands, but not both at once, whole, and in the one way in which these bytes
    are written.
    """
    standard = text if not set("-_") & set(text) else text.translate(_URL_SAFE)
    if standard != text and set("+/") & set(text):
        raise UnreadableReceipt(f"it is no envelope: {name} mixes two kinds of base64")
    try:
        value = base64.b64decode(standard.encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        raise UnreadableReceipt(f"it is no envelope: {name} is not base64, or cut off") from None
    if base64.b64encode(value).decode("ascii") != standard:
        raise UnreadableReceipt(f"it is no envelope: {name} is not base64 as it is written")
    return value


_URL_SAFE = str.maketrans("-_", "+/")


def _encodable(text: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise UnreadableReceipt("it is no envelope: it has half a character in it") from None
    return text


def _strict_json(raw: bytes) -> Any:
    """A JSON value whose objects name nothing twice, in UTF-8. Raises ``ValueError`` in plain words."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("not UTF-8") from None
    try:
        return json.loads(text, object_pairs_hook=_without_doubles, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise ValueError(f"{error.msg} at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is no number")
