"""``mergewarden policy``: what a file means, what it would have done, and why a decision is what it is."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import rules
from bot.cli.common import days_of, open_services, project_of
from bot.cli.output import drop_output
from bot.domain.globs import problem_with
from bot.domain.policy_file import MAX_BYTES, PolicyError, load_group_policy, load_policy, load_project_policy
from bot.domain.policy_tightening import tighten
from bot.domain.policy_trial import ConfirmedBy, ExplainedDecision
from bot.domain.rule_mode import with_own_modes
from bot.domain.verdict import ScanReport
from bot.errors import ConfigurationError, MergewardenError
from bot.pipeline.simulation import simulate
from bot.reports.policy_report import (
    Totals,
    render_explanation,
    render_explanation_json,
    render_outcome,
    render_policy,
    render_refused,
    render_simulation_json,
    render_total,
)
from bot.reports.visible import one_line
from bot.services import Services
from bot.store import confirmations, scans
from bot.store.decisions import NotReplayable, StoredDecision, judge, last_decision, policy_of
from bot.store.engine import session
from bot.texts import Language

SCHEMAS = Path(rules.__file__).parent / "policy"
WRONG = 2
ANOTHER_DECISION = 1
NOT_REPLAYABLE = 3

_MERGE_REQUEST = re.compile(r"(?P<project>[^!\s]{1,1000})!(?P<iid>[0-9]{1,18})")


def run_check(file: Path, *, layer: str | None, under: Path | None = None, config: Path | None) -> int:
    """
    Say what a file means, or everything that is wrong with it; ``layer`` is ``group`` or ``project`` for such a file.

    ``under`` is the organisation's file to put it under; None for the policy of this installation. Returns 0 for a good
    file, and 2. Raises ``MergewardenError`` for one that cannot be read.
    """
    text = read_file(file)
    name = str(file)
    try:
        if layer is None:
            document = load_policy(text, name)
            _write(render_policy(name, document.policy, document))
            return 0
        wish = (load_group_policy if layer == "group" else load_project_policy)(text, name)
    except PolicyError as error:
        _complain(name, error)
        return WRONG
    if under is not None:
        above = load_policy(read_file(under), str(under))
    else:
        services = open_services(config)
        try:
            above = services.policy()
        finally:
            services.close()
    policy = tighten(above.policy, wish, by_project=layer == "project")
    print(f"under {one_line(above.source_name, 400)}:\n")
    _write(render_policy(name, policy))
    _write(render_refused(policy.refused[len(above.policy.refused) :], above.source_name))
    return 0


def run_schema(*, project: bool) -> int:
    """Print the JSON schema of the organisation's file, or of a group's or project's."""
    name = "project.schema.json" if project else "policy.schema.json"
    _write((SCHEMAS / name).read_text(encoding="utf-8"))
    return 0


def run_simulate(file: Path, *, since: str, pattern: str | None, format: str, config: Path | None) -> int:
    """Judge what is stored by the policy in ``file``. Raises ``MergewardenError`` for wrong use or a wrong file."""
    days = days_of(since)
    if pattern is not None and (problem := problem_with(pattern)):
        raise MergewardenError(f"--project {one_line(pattern, 100)}: {problem}", "Write it as shop/** or shop/backend.")
    name = str(file)
    document = load_policy(read_file(file), name)
    services = open_services(config)
    now = datetime.now(UTC)
    begin = now - timedelta(days=days)
    try:
        present = services.policy()
        judged_by = with_own_modes(document, present.policy.own_modes)
        outcomes = simulate(services.store, judged_by, present, since=begin, pattern=pattern)
        if format == "json":
            _write(render_simulation_json(outcomes, name=name, policy=document.policy, since=begin, at=now))
            return 0
        totals = Totals()
        print(
            f"what {one_line(name, 400)} would have made of the scans of merge requests of the last {days} days,\n"
            "and of the last scan of each merge request that is open\n"
        )
        for outcome in outcomes:
            totals.add(outcome)
            _write(render_outcome(outcome) + "\n")
        _write(render_total(totals))
    except BrokenPipeError:
        # Whoever reads has seen enough.
        drop_output()
    finally:
        services.close()
    return 0


