"""
What is counted of a project on a day, and how counts are added up.

A *flow* is what happened on the day: it adds up over days and over projects. A *stock* is how things stood at its end:
it adds up over projects, and over days the last one known counts. A name that is absent is not known, which is not 0.
All values are whole numbers, so that sums are the same in every order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final

Tally = Mapping[str, int]
"""Counters by name. What is absent is not known."""

SEVERITIES: Final = ("critical", "high", "medium", "low", "info")


class CounterKind(Enum):
    """How days are added up."""

    FLOW = "flow"
    STOCK = "stock"


@dataclass(frozen=True, slots=True)
class Counter:
    """One thing that is counted."""

    name: str
    kind: CounterKind
    means: str
    """What exactly, in English: it stands in snapshots' documentation and evidence."""


def _stock(name: str, means: str) -> Counter:
    return Counter(name, CounterKind.STOCK, means)


def _flow(name: str, means: str) -> Counter:
    return Counter(name, CounterKind.FLOW, means)


_ALL: Final = (
    # The project itself: 1 for yes and 0 for no, so that sums over projects count them.
    _stock("projects", "projects that exist and are not empty"),
    _stock("projects.ever_scanned", "projects of which anything was ever scanned"),
    _stock("projects.scanned", "projects whose default branch was read within the last 14 days"),
    _stock("projects.sast", "projects about whose default branch every static scanner answered"),
    _stock("projects.dependency", "projects about whose default branch every dependency scanner answered"),
    _stock("projects.secret", "projects about whose default branch every secret scanner answered"),
    _stock("projects.required_answered", "projects about whose default branch every required scanner answered"),
    _stock(
        "projects.assessed",
        "projects that are scanned, with an answer of the static, the dependency and the secret scanners and of all "
        "that are required",
    ),
    _stock(
        "projects.advisories_fresh",
        "projects whose last dependency scan within 14 days had advisories that are at most 7 days old now",
    ),
    _stock("projects.level_known", "projects whose settings on GitLab were read"),
    _stock("projects.level1", "projects with enforcement level 1 or more"),
    _stock("projects.level2", "projects with enforcement level 2 or more"),
    _stock("projects.level3", "projects with enforcement level 3"),
    _stock("projects.protected", "projects whose default branch is protected"),
    _stock("projects.sbom", "projects with a bill of materials"),
    _stock(
        "projects.pinned",
        "projects of which the fullest dependency scan of the last 14 days, and what followed it, left nothing out "
        "because it was not pinned",
    ),
    _stock("projects.policy_ok", "projects whose policy could be read"),
    _stock("projects.coverage_known", "projects whose unit-test coverage GitLab knows"),
    _stock("coverage.permille", "unit-test coverage of the newest pipeline on the default branch, in thousandths"),
    # Code on the default branch.
    _stock("code.lines", "lines of text"),
    _stock("code.scannable_lines", "lines of files that some static scanner reads"),
    _stock("code.read_lines", "of those, lines of files that every such scanner read"),
    # Findings on the default branch that are neither dismissed nor mended.
    *(_stock(f"open.{severity}", f"open findings of severity {severity}") for severity in SEVERITIES),
    _stock("open.secret", "open findings that are secrets"),
    _stock("open.dependency", "open findings about dependencies"),
    _stock("overdue", "open findings past the date by which the policy wants them mended"),
    _stock("undecided", "findings, also those of merge requests, that wait for a first or second person's judgement"),
    _stock(
        "exceptions.in_force",
        "suppressions of one project in force; those for every project are on no project's account",
    ),
    _stock("exceptions.waiting", "suppressions of one project that wait for a second person"),
    _stock("incidents.open", "incidents around the gate that nobody has closed"),
    _stock("components", "releases of packages that bills of materials name"),
    _stock("components.licensed", "of those, releases whose licence is known"),
    _stock("components.vulnerable", "packages with an open finding on the default branch"),
    # Scans and verdicts.
    _flow("scans", "scans of a merge request or branch that began"),
    _flow(
        "scans.ended", "of those, scans in which every scanner answered; one in which none was asked is none of them"
    ),
    _flow(
        "verdicts",
        "verdicts about merge requests' heads after a scan, without those that were given again for another reason",
    ),
    _flow("verdicts.not_assessed", "of those, verdicts that said *not assessed*"),
    _flow("verdicts.failed", "of those, verdicts that blocked"),
    _flow("verdict.seconds", "seconds from the beginning of the scan to the verdict, over all verdicts"),
    # Merges.
    _flow("merges", "merge requests merged into the default branch"),
    _flow(
        "merges.scanned", "of those, merge requests whose merged head had a verdict before that was not *not assessed*"
    ),
    _flow("merges.cleared", "of those, merge requests whose merged head a verdict had let through before"),
    _flow("merges.timed", "of those, merge requests of which it is known when they were opened"),
    _flow("merge.seconds", "seconds from opened to merged, over all that are timed"),
    _flow(
        "changed.lines",
        "lines that merged requests that were scanned added or edited in files that some static scanner reads",
    ),
    _flow("changed.read_lines", "of those, lines in files that every such scanner read"),
    # Findings coming and going. False positives do not count, once somebody says so, but as what was decided.
    *(
        _flow(f"found.{severity}", f"findings of severity {severity} seen for the first time")
        for severity in SEVERITIES
    ),
    _flow("found.before_merge", "findings seen for the first time on a merge request"),
    _flow(
        "escaped",
        "findings in code or secrets seen for the first time anywhere on the default branch, after the first answer of "
        "their scanner about it",
    ),
    _flow(
        "advisories.matched",
        "findings about dependencies seen for the first time anywhere on the default branch, after the first answer of "
        "their scanner about it",
    ),
    *(
        _flow(f"fixed.{severity}", f"findings of severity {severity} that left the default branch")
        for severity in SEVERITIES
    ),
    *(
        _flow(
            f"fixed_seconds.{severity}", f"seconds from first seen to gone, over fixed findings of severity {severity}"
        )
        for severity in SEVERITIES
    ),
    _flow("fixed.in_time", "fixed findings that were gone by the last day that the policy sets now"),
    _flow("fixed.late", "fixed findings that were gone after that day"),
    _flow("reopened", "findings that were gone from the default branch and came back"),
    _flow(
        "secrets.stopped",
        "secrets that a scan of a merge request saw, that a later one saw gone, and that the default branch never had",
    ),
    _flow("secrets.merged", "secrets that came to the default branch after the first answer of their scanner about it"),
    _flow("decided", "findings judged for the first time by a person"),
    _flow("decided.false_positive", "of those, findings that are judged false positives by now"),
    _flow(
        "reactions",
        "findings of ``escaped`` and ``advisories.matched``, false ones too, that were first judged or went away",
    ),
    _flow("reaction.seconds", "seconds from first seen to that, over all reactions"),
    # What happened around the gate.
    _flow("incidents.uncleared", "incidents: commits or merges on protected branches that no verdict let through"),
    _flow("incidents.break_glass", "incidents: merges by break-glass people around the bot"),
    _flow(
        "incidents.tampering",
        "incidents: forged statuses, resolved threads, rewritten histories, weakened settings, and merges around the "
        "bot by others",
    ),
    _flow("exceptions.made", "suppressions of one project that came into force"),
    # What GitLab says.
    _flow("pipelines", "finished pipelines on the default branch"),
    _flow("pipelines.ok", "of those, successful ones"),
    _flow("pipelines.timed", "of those, pipelines with a known duration"),
    _flow("pipeline.seconds", "their duration in seconds"),
    _flow("jobs", "jobs of pipelines on the default branch that ended, without those that were skipped or are manual"),
    _flow("jobs.ok", "of those, successful ones"),
    _flow("red.times", "times that the default branch's pipeline went from red to green"),
    _flow("red.seconds", "seconds from the first red pipeline to the next green one, over all those times"),
    _flow("releases", "tags or GitLab releases"),
    _flow("releases.judged", "of those, releases of which it is known whether their commit was cleared"),
    _flow("releases.cleared", "of those, releases whose commit was cleared"),
    _flow("release.leads", "merges that a release of the day was the first to hold"),
    _flow("release.lead_seconds", "seconds from merged to that release"),
    _flow("new_code.lines", "changed lines of merged requests that a coverage report speaks of"),
    _flow("new_code.covered_lines", "of those, lines that a test ran"),
    # About the organisation, on no project's account.
    _flow("reports.delivered", "reports delivered to people who are asked to acknowledge them"),
    _flow("reports.acknowledged", "of those, reports that were acknowledged"),
    # How many project-days are behind a sum.
    _flow("days.store", "project-days for which our own store was counted"),
    _flow("days.gitlab", "project-days for which GitLab's pipelines, merge requests and releases are known"),
    _flow("days.pipelines", "project-days for which GitLab's pipelines are known"),
    _flow("days.merges", "project-days for which GitLab's merge requests are known"),
    _flow("days.releases", "project-days for which GitLab's tags and releases are known"),
    _flow("days.contents", "project-days for which it is known what their releases hold"),
    _flow("days.coverage", "project-days for which coverage reports of changed lines were asked for"),
)

