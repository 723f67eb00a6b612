"""
One level of one item in an evidence pack, as a page to print and as a table: what is asked, what the data says, what is
behind it, and what people attested. Pure.

Everything that others wrote is cleaned here, escaped by Jinja on the page, and disarmed in the table.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from bot.domain.maturity.attestation import Attestation
from bot.domain.maturity.measures import MEASURES, Measure
from bot.domain.maturity.model import Attest, Demand, Item, Model
from bot.domain.maturity.period import Period
from bot.domain.maturity.scoring import Answer, DemandResult, ItemResult
from bot.redaction import Redactor
from bot.reports.documents import moment, scalar_text
from bot.reports.exports.tables import disarmed
from bot.reports.html import rendered
from bot.reports.maturity.counter_words import counter_words
from bot.reports.maturity.words import (
    answer_words,
    level_words,
    limit_words,
    measure_title,
    number_words,
    period_words,
    rating_words,
    value_words,
)
from bot.reports.visible import one_line, visible
from bot.reports.wording import Wording
from bot.texts import N_
from scanners.finding import Severity
from scanners.interface import ScannerStatus

SHEETS: Final = ("summary.css",)
MOST_ON_A_PAGE: Final = 200
"""Projects of a demand on the page; the table has all."""
_REDACTOR: Final = Redactor()

KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "finding": N_("Finding"),
        "scan": N_("Scan"),
        "scanner_run": N_("Scanner's answer"),
        "verdict": N_("Verdict"),
        "merge_request": N_("Merge request"),
        "pipeline": N_("Pipeline"),
        "release": N_("Release"),
        "incident": N_("Incident"),
        "exception": N_("Exception"),
        "component": N_("Component"),
        "settings": N_("Settings"),
        "code": N_("Code"),
        "report": N_("Report"),
    }
)
"""What evidence rows are about (``bot.store.maturity.evidence``)."""

COUNTED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "projects.scanned": N_("projects whose default branch was read within the last 14 days"),
        "projects.sast": N_("projects about whose default branch every static scanner answered"),
        "projects.dependency": N_("projects about whose default branch every dependency scanner answered"),
        "projects.secret": N_("projects about whose default branch every secret scanner answered"),
        "projects.required_answered": N_("projects about whose default branch every required scanner answered"),
        "projects.advisories_fresh": N_("projects whose last dependency scan knew advisories of at most 7 days ago"),
        "projects.level_known": N_("projects whose settings on GitLab were read"),
        "projects.level1": N_("projects with enforcement level 1 or more"),
        "projects.level2": N_("projects with enforcement level 2 or more"),
        "projects.level3": N_("projects with enforcement level 3"),
        "projects.protected": N_("projects whose default branch is protected"),
        "projects.policy_ok": N_("projects whose policy could be read"),
        "projects.sbom": N_("projects with a bill of materials"),
        "projects.pinned": N_("projects whose dependency scans left nothing out for want of an exact version"),
        "components": N_("releases of packages that bills of materials name"),
        "components.licensed": N_("of those, releases whose licence is known"),
        "components.vulnerable": N_("packages with an open finding on the default branch"),
        "merges.scanned": N_("merge requests whose merged head had an answer before the merge"),
        "merges.cleared": N_("merge requests whose merged head a verdict had let through before"),
        "releases.judged": N_("releases of which it is known whether their commit was cleared"),
        "releases.cleared": N_("of those, releases whose commit was cleared"),
        "reports.delivered": N_("reports delivered to people who are asked to acknowledge them"),
        "reports.acknowledged": N_("of those, reports that were acknowledged"),
        "open.secret": N_("open findings that are secrets"),
        "undecided": N_("findings that wait for a person's judgement"),
        "secrets.merged": N_("secrets that came to the default branch"),
        "incidents.uncleared": N_("commits or merges on protected branches that no verdict let through"),
        "incidents.break_glass": N_("merges by break-glass people around the bot"),
        "incidents.tampering": N_("attempts to tamper with the gate or its settings"),
        "incidents.open": N_("incidents around the gate that nobody has closed"),
        "exceptions.in_force": N_("exceptions of one project in force"),
    }
)
"""What is counted, as far as ``counter_words`` has no words for it. ``counters`` says it exactly."""


@dataclass(frozen=True, slots=True)
class Behind:
    """A row of evidence, in the store's words."""

    kind: str
    what: str
    at: datetime | None
    value: str
    project: str
    """Its full path."""
    reference: str = ""
    """Number or name by which the desk finds it; empty for none."""


