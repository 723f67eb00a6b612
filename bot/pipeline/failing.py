"""
What to say of an error, and whether trying again may help.
"""

from __future__ import annotations

from bot.domain import failures
from bot.errors import ConfigurationError, MergewardenError
from bot.store.engine import transient


def explain(error: BaseException) -> str:
    """One line about what went wrong that is safe to show to a developer."""
    if isinstance(error, ConfigurationError):
        return failures.WRONG_CONFIGURATION.format(sentence=str(error).splitlines()[0])
    if isinstance(error, MergewardenError):
        return str(error).splitlines()[0]
    return failures.INTERNAL_ERROR.format(kind=type(error).__name__)


def worth_retrying(error: BaseException) -> bool:
    """Whether trying the step again may help."""
    return bool(getattr(error, "retryable", False)) or transient(error)
