"""
The command line, put together. Each command's module is imported when it is called, so that ``--help`` is quick.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import sys
import traceback
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.output import drop_output
from bot.errors import MergewardenError

WRONG_USE = 2
"""Exit status for wrong use or configuration, as click has it."""
NOT_ASSESSED = 3
"""Exit status when there is no answer."""

app = typer.Typer(
    name="mergewarden",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="""
The security gate for self-managed GitLab.

**Try it on your own code first**, without any server:

    mergewarden scan                      # the folder you stand in
    mergewarden scan --base origin/main   # only what your branch adds

**Then run the bot**: set MERGEWARDEN_GITLAB_URL, MERGEWARDEN_GITLAB_TOKEN and MERGEWARDEN_WEBHOOK_SECRET, ask
`mergewarden doctor` what is missing, and start `mergewarden serve`.
""",
)
advisories = typer.Typer(no_args_is_help=True, help="Known vulnerabilities of packages, kept offline.")
app.add_typer(advisories, name="advisories")
findings = typer.Typer(no_args_is_help=True, help="What is known beyond one scan, and judging it.")
app.add_typer(findings, name="findings")
suppressions = typer.Typer(no_args_is_help=True, help="Exceptions from the gate: with a reason, an end, and witnesses.")
app.add_typer(suppressions, name="suppressions")
tokens = typer.Typer(no_args_is_help=True, help="Who may use the API, for what, and until when.")
app.add_typer(tokens, name="token")
admins = typer.Typer(help="Local administrators, and what people are granted.", no_args_is_help=True)
app.add_typer(admins, name="admin")
webhooks = typer.Typer(no_args_is_help=True, help="Addresses that are told what happens.")
app.add_typer(webhooks, name="webhook")
incidents = typer.Typer(no_args_is_help=True, help="What happened around the gate, for the security team to look at.")
app.add_typer(incidents, name="incidents")
audit_app = typer.Typer(no_args_is_help=True, help="What was done, by whom and when: taken away, and checked.")
app.add_typer(audit_app, name="audit")
receipt = typer.Typer(no_args_is_help=True, help="Signed receipts of what was looked at and what was decided.")
app.add_typer(receipt, name="receipt")
rules = typer.Typer(no_args_is_help=True, help="The scanners' rules: which there are, how they do, and your own.")
app.add_typer(rules, name="rules")

policy = typer.Typer(no_args_is_help=True, help="What a policy means, would have done, and did.")
app.add_typer(policy, name="policy")
project_app = typer.Typer(no_args_is_help=True, help="How a project stands with the gate.")
app.add_typer(project_app, name="project")
hook = typer.Typer(no_args_is_help=True, help="The pre-receive hook on GitLab's server; see docs/pre-receive.md.")
app.add_typer(hook, name="hook")
subscription_app = typer.Typer(no_args_is_help=True, help="Who gets which compliance summaries, and how.")
app.add_typer(subscription_app, name="subscription")
maturity_app = typer.Typer(no_args_is_help=True, help="Maturity models, and why a rating is what it is.")
app.add_typer(maturity_app, name="maturity")
snapshots_app = typer.Typer(no_args_is_help=True, help="How projects stood: kept unchanged, and made again to check.")
app.add_typer(snapshots_app, name="snapshots")
report_app = typer.Typer(no_args_is_help=True, help="Compliance summaries: made, listed, taken away.")
app.add_typer(report_app, name="report")
evidence_app = typer.Typer(no_args_is_help=True, help="Everything behind a rating in one signed zip.")
app.add_typer(evidence_app, name="evidence")

Config = Annotated[Path | None, typer.Option("--config", help="A TOML file with settings (or MERGEWARDEN_CONFIG).")]


class Format(StrEnum):
    """Report formats of ``scan``."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITLAB_SAST = "gitlab-sast"
    CODE_QUALITY = "code-quality"
    MARKDOWN = "markdown"
    HTML = "html"


class ListFormat(StrEnum):
    """Formats of lists."""

    TEXT = "text"
    JSON = "json"


class PageFormat(StrEnum):
    """Formats of a finding's page."""

    TEXT = "text"
    JSON = "json"
    HTML = "html"


class Where(StrEnum):
    """Where the last scans see a finding, as ``bot.domain.known.Whereabouts``."""

    DEFAULT_BRANCH = "default_branch"
    ELSEWHERE = "elsewhere"
    NOWHERE = "nowhere"


class State(StrEnum):
    """What a person may say of a finding, as ``bot.domain.triage.TriageState``."""

    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"
    RESOLVED = "resolved"
    DETECTED = "detected"


class Because(StrEnum):
    """Why a finding need not be mended, as ``bot.domain.triage.Justification``."""

    ACCEPTABLE_RISK = "acceptable_risk"
    FALSE_POSITIVE = "false_positive"
    MITIGATING_CONTROL = "mitigating_control"
    USED_IN_TESTS = "used_in_tests"
    NOT_APPLICABLE = "not_applicable"


class TokenScope(StrEnum):
    """What a token is good for, as ``bot.domain.access.Scope``."""

    IMPORT = "import"
    READ = "read"
    DECIDE = "decide"
    EXPORT = "export"
    ADMIN = "admin"


class GrantedRole(StrEnum):
    """What somebody is granted, as ``bot.domain.roles.Role``."""

    VIEWER = "viewer"
    DEVELOPER = "developer"
    TRIAGER = "triager"
    SECURITY_LEAD = "security_lead"
    AUDITOR = "auditor"
    ADMIN = "admin"


class Unreachable(StrEnum):
    """What the pre-receive hook does where nobody can say whether a push is cleared."""

    REFUSE = "refuse"
    ALLOW = "allow"


class ExportFormat(StrEnum):
    """Formats of ``export``."""

    SARIF = "sarif"
    GITLAB_SAST = "gitlab-sast"
    CODE_QUALITY = "code-quality"
    CYCLONEDX_VEX = "cyclonedx-vex"
    OPENVEX = "openvex"
    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"


