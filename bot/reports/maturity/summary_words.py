"""
Puts the compliance summary into words: from the document to ``bot.reports.maturity.summary_view`` in one language.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.domain.incident import IncidentKind
from bot.domain.maturity.measures import MEASURES, Unit
from bot.domain.maturity.model import Scheme, Text
from bot.domain.maturity.scope import ScopeKind
from bot.domain.maturity.summarising import leading_model
from bot.domain.maturity.summary import (
    DutyKind,
    DutyLine,
    ExceptionLine,
    FigureLine,
    IncidentLine,
    ItemLine,
    Limit,
    LimitKind,
    Listed,
    ModelPart,
    ProjectLine,
    RedItem,
    RedKind,
    Score,
    SeverityLine,
    Summary,
)
from bot.domain.suppression import Standing
from bot.domain.triage import Justification
from bot.reports.documents import moment
from bot.reports.enforcement import incident_words
from bot.reports.maturity.counter_words import counter_words
from bot.reports.maturity.summary_view import Cell, Chart, Column, Kind, Line, Section, Table, Tile, Tone, View
from bot.reports.maturity.words import (
    measure_title,
    not_assessed,
    number_words,
    period_words,
    scope_words,
    score_words,
    target_words,
    value_words,
)
from bot.reports.visible import one_line, shorten_path, visible
from bot.reports.wording import Wording
from scanners.finding import Severity

_LONGEST = 400
"""Characters of somebody's reason."""
_NAME = 120
_SHOWN_RED = 14
"""Red items on the page for the management; all of them stand in tables of their own as well."""


def view_of(summary: Summary, wording: Wording) -> View:
    """The document's words."""
    return _Words(summary, wording).view()


