"""
The format of policy files, version 1, as pydantic models: what may stand where, and how it is written.

``bot.domain.policy_file`` reads files with them, ``bot.domain.policy_schema`` makes the JSON schemas for editors from
them; the sentences under the settings are what an editor shows.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import CoreSchema

from bot.domain import policy_problems as say
from bot.domain.globs import MAX_LENGTH, problem_with, problem_with_word
from bot.domain.policy import (
    IgnoredPath,
    InCode,
    OnChanged,
    PartialAdvisoryRules,
    PartialMergeRules,
    PartialNoiseRules,
    PartialPeople,
    PartialPolicy,
    PartialSla,
    PartialSuppressionRules,
    SecondPerson,
    Threshold,
    Unread,
    WhenNotAssessed,
)
from bot.domain.policy_rule import WEAKNESSES, PolicyRule, RuleMode
from bot.domain.verdict import Effect, Presence
from bot.texts import Language
from scanners.finding import Confidence, FindingKind, Severity

VERSION: Final = 1

MAX_PROJECTS: Final = 100
_MAX_RULES: Final = 100
_MAX_PATTERNS: Final = 200
_MAX_DAYS: Final = 3_650


class WrongValueError(ValueError):
    """A problem in words of our own; pydantic hands it on."""


# --- words for people -------------------------------------------------------------------------------------------------


def quoted(value: object) -> str:
    """A value of a file as an error names it."""
    if value is None:
        return say.NOTHING
    if isinstance(value, bool):
        return say.YES if value else say.NO
    if isinstance(value, (list, dict)):
        return say.A_LIST if isinstance(value, list) else say.SETTINGS
    return f"'{shortened(str(value))}'"


def shortened(text: str) -> str:
    """A stranger's text in one short line of printable characters."""
    line = "".join(c if c.isprintable() else "?" for c in text[:200])
    return line if len(line) <= 120 else line[:119] + "…"


# --- how values are written -------------------------------------------------------------------------------------------

E = TypeVar("E", bound=Enum)


def _word(kind: type[E], *, what: str, only: Sequence[E] | None = None) -> BeforeValidator:
    """Reads one of an enum's words and, when it is none, says which there are."""
    words = {member.value: member for member in (only or list(kind))}

    def read(value: object) -> E:
        if isinstance(value, str) and value in words:
            return words[value]
        near = difflib.get_close_matches(str(value)[:200].lower(), words, n=1)
        template = say.NOT_ONE_OF_NEAR if near else say.NOT_ONE_OF
        raise WrongValueError(
            template.format(value=quoted(value), what=what, choices=", ".join(words), word=near[0] if near else "")
        )

    return BeforeValidator(read)


def _choice(*members: Enum) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "enum": [member.value for member in members]})


