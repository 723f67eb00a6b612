"""
What the counters behind figures count, in a reader's language. ``bot.domain.maturity.counters`` says it exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from bot.domain.maturity.counters import COUNTERS, SEVERITIES
from bot.reports.wording import Wording
from bot.texts import N_
from scanners.finding import Severity

_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "code.read_lines": N_("lines on the default branch that every static scanner for their language read"),
        "code.scannable_lines": N_("lines on the default branch that some static scanner reads"),
        "changed.read_lines": N_("lines of scanned and merged changes that every static scanner for them read"),
        "changed.lines": N_("lines of scanned and merged changes that some static scanner reads"),
        "scans.ended": N_("scans in which every scanner answered"),
        "scans": N_("scans that began"),
        "coverage.permille": N_("unit-test coverage on the default branch in thousandths, added over projects"),
        "projects.coverage_known": N_("projects whose unit-test coverage GitLab knows"),
        "new_code.covered_lines": N_("changed lines that a test ran"),
        "new_code.lines": N_("changed lines that a coverage report speaks of"),
        "jobs.ok": N_("successful jobs of pipelines on the default branch"),
        "jobs": N_("jobs of pipelines on the default branch that ended, without skipped and manual ones"),
        "pipeline.seconds": N_("duration of pipelines on the default branch, in seconds"),
        "pipelines.timed": N_("pipelines on the default branch whose duration is known"),
        "merges": N_("merge requests merged into the default branch"),
        "projects": N_("projects that exist and are not empty"),
        "days.gitlab": N_("project-days about which GitLab was asked"),
        "days.merges": N_("project-days for which GitLab's merge requests are known"),
        "days.releases": N_("project-days for which GitLab's releases are known"),
        "red.seconds": N_("seconds from a red pipeline to the next green one"),
        "red.times": N_("times that the default branch went from red to green"),
        "code.lines": N_("lines of text on the default branch"),
        "escaped": N_("findings first seen on the default branch and on no merge request before"),
        "merge.seconds": N_("seconds from opened to merged"),
        "merges.timed": N_("merged requests of which it is known when they were opened"),
        "release.lead_seconds": N_("seconds from merged to the first release with it"),
        "release.leads": N_("merges that got into a release"),
        "releases": N_("tags or releases on GitLab"),
        "fixed.in_time": N_("findings that were gone by the last day that the policy sets"),
        "fixed.late": N_("findings that were gone after that day"),
        "overdue": N_("open findings past that day"),
        "reopened": N_("findings that were gone and came back"),
        "decided.false_positive": N_("judged findings that are false positives"),
        "decided": N_("findings that a person judged for the first time"),
        "verdict.seconds": N_("seconds from the beginning of a scan to its verdict"),
        "verdicts": N_("verdicts about merge requests after a scan"),
        "reaction.seconds": N_("seconds from first seen to the first judgement, or to gone"),
        "reactions": N_("findings after the merge that were first judged, or went away"),
    }
)
_BY_SEVERITY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "open": N_("open findings on the default branch: {severity}"),
        "found": N_("findings seen for the first time: {severity}"),
        "fixed": N_("findings that left the default branch: {severity}"),
        "fixed_seconds": N_("seconds from first seen to gone: {severity}"),
    }
)


def counter_words(name: str, wording: Wording) -> str:
    """What a counter counts; the exact English of the counter where we have no words for it."""
    if name in _WORDS:
        return wording.marked(_WORDS[name])
    kind, _, severity = name.partition(".")
    if kind in _BY_SEVERITY and severity in SEVERITIES:
        return wording.marked(_BY_SEVERITY[kind]).format(severity=wording.severity(Severity(severity)))
    counter = COUNTERS.get(name)
    return counter.means if counter is not None else ""


def is_translated(name: str) -> bool:
    """Whether there are words for a counter in every language."""
    kind, _, severity = name.partition(".")
    return name in _WORDS or (kind in _BY_SEVERITY and severity in SEVERITIES)
