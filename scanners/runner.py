"""
Runs the chosen scanners at once over the units of one or more trees, and says for each tree what each of them found.

A unit that a scanner has read before, with the same version and rules, is answered from the cache. Whatever a tool
does, there is a ``ScannerRun`` at the end, and only ``COMPLETED`` is an answer.
"""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path, PurePosixPath

from pydantic import TypeAdapter, ValidationError

from scanners import reasons
from scanners.correlate import correlate
from scanners.evidence import Secrets, flagged_code, scrubbed, secrets_of, with_snippet
from scanners.finding import Attribution, Finding, FindingKind
from scanners.fingerprint import RECIPES, Recipe, digest, fingerprinted, hashed
from scanners.interface import (
    Gap,
    GapReason,
    MalformedReport,
    ResultCache,
    ScanFile,
    Scanner,
    ScannerAbsent,
    ScannerError,
    ScannerReport,
    ScannerRun,
    ScannerStatus,
    ScanTarget,
    Unit,
)
from scanners.process import MEBIBYTE, Completed, run
from scanners.units import decode, split_lines, suffix_of, unit_suffix

_CACHE_VERSION = "3"
"""Part of every cache key; to be raised when what is stored, or how findings are made of reports, changes."""
_PASSING_GAPS = frozenset({GapReason.SCANNER_ERROR})
"""Gaps that another try may close: such a result is not cached."""
_CANARY = "000000"


def never() -> bool:
    """Work that nobody cancels."""
    return False


@dataclass(frozen=True, slots=True)
class Limits:
    """What one scanner may use in one assessment."""

    seconds: float = 300.0
    """Wall time, repeated runs after a crash included."""
    memory_bytes: int = 2048 * MEBIBYTE
    """Private memory of each process."""
    report_bytes: int = 64 * MEBIBYTE
    findings_per_unit: int = 500
    niceness: int = 0
    """Added to each scanner's own: for work that nobody waits for."""
    extra_runs: int = 16
    """Runs after a crash, to find the file that causes it: enough for one among 256."""


@dataclass(frozen=True, slots=True)
class _UnitResult:
    """What a scanner says about one unit. Paths inside are ``unit`` and its suffix; no snippets, no fingerprints."""

    findings: tuple[Finding, ...] = ()
    gaps: tuple[Gap, ...] = ()


_result_adapter: TypeAdapter[_UnitResult] = TypeAdapter(_UnitResult)

_Content = tuple[str, str]
"""Suffix and blob: all that a result depends on besides the scanner."""


@dataclass(slots=True)
class _Work:
    """One scanner's part of an assessment, as far as it has come."""

    scanner: Scanner
    recipes: tuple[Recipe, ...] = RECIPES
    status: ScannerStatus = ScannerStatus.COMPLETED
    reason: str = ""
    version: str = ""
    rules_digest: str = ""
    data_date: date | None = None
    seconds: float = 0.0
    network_denied: bool = True
    results: dict[_Content, _UnitResult] = field(default_factory=dict)
    cached: set[_Content] = field(default_factory=set)


class Assessment:
    """What all scanners said about a set of units; ``bind`` turns it into runs over a tree."""

    def __init__(
        self, works: Sequence[_Work], shown: Mapping[tuple[str, _Content], tuple[Finding, ...]], version: str
    ) -> None:
        self._works = tuple(works)
        self._shown = shown
        self._version = version

    @property
    def network_denied(self) -> bool:
        """Whether every scanner that was started really ran without a network."""
        return all(work.network_denied for work in self._works)

    def bind(self, files: Sequence[ScanFile]) -> tuple[ScannerRun, ...]:
        """One run per scanner over the tree that these files make up, in the scanners' order."""
        return tuple(self._bind(work, files) for work in self._works)

    def looks_at(self, file: ScanFile) -> dict[str, frozenset[GapReason] | None]:
        """
        The scanners that read such a file, in their order, each with why it did not read all of it: nothing where it
        did, None where it gave no answer.
        """
        looks: dict[str, frozenset[GapReason] | None] = {}
        for work in self._works:
            if file.unit is None:
                if file.unread is not None and would_read(work.scanner, file.path):
                    looks[work.scanner.name] = frozenset({GapReason(file.unread)})
            elif work.scanner.applies_to(file.unit):
                result = work.results.get(_content(file.unit))
                looks[work.scanner.name] = None if result is None else frozenset(gap.reason for gap in result.gaps)
        return looks

    def _bind(self, work: _Work, files: Sequence[ScanFile]) -> ScannerRun:
        scanner = work.scanner
        findings: list[Finding] = []
        gaps: list[Gap] = []
        read = cached = unanswered = 0
        applicable = False
        for file in files:
            if file.unit is None:
                if file.unread is not None and would_read(scanner, file.path):
                    applicable = True
                    gaps.append(Gap(file.path, GapReason(file.unread)))
                continue
            if not scanner.applies_to(file.unit):
                continue
            applicable = True
            content = _content(file.unit)
            result = work.results.get(content)
            if result is None:
                unanswered += 1
                continue
            read += 1
            cached += content in work.cached
            gaps.extend(replace(gap, path=file.path) for gap in result.gaps)
            for finding in self._shown[scanner.name, content]:
                findings.append(
                    replace(
                        finding,
                        location=replace(finding.location, path=file.path),
                        attributions=(Attribution(scanner.name, work.version, finding.rule_id),),
                    )
                )
        status = work.status if unanswered else ScannerStatus.COMPLETED
        if not applicable:
            status = ScannerStatus.NOT_APPLICABLE
        return ScannerRun(
            scanner=scanner.name,
            kind=scanner.kind,
            version=work.version,
            status=status,
            reason=work.reason if unanswered else "",
            findings=fingerprinted(findings, self._version),
            gaps=tuple(sorted(gaps, key=lambda gap: (str(gap.path), gap.line or 0, gap.reason.value, gap.detail))),
            files=read,
            cached_files=cached,
            seconds=work.seconds,
            rules_digest=work.rules_digest,
            data_date=work.data_date,
        )


