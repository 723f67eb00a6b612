"""
Builds what the scanners load from the rules that people write.

``python -m rules.build`` reads ``rules/semgrep/**``, ``secrets/*.yaml``, ``bandit.yaml``, ``secrets.yaml``,
``suppressions.yaml`` and ``owasp.yaml``, and writes ``rules/compiled/<language>.json`` (what semgrep loads: YAML costs
it ten times as long), ``rules/secrets.json`` (what our part of the secret scanner loads) and ``rules/catalog.json``
(the texts and judgements, in every language). All are committed; ``--check`` exits with 1 when they are stale and
changes nothing.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from rules import plain_yaml, secret_rules
from rules.packs import PACKS

ROOT = Path(__file__).parent

SEVERITIES = ("info", "low", "medium", "high", "critical")
CONFIDENCES = ("low", "medium", "high")
MODES = ("monitor", "comment", "block")

# Comparisons, flags, numbers and look-ups in a table cannot carry an attack, so they end a flow.
TAINT_OPTIONS = {
    "taint_assume_safe_booleans": True,
    "taint_assume_safe_comparisons": True,
    "taint_assume_safe_indexes": True,
    "taint_assume_safe_numbers": True,
}
SEMGREP_SEVERITY = {"info": "INFO", "low": "INFO", "medium": "WARNING", "high": "ERROR", "critical": "ERROR"}
NOT_FOR_SEMGREP = frozenset({"message", "metadata"})

_RULE_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)+")
_METAVARIABLE = re.compile(r"\$(\.\.\.)?[A-Z]")


class RuleError(Exception):
    """Raised when a rule file does not say what it must; the text names the file and the field."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One semgrep rule as its file has it."""

    path: Path
    language: str
    """Name of the pack."""
    body: Mapping[str, Any]
    """The rule, with shared lists put in."""
    prefix: str = ""
    """What its id begins with, before the name of the pack: whose rule it is."""

    @property
    def rule_id(self) -> str:
        """Id that is unique across all packs."""
        return str(self.body["id"])

    def samples(self) -> list[Path]:
        """Annotated sample files beside the rule."""
        return sorted(
            path
            for path in self.path.parent.iterdir()
            if path != self.path and path.name.split(".")[0] == self.path.stem
        )


def load_rules(root: Path = ROOT) -> list[Rule]:
    """Read and check all rules under ``root/semgrep``, in a stable order. Raises ``RuleError``."""
    rules: list[Rule] = []
    for language in PACKS:
        folder = root / "semgrep" / language
        shared = _read_yaml(folder / "shared.yaml") if (folder / "shared.yaml").is_file() else {}
        for path in rule_files(folder):
            for raw in _read_yaml(path)["rules"]:
                rule = read_rule(raw, path, language, shared)
                _check(rule)
                rules.append(rule)
    seen: dict[str, Path] = {}
    for rule in rules:
        if rule.rule_id in seen:
            raise RuleError(f"{rule.path}: the id {rule.rule_id} is taken by {seen[rule.rule_id]}")
        seen[rule.rule_id] = rule.path
    return rules


def rule_files(pack: Path) -> list[Path]:
    """The files of a pack that hold rules, in a stable order."""
    # A sample of a YAML pack is YAML as well: what holds no rules has the name of a rule and one more part.
    return sorted(path for path in pack.glob("*/*.yaml") if "." not in path.stem)


def read_rule(
    raw: Mapping[str, Any], path: Path, language: str, shared: Mapping[str, list[Any]], prefix: str = ""
) -> Rule:
    """A rule of a pack as its file has it, not yet checked. Raises ``RuleError`` for an unknown shared list."""
    body = _expand(raw, shared, path)
    if body.get("mode") == "taint":
        body["options"] = TAINT_OPTIONS | body.get("options", {})
    return Rule(path, language, body, prefix)


def checked_entry(rule: Rule, root: Path = ROOT) -> dict[str, Any]:
    """What the catalogue says of a rule that nothing is wrong with. Raises ``RuleError``."""
    _check(rule)
    owasp = _owasp(root)
    if rule.prefix:
        # Our table places the weaknesses of our own rules; others may write about any.
        owasp = {**dict.fromkeys(rule.body["metadata"]["cwe"], ()), **owasp}
    return _entry(rule.rule_id, _semgrep_texts(rule), owasp)


