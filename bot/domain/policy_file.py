"""
Reads policies from YAML, format version 1. ``docs/policy.md`` describes the format for people.

A policy may come from a project's repository, so the text is hostile until proven otherwise: it is limited in size and
depth, has no aliases or tags, and no key twice. An error names the file, the line, what is wrong and how to mend it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Annotated, Any, Final, Literal, NamedTuple, TypeVar

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import ErrorDetails

from bot.domain import policy_problems as say
from bot.domain.globs import problem_with
from bot.domain.policy import (
    WEAKNESSES,
    IgnoredPath,
    InCode,
    OnChanged,
    PartialPolicy,
    PartialSuppressionRules,
    Policy,
    PolicyDocument,
    PolicyRule,
    ProjectOverride,
    SecondPerson,
    Threshold,
    Unread,
)
from bot.domain.verdict import Presence
from bot.errors import ConfigurationError
from bot.texts import Language
from scanners.finding import Confidence, FindingKind, Severity

VERSION: Final = 1

PROJECT_FILE: Final = ".mergewarden.yml"
"""A project's own policy, read from the target branch."""

MAX_BYTES: Final = 64 * 1024
_MAX_DEPTH: Final = 12
_MAX_NODES: Final = 5_000
_MAX_PROBLEMS: Final = 10
_MAX_RULES: Final = 100
_MAX_PATTERNS: Final = 200
_MAX_DAYS: Final = 3_650


class PolicyError(ConfigurationError):
    """Raised when a policy file is wrong. ``problems`` has one line for each thing that is, each with its place."""

    def __init__(self, source_name: str, problems: Sequence[Problem], *, more: int = 0) -> None:
        shown = [
            say.AT_LINE.format(file=_clean(source_name), line=p.line, problem=p.text) for p in problems[:_MAX_PROBLEMS]
        ]
        more += len(problems) - len(shown)
        if more:
            shown.append(f"... and {more} more")
        super().__init__("\n".join(shown), hint=next((p.hint for p in problems if p.hint), ""))
        self.problems = tuple(problems)


class Problem(NamedTuple):
    """One thing that is wrong with a policy file."""

    line: int
    """Counts from 1."""
    text: str
    hint: str = ""


def load_policy(text: str, source_name: str) -> PolicyDocument:
    """
    Read an organisation's policy.

    ``source_name`` is how errors call the file. Raises ``PolicyError`` (a ``ConfigurationError``).
    """
    document, sections = _load(text, source_name, _OrganisationFile)
    policy = document.partial().over(Policy())
    overrides = tuple(ProjectOverride(section.match, section.partial()) for section in document.projects)
    missing = [
        Problem(sections.line(()), say.MISSING_KEY.format(key=key), _hint((key,)))
        for key, value in (("block", document.block), ("required_scanners", document.required_scanners))
        if value is None
    ]
    if missing:
        # Without these the gate would let everything through, which a person should have to write down.
        raise PolicyError(source_name, missing)
    return PolicyDocument(source_name, policy, overrides)


def load_project_policy(text: str, source_name: str = PROJECT_FILE) -> PartialPolicy:
    """
    Read a project's own policy, which ``bot.domain.policy.tighten`` then adds to the organisation's.

    Raises ``PolicyError`` (a ``ConfigurationError``).
    """
    document, _ = _load(text, source_name, _ProjectFile)
    return document.partial()


# --- the format -------------------------------------------------------------------------------------------------------


class _WrongError(ValueError):
    """A problem in words of our own; pydantic hands it on."""


E = TypeVar("E", bound=Enum)


def _word(kind: type[E], *, what: str, only: Sequence[E] | None = None) -> BeforeValidator:
    """Reads one of an enum's words and, when it is none, says which there are."""
    words = {member.value: member for member in (only or list(kind))}

    def read(value: object) -> E:
        if isinstance(value, str) and value in words:
            return words[value]
        near = difflib.get_close_matches(str(value).lower(), words, n=1)
        template = say.NOT_ONE_OF_NEAR if near else say.NOT_ONE_OF
        raise _WrongError(
            template.format(value=_quoted(value), what=what, choices=", ".join(words), word=near[0] if near else "")
        )

    return BeforeValidator(read)