class LanguageChoice(StrEnum):
    """Languages of reports."""

    ENGLISH = "en"
    CHINESE = "zh-CN"


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"mergewarden {version('mergewarden')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """What stands before a command; ``--version`` is done by its callback."""


@app.command()
def scan(
    path: Annotated[Path, typer.Argument(help="A git repository, or any folder.")] = Path(),
    base: Annotated[
        str | None,
        typer.Option(help="A branch, tag or commit: report only what is new since its common ancestor with the head."),
    ] = None,
    head: Annotated[str | None, typer.Option(help="A branch, tag or commit; default is the files as they are.")] = None,
    format: Annotated[Format, typer.Option("--format", "-f", help="How to report.")] = Format.TEXT,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write the report to this file.")] = None,
    policy: Annotated[Path | None, typer.Option(help="A gate policy; see docs/policy.md.")] = None,
    language: Annotated[LanguageChoice | None, typer.Option(help="Language of the report.")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Text: also findings of severity info in full, not only how many there are.")
    ] = False,
    project: Annotated[
        str | None, typer.Option(help="Full path of the project on GitLab, for policies that differ by project.")
    ] = None,
    also: Annotated[
        list[str] | None,
        typer.Option(help="Write one more report, such as code-quality=gl-quality.json.", metavar="FORMAT=FILE"),
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Text: why each finding is taken for new, known or fixed; implies --all.")
    ] = False,
    config: Config = None,
) -> None:
    """
    Scan a repository or folder, as the bot would.

    Exit status: **0** passed, **1** the gate failed, **2** wrong use or configuration, **3** not assessed (a required
    scanner gave no answer).
    """
    from bot.cli.scan import run_scan

    raise typer.Exit(
        run_scan(
            path,
            base=base,
            head=head,
            format=format.value,
            output=output,
            policy_file=policy,
            language=language.value if language else None,
            config=config,
            everything=everything,
            project=project,
            also=also or [],
            explain=explain,
        )
    )


@app.command()
def export(
    project: Annotated[str, typer.Option(help="Full path or number of the project, for example shop/backend.")],
    format: Annotated[ExportFormat, typer.Option("--format", "-f", help="What to write; see docs/exports.md.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write it to this file.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also findings that no scan sees any more.")] = False,
    language: Annotated[LanguageChoice, typer.Option(help="Language of titles and messages.")] = LanguageChoice.ENGLISH,
    author: Annotated[str, typer.Option(help="VEX: the person or organisation whose word it is.")] = "Mergewarden",
    config: Config = None,
) -> None:
    """
    Write the known findings of a project for other programs: SARIF, VEX, a table, a data lake ...

    A file is written as a whole or not at all.
    """
    from bot.cli.export import run_export

    raise typer.Exit(
        run_export(
            project=project,
            format=format.value,
            output=output,
            everything=everything,
            language=language.value,
            author=author,
            config=config,
        )
    )


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)] = 8080,
    worker: Annotated[bool, typer.Option("--worker/--no-worker", help="Also scan, in a process beside.")] = True,
    config: Config = None,
) -> None:
    """
    Run the bot: webhook endpoint, workers and store.

    On the embedded default everything lives in the data directory. Point GitLab's webhook at `/webhooks/gitlab`.
    """
    from bot.cli.serve import run_server

    raise typer.Exit(run_server(host, port, with_worker=worker, config=config))


@app.command()
def worker(config: Config = None) -> None:
    """Run only workers, for scaling out: same settings as `serve`, with PostgreSQL as the store."""
    from bot.cli.serve import run_worker

    raise typer.Exit(run_worker(config))


@app.command()
def migrate(config: Config = None) -> None:
    """Bring the store's tables up to date. `serve` does it by itself; a careful operator does it before."""
    from bot.cli.migrate import run_migrate

    raise typer.Exit(run_migrate(config))


@app.command()
def doctor(
    project: Annotated[
        list[str] | None, typer.Option(help="Full path or number of a project to look at; default all of the bot's.")
    ] = None,
    config: Config = None,
) -> None:
    """Check configuration, scanners, GitLab, token and project settings, and say how to mend what is wrong."""
    from bot.cli.doctor import run_doctor

    raise typer.Exit(run_doctor(project or [], config))


@app.command()
def enforce(
    project: Annotated[str, typer.Argument(help="Full path or number of the project, for example shop/backend.")],
    level: Annotated[
        int | None,
        typer.Option(help="Change GitLab's settings for this level, 1 or 2; without it only show.", min=1, max=3),
    ] = None,
    branch: Annotated[
        list[str] | None, typer.Option(help="Level 2: a branch or pattern to protect besides the default branch.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be changed, and change nothing.")] = False,
    format: Annotated[ListFormat, typer.Option("--format", "-f", help="How to print it.")] = ListFormat.TEXT,
    config: Config = None,
) -> None:
    """
    Show how strongly a project's gate holds, or set what a level needs; see docs/enforcement.md.

    Exit status: **0** the level holds (or was only shown), **1** something is left to do, **2** wrong use, **3** GitLab
    gave no answer.
    """
    from bot.cli.enforce import run_enforce

    raise typer.Exit(
        run_enforce(project, level=level, branches=branch or [], dry_run=dry_run, format=format.value, config=config)
    )


@audit_app.command("export")
def audit_export(
    since: Annotated[str | None, typer.Option(help="First day, as 2026-01-31; default the beginning.")] = None,
    until: Annotated[str | None, typer.Option(help="Last day, as 2026-12-31; default today.")] = None,
    format: Annotated[str, typer.Option("--format", "-f", help="jsonl or csv.")] = "jsonl",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.")] = None,
    by: Annotated[str | None, typer.Option(help="Who takes it away; default your user name.")] = None,
    config: Config = None,
) -> None:
    """
    Write the audit log as a file, with a signed statement at its end; see docs/audit.md.

    That it was exported is an entry of the log as well, and the last one of an export up to today.
    """
    from bot.cli.audit import run_export

    raise typer.Exit(run_export(since=since, until=until, format=format, output=output, by=by, config=config))


@audit_app.command("verify")
def audit_verify(
    file: Annotated[Path | None, typer.Argument(help="An exported file; default the log in the database.")] = None,
    head: Annotated[
        str | None, typer.Option(metavar="SEQ:DIGEST", help="An entry that you wrote down: finds a rewritten log.")
    ] = None,
    key: Annotated[list[Path] | None, typer.Option(help="Public key (PEM) of the file's statement.")] = None,
    config: Config = None,
) -> None:
    """
    Check the audit log, or an exported part of it, without a server.

    Exit status: **0** whole, **1** broken (each changed, missing or moved entry is named by its number), **2** it could
    not be read.
    """
    from bot.cli.audit import run_verify

    raise typer.Exit(run_verify(file, head=head, keys=key or [], config=config))


@app.command()
def projects(
    text: Annotated[str, typer.Option("--search", help="Only those with this in their full path.")] = "",
    limit: Annotated[int, typer.Option(help="Projects on one page, at most 1000.")] = 100,
    after: Annotated[int | None, typer.Option(help="Number of the last project of the page before.")] = None,
    format: ListIn = ListFormat.TEXT,
    config: Config = None,
) -> None:
    """List the known projects, with how many findings are open on their default branches."""
    from bot.cli.projects import run_list

    raise typer.Exit(run_list(text=text, limit=limit, after=after, format=format.value, config=config))


HookNumber = Annotated[int, typer.Argument(help="Number of the webhook, as the list has it.", min=1)]


@webhooks.command("add")
def webhook_add(
    url: Annotated[str, typer.Argument(help="Where to post to: https://hooks.example.com/mergewarden.")],
    event: Annotated[
        list[str] | None, typer.Option(help="What to tell, for example finding.new; repeat it; default is everything.")
    ] = None,
    project: Annotated[
        str, typer.Option(help="Pattern of full paths as in the policy, for example shop/*; default is every project.")
    ] = "**",
    by: By = None,
    config: Config = None,
) -> None:
    """Tell an address what happens. The secret that messages are signed with is printed this once; see docs/api.md."""
    from bot.cli.webhook import run_add

    raise typer.Exit(run_add(url, events=event or [], projects=project, by=by, config=config))


@webhooks.command("list")
def webhook_list(format: ListIn = ListFormat.TEXT, config: Config = None) -> None:
    """List the addresses, and what became of the last message to each."""
    from bot.cli.webhook import run_list

    raise typer.Exit(run_list(format=format.value, config=config))


