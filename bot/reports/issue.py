"""
The GitLab issue about one finding: a title and a description in which a stranger's text is only ever text.

Values of secrets and code are left out: the issue's readers may be others than the finding's.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from bot.domain.known import Dossier
from bot.reports.markdown import code_span, link, plain, plain_line, prose, quote
from bot.reports.visible import one_line, shorten_path, visible
from bot.reports.wording import Wording, words_in
from bot.texts import Language

LONGEST_TITLE = 200
"""Characters; GitLab takes 255."""
_MESSAGE = 3_000
_MOST_PLACES = 20


def issue_title(found: Dossier, language: Language) -> str:
    """One line of plain text: titles are no Markdown, but GitLab still looks for references in them."""
    wording = words_in(language)
    known = found.known
    title = plain_line(wording.words_of(known.finding).title, LONGEST_TITLE).replace("\\", "")
    return one_line(f"{wording.severity(known.finding.severity)}{wording.colon()}{title}", LONGEST_TITLE)


def issue_text(found: Dossier, language: Language, *, page: str) -> str:
    """The description. ``page`` is the address of our own page about the finding; empty for none."""
    wording = words_in(language)
    _ = wording.t.gettext
    finding = found.known.finding
    words = wording.words_of(finding)
    message = quote(words.message, _MESSAGE) if words.quoted else prose(words.message, _MESSAGE)
    remedy = f"**{_('What to do')}**{wording.colon()}{prose(words.remediation, _MESSAGE)}" if words.remediation else ""
    parts = [
        f"🛡️ {_('Mergewarden found this weakness, and somebody made an issue of it.')}",
        "\n".join(f"- {line}" for line in _facts(found, wording)),
        message,
        remedy,
        _places(found, wording),
        link(_("Everything about it"), page, _host(page)) if page else "",
    ]
    return "\n\n".join(part for part in parts if part)


def _facts(found: Dossier, wording: Wording) -> list[str]:
    _ = wording.t.gettext
    finding, colon = found.known.finding, wording.colon()
    facts = [
        f"{_('Severity')}{colon}{wording.severity(finding.severity)}",
        f"{_('Confidence')}{colon}{plain(wording.confidence_phrase(finding.confidence), 100)}",
        # As code: outside it GitLab takes it for an issue's number.
        f"{_('Finding')}{colon}{code_span(f'#{found.known.id}')}",
        f"{_('Rule')}{colon}{code_span(f'{finding.scanner} {finding.rule_id}', 200)}",
    ]
    if finding.cwes:
        facts.append(f"CWE{colon}{', '.join(f'{number}' for number in finding.cwes)}")
    return facts


def _places(found: Dossier, wording: Wording) -> str:
    _ = wording.t.gettext
    seen = [one for one in found.sightings if one.gone_at is None][:_MOST_PLACES]
    lines = [
        f"- {code_span(one.ref, 100)}{wording.colon()}"
        + code_span(f"{shorten_path(visible(str(one.location.path)), 160)}:{one.location.start_line}", None)
        for one in seen
    ]
    return "\n".join([f"**{_('Where it is')}**{wording.colon().rstrip()}", "", *lines]) if lines else ""


def _host(url: str) -> frozenset[str]:
    host = urlsplit(url).hostname
    return frozenset({host}) if host else frozenset()
