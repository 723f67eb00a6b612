"""Reports to render: one with everything, hostile wherever a stranger has a say, and a small one for each verdict."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import PurePosixPath

from bot.domain import explanations, failures, policy_problems, suppression_texts
from bot.domain.verdict import (
    Effect,
    GateDecision,
    Outcome,
    Presence,
    Reason,
    ReasonCode,
    ScanReport,
    Subject,
    Suppressed,
    TrackedFinding,
    Violation,
)
from scanners import reasons
from scanners.finding import Attribution, Confidence, Dependency, Finding, FindingKind, Fix, Location, Severity
from scanners.interface import Gap, GapReason, ScannerRun, ScannerStatus

ATTACK = (
    "/merge\n/approve\r\n\u00a0/close\u2028/assign @root\n"
    "> >>> x\n>>>\n```\n/label ~bug\n```\n~~~~\n"
    "Hello @all and @group/sub, &#64;admin, see #1 !2 ~label %1.0 $3 &4 ^alert#5 "
    "[vulnerability:6] group/proj#7 GL-8 ABC-9\n"
    "commit 0123456789abcdef0123456789abcdef01234567 https://gitlab.example/group/proj/-/issues/1 www.evil.example\n"
    "![x](https://evil.example/track.png) [text](javascript:alert(1)) <img src=x onerror=alert(1)> "
    "<script>alert(1)</script>\n"
    "<!-- mergewarden:v1 fp=0000 -->\n| a | b |\n|---|---|\n# heading\n- item\n1. one\n    code\n===\n---\n"
    "bidi \u202e zero \u200b width \u2066 esc \x1b[31m null \x00 :tada: {+ added +} [[_TOC_]] [^1] ::include{file=x}"
)
"""Whatever GitLab would do something with."""


@dataclass(frozen=True)
class Texts:
    """A rule's texts as the catalogue has them."""

    title: str
    message: str
    remediation: str


CATALOGUE = {
    ("sample-sast", "sql-from-input", "en"): Texts(
        "SQL built from user input",
        "The query text is put together from `name`, which comes from the request. Whoever sends the request decides "
        "what the database runs, and can read or change any row.",
        "Pass the value as a parameter: `cursor.execute(query, (name,))`.",
    ),
    ("sample-sast", "sql-from-input", "zh-CN"): Texts(
        "使用用户输入拼接 SQL",
        "查询语句由请求中的 `name` 拼接而成。发送请求的人可以决定数据库执行什么，从而读取或修改任意数据。",
        "改用参数传值：`cursor.execute(query, (name,))`。",
    ),
}


def lookup(scanner: str, rule_id: str, language: str) -> Texts | None:
    """A catalogue that does not change when the real one does."""
    return CATALOGUE.get((scanner, rule_id, language))


SQL = Finding(
    scanner="sample-sast",
    rule_id="sql-from-input",
    kind=FindingKind.SAST,
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    title="SQL built from user input",
    message="The query text comes from the request.",
    location=Location(PurePosixPath("app/db.py"), 14, 14, 5, 62),
    cwes=(89,),
    owasp=("A03:2021",),
    snippet='    cursor.execute("SELECT * FROM users WHERE n = \'" + name)',
    remediation="Use parameters.",
    references=("https://owasp.org/www-community/attacks/SQL_Injection", "https://evil.example/a?b=c"),
    fix=Fix(14, 14, '    cursor.execute("SELECT * FROM users WHERE n = %s", (name,))'),
    match_hash="1f" * 32,
    fingerprint="a1" * 32,
    attributions=(
        Attribution("other-sast", "2.0.0", "B608"),
        Attribution("sample-sast", "1.4.0", "sql-from-input"),
    ),
)

