"""What a finding's page shows of its rule besides the words: code that has the weakness, and code that has not."""

from __future__ import annotations

from bot.domain.rule_card import ORGANISATION, OURS, RuleCard
from bot.domain.rule_sample import Sample
from bot.pipeline.rule_shelf import samples_of
from bot.services import Services
from rules.catalog import RuleText


def samples(services: Services, scanner: str, rule_id: str) -> tuple[Sample, ...]:
    """The samples of a rule, ours or the organisation's; none where there is none."""
    version = services.organisation_rules()
    origin = ORGANISATION if version is not None and rule_id in version.entries else OURS
    card = RuleCard(scanner, rule_id, RuleText("", "", ""), "", "", "", origin=origin)
    return samples_of(card, version)
