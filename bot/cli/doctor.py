"""
``mergewarden doctor``: asks whether all is there that blocking a merge needs, and says how to mend what is not.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from itertools import groupby
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.cli.common import open_services
from bot.domain.enforcement import Level
from bot.errors import ConfigurationError, MergewardenError
from bot.gitlab.model import DEVELOPER, MAINTAINER, Project
from bot.model_files import read_models
from bot.pipeline.git import git_version
from bot.pipeline.signing import existing_signer
from bot.reports.enforcement import level_words
from bot.reports.visible import one_line
from bot.services import Services
from bot.settings import Settings
from bot.store import enforcement, rules_versions
from bot.store.engine import open_engine, session, unreachable_reason
from bot.store.migrate import pending_migrations
from bot.texts import Language
from scanners.finding import FindingKind
from scanners.interface import ScannerError
from scanners.process import run
from scanners.registry import all_scanners

_OLD_ADVISORIES_DAYS = 30
_TOKEN_EXPIRY_DAYS = 30
_WEBHOOK_PATH = "/webhooks/gitlab"


class Health(Enum):
    """What a check found."""

    OK = "ok"
    WARNING = "warning"
    """It works, but not as well as it could."""
    PROBLEM = "problem"
    """It does not work, or does not block."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that was looked at."""

    area: str
    subject: str
    health: Health
    finding: str
    mend: str = ""


def run_doctor(projects: Sequence[str], config: Path | None) -> int:
    """Look at everything, print it, and return the exit status: 0, or 1 when there is a problem."""
    try:
        services = open_services(config)
    except ConfigurationError as error:
        _print([Diagnosis("configuration", "settings", Health.PROBLEM, str(error), error.hint)])
        return 1
    store = [*_store(services)]
    usable = all(diagnosis.health is Health.OK for diagnosis in store)
    found = [*_configuration(services), *store, *_scanners(services, usable), *_gitlab(services, projects, usable)]
    services.close()
    _print(found)
    return 1 if any(diagnosis.health is Health.PROBLEM for diagnosis in found) else 0


# --- this machine -----------------------------------------------------------------------------------------------------


def _configuration(services: Services) -> Iterator[Diagnosis]:
    settings = services.settings
    yield from _asked("configuration", "webhook", settings.require_webhook, "deliveries can be told from forgeries")
    yield from _policy(services)
    yield from _receipts(settings)
    yield from _models(settings)
    yield from _mail(settings)
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=settings.data_dir):
            pass
    except OSError as error:
        yield Diagnosis(
            "configuration",
            "data directory",
            Health.PROBLEM,
            f"{settings.data_dir} cannot be written: {error.strerror}",
            "Make it, give it to the user that runs Mergewarden, or set MERGEWARDEN_DATA_DIR.",
        )
    else:
        yield Diagnosis("configuration", "data directory", Health.OK, str(settings.data_dir))


def _receipts(settings: Settings) -> Iterator[Diagnosis]:
    """Whether receipts can be signed; makes no key, for to ask must not change anything."""
    try:
        signer = existing_signer(settings)
    except ConfigurationError as error:
        mend = f"{error.hint} Until then verdicts come without a receipt."
        yield Diagnosis("configuration", "receipts", Health.PROBLEM, str(error), mend)
    else:
        said = f"signed with key {signer.public.id[:16]}" if signer else "a key is made for the first one"
        yield Diagnosis("configuration", "receipts", Health.OK, said)


def _models(settings: Settings) -> Iterator[Diagnosis]:
    """Whether the maturity models can be used; those of the customer's folder too."""
    found = read_models(settings.maturity_folder)
    for error in found.problems:
        hint = "mergewarden maturity check says all that is wrong with a file; until then the others count."
        yield Diagnosis("configuration", "maturity models", Health.WARNING, str(error).splitlines()[0], hint)
    names = ", ".join(model.id for model in found.models)
    yield Diagnosis("configuration", "maturity models", Health.OK, names)


def _mail(settings: Settings) -> Iterator[Diagnosis]:
    """Whether summaries can be sent by e-mail; nothing where nobody wants that. Connects to nothing."""
    try:
        access = settings.mail()
    except ConfigurationError as error:
        yield Diagnosis("configuration", "mail", Health.PROBLEM, str(error), error.hint)
        return
    if access is None:
        return
    if access.security == "none" and access.host not in ("localhost", "127.0.0.1", "::1"):
        hint = "Use smtp:// (STARTTLS) or smtps:// unless the server is this host."
        yield Diagnosis("configuration", "mail", Health.WARNING, f"{access.host} gets it without encryption", hint)
        return
    yield Diagnosis("configuration", "mail", Health.OK, f"sent by {access.host}:{access.port} as {access.sender}")


