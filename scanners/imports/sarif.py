"""
SARIF 2.1.0 of any tool.

Specification: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html; the section numbers below are its.
Conventions for security: https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, ClassVar

from scanners.adapters import bandit
from scanners.cwe import cwes_of
from scanners.finding import Confidence, FindingKind, Location, RelatedLocation, Severity
from scanners.imports import common
from scanners.imports.common import Judged, inner, listed, mapped, word
from scanners.imports.document import FirstUse, Place, Reader
from scanners.imports.model import (
    PROJECT,
    Entry,
    ImportedFinding,
    ImportedTool,
    ImportLimits,
    Rejected,
    ReportedSuppression,
    ReportError,
    SuppressionKind,
    SuppressionStatus,
)
from scanners.imports.paths import Paths, Refused
from scanners.normalize import ToolWords
from scanners.severity import confidence_of_word, severity_of_score, severity_of_word

_RUN = "runs.item"
_RESULT = "runs.item.results.item"
_DRIVER = "runs.item.tool.driver"
_EXTENSION = "runs.item.tool.extensions.item"
_TAXONOMY = "runs.item.taxonomies.item"
_COMPONENTS = (_DRIVER, _EXTENSION, _TAXONOMY)
_NO_FINDINGS = frozenset({"pass", "notApplicable", "informational"})  # 3.27.9
_CONFIDENCE = {
    "very-high": Confidence.HIGH,
    "high": Confidence.HIGH,
    "medium": Confidence.MEDIUM,
    "low": Confidence.LOW,
}
_CWE_TAG = re.compile(r"(?:external/cwe/|cwe[:/ ]?)?cwe-?0*(\d{1,5})|cwe[:/]0*(\d{1,5})", re.IGNORECASE | re.ASCII)
_OF_ONE_RESULT = frozenset({"tags", "cwe", "cwes", "CWE", "issue_severity", "issue_confidence"})
"""Properties of a result that change how its rule is shown."""
_RULES_KEPT = 20_000
_RUNS_LIMIT = 1000
_COMPONENTS_LIMIT = 200
_LINK = re.compile(r"\[((?:\\.|[^\[\]\\]){1,500})\]\([^()\s]{0,500}\)")  # 3.11.6
_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{(\d{1,3})\}")  # 3.11.5
_STATUS = {
    "accepted": SuppressionStatus.ACCEPTED,
    "underReview": SuppressionStatus.UNDER_REVIEW,
    "rejected": SuppressionStatus.REJECTED,
}


def _places() -> dict[str, Place]:
    part, text = Place(part=True), Place(part=True, shape="text")
    places = {
        "": Place(shape="object", required=True),
        "version": Place(part=True, shape="text", required=True),
        "runs": Place(shape="list", required=True),
        _RUN: Place(shape="object", begins=True),
        "runs.item.results": Place(shape="list", begins=True),
        _RESULT: Place(counts=True, begins=True),
        f"{_RESULT}.ruleId": Place(names_rule=True),
        f"{_RESULT}.rule.id": Place(names_rule=True),
        f"{_RESULT}.ruleIndex": Place(names_rule=True),
        "runs.item.tool": Place(shape="object"),
        _DRIVER: Place(shape="object", begins=True),
        "runs.item.tool.extensions": Place(shape="list"),
        _EXTENSION: Place(shape="object", begins=True),
        "runs.item.taxonomies": Place(shape="list"),
        _TAXONOMY: Place(shape="object", begins=True),
        "runs.item.automationDetails.id": text,
        "runs.item.originalUriBaseIds": part,
        "runs.item.versionControlProvenance.item": part,
        "runs.item.invocations.item.executionSuccessful": part,
        "runs.item.artifacts.item": part,
        "runs.item.externalPropertyFileReferences.results": Place(begins=True),
    }
    for component in _COMPONENTS:
        for name in ("name", "guid", "version", "semanticVersion"):
            places[f"{component}.{name}"] = part
        places[f"{component}.globalMessageStrings"] = part
        places[f"{component}.rules.item"] = part
        places[f"{component}.taxa.item"] = part
    return places


@dataclass(slots=True)
class _Rule:
    """A reporting descriptor (3.49), cut down to what is shown."""

    id: str
    guid: str
    name: str
    short: str
    full: str
    help: str
    messages: dict[str, str]
    level: str
    properties: dict[str, Any]
    score: float | None
    cwes: tuple[int, ...]
    owasp: tuple[str, ...]
    references: tuple[str, ...]
    kind: FindingKind
    """As far as the rule itself tells."""


@dataclass(slots=True)
class _Component:
    """A tool component (3.19): the driver, an extension or a taxonomy."""

    name: str = ""
    guid: str = ""
    version: str = ""
    semantic_version: str = ""
    messages: dict[str, str] = field(default_factory=dict)
    rules: list[_Rule] = field(default_factory=list)
    by_id: dict[str, _Rule] = field(default_factory=dict)
    by_guid: dict[str, _Rule] = field(default_factory=dict)
    taxa: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Run:
    """What the first pass keeps of a run (3.14)."""

    driver: _Component = field(default_factory=_Component)
    extensions: list[_Component] = field(default_factory=list)
    taxonomies: list[_Component] = field(default_factory=list)
    category: str = ""
    bases: dict[str, Any] = field(default_factory=dict)
    root_base: str = ""
    commit: str | None = None
    failed: bool = False
    results: int = 0
    has_results: bool = False
    elsewhere: bool = False
    artifacts: list[tuple[str, str] | None] = field(default_factory=list)

    @property
    def tool(self) -> str:
        return common.tool_name(self.driver.name, "unknown tool")

    @property
    def version(self) -> str:
        return word(self.driver.semantic_version or self.driver.version, 50)


class Sarif(Reader):
    """Several runs, each a tool of its own."""

    name: ClassVar[str] = "sarif"
    results: ClassVar[str] = _RESULT
    places: ClassVar[Mapping[str, Place]] = _places()

    def __init__(self, limits: ImportLimits, strip_prefix: PurePosixPath | None) -> None:
        super().__init__(limits, strip_prefix)
        self._runs: list[_Run] = []

    def begin(self, prefix: str) -> None:
        """See ``Reader``."""
        if prefix == _RUN:
            if len(self._runs) >= _RUNS_LIMIT:
                raise ReportError(f"more than {_RUNS_LIMIT} runs", "import several reports")
            self._runs.append(_Run())
        elif prefix == _RESULT:
            self._runs[-1].results += 1
        elif prefix == "runs.item.results":
            self._runs[-1].has_results = True
        elif prefix in (_EXTENSION, _TAXONOMY):
            components = self._runs[-1].extensions if prefix == _EXTENSION else self._runs[-1].taxonomies
            if len(components) >= _COMPONENTS_LIMIT:
                raise ReportError(f"more than {_COMPONENTS_LIMIT} extensions or taxonomies", "no tool writes that")
            components.append(_Component())
        elif prefix == "runs.item.externalPropertyFileReferences.results":
            self._runs[-1].elsewhere = True

    def part(self, prefix: str, value: Any) -> None:
        """See ``Reader``."""
        if prefix == "version":
            if value != "2.1.0":
                raise ReportError(f"SARIF version {word(value, 20)} is not read", "let the tool write SARIF 2.1.0")
            return
        run = self._runs[-1]
        for base, component in self._components(run):
            if prefix.startswith(base + "."):
                _component_part(component, prefix[len(base) + 1 :], value)
                return
        match prefix.removeprefix("runs.item."):
            case "automationDetails.id":
                run.category = word(value, 200)
            case "originalUriBaseIds":
                run.bases = mapped(value)
            case "versionControlProvenance.item":
                run.commit = run.commit or common.commit_of(inner(value, "revisionId"))
                run.root_base = run.root_base or word(inner(value, "mappedTo", "uriBaseId"))
            case "invocations.item.executionSuccessful":
                run.failed = run.failed or value is False
            case "artifacts.item":
                run.artifacts.append(_address(inner(value, "location")))

    @staticmethod
    def _components(run: _Run) -> Iterator[tuple[str, _Component]]:
        yield _DRIVER, run.driver
        if run.extensions:
            yield _EXTENSION, run.extensions[-1]
        if run.taxonomies:
            yield _TAXONOMY, run.taxonomies[-1]

    def finish(self) -> None:
        """See ``Reader``."""
        if not self._runs:
            raise ReportError("has no runs", "the tool wrote an empty log: look at its output")
        for index, run in enumerate(self._runs):
            if not word(run.driver.name):
                raise ReportError(
                    f"runs[{index}].tool.driver has no name", "the tool's name is what findings are filed under"
                )

    def tools(self) -> tuple[ImportedTool, ...]:
        """See ``Reader``. One for each run."""
        return tuple(_tool(run) for run in self._runs)

    def entries(self, values: Iterator[Any]) -> Iterator[Entry]:
        """See ``Reader``."""
        for number, run in enumerate(self._runs):
            reading = _Reading(number, run, self.strip_prefix)
            for index in range(run.results):
                value = next(values, None)
                where = f"runs[{number}].results[{index}]"
                try:
                    entry = reading.entry(value)
                except Refused as error:
                    yield common.rejected(where, error, number)
                    continue
                if entry is not None:
                    yield entry
        # What is left would be a result that the first pass did not see; the digest settles why.
        for _ in values:
            pass


def _tool(run: _Run) -> ImportedTool:
    reason = ""
    if run.failed:
        reason = "the tool says that it failed (executionSuccessful is false)"
    elif run.elsewhere:
        reason = "the results are in another file (externalPropertyFileReferences)"
    elif not run.has_results:
        reason = "the run has no list of results"
    rules = sum(len(component.rules) for component in (run.driver, *run.extensions))
    kind = common.kind_of_tool(run.tool)
    kinds = {rule.kind for component in (run.driver, *run.extensions) for rule in component.rules}
    if kind is FindingKind.SAST and len(kinds) == 1:
        kind = kinds.pop()
    return ImportedTool(run.tool, run.version, run.category, kind, not reason, reason, rules, run.commit)


def _component_part(component: _Component, name: str, value: Any) -> None:
    match name:
        case "name":
            component.name = word(value)
        case "guid":
            component.guid = word(value).lower()
        case "version":
            component.version = word(value)
        case "semanticVersion":
            component.semantic_version = word(value)
        case "globalMessageStrings":
            component.messages = _message_strings(value)
        case "taxa.item":
            component.taxa.append(word(inner(value, "id")))
        case "rules.item":
            rule = _rule(mapped(value))
            component.rules.append(rule)
            component.by_id.setdefault(rule.id, rule)
            component.by_guid.setdefault(rule.guid, rule)


def _message_strings(value: Any) -> dict[str, str]:
    return {key[:200]: common.text_or_markdown(text)[:2000] for key, text in list(mapped(value).items())[:50]}


def _rule(value: Mapping[str, Any]) -> _Rule:
    properties = mapped(value.get("properties"))
    tags = common.strings(properties.get("tags"))
    targets = [mapped(inner(relation, "target")) for relation in listed(value.get("relationships"))]
    cwe_targets = [word(t.get("id")) for t in targets if "cwe" in word(inner(t, "toolComponent", "name")).lower()]
    owasp_words = [f"{word(inner(t, 'toolComponent', 'name'))} {word(t.get('id'))}" for t in targets]
    return _Rule(
        id=word(value.get("id"), 200),
        guid=word(value.get("guid")).lower(),
        name=word(value.get("name"), 120),
        short=word(common.text_or_markdown(value.get("shortDescription")), 300).removeprefix("Semgrep Finding: "),
        full=common.text_or_markdown(value.get("fullDescription"))[:2000],
        help=common.text_or_markdown(value.get("help"))[:2000],
        messages=_message_strings(value.get("messageStrings")),
        level=word(inner(value, "defaultConfiguration", "level")),
        properties={
            key: properties[key]
            for key in ("precision", "confidence", "purls")
            if isinstance(properties.get(key), str | list)
        },
        score=common.score_of(properties.get("security-severity")),
        cwes=tuple(sorted({*_cwes(properties), *cwes_of(cwe_targets)})),
        owasp=common.owasp_of([*tags, *common.strings(properties.get("owasp")), *owasp_words]),
        references=tuple(common.strings(value.get("helpUri"))[:1]),
        kind=_kind(word(value.get("id")), word(value.get("name")), tags),
    )


def _cwes(properties: Mapping[str, Any]) -> set[int]:
    """CWE numbers of a property bag: tags such as ``external/cwe/cwe-089`` and ``CWE-89: ...``, and ``cwe``."""
    found = set()
    for text in common.strings(properties.get("tags")):
        if match := _CWE_TAG.match(text):
            found.add(int(match[1] or match[2]))
    for name in ("cwe", "cwes", "CWE"):
        values = properties.get(name)
        for value in values if isinstance(values, list) else [values]:
            if isinstance(value, str | int) and not isinstance(value, bool):
                text = str(value) if not isinstance(value, int) or value < 100_000 else ""
                found.update(cwes_of([text.rpartition("/")[2]]))
    return {number for number in found if number > 0}


def _address(location: Any) -> tuple[str, str] | None:
    if not isinstance(location, dict):
        return None
    uri, base = location.get("uri"), location.get("uriBaseId")
    return (uri, base if isinstance(base, str) else "") if isinstance(uri, str) else None


def _kind(rule_id: str, name: str = "", tags: Iterable[str] = ()) -> FindingKind:
    """What a rule looks for, as far as its own words tell."""
    if name.lower() == "secret" or not {"secret", "secrets", "secret-detection"}.isdisjoint(t.lower() for t in tags):
        return FindingKind.SECRET
    return FindingKind.DEPENDENCY if common.is_advisory(rule_id) else FindingKind.SAST


class _Reading:
    """The second pass over one run."""

    def __init__(self, number: int, run: _Run, strip_prefix: PurePosixPath | None) -> None:
        self.number, self.run = number, run
        self.paths = Paths(strip_prefix, run.bases, run.root_base)
        self.tool, self.version = run.tool, run.version
        self.kind = common.kind_of_tool(self.tool)
        self.claims = FirstUse()
        self.rules: dict[tuple[str, str, FindingKind], Judged | None] = {}
        self.named: dict[tuple[str, int], tuple[str, _Rule | None, _Component]] = {}
        self.extensions = {c.guid: c for c in run.extensions if c.guid}

    def entry(self, value: Any) -> ImportedFinding | Rejected | None:
        """A result (3.27) as an entry; None for one that says that nothing is wrong. Raises ``Refused``."""
        if not isinstance(value, dict):
            raise Refused("is not an object")
        kind = value.get("kind")
        if (isinstance(kind, str) and kind in _NO_FINDINGS) or value.get("baselineState") == "absent":
            return None
        rule_id, rule, component = self._rule_of(value)
        locations = listed(value.get("locations"))
        location, region, context = self._location(locations[0]) if locations else (Location(PROJECT), {}, {})
        fingerprints = mapped(value.get("fingerprints"))
        for name, text in fingerprints.items():
            # 3.27.17: a fingerprint identifies its result. Partial ones do not, and may well be equal.
            if not isinstance(text, str) or text == common.NOT_LOGGED_IN:
                continue
            if not self.claims.claim(f"{name}\0{text}", f"{rule_id}\0{location.path}"):
                raise Refused(f"fingerprint {word(name, 50)} was already used for another rule or file")
        properties = mapped(value.get("properties"))
        known = self._judged(rule_id, rule, properties)
        if known is None:
            return None
        code, whole = _code(location, region, context)
        about = None
        if known.pattern.kind is FindingKind.DEPENDENCY:
            about = _dependency(rule_id, rule, properties)
        changes: dict[str, Any] = {}
        if not known.ours:
            severity = self._severity(value, rule, properties, known)
            if severity is not known.pattern.severity:
                changes["severity"] = severity
            if "taxa" in value and (taxa := self._taxa(value)):
                changes["cwes"] = tuple(sorted({*known.pattern.cwes, *taxa}))
        named = [*fingerprints.items(), *mapped(value.get("partialFingerprints")).items()]
        suppressions = listed(value.get("suppressions"))[:20]
        return common.imported(
            self.number,
            self.version,
            known,
            location,
            message=self._message(value.get("message"), rule, component),
            code=code,
            whole_lines=whole,
            about=about,
            fingerprints=common.tool_fingerprints(named[:50]),
            related=self._related(value, locations),
            suppressed=[_suppression(entry) for entry in suppressions if isinstance(entry, dict)],
            changes=changes,
        )

    def _rule_of(self, value: Mapping[str, Any]) -> tuple[str, _Rule | None, _Component]:
        """Id, descriptor and component of the rule (3.27.5 to 3.27.7, 3.52)."""
        named, index = value.get("ruleId"), value.get("ruleIndex", -1)
        if "rule" in value or not isinstance(named, str) or not isinstance(index, int):
            return self._find_rule(value)
        # Nearly every result names its rule so.
        found = self.named.get((named, index))
        if found is None:
            if len(self.named) >= _RULES_KEPT:
                self.named.clear()
            found = self.named[named, index] = self._find_rule(value)
        return found

    def _find_rule(self, value: Mapping[str, Any]) -> tuple[str, _Rule | None, _Component]:
        reference = mapped(value.get("rule"))
        component = self._component(mapped(reference.get("toolComponent")))
        named = value.get("ruleId") if isinstance(value.get("ruleId"), str) else reference.get("id")
        named = word(named, 200)
        index = common.index_of(value.get("ruleIndex", reference.get("index")))
        found = component.rules[index] if 0 <= index < len(component.rules) else None
        if found is None and isinstance(reference.get("guid"), str):
            found = component.by_guid.get(reference["guid"].lower())
        # A hierarchical id such as CA1000/1 begins with the rule's; one that does not fit wins over the index.
        if found is not None and named and named != found.id and not named.startswith(found.id + "/"):
            found = None
        if found is None and named:
            found = self._by_id(component, named)
        return common.our_rule_id(self.tool, named or (found.id if found else "")), found, component

    def _by_id(self, component: _Component, named: str) -> _Rule | None:
        for place in (component, self.run.driver, *self.run.extensions):
            for candidate in (named, named.rpartition("/")[0]):
                if candidate and candidate in place.by_id:
                    return place.by_id[candidate]
        return None

    def _component(self, reference: Mapping[str, Any]) -> _Component:
        """Driver or extension of a tool component reference (3.54)."""
        index = common.index_of(reference.get("index"))
        if 0 <= index < len(self.run.extensions):
            return self.run.extensions[index]
        guid = reference.get("guid")
        if isinstance(guid, str) and guid.lower() in self.extensions:
            return self.extensions[guid.lower()]
        name = reference.get("name")
        if isinstance(name, str):
            return next((c for c in self.run.extensions if c.name == word(name)), self.run.driver)
        return self.run.driver

    def _judged(self, rule_id: str, rule: _Rule | None, properties: Mapping[str, Any]) -> Judged | None:
        kind = self.kind
        if kind is FindingKind.SAST:
            kind = rule.kind if rule is not None else _kind(rule_id)
        rating = ""
        if properties and not _OF_ONE_RESULT.isdisjoint(properties):
            # Bandit rates each match, and our catalogue caps its confidence by the match's.
            words = [word(properties.get(name), 10) for name in ("issue_confidence", "issue_severity")]
            rating = f"{words}{sorted(_cwes(properties)) if rule is None or not rule.cwes else []}"
        key = (rule_id, rating, kind)
        if key not in self.rules:
            if len(self.rules) >= _RULES_KEPT:
                self.rules.clear()
            self.rules[key] = self._judge(rule_id, rule, kind, properties)
        return self.rules[key]

    def _judge(
        self, rule_id: str, rule: _Rule | None, kind: FindingKind, properties: Mapping[str, Any]
    ) -> Judged | None:
        cwes = rule.cwes if rule is not None and rule.cwes else tuple(sorted(_cwes(properties)))
        owasp = rule.owasp if rule is not None else ()
        owasp = owasp or common.owasp_of(common.strings(properties.get("tags")))
        title = message = remediation = ""
        if rule is not None:
            title = rule.short or common.first_line(rule.full) or rule.name
            message = rule.full or rule.short
            remediation = rule.help if rule.help != rule.full else ""
        if kind is FindingKind.SECRET:
            cwes, remediation = cwes or (common.HARD_CODED_CREDENTIALS,), common.REVOKE
        elif kind is FindingKind.DEPENDENCY:
            cwes, owasp = cwes or (common.OUTDATED_COMPONENT,), owasp or common.OUTDATED_OWASP
        words = ToolWords(
            title=title or rule_id,
            message=message or title,
            severity=_rated({}, rule, properties, "error" if kind is FindingKind.SECRET else "warning"),
            confidence=_confidence(rule, properties),
            cwes=cwes,
            references=rule.references if rule is not None else (),
            remediation=remediation,
        )
        found = common.judged(self.tool, rule_id, kind, words, owasp)
        if found is not None and self.tool == "bandit":
            return common.judged_as(
                bandit.tempered(found.pattern, words.severity), ours=found.ours, secret=found.secret
            )
        return found

    @staticmethod
    def _severity(
        value: Mapping[str, Any], rule: _Rule | None, properties: Mapping[str, Any], known: Judged
    ) -> Severity:
        if "security-severity" not in properties and rule is not None and rule.score is not None:
            return known.pattern.severity  # a score of the rule goes before a level of the result
        default = "error" if known.pattern.kind is FindingKind.SECRET else "warning"
        return _rated(value, rule, properties, default)

    def _taxa(self, value: Mapping[str, Any]) -> tuple[int, ...]:
        """CWE numbers of a result's taxa (3.27.8), by id or by index into a taxonomy."""
        found = []
        for taxon in listed(value.get("taxa"))[:50]:
            reference = mapped(inner(taxon, "toolComponent"))
            position = common.index_of(reference.get("index"))
            taxonomy = self.run.taxonomies[position] if 0 <= position < len(self.run.taxonomies) else None
            guid = word(reference.get("guid")).lower()
            if taxonomy is None and guid:
                taxonomy = next((t for t in self.run.taxonomies if t.guid == guid), None)
            name = word(reference.get("name")) or (taxonomy.name if taxonomy is not None else "")
            if name.lower() != "cwe":
                continue
            index = common.index_of(inner(taxon, "index"))
            text = inner(taxon, "id")
            if text is None and taxonomy is not None and 0 <= index < len(taxonomy.taxa):
                text = taxonomy.taxa[index]
            found.append(word(text))
        return cwes_of(found)

    def _location(self, value: Any) -> tuple[Location, Mapping[str, Any], Mapping[str, Any]]:
        """A location (3.28) with its region and the region around. Raises ``Refused``."""
        physical = value.get("physicalLocation") if isinstance(value, dict) else None
        if not isinstance(physical, dict):
            return Location(PROJECT), {}, {}
        path = self._path(physical.get("artifactLocation"))
        region = mapped(physical.get("region"))
        if region.get("startLine") is None and region.get("endLine") is None:
            # A region of characters or bytes (3.30.9): the file is all that is known without reading it.
            return Location(path), region, {}
        start, end = common.span(region.get("startLine"), region.get("endLine"))
        columns = common.column(region.get("startColumn")), common.column(region.get("endColumn"))
        return Location(path, start, end, *columns), region, mapped(physical.get("contextRegion"))

    def _path(self, artifact: Any) -> PurePosixPath:
        address = _address(artifact)
        if address is None:
            index = common.index_of(inner(artifact, "index"))
            address = self.run.artifacts[index] if 0 <= index < len(self.run.artifacts) else None
        if address is None:
            raise Refused("location names no file")
        return self.paths.of_uri(*address)

    def _message(self, message: Any, rule: _Rule | None, component: _Component) -> str:
        """The words of a message (3.11), with arguments in place and links reduced to their text."""
        if not isinstance(message, dict):
            return ""
        text, key = common.text_or_markdown(message), message.get("id")
        if not text and isinstance(key, str):
            own = rule.messages if rule is not None else {}
            text = own.get(key) or component.messages.get(key) or self.run.driver.messages.get(key) or ""
        if not isinstance(text, str) or not text:
            return ""
        text = text[:4000]
        arguments = listed(message.get("arguments"))

        def filled(match: re.Match[str]) -> str:
            if match[1] is None:
                return match[0][0]
            number = int(match[1])
            return str(arguments[number])[:500] if number < len(arguments) else match[0]

        if "{" in text and (arguments or isinstance(key, str)):
            text = _PLACEHOLDER.sub(filled, text)
        return _LINK.sub(r"\1", text) if "](" in text else text

    def _related(self, value: Mapping[str, Any], locations: list[Any]) -> list[RelatedLocation]:
        """Further locations, related ones, and the steps of the first code flow; bad ones are left out."""
        if len(locations) < 2 and "relatedLocations" not in value and "codeFlows" not in value:
            return []
        places = [*locations[1:10], *listed(value.get("relatedLocations"))[:20]]
        steps = listed(inner(value, "codeFlows", 0, "threadFlows", 0, "locations"))
        places += [inner(step, "location") for step in (steps if len(steps) <= 20 else [*steps[:10], *steps[-10:]])]
        found = []
        for place in places:
            try:
                location, _, _ = self._location(place)
            except Refused:
                continue
            if location.path is not PROJECT:
                message = common.masked_words(self._message(inner(place, "message"), None, self.run.driver), 200)
                found.append(RelatedLocation(location, message))
        return found


