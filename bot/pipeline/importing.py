"""
Takes the report of another tool in: all of it or nothing, and the same report twice as once.

The file is checked from end to end before anything is written. Its findings then go the way of our own: each tool and
category is a source of the branch or merge request, is compared with what it said last time, and loses nothing that
people decided.
"""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import structlog
from sqlalchemy.orm import Session

from bot.domain import explanations
from bot.domain.access import BY_API
from bot.domain.audit import Act
from bot.domain.change import ChangeKind, FileChange
from bot.domain.identity import Identity
from bot.domain.lifecycle import Remembered
from bot.domain.linemap import LineMap
from bot.domain.verdict import Presence
from bot.errors import ConfigurationError, MergewardenError
from bot.pipeline.git import GitError, Mirror, branch_ref, branch_refspec, merge_request_ref, merge_request_refspec
from bot.pipeline.mirrors import mirror_of
from bot.pipeline.spool import Spool
from bot.pipeline.statements import apply_statements
from bot.pipeline.tracking import Look, Prepared, prepare, unless_overtaken, write
from bot.services import Services
from bot.store import audit, imports, licences, projects, tracking
from bot.store.engine import session, write_session
from bot.store.tracking import Ref
from scanners.finding import Finding
from scanners.fingerprint import VERSION, digest
from scanners.imports import ImportLimits, open_report
from scanners.imports.model import ImportedFinding, ImportedTool, PackageLicences, Rejected, ReportError, Statement
from scanners.imports.reader import OpenedReport
from scanners.units import decode, split_lines

log = structlog.get_logger(__name__)

SOURCE = "import:"
"""Begins the name of every source that is not our own scans."""
_NAMED = 100
"""Rejected results that are named one by one; all are counted."""
_TARGET_POOL = 1
_SOURCES = 100
"""Tools and categories in one report; each is a source of its own, and its findings wait in a file of their own."""


@dataclass(frozen=True, slots=True)
class ImportTarget:
    """Where a report belongs."""

    project_id: int
    ref: str
    """The branch, or the target branch of a merge request."""
    merge_request_iid: int | None = None
    commit: str | None = None
    """What the tool looked at; None when nobody says, and the report does not either."""


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """What became of a report."""

    import_id: int
    format: str
    digest: str
    """SHA-256 (hex) of the file."""
    target: ImportTarget
    tools: tuple[str, ...]
    counts: Mapping[str, int]
    """``new``, ``known``, ``changed``, ``returned`` and ``gone`` findings; ``rejected`` results, ``statements`` of a
    VEX document, ``suppressed`` findings that the tool was asked to look away from (they count all the same), and
    ``failed`` tools that say themselves that they gave no answer."""
    rejected: tuple[Rejected, ...]
    """The first hundred of them, with place and reason."""
    repeated: bool
    """Whether the very same file was the last word of all its tools, so that nothing changed."""


@dataclass(slots=True)
class _Heard:
    """What one tool and category says."""

    tool: ImportedTool
    spool: Spool
    unread: set[PurePosixPath] = field(default_factory=set)
    """Files that it could not read, or that have a result that was rejected."""
    doubtful: bool = False
    """Whether a result was rejected of which not even the file is known: then nothing may count as gone."""


@dataclass(slots=True)
class _Contents:
    """Everything in a report."""

    heard: dict[str, _Heard] = field(default_factory=dict)
    statements: list[Statement] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    licences: list[PackageLicences] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