@webhooks.command("deliveries")
def webhook_deliveries(webhook: HookNumber, config: Config = None) -> None:
    """Show the last messages to an address."""
    from bot.cli.webhook import run_deliveries

    raise typer.Exit(run_deliveries(webhook, config=config))


@webhooks.command("test")
def webhook_test(webhook: HookNumber, by: By = None, config: Config = None) -> None:
    """Send an address a message that says nothing, and say whether it took it."""
    from bot.cli.webhook import run_test

    raise typer.Exit(run_test(webhook, by=by, config=config))


@webhooks.command("disable")
def webhook_disable(webhook: HookNumber, by: By = None, config: Config = None) -> None:
    """Tell an address nothing any more; what waits for it is dropped."""
    from bot.cli.webhook import run_enable

    raise typer.Exit(run_enable(webhook, False, by=by, config=config))


@webhooks.command("enable")
def webhook_enable(webhook: HookNumber, by: By = None, config: Config = None) -> None:
    """Tell an address again what happens from now on."""
    from bot.cli.webhook import run_enable

    raise typer.Exit(run_enable(webhook, True, by=by, config=config))


@webhooks.command("delete")
def webhook_delete(webhook: HookNumber, by: By = None, config: Config = None) -> None:
    """Forget an address, with all messages to it."""
    from bot.cli.webhook import run_delete

    raise typer.Exit(run_delete(webhook, by=by, config=config))


@incidents.command("list")
def incidents_list(
    project: Annotated[
        str | None, typer.Option("--project", help="Full path or number of a project; default all.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also those that were closed.")] = False,
    limit: Annotated[int, typer.Option(help="How many, at most 1000.")] = 100,
    before: Annotated[int | None, typer.Option(help="Number of the last one of the page before.", min=1)] = None,
    format: Annotated[ListFormat, typer.Option("--format", "-f", help="How to print it.")] = ListFormat.TEXT,
    config: Config = None,
) -> None:
    """List incidents, the newest first."""
    from bot.cli.incidents import run_list

    raise typer.Exit(
        run_list(project=project, everything=everything, limit=limit, before=before, format=format.value, config=config)
    )


@report_app.command("make")
def report_make(
    period: Annotated[
        str,
        typer.Option(help="2026, 2026-Q3, 2026-09, 2026-W38, or days as 2026-09-01..2026-09-17.", metavar="PERIOD"),
    ],
    project: Annotated[str | None, typer.Option("--project", help="Full path or number of a project.")] = None,
    group: Annotated[str | None, typer.Option("--group", help="Full path of a group.")] = None,
    organisation: Annotated[
        bool, typer.Option("--organisation", help="All projects; so it is without --project and --group.")
    ] = False,
    language: Annotated[
        LanguageChoice | None, typer.Option(help="Language of the document; default is the setting's.")
    ] = None,
    formats: Annotated[
        str, typer.Option("--format", "-f", help="html, pdf, md, csv, xlsx, json; several with commas.")
    ] = "pdf",
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder that gets the files.")] = Path(),
    by: Annotated[str | None, typer.Option(help="Who makes it; default is the user of the operating system.")] = None,
    config: Config = None,
) -> None:
    """Make the compliance summary of a period, or take the one that was made; write it to files."""
    from bot.cli.report import run_make

    if organisation and (project is not None or group is not None):
        raise MergewardenError("a summary is about one thing", "Give --project, --group or --organisation.")
    raise typer.Exit(
        run_make(
            project=project,
            group=group,
            period=period,
            language=language.value if language else None,
            formats=formats,
            output=output,
            by=by,
            config=config,
        )
    )


@report_app.command("list")
def report_list(
    period: Annotated[
        str | None, typer.Option("--every", help="Only those of a night, week, month, quarter, year or span.")
    ] = None,
    limit: Annotated[int, typer.Option(help="How many, at most 1000.")] = 100,
    before: Annotated[int | None, typer.Option(help="Number of the last one of the page before.", min=1)] = None,
    format: Annotated[ListFormat, typer.Option("--format", "-f", help="How to print it.")] = ListFormat.TEXT,
    config: Config = None,
) -> None:
    """List compliance summaries that were made, the newest first."""
    from bot.cli.report import run_list

    raise typer.Exit(run_list(period=period, limit=limit, before=before, format=format.value, config=config))


@report_app.command("show")
def report_show(
    report: Annotated[int, typer.Argument(help="The report's number.", metavar="REPORT", min=1, max=10**18)],
    format: Annotated[str, typer.Option("--format", "-f", help="html, pdf, md, csv, xlsx or json.")] = "md",
    language: Annotated[
        LanguageChoice | None, typer.Option(help="Another language than the one it was made in.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write it to this file.")] = None,
    config: Config = None,
) -> None:
    """Print a compliance summary in any format."""
    from bot.cli.report import run_show

    raise typer.Exit(
        run_show(report, format=format, language=language.value if language else None, output=output, config=config)
    )


