"""
What the pages about rules show, in a number of statements that does not depend on how many rules there are.

A reader sees the numbers of the projects that he may see, and nothing of the others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.domain.noise import RuleNoise, together
from bot.domain.rule_card import NOISE_DAYS, MonthCount, RuleDossier, RuleRecord, RuleShelf, RuleUse, under
from bot.domain.rule_version import OwnRules
from bot.pipeline.rule_shelf import cards, samples_of
from bot.services import Services
from bot.store import noise, projects, rules, rules_versions
from bot.store.desk import rule_reads
from bot.store.engine import session
from bot.texts import Language

Sees = Callable[[str], bool]
"""Whether a reader may see the project with this full path."""


@dataclass(frozen=True, slots=True)
class _Reader:
    """What somebody sees, in both ways in which it is asked for; None for everything."""

    ids: frozenset[int] | None
    """Projects by number."""
    sees: Sees | None
    """Projects by path."""


def shelf(services: Services, language: Language, now: datetime, sees: Sees | None = None) -> RuleShelf:
    """Every rule with its numbers; ``sees`` None for a reader who sees everything."""
    return _shelf(services, language, now, lambda reading: _Reader(_seen(reading, sees), sees))


def desk_shelf(services: Services, language: Language, now: datetime, sees: frozenset[int] | None) -> RuleShelf:
    """Every rule with the numbers of these projects (None for all)."""
    return _shelf(services, language, now, lambda reading: _Reader(sees, _by_path(reading, services, sees)))


def dossier(
    services: Services,
    rule_id: str,
    language: Language,
    now: datetime,
    *,
    scanner: str | None = None,
    sees: Sees | None = None,
) -> RuleDossier | None:
    """The rule with this id (of this scanner, else of the first that has one); None where there is none."""

    def months(reading: Session, rule: tuple[str, str], ids: frozenset[int] | None) -> tuple[MonthCount, ...]:
        return rules.by_month(reading, rule, until=now, project_ids=ids)

    return _dossier(services, rule_id, scanner, language, now, lambda reading: _seen(reading, sees), months)


def desk_dossier(
    services: Services,
    rule_id: str,
    scanner: str | None,
    language: Language,
    now: datetime,
    sees: frozenset[int] | None,
) -> RuleDossier | None:
    """As ``dossier``, for these projects (None for all), and with the months as the desk keeps them."""

    def months(reading: Session, rule: tuple[str, str], ids: frozenset[int] | None) -> tuple[MonthCount, ...]:
        return rule_reads.by_month(reading, rule, ids, until=now)

    return _dossier(services, rule_id, scanner, language, now, lambda _: sees, months)


def _shelf(services: Services, language: Language, now: datetime, reader: Callable[[Session], _Reader]) -> RuleShelf:
    known = under(services.policy().policy, cards(services.organisation_rules(), language))
    with session(services.store) as reading:
        who = reader(reading)
        uses = rules.uses(reading, project_ids=who.ids, wanted=[(card.scanner, card.rule_id) for card in known])
        rates = _rates(reading, now, who.ids)
        own = _own(reading, services, who.sees)
    return RuleShelf(
        tuple(
            RuleRecord(
                card,
                uses.get((card.scanner, card.rule_id), RuleUse(card.scanner, card.rule_id)),
                rates.get((card.scanner, card.rule_id), RuleNoise(card.scanner, card.rule_id, 0, 0)),
            )
            for card in known
        ),
        own,
    )


def _dossier(
    services: Services,
    rule_id: str,
    scanner: str | None,
    language: Language,
    now: datetime,
    seen: Callable[[Session], frozenset[int] | None],
    months: Callable[[Session, tuple[str, str], frozenset[int] | None], tuple[MonthCount, ...]],
) -> RuleDossier | None:
    version = services.organisation_rules()
    found = [c for c in cards(version, language) if c.rule_id == rule_id and scanner in (None, c.scanner)]
    if not found:
        return None
    (card,) = under(services.policy().policy, found[:1])
    key = (card.scanner, card.rule_id)
    with session(services.store) as reading:
        ids = seen(reading)
        use = rules.uses(reading, project_ids=ids, rule=key).get(key, RuleUse(*key))
        rate = _rates(reading, now, ids).get(key, RuleNoise(*key, 0, 0))
        counts = months(reading, key, ids)
    return RuleDossier(RuleRecord(card, use, rate), samples_of(card, version), counts)


def _by_path(reading: Session, services: Services, sees: frozenset[int] | None) -> Sees | None:
    """Whether the project that the organisation's rules come from may be seen."""
    if sees is None:
        return None
    source = services.settings.rules_project
    known = projects.find_by_path(reading, source) if source is not None else None
    return lambda path: known is not None and known.id in sees and path.casefold() == known.path.casefold()


def _seen(reading: Session, sees: Sees | None) -> frozenset[int] | None:
    if sees is None:
        return None
    return frozenset(project.id for project in projects.all_projects(reading) if sees(project.path))


def _rates(reading: Session, now: datetime, ids: frozenset[int] | None) -> dict[tuple[str, str], RuleNoise]:
    found = noise.by_rule(reading, since=now - timedelta(days=NOISE_DAYS))
    mine = (rates for project, rates in found.items() if ids is None or project in ids)
    return {(one.scanner, one.rule_id): one for one in together(mine)}


def _own(reading: Session, services: Services, sees: Sees | None) -> OwnRules | None:
    state = rules_versions.state(reading)
    settings = services.settings
    if state is None or not settings.has_own_rules():
        return None
    if sees is not None and (settings.rules_project is None or not sees(settings.rules_project)):
        # Source, commits, problems and reasons are for those who may see where the rules come from.
        return None
    waiting = rules_versions.known_version(reading, state.waiting)
    if sees is not None and waiting is not None and waiting.simulation is not None:
        # It names projects, and places in them, and counts what is in them.
        waiting = replace(waiting, simulation=None)
    return OwnRules(
        state, rules_versions.known_version(reading, state.active), waiting, rules_versions.switches(reading)
    )
