"""``mergewarden evidence``: everything behind a rating in one signed zip, made and checked."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bot.cli.common import open_services, project_of, user_name
from bot.cli.output import written_whole
from bot.domain.maturity.evidence_pack import PackError
from bot.domain.maturity.period import parse_period
from bot.domain.maturity.scope import ORGANISATION, Scope
from bot.errors import MergewardenError
from bot.pipeline.maturity.evidence_pack import check_pack, make_pack
from bot.pipeline.signing import PublicKey, existing_signer, load_public_key
from bot.reports.visible import one_line
from bot.texts import Language

WHOLE, BROKEN = 0, 1
_MOST_SHOWN = 200


def run_pack(
    *,
    model: str,
    project: str | None,
    group: str | None,
    organisation: bool,
    period: str,
    language: str | None,
    output: Path,
    by: str | None,
    config: Path | None,
) -> int:
    """Make a pack. Raises ``MergewardenError`` for wrong use, and where there is nothing to make it from."""
    if sum((project is not None, group is not None, organisation)) > 1:
        raise MergewardenError("a pack is about one thing", "Give --project, --group or --organisation.")
    try:
        wanted = parse_period(period)
    except ValueError as error:
        raise MergewardenError(str(error), "For example --period 2026-10.") from None
    services = open_services(config)
    try:
        spoken = Language(language) if language else services.settings.language
        if project is not None:
            scope = Scope.of_project(project_of(services, project).id)
        elif group is not None:
            if not group.strip("/"):
                raise MergewardenError("a group has a name", "For example --group shop/web.")
            scope = Scope.of_group(group)
        else:
            scope = ORGANISATION
        with written_whole(output) as stream:
            made = make_pack(
                services, scope, wanted, model, spoken, stream, made_by=user_name(by), now=datetime.now(UTC)
            )
    finally:
        services.close()
    print(f"{output} written: {len(made.manifest.files) + 2} files about {scope}, {wanted.label}", file=sys.stderr)
    print(f"manifest {made.sha256}, signed with key {made.key}", file=sys.stderr)
    return 0


def run_verify(file: Path, *, keys: Sequence[Path], config: Path | None) -> int:
    """
    Check a pack. Returns 0 for a whole one and ``BROKEN`` with every file that was changed, added or is missing.

    Raises ``MergewardenError`` (exit status 2) for what is no pack, and where no key is at hand: a pack whose signature
    nobody checked is not a good one.
    """
    trusted = [load_public_key(place) for place in keys] or _own_key(config)
    found = check_pack(file, trusted)
    for line in found.wrong[:_MOST_SHOWN]:
        _say(one_line(line, 600))
    if len(found.wrong) > _MOST_SHOWN:
        _say(f"and {len(found.wrong) - _MOST_SHOWN} more")
    if found.wrong or found.manifest is None:
        _say(f"broken: {len(found.wrong)} things are wrong")
        return BROKEN
    if not trusted:
        raise PackError(
            "every file is as the manifest says, but its signature was not checked",
            "Give the public key with --key; mergewarden receipt key prints it where the pack was made.",
        )
    about = found.manifest
    scope = f"{about.scope} {about.path}".strip()
    _say(f"whole: {len(about.files) + 2} files about {one_line(scope, 300)}, {about.period.label}")
    _say(f"  model {one_line(f'{about.model.id} {about.model.version}', 200)}, snapshot {about.snapshot}")
    _say(f"  signed with key {found.key}")
    return WHOLE


def _own_key(config: Path | None) -> list[PublicKey]:
    """Our own, where this is the machine that signs; elsewhere none."""
    try:
        services = open_services(config)
        found = existing_signer(services.settings)
    except MergewardenError:
        return []
    return [found.public] if found is not None else []


def _say(line: str) -> None:
    # A terminal that knows no Chinese is no reason to fail.
    sys.stdout.buffer.write(f"{line}\n".encode(sys.stdout.encoding or "utf-8", "backslashreplace"))
    sys.stdout.buffer.flush()
