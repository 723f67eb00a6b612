"""
What is shown about rules: all of them with how they did here, and one with its words, samples and history.

The desk has the pages; for programs there is JSON. Filters and order are links, so that a list is an address that one
can send to somebody. A sample is somebody's code: it is escaped by Pygments or by the desk's template.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup
from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexers import get_lexer_for_filename
from pygments.lexers.special import TextLexer
from pygments.util import ClassNotFound

from bot.domain.noise import RuleNoise
from bot.domain.rule_card import (
    MODES,
    NOISE_DAYS,
    ORDERS,
    ORGANISATION,
    OURS,
    SEVERITIES,
    MonthCount,
    RuleCard,
    RuleDossier,
    RuleFilter,
    RuleRecord,
    RuleShelf,
    in_order,
)
from bot.domain.rule_sample import Case, Sample, cases
from bot.domain.rule_version import OwnRules
from bot.reports.documents import cwe_url, dump, json_time, moment, web_references
from bot.reports.html import Segments, segments
from bot.reports.rule_values import card_to_json, months_to_json, sample_to_json, use_to_json
from bot.reports.visible import one_line, shorten, visible
from bot.reports.wording import Wording
from scanners.finding import Confidence, Severity

SCHEMA_VERSION = "1.0"
"""Of the JSON; a new field raises the minor, anything that could break a reader the major."""

_SHORT = 12
_LONGEST = 5_000
_MOST_LINES = 400
_LINE = 300
_WIDTH, _HEIGHT, _FLOOR, _TOP = 720, 150, 120, 20
"""Of the chart, in its own units: the labels stand below the floor and above the bars."""
_KEYS = ("language", "weakness", "scanner", "mode", "severity", "origin")


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a filter."""

    word: str
    url: str
    count: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """One filter."""

    name: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """One column; ``url`` is empty where it cannot be sorted by."""

    word: str
    url: str = ""
    number: bool = False
    sorted: str = ""
    """As ``aria-sort`` has it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One rule in the list."""

    rule: str
    title: str
    scanner: str
    weakness: str
    severity: str
    severity_word: str
    confidence: str
    mode: str
    findings: str
    projects: str
    rate: str


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """What a waiting version would do to one rule's findings."""

    rule: str
    added: str
    removed: str
    kept: str
    projects: str


@dataclass(frozen=True, slots=True)
class OwnSection:
    """How the organisation's own rules stand."""

    facts: tuple[tuple[str, str], ...]
    problem: tuple[str, ...]
    waiting: str
    command: str
    outcomes: tuple[OutcomeRow, ...]
    switches: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListPage:
    """What the list shows; every value is text that the template escapes."""

    facets: tuple[Facet, ...]
    headings: tuple[Heading, ...]
    rows: tuple[Row, ...]
    """Those that are shown."""
    total: int
    """How many the filter has."""
    count: str
    note: str
    own: OwnSection | None


@dataclass(frozen=True, slots=True)
class Bar:
    """One month of the chart."""

    x: int
    y: int
    width: int
    height: int
    middle: int
    above: int
    month: str
    count: int


@dataclass(frozen=True, slots=True)
class Chart:
    """Findings by month."""

    width: int
    height: int
    floor: int
    below: int
    label: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class ShownLine:
    """One line of a sample; the code is Pygments' own markup, everything in it escaped."""

    number: int
    case: str
    word: str
    code: Markup


@dataclass(frozen=True, slots=True)
class ShownSample:
    """One sample."""

    name: str
    lines: tuple[ShownLine, ...]
    more: str


@dataclass(frozen=True, slots=True)
class RulePage:
    """What a rule's page shows."""

    rule: str
    severity: str
    severity_word: str
    confidence: str
    mode: str
    mode_words: str
    title: Segments
    message: Segments
    remediation: Segments
    tiles: tuple[tuple[str, str], ...]
    facts: tuple[tuple[str, str], ...]
    cwes: tuple[tuple[int, str], ...]
    rate: str
    chart: Chart
    samples: tuple[ShownSample, ...]
    legend: str
    references: tuple[str, ...]


# --- documents --------------------------------------------------------------------------------------------------------


def render_rules_json(shelf: RuleShelf, wanted: RuleFilter, order: str) -> str:
    """The list for programs. Raises ``UnknownRuleFilter`` for a filter or an order that there is not."""
    return dump(
        {
            "schema_version": SCHEMA_VERSION,
            "rules": [_record_to_json(one) for one in _chosen(shelf, wanted, order)],
            "own": _own_to_json(shelf.own),
        }
    )