def import_report(
    services: Services,
    path: Path,
    target: ImportTarget,
    *,
    actor: str,
    format: str | None = None,
    strip_prefix: PurePosixPath | None = None,
) -> ImportOutcome:
    """
    Take a report in, and say what was new, known and rejected.

    ``actor`` is who brings it. Raises ``ReportError`` for a file that cannot be trusted as a whole, and
    ``MergewardenError``; nothing is stored then.
    """
    limits = ImportLimits(max_bytes=services.settings.max_report_bytes)
    opened = open_report(path, format=format, limits=limits, strip_prefix=strip_prefix)
    project = _project(services, target)
    commit = target.commit or _commit_of(opened)
    ref = Ref(
        target.project_id,
        target.ref if target.merge_request_iid is None else f"!{target.merge_request_iid}",
        target.merge_request_iid,
        target.ref if target.merge_request_iid is not None else None,
        target.merge_request_iid is None and project.default_branch == target.ref,
    )
    target = ImportTarget(target.project_id, target.ref, target.merge_request_iid, commit)
    said = _said(opened, strip_prefix)
    repeated = _last_word(services, ref, opened, said, commit)
    if repeated is not None:
        return ImportOutcome(
            repeated.id,
            opened.format,
            opened.digest,
            target,
            repeated.tools,
            repeated.counts,
            tuple(Rejected(where, why) for where, why in repeated.rejected),
            repeated=True,
        )
    history = _history(services, project, target)
    _refuse_late(services, ref, opened, target, history)
    with ExitStack() as stack:
        stack.enter_context(_no_search_for_cycles())
        contents = _read(opened, services.settings.data_dir, stack)
        changes = _of_merge_request(history, target)
        for heard in contents.heard.values():
            if history is not None and commit is not None:
                heard.spool.complete(_sources(history, commit, heard.spool, services.settings.max_file_bytes))
            heard.spool.number_copies()

        def attempt() -> tuple[int, Counter[str]]:
            at = datetime.now(UTC)
            parts = [
                (
                    heard,
                    prepare(
                        services.store,
                        history,
                        _look(services, ref, source, heard, said, commit, at, changes),
                        heard.spool,
                    ),
                )
                for source, heard in contents.heard.items()
            ]
            prepared = [part for heard, part in parts if _is_news(heard, part)]
            with write_session(services.store) as writing:
                return _store(writing, services, project, target, opened, contents, prepared, actor, at)

        import_id, counts = unless_overtaken(attempt)
    log.info("report imported", format=opened.format, **counts)
    return ImportOutcome(
        import_id,
        opened.format,
        opened.digest,
        target,
        _tools(opened),
        dict(counts),
        tuple(contents.rejected[:_NAMED]),
        repeated=False,
    )


@contextmanager
def _no_search_for_cycles() -> Iterator[None]:
    """Values without cycles by the hundred thousand: looking for some again and again took a fifth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


# --- reading ----------------------------------------------------------------------------------------------------------


def _read(opened: OpenedReport, folder: Path, stack: ExitStack) -> _Contents:
    contents = _Contents()
    by_tool: list[_Heard] = []
    if len({source_of(tool) for tool in opened.tools}) > _SOURCES:
        raise ReportError(
            f"the report holds more than {_SOURCES} tools and categories",
            "Write one file for each, or give their runs the same automationDetails.id.",
        )
    for tool in opened.tools:
        # Two runs of one tool and category in a file are one word.
        heard = contents.heard.get(source_of(tool))
        if heard is None:
            heard = contents.heard[source_of(tool)] = _Heard(tool, stack.enter_context(Spool(folder)))
        elif not tool.answered:
            heard.tool = tool
        by_tool.append(heard)
    contents.counts["failed"] = sum(1 for heard in contents.heard.values() if not heard.tool.answered)
    for entry in opened.entries():
        match entry:
            case ImportedFinding():
                by_tool[entry.tool].spool.add(entry.finding)
                contents.counts["suppressed"] += bool(entry.suppressed)
            case Rejected():
                contents.counts["rejected"] += 1
                if len(contents.rejected) < _NAMED:
                    contents.rejected.append(entry)
                for heard in by_tool if entry.tool is None else [by_tool[entry.tool]]:
                    if entry.path is None:
                        heard.doubtful = True
                    else:
                        heard.unread.add(entry.path)
            case Statement():
                contents.counts["statements"] += 1
                contents.statements.append(entry)
            case PackageLicences():
                contents.licences.append(entry)
    return contents


def source_of(tool: ImportedTool) -> str:
    """What a tool's findings are compared with next time: name and category."""
    return f"{SOURCE}{tool.name} ({tool.category})" if tool.category else f"{SOURCE}{tool.name}"


def _tools(opened: OpenedReport) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"{tool.name} {tool.version}".strip() for tool in opened.tools))


def _commit_of(opened: OpenedReport) -> str | None:
    commits = {tool.commit for tool in opened.tools}
    return commits.pop() if len(commits) == 1 else None


def _said(opened: OpenedReport, strip_prefix: PurePosixPath | None) -> str:
    """What a stream remembers a report by: with another root, the same file names other paths."""
    return opened.digest if strip_prefix is None else digest("stripped", opened.digest, str(strip_prefix))


def _last_word(
    services: Services, ref: Ref, opened: OpenedReport, said: str, commit: str | None
) -> imports.RecordedImport | None:
    """The import of the very same file, when nothing came after it."""
    if not opened.tools:
        return None  # statements only: nobody notes whose word was the last, and to take them in again changes nothing
    with session(services.store) as reading:
        for tool in opened.tools:
            state = tracking.stream_state(reading, ref, source_of(tool))
            if (state.report_digest, state.commit) != (said, commit):
                return None
        branch = ref.target or ref.name
        return imports.last_identical(reading, ref.project_id, branch, ref.merge_request_iid, opened.digest)


