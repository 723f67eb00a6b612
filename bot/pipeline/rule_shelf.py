"""
All rules that there are, as cards for people: ours from the catalogue, and an organisation's from its version.

Where a rule stands in our folders says what it reads and which weakness it is about.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from bot.domain.rule_card import ORGANISATION, OURS, RuleCard
from bot.domain.rule_sample import Sample, read_sample
from bot.domain.rule_version import RuleVersion
from bot.texts import Language
from rules import catalog
from rules.build import ROOT, Rule, rule_files
from rules.packs import PACKS

SEMGREP = "semgrep"
_PACK_OF_SCANNER = {"bandit": "python"}


@dataclass(frozen=True, slots=True)
class _Place:
    """Where one of our semgrep rules is written down."""

    pack: str
    weakness: str
    path: Path


@cache
def _places() -> Mapping[str, _Place]:
    """By rule id; the id follows from the file's name, so that no file has to be read."""
    return {
        f"{pack}-{path.stem}": _Place(pack, path.parent.name, path)
        for pack in PACKS
        for path in rule_files(ROOT / SEMGREP / pack)
    }


@cache
def _weakness_of_cwe() -> Mapping[int, str]:
    """The weakness that most of our rules with this CWE are about."""
    counts: dict[int, Counter[str]] = {}
    for rule_id, place in sorted(_places().items()):
        info = catalog.rule_info(SEMGREP, rule_id)
        for cwe in info.cwes if info is not None else ():
            counts.setdefault(cwe, Counter())[place.weakness] += 1
    return {cwe: found.most_common(1)[0][0] for cwe, found in counts.items()}


def cards(version: RuleVersion | None, language: Language) -> list[RuleCard]:
    """Every rule, by scanner and id."""
    made = [*_ours(language), *_theirs(version, language)]
    return sorted(_with_covers(made), key=lambda card: (card.scanner, card.rule_id))


@cache
def _ours(language: Language) -> tuple[RuleCard, ...]:
    # They come with the release; without this each request for the list would make hundreds of them.
    known = [(scanner, rule) for scanner in catalog.scanners() for rule in catalog.rule_ids(scanner)]
    return tuple(card for scanner, rule in known if (card := _card(scanner, rule, language)) is not None)


def _card(scanner: str, rule_id: str, language: Language) -> RuleCard | None:
    info = catalog.rule_info(scanner, rule_id)
    text = catalog.rule_text(scanner, rule_id, language.value)
    if info is None or text is None:
        return None
    place = _places().get(rule_id) if scanner == SEMGREP else None
    if place is not None:
        pack, weakness = place.pack, place.weakness
    else:
        pack = _PACK_OF_SCANNER.get(scanner, "")
        weakness = next((_weakness_of_cwe()[cwe] for cwe in info.cwes if cwe in _weakness_of_cwe()), "")
    return RuleCard(
        scanner=scanner,
        rule_id=rule_id,
        text=text,
        severity=info.severity,
        confidence=info.confidence,
        mode=info.mode,
        pack=pack,
        weakness=weakness,
        cwes=info.cwes,
        owasp=info.owasp,
        references=info.references,
        enabled=info.enabled,
        covered_by=info.covered_by,
        origin=OURS,
    )


def _theirs(version: RuleVersion | None, language: Language) -> Iterable[RuleCard]:
    for rule_id, entry in version.entries.items() if version is not None else ():
        words = entry["text"][language.value]
        assert version is not None
        yield RuleCard(
            scanner=SEMGREP,
            rule_id=rule_id,
            text=catalog.RuleText(words["title"], words["message"], words["remediation"]),
            severity=entry["severity"],
            confidence=entry["confidence"],
            mode=entry["mode"],
            pack=version.pack_of(rule_id),
            weakness=version.weaknesses[rule_id],
            cwes=tuple(entry["cwes"]),
            owasp=tuple(entry["owasp"]),
            references=tuple(entry["references"]),
            origin=ORGANISATION,
        )


def _with_covers(made: list[RuleCard]) -> Iterable[RuleCard]:
    covers: dict[str, list[str]] = {}
    for card in made:
        for better in card.covered_by:
            covers.setdefault(better, []).append(f"{card.scanner}: {card.rule_id}")
    return (
        replace(card, covers=tuple(covers[card.rule_id]))
        if card.scanner == SEMGREP and card.rule_id in covers
        else card
        for card in made
    )


def samples_of(card: RuleCard, version: RuleVersion | None) -> tuple[Sample, ...]:
    """The samples of a semgrep rule, ours or an organisation's; other scanners bring none."""
    if card.scanner != SEMGREP:
        return ()
    if card.origin == ORGANISATION:
        pairs = version.samples.get(card.rule_id, ()) if version is not None else ()
        return tuple(read_sample(name, text, card.rule_id) for name, text in pairs)
    place = _places().get(card.rule_id)
    if place is None:
        return ()
    rule = Rule(place.path, place.pack, {"id": card.rule_id})
    return tuple(
        read_sample(sample.name, sample.read_bytes().decode("utf-8", "replace"), card.rule_id)
        for sample in rule.samples()
    )