def _listed(value: object) -> object:
    """One word is a list of one word."""
    return [value] if isinstance(value, str) else value


def _pattern(value: str) -> str:
    problem = problem_with(value)
    if problem:
        raise _WrongError(say.IN_SETTING.format(where=_quoted(value), problem=problem))
    return value


def _scanner_name(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", value):
        raise _WrongError(say.NOT_A_SCANNER.format(value=_quoted(value)))
    return value


def _scanner_names(value: object) -> object:
    """A list of names, or lists by kind of finding, which say the same with more order."""
    if not isinstance(value, dict):
        return _listed(value)
    kinds = [kind.value for kind in FindingKind]
    unknown = [key for key in value if key not in kinds]
    if unknown:
        raise _WrongError(
            say.NOT_ONE_OF.format(value=_quoted(unknown[0]), what="kind of finding", choices=", ".join(kinds))
        )
    names: list[object] = []
    for listed in value.values():
        listed = _listed(listed)
        if not isinstance(listed, list):
            raise _WrongError(say.NOT_SCANNERS.format(value=_quoted(listed)))
        names += listed
    return names


_Severity = Annotated[Severity, _word(Severity, what="severity")]
_Confidence = Annotated[Confidence, _word(Confidence, what="confidence")]
_Kind = Annotated[FindingKind, _word(FindingKind, what="kind of finding")]
_Presence = Annotated[Presence, _word(Presence, what="presence", only=[Presence.NEW, Presence.CHANGED])]
_Unread = Annotated[Unread, _word(Unread, what="consequence")]
_Changed = Annotated[OnChanged, _word(OnChanged, what="consequence")]
_InCode = Annotated[InCode, _word(InCode, what="consequence")]
_SecondPerson = Annotated[SecondPerson, _word(SecondPerson, what="severity")]
_Language = Annotated[Language, _word(Language, what="language")]
_Name = Annotated[str, Field(min_length=1, max_length=80)]
_Pattern = Annotated[str, BeforeValidator(lambda v: _pattern(v) if isinstance(v, str) else v)]
_Patterns = Annotated[list[_Pattern], BeforeValidator(_listed), Field(max_length=_MAX_PATTERNS)]
_Scanner = Annotated[str, BeforeValidator(_scanner_name)]
_Scanners = Annotated[list[_Scanner], BeforeValidator(_scanner_names), Field(max_length=100)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Rule(_Section):
    name: _Name
    severity: _Severity = Severity.INFO
    confidence: _Confidence = Confidence.LOW
    kinds: Annotated[list[_Kind], BeforeValidator(_listed), Field(min_length=1, max_length=9)] = [
        kind for kind in FindingKind if kind in WEAKNESSES
    ]
    paths: _Patterns = []
    exclude_paths: _Patterns = []
    presence: Annotated[list[_Presence], BeforeValidator(_listed), Field(min_length=1, max_length=9)] = [
        Presence.NEW,
        Presence.CHANGED,
    ]

    @field_validator("name")
    @classmethod
    def _readable(cls, name: str) -> str:
        if not name.isprintable() or not name.strip():
            raise _WrongError(say.UNREADABLE_NAME)
        return name

    def rule(self) -> PolicyRule:
        return PolicyRule(
            self.name,
            self.severity,
            self.confidence,
            frozenset(self.kinds),
            tuple(self.paths),
            tuple(self.exclude_paths),
            frozenset(self.presence),
        )


def _names_once(rules: list[_Rule]) -> list[_Rule]:
    names = [rule.name for rule in rules]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise _WrongError(say.SAME_NAME.format(value=_quoted(twice[0])))
    return rules


_Rules = Annotated[list[_Rule], Field(max_length=_MAX_RULES)]


class _Comment(_Section):
    severity: _Severity = Threshold().severity
    confidence: _Confidence = Threshold().confidence


class _Ignored(_Section):
    path: _Pattern
    reason: Annotated[str, Field(min_length=1, max_length=300)]


class _Suppressions(_Section):
    second_person: _SecondPerson | None = None
    longest_days: Annotated[int, Field(ge=1, le=_MAX_DAYS)] | None = None
    unused_days: Annotated[int, Field(ge=1, le=_MAX_DAYS)] | None = None


class _Settings(_Section):
    """What may stand in every section; None where the file says nothing."""

    block: _Rules | None = None
    warn: _Rules | None = None
    required_scanners: _Scanners | None = None
    language: _Language | None = None
    comment: _Comment | None = None
    max_threads: Annotated[int, Field(ge=1, le=100)] | None = None
    unread_files: _Unread | None = None
    unpinned: _Unread | None = None
    changed: _Changed | None = None
    in_code_suppressions: _InCode | None = None
    ignore_paths: Annotated[list[_Ignored], Field(max_length=_MAX_PATTERNS)] | None = None
    suppressions: _Suppressions | None = None

    @field_validator("block", "warn")
    @classmethod
    def _distinct(cls, rules: list[_Rule] | None) -> list[_Rule] | None:
        return None if rules is None else _names_once(rules)

    def partial(self) -> PartialPolicy:
        return PartialPolicy(
            block=None if self.block is None else tuple(rule.rule() for rule in self.block),
            warn=None if self.warn is None else tuple(rule.rule() for rule in self.warn),
            required_scanners=None if self.required_scanners is None else frozenset(self.required_scanners),
            language=self.language,
            comment=None if self.comment is None else Threshold(self.comment.severity, self.comment.confidence),
            max_threads=self.max_threads,
            unread_files=self.unread_files,
            unpinned=self.unpinned,
            changed=self.changed,
            in_code=self.in_code_suppressions,
            ignore_paths=None
            if self.ignore_paths is None
            else tuple(IgnoredPath(ignored.path, ignored.reason) for ignored in self.ignore_paths),
            suppressions=None
            if self.suppressions is None
            else PartialSuppressionRules(
                self.suppressions.second_person, self.suppressions.longest_days, self.suppressions.unused_days
            ),
        )


class _Override(_Settings):
    match: _Pattern


class _ProjectFile(_Settings):
    version: Literal[1]


class _OrganisationFile(_ProjectFile):
    projects: Annotated[list[_Override], Field(max_length=_MAX_RULES)] = []


_Path = tuple[int | str, ...]

_EXAMPLES: Final[Mapping[str, str]] = {
    "version": "version: 1",
    "language": "language: en",
    "block": "block: [{name: severe, severity: high, confidence: medium}]   (block: [] if nothing shall block)",
    "warn": "warn: [{name: worth a look, severity: medium}]",
    "name": "name: severe weaknesses",
    "severity": "severity: high",
    "confidence": "confidence: medium",
    "kinds": "kinds: [sast, secret]",
    "paths": 'paths: ["src/**", "*.py"]',
    "exclude_paths": 'exclude_paths: ["tests/"]',
    "presence": "presence: new",
    "comment": "comment: {severity: low, confidence: medium}",
    "required_scanners": "required_scanners: [semgrep, bandit]   (required_scanners: [] if none)",
    "unread_files": "unread_files: not_assessed",
    "unpinned": "unpinned: warn",
    "changed": "changed: block",
    "in_code_suppressions": "in_code_suppressions: show",
    "max_threads": "max_threads: 20",
    "ignore_paths": 'ignore_paths: [{path: "tests/fixtures/", reason: "vulnerable on purpose"}]',
    "path": 'path: "tests/fixtures/"',
    "reason": "reason: samples that are vulnerable on purpose",
    "suppressions": "suppressions: {second_person: high, longest_days: 180}",
    "second_person": "second_person: high",
    "longest_days": "longest_days: 180",
    "unused_days": "unused_days: 90",
    "projects": 'projects: [{match: "payments/**", changed: block}]',
    "match": 'match: "payments/**"',
}


def _hint(path: _Path) -> str:
    for step in reversed(path):
        if isinstance(step, str) and step in _EXAMPLES:
            return f"for example: {_EXAMPLES[step]}"
    return "for example: version: 1"


# --- from text to checked values --------------------------------------------------------------------------------------


F = TypeVar("F", bound=_Settings)


def _load(text: str, source_name: str, model: type[F]) -> tuple[F, _Marks]:
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        limit = say.LARGE.format(count=MAX_BYTES, size=size)
        raise PolicyError(source_name, [Problem(1, limit, "shorten it; a pattern can stand for many paths")])
    problems: list[Problem] = []
    try:
        root = _compose(text)
        marks = _Marks(root)
        value = _plain(root, problems)
    except _RefusedError as error:
        raise PolicyError(source_name, [Problem(error.line, str(error), error.hint)]) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join(filter(None, (error.context, error.problem)))
        wrong, hint = say.NOT_YAML.format(text=_clean(what)), "check indentation and quotes there"
        if error.context in ("while scanning an alias", "while scanning an anchor"):
            wrong, hint = _NO_ALIASES
        found = Problem(mark.line + 1 if mark else 1, wrong, hint)
        raise PolicyError(source_name, [found]) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise PolicyError(source_name, [Problem(1, say.NOT_YAML.format(text=_clean(str(error))))]) from None
    if not isinstance(value, dict):
        raise PolicyError(source_name, [Problem(1, say.NOT_SETTINGS, _hint(()))])
    try:
        document = model.model_validate(value)
    except ValidationError as error:
        # Finding words for a problem costs more than making one, so a hostile file gets a few.
        details = error.errors(include_url=False)
        problems = sorted([*problems[:_MAX_PROBLEMS], *_problems(details[:_MAX_PROBLEMS], marks, model)])
        raise PolicyError(source_name, problems, more=max(len(details) - _MAX_PROBLEMS, 0)) from None
    if problems:
        raise PolicyError(source_name, sorted(problems))
    return document, marks


class _RefusedError(Exception):
    def __init__(self, line: int, text: str, hint: str) -> None:
        super().__init__(text)
        self.line = line
        self.hint = hint


_NO_ALIASES: Final = (say.NO_ALIASES, 'quote patterns: "*.py"')


def _compose(text: str) -> yaml.Node | None:
    """
    The tree of the only document, with the place of every node.

    Events come from an iterative parser, so what would make the recursive composer suffer is refused before it runs.
    """
    depth = documents = 0
    for number, event in enumerate(yaml.parse(text, Loader=yaml.SafeLoader)):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise _RefusedError(line, say.SECOND_DOCUMENT, "keep one document; remove the line '---'")
        elif isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise _RefusedError(line, *_NO_ALIASES)
        elif getattr(event, "tag", None) is not None:
            raise _RefusedError(line, say.NO_TAGS, 'quote the value: "!text"')
        if number > _MAX_NODES:
            raise _RefusedError(
                line, say.TOO_MANY_VALUES.format(count=_MAX_NODES), "a pattern can stand for many paths"
            )
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _MAX_DEPTH:
                raise _RefusedError(
                    line, say.TOO_DEEP.format(count=_MAX_DEPTH), "a policy has lists of rules, no deeper"
                )
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return yaml.compose(text, Loader=yaml.SafeLoader)


_SCALARS: Final = {"tag:yaml.org,2002:int", "tag:yaml.org,2002:bool", "tag:yaml.org,2002:null"}


def _plain(node: yaml.Node | None, problems: list[Problem]) -> Any:
    """Plain values of a node. A key that stands twice is a problem, for nobody can see which one holds."""
    if node is None:
        return None
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, problems) for item in node.value]
    if isinstance(node, yaml.MappingNode):
        values: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise _RefusedError(line, say.KEY_NOT_A_WORD, "for example: severity: high")
            key = key_node.value
            if key in values:
                problems.append(Problem(line, say.KEY_TWICE.format(value=_quoted(key)), "keep one of them"))
            values[key] = _plain(value_node, problems)
        return values
    # Dates and fractions have no place in a policy: they stay the text that was written.
    if node.tag in _SCALARS:
        return yaml.constructor.SafeConstructor().construct_object(node)
    return node.value