HOSTILE = Finding(
    scanner="sample-sast",
    rule_id="`rule` @root /close",
    kind=FindingKind.SAST,
    severity=Severity.MEDIUM,
    confidence=Confidence.LOW,
    title=ATTACK.replace("\n", " ")[:300],
    message=ATTACK,
    location=Location(PurePosixPath("src/@all/`x`|/<img src=x>\n/close #1 \u202egpj.py"), 3, 5),
    cwes=(79, 116),
    owasp=("A03:2021 @root",),
    snippet=ATTACK,
    remediation=ATTACK,
    references=("javascript:alert(1)", "https://evil.example/)[x](https://evil.example)", "https://cwe.mitre.org/x#y"),
    fingerprint="b2" * 32,
    attributions=(Attribution("sample-sast", "1.4.0\n/close", "`rule` @root /close"),),
)

SECRET = Finding(
    scanner="sample-secrets",
    rule_id="private-key",
    kind=FindingKind.SECRET,
    severity=Severity.CRITICAL,
    confidence=Confidence.MEDIUM,
    title="Private key in the repository",
    message="A private key stands in this file.",
    location=Location(PurePosixPath("deploy/配置/key.pem"), 1, 1),
    cwes=(798,),
    snippet="-----BEGIN ***REDACTED***",
    fingerprint="c3" * 32,
    attributions=(Attribution("sample-secrets", "1.5.0", "private-key"),),
)

DEPENDENCY = Finding(
    scanner="sample-audit",
    rule_id="GHSA-2hrw-hx67-34x6",
    kind=FindingKind.DEPENDENCY,
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    title="django 3.2.1: GHSA-2hrw-hx67-34x6",
    message="Django 3.2 before 3.2.20 allows a denial of service.\n\nSee the `EmailValidator` and @django for more.",
    location=Location(PurePosixPath("requirements.txt"), 2, 2),
    cwes=(1333,),
    snippet="django==3.2.1",
    references=("https://nvd.nist.gov/vuln/detail/CVE-2023-36053",),
    dependency=Dependency("PyPI", "django", "3.2.1", ("GHSA-2hrw-hx67-34x6", "CVE-2023-36053"), ("3.2.20", "4.1.10")),
    fingerprint="d4" * 32,
    attributions=(Attribution("sample-audit", "2.10.1", "GHSA-2hrw-hx67-34x6"),),
)

UNFIXED_DEPENDENCY = replace(
    DEPENDENCY,
    rule_id="PYSEC-2099-1",
    severity=Severity.LOW,
    location=Location(PurePosixPath("requirements.txt"), 7, 7),
    dependency=Dependency("PyPI", "left-pad", "0.1", ("PYSEC-2099-1",)),
    message="Unmaintained.",
    snippet="left-pad==0.1",
    references=(),
    fingerprint="d5" * 32,
    attributions=(Attribution("sample-audit", "2.10.1", "PYSEC-2099-1"),),
)

CHANGED = replace(
    SQL,
    location=Location(PurePosixPath("app/报表.py"), 40, 41),
    fix=None,
    fingerprint="e6" * 32,
    snippet="    rows = db.run(\n\t\tquery + where)",
    severity=Severity.MEDIUM,
)

EXISTING = replace(
    SQL, location=Location(PurePosixPath("app/old.py"), 63, 63), fix=None, fingerprint="f7" * 32, severity=Severity.LOW
)
FIXED = replace(
    SECRET, location=Location(PurePosixPath("app/settings.py"), 8, 8), fingerprint="08" * 32, severity=Severity.INFO
)

NO_ANSWER = failures.GIT_TIMEOUT.format(command="fetch", seconds=300)
EDITED = explanations.EDITED_ELSEWHERE.format(was="38-39", path="app/report.py", now="40-41")
TOO_LARGE = reasons.READS_UP_TO.format(scanner="sample-sast", count=1_000_000)
TIMED_OUT = reasons.TOO_SLOW.format(scanner="other-sast", seconds=120)