COUNTERS: Final[Mapping[str, Counter]] = MappingProxyType({counter.name: counter for counter in _ALL})
"""Every counter by name."""

FLOWS: Final = frozenset(name for name, counter in COUNTERS.items() if counter.kind is CounterKind.FLOW)
"""Their names; every other is a stock."""


def over_days(days: Iterable[Tally]) -> dict[str, int]:
    """
    One project's counters of several days, the earliest first: flows added, stocks as on the last day that has some.

    What was known earlier and is not known on that day is not known.
    """
    flows: dict[str, int] = {}
    stocks: dict[str, int] = {}
    for day in days:
        there: dict[str, int] = {}
        for name, value in day.items():
            if name in FLOWS:
                flows[name] = flows.get(name, 0) + value
            else:
                there[name] = value
        stocks = there or stocks
    return flows | stocks


def over_projects(projects: Iterable[Tally]) -> dict[str, int]:
    """Counters of several projects at the same time, added."""
    found: dict[str, int] = {}
    for project in projects:
        for name, value in project.items():
            found[name] = found.get(name, 0) + value
    return found


def after_merge(tally: Tally, *, brings: Mapping[str, int], removes: Mapping[str, int]) -> dict[str, int]:
    """
    A project's counters as they would be if a change were merged.

    ``brings`` and ``removes``: numbers of findings by severity, and by what they are about as in ``open.secret``. What
    is not known stays so.
    """
    found = dict(tally)
    for what in (*SEVERITIES, "secret", "dependency"):
        name = f"open.{what}"
        if name in found:
            found[name] = max(0, found[name] + brings.get(what, 0) - removes.get(what, 0))
    return found
