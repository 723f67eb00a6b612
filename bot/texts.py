"""
Every sentence a user sees, in the languages that we ship.

English is the message id. Translations are gettext catalogues (``bot/locale/<language>/LC_MESSAGES/mergewarden.po``),
read with Babel when first needed, so that nothing has to be compiled at installation.
"""

from __future__ import annotations

import io
from enum import Enum
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

_LOCALE = Path(__file__).parent / "locale"


class Language(Enum):
    """Languages of comments, pages and reports."""

    ENGLISH = "en"
    CHINESE = "zh-CN"


@cache
def translations(language: Language) -> NullTranslations:
    """
    The catalogue of a language.

    Use ``t = translations(language)`` and then ``t.gettext("Passed")`` or ``t.ngettext("{n} file", "{n} files", n)``
    followed by ``.format(n=n)``. English returns the text as it is.
    """
    if language is Language.ENGLISH:
        return NullTranslations()
    path = _LOCALE / language.value.replace("-", "_") / "LC_MESSAGES" / "mergewarden.po"
    compiled = io.BytesIO()
    with path.open("rb") as source:
        write_mo(compiled, read_po(source))
    compiled.seek(0)
    return GNUTranslations(compiled)


def N_(template: str) -> str:  # noqa: N802 - gettext's own name for it
    """Mark a text for translation where it is defined and not where it is shown; returns it as it is."""
    return template