@dataclass(frozen=True, slots=True)
class OfProject:
    """What one project of a group answers."""

    project: str
    result: DemandResult
    counters: Mapping[str, int]
    """Those that the figure is made of, as far as they are known."""


@dataclass(frozen=True, slots=True)
class Word:
    """What somebody attested, with its file in the pack."""

    attestation: Attestation
    about: str
    """Of what it is said, in words."""
    file: str
    """Its file's path in the pack; empty for none."""
    as_rated: bool
    """Whether it is still the text that the snapshot names."""


@dataclass(frozen=True, slots=True)
class DemandEvidence:
    """All there is about one demand."""

    demand: Demand
    result: DemandResult
    counters: Mapping[str, int]
    projects: tuple[OfProject, ...] = ()
    """Of a group or the organisation: those that speak against it first."""
    rows: tuple[Behind, ...] = ()
    rows_of: int = 0
    """Of how many projects ``rows`` tells."""
    words: tuple[Word, ...] = ()
    words_lost: int = 0
    """Attestations that answered it and are no longer there."""


@dataclass(frozen=True, slots=True)
class LevelEvidence:
    """All there is about one level of an item."""

    model: Model
    item: Item
    level: int
    rating: ItemResult
    subject: str
    """What is rated, in words."""
    period: Period
    snapshot: str
    """Its digest."""
    demands: tuple[DemandEvidence, ...]


def level_title(evidence: LevelEvidence, wording: Wording) -> str:
    """What the page and its line in the index are called."""
    _ = wording.t.gettext
    title = one_line(f"{evidence.item.id} {evidence.item.title[wording.language]}", 200)
    if not evidence.model.levels:
        return title
    return _("{item}, level {level}").format(item=title, level=level_words(evidence.level, evidence.model, wording))


def threshold_words(demand: Demand, wording: Wording, *, several: bool) -> str:
    """What has to be reached; of ``several`` projects also by how many of them."""
    _ = wording.t.gettext
    if isinstance(demand.asks, Attest):
        if demand.asks.second_person:
            return _("attestation, confirmed by a second person, for at most {days} days").format(
                days=demand.asks.valid_days
            )
        return _("attestation for at most {days} days").format(days=demand.asks.valid_days)
    measure = MEASURES[demand.asks.measure]
    limit = limit_words(demand.asks.threshold, measure.unit, measure.better, wording, strict=demand.asks.strict)
    if not several:
        return limit
    share = number_words(demand.share * 100, wording, 2)
    return _("{limit}, in at least {share} % of the projects").format(limit=limit, share=share)


def result_words(demand: Demand, result: DemandResult, wording: Wording) -> str:
    """What the data gives: a figure with its unit, of several projects how many meet it; empty for an attestation."""
    _ = wording.t.gettext
    if result.of is not None and result.attestation_id is None:
        return _("{met} of {of} projects meet it, of {unknown} it is not known").format(
            met=result.met or 0, of=result.of, unknown=result.unknown or 0
        )
    if isinstance(demand.asks, Attest):
        return ""
    return value_words(result.value, MEASURES[demand.asks.measure].unit, wording)


