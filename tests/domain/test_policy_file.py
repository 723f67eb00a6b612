"""A policy file says what its author meant, or names the line where it does not."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rules
from bot.domain.gate import evaluate
from bot.domain.policy import (
    AdvisoryRules,
    IgnoredPath,
    InCode,
    MergeRules,
    NoiseRules,
    OnChanged,
    People,
    Policy,
    PolicyRule,
    RuleMode,
    SecondPerson,
    Sla,
    SuppressionRules,
    Threshold,
    Unread,
    WhenNotAssessed,
)
from bot.domain.policy_file import MAX_BYTES, PolicyError, load_group_policy, load_policy, load_project_policy
from bot.domain.verdict import Effect, Outcome, Presence
from bot.errors import ConfigurationError
from bot.texts import Language
from scanners.finding import Confidence, FindingKind, Severity
from scanners.interface import ScannerStatus
from tests.domain.builders import finding, run, tracked

DEFAULT = Path(rules.__file__).parent / "policy" / "default.yaml"
SMALLEST = "version: 1\nblock: []\nrequired_scanners: []\n"

EVERYTHING = """\
version: 1
language: zh-CN
block:
  - name: severe
    severity: high
    confidence: medium
    kinds: [sast, secret]
    paths: ["src/**", "*.py"]
    exclude_paths: tests/
    presence: new
warn:
  - {name: rest}
comment: {severity: info, confidence: low}
required_scanners: {sast: [semgrep, bandit], secret: detect-secrets}
unread_files: warn
unpinned: ignore
changed: warn
max_threads: 7
ignore_paths:
  - {path: samples/, reason: vulnerable on purpose}
monitor:
  - name: everything
    cwes: [CWE-89, "cwe-78", 22]
    rules: "B6*"
    scanners: [Semgrep OSS]
    fix_available: true
    epss: 0.25
    kev: false
    licences: ["AGPL-*", unknown]
    overdue: true
    branches: [main, "release/*"]
    labels: [Payments]
    draft: false
    presence: [existing]
rule_modes:
  - {rules: ["python.*"], scanners: semgrep, mode: monitor, reason: new}
