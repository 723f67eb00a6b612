"""How long something took or is ago, in few words of the reader's language."""

from __future__ import annotations

from datetime import datetime

from bot.reports.wording import Wording


def span(seconds: float | None, wording: Wording) -> str:
    """A length of time, rounded to what matters; a dash for an unknown one."""
    if seconds is None:
        return "–"
    _ = wording.t.gettext
    left = max(0.0, seconds)
    if left < 10:
        return _("{n} s").format(n=f"{left:.1f}")
    if left < 120:
        return _("{n} s").format(n=round(left))
    if left < 7_200:
        return _("{n} min").format(n=round(left / 60))
    if left < 172_800:
        return _("{n} h").format(n=round(left / 3_600))
    days = round(left / 86_400)
    return wording.t.ngettext("{n} day", "{n} days", days).format(n=days)


def since(at: datetime | None, now: datetime, wording: Wording) -> str:
    """How long ago it was; a dash where it is not known."""
    return span(None if at is None else (now - at).total_seconds(), wording)
