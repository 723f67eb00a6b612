"""
Answers the pre-receive hook from the store alone: a person waits with his push, so neither GitLab nor git is asked.

What git has to confirm goes back to the hook as something to confirm.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from bot.domain.clearance import Clearance, Refusal, Ruling, Update, Why, decide
from bot.domain.hook_wire import MOST_LISTED, VERSION, Answer, Question, clearance_list
from bot.domain.protected_branches import is_protected, protected_names
from bot.reports.hook_words import (
    head_line,
    more_text,
    new_request_line,
    offline_texts,
    refusal_line,
    request_line,
    todo_line,
)
from bot.store import clearances, heads
from bot.store.enforcement import hook_seen, stored
from bot.store.engine import session, write_session
from bot.store.projects import Project, get_project
from bot.texts import Language

MOST_SHOWN = 5
"""Reasons that one branch is refused with."""
_MINUTE = 60.0
_RECENT = 500
_MOST_REMEMBERED = 10_000

log = structlog.get_logger("mergewarden.hook")


@dataclass
class HookDesk:
    """Decides about pushes. Its methods ask the store, so they run in a thread."""

    store: Callable[[], Engine]
    serves: Callable[[str], bool]
    """Whether a project, by its full path, is one of ours (``Settings.serves``)."""
    refuse_unknown: bool
    """What becomes of projects that are not ours, or that we have never heard of."""
    language: Callable[[str], Language]
    """Of a project, by its full path."""
    _seen: dict[int, datetime] = field(default_factory=dict, init=False, repr=False)

    def clearances(self, project_id: int, path: str, now: datetime) -> Answer:
        """What the hook needs to decide by itself for a while: the text of its list."""
        with session(self.store()) as reading:
            project = self._known(reading, project_id, path)
            served = project is not None or self.refuse_unknown
            protected = _protected(reading, project_id, project, None) if served else ()
            found: tuple[Clearance, ...] = ()
            if project is not None:
                found = clearances.recent(reading, project_id, branches=None, now=now, limit=MOST_LISTED)
        text = clearance_list(
            project_id=project_id,
            served=served,
            protected=protected,
            clearances=found,
            texts=offline_texts(self.language(path)),
            issued_at=int(now.timestamp()),
        )
        facts = {"project_id": project_id, "served": served, "clearances": len(found)}
        return Answer({"list": text}, facts, project_id if project is not None else None)

    def judge(self, question: Question, now: datetime) -> Answer:
        """Whether branches may move like this: for each that is protected what is wrong, and what is to be proved."""
        facts: dict[str, Any] = {
            "project_id": question.project_id,
            "project": question.project_path,
            "by": question.user,
            "protocol": question.protocol,
        }
        language = self.language(question.project_path)
        with session(self.store()) as reading:
            project = self._known(reading, question.project_id, question.project_path)
            if project is None and not self.refuse_unknown:
                return Answer({"version": VERSION, "updates": []}, {**facts, "reason": "not a project that is served"})
            names = _protected(reading, question.project_id, project, question.default_branch)
            updates = [one for one in question.facts() if is_protected(one.branch, names)]
            rulings = [(one, _ruling(reading, question.project_id, one, now)) for one in updates]
            told = [_told(reading, project, one, ruling, language) for one, ruling in rulings]
        facts |= {
            "branches": [update.branch for update in updates],
            "refused": sum(len(ruling.refusals) for _, ruling in rulings),
            "to_prove": sum(len(ruling.proofs) for _, ruling in rulings),
        }
        return Answer({"version": VERSION, "updates": told}, facts, project.id if project is not None else None)

    def seen(self, project_id: int, now: datetime) -> None:
        """Note that the hook is there, once a minute at most; that this fails is no reason to keep anybody waiting."""
        before = self._seen.get(project_id)
        if before is not None and abs((now - before).total_seconds()) < _MINUTE:
            return
        self._seen[project_id] = now
        try:
            with write_session(self.store()) as writing:
                hook_seen(writing, project_id, now)
        except Exception as error:
            log.warning("it could not be noted that the hook asked", error=str(error))

    def _known(self, reading: Session, project_id: int, path: str) -> Project | None:
        """The project, if it is one of ours."""
        project = get_project(reading, project_id)
        return project if project is not None and self.serves(path or project.path) else None


class LanguageOf:
    """The language of each project, asked once a minute: a policy is too slow to read for each push."""

    def __init__(self, ask: Callable[[str], Language], otherwise: Language) -> None:
        self._ask = ask
        self._otherwise = otherwise
        self._known: dict[str, tuple[float, Language]] = {}

    def __call__(self, path: str) -> Language:
        """The language; the one of the settings where the policy cannot be read."""
        known = self._known.get(path)
        now = time.monotonic()
        if known is not None and now - known[0] < _MINUTE:
            return known[1]
        try:
            language = self._ask(path)
        except Exception as error:
            log.warning("the language of a project is not known", error=str(error))
            language = self._otherwise
        if len(self._known) > _MOST_REMEMBERED:
            self._known.clear()
        self._known[path] = (now, language)
        return language


def _protected(
    reading: Session, project_id: int, project: Project | None, default_branch: str | None
) -> tuple[str, ...]:
    """Names and patterns of protected branches as they were last read from GitLab, and the default branch."""
    known = stored(reading, project_id)
    names = known.protected_names if known is not None else None
    return protected_names(names, default_branch, project.default_branch if project is not None else None)


def _ruling(reading: Session, project_id: int, update: Update, now: datetime) -> Ruling:
    parents = {parent for commit in update.commits.values() for parent in commit.parents}
    patches = {commit.patch_id for commit in update.commits.values() if commit.patch_id is not None}
    found: Sequence[Clearance] = clearances.matching(
        reading, project_id, heads={*update.commits, *parents, update.new or ""}, patch_ids=patches
    )
    ruling = decide(update, found)
    plain = sum(len(commit.parents) == 1 for commit in update.commits.values())
    if any(refusal.why is Why.NOT_CLEARED for refusal in ruling.refusals) and plain > 1:
        # A merge request that was rebased is known by its commits only, which the store cannot search for.
        others = clearances.recent(reading, project_id, branches=[update.branch], now=now, limit=_RECENT)
        ruling = decide(update, list(dict.fromkeys([*found, *others])))
    return ruling


def _told(
    reading: Session, project: Project | None, update: Update, ruling: Ruling, language: Language
) -> dict[str, Any]:
    shown = ruling.refusals[:MOST_SHOWN]
    lines = [refusal_line(refusal, language) for refusal in shown]
    if len(ruling.refusals) > len(shown):
        lines.append(more_text(language).format(count=len(ruling.refusals) - len(shown)))
    hints = _hints(reading, project, update, shown, language) if project is not None and project.web_url else []
    return {
        "branch": update.branch,
        "head": head_line(update.branch, language),
        "refused": lines,
        "todo": [*hints, *dict.fromkeys(todo_line(refusal, language) for refusal in shown)],
        "proofs": [
            {
                "tree": proof.tree,
                "onto": proof.onto,
                "heads": list(proof.heads),
                "line": refusal_line(proof.otherwise, language),
                "todo": todo_line(proof.otherwise, language),
            }
            for proof in ruling.proofs
        ],
    }


def _hints(
    reading: Session, project: Project, update: Update, refusals: Sequence[Refusal], language: Language
) -> list[str]:
    """Which merge requests these commits belong to, or where to open one."""
    url = project.web_url.rstrip("/")
    asked = dict.fromkeys(sha for refusal in refusals for sha in (refusal.merged, refusal.sha) if sha)
    found = {
        head.iid: request_line(head.iid, url, head.target_branch, update.branch, language)
        for sha in asked
        for head in heads.open_heads_at(reading, sha)
        if head.project_id == project.id
    }
    if found:
        return list(found.values())[:MOST_SHOWN]
    if any(refusal.why in (Why.NOT_CLEARED, Why.MERGE_OF_UNCLEARED) for refusal in refusals):
        return [new_request_line(url, update.branch, language)]
    return []
