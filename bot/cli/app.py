"""
The command line, put together. Each command's module is imported when it is called, so that ``--help`` is quick.
"""

from __future__ import annotations

import sys
import traceback
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

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


def main() -> None:
    """Entry point: errors that a person can mend are printed without a traceback."""
    try:
        app()
    except MergewardenError as error:
        print(f"mergewarden: {error}", file=sys.stderr)
        if error.hint:
            print(f"  {error.hint}", file=sys.stderr)
        sys.exit(WRONG_USE)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception:
        # Python's own status for this is 1, which would read as a verdict.
        traceback.print_exc()
        print("mergewarden: this is a fault of ours, and nothing was assessed", file=sys.stderr)
        sys.exit(NOT_ASSESSED)