# --- the page ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Table:
    """A table on the page."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Said:
    """An attestation on the page."""

    text: str
    facts: tuple[tuple[str, str], ...]
    file: str
    link: str


@dataclass(frozen=True, slots=True)
class _Block:
    """A demand on the page."""

    id: str
    text: str
    facts: tuple[tuple[str, str], ...]
    tables: tuple[_Table, ...]
    words: tuple[_Said, ...]
    notes: tuple[str, ...]


def render_level_html(evidence: LevelEvidence, wording: Wording, link: Callable[[str], str]) -> bytes:
    """The page, in UTF-8. ``link``: the address of a file of the pack from where the page is."""
    _ = wording.t.gettext
    model, item = evidence.model, evidence.item
    facts = (
        (_("Model"), one_line(f"{model.title[wording.language]} ({model.id} {model.version})", 300)),
        (_("About"), evidence.subject),
        (_("Period"), period_words(evidence.period, wording)),
        (_("Rating of the item"), rating_words(evidence.rating, model, wording)),
        (_("Snapshot"), evidence.snapshot),
    )
    page = rendered(
        "evidence_item.html",
        wording,
        sheets=SHEETS,
        title=level_title(evidence, wording),
        description=one_line(item.description[wording.language], 1_000),
        notice=one_line(model.notice[wording.language], 2_000),
        facts=facts,
        blocks=[_block(one, wording, link) for one in evidence.demands],
    )
    return page.encode("utf-8")


def _block(one: DemandEvidence, wording: Wording, link: Callable[[str], str]) -> _Block:
    _ = wording.t.gettext
    demand, result = one.demand, one.result
    several = result.of is not None
    facts = [(_("Result"), answer_words(result.answer, wording))]
    if not isinstance(demand.asks, Attest):
        facts.append((_("Figure"), measure_title(MEASURES[demand.asks.measure], wording)))
    if said := result_words(demand, result, wording):
        facts.append((_("Measured"), said))
    facts.append((_("Threshold"), threshold_words(demand, wording, several=several)))
    notes = []
    if result.answer is not Answer.MET:
        notes.append(_("What to do: {advice}").format(advice=one_line(demand.advice[wording.language], 1_000)))
    if one.words_lost:
        notes.append(
            wording.t.ngettext(
                "{count} attestation that answered this is no longer there.",
                "{count} attestations that answered this are no longer there.",
                one.words_lost,
            ).format(count=one.words_lost)
        )
    return _Block(
        id=one_line(demand.id, 100),
        text=one_line(demand.text[wording.language], 1_000),
        facts=tuple(facts),
        tables=tuple(
            table for table in (_counters(one, wording), _projects(one, wording), _rows(one, wording)) if table
        ),
        words=tuple(_said(word, wording, link) for word in one.words),
        notes=tuple(notes),
    )


def _counters(one: DemandEvidence, wording: Wording) -> _Table | None:
    _ = wording.t.gettext
    measure = _measure(one.demand)
    if measure is None:
        return None
    rows = tuple(
        (counted_words(name, wording), name, _number(one.counters.get(name), wording)) for name in measure.uses
    )
    return _Table(_("Counters of the period"), (_("What is counted"), _("Name"), _("Count")), rows)


def _projects(one: DemandEvidence, wording: Wording) -> _Table | None:
    _ = wording.t.gettext
    if not one.projects:
        return None
    rows = tuple(
        (one_of.project, answer_words(one_of.result.answer, wording), result_words(one.demand, one_of.result, wording))
        for one_of in one.projects[:MOST_ON_A_PAGE]
    )
    left = len(one.projects) - len(rows)
    note = _("{count} more stand in the table beside this page.").format(count=left) if left else ""
    return _Table(_("Projects"), (_("Project"), _("Result"), _("Measured")), rows, note)


def _rows(one: DemandEvidence, wording: Wording) -> _Table | None:
    _ = wording.t.gettext
    if not one.rows:
        return None
    rows = tuple(
        (kind_words(row.kind, wording), clean(row.what), row.project, moment(row.at), behind_words(row.value, wording))
        for row in one.rows
    )
    note = ""
    if one.projects and one.rows_of < len(one.projects):
        note = _("Of {count} projects, those first that speak against it.").format(count=one.rows_of)
    columns = (_("Kind"), _("Subject"), _("Project"), _("When"), _("Measured"))
    return _Table(_("What is behind it"), columns, rows, note)


def _said(word: Word, wording: Wording, link: Callable[[str], str]) -> _Said:
    _ = wording.t.gettext
    return _Said(
        text=_REDACTOR.text(visible(word.attestation.text)),
        facts=tuple(_facts(word, wording)),
        file=word.file.rpartition("/")[2],
        link=link(word.file) if word.file else "",
    )


def _facts(word: Word, wording: Wording) -> Iterable[tuple[str, str]]:
    _ = wording.t.gettext
    said = word.attestation
    yield _("Attestation"), f"#{said.id}"
    yield _("About"), word.about
    yield _("Made by"), f"{clean(said.made_by)}, {moment(said.made_at)}"
    yield _("Confirmed by"), f"{clean(said.confirmed_by)}, {moment(said.confirmed_at)}" if said.confirmed_at else "–"
    yield _("Holds until"), moment(said.expires_at)
    if said.withdrawn_at is not None:
        yield _("Taken back by"), f"{clean(said.withdrawn_by)}, {moment(said.withdrawn_at)}"
    if said.file_name:
        yield _("Sent as"), clean(said.file_name)
        yield "SHA-256", said.file_digest
    if not word.as_rated:
        yield _("Note"), _("it is not the text that the snapshot names")


# --- the table --------------------------------------------------------------------------------------------------------


def render_level_csv(evidence: LevelEvidence, wording: Wording) -> bytes:
    """The same and more as CSV (RFC 4180 with a byte order mark): a line for each demand, counter, project and row."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(_headings(wording))
    for one in evidence.demands:
        for line in _lines(one, wording):
            writer.writerow([disarmed(cell) for cell in line])
    return codecs.BOM_UTF8 + scalar_text(stream.getvalue()).encode("utf-8")