@dataclass(frozen=True)
class _Words:
    summary: Summary
    wording: Wording

    # --- small words --------------------------------------------------------------------------------------------------

    @property
    def _(self) -> Callable[[str], str]:
        return self.wording.t.gettext

    def ngettext(self, one: str, many: str, number: int) -> str:
        choose = self.wording.t.ngettext
        return choose(one, many, number).format(n=number_words(number, self.wording))

    def text(self, text: Text, limit: int = 200) -> str:
        return one_line(text[self.wording.language], limit)

    def count(self, number: int | None, *, bad: bool = False) -> Cell:
        """A number; red where it is above nothing and ``bad``."""
        if number is None:
            return Cell(not_assessed(self.wording), None, Tone.UNKNOWN)
        tone = Tone.BAD if bad and number > 0 else Tone.PLAIN
        return Cell(number_words(number, self.wording), number, tone)

    def when(self, at: datetime | None, otherwise: str = "") -> Cell:
        return Cell(otherwise) if at is None else Cell(moment(at)[:16], at)

    def day(self, at: datetime | None, otherwise: str = "") -> Cell:
        return Cell(otherwise) if at is None else Cell(moment(at)[:10], at)

    def severity(self, word: str) -> str:
        known = {severity.value: severity for severity in Severity}
        return self.wording.severity(known[word]) if word in known else one_line(word, 40)

    def path(self, path: str) -> str:
        return shorten_path(" ".join(visible(path).split()), _NAME)

    def project(self, path: str) -> str:
        return self.path(path) or self._("every project")

    def earlier(self, number: int | None) -> Cell:
        """A number of the last period."""
        return Cell("–") if self.summary.snapshot_before is None else self.count(number)

    def seen(self, words: str) -> str:
        """What stands in an empty list: that there was nothing, unless nobody looked."""
        if self.summary.days_counted:
            return words
        return self._("Not assessed: nothing of this period was counted.")

    def more(self, hidden: int) -> str:
        return self.ngettext("{n} more is not shown.", "{n} more are not shown.", hidden) if hidden > 0 else ""

    # --- the whole ----------------------------------------------------------------------------------------------------

    def view(self) -> View:
        _, summary = self._, self.summary
        sections = [
            *(self.ratings(model) for model in summary.models),
            self.trend(),
            self.figures(),
            self.findings(),
            self.exceptions(),
            self.overrides(),
            self.uncleared(),
            self.holes(),
            self.advisories(),
            self.duties(),
        ]
        if summary.scope.kind is not ScopeKind.PROJECT:
            sections.append(self.projects())
        sections += [self.evidence(), self.limits()]
        scope = scope_words(summary.scope, summary.path, self.wording)
        title = _("Security compliance summary")
        return View(
            title=title,
            subtitle=f"{scope} – {period_words(summary.period, self.wording)}",
            facts=self.facts(scope),
            notices=self.notices(),
            management=self.management(),
            sections=tuple(sections),
            signature=self.signature(),
            footer=f"{title} – {shorten_path(scope, 70)} – {summary.period.label}",
            digest=summary.digest,
        )

    def facts(self, scope: str) -> tuple[tuple[str, str], ...]:
        _, summary = self._, self.summary
        period = f"{period_words(summary.period, self.wording)} ({summary.period.first} – {summary.period.last}, UTC)"
        found = [
            (_("Organisation"), one_line(summary.organisation, _NAME)),
            (_("Subject"), scope),
            (_("Period"), period),
            (_("Compared with the period"), self.compared()),
            (_("Projects"), number_words(summary.projects_of, self.wording)),
            (_("Revision of the snapshot"), str(summary.snapshot.revision)),
            (_("Snapshot"), summary.snapshot.digest),
            (_("Digest of this document"), summary.digest),
            (_("Made on"), f"{moment(summary.made_at)}, {one_line(summary.made_by, _NAME)}"),
            (_("Made with"), f"Mergewarden {one_line(summary.tool, 40)}"),
        ]
        return tuple((name, value) for name, value in found if value)

    def compared(self) -> str:
        before = self.summary.snapshot_before
        if before is None:
            return self._("nothing: no snapshot of the period before exists")
        return period_words(self.summary.period.previous, self.wording)

    def notices(self) -> tuple[str, ...]:
        found = (self.notice(model) for model in self.summary.models)
        return tuple(notice for notice in found if notice)

    def notice(self, model: ModelPart) -> str:
        notice = self.text(model.notice, 600)
        return f"{self.text(model.title)}{self.wording.colon()}{notice}" if notice else ""

    # --- the page for the management ----------------------------------------------------------------------------------

    def management(self) -> Section:
        _, summary = self._, self.summary
        shown = summary.red[:_SHOWN_RED]
        bullets = [self.red(item) for item in shown]
        hidden = len(summary.red) - len(shown)
        if hidden:
            bullets.append(self.ngettext("{n} more: see the tables below.", "{n} more: see the tables below.", hidden))
        return Section(
            name="management",
            title=_("For the management"),
            tiles=(*(self.model_tile(model) for model in summary.models), *self.tiles()),
            charts=self.charts(),
            bullets_title=_("What needs attention"),
            bullets=tuple(bullets) or (_("Nothing stands out in what is known."),),
        )

    def model_tile(self, model: ModelPart) -> Tile:
        _ = self._
        known = value_words(model.known / 1000, Unit.SHARE, self.wording)
        parts = []
        if model.scheme is Scheme.LEVELS:
            parts.append(_("level {level}").format(level=self.level(model, model.level)))
        parts.append(_("{share} of the answers known").format(share=known))
        if model.practice is not None or model.outcome is not None:
            parts.append(
                _("practice {practice}, outcome {outcome}").format(
                    practice=score_words(model.practice, self.wording), outcome=score_words(model.outcome, self.wording)
                )
            )
        if model.before:
            parts.append(_("last period {score}").format(score=score_words(model.score_before, self.wording)))
        tone = Tone.UNKNOWN if model.score is None else Tone.PLAIN
        if model.before and model.score_before is not None and (model.score or -1) < model.score_before:
            tone = Tone.BAD if model.score is not None else tone
        value = not_assessed(self.wording) if model.score is None else f"{model.score} / 100"
        return Tile(self.text(model.title, 80), value, self.wording.t.gettext("; ").join(parts), tone)

    def tiles(self) -> Iterable[Tile]:
        _, summary = self._, self.summary
        assessed = summary.projects_assessed
        if summary.scope.kind is not ScopeKind.PROJECT:
            known = 0 if assessed is None else assessed
            yield Tile(
                _("Projects assessed"),
                f"{number_words(known, self.wording)} / {number_words(summary.projects_of, self.wording)}",
                _("all scanners that count answered"),
                Tone.UNKNOWN if not summary.projects_of else Tone.BAD if known < summary.projects_of else Tone.GOOD,
            )
        by_name = {line.severity: line for line in summary.severities}
        for name in ("critical", "high"):
            line = by_name[name]
            cell = self.count(line.open, bad=True)
            yield Tile(
                _("Open findings: {severity}").format(severity=self.severity(name)),
                cell.text,
                self.before(line.open_before),
                cell.tone,
            )
        reached = [figure.reaches for figure in summary.figures if MEASURES[figure.name].target is not None]
        yield Tile(
            _("Targets reached"),
            f"{sum(one is True for one in reached)} / {len(reached)}",
            self.ngettext("{n} not assessed", "{n} not assessed", sum(one is None for one in reached)),
            Tone.BAD if False in reached else Tone.UNKNOWN if None in reached else Tone.GOOD,
        )

    def before(self, number: int | None) -> str:
        if self.summary.snapshot_before is None:
            return ""
        known = not_assessed(self.wording) if number is None else number_words(number, self.wording)
        return self._("last period {score}").format(score=known)

    def level(self, model: ModelPart, number: int | None) -> str:
        if number is None:
            return not_assessed(self.wording)
        name = next((self.text(level.name, 40) for level in model.levels if level.number == number), "")
        return f"{number} {name}".strip()

    def red(self, item: RedItem) -> str:
        _ = self._
        number = int(item.value or 0)
        match item.kind:
            case RedKind.UNCLEARED:
                return self.ngettext(
                    "{n} commit came onto a protected branch around the gate.",
                    "{n} commits came onto protected branches around the gate.",
                    number,
                )
            case RedKind.BREAK_GLASS:
                return self.ngettext("{n} break-glass merge.", "{n} break-glass merges.", number)
            case RedKind.TAMPERING:
                return self.ngettext(
                    "{n} attempt to tamper with the gate.", "{n} attempts to tamper with the gate.", number
                )
            case RedKind.CRITICAL_OPEN:
                return self.ngettext("{n} critical finding is open.", "{n} critical findings are open.", number)
            case RedKind.OVERDUE:
                return self.ngettext("{n} finding is overdue.", "{n} findings are overdue.", number)
            case RedKind.NOT_ASSESSED:
                return _("{n} of {of} projects are not assessed: nobody can say how they stand.").format(
                    n=number_words(number, self.wording), of=number_words(item.of or 0, self.wording)
                )
            case RedKind.UNKNOWN:
                return _("{n} of {of} figures are not known.").format(n=number, of=item.of or 0)
            case RedKind.LEVEL_FELL | RedKind.SCORE_FELL:
                return self._fallen(item)
            case RedKind.TARGET_MISSED:
                measure = MEASURES[item.subject]
                return _("{figure}: {value}, the target is {target}.").format(
                    figure=measure_title(measure, self.wording),
                    value=value_words(item.value, measure.unit, self.wording),
                    target=target_words(measure, self.wording),
                )

    def _fallen(self, item: RedItem) -> str:
        sentence = (
            self._("{subject}: the level fell from {before} to {now}.")
            if item.kind is RedKind.LEVEL_FELL
            else self._("{subject}: the score fell from {before} to {now}.")
        )
        name = item.subject.partition(" ")[2]
        title = self.text(item.title) if item.title is not None else item.subject
        return sentence.format(
            subject=f"{one_line(name, 60)} {title}".strip(),
            before=int(item.before or 0),
            now=not_assessed(self.wording) if item.value is None else int(item.value),
        )

    # --- parts --------------------------------------------------------------------------------------------------------

    def charts(self) -> tuple[Chart, ...]:
        _, points = self._, self.summary.trend
        labels = tuple(point.label for point in points)
        scores = tuple(
            Line(
                self.text(model.title, 60),
                tuple(
                    next(
                        (
                            float(one.score)
                            for one in point.scores
                            if one.model_id == model.id and one.score is not None
                        ),
                        None,
                    )
                    for point in points
                ),
            )
            for model in self.summary.models
        )
        lines = tuple(
            Line(title, tuple(None if number is None else float(number) for number in numbers))
            for title, numbers in (
                (self.severity("critical"), [point.critical for point in points]),
                (self.severity("high"), [point.high for point in points]),
                (_("Overdue"), [point.overdue for point in points]),
            )
        )
        return (
            Chart("scores", _("Scores over time (0 to 100)"), labels, scores, 100.0),
            Chart("open", _("Open and overdue findings over time"), labels, lines),
        )

    def ratings(self, model: ModelPart) -> Section:
        _ = self._
        notes = [notice for notice in (self.text(model.notice, 600),) if notice]
        if not model.before and self.summary.snapshot_before is not None:
            notes.append(_("This version of the model did not rate the last period, so there is nothing to compare."))
        return Section(
            name=f"model_{model.id.replace('-', '_')}",
            title=_("Ratings: {model}").format(model=self.text(model.title)),
            notes=tuple(notes),
            tables=(
                Table(
                    name=f"ratings_{model.id.replace('-', '_')}",
                    title="",
                    columns=(
                        Column("item", _("Item"), weight=6),
                        Column("rating", _("Rating"), weight=3),
                        Column("before", _("Last period"), weight=3),
                        Column("known", _("Known"), Kind.SHARE, 2),
                        Column("met", _("Met"), Kind.NUMBER, 2),
                        Column("unmet", _("Not met"), Kind.NUMBER, 2),
                        Column("unknown", _("Not known"), Kind.NUMBER, 2),
                        Column("attested", _("Attested"), Kind.NUMBER, 2),
                    ),
                    rows=tuple(self.item(model, item) for item in model.items),
                    empty=_("The model has no items."),
                ),
            ),
        )

    def item(self, model: ModelPart, item: ItemLine) -> tuple[Cell, ...]:
        rating = self.rating(model, item)
        before = Cell("–")
        if item.compared:
            before = Cell(self.rating_before(model, item))
        elif self.summary.snapshot_before is None:
            before = Cell("")
        return (
            Cell(f"{one_line(item.id, 40)} {self.text(item.title, 120)}"),
            rating,
            before,
            Cell(value_words(item.known / 1000, Unit.SHARE, self.wording), item.known / 1000),
            self.count(item.met),
            self.count(item.unmet),
            self.count(item.unknown),
            self.count(item.attested),
        )

    def rating(self, model: ModelPart, item: ItemLine) -> Cell:
        unknown = Cell(not_assessed(self.wording), None, Tone.UNKNOWN)
        if not item.known:
            return unknown
        if model.scheme is Scheme.LEVELS:
            if item.level is None or item.rating is None:
                return unknown
            words = item.rating if item.rating.endswith("-") else self.level(model, item.level)
            fell = item.compared and item.level_before is not None and item.level < item.level_before
            return Cell(words, item.level, Tone.BAD if fell else Tone.PLAIN)
        if model.scheme is Scheme.ANSWERS:
            if item.points is None:
                return unknown
            highest = max((level.number for level in model.levels), default=1)
            return Cell(f"{number_words(item.points // 10 / 100, self.wording, 2)} / {highest}", item.points / 1000)
        return Cell(f"{item.credit // 10} / 100", item.credit // 10)

    def rating_before(self, model: ModelPart, item: ItemLine) -> str:
        if model.scheme is Scheme.LEVELS:
            if item.rating_before is None:
                return not_assessed(self.wording)
            done = not item.rating_before.endswith("-")
            return self.level(model, item.level_before) if done else item.rating_before
        if item.credit_before is None:
            return not_assessed(self.wording)
        return f"{item.credit_before // 10} / 100" if model.scheme is Scheme.POINTS else "–"

    def trend(self) -> Section:
        _, summary = self._, self.summary
        columns = [Column("period", _("Period"), weight=3)]
        columns += [
            Column(f"score_{model.id.replace('-', '_')}", self.text(model.title, 60), Kind.NUMBER, 3)
            for model in summary.models
        ]
        columns += [
            Column(name, title, Kind.NUMBER, 2)
            for name, title in (
                ("critical", self.severity("critical")),
                ("high", self.severity("high")),
                ("medium", self.severity("medium")),
                ("low", self.severity("low")),
                ("overdue", _("Overdue")),
            )
        ]
        rows = []
        for point in reversed(summary.trend):
            scores = {one.model_id: one.score for one in point.scores}
            rows.append(
                (
                    Cell(point.label),
                    *(self.count(scores.get(model.id)) for model in summary.models),
                    self.count(point.critical),
                    self.count(point.high),
                    self.count(point.medium),
                    self.count(point.low),
                    self.count(point.overdue),
                )
            )
        return Section(
            name="trend",
            title=_("Trend"),
            notes=(_("Scores, and open findings at the end of each period, the newest first."),),
            tables=(Table("trend", "", tuple(columns), tuple(rows), ""),),
        )

    def figures(self) -> Section:
        _ = self._
        columns = (
            Column("figure", _("Figure"), weight=7),
            Column("value", _("This period"), weight=3),
            Column("target", _("Target"), weight=3),
            Column("reached", _("Target reached"), weight=3),
            Column("before", _("Last period"), weight=3),
            Column("published", _("Published by assessed firms"), weight=4),
            Column("days", _("Days known"), weight=3),
            Column("note", _("Evidence"), Kind.NUMBER, 2),
        )
        rows = tuple(self.figure(n, line) for n, line in enumerate(self.summary.figures, 1))
        return Section(
            name="figures",
            title=_("Figures and targets"),
            notes=(
                _(
                    "Targets are what firms published of their level-3 assessments of continuous delivery: examples of "
                    "what was good enough there, not demands of the standard."
                ),
            ),
            tables=(Table("figures", "", columns, rows, ""),),
        )

    def figure(self, number: int, line: FigureLine) -> tuple[Cell, ...]:
        measure = MEASURES[line.name]
        if line.value is None:
            value = Cell(not_assessed(self.wording), None, Tone.UNKNOWN)
        else:
            value = Cell(value_words(line.value, measure.unit, self.wording), line.value)
        before = Cell("–" if self.summary.snapshot_before is None else not_assessed(self.wording))
        if line.before is not None:
            before = Cell(value_words(line.before, measure.unit, self.wording), line.before)
        return (
            Cell(measure_title(measure, self.wording)),
            value,
            Cell(target_words(measure, self.wording)),
            self.reached(line),
            before,
            Cell(measure.target.published if measure.target is not None else ""),
            self.days(line),
            Cell(f"[{number}]", number),
        )

    def reached(self, line: FigureLine) -> Cell:
        if MEASURES[line.name].target is None:
            return Cell("")
        if line.reaches is None:
            return Cell(not_assessed(self.wording), None, Tone.UNKNOWN)
        return Cell(self._("reached"), 1, Tone.GOOD) if line.reaches else Cell(self._("missed"), 0, Tone.BAD)

    def days(self, line: FigureLine) -> Cell:
        known = line.days_known or 0
        words = f"{number_words(known, self.wording)} / {number_words(line.days_of, self.wording)}"
        return Cell(words, known, Tone.PLAIN if known >= line.days_of else Tone.UNKNOWN)

    def findings(self) -> Section:
        _, summary = self._, self.summary
        columns = (
            Column("severity", _("Severity"), weight=3),
            Column("found", _("Opened"), Kind.NUMBER, 2),
            Column("found_before", _("Opened, last period"), Kind.NUMBER, 3),
            Column("fixed", _("Fixed"), Kind.NUMBER, 2),
            Column("fixed_before", _("Fixed, last period"), Kind.NUMBER, 3),
            Column("open", _("Open at the end"), Kind.NUMBER, 2),
            Column("open_before", _("Open, last period"), Kind.NUMBER, 3),
            Column("overdue", _("Overdue"), Kind.NUMBER, 2),
        )
        return Section(
            name="findings",
            title=_("Findings opened, fixed and overdue"),
            notes=(
                _("Overdue tells how it was at {moment}.").format(moment=moment(summary.made_at)),
                self.tolerated(),
            ),
            tables=(Table("findings", "", columns, tuple(self.of_severity(line) for line in summary.severities), ""),),
        )

    def tolerated(self) -> str:
        if self.summary.tolerated is None:
            return self._("No scan of the period is known.")
        return self.ngettext(
            "{n} scan of the period was not assessed and let through by the policy.",
            "{n} scans of the period were not assessed and let through by the policy.",
            self.summary.tolerated,
        )

    def of_severity(self, line: SeverityLine) -> tuple[Cell, ...]:
        serious = line.severity in ("critical", "high")
        return (
            Cell(self.severity(line.severity)),
            self.count(line.found),
            self.earlier(line.found_before),
            self.count(line.fixed),
            self.earlier(line.fixed_before),
            self.count(line.open, bad=serious),
            self.earlier(line.open_before),
            self.count(line.overdue, bad=True),
        )

    def exceptions(self) -> Section:
        _, listed = self._, self.summary.exceptions
        columns = (
            Column("number", _("Number"), Kind.NUMBER, 2),
            Column("project", _("Project"), weight=4),
            Column("covers", _("What it covers"), weight=5),
            Column("why", _("Why"), weight=7),
            Column("asked_by", _("Who asked"), weight=3),
            Column("approved_by", _("Who approved"), weight=3),
            Column("until", _("Until"), Kind.MOMENT, 3),
            Column("standing", _("Standing"), weight=3),
        )
        rows = tuple(self.exception(line) for line in listed.rows)
        return Section(
            name="exceptions",
            title=_("Exceptions from the gate"),
            notes=(_("In force, or waiting for somebody, at some moment of the period."),),
            tables=(Table("exceptions", "", columns, rows, _("There was none."), self.more(listed.more)),),
        )

    def exception(self, line: ExceptionLine) -> tuple[Cell, ...]:
        _ = self._
        known = {one.value: one for one in Justification}
        why = self.wording.justification(known[line.justification]) if line.justification in known else ""
        reason = one_line(line.reason, _LONGEST)
        standings = {one.value: one for one in Standing}
        standing = standings.get(line.standing)
        approved = Cell(one_line(line.approved_by, _NAME))
        if not line.approved_by:
            approved = Cell(_("nobody yet"), None, Tone.BAD) if line.needs_approval else Cell(_("not needed"))
        words = self.wording.standing(standing) if standing is not None else one_line(line.standing, 40)
        if line.revoked_by:
            words = f"{words} ({one_line(line.revoked_by, _NAME)})"
        return (
            Cell(str(line.id), line.id),
            Cell(self.project(line.project)),
            Cell(one_line(line.what, 200)),
            Cell(f"{why}{self.wording.colon()}{reason}" if why and reason else why or reason),
            Cell(one_line(line.made_by, _NAME)),
            approved,
            self.day(line.expires_at),
            Cell(words, None, Tone.BAD if standing is Standing.WAITING else Tone.PLAIN),
        )

    def overrides(self) -> Section:
        _ = self._
        return Section(
            name="overrides",
            title=_("Gate overrides and break-glass"),
            tables=(
                self.incidents("overrides", self.summary.overrides, self.seen(_("Nothing of the kind was seen."))),
            ),
        )

    def uncleared(self) -> Section:
        _ = self._
        return Section(
            name="uncleared",
            title=_("Uncleared commits on protected branches"),
            tables=(self.incidents("uncleared", self.summary.uncleared, self.seen(_("None was seen."))),),
        )

    def incidents(self, name: str, listed: Listed[IncidentLine], empty: str) -> Table:
        _ = self._
        columns = (
            Column("number", _("Number"), Kind.NUMBER, 2),
            Column("project", _("Project"), weight=4),
            Column("what", _("What happened"), weight=6),
            Column("where", _("Where"), weight=4),
            Column("who", _("Who"), weight=3),
            Column("when", _("When"), Kind.MOMENT, 3),
            Column("times", _("Times"), Kind.NUMBER, 2),
            Column("closed", _("What came of it"), weight=5),
        )
        return Table(
            name, "", columns, tuple(self.incident(line) for line in listed.rows), empty, self.more(listed.more)
        )

    def incident(self, line: IncidentLine) -> tuple[Cell, ...]:
        known = {kind.value: kind for kind in IncidentKind}
        what = (
            incident_words(known[line.kind], self.wording.language) if line.kind in known else one_line(line.kind, 60)
        )
        where = [f"!{line.iid}"] if line.iid is not None else []
        where += [one_line(line.ref, 80)] if line.ref else []
        where += [one_line(line.sha, 80)[:12]] if line.sha else []
        closed = Cell(self._("nobody has closed it"), None, Tone.BAD)
        if line.closed_at is not None:
            words = self.wording.joined([one_line(line.closed_by, _NAME), moment(line.closed_at)[:10]])
            reason = one_line(line.closed_reason, _LONGEST)
            closed = Cell(f"{words}{self.wording.colon()}{reason}" if reason else words)
        return (
            Cell(str(line.id), line.id),
            Cell(self.project(line.project)),
            Cell(what),
            Cell(" ".join(where)),
            Cell(one_line(line.actor, _NAME) or self._("not known")),
            self.when(line.last_at),
            self.count(line.count),
            closed,
        )

    def holes(self) -> Section:
        _, listed = self._, self.summary.holes
        columns = (
            Column("project", _("Project"), weight=5),
            Column("why", _("Why nobody knows how it stands"), weight=6),
            Column("read", _("Default branch last read"), Kind.MOMENT, 3),
            Column("unanswered", _("Scanners without an answer"), weight=5),
        )
        rows = tuple(
            (
                Cell(self.project(line.project)),
                Cell(self.wording.joined([self.hole(hole) for hole in line.holes]), None, Tone.BAD),
                self.when(line.read_at, _("never")),
                Cell(self.wording.joined([one_line(name, 40) for name in line.unanswered])),
            )
            for line in listed.rows
        )
        return Section(
            name="holes",
            title=_("Coverage holes"),
            notes=(_("As of {moment}.").format(moment=moment(self.summary.made_at)),),
            tables=(
                Table(
                    "holes",
                    "",
                    columns,
                    rows,
                    self.no_hole(),
                    self.more(listed.more),
                ),
            ),
        )

    def no_hole(self) -> str:
        if not self.summary.projects_of:
            return self._("Not assessed: no project is known.")
        return self._("Every project was read lately, with an answer of every required scanner.")

    def no_advisory(self) -> str:
        if not self.summary.scans:
            return self._("Not assessed: no scan of the period is known.")
        return self._("There was none.")

    def hole(self, word: str) -> str:
        _ = self._
        return {
            "never_scanned": _("never scanned"),
            "no_baseline": _("default branch never scanned"),
            "no_answer": _("a required scanner gave no answer"),
            "stale": _("not scanned for {n} days").format(n=14),
        }.get(word, one_line(word, 60))

    def advisories(self) -> Section:
        _, listed = self._, self.summary.advisories
        columns = (
            Column("id", _("Advisory"), Kind.CODE, 4),
            Column("title", _("Package and what the advisory says"), weight=8),
            Column("severity", _("Severity"), weight=2),
            Column("exploited", _("Known to be exploited"), weight=3),
            Column("projects", _("Projects"), Kind.NUMBER, 2),
            Column("findings", _("Findings"), Kind.NUMBER, 2),
            Column("open", _("Still open"), Kind.NUMBER, 2),
        )
        words = {True: _("yes"), False: _("no"), None: not_assessed(self.wording)}
        tones = {True: Tone.BAD, False: Tone.PLAIN, None: Tone.UNKNOWN}
        rows = tuple(
            (
                Cell(one_line(line.id, 80)),
                Cell(one_line(line.title, 200)),
                Cell(self.severity(line.severity)),
                Cell(words[line.exploited], None, tones[line.exploited]),
                self.count(line.projects),
                self.count(line.findings),
                self.count(line.still_open, bad=True),
            )
            for line in listed.rows
        )
        return Section(
            name="advisories",
            title=_("Advisories of the period"),
            notes=(_("What findings about dependencies were about that were seen for the first time in the period."),),
            tables=(Table("advisories", "", columns, rows, self.no_advisory(), self.more(listed.more)),),
        )

    def duties(self) -> Section:
        _, listed = self._, self.summary.duties
        columns = (
            Column("duty", _("What is to be done"), weight=7),
            Column("who", _("Whose duty"), weight=4),
            Column("where", _("Where"), weight=4),
            Column("since", _("Open since"), Kind.MOMENT, 3),
            Column("until", _("Due"), Kind.MOMENT, 3),
            Column("count", _("How many"), Kind.NUMBER, 2),
        )
        rows = tuple(self.duty(line) for line in listed.rows)
        return Section(
            name="duties",
            title=_("Duties that are still open"),
            notes=(_("As of {moment}.").format(moment=moment(self.summary.made_at)),),
            tables=(Table("duties", "", columns, rows, _("There is none."), self.more(listed.more)),),
        )

    def duty(self, line: DutyLine) -> tuple[Cell, ...]:
        _ = self._
        what = one_line(line.what, 200)
        who = one_line(line.who, _NAME)
        sentence = {
            DutyKind.EXCEPTION: _("Approve or refuse exception {what}"),
            DutyKind.CONFIRM: _("Confirm or refuse the attestation for {what}"),
            DutyKind.RENEW: _("Attest anew: {what}"),
            DutyKind.OVERDUE: _("Mend overdue findings"),
            DutyKind.INCIDENT: _("Look into incidents and close them"),
            DutyKind.ACKNOWLEDGE: _("Acknowledge report {what}"),
        }[line.kind].format(what=what)
        if line.kind in (DutyKind.EXCEPTION, DutyKind.CONFIRM):
            who = _("a second person; {name} asked").format(name=who)
        late = line.until is not None and line.until <= self.summary.made_at
        until = self.day(line.until)
        return (
            Cell(sentence),
            Cell(who or _("nobody has taken it"), None, Tone.PLAIN if who else Tone.BAD),
            Cell(self.path(line.where)),
            self.day(line.since),
            Cell(until.text, until.value, Tone.BAD if late else Tone.PLAIN),
            self.count(line.count),
        )

    def projects(self) -> Section:
        _, summary = self._, self.summary
        columns = [Column("project", _("Project"), weight=7)]
        for model in summary.models:
            columns.append(Column(f"score_{model.id.replace('-', '_')}", self.text(model.title, 60), Kind.NUMBER, 3))
        columns += [
            Column("change", _("Change of score"), Kind.NUMBER, 2),
            Column("critical", self.severity("critical"), Kind.NUMBER, 2),
            Column("high", self.severity("high"), Kind.NUMBER, 2),
            Column("overdue", _("Overdue"), Kind.NUMBER, 2),
        ]
        rows = tuple(self.of_project(line) for line in summary.projects.rows)
        table = Table("projects", "", tuple(columns), rows, _("There is none."), self.more(summary.projects.more))
        return Section(
            name="projects",
            title=_("Projects, the worst first"),
            notes=(self.order(),),
            tables=(table,),
        )

    def order(self) -> str:
        by = leading_model(self.summary.models)
        title = next((self.text(one.title) for one in self.summary.models if one.id == by), by)
        return self._(
            "What is not assessed stands before every score. The order, and the change, follow: {model}."
        ).format(model=title)

    def of_project(self, line: ProjectLine) -> tuple[Cell, ...]:
        known = {one.model_id: one for one in line.scores}
        return (
            Cell(self.path(line.path)),
            *(self.score(known.get(model.id), model) for model in self.summary.models),
            self.change(line),
            self.count(line.critical, bad=True),
            self.count(line.high),
            self.count(line.overdue, bad=True),
        )

    def score(self, score: Score | None, model: ModelPart) -> Cell:
        if score is None or score.score is None:
            return Cell(not_assessed(self.wording), None, Tone.UNKNOWN)
        words = str(score.score)
        if model.scheme is Scheme.LEVELS and score.level is not None:
            words = self._("{score} (level {level})").format(score=score.score, level=score.level)
        return Cell(words, score.score)

    def change(self, line: ProjectLine) -> Cell:
        by = leading_model(self.summary.models)
        now, before = (
            next((one.score for one in scores if one.model_id == by), None)
            for scores in (line.scores, line.scores_before)
        )
        if now is None or before is None:
            return Cell("–")
        step = now - before
        if not step:
            return Cell("0", 0)
        return Cell(f"{'▲' if step > 0 else '▼'} {abs(step)}", step, Tone.GOOD if step > 0 else Tone.BAD)

    # --- what it all rests on -----------------------------------------------------------------------------------------

    def evidence(self) -> Section:
        _, summary = self._, self.summary
        columns = (
            Column("note", _("Evidence"), Kind.NUMBER, 2),
            Column("figure", _("Figure"), weight=6),
            Column("counter", _("Counter"), Kind.CODE, 4),
            Column("value", _("Count"), Kind.NUMBER, 3),
            Column("means", _("What was counted"), weight=8),
        )
        rows = []
        for number, line in enumerate(summary.figures, 1):
            for place, used in enumerate(line.uses):
                rows.append(
                    (
                        Cell(f"[{number}]" if not place else "", number),
                        Cell(measure_title(MEASURES[line.name], self.wording) if not place else ""),
                        Cell(used.name),
                        self.known(used.value),
                        Cell(counter_words(used.name, self.wording)),
                    )
                )
        return Section(
            name="evidence",
            title=_("Evidence"),
            notes=(_("Every figure is a formula over these counters, which add up over days and projects."),),
            tables=(
                Table("counters", "", columns, tuple(rows), ""),
                self.sources(),
            ),
        )

    def known(self, number: int | None) -> Cell:
        if number is None:
            return Cell(self._("not known"), None, Tone.UNKNOWN)
        return Cell(number_words(number, self.wording), number)

    def sources(self) -> Table:
        _, summary = self._, self.summary
        columns = (
            Column("source", _("Source"), weight=6),
            Column("version", _("Version"), weight=3),
            Column("digest", "SHA-256", Kind.CODE, 10),
        )
        rows = [
            (
                Cell(_("Snapshot of the period")),
                Cell(_("revision {n}").format(n=summary.snapshot.revision)),
                Cell(summary.snapshot.digest),
            ),
            (Cell(_("What it says")), Cell(""), Cell(summary.snapshot.content)),
        ]
        before = summary.snapshot_before
        if before is not None:
            rows.append(
                (
                    Cell(_("Snapshot of the period before")),
                    Cell(_("revision {n}").format(n=before.revision)),
                    Cell(before.digest),
                )
            )
        rows += [
            (
                Cell(_("Model: {model}").format(model=self.text(model.title))),
                Cell(one_line(model.version, 40)),
                Cell(model.digest),
            )
            for model in summary.models
        ]
        return Table("sources", _("What the numbers are from"), columns, tuple(rows), "")

    def limits(self) -> Section:
        return Section(
            name="limits",
            title=self._("What this document does not say"),
            bullets=tuple(self.limit(limit) for limit in self.summary.limits),
        )

    def limit(self, limit: Limit) -> str:
        _ = self._
        number = number_words(limit.number, self.wording)
        of = number_words(limit.of, self.wording)
        match limit.kind:
            case LimitKind.PERIOD_NOT_OVER:
                return _("The period was not over when the document was made.")
            case LimitKind.NO_PREVIOUS:
                return _("There is no snapshot of the period before, so nothing is compared with it.")
            case LimitKind.OTHER_MODEL:
                title = next((self.text(one.title) for one in self.summary.models if one.id == limit.subject), "")
                return _("Another version of the model rated the last period: {model}.").format(
                    model=title or one_line(limit.subject, 60)
                )
            case LimitKind.STORE_DAYS:
                return _("Of {of} project-days, our own records were counted on {n}.").format(n=number, of=of)
            case LimitKind.GITLAB_DAYS:
                return _(
                    "Of {of} project-days, GitLab was asked about {n}: pipelines, coverage, merges and releases of the "
                    "others are not in the figures."
                ).format(n=number, of=of)
            case LimitKind.FIGURES_UNKNOWN:
                return _("{n} of {of} figures are not assessed, because something that they need is not known.").format(
                    n=number, of=of
                )
            case LimitKind.PROJECTS_NOT_ASSESSED:
                return _(
                    "{n} of {of} projects are not assessed: numbers of open findings are those of the others."
                ).format(n=number, of=of)
            case LimitKind.LIST_CUT:
                return _("{list}: {n} of {of} entries are shown.").format(
                    list=self.list_title(limit.subject), n=number, of=of
                )
            case LimitKind.AS_OF:
                return _(
                    "Overdue findings, coverage holes, duties and the standing of exceptions tell how it was at "
                    "{moment}, everything else how it was in the period."
                ).format(moment=moment(self.summary.made_at))
            case LimitKind.HOLIDAYS:
                return _("Working days are Mondays to Fridays: public holidays are not taken into account.")

    def list_title(self, name: str) -> str:
        _ = self._
        return {
            "exceptions": _("Exceptions from the gate"),
            "overrides": _("Gate overrides and break-glass"),
            "uncleared": _("Uncleared commits on protected branches"),
            "holes": _("Coverage holes"),
            "advisories": _("Advisories of the period"),
            "duties": _("Duties that are still open"),
            "projects": _("Projects, the worst first"),
        }.get(name, one_line(name, 60))

    def signature(self) -> Section:
        _ = self._
        return Section(
            name="signature",
            title=_("Signature"),
            notes=(
                _("With the signature, the document with the digest {digest} is confirmed.").format(
                    digest=self.summary.digest
                ),
            ),
            bullets=(_("Responsible for information security"), _("Managing director")),
            tiles=(Tile(_("Full name"), "", ""), Tile(_("Place and date"), "", ""), Tile(_("Signature"), "", "")),
        )