def render_rule_json(found: RuleDossier) -> str:
    """One rule for programs."""
    return dump(
        {
            "schema_version": SCHEMA_VERSION,
            **_record_to_json(found.record),
            "months": months_to_json(found.months),
            "samples": [sample_to_json(sample) for sample in found.samples],
        }
    )


def _record_to_json(record: RuleRecord) -> dict[str, Any]:
    return {**card_to_json(record.card), "here": use_to_json(record.use, record.noise, NOISE_DAYS)}


def _own_to_json(own: OwnRules | None) -> dict[str, Any] | None:
    if own is None:
        return None
    return {
        "source": own.state.source,
        "read_at": json_time(own.state.read_at),
        "problem": own.state.problem or None,
        "active": own.state.active or None,
        "waiting": own.state.waiting or None,
        "simulation": own.waiting.simulation.to_json() if own.waiting and own.waiting.simulation else None,
    }


# --- the list ---------------------------------------------------------------------------------------------------------


def list_page(shelf: RuleShelf, wanted: RuleFilter, order: str, wording: Wording, shown: slice) -> ListPage:
    """The list's content in one language; ``shown`` are the rows of it. Raises ``UnknownRuleFilter``."""
    _ = wording.t.gettext
    chosen = _chosen(shelf, wanted, order)
    headings = (
        ("rule", _("Rule"), False),
        ("", _("Weakness"), False),
        ("severity", _("Severity"), False),
        ("mode", _("Mode"), False),
        ("findings", _("Findings"), True),
        ("projects", _("Projects"), True),
        ("rate", _("Called false"), True),
    )
    return ListPage(
        facets=_facets([one.card for one in shelf.records], wanted, order, wording),
        headings=tuple(
            Heading(
                word,
                url=_address(wanted, key) if key and key != order else "",
                number=number,
                sorted=("ascending" if key == "rule" else "descending") if key == order else "",
            )
            for key, word, number in headings
        ),
        rows=tuple(_row(one, wording) for one in chosen[shown]),
        total=len(chosen),
        count=wording.t.ngettext("{n} rule", "{n} rules", len(chosen)).format(n=len(chosen)),
        note=_("Called false: of the findings that had a discussion in the last {n} days.").format(n=NOISE_DAYS),
        own=None if shelf.own is None else _own_section(shelf.own, wording),
    )


def _chosen(shelf: RuleShelf, wanted: RuleFilter, order: str) -> list[RuleRecord]:
    wanted = wanted.checked([one.card for one in shelf.records])
    return in_order([one for one in shelf.records if wanted.accepts(one.card)], order)


def _address(wanted: RuleFilter, order: str) -> str:
    given = {key: value for key, value in asdict(wanted).items() if value}
    if order != ORDERS[0]:
        given["sort"] = order
    return f"?{urlencode(given)}" if given else "?"


def _facets(cards: Sequence[RuleCard], wanted: RuleFilter, order: str, wording: Wording) -> tuple[Facet, ...]:
    _ = wording.t.gettext
    names = {
        "language": _("Reads"),
        "weakness": _("Weakness"),
        "scanner": _("Scanner"),
        "mode": _("Mode"),
        "severity": _("Severity"),
        "origin": _("Written by"),
    }
    facets = []
    found = _counted(cards, wanted)
    for key in _KEYS:
        others, counts = replace(wanted, **{key: ""}), found[key]
        values = [value for value in _in_facet_order(key, counts) if value]
        if len(values) < 2 and not getattr(wanted, key):
            continue
        there = getattr(wanted, key)
        choices = [Choice(_("All"), _address(others, order), "", not there)]
        choices += [
            Choice(
                _word(key, value, wording),
                _address(replace(wanted, **{key: value}), order),
                str(counts[value]),
                value == there,
            )
            for value in values
        ]
        facets.append(Facet(names[key], tuple(choices)))
    return tuple(facets)


def _counted(cards: Iterable[RuleCard], wanted: RuleFilter) -> dict[str, Counter[str]]:
    """By filter and value how many rules one would see after a click, with the other filters as they are."""
    asked = [(key, getattr(wanted, key)) for key in _KEYS if getattr(wanted, key)]
    counts: dict[str, Counter[str]] = {key: Counter() for key in _KEYS}
    for card in cards:
        values = {
            "language": card.pack,
            "weakness": card.weakness,
            "scanner": card.scanner,
            "mode": card.mode_here or card.mode,
            "severity": card.severity,
            "origin": card.origin,
        }
        misses = [key for key, value in asked if values[key] != value]
        for key in _KEYS if not misses else misses if len(misses) == 1 else ():
            counts[key][values[key]] += 1
    return counts


