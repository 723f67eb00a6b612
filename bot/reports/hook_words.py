"""
What the pre-receive hook says to whoever pushes, in the project's language: what is wrong, and what to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import quote

from bot.domain.clearance import Refusal, Why
from bot.reports.sentences import translate
from bot.texts import N_, Language, translations
from scanners.normalize import clean_text

_HEAD = N_("Mergewarden does not let this push into {branch}: not everything in it was cleared.")
_MORE = N_("... and {count} more.")
_UNJUDGED = N_("It is the head of merge request !{iid}, of which no verdict lets it through: {url}")
_ELSEWHERE = N_("It is the head of merge request !{iid}, which is into {branch}: {url}")
_MERGE_REQUEST = N_(
    "What to do: open a merge request into {branch}, wait for the verdict that lets it through, and merge it there."
)
_NEW = N_("A new merge request: {url}")
_NO_CHANGES = N_(
    "What to do: merge without changes of your own, or bring the merge request up to date with {branch} and wait for "
    "the new verdict."
)
_NO_FORCE = N_("What to do: push without force; to take something back, open a merge request with git revert.")
_PLAIN_NOT_CLEARED = N_("Commit {commit} was not cleared for {branch}.")
_PLAIN_ALTERED = N_("Commit {commit} is not exactly what was cleared for {branch}.")
_PLAIN_REWRITTEN = N_("The push would take away commits that are on {branch}; a protected branch only grows.")
_OFFLINE = N_("Mergewarden does not answer; this was decided by its list of {minutes} minutes ago.")
_UNREACHABLE = N_("Mergewarden does not answer, so nobody can say whether this push is cleared. Try again later.")

_LONGEST = 300
_TODO: Mapping[Why, str] = MappingProxyType(
    {
        Why.REWRITTEN: _NO_FORCE,
        Why.MERGE_ALTERED: _NO_CHANGES,
        Why.CHANGE_ALTERED: _NO_CHANGES,
    }
)


def head_line(branch: str, language: Language) -> str:
    """The first line of a refusal."""
    return _line(_said(_HEAD, language).format(branch=_name(branch)))


def refusal_line(refusal: Refusal, language: Language) -> str:
    """What is wrong."""
    return _line(translate(refusal.sentence, translations(language).gettext))


def todo_line(refusal: Refusal, language: Language) -> str:
    """What to do about it."""
    template = _TODO.get(refusal.why, _MERGE_REQUEST)
    return _line(_said(template, language).format(branch=_name(refusal.branch)))


def request_line(iid: int, project_url: str, target: str | None, branch: str, language: Language) -> str:
    """Which merge request an uncleared commit is the head of; ``target`` is that one's branch, None when unknown."""
    url = f"{project_url}/-/merge_requests/{iid}"
    if target is not None and target != branch:
        return _line(_said(_ELSEWHERE, language).format(iid=iid, branch=_name(target), url=url))
    return _line(_said(_UNJUDGED, language).format(iid=iid, url=url))


def new_request_line(project_url: str, branch: str, language: Language) -> str:
    """Where to open a merge request."""
    url = f"{project_url}/-/merge_requests/new?merge_request%5Btarget_branch%5D={quote(branch, safe='')}"
    return _line(_said(_NEW, language).format(url=url), 2_000)


def offline_texts(language: Language) -> Mapping[str, str]:
    """Templates for when the hook decides alone; it fills ``commit``, ``branch`` and ``minutes`` in."""
    templates = {
        "head": _HEAD,
        "not_cleared": _PLAIN_NOT_CLEARED,
        "altered": _PLAIN_ALTERED,
        "rewritten": _PLAIN_REWRITTEN,
        "todo": _MERGE_REQUEST,
        "offline": _OFFLINE,
        "unreachable": _UNREACHABLE,
    }
    return {name: _said(template, language) for name, template in templates.items()}


def more_text(language: Language) -> str:
    """Template with ``count``: how many reasons are not shown."""
    return _said(_MORE, language)


def _said(template: str, language: Language) -> str:
    say = translations(language).gettext
    return say(template)


def _name(text: str) -> str:
    return clean_text(text)[:_LONGEST]


def _line(text: str, limit: int = 600) -> str:
    return " ".join(clean_text(text).split())[:limit]
