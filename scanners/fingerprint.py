"""
Which finding is which: hashes of the flagged code and of a finding within one tree.

No line number and no word of a tool goes in, so that neither a line above nor a new release of a tool changes an
identity. Fields are length-prefixed: "ab" and "c" are not "a" and "bc".
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from scanners.cwe import SECRETS
from scanners.finding import Finding, FindingKind
from scanners.redact import mask_line, mask_literals

VERSION = "mw1"
"""Goes into every hash; a change of the recipe needs a new one, and a migration."""

_SPACE = re.compile(r"\s+")


def digest(*fields: str) -> str:
    """SHA-256 (hex) of the fields, each prefixed with its length in bytes."""
    state = hashlib.sha256()
    for text in fields:
        raw = text.encode("utf-8", "surrogatepass")
        state.update(len(raw).to_bytes(8, "big"))
        state.update(raw)
    return state.hexdigest()


def holds_secret(finding: Finding) -> bool:
    """Whether the flagged code is itself a secret."""
    return finding.kind is FindingKind.SECRET or not SECRETS.isdisjoint(finding.cwes)


def match_hash(finding: Finding, code: str) -> str:
    """Hash of the flagged code, with white space folded, and secrets taken out where the code is one."""
    if finding.kind is FindingKind.SECRET:
        code = "\n".join(mask_line(line) for line in code.split("\n"))
    elif holds_secret(finding):
        code = mask_literals(code)
    return digest(VERSION, _SPACE.sub(" ", code).strip())


def fingerprinted(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """
    The findings of one scanner in one tree, each with its fingerprint, ordered by place.

    Identical code that one rule flags twice in a file is told apart by its order there.
    """
    seen: Counter[tuple[str, ...]] = Counter()
    done = []
    for finding in sorted(findings, key=_place):
        path = str(finding.location.path)
        if finding.dependency is not None:
            about = finding.dependency
            identity = (path, about.ecosystem, about.package, about.advisory_ids[0] if about.advisory_ids else "")
        else:
            identity = (finding.kind.value, finding.rule_id, path, finding.match_hash)
        index = seen[identity]
        seen[identity] += 1
        done.append(replace(finding, fingerprint=digest(VERSION, *identity, str(index))))
    return tuple(done)


def _place(finding: Finding) -> tuple[str, int, int, str, str]:
    where = finding.location
    return (str(where.path), where.start_line, where.start_column or 0, finding.rule_id, finding.match_hash)