def semgrep_rule(rule: Rule) -> dict[str, Any]:
    """
    The part of a rule that semgrep needs.

    Texts stay in the catalogue: what semgrep does not get, it cannot interpolate or print.
    """
    return {
        **{key: value for key, value in rule.body.items() if key not in NOT_FOR_SEMGREP},
        "message": rule.rule_id,
        "severity": SEMGREP_SEVERITY[rule.body["metadata"]["severity"]],
    }


def build(root: Path = ROOT) -> dict[Path, str]:
    """Content of every generated file by its path. Raises ``RuleError``."""
    rules = load_rules(root)
    owasp = _owasp(root)
    output: dict[Path, str] = {}
    for language in PACKS:
        pack = [semgrep_rule(rule) for rule in rules if rule.language == language]
        output[root / "compiled" / f"{language}.json"] = _pack_json(pack)
    detectors = _read_yaml(root / "secrets.yaml")
    try:
        secrets = secret_rules.load(root / "secrets")
    except (secret_rules.SecretRuleError, yaml.YAMLError) as error:
        raise RuleError(str(error)) from error
    output[root / "secrets.json"] = _json(
        {
            "rules": [secret_rules.compiled(rule) for rule in secrets],
            "examples": secret_rules.examples(root / "secrets"),
            "detectors": {key: raw.get("confidence", "low") for key, raw in detectors.items()},
        }
    )
    catalog: dict[str, dict[str, Any]] = {
        "semgrep": {rule.rule_id: _entry(rule.rule_id, _semgrep_texts(rule), owasp) for rule in rules},
        "bandit": {key: _entry(key, raw, owasp) for key, raw in _read_yaml(root / "bandit.yaml").items()},
        "detect-secrets": {
            **{key: _entry(key, raw, owasp) for key, raw in detectors.items()},
            **{rule["id"]: _entry(rule["id"], secret_rules.entry(rule), owasp) for rule in secrets},
        },
        "suppressions": {
            key: _entry(key, raw, owasp, weakness=False)
            for key, raw in _suppressions(_read_yaml(root / "suppressions.yaml"))
        },
    }
    known = catalog["semgrep"].keys()
    for scanner, entries in catalog.items():
        for key, entry in entries.items():
            for other in entry["covered_by"]:
                if other not in known:
                    raise RuleError(f"{scanner} {key}: covered_by names {other}, which is no rule")
    output[root / "catalog.json"] = _json(catalog)
    return output