def assess(
    root: Path,
    units: Sequence[Unit],
    scanners: Sequence[Scanner],
    *,
    workdir: Path,
    cache: ResultCache,
    limits: Limits | None = None,
    cancelled: Callable[[], bool] = never,
    progress: Callable[[str, str], None] | None = None,
    recipes: Sequence[Recipe] = RECIPES,
) -> Assessment:
    """
    Let all scanners read the units at once. Raises nothing that a scanner does: its runs say so.

    :param root: folder that holds the units' files; also those that the cache knows, since snippets are read from it.
    :param workdir: an existing folder on the same file system, for what the scanners need while they run.
    :param cancelled: asked all the time, from several threads; True ends everything soon.
    :param progress: told ``(scanner, word)`` from several threads: ``started``, ``cached`` or a ``ScannerStatus``.
    :param recipes: how flagged code is hashed, the present recipe last.
    """
    limits = limits or Limits()
    works = [_Work(scanner, recipes=tuple(recipes)) for scanner in scanners]
    # Two paths with one content are one unit's work.
    distinct = {_content(unit): unit for unit in units}

    def work_on(work: _Work) -> None:
        job = _Job(work, root, workdir / work.scanner.name, cache, limits, cancelled, progress)
        job.run(distinct)

    if works:
        with ThreadPoolExecutor(max_workers=len(works), thread_name_prefix="scanner") as pool:
            list(pool.map(work_on, works))
    return Assessment(works, _finish(works, distinct, root, cache), recipes[-1].version)


def merge_findings(runs: Iterable[ScannerRun]) -> tuple[Finding, ...]:
    """The findings of all runs over one tree, each weakness once, ordered by place."""
    return correlate(finding for run_ in runs for finding in run_.findings)


def _finish(
    works: Sequence[_Work], distinct: Mapping[_Content, Unit], root: Path, cache: ResultCache
) -> dict[tuple[str, _Content], tuple[Finding, ...]]:
    """When all have spoken: take the secrets out, store what is new, and make the snippets."""
    shown: dict[tuple[str, _Content], tuple[Finding, ...]] = {}
    fresh: dict[str, bytes] = {}
    secret_works = [work for work in works if work.scanner.kind is FindingKind.SECRET]
    for content, unit in distinct.items():
        spoken = [work for work in works if content in work.results]
        lines: list[str] = []
        secrets = Secrets(False, frozenset(), frozenset())
        if any(work.results[content].findings for work in spoken):
            lines = _lines(root / unit.name)
            answers = [work.results[content] for work in secret_works if content in work.results]
            known = bool(answers) and not any(answer.gaps for answer in answers)
            secrets = secrets_of(lines, (finding for answer in answers for finding in answer.findings), known=known)
        for work in spoken:
            result = work.results[content]
            if content not in work.cached:
                result = replace(result, findings=tuple(scrubbed(finding, secrets) for finding in result.findings))
                if not any(gap.reason in _PASSING_GAPS for gap in result.gaps):
                    fresh[_key(work, content)] = _result_adapter.dump_json(result)
            shown[work.scanner.name, content] = tuple(with_snippet(f, lines, secrets) for f in result.findings)
    if fresh:
        cache.put_many(fresh)
    return shown


