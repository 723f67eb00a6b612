"""
What the pre-receive hook and the bot say to each other: JSON, signed with their common secret.

The hook is a file of its own on GitLab's server (``deploy/gitlab/pre-receive``) and speaks this without us. Both sides
sign: the bot believes no stranger's question, and the hook no stranger's answer. An answer's signature covers the
question's, so that an old answer is good for nothing; a question is refused when its time is too far from now.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints, TypeAdapter, ValidationError

from bot.domain.clearance import MOST_COMMITS, Clearance, CommitFacts, Update
from bot.errors import MergewardenError

VERSION = 1
MAX_AGE = 300
"""Seconds that the two clocks may differ, travel included."""
LARGEST_BODY = 8 * 1024 * 1024
LIST_SECONDS = 3600
"""How long a list of clearances is good for after it was made."""
MOST_LISTED = 1_000
"""Clearances of one list."""
_MOST_UPDATES = 100
_REALM = "mergewarden-hook-1"

Sha = Annotated[str, StringConstraints(pattern=r"^(?:[0-9a-f]{40}|[0-9a-f]{64})$")]
_Name = Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class WrongQuestion(MergewardenError):
    """Raised for a question that is not as the hook asks it."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


class _Commit(_Model):
    sha: Sha
    tree: Sha
    parents: list[Sha]
    patch_id: Sha | None


class _Update(_Model):
    branch: _Name
    old: Sha | None
    new: Sha | None
    fast_forward: bool
    beginning: bool
    commits: list[_Commit]
    landed: dict[Sha, Sha]


class Question(_Model):
    """What the hook asks about one push."""

    version: int
    project_id: int
    project_path: Annotated[str, StringConstraints(max_length=1000)]
    default_branch: _Name | None
    """Where ``HEAD`` of the repository points to."""
    user: Annotated[str, StringConstraints(max_length=300)]
    """Who pushes, for the log."""
    protocol: Annotated[str, StringConstraints(max_length=20)]
    updates: list[_Update]

    def facts(self) -> tuple[Update, ...]:
        """The moves of branches that it is about."""
        return tuple(
            Update(
                one.branch,
                one.old,
                one.new,
                one.fast_forward,
                {c.sha: CommitFacts(c.sha, tuple(c.parents), c.tree, c.patch_id) for c in one.commits},
                one.landed,
                one.beginning,
            )
            for one in self.updates
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered, and what is noted of it."""

    document: Mapping[str, Any]
    facts: Mapping[str, object]
    """For the log."""
    project_id: int | None = None
    """The project of ours that it is about."""


_QUESTION = TypeAdapter(Question)


def read_question(raw: bytes) -> Question:
    """The question in a request's body. Raises ``WrongQuestion`` and says where it is wrong."""
    try:
        question = _QUESTION.validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"][:6]) or "the document"
        raise WrongQuestion(f"{where[:200]}: {first['msg'][:200]}", "Hook and bot must be of one release.") from None
    except RecursionError:
        raise WrongQuestion("the document is nested too deeply") from None
    if question.version != VERSION:
        raise WrongQuestion(f"version {question.version} is not spoken here", "Install the hook of this release.")
    commits = max((len(one.commits) for one in question.updates), default=0)
    # The tip and its first parents, and another parent for each.
    if len(question.updates) > _MOST_UPDATES or commits > 2 * MOST_COMMITS or not 0 < question.project_id < 2**63:
        raise WrongQuestion("it is about more than one question may be about")
    return question


# --- Signatures -------------------------------------------------------------------------------------------------------


def sign_question(secret: bytes, time: str, method: str, target: str, body: bytes) -> str:
    """``target`` is path and query as sent, ``time`` the seconds since 1970 as decimal digits."""
    return _mac(secret, "question", time, method, target, hashlib.sha256(body).hexdigest())


def sign_answer(secret: bytes, question_signature: str, status: int, body: bytes) -> str:
    """Binds an answer to the question that it answers."""
    return _mac(secret, "answer", question_signature, str(status), hashlib.sha256(body).hexdigest())


def sign_list(secret: bytes, text: str) -> str:
    """For a list of clearances that the hook keeps."""
    return _mac(secret, "list", hashlib.sha256(text.encode()).hexdigest())


def _mac(secret: bytes, *parts: str) -> str:
    return hmac.new(secret, "\n".join((_REALM, *parts)).encode(), hashlib.sha256).hexdigest()


# --- The list ---------------------------------------------------------------------------------------------------------


def clearance_list(
    *,
    project_id: int,
    served: bool,
    protected: Iterable[str],
    clearances: Iterable[Clearance],
    texts: Mapping[str, str],
    issued_at: int,
) -> str:
    """
    What the hook needs to decide by itself for a while, as canonical JSON.

    ``served``: whether the project is one of ours; if not, the hook lets everything through. ``texts`` are the
    sentences that it may have to say, in the project's language.
    """
    return canonical(
        {
            "version": VERSION,
            "project_id": project_id,
            "served": served,
            "issued_at": issued_at,
            "expires_at": issued_at + LIST_SECONDS,
            "protected": list(protected),
            "clearances": [{"branch": one.branch, "head": one.head, "patch_id": one.patch_id} for one in clearances],
            "texts": dict(texts),
        }
    )


def canonical(document: Mapping[str, Any]) -> str:
    """JSON with sorted keys and no white space, in ASCII: equal documents are equal bytes."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