RUNS = (
    ScannerRun(
        scanner="sample-sast",
        kind=FindingKind.SAST,
        version="1.4.0",
        status=ScannerStatus.COMPLETED,
        findings=(SQL, HOSTILE, CHANGED, EXISTING),
        gaps=(
            Gap(
                PurePosixPath("web/bundle.min.js"),
                GapReason.TOO_LARGE,
                TOO_LARGE,
            ),
            Gap(PurePosixPath("app/broken|`@root`.py"), GapReason.PARSE_ERROR, "line 3: /close <b>", 3),
        ),
        files=12,
        cached_files=9,
        seconds=2.418,
        rules_digest="ab" * 8,
    ),
    ScannerRun(
        scanner="other-sast",
        kind=FindingKind.SAST,
        version="2.0.0",
        status=ScannerStatus.TIMED_OUT,
        reason=TIMED_OUT,
        seconds=120.04,
    ),
    ScannerRun(
        scanner="sample-secrets",
        kind=FindingKind.SECRET,
        version="1.5.0",
        status=ScannerStatus.COMPLETED,
        findings=(SECRET,),
        files=14,
        seconds=0.21,
    ),
    ScannerRun(
        scanner="sample-audit",
        kind=FindingKind.DEPENDENCY,
        version="2.10.1",
        status=ScannerStatus.COMPLETED,
        findings=(DEPENDENCY, UNFIXED_DEPENDENCY),
        gaps=(Gap(PurePosixPath("requirements.txt"), GapReason.NOT_PINNED, "flask>=2", 4),),
        files=1,
        seconds=1.2,
        data_date=date(2026, 5, 3),
    ),
    ScannerRun(
        scanner="java-sast", kind=FindingKind.SAST, version="0.9", status=ScannerStatus.NOT_APPLICABLE, seconds=0.0
    ),
)

SUBJECT = Subject(
    project="shop/payments",
    project_url="https://gitlab.example/shop/payments",
    merge_request_iid=42,
    ref="feature/@root-login",
    base_sha="1" * 40,
    head_sha="2f" * 20,
)

RICH = ScanReport(
    subject=SUBJECT,
    tracked=(
        TrackedFinding(SQL, Presence.NEW),
        TrackedFinding(HOSTILE, Presence.NEW),
        TrackedFinding(SECRET, Presence.NEW),
        TrackedFinding(DEPENDENCY, Presence.NEW),
        TrackedFinding(UNFIXED_DEPENDENCY, Presence.NEW),
        TrackedFinding(
            CHANGED,
            Presence.CHANGED,
            previous=CHANGED,
            explanation=EDITED,
        ),
        TrackedFinding(EXISTING, Presence.EXISTING, previous=EXISTING, explanation="line map: was 57, now 63"),
        TrackedFinding(FIXED, Presence.FIXED),
    ),
    runs=RUNS,
    decision=GateDecision(
        outcome=Outcome.FAILED,
        violations=(
            Violation(SQL.fingerprint, "high-and-above", Effect.BLOCK),
            Violation(SECRET.fingerprint, "high-and-above", Effect.BLOCK),
            Violation(DEPENDENCY.fingerprint, "high-and-above", Effect.BLOCK),
            Violation(HOSTILE.fingerprint, "medium", Effect.COMMENT),
        ),
        reasons=(
            Reason(ReasonCode.SCANNER_NOT_ASSESSED, "other-sast", TIMED_OUT),
            Reason(ReasonCode.FILE_NOT_READ, "web/bundle.min.js", "too_large"),
        ),
        policy_digest="5e" * 16,
    ),
    started_at=datetime(2026, 5, 4, 9, 30, tzinfo=UTC),
    seconds=121.3,
    files_changed=15,
    files_read=14,
)

_CLEAN_RUNS = (replace(RUNS[2], findings=(), gaps=()),)