class _OneOrMany:
    """One word is a list of one word: for the schema, what ``_listed`` does for the value."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        listed = handler(core)
        return {"anyOf": [listed["items"], listed]}


def _listed(value: object) -> object:
    """One word is a list of one word."""
    return [value] if isinstance(value, (str, int)) and not isinstance(value, bool) else value


def _checked(problem: Any) -> BeforeValidator:
    """Reads a text of which ``problem`` has nothing to say."""

    def read(value: object) -> object:
        if isinstance(value, str) and (wrong := problem(value)):
            raise WrongValueError(say.IN_SETTING.format(where=quoted(value), problem=wrong))
        return value

    return BeforeValidator(read)


def _shaped(expression: str, template: str, *, longest: int = 255) -> tuple[BeforeValidator, WithJsonSchema]:
    """Reads a text of this shape."""
    shape = re.compile(expression)

    def read(value: object) -> object:
        if isinstance(value, str) and not (len(value) <= longest and shape.fullmatch(value)):
            raise WrongValueError(template.format(value=quoted(value)))
        return value

    schema = {"type": "string", "pattern": f"^(?:{expression})$", "minLength": 1, "maxLength": longest}
    return BeforeValidator(read), WithJsonSchema(schema)


def _readable(value: object) -> object:
    if isinstance(value, str) and not (value.isprintable() and value.strip()):
        raise WrongValueError(say.UNREADABLE.format(value=quoted(value)))
    return value


def _cwe(value: object) -> object:
    """``CWE-89`` is 89."""
    number = value
    if isinstance(value, str):
        found = re.fullmatch(r"(?:CWE-)?([1-9][0-9]{0,4})", value, re.IGNORECASE | re.ASCII)
        number = int(found[1]) if found else None
    if isinstance(number, bool) or not isinstance(number, int) or not 0 < number < 100_000:
        raise WrongValueError(say.NOT_A_CWE.format(value=quoted(value)))
    return number


_DECIMAL: Final = re.compile(r"[01]|[01]?\.[0-9]{1,9}", re.ASCII)


def _share(value: object) -> object:
    """
    A number from 0 to 1.

    Fractions reach us as they were written (see ``policy_file``), so that a name such as 1.0 stays what it is.
    """
    written = str(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else ""
    share = float(written) if _DECIMAL.fullmatch(written) else None
    if share is None or not 0 <= share <= 1:
        raise WrongValueError(say.NOT_A_SHARE.format(value=quoted(value)))
    return share


def _only_true(value: object) -> object:
    # What is *not* overdue grows where a lower layer shortens the time, so that a rule about it could be loosened.
    if value is False:
        raise WrongValueError(say.ONLY_TRUE.format(value=quoted(value)))
    return value


def _scanner_names(value: object) -> object:
    """A list of names, or lists by kind of finding, which say the same with more order."""
    if not isinstance(value, dict):
        return _listed(value)
    kinds = [kind.value for kind in FindingKind]
    unknown = [key for key in value if key not in kinds]
    if unknown:
        raise WrongValueError(
            say.NOT_ONE_OF.format(value=quoted(unknown[0]), what="kind of finding", choices=", ".join(kinds))
        )
    names: list[object] = []
    for listed in value.values():
        listed = _listed(listed)
        if not isinstance(listed, list):
            raise WrongValueError(say.NOT_SCANNERS.format(value=quoted(listed)))
        names += listed
    return names


_PATH_SHAPE: Final = r"^(?!!)(?=.*[^/])(?=.*\S)(?!(?:.*/)?\.{1,2}(?:/|$))[^\u0000-\u001f\u007f-\u009f]+$"
_LINE_SHAPE: Final = r"^(?=.*\S)[^\u0000-\u001f\u007f-\u009f]+$"
_NAME_SHAPE: Final = {"type": "string", "pattern": r"^[a-z0-9][a-z0-9_-]{0,63}$"}

_Severity = Annotated[Severity, _word(Severity, what="severity"), _choice(*Severity)]
_Confidence = Annotated[Confidence, _word(Confidence, what="confidence"), _choice(*Confidence)]
_Kind = Annotated[FindingKind, _word(FindingKind, what="kind of finding"), _choice(*FindingKind)]
_PRESENCES: Final = (Presence.NEW, Presence.CHANGED, Presence.EXISTING)
_Presence = Annotated[Presence, _word(Presence, what="presence", only=_PRESENCES), _choice(*_PRESENCES)]
_Unread = Annotated[Unread, _word(Unread, what="consequence"), _choice(*Unread)]
_NotAssessed = Annotated[WhenNotAssessed, _word(WhenNotAssessed, what="consequence"), _choice(*WhenNotAssessed)]
_Changed = Annotated[OnChanged, _word(OnChanged, what="consequence"), _choice(*OnChanged)]
_InCode = Annotated[InCode, _word(InCode, what="consequence"), _choice(*InCode)]
_SecondPerson = Annotated[SecondPerson, _word(SecondPerson, what="severity"), _choice(*SecondPerson)]
_MODES: Final = (Effect.MONITOR, Effect.COMMENT, Effect.BLOCK)
_Mode = Annotated[Effect, _word(Effect, what="mode", only=_MODES), _choice(*_MODES)]
_Language = Annotated[Language, _word(Language, what="language"), _choice(*Language)]
_Name = Annotated[
    str,
    Field(min_length=1, max_length=80),
    WithJsonSchema({"type": "string", "pattern": _LINE_SHAPE, "minLength": 1, "maxLength": 80}),
]
_Reason = Annotated[str, Field(min_length=1, max_length=300)]
_Path = Annotated[
    str, _checked(problem_with), WithJsonSchema({"type": "string", "pattern": _PATH_SHAPE, "maxLength": MAX_LENGTH})
]
_Text = Annotated[
    str,
    _checked(problem_with_word),
    WithJsonSchema({"type": "string", "pattern": _LINE_SHAPE, "maxLength": MAX_LENGTH}),
]
_Paths = Annotated[list[_Path], _OneOrMany(), BeforeValidator(_listed), Field(max_length=_MAX_PATTERNS)]
_Texts = Annotated[list[_Text], _OneOrMany(), BeforeValidator(_listed), Field(max_length=_MAX_PATTERNS)]
_Kinds = Annotated[list[_Kind], _OneOrMany(), BeforeValidator(_listed), Field(min_length=1, max_length=9)]
_Presences = Annotated[list[_Presence], _OneOrMany(), BeforeValidator(_listed), Field(min_length=1, max_length=9)]
_Label = Annotated[
    str,
    Field(max_length=255),
    BeforeValidator(_readable),
    WithJsonSchema({"type": "string", "pattern": _LINE_SHAPE, "maxLength": 255}),
]
_Labels = Annotated[list[_Label], _OneOrMany(), BeforeValidator(_listed), Field(max_length=_MAX_PATTERNS)]
_Cwe = Annotated[
    int,
    BeforeValidator(_cwe),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": 99_999},
                {"type": "string", "pattern": "^(?:[Cc][Ww][Ee]-)?[1-9][0-9]{0,4}$"},
            ]
        }
    ),
]
_Cwes = Annotated[list[_Cwe], _OneOrMany(), BeforeValidator(_listed), Field(max_length=_MAX_PATTERNS)]
_Share = Annotated[float, BeforeValidator(_share), WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1})]
_True = Annotated[bool, BeforeValidator(_only_true), WithJsonSchema({"const": True})]
_Days = Annotated[int, Field(ge=1, le=_MAX_DAYS)]
_Scanner = Annotated[str, *_shaped(r"[a-z0-9][a-z0-9_-]{0,63}", say.NOT_A_SCANNER, longest=64)]
_Scanners = Annotated[
    list[_Scanner],
    BeforeValidator(_scanner_names),
    Field(max_length=100),
    WithJsonSchema(
        {
            "anyOf": [
                _NAME_SHAPE,
                {"type": "array", "items": _NAME_SHAPE, "maxItems": 100},
                {
                    "type": "object",
                    "propertyNames": {"enum": [kind.value for kind in FindingKind]},
                    "additionalProperties": {
                        "anyOf": [_NAME_SHAPE, {"type": "array", "items": _NAME_SHAPE, "maxItems": 100}]
                    },
                },
            ]
        }
    ),
]
_Group = Annotated[str, *_shaped(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_][A-Za-z0-9_.-]*)*", say.NOT_A_GROUP)]
_User = Annotated[str, *_shaped(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", say.NOT_A_USER)]
_Users = Annotated[list[_User], _OneOrMany(), BeforeValidator(_listed), Field(max_length=100)]


# --- sections ---------------------------------------------------------------------------------------------------------


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True)


class Rule(_Section):
    """Findings that are meant: all conditions must hold, and what is left out is not asked."""

    name: _Name
    """Shown in comments and reports; once per list."""
    severity: _Severity = Severity.INFO
    """This bad or worse."""
    confidence: _Confidence = Confidence.LOW
    """This certain or more."""
    kinds: _Kinds = [kind for kind in FindingKind if kind in WEAKNESSES]
    """Sorts of findings; all but suppressions in code where none is named."""
    cwes: _Cwes = []
    """Any of these weaknesses, such as CWE-89."""
    rules: _Texts = []
    """Patterns for ids of scanner rules or advisories, of any scanner that saw the finding."""
    scanners: _Texts = []
    """Patterns for names of scanners, any of those that saw the finding."""
    paths: _Paths = []
    """Only files that match one of these patterns, as in .gitignore."""
    exclude_paths: _Paths = []
    """But not files that match one of these."""
    presence: _Presences = [Presence.NEW, Presence.CHANGED]
    """What the change did to it. Findings that were there before count only where a rule names "existing"."""
    fix_available: bool | None = None
    """Whether a version or replacement that mends it is known."""
    epss: _Share | None = None
    """Dependencies that are this likely to be exploited within 30 days or more, 0 to 1 (FIRST's EPSS)."""
    kev: bool | None = None
    """Dependencies whose vulnerability is, or is not, known to be exploited (CISA's KEV catalogue)."""
    licences: _Texts = []
    """Dependencies under one of these licences: patterns for SPDX ids, or "unknown"."""
    overdue: _True = False
    """Only what is open for longer than the setting "sla" allows."""
    branches: _Texts = []
    """Only merge requests into one of these branches; a star stands for any characters."""
    labels: _Labels = []
    """Only merge requests with any of these labels; upper and lower case are alike."""
    draft: bool | None = None
    """Only merge requests that are, or are not, drafts."""

    @field_validator("name")
    @classmethod
    def _one_line(cls, name: str) -> str:
        if not name.isprintable() or not name.strip():
            raise WrongValueError(say.UNREADABLE_NAME)
        return name

    def rule(self) -> PolicyRule:
        """The same as a value of the domain."""
        return PolicyRule(
            name=self.name,
            severity=self.severity,
            confidence=self.confidence,
            kinds=frozenset(self.kinds),
            paths=tuple(self.paths),
            exclude_paths=tuple(self.exclude_paths),
            presences=frozenset(self.presence),
            cwes=frozenset(self.cwes),
            rules=tuple(self.rules),
            scanners=tuple(self.scanners),
            fix_available=self.fix_available,
            epss=self.epss,
            kev=self.kev,
            licences=tuple(self.licences),
            overdue=self.overdue,
            branches=tuple(self.branches),
            labels=frozenset(label.casefold() for label in self.labels),
            draft=self.draft,
        )


def _names_once(rules: list[Rule]) -> list[Rule]:
    names = [rule.name for rule in rules]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise WrongValueError(say.SAME_NAME.format(value=quoted(twice[0])))
    return rules


_Rules = Annotated[list[Rule], Field(max_length=_MAX_RULES)]


class Mode(_Section):
    """What findings of some scanner rules can do at most, whatever mode the rules bring along."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["rules"]}, {"required": ["scanners"]}]})

    rules: _Texts = []
    """Patterns for ids of scanner rules."""
    scanners: _Texts = []
    """Patterns for names of scanners."""
    mode: _Mode
    """"comment": no finding of these blocks. "monitor": nobody sees them in a merge request. "block": not capped."""
    reason: _Reason
    """Why, for whoever asks in a year."""

    @model_validator(mode="after")
    def _about_something(self) -> Mode:
        if not self.rules and not self.scanners:
            raise WrongValueError(say.CAPS_EVERYTHING)
        return self

    def rule_mode(self) -> RuleMode:
        """The same as a value of the domain."""
        return RuleMode(self.mode, tuple(self.rules), tuple(self.scanners), self.reason)


class Comment(_Section):
    """From where on a finding gets a discussion on its line."""

    severity: _Severity = Threshold().severity
    """This bad or worse."""
    confidence: _Confidence = Threshold().confidence
    """This certain or more."""


class Ignored(_Section):
    """A folder or file that does not count."""

    path: _Path
    """Pattern as in .gitignore."""
    reason: _Reason
    """Why, for whoever asks in a year."""


class Suppressions(_Section):
    """What an exception from the gate has to keep to."""

    second_person: _SecondPerson | None = None
    """From which severity on somebody other than the person who asks has to approve."""
    longest_days: _Days | None = None
    """How long an exception may last."""
    unused_days: _Days | None = None
    """After so many days without covering a finding an exception is called unused."""
    remind_days: Annotated[int, Field(ge=0, le=365)] | None = None
    """So many days before the end of an exception somebody is told; 0 for never."""


class Advisories(_Section):
    """How old the advisories of dependency scanners may be."""

    oldest_days: _Days | None = None
    """Age in days of the newest advisory."""
    when_older: _Unread | None = None
    """What follows when they are older."""


class SlaDays(_Section):
    """In how many days a finding should be gone, by severity."""

    critical: _Days | None = None
    """Days for critical findings."""
    high: _Days | None = None
    """Days for high findings."""
    medium: _Days | None = None
    """Days for medium findings."""
    low: _Days | None = None
    """Days for low findings."""


class PeopleSection(_Section):
    """Who may do what others may not."""

    security_group: _Group | None = None
    """Full path of the GitLab group whose members confirm what others ask for."""
    break_glass: _Users | None = None
    """User names of those who may merge past the gate; it is recorded and reported."""


class Merge(_Section):
    """When the bot merges, where it is the only one who may."""

    label: _Label | None = None
    """A label on a merge request that asks the bot to merge it."""
    when_clear: bool | None = None
    """Whether it merges what is clear without being asked."""


class Noise(_Section):
    """From when on a scanner rule is proposed for demotion."""

    least_comments: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """So many of its findings must have had a discussion."""
    false_positive_percent: Annotated[int, Field(ge=1, le=100)] | None = None
    """So many of a hundred were dismissed as false."""


class Settings(_Section):
    """What may stand in every section; null where the file says nothing."""

    language: _Language | None = None
    """Language of comments and reports."""
    block: _Rules | None = None
    """One of these that matches a finding stops the merge."""
    warn: _Rules | None = None
    """A finding that one of these matches gets a discussion, and the result is "passed with warnings"."""
    monitor: _Rules | None = None
    """What these match is only recorded, so that a new rule can be tried."""
    rule_modes: Annotated[list[Mode], Field(max_length=_MAX_PATTERNS)] | None = None
    """Caps on what findings of some scanner rules can do."""
    required_scanners: _Scanners | None = None
    """Scanners without whose answer nothing passes: names, or names by kind of finding."""
    failed_scanners: _Unread | None = None
    """What follows when a scanner that is not required gave no answer."""
    unread_files: _Unread | None = None
    """What follows when a file of the change could not be read."""
    unpinned: _Unread | None = None
    """What follows when a requirement has no exact version."""
    missing_facts: _Unread | None = None
    """What follows when a rule asks for a fact (EPSS, KEV, licence, age) that nobody knows."""
    advisories: Advisories | None = None
    """How old the advisories of dependency scanners may be."""
    not_assessed: _NotAssessed | None = None
    """What the result "not assessed" means for the merge."""
    changed: _Changed | None = None
    """What a finding does whose flagged lines were edited and that a block rule matches."""
    comment: Comment | None = None
    """From where on a finding gets a discussion on its line."""
    max_threads: Annotated[int, Field(ge=1, le=100)] | None = None
    """Most discussions on one merge request."""
    in_code_suppressions: _InCode | None = None
    """What a comment that silences a scanner does to what it is about."""
    ignore_paths: Annotated[list[Ignored], Field(max_length=_MAX_PATTERNS)] | None = None
    """Folders and files that do not count."""
    sla: SlaDays | None = None
    """In how many days a finding should be gone."""
    suppressions: Suppressions | None = None
    """What an exception from the gate has to keep to."""
    people: PeopleSection | None = None
    """Who may do what others may not."""
    merge: Merge | None = None
    """When the bot merges."""
    noise: Noise | None = None
    """From when on a scanner rule is proposed for demotion."""

    @field_validator("block", "warn", "monitor")
    @classmethod
    def _distinct(cls, rules: list[Rule] | None) -> list[Rule] | None:
        return None if rules is None else _names_once(rules)

    def partial(self) -> PartialPolicy:
        """The same as a value of the domain."""
        modes, ignored, people = self.rule_modes, self.ignore_paths, self.people
        return PartialPolicy(
            block=_rules(self.block),
            warn=_rules(self.warn),
            monitor=_rules(self.monitor),
            rule_modes=None if modes is None else tuple(mode.rule_mode() for mode in modes),
            required_scanners=None if self.required_scanners is None else frozenset(self.required_scanners),
            language=self.language,
            comment=None if self.comment is None else Threshold(self.comment.severity, self.comment.confidence),
            max_threads=self.max_threads,
            unread_files=self.unread_files,
            unpinned=self.unpinned,
            failed_scanners=self.failed_scanners,
            missing_facts=self.missing_facts,
            not_assessed=self.not_assessed,
            changed=self.changed,
            in_code=self.in_code_suppressions,
            ignore_paths=None if ignored is None else tuple(IgnoredPath(one.path, one.reason) for one in ignored),
            advisories=None if self.advisories is None else PartialAdvisoryRules(**dict(self.advisories)),
            sla=None if self.sla is None else PartialSla(**dict(self.sla)),
            suppressions=None if self.suppressions is None else PartialSuppressionRules(**dict(self.suppressions)),
            people=None
            if people is None
            else PartialPeople(
                people.security_group,
                # GitLab does not tell upper from lower case in user names.
                None if people.break_glass is None else frozenset(name.lower() for name in people.break_glass),
            ),
            merge=None if self.merge is None else PartialMergeRules(**dict(self.merge)),
            noise=None if self.noise is None else PartialNoiseRules(**dict(self.noise)),
        )


def _rules(rules: list[Rule] | None) -> tuple[PolicyRule, ...] | None:
    return None if rules is None else tuple(rule.rule() for rule in rules)


class Override(Settings):
    """Settings that hold for some projects only."""

    match: _Path
    """Pattern for the project's full path; a group stands for all its projects."""


class ProjectFile(Settings):
    """A policy that makes the one above it stricter: a group's, or a project's own .mergewarden.yml."""

    version: Literal[1]
    """Version of the format."""


class OrganisationFile(ProjectFile):
    """An organisation's policy: what stops a merge, what only warns, and what follows when nobody could look."""

    model_config = ConfigDict(json_schema_extra={"required": ["version", "block", "required_scanners"]})

    projects: Annotated[list[Override], Field(max_length=MAX_PROJECTS)] = []
    """Other settings for some projects, applied in the order of the file."""


# --- what an error can point at ---------------------------------------------------------------------------------------

_SECTIONS: Final[Mapping[str, type[BaseModel]]] = {
    "block": Rule,
    "warn": Rule,
    "monitor": Rule,
    "rule_modes": Mode,
    "comment": Comment,
    "ignore_paths": Ignored,
    "suppressions": Suppressions,
    "advisories": Advisories,
    "sla": SlaDays,
    "people": PeopleSection,
    "merge": Merge,
    "noise": Noise,
    "projects": Override,
}

_EXAMPLES: Final[Mapping[str, str]] = {
    "version": "version: 1",
    "language": "language: en",
    "block": "block: [{name: severe, severity: high, confidence: medium}]   (block: [] if nothing shall block)",
    "warn": "warn: [{name: worth a look, severity: medium}]",
    "monitor": "monitor: [{name: on trial, severity: low}]",
    "name": "name: severe weaknesses",
    "severity": "severity: high",
    "confidence": "confidence: medium",
    "kinds": "kinds: [sast, secret]",
    "cwes": "cwes: [CWE-89, CWE-78]",
    "rules": 'rules: ["python.lang.*", B602]',
    "scanners": "scanners: [semgrep]",
    "paths": 'paths: ["src/**", "*.py"]',
    "exclude_paths": 'exclude_paths: ["tests/"]',
    "presence": "presence: [new, changed, existing]",
    "fix_available": "fix_available: true",
    "epss": "epss: 0.1",
    "kev": "kev: true",
    "licences": 'licences: ["AGPL-*", unknown]',
    "overdue": "overdue: true",
    "branches": 'branches: [main, "release/*"]',
    "labels": "labels: [payments]",
    "draft": "draft: false",
    "rule_modes": 'rule_modes: [{rules: ["python.*"], mode: monitor, reason: "new, on trial until March"}]',
    "mode": "mode: monitor",
    "comment": "comment: {severity: low, confidence: medium}",
    "required_scanners": "required_scanners: [semgrep, bandit]   (required_scanners: [] if none)",
    "failed_scanners": "failed_scanners: warn",
    "unread_files": "unread_files: not_assessed",
    "unpinned": "unpinned: warn",
    "missing_facts": "missing_facts: warn",
    "advisories": "advisories: {oldest_days: 14, when_older: not_assessed}",
    "oldest_days": "oldest_days: 14",
    "when_older": "when_older: not_assessed",
    "not_assessed": "not_assessed: block",
    "changed": "changed: block",
    "in_code_suppressions": "in_code_suppressions: show",
    "max_threads": "max_threads: 20",
    "ignore_paths": 'ignore_paths: [{path: "tests/fixtures/", reason: "vulnerable on purpose"}]',
    "path": 'path: "tests/fixtures/"',
    "reason": "reason: samples that are vulnerable on purpose",
    "sla": "sla: {critical: 7, high: 30, medium: 90, low: 180}",
    "suppressions": "suppressions: {second_person: high, longest_days: 180}",
    "second_person": "second_person: high",
    "longest_days": "longest_days: 180",
    "unused_days": "unused_days: 90",
    "remind_days": "remind_days: 14",
    "people": "people: {security_group: security/appsec, break_glass: [alice]}",
    "security_group": "security_group: security/appsec",
    "break_glass": "break_glass: [alice]",
    "merge": 'merge: {label: "mergewarden::merge", when_clear: false}',
    "label": 'label: "mergewarden::merge"',
    "when_clear": "when_clear: false",
    "noise": "noise: {least_comments: 20, false_positive_percent: 40}",
    "least_comments": "least_comments: 20",
    "false_positive_percent": "false_positive_percent: 40",
    "projects": 'projects: [{match: "payments/**", changed: block}]',
    "match": 'match: "payments/**"',
}


def section_at(root: type[BaseModel], path: Sequence[int | str]) -> type[BaseModel]:
    """The model of the section in which the last step of a path stands."""
    for step in reversed(path[:-1]):
        if isinstance(step, str) and step in _SECTIONS:
            return _SECTIONS[step]
    return root


def example_of(path: Sequence[int | str]) -> str:
    """How the innermost setting of a path that has an example is written."""
    for step in reversed(path):
        if isinstance(step, str) and step in _EXAMPLES:
            return _EXAMPLES[step]
    return _EXAMPLES["version"]
