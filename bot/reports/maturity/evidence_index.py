"""
The first page of an evidence pack, its README, and the list of policies: where everything is, how to check it. Pure.
"""

from __future__ import annotations

import codecs
import csv
import io
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from bot.domain.maturity.evidence_pack import (
    AUDIT,
    ENVELOPE,
    INDEX,
    MANIFEST,
    MODEL,
    POLICIES,
    README,
    SCRIPT,
    SNAPSHOT,
    Manifest,
    folder_of,
    policy_folder,
)
from bot.domain.maturity.model import Model, Scheme
from bot.domain.maturity.scope import ScopeKind
from bot.domain.maturity.scoring import Assessment
from bot.reports.exports.tables import disarmed
from bot.reports.html import rendered
from bot.reports.maturity.evidence_item import SHEETS
from bot.reports.maturity.words import (
    level_words,
    period_words,
    rating_words,
    scope_words,
    score_words,
)
from bot.reports.visible import one_line
from bot.reports.wording import Wording
from bot.texts import Language

_WIDTH: Final = 100
"""Characters of a line of the README; Chinese has no spaces to break at, so that names would be cut."""


@dataclass(frozen=True, slots=True)
class LevelFiles:
    """The files of one level of an item."""

    item_id: str
    level: int
    page: str
    table: str
    attachments: tuple[str, ...]
    met: int
    demands: int


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """A policy that was in force."""

    digest: str
    first_at: str
    last_at: str
    scans: int
    decisions: int
    path: str
    """In the pack; empty where its text is not kept any more."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A level of an item on the page."""

    level: str
    met: str
    files: tuple[tuple[str, str], ...]
    """Name and address."""


@dataclass(frozen=True, slots=True)
class _Item:
    """An item on the page."""

    title: str
    rating: str
    lines: tuple[_Line, ...]


def address(path: str) -> str:
    """A file of the pack as a relative URI from the pack's own folder."""
    return quote(path, safe="/")


def render_index(
    manifest: Manifest,
    model: Model,
    result: Assessment,
    levels: Sequence[LevelFiles],
    others: Sequence[str],
    wording: Wording,
) -> bytes:
    """The page, in UTF-8. ``others``: files beside those of ``levels``, by path."""
    _ = wording.t.gettext
    said = wording.language
    facts = [
        (_("About"), scope_words(manifest.scope, manifest.path, wording)),
        (_("Period"), period_words(manifest.period, wording)),
        (_("Model"), one_line(f"{model.title[said]} ({model.id} {model.version})", 300)),
        (_("Score"), score_words(result.score, wording)),
    ]
    if model.scheme is Scheme.LEVELS:
        facts.append((_("Level"), level_words(result.level, model, wording)))
    facts += [
        (_("Answers that are known"), f"{result.known // 10} %"),
        (_("Snapshot"), manifest.snapshot),
    ]
    by_item: dict[str, list[LevelFiles]] = {}
    for one in levels:
        by_item.setdefault(one.item_id, []).append(one)
    areas = [
        (
            one_line(f"{area.id} {area.title[said]}", 200),
            [
                _Item(
                    one_line(f"{item.id} {item.title[said]}", 200),
                    rating_words(result.item(item.id), model, wording),
                    tuple(_line(one, model, wording) for one in by_item.get(item.id, ())),
                )
                for item in area.items
            ],
        )
        for area in model.areas
    ]
    page = rendered(
        "evidence_index.html",
        wording,
        sheets=SHEETS,
        title=_("Evidence pack"),
        subtitle=f"{scope_words(manifest.scope, manifest.path, wording)}, {period_words(manifest.period, wording)}",
        facts=facts,
        notice=one_line(model.notice[said], 2_000),
        areas=areas,
        others=[(path, address(path)) for path in (*others, MANIFEST, ENVELOPE)],
    )
    return page.encode("utf-8")


def _line(one: LevelFiles, model: Model, wording: Wording) -> _Line:
    _ = wording.t.gettext
    paths = (one.page, one.table, *one.attachments)
    return _Line(
        level=level_words(one.level, model, wording) if model.levels else "–",
        met=_("{met} of {of}").format(met=one.met, of=one.demands),
        files=tuple((path.rpartition("/")[2], address(path)) for path in paths),
    )


