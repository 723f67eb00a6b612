"""Errors of the bot that carry what went wrong, where, and how to mend it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence for people, kept as a template and what stands in it, so that it can be said in any language."""

    template: str
    """English, marked with ``N_`` where it is written; ``{name}`` for a value."""
    values: tuple[tuple[str, Value], ...] = ()
    """By name. Texts are shown as they are, sentences in the reader's language."""

    def __str__(self) -> str:
        """In English."""
        return self.into(lambda template: template)

    def into(self, look_up: Callable[[str], str]) -> str:
        """In the language of ``look_up``, a ``gettext``."""
        filled = {name: one.into(look_up) if isinstance(one, Sentence) else one for name, one in self.values}
        text = look_up(self.template)
        # A text without values may be anybody's, braces and all.
        return text.format(**filled) if filled else text


Value = str | int | Sentence
"""What may stand in a sentence."""
Told = str | Sentence
"""What is said to people: a text marked with ``N_`` is its own template."""


def sentence(template: str, /, **values: Value) -> Sentence:
    """A sentence with values in it; mark the template with ``N_``."""
    return Sentence(template, tuple(sorted(values.items())))


def clause(told: Told) -> Sentence:
    """What is said, to stand in another sentence."""
    return told if isinstance(told, Sentence) else Sentence(told)


def translated(told: Told, look_up: Callable[[str], str]) -> str:
    """What is said, in the language of ``look_up``, a ``gettext``; a text that it does not know stays as it is."""
    if isinstance(told, Sentence):
        return told.into(look_up)
    # The empty text is the catalogue's own head.
    return look_up(told) if told else ""


class MergewardenError(Exception):
    """
    Base of the errors that a person is meant to read.

    ``str(error)`` says what and where; ``hint`` says how to mend it (may be empty). ``told`` and ``told_hint`` are the
    same for whoever shows them in another language.
    """

    def __init__(self, message: Told, hint: Told = "") -> None:
        super().__init__(str(message))
        self.hint = str(hint)
        self.told = message
        self.told_hint = hint


class ConfigurationError(MergewardenError):
    """Raised when a setting or a policy is missing or wrong. Commands exit with 2."""