def main(arguments: list[str] | None = None) -> int:
    """Write the generated files, or with ``--check`` say which are stale. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m rules.build", description="Compile the rules.")
    parser.add_argument(
        "--check", action="store_true", help="exit with 1 when a generated file is stale; write nothing"
    )
    options = parser.parse_args(arguments)
    try:
        wanted = build()
    except RuleError as error:
        print(error, file=sys.stderr)
        return 1
    stale = [path for path, text in wanted.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    for path in stale:
        if options.check:
            print(f"{path.relative_to(ROOT.parent)} is stale; run python -m rules.build", file=sys.stderr)
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(wanted[path], encoding="utf-8")
    return 1 if options.check and stale else 0


@cache
def _owasp(root: Path) -> Mapping[int, tuple[str, ...]]:
    return {int(cwe): tuple(pair) for cwe, pair in _read_yaml(root / "owasp.yaml").items()}


def _read_yaml(path: Path) -> Any:
    try:
        return plain_yaml.load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise RuleError(f"{path}: {error}") from error


def _pack_json(pack: list[dict[str, Any]]) -> str:
    """One rule a line: short to read for semgrep, and a change shows which rule it is about."""
    lines = ",\n".join(json.dumps(rule, ensure_ascii=False, sort_keys=True) for rule in pack)
    return f'{{"rules": [\n{lines}\n]}}\n'


def _json(document: object) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _expand(node: Any, shared: Mapping[str, list[Any]], path: Path) -> Any:
    """Put the items of a shared list where ``- shared: NAME`` stands."""
    if isinstance(node, dict):
        return {key: _expand(value, shared, path) for key, value in node.items()}
    if isinstance(node, list):
        return [item for entry in node for item in _expand_item(entry, shared, path)]
    return node


def _expand_item(entry: Any, shared: Mapping[str, list[Any]], path: Path) -> Iterator[Any]:
    if isinstance(entry, dict) and set(entry) == {"shared"}:
        name = entry["shared"]
        if not isinstance(name, str) or name not in shared:
            raise RuleError(f"{path}: there is no shared list {name}")
        yield from _expand(shared[name], shared, path)
    else:
        yield _expand(entry, shared, path)


def _check(rule: Rule) -> None:
    def require(condition: bool, complaint: str) -> None:
        if not condition:
            raise RuleError(f"{rule.path}: {complaint}")

    metadata = rule.body.get("metadata", {})
    # Dots would be indistinguishable from the path that semgrep puts before an id.
    require(bool(_RULE_ID.fullmatch(rule.rule_id)), f"{rule.rule_id} is not an id of small letters and hyphens")
    wanted = f"{rule.prefix}{rule.language}-{rule.path.stem}"
    require(rule.rule_id == wanted, f"the id is not {wanted}")
    require(metadata.get("severity") in SEVERITIES, f"severity is none of {SEVERITIES}")
    require(
        rule.body.get("severity") == SEMGREP_SEVERITY.get(metadata["severity"]),
        "severity and metadata.severity do not agree",
    )
    require(metadata.get("mode") in MODES, f"mode is none of {MODES}")
    require(bool(rule.samples()), "there is no sample file beside the rule")
    # A metavariable in a text would put the scanned code, or a secret, into a comment.
    texts = (rule.body["message"], *(str(metadata.get(key)) for key in ("title", "remediation")))
    require(not any(_METAVARIABLE.search(text) for text in texts), "a text interpolates a metavariable")


def _semgrep_texts(rule: Rule) -> dict[str, Any]:
    return {**rule.body["metadata"], "message": rule.body["message"]}


def _suppressions(document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Ids and raw entries: each rule in each of its shapes. Raises ``RuleError``."""
    for rule, raw in document["rules"].items():
        for name in raw["shapes"]:
            if name not in document["shapes"]:
                raise RuleError(f"{rule}: there is no shape {name}")
            shape = document["shapes"][name]
            entry: dict[str, Any] = {"severity": shape["severity"], "confidence": "high"}
            for field in ("title", "message", "remediation"):
                entry[field] = shape[field].format(tool=raw["tool"], marker=raw["marker"])
                marker = raw.get("marker_zh", raw["marker"])
                entry[f"{field}_zh"] = shape[f"{field}_zh"].format(tool=raw["tool"], marker=marker)
            entry["references"] = [raw["reference"]] if "reference" in raw else []
            yield rule + shape["suffix"], entry


def _entry(
    key: str, raw: Mapping[str, Any], owasp: Mapping[int, tuple[str, ...]], *, weakness: bool = True
) -> dict[str, Any]:
    """
    One catalogue entry; only a weakness needs a CWE.

    Raises ``RuleError`` when a field is missing or unknown.
    """
    texts = ("title", "title_zh", "message", "message_zh", "remediation", "remediation_zh")
    for name in texts:
        if not isinstance(raw.get(name), str) or not raw[name].strip():
            raise RuleError(f"{key}: {name} is missing")
    cwes = [int(cwe) for cwe in raw.get("cwe", ())]
    if raw.get("confidence") not in CONFIDENCES or raw.get("severity") not in SEVERITIES or (weakness and not cwes):
        raise RuleError(f"{key}: severity, confidence and cwe are needed")
    unknown = [cwe for cwe in cwes if cwe not in owasp]
    if unknown:
        raise RuleError(f"{key}: owasp.yaml does not place CWE {unknown}")
    references = [*raw.get("references", ()), *(f"https://cwe.mitre.org/data/definitions/{cwe}.html" for cwe in cwes)]
    return {
        "text": {
            "en": {name: _fold(raw[name]) for name in ("title", "message", "remediation")},
            "zh-CN": {name: _fold(raw[f"{name}_zh"]) for name in ("title", "message", "remediation")},
        },
        "severity": raw["severity"],
        "confidence": raw["confidence"],
        "cwes": cwes,
        "owasp": list(dict.fromkeys(category for cwe in cwes for category in owasp[cwe])),
        "mode": raw.get("mode", "comment"),
        "references": references,
        "enabled": raw.get("enabled", True),
        "aliases": list(raw.get("aliases", ())),
        "covered_by": list(raw.get("covered_by", ())),
    }


def _fold(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    sys.exit(main())
