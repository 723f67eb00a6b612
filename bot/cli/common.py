"""What several commands begin with."""

from __future__ import annotations

import os
import pwd
import re
import tempfile
from datetime import UTC, date, datetime, time
from pathlib import Path

from bot.errors import ConfigurationError, MergewardenError
from bot.observability.logs import configure_logging
from bot.observability.metrics import Metrics
from bot.reports.visible import one_line
from bot.services import Services
from bot.settings import Settings, load_settings
from bot.store.projects import Project

_DAYS = re.compile(r"([0-9]{1,5})d?")
_LONGEST_DAYS = 3_650


def open_services(config: Path | None, *, shared_metrics: bool = False, quiet: bool = True) -> Services:
    """
    Settings read, logging configured, nothing connected yet. Raises ``ConfigurationError``.

    ``quiet`` is for commands that talk to a person: only errors are logged.
    """
    settings = load_settings(config_file=config, working_directory=Path.cwd())
    make_data_dir(settings)
    if quiet:
        configure_logging("console", "ERROR", settings.secrets())
    else:
        configure_logging(settings.log_format, settings.log_level, settings.secrets())
    metrics = Metrics.shared(settings.metrics_directory()) if shared_metrics else Metrics()
    return Services(settings, metrics)


def make_data_dir(settings: Settings) -> None:
    """Make the data directory where it is missing. Raises ``ConfigurationError`` when it is of no use."""
    place = settings.data_dir
    try:
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        raise ConfigurationError(
            f"the data directory {place} cannot be used: {error.strerror}",
            "Give it to the user that runs Mergewarden, or set MERGEWARDEN_DATA_DIR, "
            "for example MERGEWARDEN_DATA_DIR=/var/lib/mergewarden.",
        ) from error


def user_name(given: str | None = None) -> str:
    """Who decides: the name that was given, else the user whom the operating system knows us as."""
    if given is not None:
        return given
    try:
        # Not from the environment, which anybody sets as he likes.
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"user {os.getuid()}"


def print_again(merge_requests: int) -> None:
    """Say how many open merge requests are judged again because of what was decided."""
    if merge_requests:
        print(f"{merge_requests} open merge request{'s' if merge_requests > 1 else ''} will be judged again at once")


def end_of_day(text: str) -> datetime:
    """The end of a day as ``2026-12-31``, in UTC. Raises ``MergewardenError`` for any other text."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise MergewardenError(f"{text!r} is not a date", "Write it as 2026-12-31; that day is the last one.") from None
    return datetime.combine(day, time(23, 59, 59), UTC)


def days_of(text: str) -> int:
    """``90d`` or ``90``. Raises ``MergewardenError`` for any other text."""
    found = _DAYS.fullmatch(text.strip())
    if found is None or not 1 <= int(found[1]) <= _LONGEST_DAYS:
        raise MergewardenError(
            f"{one_line(text, 40)!r} is not a number of days from 1 to {_LONGEST_DAYS}", "Write it as 90d."
        )
    return int(found[1])


def project_of(services: Services, name: str) -> Project:
    """The project with this full path or number. Raises ``UnknownProject``, and ``GitLabError`` where that is asked."""
    # Most commands name no project, and need nothing of what comes with it.
    from bot.pipeline.projects import project_named

    return project_named(services, name, register=False)
