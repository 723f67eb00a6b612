"""
What a file of an organisation's rules may look like, before semgrep sees any of it.

Whoever may write rules decides what every scan costs, so that sizes, counts and the ways in which a rule can be slow
are limited here; how slow it really is, its own samples tell. The checks that ours go through as well are those of
``rules.build``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

import yaml

from bot.domain.rule_version import PREFIX, RuleProblem
from rules.build import MODES, SEMGREP_SEVERITY

MAX_FILE_BYTES: Final = 64 * 1024
MAX_SAMPLE_BYTES: Final = 256 * 1024
MAX_SOURCE_BYTES: Final = 8 * 1024 * 1024
MAX_RULES: Final = 300
MAX_RULES_IN_FILE: Final = 1
MAX_FILES: Final = 2_000
MAX_PATTERNS: Final = 500
"""Those of shared lists included."""
MAX_PATTERN_LENGTH: Final = 4_000
MAX_REGEX_LENGTH: Final = 500
MAX_DEPTH: Final = 20
_YAML_DEPTH: Final = 2 * MAX_DEPTH
"""What is deeper costs the parser more than it is worth; each mapping and list counts."""
MAX_TEXT: Final = 2_000
MAX_REFERENCES: Final = 10
MAX_CWE: Final = 99_999

KEYS: Final = frozenset(
    {
        "id",
        "languages",
        "severity",
        "message",
        "metadata",
        "mode",
        "options",
        "fix",
        "pattern",
        "patterns",
        "pattern-either",
        "pattern-regex",
        "pattern-sources",
        "pattern-sinks",
        "pattern-sanitizers",
        "pattern-propagators",
    }
)
METADATA: Final = frozenset(
    {
        "title",
        "title_zh",
        "message_zh",
        "remediation",
        "remediation_zh",
        "cwe",
        "severity",
        "confidence",
        "mode",
        "references",
    }
)
_TEXTS: Final = ("title", "remediation")
_REGEX_KEYS: Final = frozenset({"regex", "pattern-regex", "pattern-not-regex"})
# A repeated group that itself repeats can take a time that grows with every letter.
# https://owasp.org/www-community/attacks/Regular_expression_Denial_of_Service_-_ReDoS
_NESTED_REPEAT: Final = re.compile(r"\((?:[^()\\]|\\.)*[*+}](?:[^()\\]|\\.)*\)\s*[*+{]")
_PROBLEM_LINES: Final = 20
# What PostgreSQL does not store, HTTP does not carry, or turns round the text that follows it for a reader.
_UNREADABLE: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class _Loader(yaml.SafeLoader):
    """Plain values only: an alias can make a gigabyte of a kilobyte, and a key that stands twice hides one of them."""

    _depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("anchors and aliases are not supported")
        self._depth += 1
        if self._depth > _YAML_DEPTH:
            raise yaml.YAMLError("it is nested too deeply")
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[tuple[str, str]] = set()
        twice = None
        for key, _ in node.value:
            name = (key.tag, str(key.value))
            if name in seen:
                twice = key.value
                break
            seen.add(name)
        if twice is not None:
            raise yaml.YAMLError(f"the key {twice} stands twice")
        return super().construct_mapping(node, deep)


def read_yaml(file: str, content: bytes) -> tuple[Any, RuleProblem | None]:
    """The file's values, or what is wrong with it."""
    if len(content) > MAX_FILE_BYTES:
        return None, RuleProblem(file, "", "", f"it has more than {MAX_FILE_BYTES} bytes", "Divide it.")
    try:
        return yaml.load(content.decode("utf-8"), _Loader), None  # noqa: S506 - a SafeLoader with less
    except UnicodeDecodeError:
        return None, RuleProblem(file, "", "", "it is not UTF-8", "Save it as UTF-8.")
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark is not None else ""
        said = getattr(error, "problem", None) or str(error) or "it is nested too deeply"
        text = f"{line}{' '.join(str(said).split())[:200]}"
        return None, RuleProblem(file, "", "", f"it is not plain YAML: {text}", "Mend the line.")


def rules_in(file: str, document: Any) -> tuple[list[Mapping[str, Any]], RuleProblem | None]:
    """The rules of a file, each a mapping, or what is wrong with its frame."""
    if not isinstance(document, dict) or set(document) != {"rules"} or not isinstance(document["rules"], list):
        return [], RuleProblem(file, "", "", "its only key is not rules, with a list", "Write: rules: [{id: ...}]")
    rules = document["rules"]
    if len(rules) != MAX_RULES_IN_FILE or not all(isinstance(rule, dict) for rule in rules):
        return [], RuleProblem(file, "", "rules", "it is not a list of one rule", "Put each rule into its own file.")
    return rules, None