def run_explain(reference: str, *, language: str | None, format: str, config: Path | None) -> int:
    """
    Explain the last decision of a merge request such as ``shop/backend!7``.

    Returns 0, 1 when making it again gives another decision, and 3 when it cannot be made again. Raises
    ``MergewardenError`` for a merge request that is not known.
    """
    parts = _MERGE_REQUEST.fullmatch(reference.strip())
    if parts is None:
        raise MergewardenError(f"{one_line(reference, 100)!r} is not a merge request", "Write it as shop/backend!7.")
    services = open_services(config)
    try:
        project = project_of(services, parts["project"])
        found = explained(services, project.id, project.path, int(parts["iid"]))
        spoken = Language(language) if language else _language(services, project.path, found)
    finally:
        services.close()
    render = render_explanation_json if format == "json" else render_explanation
    _write(render(found, spoken))
    if found.replayed is None:
        return NOT_REPLAYABLE
    return 0 if found.same else ANOTHER_DECISION


def explained(services: Services, project_id: int, path: str, iid: int) -> ExplainedDecision:
    """The last decision with everything that is known about it. Raises ``MergewardenError`` when there is none."""
    with session(services.store) as reading:
        stored = last_decision(reading, project_id, iid)
        if stored is None:
            raise MergewardenError(
                f"there is no stored decision about {path}!{iid}",
                "A scan makes one; see that the bot serves the project, and the merge request's number.",
            )
        report = scans.load_scan(reading, stored.scan_id)
        words = confirmations.confirmed_on(reading, project_id, iid)
        policy, replayed, problem = None, None, ""
        try:
            policy = policy_of(reading, stored)
        except NotReplayable as error:
            problem = str(error)
    if report is None:
        problem = f"scan {stored.scan_id} is not in the store any more"
    elif policy is not None:
        replayed = judge(policy, report, stored.inputs)
    findings = {} if report is None else {item.finding.fingerprint: item for item in report.tracked}
    return ExplainedDecision(
        project=path,
        iid=iid,
        scan_id=stored.scan_id,
        head_sha=None if report is None else report.subject.head_sha,
        at=stored.at,
        because=stored.because,
        decision=stored.decision,
        layers=stored.layers,
        context=stored.inputs.context,
        policy=policy,
        findings=findings,
        confirmed=tuple(_confirmed(stored, report, words)),
        replayed=replayed,
        problem=problem,
    )


def _confirmed(
    stored: StoredDecision, report: ScanReport | None, words: dict[int, confirmations.Confirmation]
) -> list[ConfirmedBy]:
    found = []
    for item in report.tracked if report is not None else ():
        if item.finding.fingerprint not in stored.inputs.confirmed:
            continue
        word = words.get(item.number) if item.number is not None else None
        # A later word is about a later decision.
        known = word is not None and word.code == item.finding.match_hash and word.at <= stored.at
        if word is not None and known:
            found.append(ConfirmedBy(item, word.actor, word.at, word.reason))
        else:
            found.append(ConfirmedBy(item, ""))
    return found


def _language(services: Services, path: str, found: ExplainedDecision) -> Language:
    return found.policy.language if found.policy is not None else services.language_for(path)


def read_file(file: Path) -> str:
    """
    The text of a policy file, no more of it than can be one. Raises ``ConfigurationError``.
    """
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
        # Where it is cut off, it is too large anyway, and the loader says so.
        return content.decode("utf-8", "replace" if len(content) > MAX_BYTES else "strict")
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror}", "Check its path.") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{file} is not UTF-8", "Save it as UTF-8.") from error


def _complain(name: str, error: PolicyError) -> None:
    """Every mistake with its line and how to mend it."""
    for problem in error.problems:
        print(f"{one_line(name, 400)}:{problem.line}: {problem.text}", file=sys.stderr)
        if problem.hint:
            print(f"  {problem.hint}", file=sys.stderr)
    last = str(error).splitlines()[-1]
    if last.startswith("... and "):
        print(last, file=sys.stderr)


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