class _Marks:
    """Where things are in the file."""

    def __init__(self, root: yaml.Node | None) -> None:
        self._root = root

    def line(self, path: _Path, *, key: bool = False) -> int:
        """
        Line (from 1) of the value at ``path``, or of the last part of the path that the file has.

        With ``key`` the line of the key itself.
        """
        node, line = self._root, 1
        for number, step in enumerate(path):
            for name, key_node, value_node in _children(node):
                if name == step:
                    at_key = key_node is not None and key and number == len(path) - 1
                    place = key_node if at_key and key_node is not None else value_node
                    node, line = value_node, place.start_mark.line + 1
                    break
        return line


def _children(node: yaml.Node | None) -> Iterator[tuple[int | str, yaml.Node | None, yaml.Node]]:
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield number, None, item
    elif isinstance(node, yaml.MappingNode):
        for key_node, value_node in node.value:
            yield key_node.value, key_node, value_node


_KINDS_OF_VALUE: Final[Mapping[str, str]] = {
    "list_type": say.LIST_EXPECTED,
    "string_type": say.TEXT_EXPECTED,
    "int_type": say.NUMBER_EXPECTED,
    "model_type": say.SETTINGS_EXPECTED,
    "dict_type": say.SETTINGS_EXPECTED,
    "model_attributes_type": say.SETTINGS_EXPECTED,
}


