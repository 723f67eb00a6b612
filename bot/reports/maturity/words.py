"""
Ratings, figures, periods and scopes in a reader's language. No markup: whoever puts it into a document escapes it.

A number never looks better than it is: a share that is not whole is not written as 100 %, nor is one that is above
nothing written as 0 %, and what is not known is written so.
"""

from __future__ import annotations

import math
from typing import Final

from babel.numbers import format_decimal

from bot.domain.maturity.change_effect import ChangeEffect, Standing
from bot.domain.maturity.measures import Better, Measure, Unit
from bot.domain.maturity.model import Model, Scheme
from bot.domain.maturity.period import Period, PeriodKind
from bot.domain.maturity.scope import Scope, ScopeKind
from bot.domain.maturity.scoring import Answer, ItemResult
from bot.reports.visible import one_line
from bot.reports.wording import Wording
from bot.texts import Language

_LOCALES: Final = {Language.ENGLISH: "en", Language.CHINESE: "zh_Hans_CN"}
_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR


def measure_title(measure: Measure, wording: Wording) -> str:
    """What a figure is called."""
    return wording.marked(measure.title)


def number_words(value: float, wording: Wording, decimals: int = 0) -> str:
    """A number as the language writes it, with at most so many decimals."""
    pattern = "#,##0" + ("." + "#" * decimals if decimals else "")
    return format_decimal(value, format=pattern, locale=_LOCALES[wording.language])


def value_words(value: float | None, unit: Unit, wording: Wording) -> str:
    """A figure with its unit: ``61 %``, ``5 d 4 h``, ``0.42``; *not known* for None and for what is no number."""
    if value is None or not math.isfinite(value):
        return wording.t.gettext("not known")
    match unit:
        case Unit.SHARE:
            return _least(value * 100, 1, 100.0, wording) + " %"
        case Unit.SECONDS:
            return duration_words(value, wording)
        case Unit.COUNT:
            return number_words(value, wording)
        case Unit.PER_DAY | Unit.PER_WEEK | Unit.PER_KLOC:
            return _least(value, 2, None, wording)


def _least(value: float, decimals: int, whole: float | None, wording: Wording) -> str:
    """A number that rounding neither takes down to nothing nor up to all."""
    smallest = 10.0**-decimals
    rounded = round(value, decimals)
    if value > 0 and rounded == 0:
        return f"< {number_words(smallest, wording, decimals)}"
    if whole is not None and value < whole and rounded >= whole:
        return number_words(whole - smallest, wording, decimals)
    return number_words(rounded, wording, decimals)