def render_readme(manifest: Manifest, model: Model, wording: Wording) -> bytes:
    """The README in the pack's language, as plain text in UTF-8."""
    _ = wording.t.gettext
    said = manifest.language
    whole = manifest.scope.kind is ScopeKind.ORGANISATION
    several = manifest.scope.kind is not ScopeKind.PROJECT
    paragraphs = [
        _("Evidence pack of {subject}, {period}.").format(
            subject=scope_words(manifest.scope, manifest.path, wording), period=period_words(manifest.period, wording)
        ),
        _("Model: {title} ({name}).").format(
            title=one_line(model.title[said], 200), name=one_line(f"{model.id} {model.version}", 200)
        ),
        one_line(model.notice[said], 2_000),
        _("Begin with {index}: it names every item, its rating and its files.").format(index=INDEX),
        _(
            "The folder {folder} has a page to print and a table for each level of each item. Their names say area, "
            "item, level and number: number 01 are page and table, what people attached to their attestations follows."
        ).format(folder=folder_of(said)),
        _(
            "What is not known is told as not known and never counts as good. How things stand (open findings, "
            "settings) is told as it was when the pack was made; what happened is that of the period; answers and "
            "values are those of the snapshot."
        ),
    ]
    if several:
        paragraphs.append(
            _(
                "The tables have the answer of every project. Rows behind the figures are shown for some projects of "
                "each demand, those first that speak against it; a pack of one project has all of its own."
            )
        )
    paragraphs += [
        _(
            "{snapshot} is the snapshot with all that it takes to make it again, and the revisions before it; "
            "{model} is the model. Check it: mergewarden snapshots verify {snapshot}"
        ).format(snapshot=SNAPSHOT, model=MODEL),
        _(
            "{policies} lists the policies that scans and decisions of the period followed; their texts are in the "
            "folder {folder}."
        ).format(policies=POLICIES, folder=policy_folder(said)),
        _(
            "{audit} is the audit log of the period, with a signed statement at its end. "
            "Check it: mergewarden audit verify {audit}"
        ).format(audit=AUDIT)
        if whole
        else _(
            "{audit} has the entries of the audit log that concern these projects. Each has its own digest; that none "
            "is left out can only be seen in the whole log."
        ).format(audit=AUDIT),
        _(
            "{manifest} names every file with its size and SHA-256. {envelope} is its signature. Check the whole "
            "pack: mergewarden evidence verify PACK.zip --key KEY.pem"
        ).format(manifest=MANIFEST, envelope=ENVELOPE),
        _(
            "Without Mergewarden: python3 {script} checks every file of the unpacked folder against the manifest "
            "(Python 3.8 or later, nothing else). It does not check the signature, but writes down what OpenSSL 3 "
            "checks it with: python3 {script} --signature DIR"
        ).format(script=SCRIPT),
        _(
            "Take the public key from the people who run Mergewarden (mergewarden receipt key) and not from whoever "
            "gave you the pack, and keep {readme} with it."
        ).format(readme=README),
    ]
    width = _WIDTH if said is Language.ENGLISH else 10_000
    wrapped = ("\n".join(textwrap.wrap(one, width, break_on_hyphens=False)) for one in paragraphs if one)
    return ("\n\n".join(wrapped) + "\n").encode("utf-8")


def render_policies(policies: Sequence[PolicyFile], wording: Wording) -> bytes:
    """The policies that were in force, as CSV with a byte order mark."""
    _ = wording.t.gettext
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(
        (
            "SHA-256",
            _("First use in the period"),
            _("Last use in the period"),
            _("Scans"),
            _("Decisions"),
            _("File"),
        )
    )
    for one in policies:
        place = one.path or _("its text is not kept any more")
        line = (one.digest, one.first_at, one.last_at, str(one.scans), str(one.decisions), place)
        writer.writerow([disarmed(cell) for cell in line])
    return codecs.BOM_UTF8 + stream.getvalue().encode("utf-8")