class _Job:
    """One scanner over what the cache does not know."""

    def __init__(
        self,
        work: _Work,
        root: Path,
        folder: Path,
        cache: ResultCache,
        limits: Limits,
        cancelled: Callable[[], bool],
        progress: Callable[[str, str], None] | None,
    ) -> None:
        self._work = work
        self._scanner = work.scanner
        self._root = root
        self._folder = folder
        self._cache = cache
        self._limits = limits
        self._cancelled = cancelled
        self._progress = progress
        self._runs = 0
        self._deadline = 0.0

    def run(self, distinct: Mapping[_Content, Unit]) -> None:
        """Fill in the work. Never raises ``ScannerError`` or ``OSError``: they become its status and reason."""
        work, scanner = self._work, self._scanner
        wanted = {content: unit for content, unit in distinct.items() if scanner.applies_to(unit)}
        if not wanted:
            return
        try:
            work.version = scanner.version()
            work.rules_digest = scanner.rules_digest()
            work.data_date = scanner.data_date()
            missing = self._take_from_cache(wanted)
            missing = self._leave_out_large(missing)
            if not missing:
                self._tell("cached")
                return
            self._tell("started")
            self._deadline = time.monotonic() + self._limits.seconds
            self._read(tuple(missing.values()))
        except ScannerAbsent as error:
            self._end(ScannerStatus.ABSENT, str(error))
        except _StoppedError as stop:
            self._end(stop.status, stop.reason)
        except ScannerError as error:
            self._end(ScannerStatus.FAILED, str(error))
        except FileNotFoundError:
            self._end(ScannerStatus.ABSENT, reasons.NOT_INSTALLED.format(scanner=scanner.name))
        except OSError as error:
            why = os.strerror(error.errno or 0)
            self._end(ScannerStatus.FAILED, reasons.NOT_STARTED.format(scanner=scanner.name, text=why))
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._tell(work.status.value)

    def _take_from_cache(self, wanted: Mapping[_Content, Unit]) -> dict[_Content, Unit]:
        keys = {_key(self._work, content): content for content in wanted}
        for key, raw in self._cache.get_many(tuple(keys)).items():
            content = keys.get(key)
            try:
                if content is not None:
                    self._work.results[content] = _result_adapter.validate_json(raw)
                    self._work.cached.add(content)
            except ValidationError:
                continue  # written by another release, or damaged: as if it were not there
        return {content: unit for content, unit in wanted.items() if content not in self._work.results}

    def _leave_out_large(self, units: Mapping[_Content, Unit]) -> dict[_Content, Unit]:
        limit = self._scanner.max_unit_bytes
        small = {}
        for content, unit in units.items():
            if limit is not None and unit.size > limit:
                detail = reasons.READS_UP_TO.format(scanner=self._scanner.name, count=limit)
                gap = Gap(PurePosixPath("unit"), GapReason.TOO_LARGE, detail)
                self._work.results[content] = _UnitResult((), (gap,))
            else:
                small[content] = unit
        return small

    def _read(self, units: tuple[Unit, ...]) -> None:
        """Read all units in one process. When it fails, halve the work until the file that is to blame stands alone."""
        failure = self._try(units)
        if failure is None:
            return
        # A tool that fails on an empty file of the same kind is broken itself: no file is to blame.
        if self._try_canary(units[0]) is not None:
            raise failure
        suspects = [units]
        while suspects:
            group = suspects.pop()
            if len(group) == 1:
                detail = reasons.CRASHES.format(scanner=self._scanner.name)
                gap = Gap(PurePosixPath("unit"), GapReason.SCANNER_ERROR, detail)
                self._work.results[_content(group[0])] = _UnitResult((), (gap,))
                continue
            middle = len(group) // 2
            for half in (group[:middle], group[middle:]):
                if self._runs > self._limits.extra_runs:
                    raise failure
                if self._try(half) is not None:
                    suspects.append(half)

    def _try(self, units: tuple[Unit, ...]) -> ScannerError | None:
        """Run the tool over these units and keep what it says; its failure otherwise. Raises ``_StoppedError``."""
        folder = self._folder / str(self._runs)
        target = ScanTarget(folder / "units", units, folder / "inputs")
        target.root.mkdir(parents=True)
        for unit in units:
            _link(self._root / unit.name, target.root / unit.name)
        try:
            report = self._run(target, folder / "report")
        except ScannerError as error:
            return error
        findings: dict[str, list[Finding]] = defaultdict(list)
        gaps: dict[str, list[Gap]] = defaultdict(list)
        for finding in report.findings:
            findings[str(finding.location.path)].append(finding)
        for gap in report.gaps:
            gaps[str(gap.path)].append(gap)
        for unit in units:
            self._work.results[_content(unit)] = self._unit_result(unit, findings[unit.name], gaps[unit.name])
        return None

    def _try_canary(self, like: Unit) -> ScannerError | None:
        folder = self._folder / f"canary-{self._runs}"
        unit = Unit(_CANARY + suffix_of(like.name), "", 1)
        target = ScanTarget(folder / "units", (unit,), folder / "inputs")
        target.root.mkdir(parents=True)
        (target.root / unit.name).write_bytes(b"\n")
        try:
            self._run(target, folder / "report")
        except ScannerError as error:
            return error
        return None

    def _run(self, target: ScanTarget, report: Path) -> ScannerReport:
        """One process. Raises ``ScannerError`` when its answer cannot be trusted, ``_StoppedError`` when time is up."""
        self._runs += 1
        target.inputs.mkdir()
        for file_name, content in self._scanner.inputs(target).items():
            (target.inputs / file_name).write_bytes(content)
        output = report.with_suffix(".stdout")
        completed = run(
            self._scanner.command(target, report),
            cwd=target.root,
            timeout=max(0.0, self._deadline - time.monotonic()),
            stdout_to=output,
            stdout_limit=self._limits.report_bytes,
            memory_bytes=self._limits.memory_bytes,
            # OCaml 5 reserves half a gibibyte before it does anything, and threads reserve stacks.
            address_space_bytes=2 * self._limits.memory_bytes + 1024 * MEBIBYTE,
            file_bytes=2 * self._limits.report_bytes,
            niceness=min(19, self._scanner.niceness + self._limits.niceness),
            network=False,
            cancelled=self._cancelled,
        )
        self._work.seconds += completed.seconds
        self._work.network_denied &= completed.network_denied
        self._judge(completed)
        written = report if report.is_file() and report.stat().st_size else output
        if written.stat().st_size > self._limits.report_bytes:
            raise self._too_large()
        return self._scanner.parse(written.read_bytes(), target)

    def _judge(self, completed: Completed) -> None:
        # Never the tool's own words: it may quote the code, and with it a secret.
        name = self._scanner.name
        if completed.cancelled:
            raise _StoppedError(ScannerStatus.CANCELLED, reasons.NOT_WANTED.format(scanner=name))
        if completed.timed_out:
            why = reasons.TOO_SLOW.format(scanner=name, seconds=f"{self._limits.seconds:g}")
            raise _StoppedError(ScannerStatus.TIMED_OUT, why)
        if completed.overflowed:
            raise self._too_large()
        if completed.exit_code < 0:
            raise ScannerError(reasons.KILLED.format(scanner=name, signal=_signal_name(-completed.exit_code)))
        if completed.exit_code not in self._scanner.ok_exit_codes:
            raise ScannerError(reasons.EXIT_CODE.format(scanner=name, count=completed.exit_code))

    def _too_large(self) -> MalformedReport:
        limit = self._limits.report_bytes // MEBIBYTE
        return MalformedReport(reasons.LARGE_REPORT.format(scanner=self._scanner.name, count=limit))

    def _unit_result(self, unit: Unit, findings: list[Finding], gaps: list[Gap]) -> _UnitResult:
        """What is kept of a unit: no name of the moment in it, each match with its hash, and not without end."""
        limit = self._limits.findings_per_unit
        lines = _lines(self._root / unit.name) if findings else []
        neutral = PurePosixPath("unit")
        kept = tuple(
            hashed(
                replace(finding, location=replace(finding.location, path=neutral)),
                flagged_code(finding, lines),
                lines,
                self._work.recipes,
            )
            for finding in findings[:limit]
        )
        notes = [replace(gap, path=neutral) for gap in gaps]
        if len(findings) > limit:
            detail = reasons.TOO_MANY_FINDINGS.format(count=limit, scanner=self._scanner.name)
            notes.append(Gap(neutral, GapReason.TOO_LARGE, detail))
        return _UnitResult(kept, tuple(notes))

    def _end(self, status: ScannerStatus, reason: str) -> None:
        self._work.status = status
        self._work.reason = reason

    def _tell(self, word: str) -> None:
        if self._progress is not None:
            self._progress(self._scanner.name, word)


class _StoppedError(Exception):
    """The tool was not at fault, and trying again would not help."""

    def __init__(self, status: ScannerStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


def _content(unit: Unit) -> _Content:
    return suffix_of(unit.name), unit.blob


def _key(work: _Work, content: _Content) -> str:
    limit = str(work.scanner.max_unit_bytes)
    recipes = " ".join(recipe.version for recipe in work.recipes)
    return digest(_CACHE_VERSION, recipes, work.scanner.name, work.version, work.rules_digest, limit, *content)


def would_read(scanner: Scanner, path: PurePosixPath) -> bool:
    """Whether a scanner would have read a file whose content nobody has."""
    suffix = unit_suffix(path, b"")
    return suffix is not None and scanner.applies_to(Unit(_CANARY + suffix, "", 0))


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _lines(path: Path) -> list[str]:
    try:
        return split_lines(decode(path.read_bytes()))
    except OSError:
        return []


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
