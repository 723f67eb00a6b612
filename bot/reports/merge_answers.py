"""
What the merge bot says on a merge request, once for each thing that a person can do something about.

Every note begins with words of ours, so that nothing of a stranger stands where GitLab looks for a quick action.
"""

from __future__ import annotations

from bot.domain.merging import WishState
from bot.reports.markdown import plain_line
from bot.reports.sentences import translate
from bot.texts import Language, translations

_LONGEST_REASON = 600


def render_merge_note(state: WishState, reason: str, language: Language) -> str:
    """The note for a wish in this state; ``reason`` is English, and may hold GitLab's or a server hook's words."""
    _ = translations(language).gettext
    colon = "：" if language is Language.CHINESE else ": "
    match state:
        case WishState.MERGED:
            text = _("merged.")
        case WishState.REFUSED:
            text = _("not merged. When the reason is gone, ask again with `/mw merge`.")
        case WishState.CANCELLED:
            text = _("no longer waiting to merge. Ask again with `/mw merge`.")
        case WishState.WAITING | WishState.REBASING:
            text = _(
                "waiting to merge. It merges by itself when nothing is in the way any more; "
                "`/mw merge cancel` takes that back."
            )
    said = f"**{_('Merge bot')}**{colon}{text}"
    if not reason:
        return said
    # It goes last, so that nothing of ours can make a reference of a stranger's last character.
    return f"{said}\n\n**{_('Why')}**{colon}{plain_line(translate(reason, _), _LONGEST_REASON)}"


def merge_reason(reason: str, language: Language) -> str:
    """Why a wish waits or was refused, as one line of text without markup in the reader's language."""
    return translate(reason, translations(language).gettext)
