"""``mergewarden rules list`` and ``rules show``: which rules there are, what they find, and how they did here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.cli.common import open_services
from bot.domain.noise import RuleNoise, together
from bot.domain.rule_card import NOISE_DAYS, RuleCard, RuleFilter, RuleUse, UnknownRuleFilter, under
from bot.domain.rule_sample import Case, Sample, cases
from bot.errors import MergewardenError
from bot.pipeline.rule_shelf import cards, samples_of
from bot.reports.documents import dump
from bot.reports.rule_values import card_to_json, sample_to_json, use_to_json
from bot.reports.visible import one_line, visible
from bot.store import noise, rules
from bot.store.engine import session
from bot.texts import Language

_LEAST_WIDTH = 140
_MARKS = {Case.TRUE: "!", Case.FALSE: "ok", Case.LATER: "?", Case.NONE: ""}


def run_list(wanted: RuleFilter, *, format: str, language: str | None, config: Path | None) -> int:
    """Print the rules that the filter accepts. Raises ``MergewardenError`` for a value that no rule has."""
    services = open_services(config)
    try:
        spoken = Language(language) if language else services.settings.language
        known = under(services.policy().policy, cards(services.organisation_rules(), spoken))
    finally:
        services.close()
    try:
        chosen = [card for card in known if wanted.checked(known).accepts(card)]
    except UnknownRuleFilter as error:
        raise MergewardenError(str(error), "Leave it out for all rules.") from error
    if format == "json":
        print(dump({"rules": [card_to_json(card) for card in chosen]}), end="")
    else:
        _print_list(chosen)
    return 0


def run_show(rule_id: str, *, scanner: str | None, format: str, language: str | None, config: Path | None) -> int:
    """Print all that is known of one rule. Raises ``MergewardenError`` for an id that no or several scanners have."""
    services = open_services(config)
    try:
        spoken = Language(language) if language else services.settings.language
        version = services.organisation_rules()
        card = one_card(under(services.policy().policy, cards(version, spoken)), rule_id, scanner)
        samples = samples_of(card, version)
        key = (card.scanner, card.rule_id)
        now = datetime.now(UTC)
        with session(services.store) as reading:
            use = rules.uses(reading, rule=key).get(key, RuleUse(*key))
            found = noise.by_rule(reading, since=now - timedelta(days=NOISE_DAYS))
    finally:
        services.close()
    rate = noise_of(card, together(found.values()))
    if format == "json":
        document = card_to_json(card) | {
            "samples": [sample_to_json(sample) for sample in samples],
            "here": use_to_json(use, rate, NOISE_DAYS),
        }
        print(dump(document), end="")
    else:
        _print_rule(card, samples, use, rate)
    return 0


def one_card(known: Sequence[RuleCard], rule_id: str, scanner: str | None) -> RuleCard:
    """The rule with this id. Raises ``MergewardenError``."""
    found = [card for card in known if card.rule_id == rule_id and scanner in (None, card.scanner)]
    if len(found) == 1:
        return found[0]
    shown = one_line(rule_id, 100)
    if found:
        names = ", ".join(card.scanner for card in found)
        raise MergewardenError(f"several scanners have a rule {shown}: {names}", "Say which with --scanner.")
    close = sorted(card.rule_id for card in known if rule_id.casefold() in card.rule_id.casefold())[:5]
    hint = f"Did you mean {', '.join(close)}?" if close else "mergewarden rules list names all."
    raise MergewardenError(f"there is no rule {shown}", hint)


def noise_of(card: RuleCard, known: Sequence[RuleNoise]) -> RuleNoise:
    """How often people called this rule's findings false."""
    same = (one for one in known if (one.scanner, one.rule_id) == (card.scanner, card.rule_id))
    return next(same, RuleNoise(card.scanner, card.rule_id, 0, 0))


def _print_list(chosen: Sequence[RuleCard]) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for heading in ("rule", "scanner", "reads", "weakness", "severity", "confidence", "mode"):
        table.add_column(heading, overflow="fold")
    for card in chosen:
        table.add_row(
            # As text: names must not be taken for markup.
            *(
                Text(one_line(word, 120))
                for word in (
                    card.rule_id,
                    card.scanner,
                    card.pack,
                    card.weakness,
                    card.severity,
                    card.confidence,
                    mode_words(card),
                )
            )
        )
    if chosen:
        # An id in pieces is of no use; a narrow terminal breaks the line itself.
        Console(width=max(_LEAST_WIDTH, Console().width)).print(table, soft_wrap=True)
    print(f"{len(chosen)} rule{'' if len(chosen) == 1 else 's'}")


def mode_words(card: RuleCard) -> str:
    """The mode, and what the policy makes of it."""
    if not card.enabled:
        return "off"
    if not card.mode_here or card.mode_here == card.mode:
        return card.mode
    return f"{card.mode} (here: {card.mode_here})"


def _print_rule(card: RuleCard, samples: Sequence[Sample], use: RuleUse, rate: RuleNoise) -> None:
    print(f"{card.rule_id} ({card.scanner})\n{card.text.title}\n\n{card.text.message}\n\n{card.text.remediation}\n")
    facts: list[tuple[str, str]] = [
        ("severity", card.severity),
        ("confidence", card.confidence),
        ("mode", mode_words(card)),
        ("reads", card.pack),
        ("weakness", card.weakness),
        ("from", card.origin),
        ("CWE", ", ".join(f"CWE-{cwe}" for cwe in card.cwes)),
        ("OWASP", ", ".join(card.owasp)),
        ("covered by", ", ".join(card.covered_by)),
        ("covers", ", ".join(card.covers)),
    ]
    for name, value in facts:
        if value:
            print(f"{name + ':':<12}{one_line(value, 500)}")
    for address in card.references:
        print(f"{'see:':<12}{one_line(address, 500)}")
    print(
        f"\nhere: {use.findings} findings in {use.projects} projects, {use.open} of them still there; "
        f"{use.confirmed} confirmed, {use.false_positives} called false, {use.otherwise_dismissed} dismissed otherwise"
    )
    if rate.comments:
        print(
            f"false-positive rate: {100 * rate.rate:.0f} % of {rate.comments} findings with a discussion in the last "
            f"{NOISE_DAYS} days (surely {100 * rate.at_least:.0f} % or more)"
        )
    else:
        print(f"false-positive rate: unknown, no finding had a discussion in the last {NOISE_DAYS} days")
    if samples:
        true, false = cases(samples)
        print(f"\nsamples: {true} lines to find (!), {false} to leave alone (ok)")
    for sample in samples:
        print(f"\n{one_line(sample.name, 120)}")
        for line in sample.lines:
            print(f"{_MARKS[line.case]:>3} {line.number:>4}  {visible(line.text)}".rstrip())


def filter_of(values: dict[str, Any]) -> RuleFilter:
    """The filter of a command's options; None stands for all."""
    return RuleFilter(**{name: value or "" for name, value in values.items()})