def shared_problem(file: str, document: Any) -> RuleProblem | None:
    """What is wrong with a ``shared.yaml``; None for nothing."""
    if isinstance(document, dict) and all(
        isinstance(name, str) and isinstance(items, list) for name, items in document.items()
    ):
        # A list that names lists can grow without end.
        if not any(key == "shared" for items in document.values() for key, _, _ in _leaves("", items, 0)):
            return None
        return RuleProblem(file, "", "", "a shared list names another one", "Write its items out.")
    return RuleProblem(file, "", "", "it does not consist of named lists", "Write: name: [{pattern: ...}]")


def with_defaults(rule: Mapping[str, Any]) -> dict[str, Any]:
    """
    The rule with what an organisation may leave out: the Chinese words, the mode (``monitor``), semgrep's severity.

    Without Chinese words the English ones are shown, and a sentence says that it is so.
    """
    metadata = dict(rule.get("metadata") or {}) if isinstance(rule.get("metadata"), dict) else {}
    metadata.setdefault("mode", "monitor")
    if not str(metadata.get("message_zh") or "").strip() and isinstance(rule.get("message"), str):
        metadata["message_zh"] = f"（此规则没有中文说明。）{rule['message']}"
    for name in _TEXTS:
        if not str(metadata.get(f"{name}_zh") or "").strip() and isinstance(metadata.get(name), str):
            metadata[f"{name}_zh"] = metadata[name]
    made = {**rule, "metadata": metadata}
    if "severity" not in rule and _is_one_of(metadata.get("severity"), SEMGREP_SEVERITY):
        made["severity"] = SEMGREP_SEVERITY[metadata["severity"]]
    return made


def shape_problems(file: str, rule: Mapping[str, Any], languages: frozenset[str]) -> list[RuleProblem]:
    """Everything about a rule that ``rules.build`` does not ask of ours, because we write those ourselves."""
    return list(_problems(file, rule, languages))[:_PROBLEM_LINES]


def _problems(file: str, rule: Mapping[str, Any], languages: frozenset[str]) -> Iterator[RuleProblem]:
    rule_id = rule.get("id")
    name = rule_id if isinstance(rule_id, str) else ""

    def wrong(field: str, text: str, mend: str) -> RuleProblem:
        return RuleProblem(file, name[:100], field, text, mend)

    if not name.startswith(PREFIX):
        yield wrong("id", f"it does not begin with {PREFIX}", f"Other ids are ours: write {PREFIX}<pack>-<file name>.")
    for key in sorted(map(str, rule.keys() - KEYS)):
        yield wrong(key[:60], "there is no such key for a rule of an organisation", f"Keys: {', '.join(sorted(KEYS))}.")
    metadata = rule.get("metadata")
    if not isinstance(metadata, dict):
        yield wrong("metadata", "it is missing", "Write title, remediation, cwe, severity and confidence.")
        return
    for key in sorted(map(str, metadata.keys() - METADATA)):
        yield wrong(f"metadata.{key[:60]}", "there is no such key", f"Keys: {', '.join(sorted(METADATA))}.")
    if not _is_one_of(metadata.get("severity"), SEMGREP_SEVERITY):
        yield wrong("metadata.severity", "it is none that we know", f"One of {', '.join(SEMGREP_SEVERITY)}.")
    if not _is_one_of(metadata.get("mode", "monitor"), MODES):
        yield wrong("metadata.mode", "it is none that we know", f"One of {', '.join(MODES)}.")
    yield from _texts(rule, metadata, wrong)
    cwes = metadata.get("cwe")
    if (
        not isinstance(cwes, list)
        or not cwes
        or not all(isinstance(cwe, int) and not isinstance(cwe, bool) and 0 < cwe <= MAX_CWE for cwe in cwes)
    ):
        yield wrong("metadata.cwe", "it is not a list of numbers of weaknesses", "For example: cwe: [89]")
    references = metadata.get("references", [])
    if (
        not isinstance(references, list)
        or len(references) > MAX_REFERENCES
        or not all(isinstance(one, str) and re.fullmatch(r"https://[^\s<>\"'`]{1,500}", one) for one in references)
    ):
        yield wrong("metadata.references", f"it is not a list of up to {MAX_REFERENCES} https addresses", "Mend it.")
    wanted = rule.get("languages")
    if not isinstance(wanted, list) or not wanted or not all(isinstance(one, str) for one in wanted):
        yield wrong("languages", "it is not a list of names", f"Of {', '.join(sorted(languages))}.")
    elif not languages.issuperset(wanted):
        strange = ", ".join(sorted(set(wanted) - languages))[:100]
        yield wrong("languages", f"{strange} is not read by this pack", f"Of {', '.join(sorted(languages))}.")
    if rule.get("mode", "search") not in ("search", "taint"):
        yield wrong("mode", "it is neither search nor taint", "Leave it out, or write taint.")
    if not isinstance(rule.get("options", {}), dict):
        yield wrong("options", "it is not a mapping", "Leave it out.")
    if not any(key.startswith("pattern") for key in map(str, rule)):
        yield wrong("pattern", "there is none", "Write a pattern, or for taint sources and sinks.")
    yield from _patterns(rule, wrong)


