"""The commands: ``mergewarden --help``."""

from bot.cli.app import main

__all__ = ["main"]