def _policy(services: Services) -> Iterator[Diagnosis]:
    try:
        document = services.policy()
    except MergewardenError as error:
        yield Diagnosis("configuration", "policy", Health.PROBLEM, str(error), error.hint)
        return
    # No group is above a project without a path: only what stands against the policy as a whole is left.
    for reason in document.reasons_for(""):
        hint = "Mend the policy project; until then the last good version counts, and what passes is a warning."
        yield Diagnosis("configuration", "policy", Health.WARNING, f"{reason.subject}: {reason.detail}", hint)
    yield Diagnosis("configuration", "policy", Health.OK, f"the gate policy can be read: {document.policy.layers[0]}")


def _store(services: Services) -> Iterator[Diagnosis]:
    try:
        engine = open_engine(services.settings.database().get_secret_value())
    except ConfigurationError as error:
        yield Diagnosis("store", "database", Health.PROBLEM, str(error), error.hint)
        return
    reason = unreachable_reason(engine)
    if reason:
        yield Diagnosis("store", "database", Health.PROBLEM, reason, "Check MERGEWARDEN_DATABASE_URL and the server.")
        return
    try:
        missing = pending_migrations(engine)
    except ConfigurationError as error:
        yield Diagnosis("store", "migrations", Health.PROBLEM, str(error), error.hint)
        return
    if missing:
        yield Diagnosis(
            "store",
            "migrations",
            Health.WARNING,
            f"{len(missing)} to apply",
            "Run: mergewarden migrate (serve does it too).",
        )
    else:
        yield Diagnosis("store", "database", Health.OK, f"{engine.dialect.name}, up to date")
    engine.dispose()


def git_diagnosis(version: tuple[int, ...]) -> Diagnosis:
    """Whether this git can do all that we ask of it; patch ids need the newest."""
    name = ".".join(map(str, version))
    if version >= (2, 39):
        return Diagnosis("scanners", "git", Health.OK, name)
    return Diagnosis(
        "scanners",
        "git",
        Health.PROBLEM,
        f"{name}: nobody can see whether what came onto a protected branch was cleared",
        "Install git 2.39 or newer.",
    )


def own_rules_diagnoses(services: Services) -> Iterator[Diagnosis]:
    """How the organisation's own rules stand; nothing where it has none. Asks the store."""
    if not services.settings.has_own_rules():
        return
    with session(services.store) as reading:
        state = rules_versions.state(reading)
    if state is None:
        hint = "A worker reads them when it starts and every minute; mergewarden rules read does it now."
        yield Diagnosis("scanners", "own rules", Health.WARNING, "nobody has read them yet", hint)
        return
    if state.problem:
        hint = "Mend the source; until then what was switched on stays. mergewarden rules read tries again."
        yield Diagnosis("scanners", "own rules", Health.WARNING, state.problem.splitlines()[0], hint)
    if state.waiting:
        said = f"version {state.waiting[:12]} waits"
        hint = f"mergewarden rules simulate shows what it changes; mergewarden rules switch-on {state.waiting[:12]}"
        yield Diagnosis("scanners", "own rules", Health.WARNING, said, hint)
    said = f"version {state.active[:12]} is in force" if state.active else "none is in force"
    yield Diagnosis("scanners", "own rules", Health.OK, said)