def _rated(
    value: Mapping[str, Any], rule: _Rule | None, properties: Mapping[str, Any], default: str = "warning"
) -> Severity:
    """
    The score of result or rule, else the level of result or rule, else SARIF's default (3.27.10).

    A secret that nobody rated is an error: gitleaks writes no level, and its own JSON means high.
    """
    score = common.score_of(properties.get("security-severity"))
    if score is None and rule is not None:
        score = rule.score
    if score is not None:
        return severity_of_score(score)
    if isinstance(properties.get("issue_severity"), str):
        return severity_of_word(properties["issue_severity"])
    level = value.get("level")
    if not isinstance(level, str):
        level = (rule.level if rule is not None else "") or default
    return severity_of_word(level)


def _confidence(rule: _Rule | None, properties: Mapping[str, Any]) -> Confidence:
    for bag in (properties, rule.properties if rule is not None else {}):
        for name in ("precision", "confidence", "issue_confidence"):
            text = bag.get(name)
            if isinstance(text, str) and text:
                return _CONFIDENCE.get(text.lower(), confidence_of_word(text))
    return Confidence.MEDIUM


def _suppression(value: Mapping[str, Any]) -> ReportedSuppression:
    """A suppression (3.35); one without a status counts as accepted there."""
    kind = SuppressionKind.IN_SOURCE if value.get("kind") == "inSource" else SuppressionKind.EXTERNAL
    status = value.get("status", "accepted")
    return ReportedSuppression(
        kind,
        _STATUS.get(status, SuppressionStatus.UNDER_REVIEW)
        if isinstance(status, str)
        else SuppressionStatus.UNDER_REVIEW,
        common.masked_words(word(value.get("justification"), 500), 500),
    )


