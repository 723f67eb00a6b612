"""
What other rules of an organisation would find in the code that is stored: the heads of default branches in the mirrors.

Only rules that differ are run, those in force beside those that are proposed, so that a trial costs little. Nothing is
fetched, nothing is published, and of the code only places are told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath

from bot.domain.globs import glob
from bot.domain.rule_version import RuleOutcome, RuleSimulation, RuleVersion, difference
from bot.errors import MergewardenError
from bot.pipeline.assess import read_files, tools_of
from bot.pipeline.git import Repository, branch_ref
from bot.pipeline.git.repository import TreeEntry
from bot.pipeline.mirrors import folder_of
from bot.reports.visible import one_line
from bot.services import Services
from bot.store import projects
from bot.store.engine import session
from bot.store.projects import Project
from scanners.adapters.semgrep import ExtraPacks, Semgrep
from scanners.runner import would_read

FILES_OF_A_PROJECT = 2_000
FILES = 20_000
_MOST_EXAMPLES = 10
_MOST_PROJECTS = 10

_Place = tuple[str, PurePosixPath, int]
"""Rule, path and line."""


@dataclass(slots=True)
class _Counts:
    added: int = 0
    removed: int = 0
    kept: int = 0
    projects: list[str] = field(default_factory=list)
    examples: list[str] = field(default_factory=list)


def simulate_rules(
    services: Services,
    present: RuleVersion | None,
    proposed: RuleVersion,
    *,
    at: datetime,
    pattern: str | None = None,
    limit: int = FILES_OF_A_PROJECT,
) -> RuleSimulation:
    """
    Run both versions over stored code and compare. ``pattern`` is one for projects as in a policy's ``match``;
    ``limit`` the most files that are read of each project.
    """
    differing = difference(present, proposed)
    before = _scanner(present, (*differing.changed, *differing.removed))
    after = _scanner(proposed, (*differing.added, *differing.changed))
    counts: dict[str, _Counts] = defaultdict(_Counts)
    for rule in (*differing.added, *differing.changed, *differing.removed):
        counts[rule] = _Counts()
    looked_at, left_out = 0, list[str]()
    clock = _Clock()
    left = FILES
    for project, repository in _stored(services, pattern, left_out):
        if left <= 0:
            left_out.append(f"{project.path}: enough files were read")
            continue
        try:
            assert project.default_branch is not None
            entries = repository.tree(repository.resolve(branch_ref(project.default_branch)))
            chosen = _chosen(entries, (before, after), min(limit, left))
            old = _found(services, repository, chosen, before, clock, before=True)
            new = _found(services, repository, chosen, after, clock, before=False)
        except MergewardenError as error:
            left_out.append(one_line(f"{project.path}: {error}", 200))
            continue
        looked_at += 1
        left -= len(chosen)
        clock.files += len(chosen)
        _compare(counts, project.path, old, new)
    return RuleSimulation(
        digest=proposed.digest,
        against="" if present is None else present.digest,
        at=at,
        projects=looked_at,
        files=clock.files,
        seconds=clock.after,
        seconds_before=clock.before,
        outcomes=tuple(
            RuleOutcome(
                rule,
                one.added,
                one.removed,
                one.kept,
                tuple(one.projects[:_MOST_PROJECTS]),
                len(one.projects),
                tuple(one.examples[:_MOST_EXAMPLES]),
            )
            for rule, one in sorted(counts.items())
        ),
        left_out=tuple(left_out[:_MOST_PROJECTS]),
        not_answered=clock.not_answered,
    )


@dataclass(slots=True)
class _Clock:
    before: float = 0.0
    after: float = 0.0
    files: int = 0
    not_answered: int = 0


def _scanner(version: RuleVersion | None, rules: Sequence[str]) -> Semgrep | None:
    """Semgrep with these rules and none of ours; None where there is nothing to run."""
    packs = {} if version is None else version.compiled(rules)
    if version is None or not packs:
        return None
    # The rules are part of the name of what is cached.
    digest = f"{version.digest}:{','.join(sorted(rules))}"
    return Semgrep(extra=ExtraPacks(digest, packs), packs=())


def _stored(services: Services, pattern: str | None, left_out: list[str]) -> Iterator[tuple[Project, Repository]]:
    with session(services.store) as reading:
        known = projects.all_projects(reading)
    scratch = services.settings.data_dir / "scratch"
    for project in sorted(known, key=lambda project: project.path):
        if pattern is not None and not _matches(pattern, project.path):
            continue
        place = folder_of(services, project.id)
        if project.default_branch is None or not place.is_dir():
            left_out.append(f"{project.path}: no code of it is stored")
            continue
        yield project, Repository(place, scratch_root=scratch)


def _chosen(entries: Sequence[TreeEntry], scanners: Sequence[Semgrep | None], limit: int) -> list[TreeEntry]:
    there = [scanner for scanner in scanners if scanner is not None]
    wanted = [e for e in entries if e.is_file and any(would_read(scanner, e.path) for scanner in there)]
    return wanted[:limit]


def _found(
    services: Services,
    repository: Repository,
    entries: Sequence[TreeEntry],
    scanner: Semgrep | None,
    clock: _Clock,
    *,
    before: bool,
) -> set[_Place]:
    if scanner is None or not entries:
        return set()
    runs = read_files(repository, entries, tools=tools_of(services), scanners=(scanner,))
    places: set[_Place] = set()
    for run in runs:
        if before:
            clock.before += run.seconds
        else:
            clock.after += run.seconds
            clock.not_answered += len(run.gaps) if run.assessed else len(entries)
        places |= {(found.rule_id, found.location.path, found.location.start_line) for found in run.findings}
    return places


def _compare(counts: dict[str, _Counts], project: str, old: set[_Place], new: set[_Place]) -> None:
    touched: set[str] = set()
    for rule, _, _ in old & new:
        counts[rule].kept += 1
    for sign, places in (("+", new - old), ("-", old - new)):
        for rule, path, line in sorted(places):
            one = counts[rule]
            if sign == "+":
                one.added += 1
            else:
                one.removed += 1
            touched.add(rule)
            if len(one.examples) < _MOST_EXAMPLES:
                one.examples.append(f"{sign} {one_line(f'{project} {path}', 300)}:{line}")
    for rule in touched:
        counts[rule].projects.append(project)


def _matches(pattern: str, path: str) -> bool:
    return glob(pattern.casefold(), from_start=True).matches(PurePosixPath(path.casefold()))