def _project(services: Services, target: ImportTarget) -> projects.Project:
    with session(services.store) as reading:
        project = projects.get_project(reading, target.project_id)
    if project is None:
        raise MergewardenError(f"there is no project {target.project_id}", "Name one that is known.")
    if project.default_branch is None and target.project_id < 0:
        # Nobody tells us a local project's default branch: it is the first that is spoken of.
        project = projects.Project(project.id, project.path, project.web_url, project.http_url, target.ref)
        with write_session(services.store) as writing:
            projects.upsert_projects(writing, [project])
    return project


# --- git --------------------------------------------------------------------------------------------------------------


def _history(services: Services, project: projects.Project, target: ImportTarget) -> Mirror | None:
    """The project's mirror, with the commit where that is to be had; None where there is no GitLab to ask."""
    if project.id < 0 or target.commit is None:
        return None
    try:
        services.settings.require_gitlab()
    except ConfigurationError:
        return None
    try:
        mirror = mirror_of(services, services.gitlab.project(project.id))
        refs = [branch_refspec(target.ref)]
        if target.merge_request_iid is not None:
            refs.append(merge_request_refspec(target.merge_request_iid))
        mirror.ensure([target.commit], refs)
    except (GitError, MergewardenError) as error:
        # The findings count all the same; only their evidence is weaker.
        log.warning("imported without the code", project_id=project.id, error=str(error))
        return None
    return mirror


def _refuse_late(
    services: Services, ref: Ref, opened: OpenedReport, target: ImportTarget, history: Mirror | None
) -> None:
    """
    Raise ``ReportError`` for a report about a commit that came before the one that its tool spoke about last.

    It would take back what is known of the newer one. After a force push to that commit it is the newest word.
    """
    if history is None or target.commit is None:
        return
    with session(services.store) as reading:
        states = [tracking.stream_state(reading, ref, source_of(tool)) for tool in opened.tools]
    try:
        newer = {
            state.commit
            for state in states
            if state.commit not in (None, target.commit)
            and history.has_commit(state.commit)
            and history.merge_base(target.commit, state.commit) == target.commit
        }
        if not newer:
            return
        iid = target.merge_request_iid
        history.fetch([branch_refspec(target.ref) if iid is None else merge_request_refspec(iid)])
        head = history.resolve(branch_ref(target.ref) if iid is None else merge_request_ref(iid))
        late = any(history.merge_base(head, commit) == commit for commit in newer)
    except GitError as error:
        log.warning("not known whether the report is late", error=str(error))
        return
    if late:
        raise ReportError(
            f"{target.commit[:12]} is an older commit than the one that the last report was about",
            "Import the report about the newest commit.",
        )


def _of_merge_request(history: Mirror | None, target: ImportTarget) -> Sequence[FileChange] | None:
    """What the merge request changes; None where that is not known."""
    if history is None or target.merge_request_iid is None or target.commit is None:
        return None
    try:
        history.fetch([branch_refspec(target.ref)])
        base = history.merge_base(history.resolve(branch_ref(target.ref)), target.commit)
        return None if base is None else history.changes(base, target.commit, algorithm="histogram")
    except GitError as error:
        log.warning("no line map of the merge request", error=str(error))
        return None


def _sources(history: Mirror, commit: str, spool: Spool, limit: int) -> Iterator[tuple[PurePosixPath, Sequence[str]]]:
    paths = {finding.location.path for finding in spool.light if finding.dependency is None}
    entries = [e for e in history.tree(commit, sorted(paths)) if e.is_file and e.size <= limit]
    by_blob: dict[str, list[PurePosixPath]] = {}
    for entry in entries:
        by_blob.setdefault(entry.blob, []).append(entry.path)
    for blob, content in history.read_blobs({entry.blob: entry.size for entry in entries}):
        lines = split_lines(decode(content))
        for path in by_blob[blob]:
            yield path, lines


# --- deciding and writing ---------------------------------------------------------------------------------------------


def _is_news(heard: _Heard, part: Prepared) -> bool:
    """
    Whether anything is to be written down of what a tool said.

    One that failed and found nothing is told on its merge request, whose verdict must not pass over it; but it takes no
    answer back that the same tool gave about this very commit. A branch is compared with the last answer, however old.
    """
    if heard.tool.answered or len(heard.spool):
        return True
    state, commit = part.state, part.look.commit
    answered = commit is not None and state.commit == commit and not state.looked_with.get("failed")
    return part.look.ref.merge_request_iid is not None and not answered


