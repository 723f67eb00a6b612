"""
Our own rules about secrets: ``rules/secrets/*.yaml``, one file per family.

A file has ``defaults`` for its rules, and ``rules``. What a rule may say:

- ``id``, ``name`` and ``can`` (with ``name_zh`` and ``can_zh``): the texts are made of them, so that every rule says
  what was found, what one can do with it, and how it is revoked (``revoke``). ``title`` where that is too long.
- ``pattern``: a regular expression in which every repetition has an end; the group ``v`` is the value, else all of it.
  It must not touch letters and digits on either side, unless ``bounded: false``. Or ``assigned``: ``key`` and
  ``value``, for what is given to a name in the syntax of any language; the name may have ``suffix`` more characters.
- ``words``: in small letters; without one of them in a file the rule is not tried. ``on``: on a match's line one of
  these (else of ``words``) has to stand. ``many_lines: true`` where a match may go over more than one line.
- ``near``: must be found around the value, up to ``within`` lines away. ``check``: a function of
  ``scanners/secrets/checks.py``. ``entropy``: bits per character. ``allow``: values that are none. ``files``: suffixes.
  ``keeps_examples``: the match is no value that could say of itself that it is an example.
- ``severity``, ``confidence``, ``mode``, ``cwe``, ``references`` as in every catalogue.
- ``samples``: texts with and without a finding. ``{{aZ9:20}}`` stands for generated characters (see
  ``tests/rules/secret_samples.py``), so that the repository holds nothing that anybody takes for a living secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rules import plain_yaml

_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)+")
_FIELDS = frozenset(
    [
        "id",
        "name",
        "name_zh",
        "title",
        "title_zh",
        "can",
        "can_zh",
        "revoke",
        "revoke_zh",
        "pattern",
        "assigned",
        "bounded",
        "words",
        "near",
        "near_multiline",
        "within",
        "check",
        "entropy",
        "allow",
        "files",
        "keeps_examples",
        "on",
        "many_lines",
        "severity",
        "confidence",
        "mode",
        "cwe",
        "references",
        "samples",
        "sample_suffix",
    ]
)
_REVOKE = "Revoke it with its issuer."
_REVOKE_ZH = "请先在签发方吊销。"
_REFERENCE = "https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html"
_WITHIN = 5
# A name that goes on like this is not the secret's own, but of something about it.
_ABOUT = (
    r"[\w.-]{0,16}?(?:hash|algo|polic|field|reset|templ|header|url|uri|path|file|name|type|label|hint|prompt|mess|err|regex"
    r"|pattern|length|min|max|ttl|expir|format|column|provider|class|rotat|endpoint|manager|encoder|valid|strength|digest)"
)
_SUFFIX = 20


class SecretRuleError(Exception):
    """Raised when a rule does not say what it must; the text names the file and the rule."""


def load(folder: Path) -> list[dict[str, Any]]:
    """The rules with their files' defaults put in, in a stable order. Raises ``SecretRuleError``."""
    rules: list[dict[str, Any]] = []
    seen: set[str] = set()
    for path in sorted(folder.glob("*.yaml")):
        document = plain_yaml.load(path.read_text(encoding="utf-8"))
        for raw in document.get("rules", ()):
            rule = {**document.get("defaults", {}), **raw}
            _check(path, rule)
            if rule["id"] in seen:
                raise SecretRuleError(f"{path}: the id {rule['id']} is taken")
            seen.add(rule["id"])
            rules.append(rule)
    return rules


def examples(folder: Path) -> list[str]:
    """Digests of values that everybody knows."""
    path = folder / "examples.yaml"
    if not path.is_file():
        return []
    return sorted(entry["sha256"] for entry in plain_yaml.load(path.read_text(encoding="utf-8"))["examples"])


def compiled(rule: Mapping[str, Any]) -> dict[str, Any]:
    """What the scanner loads of a rule: no texts."""
    near = rule.get("near", "")
    return {
        "id": rule["id"],
        "pattern": pattern_of(rule),
        "words": list(rule["words"]),
        "on": [] if rule.get("many_lines") else list(rule.get("on", rule["words"])),
        "near": f"(?m:{near})" if near and rule.get("near_multiline") else near,
        "within": rule.get("within", _WITHIN),
        "check": rule.get("check", ""),
        "entropy": rule.get("entropy", 0),
        "allow": rule.get("allow", ""),
        "files": list(rule.get("files", ())),
        "keeps_examples": rule.get("keeps_examples", False),
        "confidence": rule["confidence"],
    }


