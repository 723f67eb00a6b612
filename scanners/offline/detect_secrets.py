"""
Finds secrets in a folder of units: ``python -m scanners.offline.detect_secrets FOLDER``.

Our own rules (``scanners.secrets``) look first, and detect-secrets' detectors beside them for what we have no rule for.

Writes where and of which type, as JSON on standard output, and never a value. We drive the detectors and not their file
loop, because that one skips a file that is not UTF-8, honours ``pragma: allowlist secret``, stops reading raw lines
where it understands a file's syntax, and asks servers whether a secret works.
"""

from __future__ import annotations

import io
import json
import re
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from rules.catalog import compiled_secret_rules
from scanners.secrets.rules import SecretRules
from scanners.secrets.values import is_placeholder
from scanners.units import decode, plain_suffix, split_lines

_LONG_LINE = 4_000
"""Characters. Beyond, only detectors of exact token formats look: the others are slow, and guess in minified code."""
_WINDOW_OVERLAP = 500
_TRANSFORM_LIMIT = 200_000
"""Characters. YAML and INI beyond this are read as plain lines: the parsers are slow."""
_HITS_PER_FILE = 1_000
_LONGEST_STRETCH = 500
"""Characters on each side that a place is stretched by: a line of tokens without a gap has no delimiter for long."""

_LEFT_OUT = frozenset({"IPPublicDetector"})
_GUESSING = frozenset({"KeywordDetector", "Base64HighEntropyString", "HexHighEntropyString"})
_ENTROPY = frozenset({"Base64HighEntropyString", "HexHighEntropyString"})
_ENTROPY_LIMITS = {"Base64HighEntropyString": {"limit": 4.5}, "HexHighEntropyString": {"limit": 3.0}}

# The detectors choose their grammar by suffix; these write values without quotes.
_READ_AS = {".env": ".ini", ".dockerfile": ".ini", ".sh": ".ini", ".properties": ".ini"}
_TRANSFORMED = frozenset({".yaml", ".ini"})

_EXAMPLE_HOST = re.compile(r"@(?:[\w-]+\.)*(?:example(?:\.\w+)?|localhost|127\.0\.0\.1|test|invalid)\b", re.IGNORECASE)
_DELIMITER = re.compile(r"""[\s"'`,;<>(){}\[\]|]""")


class Hit(NamedTuple):
    """One secret: where it is and who saw it. The value stays in this process."""

    line: int
    start: int
    """Column in the raw line, from 0; -1 when the value does not stand there as it is."""
    end: int
    rule: str
    guess: bool
    """Whether the detector only guesses."""
    rank: int = 2
    """How unsure it is: 0 for high confidence, 1 for medium, 2 for low."""


_RANKS = {"high": 0, "medium": 1, "low": 2}