@evidence_app.command("pack")
def evidence_pack(
    period: Annotated[
        str,
        typer.Option(help="2026, 2026-Q3, 2026-09, 2026-W38, or days as 2026-09-01..2026-09-17.", metavar="PERIOD"),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The zip to write.", metavar="FILE.zip")],
    model: Annotated[str, typer.Option(help="Id of the model.", metavar="MODEL")] = "caict-ydt3763-6",
    project: Annotated[str | None, typer.Option("--project", help="Full path or number of a project.")] = None,
    group: Annotated[str | None, typer.Option("--group", help="Full path of a group.")] = None,
    organisation: Annotated[
        bool, typer.Option("--organisation", help="All projects; so it is without --project and --group.")
    ] = False,
    language: Annotated[
        LanguageChoice | None, typer.Option(help="Language of names and texts; default is the setting's.")
    ] = None,
    by: Annotated[str | None, typer.Option(help="Who makes it; default is the user of the operating system.")] = None,
    config: Config = None,
) -> None:
    """Write the evidence of a period into one zip: pages and tables per item and level, with a signed manifest."""
    from bot.cli.evidence import run_pack

    raise typer.Exit(
        run_pack(
            model=model,
            project=project,
            group=group,
            organisation=organisation,
            period=period,
            language=language.value if language else None,
            output=output,
            by=by,
            config=config,
        )
    )


@evidence_app.command("verify")
def evidence_verify(
    file: Annotated[Path, typer.Argument(help="The zip.", metavar="FILE.zip")],
    keys: Annotated[
        list[Path] | None,
        typer.Option("--key", "-k", help="Public key (PEM) that it has to be signed with; several are possible."),
    ] = None,
    config: Config = None,
) -> None:
    """
    Check an evidence pack: its signature, every file, its snapshot and its audit log.

    Exit status 0 for a whole one, 1 for one that was changed (every file is named), 2 for what is no pack, or when
    there is no key to check it with.
    """
    from bot.cli.evidence import run_verify

    raise typer.Exit(run_verify(file, keys=keys or [], config=config))


IncidentNumber = Annotated[int, typer.Argument(help="The incident's number.", metavar="INCIDENT", min=1, max=10**18)]


@incidents.command("show")
def incidents_show(
    incident: IncidentNumber,
    format: Annotated[ListFormat, typer.Option("--format", "-f", help="How to print it.")] = ListFormat.TEXT,
    config: Config = None,
) -> None:
    """Show everything about an incident."""
    from bot.cli.incidents import run_show

    raise typer.Exit(run_show(incident, format=format.value, config=config))


@incidents.command("close")
def incidents_close(
    incident: IncidentNumber,
    reason: Annotated[str, typer.Option(help="What was found out, on one line.")],
    by: Annotated[str | None, typer.Option(help="Who closes it; default is the user of the operating system.")] = None,
    config: Config = None,
) -> None:
    """Take an incident off the list; it comes back should it happen again."""
    from bot.cli.incidents import run_close

    raise typer.Exit(run_close(incident, reason=reason, by=by, config=config))


@advisories.command("import")
def advisories_import(
    source: Annotated[Path, typer.Argument(help="An OSV archive (zip), a folder of OSV files, or one JSON file.")],
    config: Config = None,
) -> None:
    """
    Fill the advisory store from OSV data that you carried in.

    The archives are public, one per ecosystem, for example PyPI/all.zip of osv.dev. Importing again changes nothing.
    """
    from bot.cli.advisories import run_import

    raise typer.Exit(run_import(source, config))


@advisories.command("status")
def advisories_status(config: Config = None) -> None:
    """How many advisories there are, and how old the newest is."""
    from bot.cli.advisories import run_status

    raise typer.Exit(run_status(config))


KnownProject = Annotated[str | None, typer.Option("--project", help="Full path or number of a project; default all.")]
ListIn = Annotated[ListFormat, typer.Option("--format", "-f", help="How to print it.")]
Speaking = Annotated[LanguageChoice | None, typer.Option(help="Language; default is the policy's.")]
Number = Annotated[str, typer.Argument(help="The finding's number, such as 812.", metavar="FINDING")]
SuppressionNumber = Annotated[
    int, typer.Argument(help="The suppression's number.", metavar="SUPPRESSION", min=1, max=10**18)
]
By = Annotated[str | None, typer.Option(help="Who decides; default is the user of the operating system.")]
Reason = Annotated[str, typer.Option(help="Why, on one line: in a year, somebody will ask.")]
Until = Annotated[str | None, typer.Option(help="The last day on which it holds, as 2026-12-31.", metavar="DATE")]


@app.command()
def baseline(project: KnownProject = None, format: ListIn = ListFormat.TEXT, config: Config = None) -> None:
    """Show what is known of default branches: when they were looked at, by what, and how far a first reading is."""
    from bot.cli.baseline import run_baseline

    raise typer.Exit(run_baseline(project=project, format=format.value, config=config))


@findings.command("list")
def findings_list(
    project: KnownProject = None,
    where: Annotated[Where, typer.Option(help="Where the last scans see them.")] = Where.DEFAULT_BRANCH,
    everywhere: Annotated[bool, typer.Option("--all", help="Wherever they are, also those that are gone.")] = False,
    limit: Annotated[int, typer.Option(help="How many, at most 1000.")] = 100,
    after: Annotated[str | None, typer.Option(help="Where the page before ended.", metavar="CURSOR")] = None,
    format: ListIn = ListFormat.TEXT,
    language: Speaking = None,
    config: Config = None,
) -> None:
    """List findings, worst first; those on the default branches unless you say otherwise."""
    from bot.cli.findings import run_list
    from bot.domain.known import Whereabouts

    raise typer.Exit(
        run_list(
            project=project,
            where=None if everywhere else Whereabouts(where.value),
            limit=limit,
            after=after,
            format=format.value,
            language=language.value if language else None,
            config=config,
        )
    )


@project_app.command("show")
def project_show(
    project: Annotated[str, typer.Argument(metavar="PROJECT", help="Full path or number of the project.")],
    format: Annotated[PageFormat, typer.Option("--format", "-f", help="How to show it.")] = PageFormat.TEXT,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write it to this file.")] = None,
    language: Speaking = None,
    config: Config = None,
) -> None:
    """Show how strongly a project's gate holds, what happened around it, and how its merge requests stand."""
    from bot.cli.project import run_show

    raise typer.Exit(
        run_show(
            project,
            format=format.value,
            output=output,
            language=language.value if language else None,
            config=config,
        )
    )


@findings.command("show")
def findings_show(
    finding: Number,
    format: Annotated[PageFormat, typer.Option("--format", "-f", help="How to show it.")] = PageFormat.TEXT,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write it to this file.")] = None,
    language: Speaking = None,
    config: Config = None,
) -> None:
    """Show everything that is known about a finding: where it is, why it is the same, who sees it, who judged it."""
    from bot.cli.findings import run_show

    raise typer.Exit(
        run_show(
            finding,
            format=format.value,
            output=output,
            language=language.value if language else None,
            config=config,
        )
    )


@findings.command("decide")
def findings_decide(
    finding: Number,
    state: Annotated[State, typer.Option(help="What you say of it; detected takes an earlier word back.")],
    justification: Annotated[
        Because | None, typer.Option("--as", help="Why it need not be mended; for --state dismissed.")
    ] = None,
    reason: Reason = "",
    until: Until = None,
    on: Annotated[
        str | None,
        typer.Option(help="A branch or merge request (!7) where its lines were edited: judge it as it is there."),
    ] = None,
    by: By = None,
    config: Config = None,
) -> None:
    """
    Judge a finding. A dismissal keeps it from counting until a day that you name; nothing is forgotten.

    Where the policy asks for a second person, it has no effect before `mergewarden suppressions approve`.
    """
    from bot.cli.findings import run_decide
    from bot.domain.triage import Justification, TriageState

    raise typer.Exit(
        run_decide(
            finding,
            state=TriageState(state.value),
            justification=Justification(justification.value) if justification else None,
            reason=reason,
            until=until,
            on=on,
            by=by,
            config=config,
        )
    )


@suppressions.command("list")
def suppressions_list(
    project: KnownProject = None,
    everything: Annotated[bool, typer.Option("--all", help="Also those that have ended or were revoked.")] = False,
    format: ListIn = ListFormat.TEXT,
    language: Speaking = None,
    config: Config = None,
) -> None:
    """List suppressions: of one project (with those for every project), or of all."""
    from bot.cli.suppressions import run_list

    raise typer.Exit(
        run_list(
            project=project,
            everything=everything,
            format=format.value,
            language=language.value if language else None,
            config=config,
        )
    )


@suppressions.command("add")
def suppressions_add(
    justification: Annotated[Because, typer.Option("--as", help="Why these findings need not be mended.")],
    reason: Reason,
    until: Annotated[str, typer.Option(help="The last day on which it holds, as 2026-12-31.", metavar="DATE")],
    project: KnownProject = None,
    scanner: Annotated[str | None, typer.Option(help="Name of the scanner whose rule it is.")] = None,
    rule: Annotated[str | None, typer.Option(help="The scanner's own id of the rule.")] = None,
    path: Annotated[str | None, typer.Option(help='Pattern as in .gitignore, such as "tests/"; default all.')] = None,
    advisory: Annotated[str | None, typer.Option(help="Any id of an advisory, such as CVE-2024-1234.")] = None,
    package: Annotated[str | None, typer.Option(help="Name of the package; default all that it names.")] = None,
    by: By = None,
    config: Config = None,
) -> None:
    """
    Suppress the findings of a rule or an advisory until a day that you name.

    A single finding is dismissed with `mergewarden findings decide`.
    """
    from bot.cli.suppressions import run_add
    from bot.domain.triage import Justification

    raise typer.Exit(
        run_add(
            project=project,
            scanner=scanner,
            rule=rule,
            path=path,
            advisory=advisory,
            package=package,
            justification=Justification(justification.value),
            reason=reason,
            until=until,
            by=by,
            config=config,
        )
    )


@suppressions.command("approve")
def suppressions_approve(suppression: SuppressionNumber, by: By = None, config: Config = None) -> None:
    """Approve a suppression that waits for a second person; whoever asked for it cannot."""
    from bot.cli.suppressions import run_approve

    raise typer.Exit(run_approve(suppression, by=by, config=config))


@suppressions.command("revoke")
def suppressions_revoke(suppression: SuppressionNumber, by: By = None, config: Config = None) -> None:
    """End a suppression before its time."""
    from bot.cli.suppressions import run_revoke

    raise typer.Exit(run_revoke(suppression, by=by, config=config))


@suppressions.command("report")
def suppressions_report(
    project: KnownProject = None,
    soon: Annotated[int, typer.Option(help="How many days ahead counts as soon.", min=1, max=3650)] = 14,
    format: ListIn = ListFormat.TEXT,
    language: Speaking = None,
    config: Config = None,
) -> None:
    """Show what somebody should look at: waiting, ending soon, ended, and unused suppressions."""
    from bot.cli.suppressions import run_report

    raise typer.Exit(
        run_report(
            project=project,
            soon_days=soon,
            format=format.value,
            language=language.value if language else None,
            config=config,
        )
    )


@app.command("import")
def import_reports(
    files: Annotated[list[Path], typer.Argument(help="Reports: SARIF, GitLab, CycloneDX ...; see docs/importing.md.")],
    project: Annotated[str, typer.Option(help="Full path or number of the project, for example shop/backend.")],
    ref: Annotated[
        str | None, typer.Option(help="The branch; with --merge-request its target, where we do not know that.")
    ] = None,
    sha: Annotated[str | None, typer.Option(help="Full id of the commit that the tool looked at.")] = None,
    merge_request: Annotated[
        int | None, typer.Option(help="Number of the merge request, for findings of its head.", min=1)
    ] = None,
    format: Annotated[str | None, typer.Option(help="Default is told by the content, whatever the name.")] = None,
    strip_prefix: Annotated[
        str | None, typer.Option(help="Folder that the tool's paths begin with, for example /builds/shop/backend.")
    ] = None,
    output: Annotated[ListFormat, typer.Option("--output", "-o", help="How to print what became of it.")] = (
        ListFormat.TEXT
    ),
    by: By = None,
    config: Config = None,
) -> None:
    """
    Take in what other tools found: all of a file or nothing, and the same file twice as once.

    Exit status: **0** all files are imported, **2** one was refused; the others are imported all the same.
    """
    from bot.cli.import_report import run_import

    raise typer.Exit(
        run_import(
            files,
            project=project,
            ref=ref,
            sha=sha,
            merge_request=merge_request,
            format=format,
            strip_prefix=strip_prefix,
            output=output.value,
            by=by,
            config=config,
        )
    )


PolicyFile = Annotated[Path, typer.Argument(help="A policy file.", metavar="FILE")]


@policy.command("check")
def policy_check(
    file: PolicyFile,
    group: Annotated[bool, typer.Option("--group", help="It is a group's file.")] = False,
    project: Annotated[bool, typer.Option("--project", help="It is a project's own .mergewarden.yml.")] = False,
    under: Annotated[
        Path | None, typer.Option(help="The organisation's file above it; default is this installation's policy.")
    ] = None,
    config: Config = None,
) -> None:
    """
    Say what a policy file means, or everything that is wrong with it.

    A group's or project's file is put under the organisation's policy. Exit status: **0** it is good, **2** it is not.
    """
    from bot.cli.policy import run_check

    layer = "group" if group else "project" if project else None
    raise typer.Exit(run_check(file, layer=layer, under=under, config=config))


@policy.command("schema")
def policy_schema(
    project: Annotated[bool, typer.Option("--project", help="Of a group's or a project's own file.")] = False,
) -> None:
    """Print the JSON schema of a policy file, by which an editor helps."""
    from bot.cli.policy import run_schema

    raise typer.Exit(run_schema(project=project))


@policy.command("simulate")
def policy_simulate(
    file: PolicyFile,
    since: Annotated[str, typer.Option(help="How far back, in days.", metavar="DAYS")] = "30d",
    project: Annotated[
        str | None, typer.Option(help="Pattern of projects' full paths as in a policy, for example shop/**.")
    ] = None,
    format: ListIn = ListFormat.TEXT,
    config: Config = None,
) -> None:
    """
    Say what a file would have done as the organisation's policy, on the scans of merge requests that are stored.

    Nothing is scanned, and nothing is changed.
    """
    from bot.cli.policy import run_simulate

    raise typer.Exit(run_simulate(file, since=since, pattern=project, format=format.value, config=config))


@policy.command("explain")
def policy_explain(
    merge_request: Annotated[str, typer.Argument(help="For example shop/backend!7.", metavar="MERGE_REQUEST")],
    format: ListIn = ListFormat.TEXT,
    language: Speaking = None,
    config: Config = None,
) -> None:
    """
    Say why the last decision about a merge request is what it is, and make it again from the store.

    Exit status: **0** it is the same again, **1** it is another one, **3** it cannot be made again.
    """
    from bot.cli.policy import run_explain

    raise typer.Exit(
        run_explain(merge_request, language=language.value if language else None, format=format.value, config=config)
    )


PersonName = Annotated[
    str, typer.Argument(help="A user name, or the person's number from the list as #7.", metavar="PERSON")
]
PasswordFile = Annotated[
    Path | None, typer.Option(help="Read the password from this file instead of asking for it; - is standard input.")
]


@admins.command("create")
def admin_create(
    name: Annotated[str, typer.Argument(help="Name to sign in with, for example ada.")],
    password_file: PasswordFile = None,
    role: Annotated[GrantedRole, typer.Option(help="Role for the whole instance.")] = GrantedRole.ADMIN,
    by: By = None,
    config: Config = None,
) -> None:
    """Make a local administrator, who signs in with a password. It is asked for, and only its hash is stored."""
    from bot.cli.admin import run_create

    raise typer.Exit(run_create(name, password_file=password_file, role=role.value, by=by, config=config))


@admins.command("list")
def admin_list(
    format: ListIn = ListFormat.TEXT,
    everybody: Annotated[bool, typer.Option("--all", help="Also people who sign in with a provider.")] = False,
    config: Config = None,
) -> None:
    """List local administrators with what they are granted."""
    from bot.cli.admin import run_list

    raise typer.Exit(run_list(format=format.value, everybody=everybody, config=config))


@admins.command("disable")
def admin_disable(person: PersonName, by: By = None, config: Config = None) -> None:
    """Shut somebody out: his sign-ins end at once, and his tokens open nothing."""
    from bot.cli.admin import run_disable

    raise typer.Exit(run_disable(person, disabled=True, by=by, config=config))


@admins.command("enable")
def admin_enable(person: PersonName, by: By = None, config: Config = None) -> None:
    """Let somebody in again."""
    from bot.cli.admin import run_disable

    raise typer.Exit(run_disable(person, disabled=False, by=by, config=config))


@admins.command("grant")
def admin_grant(
    person: PersonName,
    role: Annotated[GrantedRole, typer.Argument(help="The role.")],
    group: Annotated[str, typer.Option(help="For a group with all that is below it, by its full path.")] = "",
    project: Annotated[str, typer.Option(help="For one project, by its full path.")] = "",
    by: By = None,
    config: Config = None,
) -> None:
    """Grant a role, for the whole instance unless a group or project is given."""
    from bot.cli.admin import run_grant

    raise typer.Exit(run_grant(person, role.value, group=group, project=project, by=by, config=config))


@admins.command("revoke")
def admin_revoke(
    person: PersonName,
    grant: Annotated[int, typer.Argument(help="The grant's number, from the list.", metavar="GRANT", min=1)],
    by: By = None,
    config: Config = None,
) -> None:
    """Take a granted role away."""
    from bot.cli.admin import run_revoke

    raise typer.Exit(run_revoke(person, grant, by=by, config=config))


@admins.command("reset-password")
def admin_reset_password(
    name: Annotated[str, typer.Argument(help="The local administrator's name.")],
    password_file: PasswordFile = None,
    by: By = None,
    config: Config = None,
) -> None:
    """Give a local administrator another password. His sign-ins end at once."""
    from bot.cli.admin import run_reset_password

    raise typer.Exit(run_reset_password(name, password_file=password_file, by=by, config=config))


@tokens.command("create")
def token_create(
    name: Annotated[str, typer.Argument(help="Who uses it, for example shop-ci.")],
    scope: Annotated[list[TokenScope], typer.Option(help="What it is good for; may be given several times.")],
    project: Annotated[
        str, typer.Option(help="Pattern of full paths as in the policy, for example shop/*; default is every project.")
    ] = "**",
    days: Annotated[int, typer.Option(help="Days until it expires, at most 400.", min=1, max=400)] = 90,
    by: By = None,
    config: Config = None,
) -> None:
    """Make a token. It is printed this once: only its hash is stored."""
    from bot.cli.token import run_create

    scopes = [word.value for word in scope]
    raise typer.Exit(run_create(name, scopes=scopes, project=project, days=days, by=by, config=config))


@tokens.command("list")
def token_list(
    format: ListIn = ListFormat.TEXT,
    everything: Annotated[bool, typer.Option("--all", help="Also those that expired or were revoked.")] = False,
    config: Config = None,
) -> None:
    """List the tokens, and when each was last used; never the tokens themselves."""
    from bot.cli.token import run_list

    raise typer.Exit(run_list(format=format.value, everything=everything, config=config))


@tokens.command("revoke")
def token_revoke(
    token: Annotated[int, typer.Argument(help="The token's number, from the list.", metavar="TOKEN", min=1)],
    config: Config = None,
) -> None:
    """Make a token useless at once."""
    from bot.cli.token import run_revoke

    raise typer.Exit(run_revoke(token, config))


@receipt.command("key")
def receipt_key(config: Config = None) -> None:
    """Print the public key that receipts are verified with; makes the key pair where there is none yet."""
    from bot.cli.receipt import run_key

    raise typer.Exit(run_key(config))


@receipt.command("show")
def receipt_show(
    merge_request: Annotated[str, typer.Argument(help="Such as shop/backend!7.", metavar="PROJECT!NUMBER")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write the signed document to this file.")] = None,
    format: ListIn = ListFormat.TEXT,
    language: Speaking = None,
    config: Config = None,
) -> None:
    """Show the newest receipt of a merge request: what was looked at, by whom, and what was decided."""
    from bot.cli.receipt import run_show

    spoken = language.value if language else None
    raise typer.Exit(run_show(merge_request, out=out, format=format.value, language=spoken, config=config))


@app.command("verify-receipt")
def verify_receipt(
    file: Annotated[Path, typer.Argument(help="The signed document.")],
    key: Annotated[
        list[Path], typer.Option(help="A public key in PEM form; several, where the key was changed: one has to fit.")
    ],
    commit: Annotated[str | None, typer.Option(help="The commit that it has to be about: its full id.")] = None,
    repository: Annotated[
        Path | None, typer.Option(help="A repository with the commit, whose change has to have the same files.")
    ] = None,
) -> None:
    """
    Check a receipt, without a server and without settings.

    Exit status: **0** valid, **1** not valid, **2** it, a key or the repository cannot be read.
    """
    from bot.cli.receipt import run_verify

    raise typer.Exit(run_verify(file, keys=key, commit=commit, repository=repository))


@rules.command("noise")
def rules_noise(
    project: KnownProject = None,
    since: Annotated[str, typer.Option(help="How far back, such as 90d.", metavar="DAYS")] = "90d",
    format: ListIn = ListFormat.TEXT,
    config: Config = None,
) -> None:
    """Show how often people called what a rule commented on false, and propose the rules to demote."""
    from bot.cli.rules_noise import run_noise

    raise typer.Exit(run_noise(project=project, since=since, format=format.value, config=config))


@rules.command("list")
def rules_list(
    language: Annotated[str | None, typer.Option(help="What they read: a pack's name, such as python.")] = None,
    weakness: Annotated[str | None, typer.Option(help="Such as sql-injection.")] = None,
    scanner: Annotated[str | None, typer.Option(help="Such as semgrep.")] = None,
    mode: Annotated[str | None, typer.Option(help="What they may do here: monitor, comment or block.")] = None,
    severity: Annotated[str | None, typer.Option(help="info, low, medium, high or critical.")] = None,
    origin: Annotated[str | None, typer.Option(help="Whose they are: mergewarden or organisation.")] = None,
    format: ListIn = ListFormat.TEXT,
    words: Annotated[LanguageChoice | None, typer.Option(help="Language of the words in JSON.")] = None,
    config: Config = None,
) -> None:
    """List the rules of all scanners: severity, confidence, and what they may do."""
    from bot.cli.rules_list import filter_of, run_list

    wanted = filter_of(
        {
            "language": language,
            "weakness": weakness,
            "scanner": scanner,
            "mode": mode,
            "severity": severity,
            "origin": origin,
        }
    )
    spoken = words.value if words else None
    raise typer.Exit(run_list(wanted, format=format.value, language=spoken, config=config))


@rules.command("show")
def rules_show(
    rule: Annotated[str, typer.Argument(help="The rule's id, such as python-weak-hash.", metavar="RULE")],
    scanner: Annotated[str | None, typer.Option(help="Whose rule, where several have one of that id.")] = None,
    format: ListIn = ListFormat.TEXT,
    language: Speaking = None,
    config: Config = None,
) -> None:
    """Show a rule: what it finds, its samples, and how often it fired and was called false here."""
    from bot.cli.rules_list import run_show

    spoken = language.value if language else None
    raise typer.Exit(run_show(rule, scanner=scanner, format=format.value, language=spoken, config=config))


@rules.command("test")
def rules_test(
    path: Annotated[Path | None, typer.Argument(help="A folder or file of rules; ours without it.")] = None,
    format: ListIn = ListFormat.TEXT,
) -> None:
    """
    Run rules over their own samples, and check that they say all that they must.

    Exit status: **0** all passed, **1** something has to be mended.
    """
    from bot.cli.rules_test import run_test

    raise typer.Exit(run_test(path, format=format.value))


@rules.command("read")
def rules_read(config: Config = None) -> None:
    """Read your own rules from where they live, as a worker does every minute. Exit status 1 while they are wrong."""
    from bot.cli.rules_own import run_read

    raise typer.Exit(run_read(config=config))


@rules.command("simulate")
def rules_simulate(
    source: Annotated[
        str | None, typer.Argument(help="A folder of rules, or a version's digest; the waiting one without it.")
    ] = None,
    project: Annotated[str | None, typer.Option(help="Only projects like this: shop/** or shop/backend.")] = None,
    limit: Annotated[int, typer.Option(help="Most files of each project.", min=1, max=100_000)] = 2_000,
    format: ListIn = ListFormat.TEXT,
    config: Config = None,
) -> None:
    """Show what other rules of your own would add and remove in stored code. Nothing is switched on."""
    from bot.cli.rules_own import run_simulate

    raise typer.Exit(run_simulate(source, pattern=project, limit=limit, format=format.value, config=config))


@rules.command("versions")
def rules_versions(format: ListIn = ListFormat.TEXT, config: Config = None) -> None:
    """List the versions of your own rules, which is in force, which waits, and who switched what on."""
    from bot.cli.rules_own import run_versions

    raise typer.Exit(run_versions(format=format.value, config=config))


@rules.command("switch-on")
def rules_switch_on(
    digest: Annotated[str, typer.Argument(help="Its first digits, as rules versions shows; none: without any.")],
    reason: Annotated[str, typer.Option(help="Why, on one line: in a year, somebody will ask.")] = "",
    by: By = None,
    config: Config = None,
) -> None:
    """Put a version of your own rules in force, from the next scan on; it is written down who did."""
    from bot.cli.rules_own import run_switch_on

    raise typer.Exit(run_switch_on(digest, by=by, reason=reason, config=config))


@hook.command("config")
def hook_config(
    timeout: Annotated[int, typer.Option(help="Seconds that a push waits for us.", min=1, max=50)] = 5,
    when_unreachable: Annotated[Unreachable, typer.Option(help="When we do not answer and no list is good.")] = (
        Unreachable.REFUSE
    ),
    config: Config = None,
) -> None:
    """Print the settings file that goes beside the hook; the secret goes into a file of its own."""
    from bot.cli.hook import run_config

    raise typer.Exit(run_config(timeout=timeout, when_unreachable=when_unreachable.value, config=config))


@hook.command("show")
def hook_show(
    project: Annotated[str, typer.Argument(help="Full path or number of the project.")],
    format: ListIn = ListFormat.TEXT,
    config: Config = None,
) -> None:
    """Show what the hook is told about a project: protected branches, clearances, and when it asked last."""
    from bot.cli.hook import run_show

    raise typer.Exit(run_show(project, format=format.value, config=config))


SubscriptionNumber = Annotated[int, typer.Argument(help="Number of the subscription, as the list has it.", min=1)]


@subscription_app.command("add")
def subscription_add(
    name: Annotated[str, typer.Argument(help="What people call it.")],
    target: Annotated[
        str,
        typer.Argument(
            help="E-mail addresses with commas; the full path of a project for an issue or wiki page; a chat's address "
            "as apprise has it (dingtalk://, wecombot://, feishu://, slack://, workflows:// and more)."
        ),
    ],
    channel: Annotated[str, typer.Option(help="email, gitlab_issue, gitlab_wiki or chat.")] = "email",
    audience: Annotated[str, typer.Option(help="management, security, development or audit.")] = "management",
    project: Annotated[str | None, typer.Option(help="About this project; without it about everything.")] = None,
    group: Annotated[str | None, typer.Option(help="About this group.")] = None,
    period: Annotated[list[str] | None, typer.Option(help="week, month, quarter, year; again for more.")] = None,
    format: Annotated[list[str] | None, typer.Option(help="pdf, html, md, csv, xlsx, json; again for more.")] = None,
    language: Annotated[LanguageChoice, typer.Option(help="Of what is sent.")] = LanguageChoice.ENGLISH,
    time_zone: Annotated[str, typer.Option(help="For the quiet hours, such as Asia/Shanghai.")] = "UTC",
    quiet: Annotated[str, typer.Option(help="When nothing is sent, such as 22:00-08:00.")] = "",
    acknowledge: Annotated[bool, typer.Option(help="Ask people to say that they read it.")] = False,
    by: By = None,
    config: Config = None,
) -> None:
    """Send somebody the summary of each period from now on."""
    from bot.cli.subscription import run_add

    raise typer.Exit(
        run_add(
            name,
            target,
            channel=channel,
            audience=audience,
            project=project,
            group=group,
            periods=period or (),
            formats=format or (),
            language=language.value,
            time_zone=time_zone,
            quiet=quiet,
            acknowledge=acknowledge,
            by=by,
            config=config,
        )
    )


@subscription_app.command("list")
def subscription_list(format: ListIn = ListFormat.TEXT, config: Config = None) -> None:
    """Show who gets what."""
    from bot.cli.subscription import run_list

    raise typer.Exit(run_list(format=format.value, config=config))


@subscription_app.command("disable")
def subscription_disable(subscription: SubscriptionNumber, by: By = None, config: Config = None) -> None:
    """Deliver nothing more."""
    from bot.cli.subscription import run_enable

    raise typer.Exit(run_enable(subscription, False, by=by, config=config))


@subscription_app.command("enable")
def subscription_enable(subscription: SubscriptionNumber, by: By = None, config: Config = None) -> None:
    """Deliver again."""
    from bot.cli.subscription import run_enable

    raise typer.Exit(run_enable(subscription, True, by=by, config=config))


@subscription_app.command("delete")
def subscription_delete(subscription: SubscriptionNumber, by: By = None, config: Config = None) -> None:
    """Forget a subscription with its deliveries."""
    from bot.cli.subscription import run_delete

    raise typer.Exit(run_delete(subscription, by=by, config=config))


@subscription_app.command("deliveries")
def subscription_deliveries(
    subscription: Annotated[int | None, typer.Argument(help="Of this subscription only.", min=1)] = None,
    config: Config = None,
) -> None:
    """Show the last deliveries and what became of them."""
    from bot.cli.subscription import run_deliveries

    raise typer.Exit(run_deliveries(subscription, config=config))


@subscription_app.command("send")
def subscription_send(config: Config = None) -> None:
    """Make what is due and send it now, without waiting for the bot's next round."""
    from bot.cli.subscription import run_now

    raise typer.Exit(run_now(config=config))


LanguageIn = Annotated[LanguageChoice | None, typer.Option(help="Language of the models' texts.")]
ModelIn = Annotated[str | None, typer.Option(help="Id of the model; maturity list shows them.", metavar="ID")]


@maturity_app.command("list")
def maturity_list(language: LanguageIn = None, format: ListIn = ListFormat.TEXT, config: Config = None) -> None:
    """
    List the models in force: those that come with Mergewarden, and your own.

    Exit status: **0**, or **2** when a file of your own cannot be used; the others count all the same.
    """
    from bot.cli.maturity import run_list

    raise typer.Exit(run_list(language=language and language.value, format=format.value, config=config))


@maturity_app.command("show")
def maturity_show(
    model: Annotated[str, typer.Argument(help="Id of the model.")],
    language: LanguageIn = None,
    format: ListIn = ListFormat.TEXT,
    config: Config = None,
) -> None:
    """Show what each level of each item of a model asks."""
    from bot.cli.maturity import run_show

    raise typer.Exit(run_show(model, language=language and language.value, format=format.value, config=config))


@maturity_app.command("check")
def maturity_check(files: Annotated[list[Path], typer.Argument(help="Files with models.")]) -> None:
    """
    Say of files with models that they are good, or everything that is wrong with them. Needs no server and no settings.

    Exit status: **0** all are good, **2** one is not.
    """
    from bot.cli.maturity import run_check

    raise typer.Exit(run_check(files))


@maturity_app.command("measures")
def maturity_measures(
    language: Annotated[LanguageChoice, typer.Option(help="Language of the titles.")] = LanguageChoice.ENGLISH,
    format: ListIn = ListFormat.TEXT,
) -> None:
    """List the figures that a model can ask for."""
    from bot.cli.maturity import run_measures

    raise typer.Exit(run_measures(language=language.value, format=format.value))


@maturity_app.command("schema")
def maturity_schema() -> None:
    """Print the JSON schema of a file with a model, by which an editor helps."""
    from bot.cli.maturity import run_schema

    raise typer.Exit(run_schema())


@maturity_app.command("explain")
def maturity_explain(
    project: Annotated[str, typer.Argument(help="Full path or number of the project.")],
    item: Annotated[str | None, typer.Argument(help="Id of an item, such as 8.3; none for the whole rating.")] = None,
    model: ModelIn = None,
    language: LanguageIn = None,
    format: ListIn = ListFormat.TEXT,
    config: Config = None,
) -> None:
    """
    Explain a project's rating: each demand with its value, what is behind it, and what raises the rating next.

    Exit status: **0**, or **3** when nothing was counted yet.
    """
    from bot.cli.maturity import run_explain

    spoken = language and language.value
    raise typer.Exit(run_explain(project, item, model=model, language=spoken, format=format.value, config=config))


@app.command()
def score(
    project: Annotated[
        str | None, typer.Argument(help="Full path or number of a project; none for a table of all.")
    ] = None,
    group: Annotated[str | None, typer.Option(help="Full path of a group instead.")] = None,
    organisation: Annotated[bool, typer.Option("--organisation", help="Everything together instead.")] = False,
    model: ModelIn = None,
    language: LanguageIn = None,
    format: ListIn = ListFormat.TEXT,
    config: Config = None,
) -> None:
    """
    Show how projects, a group or everything score, by the newest nightly snapshot.

    Exit status: **0**, or **3** when what is asked for is not assessed.
    """
    from bot.cli.maturity import run_score

    raise typer.Exit(
        run_score(
            project,
            group=group,
            organisation=organisation,
            model=model,
            language=language and language.value,
            format=format.value,
            config=config,
        )
    )


OfGroup = Annotated[str | None, typer.Option("--group", help="Full path of a group.")]
OfOrganisation = Annotated[bool, typer.Option("--organisation", help="Only those of the organisation.")]
OfPeriod = Annotated[
    str | None, typer.Option("--period", help="night, week, month, quarter, year or span.", metavar="KIND")
]
SinceDay = Annotated[str | None, typer.Option("--since", help="First of their last days, as 2026-01-01.")]
UntilDay = Annotated[str | None, typer.Option("--until", help="Last of their last days, as 2026-12-31.")]


@snapshots_app.command("list")
def snapshots_list(
    project: KnownProject = None,
    group: OfGroup = None,
    organisation: OfOrganisation = False,
    period: OfPeriod = None,
    since: SinceDay = None,
    until: UntilDay = None,
    limit: Annotated[int, typer.Option(help="At most so many.")] = 50,
    before: Annotated[int | None, typer.Option(help="Go on after this number, where the last page ended.")] = None,
    format: ListIn = ListFormat.TEXT,
    config: Config = None,
) -> None:
    """List snapshots with their scores, the newest first."""
    from bot.cli.snapshots import run_list

    raise typer.Exit(
        run_list(
            project=project,
            group=group,
            organisation=organisation,
            period=period,
            since=since,
            until=until,
            limit=limit,
            before=before,
            format=format.value,
            config=config,
        )
    )


@snapshots_app.command("show")
def snapshots_show(
    snapshot: Annotated[str, typer.Argument(help="Its number, or the first digits of its digest.", metavar="SNAPSHOT")],
    format: ListIn = ListFormat.TEXT,
    alone: Annotated[
        bool, typer.Option("--alone", help="As JSON without the contents of its projects, which it is checked with.")
    ] = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write it to this file.")] = None,
    config: Config = None,
) -> None:
    """Show what a snapshot says; as JSON with everything that it takes to check it anywhere."""
    from bot.cli.snapshots import run_show

    raise typer.Exit(run_show(snapshot, format=format.value, alone=alone, output=output, config=config))


@snapshots_app.command("verify")
def snapshots_verify(
    file: Annotated[Path | None, typer.Argument(help="An exported snapshot; without it, the stored ones.")] = None,
    project: KnownProject = None,
    group: OfGroup = None,
    organisation: OfOrganisation = False,
    period: OfPeriod = None,
    since: SinceDay = None,
    until: UntilDay = None,
    config: Config = None,
) -> None:
    """
    Make snapshots again from what they name, and name every one that does not give its hash.

    Exit status: **0** all do, **1** some do not, **2** it cannot be read.
    """
    from bot.cli.snapshots import run_verify

    raise typer.Exit(
        run_verify(
            file,
            project=project,
            group=group,
            organisation=organisation,
            period=period,
            since=since,
            until=until,
            config=config,
        )
    )


def main() -> None:
    """Entry point: errors that a person can mend are printed without a traceback."""
    if sys.stdout is None:
        # Whoever closes standard output does not want it. Nothing that is opened later may take its place.
        sys.stdout = os.fdopen(os.dup2(os.open(os.devnull, os.O_WRONLY), 1), "w", encoding="utf-8")
    try:
        app()
    except MergewardenError as error:
        print(f"mergewarden: {error}", file=sys.stderr)
        if error.hint:
            print(f"  {error.hint}", file=sys.stderr)
        sys.exit(WRONG_USE)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        if _no_space(error):
            print("mergewarden: there is no space left where it writes, and nothing was assessed", file=sys.stderr)
            print("  Make room for the data directory, the temporary folder and the output.", file=sys.stderr)
            drop_output()
            sys.exit(NOT_ASSESSED)
        # Python's own status for this is 1, which would read as a verdict.
        traceback.print_exc()
        print("mergewarden: this is a fault of ours, and nothing was assessed", file=sys.stderr)
        sys.exit(NOT_ASSESSED)


def _no_space(error: BaseException) -> bool:
    """Whether a disk is full: the system's word, or SQLite's behind the one of its driver."""
    original = getattr(error, "orig", error)
    if isinstance(original, sqlite3.Error):
        return getattr(original, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL
    return isinstance(original, OSError) and original.errno in (errno.ENOSPC, errno.EDQUOT)