def _headings(wording: Wording) -> Sequence[str]:
    _ = wording.t.gettext
    return (
        _("Record"),
        _("Demand"),
        _("Subject"),
        _("Result"),
        _("Measured"),
        _("Threshold"),
        _("Project"),
        _("When"),
        _("By"),
        _("Reference"),
    )


def _lines(one: DemandEvidence, wording: Wording) -> Iterable[tuple[str, ...]]:
    _ = wording.t.gettext
    demand, result = one.demand, one.result
    several = result.of is not None
    number = one_line(demand.id, 100)
    limit = threshold_words(demand, wording, several=several)
    text = one_line(demand.text[wording.language], 1_000)
    answer = answer_words(result.answer, wording)
    yield (_("demand"), number, text, answer, result_words(demand, result, wording), limit, "", "", "", "")
    measure = _measure(demand)
    uses = measure.uses if measure is not None else ()
    for name in uses:
        what, value = counted_words(name, wording), _plain(one.counters.get(name), wording)
        yield (_("counter"), number, what, "", value, "", "", "", "", name)
    for of in one.projects:
        answer, value = answer_words(of.result.answer, wording), result_words(demand, of.result, wording)
        yield (_("project"), number, "", answer, value, "", of.project, "", "", _counted(of.counters, uses))
    for row in one.rows:
        what, value = f"{kind_words(row.kind, wording)}: {clean(row.what)}", behind_words(row.value, wording)
        yield (_("evidence"), number, what, "", value, "", row.project, moment(row.at), "", row.reference)
    for word in one.words:
        said = word.attestation
        by = clean(said.made_by) + (f" / {clean(said.confirmed_by)}" if said.confirmed_at else "")
        text = _REDACTOR.text(visible(said.text))
        until = _("holds until {time}").format(time=moment(said.expires_at))
        yield (_("attestation"), number, text, "", until, "", word.about, moment(said.made_at), by, word.file)


def _counted(counters: Mapping[str, int], uses: Sequence[str]) -> str:
    return ", ".join(f"{name}={counters[name]}" for name in uses if name in counters)


# --- words ------------------------------------------------------------------------------------------------------------


def counted_words(name: str, wording: Wording) -> str:
    """What a counter counts."""
    if name in COUNTED:
        return wording.marked(COUNTED[name])
    return one_line(counter_words(name, wording), 300)


def kind_words(kind: str, wording: Wording) -> str:
    """What a row of evidence is about."""
    return wording.marked(KINDS[kind]) if kind in KINDS else clean(kind)


_SEVERITIES: Final = {severity.value: severity for severity in Severity}
_STATUSES: Final = {status.value: status for status in ScannerStatus}
VALUES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "acknowledged": N_("acknowledged"),
        "not acknowledged": N_("not acknowledged"),
        "ended": N_("every scanner answered"),
        "not ended": N_("not every scanner answered"),
        "scanned": N_("scanned"),
        "unscanned": N_("not scanned"),
        "cleared": N_("cleared"),
        "not cleared": N_("not cleared"),
        "protected": N_("protected"),
        "not protected": N_("not protected"),
        "missing": N_("missing"),
        "open": N_("open"),
        "closed": N_("closed"),
        "unknown": N_("not known"),
        "confirmed": N_("confirmed"),
        "dismissed": N_("dismissed"),
        "false_positive": N_("false positive"),
    }
)
"""What a row contributes, where it is a word (``bot.store.maturity.evidence``)."""


def behind_words(value: str, wording: Wording) -> str:
    """What a row contributes: a word in the reader's language, a duration or a number as it is."""
    if value in _SEVERITIES:
        return wording.severity(_SEVERITIES[value])
    if value in VALUES:
        return wording.marked(VALUES[value])
    return wording.status(_STATUSES[value]) if value in _STATUSES else clean(value)


def clean(text: str) -> str:
    """Somebody's text on one line, without what cannot be seen and without what looks like a secret."""
    return _REDACTOR.text(one_line(text, 500))


def _measure(demand: Demand) -> Measure | None:
    return None if isinstance(demand.asks, Attest) else MEASURES[demand.asks.measure]


def _number(value: int | None, wording: Wording) -> str:
    return wording.t.gettext("not known") if value is None else number_words(value, wording)


def _plain(value: int | None, wording: Wording) -> str:
    return wording.t.gettext("not known") if value is None else str(value)
