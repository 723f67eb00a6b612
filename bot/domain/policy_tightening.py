"""
Puts a group's or a project's own policy under the one above it: what is below can only make it stricter.

For every pair it holds that whatever the policy above stops is still stopped, see ``tests/domain/test_policy.py``. That
needs each condition of a rule to mean the same under both, which is why a rule cannot ask for what is *not* overdue.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TypeVar

from bot.domain import failures
from bot.domain.policy import (
    AdvisoryRules,
    InCode,
    MergeRules,
    OnChanged,
    PartialPolicy,
    People,
    Policy,
    PolicyRule,
    RefusedSetting,
    SecondPerson,
    Sla,
    SuppressionRules,
    Threshold,
    Unread,
    WhenNotAssessed,
    with_named,
)
from bot.domain.verdict import Effect

_Scale = TypeVar("_Scale", Unread, OnChanged, InCode, SecondPerson, WhenNotAssessed)


def tighten(above: Policy, wish: PartialPolicy, *, by_project: bool = False) -> Policy:
    """
    The policy above with what a lower layer's own file adds to it.

    Rules and required scanners add up; of each other setting the stricter holds; language and noise limits are free. A
    wish that would weaken the policy is not followed and is listed in ``refused``. ``by_project``: the file is the
    project's own, whose writers are those that the policy is there for; they do not say who confirms what they ask for.
    """
    held = _Held()
    _rules(held, above, wish)

    comment, max_threads = above.comment, above.max_threads
    if wish.comment is not None:
        comment = Threshold(
            min(comment.severity, wish.comment.severity), min(comment.confidence, wish.comment.confidence)
        )
        if comment != wish.comment:
            held.refuse("comment", _words(wish.comment), _words(comment))
    if wish.max_threads is not None:
        max_threads = max(max_threads, wish.max_threads)
        if max_threads != wish.max_threads:
            held.refuse("max_threads", wish.max_threads, max_threads)
    if wish.ignore_paths:
        patterns = ", ".join(ignored.pattern for ignored in wish.ignore_paths)
        held.refuse("ignore_paths", patterns, failures.KEPT_ORGANISATION)
    # To let a rule block only takes its own mode away: the lowest of what policies say still counts.
    lifted = tuple(mode for mode in wish.rule_modes or () if mode.mode is Effect.BLOCK)
    capped = [mode for mode in wish.rule_modes or () if mode.mode is not Effect.BLOCK]
    if capped:
        patterns = ", ".join(name for mode in capped for name in (*mode.scanners, *mode.rules))
        held.refuse("rule_modes", patterns, failures.KEPT_ORGANISATION)

    return replace(
        above,
        block=_union(above.block, wish.block),
        warn=_union(above.warn, wish.warn),
        monitor=_union(above.monitor, wish.monitor),
        rule_modes=(*above.rule_modes, *(mode for mode in lifted if mode not in above.rule_modes)),
        required_scanners=above.required_scanners | (wish.required_scanners or frozenset()),
        language=wish.language or above.language,
        comment=comment,
        max_threads=max_threads,
        unread_files=held.stricter("unread_files", above.unread_files, wish.unread_files),
        unpinned=held.stricter("unpinned", above.unpinned, wish.unpinned),
        failed_scanners=held.stricter("failed_scanners", above.failed_scanners, wish.failed_scanners),
        missing_facts=held.stricter("missing_facts", above.missing_facts, wish.missing_facts),
        not_assessed=held.stricter("not_assessed", above.not_assessed, wish.not_assessed),
        changed=held.stricter("changed", above.changed, wish.changed),
        in_code=held.stricter("in_code_suppressions", above.in_code, wish.in_code),
        advisories=_advisories(held, above, wish),
        sla=_sla(held, above, wish),
        suppressions=_suppressions(held, above, wish),
        people=_people(held, above, wish, by_project=by_project),
        merge=_merge(held, above, wish),
        noise=with_named(above.noise, wish.noise),
        refused=(*above.refused, *held.refused),
    )


@dataclass(slots=True)
class _Held:
    """Takes the stricter of two values, and notes what was not followed."""

    refused: list[RefusedSetting] = field(default_factory=list)

    def refuse(self, setting: str, wanted: object, kept: object) -> None:
        self.refused.append(RefusedSetting(setting, str(wanted), str(kept)))

    def stricter(self, setting: str, kept: _Scale, wanted: _Scale | None) -> _Scale:
        order = list(type(kept))
        if wanted is None or order.index(wanted) >= order.index(kept):
            return kept if wanted is None else wanted
        self.refuse(setting, wanted.value, kept.value)
        return kept

    def shorter(self, setting: str, kept: int, wanted: int | None) -> int:
        if wanted is None or wanted <= kept:
            return kept if wanted is None else wanted
        self.refuse(setting, wanted, kept)
        return kept

    def longer(self, setting: str, kept: int, wanted: int | None) -> int:
        if wanted is None or wanted >= kept:
            return kept if wanted is None else wanted
        self.refuse(setting, wanted, kept)
        return kept


def _rules(held: _Held, above: Policy, wish: PartialPolicy) -> None:
    for setting, wished, own in (
        ("block", wish.block, above.block),
        ("warn", wish.warn, above.warn),
        ("monitor", wish.monitor, above.monitor),
        ("required_scanners", wish.required_scanners, above.required_scanners),
    ):
        if wished is not None and not wished and own:
            held.refuse(setting, failures.WANTED_NONE, failures.KEPT_COUNT.format(count=len(own)))
    for setting, wished_rules, own_rules in (
        ("block", wish.block, above.block),
        ("warn", wish.warn, above.warn),
        ("monitor", wish.monitor, above.monitor),
    ):
        taken = {rule.name: rule for rule in own_rules}
        for rule in wished_rules or ():
            if rule.name in taken and rule != taken[rule.name]:
                held.refuse(setting, failures.WANTED_RULE.format(text=repr(rule.name)), failures.KEPT_BOTH)


def _advisories(held: _Held, above: Policy, wish: PartialPolicy) -> AdvisoryRules:
    kept, wanted = above.advisories, wish.advisories
    if wanted is None or kept.oldest_days is None:
        # Where there is no limit above, every limit is stricter.
        return with_named(kept, wanted)
    return AdvisoryRules(
        held.shorter("advisories.oldest_days", kept.oldest_days, wanted.oldest_days),
        held.stricter("advisories.when_older", kept.when_older, wanted.when_older),
    )


def _sla(held: _Held, above: Policy, wish: PartialPolicy) -> Sla:
    kept, wanted = above.sla, wish.sla
    if wanted is None:
        return kept
    return Sla(
        held.shorter("sla.critical", kept.critical, wanted.critical),
        held.shorter("sla.high", kept.high, wanted.high),
        held.shorter("sla.medium", kept.medium, wanted.medium),
        held.shorter("sla.low", kept.low, wanted.low),
    )


def _suppressions(held: _Held, above: Policy, wish: PartialPolicy) -> SuppressionRules:
    kept, wanted = above.suppressions, wish.suppressions
    if wanted is None:
        return kept
    return SuppressionRules(
        held.stricter("suppressions.second_person", kept.second_person, wanted.second_person),
        held.shorter("suppressions.longest_days", kept.longest_days, wanted.longest_days),
        held.shorter("suppressions.unused_days", kept.unused_days, wanted.unused_days),
        held.longer("suppressions.remind_days", kept.remind_days, wanted.remind_days),
    )


def _people(held: _Held, above: Policy, wish: PartialPolicy, *, by_project: bool) -> People:
    """Nobody below names people who may more: only where there is no group may one be named, and some be left out."""
    kept, wanted = above.people, wish.people
    if wanted is None:
        return kept
    group = kept.security_group
    if wanted.security_group is not None and wanted.security_group != group:
        if group is None and not by_project:
            group = wanted.security_group
        else:
            held.refuse("people.security_group", wanted.security_group, group or failures.KEPT_ORGANISATION)
    break_glass = kept.break_glass
    if wanted.break_glass is not None:
        break_glass &= wanted.break_glass
        if break_glass != wanted.break_glass:
            held.refuse("people.break_glass", _listed(wanted.break_glass), _listed(break_glass))
    return People(group, break_glass)


def _merge(held: _Held, above: Policy, wish: PartialPolicy) -> MergeRules:
    """Whether anything merges by itself is decided above; below it can be switched off."""
    kept, wanted = above.merge, wish.merge
    if wanted is None:
        return kept
    label, when_clear = kept.label, kept.when_clear
    if wanted.label is not None and wanted.label != label:
        if label is None:
            label = wanted.label
        else:
            held.refuse("merge.label", wanted.label, label)
    if wanted.when_clear is not None and wanted.when_clear != when_clear:
        if when_clear:
            when_clear = False
        else:
            held.refuse("merge.when_clear", "true", "false")
    return MergeRules(label, when_clear)


def _union(own: tuple[PolicyRule, ...], added: tuple[PolicyRule, ...] | None) -> tuple[PolicyRule, ...]:
    return (*own, *(rule for rule in added or () if rule not in own))


def _words(threshold: Threshold) -> str:
    return failures.THRESHOLD.format(key=threshold.severity.value, word=threshold.confidence.value)


def _listed(names: frozenset[str]) -> str:
    return ", ".join(sorted(names)) or failures.WANTED_NONE
