"""``mergewarden scan``: the same job as the bot's, on any folder, without a server."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from bot.cli.common import make_data_dir
from bot.cli.output import drop_output, written_whole
from bot.domain.circumstances import Context
from bot.domain.gate import evaluate, with_reasons
from bot.domain.verdict import Outcome, ScanReport, Subject
from bot.errors import MergewardenError
from bot.observability.logs import configure_logging
from bot.observability.metrics import Metrics
from bot.pipeline.assess import assess_tree, tools_of
from bot.pipeline.git import LocalSource
from bot.pipeline.judging import suppressed_in
from bot.pipeline.policies import project_policy
from bot.pipeline.recognition import recognise
from bot.reports.registry import render, renderer
from bot.reports.text import print_report, render_text
from bot.services import Services
from bot.settings import load_settings
from bot.store.engine import session
from bot.store.facts import facts_of
from bot.texts import Language

EXIT_STATUS = {Outcome.PASSED: 0, Outcome.WARNED: 0, Outcome.FAILED: 1, Outcome.NOT_ASSESSED: 3}


def run_scan(
    path: Path,
    *,
    base: str | None,
    head: str | None,
    format: str,
    output: Path | None,
    policy_file: Path | None,
    language: str | None,
    config: Path | None,
    everything: bool = False,
    project: str | None = None,
    also: Sequence[str] = (),
    explain: bool = False,
) -> int:
    """
    Scan, report, and return the exit status. Raises ``MergewardenError`` for wrong use.

    ``also``: further reports as ``FORMAT=FILE``.
    """
    further = further_reports(also, output)
    # The working directory is usually the repository under judgement: its settings must not be ours.
    settings = load_settings(config_file=config)
    make_data_dir(settings)
    configure_logging("console", "ERROR", settings.secrets())
    services = Services(settings, Metrics())
    document = services.policy(policy_file)
    started_at, started = datetime.now(UTC), monotonic()
    scratch = settings.data_dir / "scratch"
    with LocalSource.open(path, scratch_root=scratch) as source:
        if (base or head) and not source.is_git:
            raise MergewardenError(f"{path} is not a git repository", "Leave out --base and --head to scan a folder.")
        target = source.resolve(base) if base else None
        head_commit = source.resolve(head or "HEAD") if head or not source.has_work_tree else None
        tree = head_commit or source.snapshot()
        # For files as they are on disk, history counts from the checked-out commit.
        tip = head_commit or (source.resolve("HEAD") if target else None)
        ancestor = source.merge_base(target, tip) if target and tip else None
        if target and ancestor is None:
            raise MergewardenError(
                f"{base} and {head or 'HEAD'} have no common ancestor", "In a shallow clone, fetch more history first."
            )
        name = project or source.root.name
        policy, reasons = project_policy(document, name, source, target)
        with _progress() as show:
            assessed = assess_tree(
                source,
                base=ancestor,
                head=tree,
                tools=tools_of(services),
                within=source.prefix,
                unread=source.unread,
                progress=show,
            )
        tracked = assessed.tracked
        project_id, edited = None, dict[int, datetime | None]()
        if project is not None:
            project_id, tracked, edited = recognise(services.store, source, project, tracked, tree)
        suppressed = suppressed_in(services.store, project_id, policy, tracked, edited, started_at)
        with session(services.store) as reading:
            facts = facts_of(reading, tracked, project_id=project_id)
        # Nobody says into which branch this is to go, so that rules for some branches hold.
        context = Context(today=started_at.date(), facts=facts)
        decision = evaluate(policy, tracked, assessed.runs, suppressed=suppressed, context=context)
        report = ScanReport(
            subject=Subject(
                project=name,
                ref=head or "",
                base_sha=ancestor,
                head_sha=head_commit,
            ),
            tracked=tracked,
            runs=assessed.runs,
            decision=with_reasons(decision, reasons),
            started_at=started_at,
            seconds=monotonic() - started,
            files_changed=assessed.files_changed,
            files_read=assessed.files_read,
        )
    services.close()
    spoken = Language(language) if language else policy.language
    for other, place in further:
        _write(report, other, place, spoken, everything=everything, explain=explain)
    _write(report, format, output, spoken, everything=everything, explain=explain)
    return 0 if report.decision.lets_through else EXIT_STATUS[report.decision.outcome]


@contextmanager
def _progress() -> Iterator[Callable[[str, str], None]]:
    """What the scanners are doing, on standard error, where that is a terminal; nothing is left behind."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _scanner, _word: None
        return
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description:<16}"),
        TextColumn("{task.fields[word]}"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    ) as progress:
        tasks: dict[str, TaskID] = {}

        def show(scanner: str, word: str) -> None:
            if scanner not in tasks:
                tasks[scanner] = progress.add_task(scanner, total=None, word=word)
            progress.update(tasks[scanner], word=word)

        yield show


def further_reports(also: Sequence[str], output: Path | None) -> list[tuple[str, Path]]:
    """
    Formats and files of ``FORMAT=FILE``.

    Raises ``MergewardenError`` for another shape, ``ConfigurationError`` for a format that we do not have, before time
    is spent on a scan.
    """
    further: list[tuple[str, Path]] = []
    taken = {output.resolve()} if output is not None else set()
    for word in also:
        format, equals, name = word.partition("=")
        if not equals or not name:
            raise MergewardenError(f"--also {word} names no file", "Write FORMAT=FILE, such as sarif=scan.sarif.")
        renderer(format)
        place = Path(name)
        if place.resolve() in taken:
            raise MergewardenError(f"two reports would be written to {name}", "Give each a file of its own.")
        taken.add(place.resolve())
        further.append((format, place))
    return further


def _write(
    report: ScanReport, format: str, output: Path | None, language: Language, *, everything: bool, explain: bool
) -> None:
    console = Console()
    if format == "text" and output is None and console.is_terminal:
        print_report(report, console, language, everything=everything, explain=explain)
        return
    if format == "text":
        text = render_text(report, language, width=console.width, everything=everything, explain=explain)
    else:
        text = render(report, format, language)
    if output is None:
        try:
            sys.stdout.buffer.write(text.encode())
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            # Whoever reads has seen enough. The verdict is the exit status all the same.
            drop_output()
        return
    with written_whole(output, "Choose another file.") as stream:
        stream.write(text.encode())
    Console(stderr=True).print(f"{output} written", highlight=False, markup=False)