failed_scanners: ignore
missing_facts: not_assessed
not_assessed: allow
advisories: {oldest_days: 14, when_older: warn}
sla: {critical: 3, low: 365}
suppressions: {remind_days: 0}
people: {security_group: security/appsec, break_glass: [Alice]}
merge: {label: "mergewarden::merge", when_clear: true}
noise: {least_comments: 5}
projects:
  - match: payments/**
    changed: block
    block: []
"""


def test_every_setting_is_read() -> None:
    document = load_policy(EVERYTHING, "p.yaml")
    assert document.for_project("shop/web") == Policy(
        language=Language.CHINESE,
        block=(
            PolicyRule(
                "severe",
                Severity.HIGH,
                Confidence.MEDIUM,
                frozenset({FindingKind.SAST, FindingKind.SECRET}),
                ("src/**", "*.py"),
                ("tests/",),
                frozenset({Presence.NEW}),
            ),
        ),
        warn=(PolicyRule("rest"),),
        comment=Threshold(Severity.INFO, Confidence.LOW),
        required_scanners=frozenset({"semgrep", "bandit", "detect-secrets"}),
        unread_files=Unread.WARN,
        unpinned=Unread.IGNORE,
        changed=OnChanged.WARN,
        max_threads=7,
        ignore_paths=(IgnoredPath("samples/", "vulnerable on purpose"),),
        monitor=(
            PolicyRule(
                "everything",
                cwes=frozenset({89, 78, 22}),
                rules=("B6*",),
                scanners=("Semgrep OSS",),
                fix_available=True,
                epss=0.25,
                kev=False,
                licences=("AGPL-*", "unknown"),
                overdue=True,
                branches=("main", "release/*"),
                labels=frozenset({"payments"}),
                draft=False,
                presences=frozenset({Presence.EXISTING}),
            ),
        ),
        rule_modes=(RuleMode(Effect.MONITOR, ("python.*",), ("semgrep",), "new"),),
        failed_scanners=Unread.IGNORE,
        missing_facts=Unread.NOT_ASSESSED,
        not_assessed=WhenNotAssessed.ALLOW,
        advisories=AdvisoryRules(14, Unread.WARN),
        sla=Sla(critical=3, low=365),
        suppressions=SuppressionRules(remind_days=0),
        people=People("security/appsec", frozenset({"alice"})),
        merge=MergeRules("mergewarden::merge", when_clear=True),
        noise=NoiseRules(least_comments=5),
    )
    overridden = document.for_project("payments/api")
    assert (overridden.changed, overridden.block, overridden.max_threads) == (OnChanged.BLOCK, (), 7)


def test_what_is_said_about_suppressions_holds_for_the_projects_that_are_named() -> None:
    document = load_policy(
        SMALLEST
        + "suppressions: {second_person: high, longest_days: 180}\n"
        + "projects: [{match: 'payments', suppressions: {second_person: always, unused_days: 30}}]\n",
        "p.yaml",
    )
    assert document.for_project("shop").suppressions == SuppressionRules(SecondPerson.HIGH, 180, 90)
    assert document.for_project("payments").suppressions == SuppressionRules(SecondPerson.ALWAYS, 180, 30)


def test_what_a_file_leaves_out_is_strict() -> None:
    policy = load_policy(SMALLEST, "p.yaml").for_project("any")
    assert (policy.unread_files, policy.unpinned, policy.changed) == (
        Unread.NOT_ASSESSED,
        Unread.WARN,
        OnChanged.BLOCK,
    )


def test_project_file_may_leave_out_everything_but_its_version() -> None:
    wish = load_project_policy("version: 1\nchanged: block\n")
    assert wish.changed is OnChanged.BLOCK
    assert wish.block is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", "p.yaml:1: a policy is a list of settings", id="empty"),
        pytest.param("- a", "p.yaml:1: a policy is a list of settings", id="a list"),
        pytest.param("version: 2\n", "p.yaml:1: version: '2' is not known here; this is version 1", id="version"),
        pytest.param("block: []\nrequired_scanners: []\n", "version is missing", id="no version"),
        pytest.param("version: 1\nrequired_scanners: []\n", "'block' is missing", id="nothing about blocking"),
        pytest.param("version: 1\nblock: []\n", "'required_scanners' is missing", id="nothing about scanners"),
        pytest.param(SMALLEST + "blok: 1\n", "p.yaml:4: 'blok' is not a setting; did you mean block?", id="typo"),
        pytest.param(
            SMALLEST + "changed: off\n", "p.yaml:4: changed: no is not a consequence; it is one of", id="off is a bool"
        ),
        pytest.param(SMALLEST + "language: en\nlanguage: en\n", "p.yaml:5: 'language' stands here for the", id="twice"),
        pytest.param(
            SMALLEST + "max_threads: many\n", "p.yaml:4: max_threads: a whole number is expected", id="number"
        ),
        pytest.param(SMALLEST + "max_threads: 0\n", "p.yaml:4: max_threads: input should be greater", id="too few"),
        pytest.param(
            SMALLEST + "suppressions: {second_person: true}\n",
            "p.yaml:4: suppressions.second_person: yes is not a severity; it is one of never, critical, high",
            id="second person",
        ),
        pytest.param(SMALLEST + "suppressions: {longest_days: 0}\n", "suppressions.longest_days: input", id="no day"),
        pytest.param(SMALLEST + "suppressions: {longest_days: 9999}\n", "suppressions.longest_days: input", id="ever"),
        pytest.param(SMALLEST + "comment: low\n", "p.yaml:4: comment: settings are expected", id="not settings"),
        pytest.param(SMALLEST + "\twarn: []\n", "p.yaml:4: not YAML", id="tab"),
        pytest.param(SMALLEST + "warn: [*.py]\n", "p.yaml:4: anchors and aliases", id="unquoted star"),
        pytest.param(SMALLEST + "warn: &a []\n", "p.yaml:4: anchors and aliases", id="anchor"),
        pytest.param(SMALLEST + "warn: !!python/tuple []\n", "p.yaml:4: tags", id="tag"),
        pytest.param(SMALLEST + "---\nversion: 1\n", "p.yaml:4: a second document", id="two documents"),
        pytest.param(SMALLEST + "? [a]\n: b\n", "p.yaml:4: a key must be a word", id="key that is a list"),
        pytest.param(SMALLEST + "max_threads: " + "9" * 5000, "not YAML", id="endless number"),
        pytest.param(SMALLEST + "ignore_paths: [{path: a}]\n", "p.yaml:4: ignore_paths[1].reason is missing", id="why"),
        pytest.param(SMALLEST + "projects: [{changed: warn}]\n", "projects[1].match is missing", id="which project"),
        pytest.param("version: 1\nblock: []\nrequired_scanners: {sats: [a]}\n", "'sats' is not a kind", id="kind"),
        pytest.param("version: 1\nblock: []\nrequired_scanners: [A B]\n", "'A B' is not the name", id="scanner"),
        pytest.param(
            "version: 1\nrequired_scanners: []\nblock:\n  - {name: a}\n  - {name: a}\n",
            "block: two rules are named 'a'",
            id="same name",
        ),
        pytest.param(
            "version: 1\nrequired_scanners: []\nblock:\n  - name: a\n    severity: hihg\n",
            "p.yaml:5: block[1].severity: 'hihg' is not a severity; it is one of info, low, medium, high, critical; "
            "did you mean high?",
            id="severity",
        ),
        pytest.param(
            "version: 1\nrequired_scanners: []\nblock:\n  - name: a\n    paths:\n      - ok\n      - '!no'\n",
            "p.yaml:7: block[1].paths[2]: '!no': a pattern cannot begin with '!'",
            id="pattern",
        ),
        pytest.param(
            "version: 1\nrequired_scanners: []\nblock:\n  - name: a\n    presence: fixed\n",
            "p.yaml:5: block[1].presence[1]: 'fixed' is not a presence; it is one of new, changed, existing",
            id="presence",
        ),
        pytest.param(SMALLEST + "monitor: [{name: a, cwes: [SQL]}]\n", "cwes[1]: 'SQL' is not a CWE", id="CWE"),
        pytest.param(SMALLEST + "monitor: [{name: a, cwes: [89, true]}]\n", "cwes[2]: yes is not a CWE", id="CWE yes"),
        pytest.param(SMALLEST + "monitor: [{name: a, epss: 2}]\n", "'2' is not a number from 0 to 1", id="share"),
        pytest.param(SMALLEST + "monitor: [{name: a, epss: 1e-1}]\n", "'1e-1' is not a number", id="other notation"),
        pytest.param(SMALLEST + "monitor: [{name: a, kev: 1}]\n", "kev: true or false is expected, not '1'", id="kev"),
        pytest.param(
            SMALLEST + "monitor: [{name: a, overdue: false}]\n", "no is not possible here; write true", id="overdue"
        ),
        pytest.param(SMALLEST + "monitor: [{name: a, labels: ['a\tb']}]\n", "not one line of readable", id="label"),
        pytest.param(SMALLEST + "monitor: [{name: a, rules: ['']}]\n", "a pattern cannot be empty", id="rule pattern"),
        pytest.param(
            SMALLEST + "rule_modes: [{mode: monitor, reason: a}]\n", "a mode has to name rules", id="mode of nothing"
        ),
        pytest.param(
            SMALLEST + "rule_modes: [{rules: a, mode: ignore, reason: a}]\n",
            "p.yaml:4: rule_modes[1].mode: 'ignore' is not a mode; it is one of monitor, comment, block",
            id="mode",
        ),
        pytest.param(SMALLEST + "people: {security_group: /a}\n", "'/a' is not the full path of a group", id="group"),
        pytest.param(SMALLEST + "people: {break_glass: [a b]}\n", "'a b' is not a user name", id="user"),
        pytest.param(SMALLEST + "sla: {higgh: 3}\n", "'higgh' is not a setting; did you mean high?", id="sla"),
        pytest.param(
            SMALLEST + "suppressions: {second_persn: high}\n", "did you mean second_person?", id="in suppressions"
        ),
    ],
)
def test_error_names_file_and_line_and_what_is_wrong(text: str, expected: str) -> None:
    with pytest.raises(PolicyError) as raised:
        load_policy(text, "p.yaml")
    assert expected in str(raised.value)
    assert isinstance(raised.value, ConfigurationError)


def test_error_hints_at_how_to_write_it() -> None:
    with pytest.raises(PolicyError) as raised:
        load_policy("version: 1\nrequired_scanners: []\nblock:\n  - name: a\n    severity: bad\n", "p.yaml")
    assert raised.value.hint == "for example: severity: high"


def test_all_problems_are_told_at_once_in_the_order_of_the_file() -> None:
    with pytest.raises(PolicyError) as raised:
        load_policy("version: 1\nmax_threads: 0\nchanged: x\nblock: []\nrequired_scanners: []\nfoo: 1\n", "p.yaml")
    assert [problem.line for problem in raised.value.problems] == [2, 3, 6]


def test_a_groups_file_is_like_a_projects() -> None:
    text = "version: 1\nblock: [{name: a}]\n"
    assert load_group_policy(text, "group.yaml") == load_project_policy(text)
    with pytest.raises(PolicyError, match=r"^group.yaml:2: 'projects' belongs"):
        load_group_policy("version: 1\nprojects: []\n", "group.yaml")
    with pytest.raises(PolicyError, match="a policy may have"):
        load_group_policy("x" * (MAX_BYTES + 1), "group.yaml")


def test_project_cannot_speak_for_others() -> None:
    with pytest.raises(PolicyError, match="belongs into the organisation's policy"):
        load_project_policy("version: 1\nprojects: []\n")


def test_words_of_a_stranger_stay_short_and_on_one_line() -> None:
    with pytest.raises(PolicyError) as raised:
        load_policy(SMALLEST + 'changed: "\\n/merge\\e[31m' + "x" * 5000 + '"\n', "p.yaml")
    (line,) = str(raised.value).split("\n")
    assert line.isprintable()
    assert len(line) < 300


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("x" * (MAX_BYTES + 1), id="too long"),
        pytest.param("[" * MAX_BYTES, id="nested"),
        pytest.param("{a: " * 10_000, id="nested settings"),
        pytest.param("- " * (MAX_BYTES // 2), id="nested lists"),
        pytest.param("a: &a [x]\n" + "b: [*a, *a, *a, *a, *a, *a, *a, *a, *a]\n", id="alias bomb"),
        pytest.param("version: 1\n" + "".join(f"k{n}: 1\n" for n in range(7_000)), id="unknown keys"),
        pytest.param("k: 1\n" * 13_000, id="one key very often"),
        pytest.param("version: 1\nblock: [{name: a, kinds: [" + "x," * 30_000 + "]}]\n", id="unknown words"),
        pytest.param("version: 1\nblock: [" + "{name: a}," * 6_000 + "]\n", id="very many rules"),
        pytest.param("version: 1\nrequired_scanners: [" + "a," * 30_000 + "]\n", id="very many scanners"),
        pytest.param('a: "' + "\\x41" * 16_000 + "\n", id="text without an end"),
    ],
)
def test_hostile_file_is_refused_within_seconds(text: str) -> None:
    started = time.process_time()
    with pytest.raises(PolicyError) as raised:
        load_policy(text, "p.yaml")
    assert time.process_time() - started < 4
    assert len(str(raised.value)) < 5000


_YAML = st.text(st.sampled_from("abz019 :-[]{}&*!|>'\"#%@`,?\n\t\\/\x00\x85\ud800\ufeff"), max_size=60)


@given(_YAML | st.text(max_size=40), st.sampled_from(["", SMALLEST, "version: 1\nblock:\n- "]))
def test_no_text_makes_anything_but_a_policy_or_a_policy_error(text: str, before: str) -> None:
    with suppress(PolicyError):
        assert load_policy(before + text, "p.yaml").policy.digest


# --- the policy that comes with us ------------------------------------------------------------------------------------

SHIPPED = load_policy(DEFAULT.read_text(encoding="utf-8"), DEFAULT.name).for_project("any/project")
ANSWERED = [run(name) for name in ("semgrep", "bandit", "detect-secrets", "suppressions")] + [
    run("pip-audit", ScannerStatus.NOT_APPLICABLE)
]


@pytest.mark.parametrize(
    ("kind", "severity", "confidence", "expected"),
    [
        (FindingKind.SAST, Severity.CRITICAL, Confidence.MEDIUM, Outcome.FAILED),
        (FindingKind.SAST, Severity.HIGH, Confidence.MEDIUM, Outcome.FAILED),
        (FindingKind.SAST, Severity.HIGH, Confidence.LOW, Outcome.WARNED),
        (FindingKind.SAST, Severity.MEDIUM, Confidence.HIGH, Outcome.WARNED),
        (FindingKind.SAST, Severity.MEDIUM, Confidence.LOW, Outcome.PASSED),
        (FindingKind.SAST, Severity.LOW, Confidence.HIGH, Outcome.PASSED),
        (FindingKind.SECRET, Severity.LOW, Confidence.HIGH, Outcome.FAILED),
        (FindingKind.SECRET, Severity.LOW, Confidence.MEDIUM, Outcome.WARNED),
        (FindingKind.DEPENDENCY, Severity.HIGH, Confidence.LOW, Outcome.FAILED),
        (FindingKind.DEPENDENCY, Severity.MEDIUM, Confidence.HIGH, Outcome.WARNED),
        (FindingKind.DEPENDENCY, Severity.LOW, Confidence.HIGH, Outcome.PASSED),
        (FindingKind.SUPPRESSION, Severity.LOW, Confidence.HIGH, Outcome.WARNED),
        (FindingKind.SUPPRESSION, Severity.CRITICAL, Confidence.HIGH, Outcome.WARNED),
    ],
)
def test_default_policy_blocks_what_is_bad_and_likely(
    kind: FindingKind, severity: Severity, confidence: Confidence, expected: Outcome
) -> None:
    found = tracked(finding(kind=kind, severity=severity, confidence=confidence))
    assert evaluate(SHIPPED, [found], ANSWERED).outcome is expected


def test_default_policy_gives_a_suppression_a_discussion_of_its_own() -> None:
    found = finding(kind=FindingKind.SUPPRESSION, severity=Severity.LOW, confidence=Confidence.HIGH)
    assert SHIPPED.wants_thread(found)


def test_a_rule_that_names_no_kinds_does_not_mean_comments_in_the_code() -> None:
    policy = load_policy("version: 1\nblock: [{name: anything}]\nrequired_scanners: []\n", "p.yaml").policy
    assert evaluate(policy, [tracked(finding())], []).outcome is Outcome.FAILED
    assert evaluate(policy, [tracked(finding(kind=FindingKind.SUPPRESSION))], []).outcome is Outcome.PASSED


def test_a_rule_that_names_suppressions_blocks_them() -> None:
    text = (
        "version: 1\nblock: [{name: no excuses, kinds: suppression}]\nrequired_scanners: {suppression: suppressions}\n"
    )
    policy = load_policy(text, "p.yaml").policy
    found = tracked(finding(kind=FindingKind.SUPPRESSION, severity=Severity.LOW))
    assert evaluate(policy, [found], [run("suppressions")]).outcome is Outcome.FAILED
    assert evaluate(policy, [], []).outcome is Outcome.NOT_ASSESSED


@pytest.mark.parametrize(("word", "expected"), [("show", InCode.SHOW), ("honour", InCode.HONOUR)])
def test_what_comments_in_the_code_do_is_read(word: str, expected: InCode) -> None:
    text = f"version: 1\nblock: []\nrequired_scanners: []\nin_code_suppressions: {word}\n"
    assert load_policy(text, "p.yaml").policy.in_code is expected


def test_comments_in_the_code_are_only_shown_unless_a_policy_says_otherwise() -> None:
    assert load_policy("version: 1\nblock: []\nrequired_scanners: []\n", "p.yaml").policy.in_code is InCode.SHOW
    assert SHIPPED.in_code is InCode.SHOW


def test_another_word_for_comments_in_the_code_is_refused_with_its_line() -> None:
    with pytest.raises(PolicyError, match=r"p.yaml:4: in_code_suppressions: 'honor' .* did you mean honour\?"):
        load_policy("version: 1\nblock: []\nrequired_scanners: []\nin_code_suppressions: honor\n", "p.yaml")


@pytest.mark.parametrize("silent", ["semgrep", "bandit", "detect-secrets", "pip-audit", "suppressions"])
def test_default_policy_passes_nothing_without_its_scanners(silent: str) -> None:
    assert evaluate(SHIPPED, [], ANSWERED).outcome is Outcome.PASSED
    assert evaluate(SHIPPED, [], [r for r in ANSWERED if r.scanner != silent]).outcome is Outcome.NOT_ASSESSED