def _scanners(services: Services, store_usable: bool) -> Iterator[Diagnosis]:
    try:
        yield git_diagnosis(git_version())
    except MergewardenError as error:
        yield Diagnosis("scanners", "git", Health.PROBLEM, str(error), error.hint)
    if store_usable:
        scanners, newest = services.scanners, services.advisories.newest()
    else:
        # The store's own line says why. To use it would bring it up to date, and to ask must not change anything.
        scanners, newest = all_scanners(None), None
    for scanner in scanners:
        if not store_usable and scanner.kind is FindingKind.DEPENDENCY:
            yield Diagnosis(
                "scanners",
                scanner.name,
                Health.WARNING,
                "not asked: its advisories are in the store",
                "Mend that first.",
            )
            continue
        try:
            version = scanner.version()
            scanner.rules_digest()
        except ScannerError as error:
            yield Diagnosis(
                "scanners", scanner.name, Health.PROBLEM, str(error), "Without it nothing passes that needs it."
            )
        else:
            yield Diagnosis("scanners", scanner.name, Health.OK, version)
    if store_usable:
        yield from own_rules_diagnoses(services)
    if newest is not None:
        age = (datetime.now(UTC).date() - newest).days
        old = age > _OLD_ADVISORIES_DAYS
        yield Diagnosis(
            "scanners",
            "advisories",
            Health.WARNING if old else Health.OK,
            f"{services.advisories.count()}, the newest {age} days old",
            "Import newer ones: mergewarden advisories import FILE.zip" if old else "",
        )
    completed = run(["true"], cwd=Path("/"), timeout=20)
    yield Diagnosis(
        "scanners",
        "isolation",
        Health.OK if completed.network_denied else Health.WARNING,
        "scanners have no network" if completed.network_denied else "this system does not let us take the network away",
        "" if completed.network_denied else "Allow unprivileged user namespaces for the user that runs Mergewarden.",
    )


# --- GitLab -----------------------------------------------------------------------------------------------------------


def _gitlab(services: Services, projects: Sequence[str], store_usable: bool) -> Iterator[Diagnosis]:
    try:
        version = services.gitlab.version()
        user = services.bot_user
    except MergewardenError as error:
        yield Diagnosis("GitLab", "reachable", Health.PROBLEM, str(error), error.hint)
        return
    yield Diagnosis("GitLab", "reachable", Health.OK, f"version {version.version}, as @{user.username}")
    if user.is_admin:
        yield Diagnosis(
            "GitLab",
            "rights",
            Health.WARNING,
            "the bot is an administrator",
            "Developer is enough: use an account that cannot do more harm than it has to.",
        )
    yield from _token(services)
    try:
        chosen = (
            [services.gitlab.project(int(name) if name.isdigit() else name) for name in projects]
            if projects
            else services.gitlab.member_projects()
        )
    except MergewardenError as error:
        yield Diagnosis("GitLab", "projects", Health.PROBLEM, str(error), error.hint)
        return
    served = [project for project in chosen if services.settings.serves(project.path)]
    if not served:
        yield Diagnosis(
            "GitLab",
            "projects",
            Health.PROBLEM,
            "the bot is a member of no project that it serves",
            "Add it to the projects or groups with the role Developer.",
        )
    for project in served:
        yield from diagnose_project(project)
        yield from _hooks(services, project)
        if store_usable:
            yield from _level(services, project)


def _token(services: Services) -> Iterator[Diagnosis]:
    try:
        token = services.gitlab.token_info()
    except MergewardenError as error:
        yield Diagnosis("GitLab", "token", Health.WARNING, str(error), error.hint)
        return
    if token is None:
        yield Diagnosis("GitLab", "token", Health.WARNING, "GitLab does not tell its scopes", "It needs the scope api.")
        return
    if "api" not in token.scopes:
        yield Diagnosis(
            "GitLab",
            "token",
            Health.PROBLEM,
            f"scopes: {', '.join(sorted(token.scopes)) or 'none'}",
            "Make a token with the scope api: comments and statuses need it.",
        )
        return
    days = (token.expires_at - datetime.now(UTC).date()).days if token.expires_at else None
    soon = days is not None and days < _TOKEN_EXPIRY_DAYS
    yield Diagnosis(
        "GitLab",
        "token",
        Health.WARNING if soon else Health.OK,
        "scope api" + (f", expires in {days} days" if days is not None else ""),
        "Rotate it in time: without it nothing is scanned." if soon else "",
    )