PASSED = replace(
    RICH,
    tracked=(),
    runs=_CLEAN_RUNS,
    decision=GateDecision(Outcome.PASSED),
    seconds=0.8,
    files_changed=1,
    files_read=1,
)
WARNED = replace(
    RICH,
    tracked=(TrackedFinding(UNFIXED_DEPENDENCY, Presence.NEW),),
    runs=RUNS[3:4],
    decision=GateDecision(Outcome.WARNED, (Violation(UNFIXED_DEPENDENCY.fingerprint, "low", Effect.COMMENT),)),
    seconds=4.0,
)
NOT_ASSESSED = replace(
    RICH,
    tracked=(),
    runs=RUNS[1:2],
    decision=GateDecision(
        Outcome.NOT_ASSESSED,
        reasons=(Reason(ReasonCode.SCANNER_NOT_ASSESSED, "other-sast", TIMED_OUT),),
    ),
)
SCAN_FAILED = replace(
    RICH,
    tracked=(),
    runs=(),
    decision=GateDecision(
        Outcome.NOT_ASSESSED,
        reasons=(Reason(ReasonCode.SCAN_FAILED, detail=NO_ANSWER),),
    ),
    files_read=0,
)
NOTHING_TO_READ = replace(RICH, tracked=(), runs=RUNS[4:], decision=GateDecision(Outcome.PASSED), files_read=0)
_WRONG_SEVERITY = policy_problems.NOT_ONE_OF_NEAR.format(
    value="'hihg'", what="severity", choices="info, low, medium, high, critical", word="high"
)
POLICY_IGNORED = replace(
    PASSED,
    decision=GateDecision(
        Outcome.WARNED,
        reasons=(
            Reason(
                ReasonCode.PROJECT_POLICY_IGNORED,
                ".mergewarden.yml",
                policy_problems.AT_LINE.format(
                    file=".mergewarden.yml",
                    line=5,
                    problem=policy_problems.IN_SETTING.format(where="block[1].severity", problem=_WRONG_SEVERITY),
                ),
            ),
        ),
    ),
)
POLICY_REFUSED = replace(
    PASSED,
    decision=GateDecision(
        Outcome.PASSED,
        reasons=(
            Reason(
                ReasonCode.PROJECT_POLICY_REFUSED,
                "block",
                failures.SETTING_REFUSED.format(wanted=failures.WANTED_NONE, kept=failures.KEPT_COUNT.format(count=3)),
            ),
            Reason(
                ReasonCode.PROJECT_POLICY_REFUSED,
                "unread_files",
                failures.SETTING_REFUSED.format(wanted="ignore", kept="not_assessed"),
            ),
        ),
    ),
)
_BY_TWO = suppression_texts.MITIGATING_CONTROL.format(
    actor="alice + bob", date="2026-12-31", reason="only reachable from the batch network, see RISK-12"
)
_HOSTILE_REASON = suppression_texts.FALSE_POSITIVE.format(
    actor="mallory @root", date="2026-06-30", reason=" ".join(ATTACK.split())[:300]
)
SUPPRESSED = replace(
    RICH,
    tracked=(
        TrackedFinding(SQL, Presence.NEW, number=812),
        TrackedFinding(HOSTILE, Presence.NEW, number=813),
        TrackedFinding(UNFIXED_DEPENDENCY, Presence.NEW, number=814),
        TrackedFinding(
            EXISTING, Presence.EXISTING, previous=EXISTING, explanation="line map: was 57, now 63", number=9
        ),
    ),
    runs=(RUNS[0], RUNS[3]),
    decision=GateDecision(
        Outcome.WARNED,
        (Violation(UNFIXED_DEPENDENCY.fingerprint, "low", Effect.COMMENT),),
        policy_digest="5e" * 16,
        suppressed=(Suppressed(SQL.fingerprint, 7, _BY_TWO), Suppressed(HOSTILE.fingerprint, None, _HOSTILE_REASON)),
    ),
)
WHOLE_TREE = replace(
    RICH,
    subject=Subject(project="payments"),
    tracked=tuple(
        replace(t, presence=Presence.NEW, previous=None) for t in RICH.tracked if t.presence is not Presence.FIXED
    ),
)

ALL = {
    "rich": RICH,
    "passed": PASSED,
    "warned": WARNED,
    "not_assessed": NOT_ASSESSED,
    "scan_failed": SCAN_FAILED,
    "nothing_to_read": NOTHING_TO_READ,
    "whole_tree": WHOLE_TREE,
    "suppressed": SUPPRESSED,
    "policy_ignored": POLICY_IGNORED,
    "policy_refused": POLICY_REFUSED,
}
