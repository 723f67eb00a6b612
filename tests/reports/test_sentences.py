"""Explanations, reasons and failures are put down in English and said in the reader's language."""

from __future__ import annotations

import ast
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import explanations, failures, policy_problems, suppression_texts
from bot.domain.policy import Policy, PolicyRule, Threshold, Unread
from bot.domain.policy_file import PolicyError, load_project_policy
from bot.domain.policy_tightening import tighten
from bot.errors import ConfigurationError, MergewardenError
from bot.gitlab.errors import error_from
from bot.pipeline.failing import explain
from bot.pipeline.git.errors import from_stderr
from bot.reports.sentences import FIELDS, LONGEST, MOST_OPEN, NESTED, TEMPLATES, fields_of, parse, translate
from bot.texts import Language, translations
from scanners import reasons
from scanners.finding import Confidence, Severity

ROOT = Path(__file__).parents[2]
CHINESE = translations(Language.CHINESE).gettext
EVERY = tuple(dict.fromkeys([*TEMPLATES, *(template for nested in NESTED.values() for template in nested)]))
PLAIN = {"sentence", "problem", "what", "value", "wanted", "kept"}

_SAMPLES = {
    "was": "7-9",
    "now": "12",
    "lines": "3",
    "line": "5",
    "count": "100000",
    "size": "70000",
    "status": "502",
    "seconds": "0.5",
    "date": "2026-12-31",
    "commit": "3f2a9c1b77de",
    "merged": "0d41c6a2f9be",
    "scanner": "detect-secrets",
    "signal": "SIGKILL",
    "command": "diff-tree",
    "version": "2.20.1",
    "key": "severity",
    "word": "high",
    "kind": "ReadTimeout",
    "what": "severity",
    "thing": "merge request",
    "value": "'hihg'",
    "where": "block[1].severity",
    "file": ".mergewarden.yml",
    "sentence": "new file",
    "problem": "a key must be a word",
    "wanted": "none",
    "kept": "both rules",
}


def filled(template: str) -> str:
    return template.format(**{name: _SAMPLES.get(name, "src/a b.py") for name in fields_of(template)})


def chinese(sentence: str) -> str:
    return translate(sentence, CHINESE)


# --- templates --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("template", EVERY)
def test_every_template_is_translated_with_the_same_fields(template: str) -> None:
    translated = CHINESE(template)
    assert translated != template
    assert sorted(fields_of(translated)) == sorted(fields_of(template))


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_sentence_is_found_again_by_its_own_template(template: str) -> None:
    found = parse(filled(template))
    assert found is not None
    assert found[0] == template
    assert found[1] == {name: _SAMPLES.get(name, "src/a b.py") for name in fields_of(template)}


@pytest.mark.parametrize("template", EVERY)
def test_matching_stays_cheap(template: str) -> None:
    """Each field that may hold anything multiplies the work by the length of the sentence."""
    assert len([name for name in set(fields_of(template)) if name not in FIELDS]) <= MOST_OPEN


@pytest.mark.parametrize(
    "sentence",
    [
        "; the same code went away from " * 60 + ", 3",
        "1 of " * 400,
        "became " * 280 + ", with the same advisorx",
        "GitLab answered 500 to " + ": " * 900,
        "'" * 1_900,
        "a:1: " * 390,
    ],
)
def test_a_hostile_sentence_takes_no_time(sentence: str) -> None:
    parse.cache_clear()
    started = time.perf_counter()
    chinese(sentence[:LONGEST])
    assert time.perf_counter() - started < 1


def test_a_sentence_without_end_is_not_even_looked_at() -> None:
    assert chinese("new file, copied from " + "x" * LONGEST) == "new file, copied from " + "x" * LONGEST


# --- there and back ---------------------------------------------------------------------------------------------------

_words = st.text(st.sampled_from("abcXYZ019/_.-配置{}%\\'\" "), min_size=1, max_size=40)
_values = st.fixed_dictionaries(
    {
        name: st.from_regex(pattern, fullmatch=True).filter(str.strip)
        for name, pattern in FIELDS.items()
        if name not in PLAIN and name not in ("where", "file", "signal")
    }
    | {"where": st.sampled_from(["block[1].severity", "the policy"]), "file": _words, "signal": st.just("SIGSEGV")}
    | {name: st.just(_SAMPLES[name]) for name in PLAIN}
)