def diagnose_project(project: Project) -> Iterator[Diagnosis]:
    """What stands between this project and a merge that is really blocked."""

    def problem(finding: str, mend: str, health: Health = Health.PROBLEM) -> Diagnosis:
        return Diagnosis("project", project.path, health, finding, mend)

    before = True
    if project.archived:
        yield problem("archived", "Nothing can be posted there.", Health.WARNING)
        return
    if project.access_level is not None and project.access_level < DEVELOPER:
        before = False
        yield problem("the bot's role is too low", "Give it the role Developer: comments and statuses need it.")
    if not project.pipeline_must_succeed:
        before = False
        yield problem(
            "a red status does not stop a merge",
            "Settings > Merge requests > Merge checks: switch on 'Pipelines must succeed'.",
        )
    elif project.skipped_pipeline_suffices:
        before = False
        yield problem(
            "a skipped pipeline counts as passed",
            "Settings > Merge requests > Merge checks: switch off 'Skipped pipelines are considered successful'.",
        )
    if project.ignores_branch_pipelines:
        before = False
        yield problem(
            "statuses outside merge request pipelines are ignored",
            "Switch off 'Skip branch pipelines for merge requests', or run a merge request pipeline in the project.",
        )
    if not project.threads_must_be_resolved:
        yield problem(
            "open threads do not stop a merge",
            "Settings > Merge requests > Merge checks: switch on 'All threads must be resolved' as a second barrier.",
            Health.WARNING,
        )
    if project.resolves_outdated_threads:
        yield problem(
            "GitLab resolves threads whose line was edited",
            "Switch off 'Automatically resolve merge request diff threads when they become outdated'; "
            "the bot opens them again, but not at once.",
            Health.WARNING,
        )
    if before:
        yield problem("a failed gate blocks the merge", "", Health.OK)


def _level(services: Services, project: Project) -> Iterator[Diagnosis]:
    """How strongly the gate was enforced when the bot last looked; nothing where it never did."""
    with session(services.store) as reading:
        known = enforcement.stored(reading, project.id)
    if known is None or known.checked_at is None:
        return
    yield Diagnosis(
        "project",
        project.path,
        Health.OK if known.level > Level.L0 else Health.WARNING,
        f"enforced at {known.level.name}: {level_words(known.level, Language.ENGLISH)}",
        f"mergewarden enforce {project.path} says what more would take.",
    )


def _hooks(services: Services, project: Project) -> Iterator[Diagnosis]:
    if project.access_level is not None and project.access_level < MAINTAINER:
        # Hooks are for Maintainers to see, and the bot should not be one.
        return
    try:
        ours = [hook for hook in services.gitlab.project_hooks(project.id) if hook.url.endswith(_WEBHOOK_PATH)]
    except MergewardenError:
        return
    if not ours:
        yield Diagnosis(
            "project",
            project.path,
            Health.WARNING,
            "no webhook of the project leads here",
            "Add one for merge requests, pushes, comments and pipelines, unless a system hook does it.",
        )
    for hook in ours:
        if hook.alert_status != "executable":
            yield Diagnosis(
                "project",
                project.path,
                Health.PROBLEM,
                f"GitLab has switched the webhook off ({hook.alert_status})",
                "Settings > Webhooks > Test: an answer with success switches it on again.",
            )
        if not hook.merge_requests_events:
            yield Diagnosis(
                "project", project.path, Health.PROBLEM, "the webhook leaves merge requests out", "Switch them on."
            )


# --- output -----------------------------------------------------------------------------------------------------------


def _asked(area: str, subject: str, question: Callable[[], object], answer: str) -> Iterator[Diagnosis]:
    try:
        question()
    except MergewardenError as error:
        yield Diagnosis(area, subject, Health.PROBLEM, str(error), error.hint)
    else:
        yield Diagnosis(area, subject, Health.OK, answer)


_SHOWN = {
    Health.OK: Text("✔ ok", style="green"),
    Health.WARNING: Text("! warning", style="yellow"),
    Health.PROBLEM: Text("✘ problem", style="bold red"),
}


def _print(found: Sequence[Diagnosis]) -> None:
    console = Console()
    for area, diagnoses in groupby(found, key=lambda diagnosis: diagnosis.area):
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        table.add_column(overflow="fold")
        for diagnosis in diagnoses:
            text = Text(diagnosis.finding if "\n" in diagnosis.finding else one_line(diagnosis.finding, 300))
            if diagnosis.mend and diagnosis.health is not Health.OK:
                text.append(f"\n-> {diagnosis.mend}", style="italic")
            table.add_row(_SHOWN[diagnosis.health], Text(one_line(diagnosis.subject, 80)), text)
        console.print(Text(area, style="bold"))
        console.print(table)
    problems = sum(diagnosis.health is Health.PROBLEM for diagnosis in found)
    warnings = sum(diagnosis.health is Health.WARNING for diagnosis in found)
    print(
        f"\n{_counted(problems, 'problem')}, {_counted(warnings, 'warning')}"
        if problems or warnings
        else "\nAll is well."
    )


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
