"""Snapshots as a person reads them in a terminal. Pure. Command lines speak English."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bot.domain.maturity.measures import MEASURES
from bot.domain.maturity.scope import ScopeKind
from bot.domain.maturity.scoring import Assessment
from bot.domain.maturity.snapshot import Snapshot, SnapshotRow
from bot.reports.visible import one_line

_DIGITS = 12
"""Of a digest: enough to name a snapshot."""


def render_list(rows: Sequence[tuple[SnapshotRow, Mapping[str, str]]], names: Mapping[int, str]) -> str:
    """A line for each; what its models said by their id, in words. ``names``: paths of projects by number."""
    if not rows:
        return "there are no snapshots\n"
    lines = [("number", "of", "period", "revision", "digest", "scores")]
    for row, scores in rows:
        said = ", ".join(f"{name} {score}" for name, score in sorted(scores.items()))
        lines.append(
            (
                f"{row.id}",
                scope_name(row, names),
                f"{row.period.kind.value} {row.period.label}",
                f"{row.revision}",
                row.digest[:_DIGITS],
                said,
            )
        )
    widths = [max(len(line[n]) for line in lines) for n in range(len(lines[0]) - 1)]
    return "".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line[-1]]).rstrip() + "\n"
        for line in lines
    )


def render_snapshot(snapshot: Snapshot, names: Mapping[int, str]) -> str:
    """What it is about, what it follows from, and what it says."""
    row, content = snapshot.row, snapshot.content
    inputs = content.inputs
    lines = [
        f"{scope_name(row, names)}, {row.period.kind.value} {row.period.label} "
        f"({row.period.first} to {row.period.last}), revision {row.revision}",
        f"  digest    {row.digest}",
        f"  content   {row.content}",
        f"  previous  {row.previous or 'none: it is the first revision'}",
    ]
    if row.taken_at is not None:
        lines.append(f"  taken     {row.taken_at:%Y-%m-%d %H:%M} UTC")
    if inputs.projects is not None:
        lines.append(f"  projects  {len(inputs.projects)}")
    lines.append(f"  inputs    {len(inputs.counters)} counters, {len(inputs.attestations)} attestations")
    for model, result in zip(inputs.models, content.results, strict=True):
        lines += ["", f"{one_line(model.id, 100)} {one_line(model.version, 40)} ({model.digest[:_DIGITS]})"]
        lines.append(f"  {_result(result)}")
        lines += [
            f"  {one_line(item.item_id, 40):<10} {item.rating or '-':<4} credit {item.credit / 10:.1f} %, "
            f"known {item.known / 10:.1f} %"
            for item in result.items
        ]
    if content.figures:
        lines += ["", "figures"]
        lines += [f"  {name:<28} {value:g} {_unit(name)}".rstrip() for name, value in sorted(content.figures.items())]
    return "\n".join(lines) + "\n"


def score_words(score: int | None, known: int) -> str:
    """A score with the share of answers that are known; never a number where nothing was assessed."""
    return "not assessed" if score is None else f"{score} of 100 ({known / 10:.0f} % known)"


def scope_name(row: SnapshotRow, names: Mapping[int, str]) -> str:
    """What a snapshot is about: a path, or the organisation."""
    number = row.scope.project_id
    if row.scope.kind is ScopeKind.ORGANISATION:
        return "organisation"
    name = row.scope.key if number is None else names.get(number, f"project {number}")
    return one_line(f"{name}/" if number is None else name, 200)


def render_wrong(found: Iterable[tuple[SnapshotRow, str]], names: Mapping[int, str]) -> str:
    """A line for each thing that is wrong, beginning with which snapshot it is wrong with."""
    return "".join(
        f"{row.id or row.digest[:_DIGITS]} {scope_name(row, names)} {row.period.kind.value} {row.period.label} "
        f"revision {row.revision}: {one_line(text, 400)}\n"
        for row, text in found
    )


def _result(result: Assessment) -> str:
    parts = [score_words(result.score, result.known)]
    if result.practice is not None:
        parts.append(f"practice {result.practice}")
    if result.outcome is not None:
        parts.append(f"outcome {result.outcome}")
    if result.level is not None:
        parts.append(f"level {result.level}")
    return ", ".join(parts)


def _unit(name: str) -> str:
    measure = MEASURES.get(name)
    return "" if measure is None else measure.unit.value.replace("_", " ")