def _problems(details: Sequence[ErrorDetails], marks: _Marks, model: type[BaseModel]) -> Iterator[Problem]:
    for detail in details:
        kind, path, value = detail["type"], detail["loc"], detail["input"]
        context: Mapping[str, Any] = detail.get("ctx") or {}
        name = _name(path)
        line = marks.line(path)
        if kind == "extra_forbidden":
            known = _known_keys(model, path)
            near = difflib.get_close_matches(str(path[-1]), known, n=1)
            template = say.UNKNOWN_NEAR if near else say.UNKNOWN
            if path[-1] == "projects":
                template = say.NO_PROJECTS
            text = template.format(value=_quoted(path[-1]), word=near[0] if near else "", choices=", ".join(known))
            yield Problem(marks.line(path, key=True), text, _hint((near[0],)) if near else "")
        elif kind == "missing":
            yield Problem(line, say.MISSING.format(where=name), _hint(path))
        elif kind == "value_error":
            yield Problem(
                line, say.IN_SETTING.format(where=name, problem=context.get("error", detail["msg"])), _hint(path)
            )
        elif kind == "literal_error":
            text = say.OTHER_VERSION.format(where=name, value=_quoted(value), count=VERSION)
            yield Problem(line, text, _hint(path))
        elif kind in _KINDS_OF_VALUE:
            yield Problem(line, _KINDS_OF_VALUE[kind].format(where=name, value=_quoted(value)), _hint(path))
        else:
            problem = _clean(detail["msg"][:1].lower() + detail["msg"][1:])
            yield Problem(line, say.IN_SETTING.format(where=name, problem=problem), _hint(path))


def _known_keys(model: type[BaseModel], path: _Path) -> list[str]:
    sections: Mapping[str, type[BaseModel]] = {
        "block": _Rule,
        "warn": _Rule,
        "comment": _Comment,
        "ignore_paths": _Ignored,
        "projects": _Override,
    }
    for step in reversed(path[:-1]):
        if isinstance(step, str) and step in sections:
            return sorted(sections[step].model_fields)
    return sorted(model.model_fields)


def _name(path: _Path) -> str:
    """A path in the words of the file, its lists counted from 1: ``block, 2nd entry, severity`` is hard to read."""
    shown = ""
    for step in path:
        shown += f"[{step + 1}]" if isinstance(step, int) else f".{_clean(step)}" if shown else _clean(step)
    return shown or "the policy"


def _quoted(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, dict)):
        return "a list" if isinstance(value, list) else "settings"
    return f"'{_clean(str(value))}'"


def _clean(text: str) -> str:
    """A stranger's text in one short line of printable characters."""
    line = "".join(c if c.isprintable() else "?" for c in text)
    return line if len(line) <= 120 else line[:119] + "…"
