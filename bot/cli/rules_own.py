"""``mergewarden rules read|simulate|versions|switch-on``: an organisation's own rules, tried before they count."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from pathlib import Path

from bot.cli.common import open_services, user_name
from bot.domain.globs import problem_with
from bot.domain.rule_version import RuleSimulation, RuleVersion, WrongRules
from bot.errors import MergewardenError
from bot.pipeline.rule_reading import files_in, read_version
from bot.pipeline.rule_simulation import simulate_rules
from bot.pipeline.rule_sources import refresh_rules, switch_on
from bot.pipeline.throwaway import throwaway_folder
from bot.reports.documents import dump, json_time, moment
from bot.reports.visible import one_line
from bot.services import Services
from bot.store import rules_versions
from bot.store.engine import session, write_session

WRONG = 1
_SHORT = 12
_DIGEST = re.compile(r"[0-9a-f]{6,64}")
_WHERE_FROM = "Set MERGEWARDEN_RULES_PROJECT or MERGEWARDEN_RULES_FOLDER."


def run_simulate(source: str | None, *, pattern: str | None, limit: int, format: str, config: Path | None) -> int:
    """
    Say what the rules in a folder, or of a stored version, would add and remove; nothing is switched on.

    Without a source it is the version that waits. Returns 0, and 1 for rules that are wrong. Raises
    ``MergewardenError`` for wrong use.
    """
    if pattern is not None and (problem := problem_with(pattern)):
        raise MergewardenError(f"--project {one_line(pattern, 100)}: {problem}", "Write it as shop/** or shop/backend.")
    services = open_services(config)
    try:
        try:
            proposed = _proposed(services, source)
        except WrongRules as error:
            _complain(error)
            return WRONG
        now = datetime.now(UTC)
        present = services.organisation_rules()
        done = simulate_rules(services, present, proposed, at=now, pattern=pattern, limit=limit)
    finally:
        services.close()
    if format == "json":
        print(dump(done.to_json()), end="")
    else:
        sys.stdout.write(simulation_text(done))
    return 0


def _proposed(services: Services, source: str | None) -> RuleVersion:
    if source is not None and Path(source).is_dir():
        with throwaway_folder(services.settings.data_dir / "scratch") as scratch:
            return read_version(files_in(Path(source)), scratch)
    with session(services.store) as reading:
        if source is None:
            state = rules_versions.state(reading)
            if state is None or not state.waiting:
                raise MergewardenError("no version waits to be switched on", "Name a folder of rules, or a digest.")
            found = rules_versions.load_version(reading, state.waiting)
        elif _DIGEST.fullmatch(source):
            found = rules_versions.load_version(reading, _whole(services, source))
        else:
            raise MergewardenError(f"{one_line(source, 200)} is no folder", "Name a folder of rules, or a digest.")
    if found is None:
        raise MergewardenError("that version is not stored any more", "See: mergewarden rules versions")
    return found


def run_read(*, config: Path | None) -> int:
    """
    Read the configured source now, as a worker does every minute. Returns 0, and 1 while what is there is wrong.

    Raises ``MergewardenError`` where none is configured.
    """
    services = open_services(config)
    try:
        if not services.settings.has_own_rules():
            raise MergewardenError("no source of rules is configured", _WHERE_FROM)
        started = datetime.now(UTC)
        new = refresh_rules(services, again=True)
        with session(services.store) as reading:
            state = rules_versions.state(reading)
    finally:
        services.close()
    if state is None or state.read_at < started:
        # What is known is from an earlier look, and must not be taken for what is there.
        raise MergewardenError(
            "the source was not read: GitLab is away, or another process reads it at this moment",
            "See the log, and try again in a minute.",
        )
    if state.problem:
        for line in state.problem.splitlines():
            print(one_line(line, 500), file=sys.stderr)
        print(f"what is there is not used; in force: {_short(state.active)}")
        return WRONG
    print(f"{'read' if new else 'unchanged'}; in force: {_short(state.active)}, waiting: {_short(state.waiting)}")
    return 0


def run_versions(*, format: str, config: Path | None) -> int:
    """List the versions that are known, which is in force, and who switched what on."""
    services = open_services(config)
    try:
        with session(services.store) as reading:
            state = rules_versions.state(reading)
            known = rules_versions.known_versions(reading)
            switched = rules_versions.switches(reading)
    finally:
        services.close()
    active, waiting = ("", "") if state is None else (state.active, state.waiting)
    if format == "json":
        document = {
            "source": state.source if state is not None else None,
            "problem": (state.problem or None) if state is not None else None,
            "active": active or None,
            "waiting": waiting or None,
            "versions": [
                {
                    "digest": one.digest,
                    "origin": one.origin,
                    "read_at": json_time(one.read_at),
                    "rules": one.rules,
                    "simulation": one.simulation.to_json() if one.simulation is not None else None,
                }
                for one in known
            ],
            "switches": [
                {
                    "before": one.before or None,
                    "after": one.after or None,
                    "by": one.actor,
                    "reason": one.reason,
                    "at": json_time(one.at),
                }
                for one in switched
            ],
        }
        print(dump(document), end="")
        return 0
    if state is None:
        print("no rules of an organisation were ever read")
        return 0
    print(f"source: {one_line(state.source, 300)}, read {moment(state.read_at)}")
    for line in state.problem.splitlines():
        print(f"  not used: {one_line(line, 500)}")
    for one in known:
        mark = "in force" if one.digest == active else "waiting" if one.digest == waiting else ""
        line = f"{_short(one.digest)}  {moment(one.read_at)}  {one.rules:>4} rules  {one_line(one.origin, 200)}  {mark}"
        print(line.rstrip())
    for change in switched:
        print(
            f"{moment(change.at)}: {one_line(change.actor, 100)} put {_short(change.after)} in the place of "
            f"{_short(change.before)}{f': {one_line(change.reason, 300)}' if change.reason else ''}"
        )
    return 0


def run_switch_on(digest: str, *, by: str | None, reason: str, config: Path | None) -> int:
    """
    Put a stored version in force, or none with ``none``; it counts from the next scan on. Returns 0.

    Raises ``MergewardenError`` for a version that is not known.
    """
    services = open_services(config)
    try:
        whole = "" if digest == "none" else _whole(services, digest)
        try:
            with write_session(services.store) as writing:
                changed = switch_on(services, writing, whole, user_name(by), reason, datetime.now(UTC))
        except ValueError as error:
            raise MergewardenError(str(error), "mergewarden rules read looks at the source now.") from error
    finally:
        services.close()
    if not changed:
        print(f"{_short(whole)} is in force already")
    else:
        print(
            f"{_short(whole)} is in force from the next scan on; open merge requests are judged again, and default "
            "branches read again at night"
        )
    return 0


def _whole(services: Services, digest: str) -> str:
    text = digest.strip().lower()
    if not _DIGEST.fullmatch(text):
        raise MergewardenError(f"{one_line(digest, 80)} is no digest", "Write six or more of its digits.")
    with session(services.store) as reading:
        found = rules_versions.digests_like(reading, text)
    if len(found) != 1:
        what = "several versions begin" if found else "no version begins"
        raise MergewardenError(f"{what} with {text}", "mergewarden rules versions names all.")
    return found[0]


def simulation_text(done: RuleSimulation) -> str:
    """What a version would change, for people."""
    against = _short(done.against)
    lines = [
        f"{_short(done.digest)} in the place of {against}, over {done.files} files at the heads of the default "
        f"branches of {done.projects} projects",
        f"time: {done.seconds:.1f} s for rules that are new or changed, {done.seconds_before:.1f} s for those before",
        "",
    ]
    if not done.outcomes:
        lines.append("no rule finds anything else than before")
    for one in done.outcomes:
        lines.append(f"{one.rule_id}: {one.added} added, {one.removed} removed, {one.kept} as before")
        if one.project_count:
            more = one.project_count - len(one.projects)
            names = ", ".join(one_line(name, 200) for name in one.projects)
            lines.append(f"  projects: {names}{f' and {more} more' if more > 0 else ''}")
        lines += [f"  {one_line(example, 400)}" for example in one.examples]
    if done.not_answered:
        lines += ["", f"semgrep gave no answer about {done.not_answered} files"]
    if done.left_out:
        lines += ["", "not looked at:", *(f"  {one_line(line, 300)}" for line in done.left_out)]
    return "\n".join(lines) + "\n"


def _complain(error: WrongRules) -> None:
    for problem in error.problems:
        print(one_line(str(problem), 500), file=sys.stderr)
        if problem.mend:
            print(f"  {one_line(problem.mend, 500)}", file=sys.stderr)


def _short(digest: str) -> str:
    return digest[:_SHORT] or "none"