def _in_facet_order(key: str, values: Iterable[str]) -> list[str]:
    ranked = {"mode": MODES, "severity": SEVERITIES}.get(key)
    return sorted(values, key=ranked.index, reverse=True) if ranked is not None else sorted(values)


def _word(key: str, value: str, wording: Wording) -> str:
    if key == "severity":
        return wording.severity(Severity(value))
    if key == "mode":
        return mode_word(value, wording)
    if key == "origin":
        return {OURS: "Mergewarden", ORGANISATION: wording.t.gettext("your organisation")}[value]
    return one_line(value, 80)


def mode_word(mode: str, wording: Wording) -> str:
    """What a rule may do, in a word or two."""
    _ = wording.t.gettext
    return {"monitor": _("only watches"), "comment": _("comments"), "block": _("may block")}[mode]


def _row(record: RuleRecord, wording: Wording) -> Row:
    card = record.card
    return Row(
        rule=one_line(card.rule_id, 120),
        title=one_line(card.text.title.replace("`", ""), 200),
        scanner=one_line(card.scanner, 60),
        weakness=one_line(card.weakness, 60),
        severity=card.severity,
        severity_word=wording.severity(Severity(card.severity)),
        confidence=wording.confidence_phrase(Confidence(card.confidence)),
        mode=mode_word(card.mode_here or card.mode, wording) if card.enabled else wording.t.gettext("switched off"),
        findings=str(record.use.findings),
        projects=str(record.use.projects),
        rate=_short_rate(record.noise),
    )


def _short_rate(noise: RuleNoise) -> str:
    if not noise.comments:
        return ""
    return f"{100 * noise.rate:.0f} % ({noise.false_positives}/{noise.comments})"


def _own_section(own: OwnRules, wording: Wording) -> OwnSection:
    _ = wording.t.gettext
    state = own.state
    facts = (
        (_("Source"), one_line(state.source, 200)),
        (_("Last read"), moment(state.read_at)),
        (_("In force"), _version(own.active.digest, own.active.origin) if own.active else _("none")),
    )
    waiting, command, outcomes = "", "", list[OutcomeRow]()
    if own.waiting is not None:
        waiting = _version(own.waiting.digest, own.waiting.origin)
        command = f"mergewarden rules switch-on {own.waiting.digest[:_SHORT]}"
        tried = own.waiting.simulation
        if tried is not None:
            tries = _("tried on {files} files of {projects} projects at {at}").format(
                files=tried.files, projects=tried.projects, at=moment(tried.at)
            )
            waiting = f"{waiting} · {tries}"
            outcomes = [
                OutcomeRow(
                    one_line(one.rule_id, 120),
                    str(one.added),
                    str(one.removed),
                    str(one.kept),
                    str(one.project_count),
                )
                for one in tried.outcomes
            ]
    return OwnSection(
        facts=tuple(facts),
        problem=tuple(one_line(line, 400) for line in state.problem.splitlines()[:20]),
        waiting=waiting,
        command=command,
        outcomes=tuple(outcomes),
        switches=tuple(
            _("{at}: {who} put {after} in the place of {before}").format(
                at=moment(one.at),
                who=one_line(one.actor, 100),
                after=one.after[:_SHORT] or _("none"),
                before=one.before[:_SHORT] or _("none"),
            )
            for one in own.switches[:10]
        ),
    )


def _version(digest: str, origin: str) -> str:
    return f"{digest[:_SHORT]} ({one_line(origin, 200)})"


# --- one rule ---------------------------------------------------------------------------------------------------------


def rule_page(found: RuleDossier, wording: Wording) -> RulePage:
    """The page's content in one language."""
    _ = wording.t.gettext
    card, use = found.record.card, found.record.use
    here = card.mode_here or card.mode
    tiles = (
        (_("Findings"), str(use.findings)),
        (_("Still there"), str(use.open)),
        (_("Projects"), str(use.projects)),
        (_("Confirmed"), str(use.confirmed)),
        (_("Called false"), str(use.false_positives)),
        (_("Dismissed otherwise"), str(use.otherwise_dismissed)),
    )
    facts = (
        (_("Scanner"), one_line(card.scanner, 60)),
        (_("Reads"), one_line(card.pack, 60)),
        (_("Weakness"), one_line(card.weakness, 60)),
        (_("Written by"), _word("origin", card.origin, wording)),
        ("OWASP", ", ".join(card.owasp)),
        (_("Judged better by"), ", ".join(card.covered_by)),
        (_("Judges better than"), ", ".join(card.covers)),
    )
    true, false = cases(found.samples)
    return RulePage(
        rule=one_line(card.rule_id, 120),
        severity=card.severity,
        severity_word=wording.severity(Severity(card.severity)),
        confidence=wording.confidence_phrase(Confidence(card.confidence)),
        mode=mode_word(here, wording) if card.enabled else _("switched off"),
        mode_words=_mode_words(card, wording),
        title=segments(one_line(card.text.title, 300)),
        message=segments(shorten(visible(card.text.message), _LONGEST)),
        remediation=segments(shorten(visible(card.text.remediation), _LONGEST)),
        tiles=tiles,
        facts=tuple((name, one_line(value, 500)) for name, value in facts if value),
        cwes=tuple((cwe, cwe_url(cwe)) for cwe in card.cwes),
        rate=_rate_words(found.record.noise, wording),
        chart=_chart(found.months, wording),
        samples=tuple(_sample(sample, wording) for sample in found.samples),
        legend=_("The rule finds {true} marked lines and has to leave {false} others alone.").format(
            true=true, false=false
        ),
        references=tuple(visible(url) for url in web_references(card.references)[:20]),
    )


