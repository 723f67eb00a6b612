"""
What is said when summaries are sent: subject, plain text for e-mail, few words for a chat. Pure.

A chat reads more into a text than an e-mail does (mentions, links, markup), so it gets numbers and words of ours only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.maturity.subscription import Audience
from bot.domain.maturity.summary import Summary
from bot.reports.maturity.summary_view import View
from bot.reports.maturity.summary_words import view_of
from bot.reports.visible import one_line
from bot.reports.wording import Wording

_UNSAFE = re.compile(r"[^\w./ ()–-]")
_LONGEST_SUBJECT = 180


@dataclass(frozen=True, slots=True)
class Enclosed:
    """One summary of a message."""

    summary: Summary
    url: str
    """Its page; empty where no public address is known."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent."""

    subject: str
    text: str
    """Plain text for people who read calmly."""
    short: str
    """For a chat: nothing in it is a stranger's."""


def compose(
    enclosed: Sequence[Enclosed], audience: Audience, wording: Wording, *, acknowledge_url: str = "", asks: bool = False
) -> Message:
    """
    One message about one or several summaries.

    ``asks``: whether readers are asked to say that they read it; ``acknowledge_url``: where. Management gets the
    numbers and what needs attention, development and security what is still to be done as well, audit the digests.
    """
    _ = wording.t.gettext
    views = [(one, view_of(one.summary, wording)) for one in enclosed]
    first = views[0][1]
    subject = f"{first.title}{wording.colon()}{first.subtitle}"
    if len(views) > 1:
        others = wording.t.ngettext("and {n} more", "and {n} more", len(views) - 1).format(n=len(views) - 1)
        subject = wording.clauses([subject, others])
    parts = [_full(one, view, audience, wording) for one, view in views]
    brief = [_brief(one, view, wording) for one, view in views]
    if asks and acknowledge_url:
        words = _("Please say that you have read this: {url}").format(url=acknowledge_url)
        parts.append([words])
        brief.append([words])
    return Message(
        one_line(subject, _LONGEST_SUBJECT),
        "\n\n".join("\n".join(part) for part in parts) + "\n",
        "\n\n".join("\n".join(part) for part in brief),
    )


def _full(one: Enclosed, view: View, audience: Audience, wording: Wording) -> list[str]:
    _ = wording.t.gettext
    lines = [view.title, view.subtitle, ""]
    lines += [_line(tile.label, tile.value, tile.detail, wording) for tile in view.management.tiles]
    lines += ["", view.management.bullets_title]
    lines += [f"- {bullet}" for bullet in view.management.bullets]
    if audience in (Audience.SECURITY, Audience.DEVELOPMENT):
        duties = next((section for section in view.sections if section.name == "duties"), None)
        for table in duties.tables if duties is not None else ():
            lines += ["", table.title or (duties.title if duties is not None else "")]
            lines += ["- " + ", ".join(cell.text for cell in row if cell.text) for row in table.rows[:20]] or [
                table.empty
            ]
    if audience is Audience.AUDIT:
        lines += ["", *(_line(label, value, "", wording) for label, value in view.facts)]
    lines += ["", *view.notices] if view.notices else []
    if one.url:
        lines += ["", _("The whole summary: {url}").format(url=one.url)]
    return lines


def _brief(one: Enclosed, view: View, wording: Wording) -> list[str]:
    _ = wording.t.gettext
    red = len(one.summary.red)
    lines = [_UNSAFE.sub("·", f"{view.title} – {view.subtitle}")]
    lines += [_UNSAFE.sub("·", f"{tile.label} – {tile.value}") for tile in view.management.tiles]
    lines.append(
        wording.t.ngettext("{n} point needs attention", "{n} points need attention", red).format(n=red)
        if red
        else _("Nothing stands out in what is known.")
    )
    return [*lines, one.url] if one.url else lines


def _line(label: str, value: str, detail: str, wording: Wording) -> str:
    shown = f"{label}{wording.colon()}{value}"
    return f"{shown} ({detail})" if detail else shown