def _code(location: Location, region: Mapping[str, Any], context: Mapping[str, Any]) -> tuple[str, bool]:
    """The flagged code, and whether it is whole lines although there are columns."""
    text = inner(region, "snippet", "text")
    lines = location.end_line - location.start_line + 1
    if isinstance(text, str) and text.strip():
        text = text[:20_000].rstrip("\r\n")
        found = text.split("\n")
        # The specification says that a snippet is the region exactly (3.30.13); many tools write whole lines.
        if location.start_column and location.end_column and len(found) == lines:
            exact = location.end_column - (location.start_column if lines == 1 else 1)
            return text, len(found[-1].rstrip("\r")) > exact
        return text, False
    start = context.get("startLine")
    text = inner(context, "snippet", "text")
    if isinstance(text, str) and isinstance(start, int) and 1 <= start <= location.start_line:
        found = text[:50_000].split("\n")[location.start_line - start :][:lines]
        if len(found) == lines:
            return "\n".join(found), True
    return "", False


def _dependency(rule_id: str, rule: _Rule | None, properties: Mapping[str, Any]) -> Any:
    """The package of a result that is about one, where a package URL names it."""
    words = [*common.strings(properties.get("purl")), *common.strings(properties.get("purls"))]
    words = words or (common.strings(rule.properties.get("purls")) if rule is not None else [])
    packages = {found for text in words if (found := common.dependency_of(text)) is not None}
    if len(packages) != 1:
        return None
    match = re.match(r"(?:CVE|GHSA|PYSEC|RUSTSEC|GO|OSV)(?:-\w+){2,3}", rule_id, re.ASCII | re.IGNORECASE)
    return common.dependency(packages.pop(), [match[0] if match else rule_id])
