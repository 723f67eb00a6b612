"""
What we say about a rule, and how much we trust it: texts in every language, severity, confidence, CWE and OWASP.

Everything is read from ``catalog.json``, which ``rules.build`` writes. Semgrep itself gets no texts, so nothing of the
scanned code can end up in them. Scanners are named ``semgrep``, ``bandit``, ``detect-secrets``, ``suppressions`` and
``pip-audit``; the last has no entries, because an advisory brings its own words.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from rules.packs import PACKS

_ROOT = Path(__file__).parent
_CATALOG = _ROOT / "catalog.json"
_COMPILED = _ROOT / "compiled"
_SECRETS = _ROOT / "secrets.json"


@dataclass(frozen=True, slots=True)
class RuleText:
    """A rule's words in one language. Plain text, one line each."""

    title: str
    message: str
    """What is wrong, why it matters, and the safe way."""
    remediation: str


@dataclass(frozen=True, slots=True)
class RuleInfo:
    """What is the same in every language."""

    rule_id: str
    """For detect-secrets one of our own, or the plugin's class name, also when it was asked for by secret type."""
    scanner: str
    severity: str
    """``info``, ``low``, ``medium``, ``high`` or ``critical``: our judgement, which replaces the tool's."""
    confidence: str
    """``low``, ``medium`` or ``high``. For bandit it is a cap: the lower of this and the tool's own holds."""
    cwes: tuple[int, ...]
    owasp: tuple[str, ...]
    """Categories of the OWASP Top 10 such as ``A03:2021`` and ``A05:2025``."""
    mode: str
    """``monitor``, ``comment`` or ``block``: the strongest reaction that the rule is good enough for."""
    references: tuple[str, ...]
    enabled: bool = True
    """False where the rule only makes noise; its findings are to be dropped."""
    covered_by: tuple[str, ...] = ()
    """Ids of our semgrep rules that judge the same weakness better."""


def rule_text(scanner: str, rule_id: str, language: str = "en") -> RuleText | None:
    """The words of a rule in ``en`` or ``zh-CN``; None when the rule or the language is unknown."""
    found = _find(scanner, rule_id)
    if found is None or language not in found[1]["text"]:
        return None
    words = found[1]["text"][language]
    return RuleText(words["title"], words["message"], words["remediation"])


def rule_info(scanner: str, rule_id: str) -> RuleInfo | None:
    """Our judgement of a rule; None when it is unknown. detect-secrets rules are known by class name and by type."""
    found = _find(scanner, rule_id)
    if found is None:
        return None
    key, entry = found
    return RuleInfo(
        rule_id=key,
        scanner=scanner,
        severity=entry["severity"],
        confidence=entry["confidence"],
        cwes=tuple(entry["cwes"]),
        owasp=tuple(entry["owasp"]),
        mode=entry["mode"],
        references=tuple(entry["references"]),
        enabled=entry["enabled"],
        covered_by=tuple(entry["covered_by"]),
    )


def rule_ids(scanner: str) -> tuple[str, ...]:
    """Ids of all rules that we know of a scanner, sorted."""
    return tuple(sorted(_catalog().get(scanner, {})))


def scanners() -> tuple[str, ...]:
    """Scanners of whose rules we know something, sorted."""
    return tuple(sorted(_catalog()))


def modes(scanner: str) -> dict[str, str]:
    """
    The mode of each rule of a scanner, also under the rule's other names; those of an organisation's rules included,
    also of such as are not in force any more: what only watched must not block because its rule is gone.
    """
    found = {key: str(entry["mode"]) for key, entry in _catalog().get(scanner, {}).items()}
    theirs = {key: str(entry["mode"]) for key, entry in _organisation.items()} if scanner == "semgrep" else {}
    return {**theirs, **{alias: found[key] for alias, key in _aliases(scanner).items()}, **found}


def languages() -> tuple[str, ...]:
    """Names of the semgrep packs, sorted."""
    return PACKS


def compiled_pack(language: str) -> Path:
    """The file that semgrep loads for a language of ``languages()``. Raises ``KeyError`` for any other."""
    if language not in languages():
        raise KeyError(language)
    return _COMPILED / f"{language}.json"


def compiled_secret_rules() -> Path:
    """The file from which the secret scanner loads our own rules."""
    return _SECRETS


def lay_over(entries: Mapping[str, Mapping[str, Any]]) -> None:
    """
    Let the words of an organisation's semgrep rules be found, for everybody in this process from now on.

    Entries are as in ``catalog.json``. They stand beside ours and never in their place.
    """
    global _organisation
    _organisation = dict(entries)


def semgrep_rule_id(check_id: str) -> str:
    """
    The rule's own id in what semgrep reports.

    Semgrep puts the path of the configuration, relative to its working directory and with dots for slashes, before an
    id (unless ``--no-rewrite-rule-ids`` is given). Our ids hold no dot, so the last part is the id.
    """
    return check_id.rpartition(".")[2]


@cache
def digest() -> str:
    """SHA-256 (hex) over every file that decides what is found and how it is judged; part of a result cache's key."""
    hashed = hashlib.sha256()
    for path in (_CATALOG, _SECRETS, *sorted(_COMPILED.glob("*.json"))):
        content = path.read_bytes()
        # Name and length keep two different sets of files from hashing alike.
        hashed.update(f"{path.name}:{len(content)}\n".encode())
        hashed.update(content)
    return hashed.hexdigest()


_organisation: Mapping[str, Mapping[str, Any]] = {}
"""Replaced as a whole and never changed, so that threads need no lock."""


@cache
def _catalog() -> Mapping[str, Mapping[str, Any]]:
    document: dict[str, dict[str, Any]] = json.loads(_CATALOG.read_text(encoding="utf-8"))
    return document


@cache
def _aliases(scanner: str) -> Mapping[str, str]:
    return {alias: key for key, entry in _catalog().get(scanner, {}).items() for alias in entry["aliases"]}


def _find(scanner: str, rule_id: str) -> tuple[str, Mapping[str, Any]] | None:
    entries = _catalog().get(scanner, {})
    key = rule_id if rule_id in entries else _aliases(scanner).get(rule_id)
    if key is not None:
        return key, entries[key]
    theirs = _organisation.get(rule_id) if scanner == "semgrep" else None
    return None if theirs is None else (rule_id, theirs)
