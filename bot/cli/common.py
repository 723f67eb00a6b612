"""What several commands begin with."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bot.errors import ConfigurationError
from bot.observability.logs import configure_logging
from bot.observability.metrics import Metrics
from bot.services import Services
from bot.settings import Settings, load_settings


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