@given(st.sampled_from(TEMPLATES), _values, st.data())
def test_every_value_comes_through_in_either_language(
    template: str, values: dict[str, str], data: st.DataObject
) -> None:
    for name in fields_of(template):
        values.setdefault(name, data.draw(_words))
    sentence = template.format(**values)
    assert translate(sentence, lambda text: text) == sentence
    translated = chinese(sentence)
    for name in set(fields_of(template)) - PLAIN:
        assert values[name] in translated


@given(st.text(max_size=300) | st.sampled_from(TEMPLATES).map(filled).flatmap(lambda s: st.text().map(lambda t: s + t)))
def test_english_is_never_altered_and_nothing_raises(sentence: str) -> None:
    assert translate(sentence, lambda text: text) == sentence
    chinese(sentence)


@pytest.mark.parametrize(
    ("english", "expected"),
    [
        ("line map: was 57, now 63", "行号对应：原为第 57 行，现为第 63 行"),
        ("line map: was 57-59 of a, now 3.py, now 63", "行号对应：原为 a, now 3.py 第 57-59 行，现为第 63 行"),
        (
            "new file, copied from a.py, where line 3 has the same finding",
            "新文件，复制自 a.py，其第 3 行有相同的发现项",
        ),
        (
            "the configuration or policy is wrong: p.yaml:5: block[1].severity: 'hihg' is not a severity; it is one of "
            "low, high; did you mean high?",
            "配置或策略有误：p.yaml 第 5 行：block[1].severity 处：'hihg' 不是有效的严重程度，可选值为 low, high，"
            "是否想写 high？",
        ),
        ("wanted none, kept the organisation's 3", "项目要求：无，实际采用：组织策略中的 3 项"),
        ("none", "none"),
        ("something that an older release said", "something that an older release said"),
        ("", ""),
    ],
)
def test_sentences_read_well(english: str, expected: str) -> None:
    assert chinese(english) == expected


# --- what is made -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [
        error_from("GET /projects/1", 502, b"<html>proxy</html>", {"content-type": "text/html"}),
        error_from("POST /notes", 400, b'{"message": {"body": ["is too long"]}}', {}),
        error_from("GET /user", 401, b"", {}),
        from_stderr("fetch", "fatal: Authentication failed for 'https://gitlab.example/'"),
        from_stderr("gc", ""),
        from_stderr("gc", "fatal: odd"),
        ConfigurationError("p.yaml:1: 'block' is missing\np.yaml:1: 'required_scanners' is missing"),
        RuntimeError("what holds a secret"),
    ],
)
def test_what_a_failure_is_explained_with_can_be_translated(error: BaseException) -> None:
    assert parse(explain(error)) is not None
    assert chinese(explain(error)) != explain(error)


@pytest.mark.parametrize(
    "text",
    [
        "version: 1\nblok: []\n",
        "version: 1\nzzzzz: []\n",
        "version: 1\nblock: {a: [\n",
        "version: 1\nversion: 1\n",
        "version: 2\n",
        "block: []\n",
        "[]",
        "a: &a [*a]\n",
        "a: !tag x\n",
        "version: 1\n---\nversion: 1\n",
        "version: 1\nblock: 3\n",
        "version: 1\nblock: [3]\n",
        "version: 1\nmax_threads: many\n",
        "version: 1\nmax_threads: 0\n",
        "version: 1\nlanguage: [en]\n",
        "version: 1\nprojects: []\n",
        "version: 1\nblock: [{name: a, severity: hihg}]\n",
        "version: 1\nblock: [{name: a, severity: 7}]\n",
        "version: 1\nblock: [{name: a}, {name: a}]\n",
        "version: 1\nblock: [{name: a, paths: ['!x']}]\n",
        "version: 1\nblock: [{name: a, paths: ['']}]\n",
        "version: 1\nblock: [{name: a, paths: ['../x']}]\n",
        "version: 1\nblock: [{severity: high}]\n",
        "version: 1\nrequired_scanners: [Semgrep!]\n",
        "version: 1\nrequired_scanners: {sats: [semgrep]}\n",
        "version: 1\nrequired_scanners: {sast: 3}\n",
        "version: 1\nblock: [{name: a, cwes: [SQL]}]\n",
        "version: 1\nblock: [{name: a, epss: 2}]\n",
        "version: 1\nblock: [{name: a, kev: 2}]\n",
        "version: 1\nblock: [{name: a, overdue: false}]\n",
        "version: 1\nblock: [{name: a, labels: ['a\tb']}]\n",
        "version: 1\nrule_modes: [{mode: monitor, reason: a}]\n",
        "version: 1\nrule_modes: [{rules: a, mode: ignore, reason: a}]\n",
        "version: 1\npeople: {security_group: /a, break_glass: [a b]}\n",
        "version: 1\n? [a]\n: b\n",
        "a: [" * 20,
        "x" * 70_000,
    ],
)
def test_what_is_wrong_with_a_policy_can_be_translated(text: str) -> None:
    with pytest.raises(PolicyError) as caught:
        load_project_policy(text)
    for line in str(caught.value).splitlines():
        if line.startswith("... and"):
            continue
        found = parse(line)
        assert found is not None
        assert found[0] == policy_problems.AT_LINE
        assert chinese(line) != line
        assert parse(found[1]["problem"], policy_problems.PROBLEMS) is not None, line