def pattern_of(rule: Mapping[str, Any]) -> str:
    """The whole expression of a rule."""
    if "assigned" in rule:
        return _assigned(rule["assigned"])
    pattern = str(rule["pattern"])
    return pattern if not rule.get("bounded", True) else f"(?<![A-Za-z0-9_])(?:{pattern})(?![A-Za-z0-9_])"


def entry(rule: Mapping[str, Any]) -> dict[str, Any]:
    """The rule as the catalogue takes it."""
    name, name_zh = rule["name"], rule["name_zh"]
    revoke, revoke_zh = rule.get("revoke", _REVOKE), rule.get("revoke_zh", _REVOKE_ZH)
    return {
        "title": rule.get("title", f"{name[0].upper()}{name[1:]} is in the source"),
        "title_zh": rule.get("title_zh", f"源代码中含有{_spaced(name_zh)}"),
        "message": f"The file holds {name}. Everyone who can read the repository, now or later, can {rule['can']}.",
        "message_zh": f"文件中含有{_spaced(name_zh)}。现在或将来能读取该仓库的任何人都可以{_spaced(rule['can_zh'])}。",
        "remediation": f"{revoke} Then load its successor from the environment or a secret store. Removing the line "
        "does not help: it stays in the history.",
        "remediation_zh": f"{revoke_zh}然后从环境变量或机密存储加载新的凭据。仅删除该行没有用，它仍保留在历史记录中。",
        "severity": rule["severity"],
        "confidence": rule["confidence"],
        "mode": rule["mode"],
        "cwe": rule.get("cwe", [798]),
        "references": [*rule.get("references", ()), _REFERENCE],
    }


def _spaced(text: str) -> str:
    """Chinese text as it stands after Chinese text: with a space before a Latin word."""
    return f" {text}" if text[:1].isascii() else text


def _assigned(parts: Mapping[str, Any]) -> str:
    """
    A value given to a name: ``key = "v"``, ``"key": "v"``, ``key => 'v'``, ``setKey("v")``, ``key: str = "v"``,
    ``<key>v</key>``, ``name="key" value="v"``.
    """
    key, value, suffix = parts["key"], parts["value"], parts.get("suffix", _SUFFIX)
    return (
        rf"(?i:(?<!hashed_)(?<!encrypted_)(?<!public_)(?:{key})(?!{_ABOUT}))[\w.-]{{0,{suffix}}}[\"'`\]]{{0,2}}"
        r"(?:[ \t]{0,2}:[ \t]{0,2}[A-Za-z_][\w.\[\]|]{0,30}[ \t]{0,2}(?==))?[ \t]{0,8}"
        # What stands in an argument is a value only in quotes.
        r"(?:(?:=>|:=|={1,3}|!=|:|>|value[ \t]{0,2}=)[ \t]{0,8}(?:[A-Za-z_.]{1,24}\([ \t]?)?[bru]{0,2}[\"'`]?"
        r"|[,(][ \t]{0,8}[bru]{0,2}[\"'`])"
        rf"(?P<v>{value})(?![A-Za-z0-9+/=_-])"
    )


def _check(path: Path, rule: Mapping[str, Any]) -> None:
    name = f"{path}: {rule.get('id')}"

    def require(condition: bool, complaint: str) -> None:
        if not condition:
            raise SecretRuleError(f"{name}: {complaint}")

    require(bool(_ID.fullmatch(str(rule.get("id", "")))), "is not an id of small letters and hyphens")
    require(set(rule) <= _FIELDS, f"unknown fields {sorted(set(rule) - _FIELDS)}")
    for field in ("name", "name_zh", "can", "can_zh"):
        require(isinstance(rule.get(field), str) and bool(rule[field].strip()), f"{field} is missing")
    require(("title" in rule) == ("title_zh" in rule), "title and title_zh go together")
    require(("revoke" in rule) == ("revoke_zh" in rule), "revoke and revoke_zh go together")
    require(("pattern" in rule) != ("assigned" in rule), "has to have either pattern or assigned")
    require(
        all(rule.get(field) for field in ("severity", "confidence", "mode")), "severity, confidence and mode are needed"
    )
    words = rule.get("words", ())
    small = all(isinstance(word, str) and word == word.lower() for word in [*words, *rule.get("on", ())])
    require(bool(words) and small, "words have to be there, in small letters")
    samples = rule.get("samples", {})
    require(bool(samples.get("true")) and bool(samples.get("false")), "samples of both kinds are needed")
    for source in _sources(rule):
        try:
            re.compile(source)
        except re.error as error:
            raise SecretRuleError(f"{name}: {error}") from error


def _sources(rule: Mapping[str, Any]) -> Iterator[str]:
    yield pattern_of(rule)
    if rule.get("near"):
        yield str(rule["near"])
    if rule.get("allow"):
        yield str(rule["allow"])
