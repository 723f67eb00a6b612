"""
Whose exception a finding falls under, as templates: the English sentences of ``Suppressed.explanation``.

A sentence is made with ``format``. Whoever shows it in another language finds its template again in ``ALL``. A field's
name says what may stand in it, see ``bot.reports.sentences``.
"""

from __future__ import annotations

from bot.texts import N_

ACCEPTABLE_RISK = N_("risk accepted by {actor} until {date}: {reason}")
FALSE_POSITIVE = N_("called a false positive by {actor} until {date}: {reason}")
MITIGATING_CONTROL = N_("called mitigated by {actor} until {date}: {reason}")
USED_IN_TESTS = N_("called test code by {actor} until {date}: {reason}")
NOT_APPLICABLE = N_("called not applicable by {actor} until {date}: {reason}")

ALL = tuple(value for name, value in list(globals().items()) if name.isupper() and isinstance(value, str))
"""Every template of this module."""
