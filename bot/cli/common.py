"""What several commands begin with."""

from __future__ import annotations

from pathlib import Path

from bot.observability.logs import configure_logging
from bot.observability.metrics import Metrics
from bot.services import Services
from bot.settings import load_settings


def open_services(config: Path | None, *, shared_metrics: bool = False, quiet: bool = True) -> Services:
    """
    Settings read, logging configured, nothing connected yet. Raises ``ConfigurationError``.

    ``quiet`` is for commands that talk to a person: only errors are logged.
    """
    settings = load_settings(config_file=config, working_directory=Path.cwd())
    if quiet:
        configure_logging("console", "ERROR", settings.secrets())
    else:
        configure_logging(settings.log_format, settings.log_level, settings.secrets())
    metrics = Metrics.shared(settings.metrics_directory()) if shared_metrics else Metrics()
    return Services(settings, metrics)