def _is_one_of(word: Any, words: Collection[str]) -> bool:
    return isinstance(word, str) and word in words


def _texts(rule: Mapping[str, Any], metadata: Mapping[str, Any], wrong: Any) -> Iterator[RuleProblem]:
    for field, text in (("message", rule.get("message")), *((f"metadata.{key}", metadata.get(key)) for key in _TEXTS)):
        if not isinstance(text, str) or not text.strip():
            yield wrong(
                field, "it is missing", "People who get the comment have to know what to do; write it in English."
            )
        elif _UNREADABLE.search(text):
            yield wrong(field, "it has a character that cannot be shown", "Take it out.")
        elif len(text) > MAX_TEXT:
            yield wrong(field, f"it is longer than {MAX_TEXT} characters", "Shorten it.")
    for key in ("title_zh", "message_zh", "remediation_zh"):
        text = metadata.get(key, "")
        if not isinstance(text, str) or len(text) > MAX_TEXT + 100 or _UNREADABLE.search(text):
            yield wrong(
                f"metadata.{key}", "it is not a text that can be shown, or too long", "Shorten it, or leave it out."
            )


def _patterns(rule: Mapping[str, Any], wrong: Any) -> Iterator[RuleProblem]:
    count = 0
    for key, value, depth in _leaves("", {k: v for k, v in rule.items() if k not in ("metadata", "message")}, 0):
        if depth > MAX_DEPTH:
            yield wrong("pattern", f"it is nested deeper than {MAX_DEPTH}", "Flatten it.")
            return
        if not isinstance(value, str):
            if key == "shared":
                yield wrong(key, "it is not the name of a list", "Write: - shared: NAME")
            elif value is not None and not (isinstance(value, (bool, int, float)) and abs(value) < 1e12):
                yield wrong(key[:60], "it is neither text nor number", "Put it in quotes.")
            continue
        if _UNREADABLE.search(value) or _UNREADABLE.search(key):
            yield wrong(
                key[:60].encode("ascii", "replace").decode(),
                "it has a character that cannot be shown",
                "Write it as an escape.",
            )
        if key.startswith("pattern") or key in _REGEX_KEYS:
            count += 1
        if len(value) > MAX_PATTERN_LENGTH:
            yield wrong(key, f"it is longer than {MAX_PATTERN_LENGTH} characters", "Divide it.")
        if key in _REGEX_KEYS:
            if len(value) > MAX_REGEX_LENGTH:
                yield wrong(key, f"the expression is longer than {MAX_REGEX_LENGTH} characters", "Divide it.")
            elif _NESTED_REPEAT.search(value):
                yield wrong(
                    key, "a repeated group repeats itself, which can take for ever", "Write the repetition only once."
                )
    if count > MAX_PATTERNS:
        yield wrong("pattern", f"there are more than {MAX_PATTERNS} patterns", "Divide the rule.")


def _leaves(key: str, node: Any, depth: int) -> Iterator[tuple[str, Any, int]]:
    if depth > MAX_DEPTH:
        yield key, None, depth
    elif isinstance(node, dict):
        for name, value in node.items():
            yield from _leaves(str(name), value, depth + 1)
    elif isinstance(node, list):
        for value in node:
            yield from _leaves(key, value, depth + 1)
    else:
        yield key, node, depth