class Detector:
    """Our rules, the chosen detectors, and what they pass over."""

    def __init__(self) -> None:
        # requests is two thirds of the start, and only there to ask servers about secrets, which we never do.
        _without_requests()
        from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
        from detect_secrets.filters import heuristic
        from detect_secrets.plugins.keyword import DENYLIST_REGEX
        from detect_secrets.settings import get_settings
        from detect_secrets.transformers import get_transformed_file

        self._ours = SecretRules.load(compiled_secret_rules())
        self._ranks = {rule: _RANKS[word] for rule, word in self._ours.confidence_of_detectors.items()}
        get_settings().clear()
        classes: dict[str, Any] = get_mapping_from_secret_type_to_class()
        self._plugins: list[tuple[str, Any]] = [
            (cls.__name__, cls(**_ENTROPY_LIMITS.get(cls.__name__, {})))
            for cls in classes.values()
            if cls.__name__ not in _LEFT_OUT
        ]
        # Most files hold nothing: one search over the whole text spares a thousand over its lines.
        self._anywhere: dict[str, list[re.Pattern[str]]] = {
            rule: [re.compile(pattern.pattern, pattern.flags | re.MULTILINE) for pattern in plugin.denylist]
            for rule, plugin in self._plugins
            if rule not in _GUESSING
        }
        self._keyword = re.compile(DENYLIST_REGEX, re.IGNORECASE)
        self._guess_filters: list[Callable[[str], bool]] = [
            heuristic.is_sequential_string,
            heuristic.is_potential_uuid,
            heuristic.is_templated_secret,
            heuristic.is_not_alphanumeric_string,
        ]
        self._is_id = heuristic.is_likely_id_string
        self._is_indirect = heuristic.is_indirect_reference
        self._transform = get_transformed_file

    def scan(self, name: str, raw: bytes) -> Iterator[Hit]:
        """Every hit in a file; one for each place, the surest detector's."""
        suffix = plain_suffix(name)
        text = decode(raw)
        lines = split_lines(text)
        read_as = "unit" + _READ_AS.get(suffix, suffix)
        found = [
            Hit(match.line, match.start, match.end, match.rule, False, _RANKS[match.confidence])
            for match in self._ours.matches(suffix, text, lines)
        ]
        ours = {match.rule for match in found}
        limit = len(found) + 2 * _HITS_PER_FILE
        exact = [
            (rule, plugin)
            for rule, plugin in self._plugins
            if rule not in _GUESSING and any(pattern.search(text) for pattern in self._anywhere[rule])
        ]
        for number, line in enumerate(lines, start=1):
            if len(found) < limit:
                self._scan_line(read_as, suffix, number, line, line, exact, found, limit)
        if suffix in _TRANSFORMED and len(text) <= _TRANSFORM_LIMIT:
            for number, line in enumerate(self._transformed(read_as, text), start=1):
                if number <= len(lines) and line.strip() and len(found) < limit:
                    self._scan_line(read_as, suffix, number, line, lines[number - 1], [], found, limit)
        # What several see is one secret: of hits that overlap, the surest stays, then ours, then the longest.
        kept: dict[int, list[Hit]] = {}
        count = 0
        order = sorted(
            found, key=lambda h: (h.rank, h.rule not in ours, h.guess, h.start - h.end, h.line, h.start, h.rule)
        )
        for hit in order:
            rivals = kept.setdefault(hit.line, [])
            if not any((k.start < hit.end and hit.start < k.end) or hit.start < 0 or k.start < 0 for k in rivals):
                rivals.append(hit)
                count += 1
                if count >= _HITS_PER_FILE:
                    break
        yield from sorted(hit for hits in kept.values() for hit in hits)

    def _transformed(self, read_as: str, text: str) -> list[str]:
        stream = io.StringIO(text)
        stream.name = read_as
        try:
            return self._transform(stream) or []  # type: ignore[arg-type]
        except Exception:
            return []

    def _scan_line(
        self,
        read_as: str,
        suffix: str,
        number: int,
        line: str,
        raw: str,
        exact: list[tuple[str, Any]],
        found: list[Hit],
        limit: int,
    ) -> None:
        if not line.strip():
            return
        long = len(line) > _LONG_LINE
        guessing = [] if long else self._guessing_on(line, suffix)
        indirect: bool | None = None
        for rule, plugin in (*exact, *guessing):
            guess = rule in _GUESSING
            for piece in _windows(line) if long else (line,):
                for secret in plugin.analyze_line(filename=read_as, line=piece, line_number=number, context=None) or ():
                    value = secret.secret_value
                    if not value:
                        continue
                    if guess and indirect is None:
                        indirect = self._is_indirect(line)
                    if (guess and indirect) or self._passed_over(value, piece, plugin, guess):
                        continue
                    if len(found) >= limit:
                        return
                    found.append(Hit(number, *_place(raw, value, plugin), rule, guess, self._ranks.get(rule, 2)))

    def _guessing_on(self, line: str, suffix: str) -> list[tuple[str, Any]]:
        """The guessing detectors that could see anything in the line, by a look that is cheaper than theirs."""
        quoted = ('"' in line or "'" in line) and suffix != ".lock"
        keyword = self._keyword.search(line) is not None
        return [
            (rule, plugin)
            for rule, plugin in self._plugins
            if (quoted and rule in _ENTROPY) or (keyword and rule == "KeywordDetector")
        ]

    def _passed_over(self, value: str, line: str, plugin: Any, guess: bool) -> bool:
        if type(plugin).__name__ == "PrivateKeyDetector":
            return False
        if type(plugin).__name__ == "BasicAuthDetector":
            # The host of this very value: another one on the line, in a comment say, is no excuse.
            hosts = [rest for rest in line.split(value)[1:] if rest.startswith("@")]
            return is_placeholder(value) or (bool(hosts) and all(_EXAMPLE_HOST.match(rest) for rest in hosts))
        if not guess:
            # A token in an exact format is only passed over when it says that it is an example.
            return "EXAMPLE" in value or "xxxxxx" in value.lower()
        return (
            is_placeholder(value)
            or any(passes(value) for passes in self._guess_filters)
            or self._is_id(value, line, plugin)
        )


def _windows(line: str) -> Iterator[str]:
    for start in range(0, len(line), _LONG_LINE - _WINDOW_OVERLAP):
        yield line[start : start + _LONG_LINE]


def _without_requests() -> None:
    requests = types.ModuleType("requests")
    requests.exceptions = types.SimpleNamespace(RequestException=OSError)  # type: ignore[attr-defined]
    requests.RequestException = OSError  # type: ignore[attr-defined]
    requests.Response = object  # type: ignore[attr-defined]
    sys.modules.setdefault("requests", requests)
    sys.modules.setdefault("requests.exceptions", requests)


def _place(line: str, value: str, plugin: Any) -> tuple[int, int]:
    """
    Where the secret stands in the line, from 0, end exclusive; (-1, -1) when it does not.

    Some detectors yield only a part (``ghp``), so it is stretched to their whole match, and to the next delimiters.
    """
    spans = [
        match.span()
        for pattern in getattr(plugin, "denylist", ())
        for match in (pattern.finditer(line) if len(line) <= 4 * _LONG_LINE else ())
        if value in match.group()
    ]
    at = line.find(value)
    if not spans and at < 0:
        return -1, -1
    start, end = spans[0] if spans else (at, at + len(value))
    first, last = max(0, start - _LONGEST_STRETCH), min(len(line), end + _LONGEST_STRETCH)
    while start > first and not _DELIMITER.match(line[start - 1]) and line[start - 1] not in "=:":
        start -= 1
    while end < last and not _DELIMITER.match(line[end]):
        end += 1
    return start, end


def main(folder: Path) -> None:
    """Scan every file of ``folder`` and write the report to standard output."""
    detector = Detector()
    scanned: list[str] = []
    secrets: list[dict[str, object]] = []
    errors: list[dict[str, str]] = []
    for path in sorted(folder.iterdir()):
        try:
            raw = path.read_bytes()
            hits = list(detector.scan(path.name, raw))
        except Exception:
            errors.append({"unit": path.name})
            continue
        scanned.append(path.name)
        for hit in hits:
            columns = {"start": hit.start + 1, "end": hit.end + 1} if hit.start >= 0 else {}
            secrets.append({"unit": path.name, "line": hit.line, "rule": hit.rule, **columns})
    json.dump({"scanned": scanned, "secrets": secrets, "errors": errors}, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
