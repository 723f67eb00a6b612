"""Errors of the bot that carry what went wrong, where, and how to mend it."""

from __future__ import annotations


class MergewardenError(Exception):
    """
    Base of the errors that a person is meant to read.

    ``str(error)`` says what and where; ``hint`` says how to mend it (may be empty).
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class ConfigurationError(MergewardenError):
    """Raised when a setting or a policy is missing or wrong. Commands exit with 2."""