def _look(
    services: Services,
    ref: Ref,
    source: str,
    heard: _Heard,
    said: str,
    commit: str | None,
    at: datetime,
    changes: Sequence[FileChange] | None,
) -> Look:
    tool = heard.tool

    def looked(_scanner: str, _finding: Finding, path: PurePosixPath | None) -> bool:
        return tool.answered and not heard.doubtful and (path is None or path not in heard.unread)

    verdict = None
    if ref.target is not None:
        with session(services.store) as reading:
            baseline = tracking.stream_state(reading, Ref(ref.project_id, ref.target), source).stream_id is not None
        verdict = _Verdict(heard.spool.light, changes, baseline)
    return Look(
        ref,
        source,
        commit,
        at,
        looked=looked,
        report_digest=said,
        looked_with={
            "scanner": tool.name,
            "version": tool.version,
            "kind": tool.kind.value,
            "failed": "" if tool.answered else tool.reason or "failed",
        },
        version=VERSION,
        verdict=verdict,
        correlate=True,
    )


class _Verdict:
    """Whether a merge request brings a finding that another tool reports for it."""

    def __init__(self, findings: Sequence[Finding], changes: Sequence[FileChange] | None, baseline: bool) -> None:
        self._findings = findings
        self._baseline = baseline
        self._by_path = None if changes is None else {change.new_path: change for change in changes}
        self._lines: dict[PurePosixPath, LineMap] = {}

    def __call__(self, index: int, identity: Identity, before: Remembered | None) -> tuple[Presence, str]:
        """As ``bot.domain.lifecycle.Verdict``."""
        if identity.pool == _TARGET_POOL:
            return identity.presence, identity.explanation
        if before is not None and before.presence not in (None, Presence.FIXED) and before.presence is not None:
            edited = identity.presence is Presence.CHANGED and before.presence is Presence.EXISTING
            # It was none of the merge request's when its lines were as they are on the target branch.
            if edited and (self._by_path is None or self._touched(self._findings[index])):
                return Presence.CHANGED, identity.explanation
            return before.presence, identity.explanation
        if self._by_path is None or self._baseline or self._touched(self._findings[index]):
            return Presence.NEW, identity.explanation
        # Nobody has seen this tool's word on the target branch, but it is about code that stands there as well.
        return Presence.EXISTING, explanations.NOT_TOUCHED

    def _touched(self, finding: Finding) -> bool:
        assert self._by_path is not None
        path = finding.location.path
        change = self._by_path.get(path)
        if change is None:
            return False
        if change.kind in (ChangeKind.ADDED, ChangeKind.COPIED, ChangeKind.TYPE_CHANGED) or change.binary:
            return True
        if path not in self._lines:
            self._lines[path] = LineMap(change.hunks)
        return self._lines[path].of_head(finding.location.start_line, finding.location.end_line).edited


def _store(
    writing: Session,
    services: Services,
    project: projects.Project,
    target: ImportTarget,
    opened: OpenedReport,
    contents: _Contents,
    prepared: Sequence[Prepared],
    actor: str,
    at: datetime,
) -> tuple[int, Counter[str]]:
    counts = Counter(dict.fromkeys(("new", "known", "changed", "returned", "gone", "rejected", "statements"), 0))
    counts.update(contents.counts)
    for part in prepared:
        returned = write(writing, part)
        counts.update(part.plan.counts)
        counts["returned"] += len(returned)
    acts: tuple[Act, ...] = ()
    if contents.statements:
        rules = services.policy().for_project(project.path).suppressions
        by_hand = target.merge_request_iid is None and not actor.startswith((imports.PIPELINE, BY_API))
        told = apply_statements(writing, project.id, contents.statements, rules=rules, now=at, by_hand=by_hand)
        # Anybody can write any author into a document: the log names who handed it in, and says who wrote it.
        acts = tuple(replace(act, actor=actor, details={**act.details, "author": act.actor}) for act in told)
    licences.record(writing, project.id, contents.licences)
    import_id = imports.record(
        writing,
        project_id=target.project_id,
        ref=target.ref,
        merge_request_iid=target.merge_request_iid,
        commit=target.commit,
        format=opened.format,
        digest=opened.digest,
        tools=_tools(opened),
        actor=actor,
        counts=counts,
        rejected=[(item.where, item.why) for item in contents.rejected],
    )
    audit.append_many(writing, acts)
    return import_id, counts