def test_what_a_project_may_not_do_can_be_translated() -> None:
    organisation = Policy(
        block=(PolicyRule("severe"),),
        required_scanners=frozenset({"semgrep"}),
        unread_files=Unread.NOT_ASSESSED,
        comment=Threshold(Severity.LOW, Confidence.LOW),
    )
    wish = load_project_policy(
        "version: 1\nblock: []\nrequired_scanners: []\nunread_files: ignore\nmax_threads: 1\n"
        "comment: {severity: high}\nignore_paths: [{path: a/, reason: b}]\n"
    )
    renamed = load_project_policy("version: 1\nblock: [{name: severe, severity: high}]\n")
    refused = (*tighten(organisation, wish).refused, *tighten(organisation, renamed).refused)
    assert len(refused) == 7
    for one in refused:
        detail = failures.SETTING_REFUSED.format(wanted=one.wanted, kept=one.kept)
        assert not re.search(r"organisation|rule|confidence|none", chinese(detail)), detail


# --- nobody makes a sentence past the templates -----------------------------------------------------------------------

_SENTENCES = re.compile("Gap|ScannerError|MalformedReport|ScannerAbsent|_StoppedError|TrackedFinding|Reason")
_ERRORS = re.compile(
    r"Git(Lab)?\w*Error|Git(Timeout|Cancelled)|CommitNotFound|CorruptRepository|Unavailable|TextExecuted|NotReady"
    r"|PublicationIncomplete"
)
_FOR_OPERATORS = {"bot/pipeline/git/local.py"}
"""Only the command line reads a folder that is not a mirror, and its errors are English."""


def written_out(path: Path, names: re.Pattern[str]) -> Iterator[str]:
    """Calls of these names that are given a sentence which is no template."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if names.fullmatch(name):
            for value in [*node.args, *(keyword.value for keyword in node.keywords)]:
                text = value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else ""
                if isinstance(value, ast.JoinedStr) or " " in text:
                    yield f"{path.relative_to(ROOT)}:{node.lineno}"
                if names is _ERRORS:
                    break  # what follows is a hint for whoever runs the command


def test_scanners_and_delta_make_their_sentences_from_templates() -> None:
    files = [*(ROOT / "scanners").rglob("*.py"), *(ROOT / "bot" / "domain").rglob("*.py")]
    assert [place for path in sorted(files) for place in written_out(path, _SENTENCES)] == []


def test_failures_are_made_from_templates() -> None:
    files = [*(ROOT / "bot" / "gitlab").rglob("*.py"), *(ROOT / "bot" / "pipeline").rglob("*.py")]
    files = [path for path in files if path.relative_to(ROOT).as_posix() not in _FOR_OPERATORS]
    assert [place for path in sorted(files) for place in written_out(path, _ERRORS)] == []


def test_every_module_of_templates_lists_all_of_them() -> None:
    for module, listed in [
        (explanations, explanations.ALL),
        (reasons, reasons.ALL),
        (suppression_texts, suppression_texts.ALL),
        (failures, (*failures.ALL, *failures.PHRASES)),
        (policy_problems, (*policy_problems.ALL, *policy_problems.PROBLEMS, *policy_problems.VALUES)),
    ]:
        constants = [v for k, v in vars(module).items() if k.isupper() and isinstance(v, str)]
        assert sorted(constants) == sorted(listed)


def test_an_error_of_ours_without_a_template_is_shown_as_it_is() -> None:
    assert chinese(explain(MergewardenError("something new"))) == "something new"
