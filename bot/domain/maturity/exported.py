"""
A snapshot as a file that anybody can check without a server: the row, the revisions before it, the content, the models,
and of a group or the organisation the contents of its projects. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.domain.maturity.model import Model
from bot.domain.maturity.model_file import ModelError, model_from_json
from bot.domain.maturity.snapshot import (
    Content,
    Defect,
    Flaw,
    SnapshotError,
    SnapshotRow,
    check_content,
    digest_of,
    read_content,
    read_row,
    verify,
)

FORMAT: Final = "mergewarden-snapshot/1"
LARGEST_FILE: Final = 512 * 1024 * 1024
"""Bytes: thirty thousand projects."""
_MOST = 200_000


@dataclass(frozen=True, slots=True)
class Export:
    """What such a file holds."""

    row: SnapshotRow
    earlier: tuple[SnapshotRow, ...]
    """The revisions before it, the first one first."""
    content: Mapping[str, Any]
    models: Mapping[str, Any]
    """Documents by digest."""
    projects: Mapping[str, Any]
    """Documents of projects' contents by digest; empty where they were left out, and for one project."""

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "format": FORMAT,
            "snapshot": self.row.document(),
            "earlier": [row.document() for row in self.earlier],
            "content": self.content,
            "models": dict(self.models),
            "projects": dict(self.projects),
        }


def read_export(document: object) -> Export:
    """A file's document, whoever wrote it. Raises ``SnapshotError`` for what is none."""
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise SnapshotError(
            f"this is no exported snapshot: it does not say that it is {FORMAT}",
            "Make one with mergewarden snapshots show --format json.",
        )
    content = document.get("content")
    earlier = document.get("earlier")
    if not isinstance(content, dict) or not isinstance(earlier, list) or len(earlier) > _MOST:
        raise SnapshotError("the snapshot has no content, or no list of earlier revisions", _CHANGED)
    return Export(
        row=read_row(document.get("snapshot")),
        earlier=tuple(read_row(one) for one in earlier),
        content=content,
        models=_by_digest(document.get("models"), "models"),
        projects=_by_digest(document.get("projects"), "projects"),
    )


def verify_export(export: Export) -> tuple[Defect, ...]:
    """All that is wrong with what a file holds; nothing where everything gives its hash."""
    found: list[Defect] = []
    models: dict[str, Model] = {}
    for digest, document in export.models.items():
        try:
            model = model_from_json(document)
        except ModelError as error:
            found.append(Defect(Flaw.UNREADABLE, f"model {digest[:12]}: {str(error).splitlines()[0]}"))
            continue
        if model.digest == digest:
            models[digest] = model
        else:
            found.append(Defect(Flaw.CONTENT_CHANGED, f"model {digest[:12]} has digest {model.digest[:12]}"))
    parts: dict[str, Content] = {}
    for digest, document in export.projects.items():
        defects = _part(digest, document, models)
        found += [Defect(one.flaw, f"project's content {digest[:12]}: {one.text}") for one in defects]
        if not any(one.flaw in (Flaw.UNREADABLE, Flaw.CONTENT_CHANGED) for one in defects):
            parts[digest] = read_content(document)
    found += _chain(export)
    before = export.earlier[-1] if export.earlier else None
    found += verify(export.row, export.content, models, parts, before=before)
    return tuple(found)


def _part(digest: str, document: Any, models: Mapping[str, Model]) -> Sequence[Defect]:
    try:
        actual = digest_of(document)
    except (TypeError, ValueError, RecursionError, AttributeError):
        return [Defect(Flaw.CONTENT_CHANGED, "it holds what no content of ours ever did")]
    if actual != digest:
        return [Defect(Flaw.CONTENT_CHANGED, f"it has digest {actual[:12]}")]
    return check_content(document, models)


def _chain(export: Export) -> Sequence[Defect]:
    found = []
    before: SnapshotRow | None = None
    for row in export.earlier:
        if row.computed_digest() != row.digest:
            found.append(Defect(Flaw.CHANGED, f"revision {row.revision}: its digest does not fit what it says"))
        follows = (1, "") if before is None else (before.revision + 1, before.digest)
        if (row.revision, row.previous) != follows:
            found.append(Defect(Flaw.UNLINKED, f"revision {row.revision} does not follow the one before it"))
        if (row.scope, row.period) != (export.row.scope, export.row.period):
            found.append(Defect(Flaw.UNLINKED, f"revision {row.revision} is about something else"))
        before = row
    return found


def _by_digest(value: object, at: str) -> Mapping[str, Any]:
    if not isinstance(value, dict) or len(value) > _MOST:
        raise SnapshotError(f"{at} has to be an object with digests as its names", _CHANGED)
    return value


_CHANGED = "It is no export of ours, or it was changed."
