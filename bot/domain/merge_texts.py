"""
Why the merge bot does not merge (yet), as templates: the English sentences of ``Wish.reason``.

A sentence is made with ``format``. Whoever shows it in another language finds its template again, see
``bot.reports.sentences``.
"""

from __future__ import annotations

from bot.texts import N_

NO_VERDICT = N_("there is no verdict on its newest commit yet")
NOT_CLEAR = N_("the gate does not let it through")
DRAFT = N_("it is a draft")
THREADS = N_("it has unresolved threads")
PIPELINE = N_("its pipeline has not succeeded")
PIPELINE_RUNS = N_("its pipeline has not ended")
CHECKING = N_("GitLab has not found out yet whether it can be merged")
MERGING = N_("GitLab is merging it")
REBASING = N_("it is being rebased, and its new commit needs a verdict")
BEHIND = N_("!{count} asked first, and is being rebased")
STATUS = N_("GitLab does not let it be merged yet: {word}")

CONFLICT = N_("it conflicts with its target branch")
REFUSED = N_("GitLab refused to merge it: {text}")
NO_RIGHT = N_("the bot is not allowed to merge into its target branch")
NO_PUSH = N_("it has to be rebased, and the bot is not allowed to push to its source branch")
NOT_REBASED = N_("GitLab could not rebase it: {text}")
TOO_OFTEN = N_("it was tried {count} times in vain")

RETARGETED = N_("its target branch is another one now")
CLOSED = N_("the merge request was closed")
GONE = N_("the merge request is gone")
EXPIRED = N_("it has waited for {count} days")
LABEL_GONE = N_("its label was removed")
POLICY_CHANGED = N_("the policy does not ask for it any more")
TAKEN_BACK = N_("{text} took it back")

ALL = tuple(value for name, value in list(globals().items()) if name.isupper() and isinstance(value, str))
"""Every template above, in the order in which they are tried."""