def duration_words(seconds: float, wording: Wording) -> str:
    """A duration in its two largest units: ``5 d 4 h``, ``8 min``, ``42 s``; below ten seconds with a decimal."""
    _ = wording.t.gettext
    seconds = max(seconds, 0.0)
    if seconds < 10:
        return _("{seconds} s").format(seconds=number_words(round(seconds, 1), wording, 1))
    whole = round(seconds)
    # Each is rounded to the smaller of its two units first, so that 59 min 59.9 s is an hour and not 59 min 60 s.
    if whole >= _DAY:
        hours = round(seconds / _HOUR)
        first, rest = _("{days} d").format(days=number_words(hours // 24, wording)), hours % 24
        second = _("{hours} h").format(hours=rest)
    elif whole >= _HOUR:
        minutes = round(seconds / _MINUTE)
        if minutes >= 24 * 60:
            return _("{days} d").format(days=1)
        first, rest = _("{hours} h").format(hours=minutes // 60), minutes % 60
        second = _("{minutes} min").format(minutes=rest)
    elif whole >= _MINUTE:
        first, rest = _("{minutes} min").format(minutes=whole // 60), whole % 60
        second = _("{seconds} s").format(seconds=rest)
    else:
        return _("{seconds} s").format(seconds=whole)
    return f"{first} {second}" if rest else first


def limit_words(value: float, unit: Unit, better: Better, wording: Wording, *, strict: bool = False) -> str:
    """What a figure has to reach: ``≥ 60 %``, ``< 8 min``; nothing at all is written ``0``."""
    words = value_words(value, unit, wording)
    if better is Better.LOWER and value == 0 and not strict:
        return words
    sign = {(True, False): "≥", (True, True): ">", (False, False): "≤", (False, True): "<"}
    return f"{sign[better is Better.HIGHER, strict]} {words}"


def target_words(measure: Measure, wording: Wording) -> str:
    """A figure's target; empty for none."""
    target = measure.target
    if target is None:
        return ""
    return limit_words(target.value, measure.unit, measure.better, wording, strict=target.strict)


def not_assessed(wording: Wording) -> str:
    """What stands where a number would be a lie."""
    return wording.t.gettext("not assessed")


def rating_words(item: ItemResult, model: Model, wording: Wording) -> str:
    """
    An item's rating: ``2 基础级``, ``3-`` (some of level 3, not all), ``64 / 100``, *not assessed*; of answers the sum
    beside the most that is possible: ``1.75 / 3``.
    """
    if model.scheme is Scheme.LEVELS:
        if item.level is None or item.rating is None:
            return not_assessed(wording)
        return item.rating if item.on_the_way else level_words(item.level, model, wording)
    if item.points is None:
        return not_assessed(wording)
    if model.scheme is Scheme.ANSWERS:
        # Rounded down: 2.996 is not 3.
        asked = {demand.level for one in model.items if one.id == item.item_id for demand in one.demands}
        return f"{number_words(item.points // 10 / 100, wording, 2)} / {number_words(len(asked), wording)}"
    return f"{item.points // 10} / 100"


def level_words(level: int | None, model: Model, wording: Wording) -> str:
    """A level with its name; *not assessed* for None."""
    if level is None:
        return not_assessed(wording)
    name = next((one.name[wording.language] for one in model.levels if one.number == level), "")
    return f"{level} {one_line(name, 40)}".strip()


def maturity_words(effect: ChangeEffect, wording: Wording) -> str:
    """A project's score and level, and what a change does to them: half a line."""
    _ = wording.t.gettext
    before, after = effect.before, effect.after
    if before.score is None:
        return not_assessed(wording)
    if before.level is None:
        now = _("{score} of 100").format(score=before.score)
    elif effect.inferred:
        now = _("{score} of 100, level {level} (our inference)").format(
            score=before.score, level=_named(before, wording)
        )
    else:
        now = _("{score} of 100, level {level}").format(score=before.score, level=_named(before, wording))
    if after is None or after.score is None:
        change = _("what this change does to it is not assessed")
    elif (after.score, after.level) == (before.score, before.level):
        change = _("this change leaves it so")
    elif after.level == before.level or after.level is None:
        change = _("with this change {score}").format(score=after.score)
    else:
        change = _("with this change {score}, level {level}").format(score=after.score, level=_named(after, wording))
    return f"{now} · {change}"


def _named(standing: Standing, wording: Wording) -> str:
    return f"{standing.level} {one_line(standing.name[wording.language], 40)}".strip()


def score_words(score: int | None, wording: Wording) -> str:
    """A score of 0 to 100, or *not assessed*."""
    return not_assessed(wording) if score is None else str(score)


def answer_words(answer: Answer, wording: Wording) -> str:
    """Whether a demand is met."""
    _ = wording.t.gettext
    return {
        Answer.MET: _("met"),
        Answer.UNMET: _("not met"),
        Answer.UNKNOWN: _("not known"),
    }[answer]


def period_words(period: Period, wording: Wording) -> str:
    """A period as people name it: ``September 2026``, ``90 days up to 2026-11-25``. Days are written as ISO 8601 has
    them, which nobody takes for another day."""
    _ = wording.t.gettext
    first, last = period.first.isoformat(), period.last.isoformat()
    match period.kind:
        case PeriodKind.YEAR:
            return _("year {year}").format(year=period.first.year)
        case PeriodKind.QUARTER:
            return _("quarter {quarter} of {year}").format(
                quarter=(period.first.month + 2) // 3, year=period.first.year
            )
        case PeriodKind.MONTH:
            return _("{month} {year}").format(month=_months(wording)[period.first.month - 1], year=period.first.year)
        case PeriodKind.WEEK:
            year, week, _day = period.first.isocalendar()
            return _("week {week} of {year} ({first} to {last})").format(week=week, year=year, first=first, last=last)
        case PeriodKind.NIGHT:
            return _("{days} days up to {last}").format(days=period.days, last=last)
        case PeriodKind.SPAN:
            return _("{first} to {last}").format(first=first, last=last)


def _months(wording: Wording) -> tuple[str, ...]:
    _ = wording.t.gettext
    return (
        _("January"),
        _("February"),
        _("March"),
        _("April"),
        _("May"),
        _("June"),
        _("July"),
        _("August"),
        _("September"),
        _("October"),
        _("November"),
        _("December"),
    )


def scope_words(scope: Scope, path: str, wording: Wording) -> str:
    """Who is meant. ``path``: the project's path on GitLab; empty where it is not known."""
    _ = wording.t.gettext
    match scope.kind:
        case ScopeKind.PROJECT:
            return _("project {path}").format(path=one_line(path, 200) or scope.key)
        case ScopeKind.GROUP:
            return _("group {path}").format(path=one_line(path or scope.key, 200))
        case ScopeKind.ORGANISATION:
            return _("the whole organisation")
