"""
The gate over 1,000 findings with a policy of 30 rules that ask for everything a rule can ask for.

Beside it, in the same run, the plain loop over findings and rules (``tests.domain.naive_gate``), which the index has to
agree with: what a decision would cost without it.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from rich.console import Console

from bot.domain.circumstances import UNKNOWN, Context, Facts
from bot.domain.gate import evaluate
from bot.domain.policy import IgnoredPath, Policy, PolicyRule, RuleMode
from bot.domain.rule_index import Match
from bot.domain.verdict import Effect, Presence, TrackedFinding
from scanners.finding import Confidence, FindingKind, Severity
from tests.benchmarks.figures import Figure
from tests.domain import naive_gate
from tests.domain.builders import finding, package, run

FINDINGS = 1_000
FILES = 200
RULES = 30
LIMIT_SECONDS = 0.01
_TIMES = 50
_TODAY = date(2026, 3, 1)
_RUNS = [run("bandit"), replace(run("pip-audit", kind=FindingKind.DEPENDENCY), data_date=_TODAY)]
_PRESENCES = (Presence.NEW, Presence.NEW, Presence.CHANGED, Presence.EXISTING)


def thousand_findings() -> tuple[Policy, list[TrackedFinding], Context]:
    """A policy, the findings of a large merge request, and what is known about them; the same every time."""
    chance = random.Random(4)
    items: list[TrackedFinding] = []
    facts: dict[str, Facts] = {}
    for number in range(FINDINGS):
        file = number % FILES
        mark, path = f"{number:064x}", f"src/part{file % 12}/module{file}.py"
        seen = _TODAY - timedelta(days=chance.randrange(400))
        severity = chance.choice(list(Severity))
        if number % 4:
            rule = f"python.pack{number % 60 % 7}.rule{number % 60}"
            found = finding(
                path,
                number + 1,
                rule=rule,
                scanner="semgrep",
                kind=FindingKind.SECRET if number % 10 == 1 else FindingKind.SAST,
                severity=severity,
                confidence=chance.choice(list(Confidence)),
                cwes=(20 + number % 40,),
                also=[("bandit", f"B{600 + number % 9}")] if number % 3 == 0 else [],
                fingerprint=mark,
            )
            facts[mark] = Facts(first_seen=seen)
        else:
            cve = f"CVE-2021-{1000 + number % 150}"
            found = package(f"package{number % 80}", f"1.{number % 5}", advisory=f"GHSA-{number % 150}", aliases=(cve,))
            found = replace(found, severity=severity, fingerprint=mark, cwes=(1035,))
            licence = chance.choice(("MIT", "Apache-2.0", "MIT OR GPL-3.0-only", "AGPL-3.0-only"))
            facts[mark] = Facts(round(chance.random(), 5), number % 40 == 0, (licence,), seen)
        items.append(TrackedFinding(found, chance.choice(_PRESENCES)))
    rules = [_rule(number) for number in range(RULES)]
    policy = Policy(
        block=tuple(rules[:10]),
        warn=tuple(rules[10:20]),
        monitor=tuple(rules[20:]),
        rule_modes=(RuleMode(Effect.COMMENT, ("python.pack3.*",), reason="on trial"),),
        ignore_paths=(IgnoredPath("src/part11/", "samples"),),
    )
    return policy, items, Context("main", frozenset({"payments"}), draft=False, today=_TODAY, facts=facts)


def _rule(number: int) -> PolicyRule:
    """Every rule has every condition; two of three are about code, one is about packages."""
    about_packages = number % 3 == 0
    return PolicyRule(
        name=f"rule {number}",
        severity=Severity.LOW if number % 2 else Severity.MEDIUM,
        confidence=Confidence.LOW,
        kinds=frozenset({FindingKind.DEPENDENCY}) if about_packages else frozenset(FindingKind),
        paths=("requirements.txt",) if about_packages else (f"src/part{number % 12}/", f"**/module{number}*.py"),
        exclude_paths=(f"src/**/module{number % 5}.py", "tests/"),
        presences=frozenset(_PRESENCES),
        cwes=frozenset({1035}) if about_packages else frozenset(range(20, 50 + number)),
        rules=("CVE-2021-*",) if about_packages else ("python.*", f"B60{number % 9}"),
        scanners=("pip-audit", "semgrep"),
        fix_available=False,
        epss=number / 100 if about_packages else None,
        kev=False if about_packages else None,
        licences=("AGPL-*", "GPL-*", "MIT") if about_packages else (),
        overdue=number % 2 == 0,
        branches=("main", "release/*"),
        labels=frozenset({"payments", "urgent"}),
        draft=False,
    )


def measure(console: Console) -> list[Figure]:
    policy, items, context = thousand_findings()
    decision = evaluate(policy, items, _RUNS, context=context)
    matches = _one_by_one(policy, items, context)
    console.print(
        f"  {len(items)} findings, {RULES} rules: {len(decision.violations)} violations, "
        f"{sum(match is not None for match in matches)} findings that a rule speaks of"
    )
    indexed = _seconds(lambda: evaluate(policy, items, _RUNS, context=context))
    naive = _seconds(lambda: _one_by_one(policy, items, context), times=3)
    return [
        Figure(
            "gate, 1,000 findings, 30 rules",
            f"{indexed * 1000:.1f} ms",
            f"below {LIMIT_SECONDS * 1000:.0f} ms",
            indexed < LIMIT_SECONDS,
            f"rule by rule {naive * 1000:.0f} ms, {naive / indexed:.0f} times as long",
        )
    ]


def _one_by_one(policy: Policy, items: list[TrackedFinding], context: Context) -> list[Match | None]:
    return [
        naive_gate.match(
            policy, context, item.finding, item.presence, context.facts.get(item.finding.fingerprint, UNKNOWN)
        )
        for item in items
    ]


def _seconds(work: Callable[[], object], times: int = _TIMES) -> float:
    """The best of some runs: whatever else the machine does only adds to it."""
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return min(taken)