def _mode_words(card: RuleCard, wording: Wording) -> str:
    _ = wording.t.gettext
    if not card.enabled:
        return _("Mergewarden does not use this rule.")
    here = card.mode_here or card.mode
    said = {
        "monitor": _("Its findings are recorded; nobody gets a comment, and nothing is blocked."),
        "comment": _("Its findings get a comment and do not block."),
        "block": _("Its findings block where the policy says so."),
    }[here]
    if here == card.mode:
        return said
    return _("{said} That is the policy's word; by itself the rule {mode}.").format(
        said=said, mode=mode_word(card.mode, wording)
    )


def _rate_words(noise: RuleNoise, wording: Wording) -> str:
    _ = wording.t.gettext
    if not noise.comments:
        return _("No finding of it had a discussion in the last {days} days, so that nothing can be said.").format(
            days=NOISE_DAYS
        )
    return _(
        "{percent} % were called false: {false} of the {n} findings that had a discussion in the last {days} days. "
        "With that many, at least {least} % is certain."
    ).format(
        percent=f"{100 * noise.rate:.0f}",
        false=noise.false_positives,
        n=noise.comments,
        days=NOISE_DAYS,
        least=f"{100 * noise.at_least:.0f}",
    )


def _chart(months: Sequence[MonthCount], wording: Wording) -> Chart:
    most = max((one.findings for one in months), default=0) or 1
    step = _WIDTH // max(1, len(months))
    bars = []
    for index, one in enumerate(months):
        height = round((_FLOOR - _TOP) * one.findings / most)
        bars.append(
            Bar(
                x=index * step + step // 8,
                y=_FLOOR - height,
                width=step * 3 // 4,
                height=height,
                middle=index * step + step // 2,
                above=_FLOOR - height - 5,
                month=f"{one.month:%Y-%m}",
                count=one.findings,
            )
        )
    return Chart(
        width=_WIDTH,
        height=_HEIGHT,
        floor=_FLOOR,
        below=_FLOOR + 18,
        label=wording.t.gettext("New findings by month"),
        bars=tuple(bars),
    )


def _sample(sample: Sample, wording: Wording) -> ShownSample:
    _ = wording.t.gettext
    words = {Case.TRUE: _("finds"), Case.FALSE: _("leaves"), Case.LATER: "?", Case.NONE: ""}
    shown = sample.lines[:_MOST_LINES]
    codes = highlighted(sample.name, [shorten(visible(line.text), _LINE) for line in shown])
    hidden = len(sample.lines) - len(shown)
    return ShownSample(
        name=one_line(sample.name, 120),
        lines=tuple(
            ShownLine(line.number, line.case.value, words[line.case], code)
            for line, code in zip(shown, codes, strict=True)
        ),
        more=wording.t.ngettext("{n} more line", "{n} more lines", hidden).format(n=hidden) if hidden > 0 else "",
    )


def highlighted(name: str, lines: Sequence[str]) -> list[Markup]:
    """The lines with Pygments' markup for the language that the file's name tells; one for each, all text escaped."""
    try:
        lexer = get_lexer_for_filename(name, stripnl=False, ensurenl=False)
    except ClassNotFound:
        lexer = TextLexer(stripnl=False, ensurenl=False)
    made = highlight("\n".join(lines), lexer, HtmlFormatter(nowrap=True)).split("\n")
    if len(made) == len(lines) + 1 and made[-1] == "":
        made = made[:-1]
    if len(made) != len(lines):
        # A lexer that takes line ends for itself; the code is more important than its colours.
        return [Markup.escape(line) for line in lines]
    return [Markup(line) for line in made]  # noqa: S704 - Pygments escapes whatever it is given
