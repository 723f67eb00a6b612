"""
Tells the audit log of settings and of policies in files, which are changed outside of us.

Of a policy project's commits ``bot.pipeline.policy_sources`` tells.
"""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Iterable, Iterator

import structlog
from pydantic_core import PydanticUndefined

from bot.domain.audit import Act, Action
from bot.domain.outside import Seen, changes
from bot.domain.triage import SYSTEM
from bot.errors import ConfigurationError
from bot.policy_files import read_policy_folder
from bot.redaction import Redactor
from bot.reports.visible import one_line
from bot.services import DEFAULT_POLICY, POLICY_FOLDER, Services
from bot.settings import SECRET_FIELDS, Settings, word_of
from bot.store import audit, outside
from bot.store.engine import session, write_session

log = structlog.get_logger(__name__)

LONGEST_VALUE = 400
"""Characters of a setting's value; a longer one is cut."""
_SETTING, _POLICY = "setting", "policy"
_HIDDEN = "(not shown)"


def note_settings(services: Services) -> int:
    """
    Tell of every setting that is not as at the last start; before the first, all were as we ship them.

    Of a secret only whether it is there. Returns how many there are.
    """
    return _note(services, Action.SETTING_CHANGED, _SETTING, _settings(services.settings))


def note_policy_files(services: Services) -> int:
    """
    Tell of every policy in a file of this host that is not as at the last look, by its SHA-256.

    Nothing where a policy project is followed, or where the files cannot be read, which scans tell. Returns how many
    there are.
    """
    settings = services.settings
    if settings.policy_project is not None:
        return 0
    try:
        return _note(services, Action.POLICY_CHANGED, _POLICY, _policies(settings))
    except (OSError, ConfigurationError) as error:
        log.warning("policies in files not read", error=str(error))
        return 0


def _note(services: Services, action: Action, kind: str, seen: Iterable[Seen]) -> int:
    seen = tuple(seen)
    with session(services.store) as reading:
        if not changes(outside.noted(reading, kind), seen):
            return 0
    with write_session(services.store) as writing:
        # Another process may be about to tell of the same.
        audit.take_turn(writing)
        changed = changes(outside.noted(writing, kind), seen)
        outside.note(writing, kind, changed)
        host = one_line(socket.gethostname(), LONGEST_VALUE)
        acts = []
        for one in changed:
            details = {"before": one.before, "after": one.after, "host": host}
            acts.append(Act(SYSTEM, None, action, f"{kind} {one.name}".strip(), details=details))
        audit.append_many(writing, acts)
    for one in changed:
        log.info("changed outside", kind=kind, name=one.name, before=one.before, after=one.after)
    return len(changed)


def _settings(settings: Settings) -> Iterator[Seen]:
    hide = Redactor(settings.secrets()).text

    def word(name: str, value: object) -> str:
        if name in SECRET_FIELDS:
            return "" if value is None else _HIDDEN
        return one_line(hide(word_of(value)), LONGEST_VALUE)

    for name, info in Settings.model_fields.items():
        shipped = None if info.default is PydanticUndefined else info.default
        yield Seen(name, word(name, getattr(settings, name)), word(name, shipped))


def _policies(settings: Settings) -> Iterator[Seen]:
    if settings.policy_file is not None:
        yield Seen("", _digest(settings.policy_file.read_bytes()))
        return
    found, groups = read_policy_folder(settings.data_dir / POLICY_FOLDER)
    yield Seen("", _digest((found or DEFAULT_POLICY).read_bytes()))
    for group in groups:
        yield Seen(f"of {group.group}", _digest(group.text.encode()) if group.text else "")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
