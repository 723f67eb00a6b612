"""
Reads maturity models from YAML, and writes them as JSON for the store. ``docs/maturity.md`` describes the format.

A customer's file is somebody else's text: it is limited in size and depth, has no aliases or tags, and no key twice.
All problems of a file are told at once, each with its line and how to mend it. A model's digest is the SHA-256 of what
it says as canonical JSON: comments and the order of keys do not change it, every word and number does.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from bot.domain import safe_yaml
from bot.domain.maturity.measures import MEASURES, Better, Unit
from bot.domain.maturity.model import (
    Area,
    Attest,
    Demand,
    DemandKind,
    Item,
    LevelName,
    Model,
    Probe,
    Scheme,
    Text,
)
from bot.domain.maturity.model_format import (
    EXAMPLES,
    SECTIONS,
    VERSION,
    DemandSection,
    ItemSection,
    ModelFile,
    ProbeSection,
    ProseSection,
    TitleSection,
)
from bot.domain.policy_format import quoted, shortened
from bot.domain.safe_yaml import Limits, Marks, Problem, RefusedError
from bot.errors import ConfigurationError

MAX_BYTES: Final = 512 * 1024
_MAX_ITEMS: Final = 300
_MAX_DEMANDS: Final = 1_500
_MAX_PROBLEMS: Final = 50
_LIMITS: Final = Limits(
    depth=16,
    nodes=80_000,
    depth_hint="a model has areas, items, demands and what they ask, no deeper",
    nodes_hint="split it into several models",
    loader=safe_yaml.FAST,
)

NOT_FOR_SCORES: Final[Mapping[str, str]] = {
    "escape_rate": "whatever is found before a merge makes it smaller, so that more findings would raise the score; "
    "ask for 'escapes', the number, with a threshold such as 0",
}
"""Figures that no demand may ask for, and why."""


class ModelError(ConfigurationError):
    """Raised when a model is wrong. ``problems`` has every single thing that is, by line."""

    def __init__(self, name: str, problems: Sequence[Problem], *, more: int = 0) -> None:
        found = sorted(set(problems))
        shown = [_line(name, problem) for problem in found[:_MAX_PROBLEMS]]
        more += len(found) - len(found[:_MAX_PROBLEMS])
        if more:
            shown.append(f"... and {more} more")
        super().__init__("\n".join(shown))
        self.problems = tuple(found)


def _line(name: str, problem: Problem) -> str:
    mend = f" ({problem.hint})" if problem.hint else ""
    return f"{shortened(name)}:{problem.line}: {problem.text}{mend}"


# --- From files -------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=32)
def load_model(text: bytes, name: str) -> Model:
    """
    A model from a YAML file.

    ``name`` is how errors call the file. Raises ``ModelError`` with everything that is wrong.
    """
    if len(text) > MAX_BYTES:
        raise ModelError(name, [Problem(1, f"it has {len(text)} bytes, {MAX_BYTES} are allowed", "split it")])
    try:
        decoded = text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        raise ModelError(name, [Problem(line, "it is not UTF-8", "save it as UTF-8")]) from None
    problems: list[Problem] = []
    value, marks = _read(decoded, name, problems)
    if not isinstance(value, dict):
        raise ModelError(name, [Problem(1, "it holds no model", f"begin with {EXAMPLES['format']}")])
    try:
        file = ModelFile.model_validate(value)
    except ValidationError as error:
        # Finding words for a problem costs more than making one, so a hostile file gets some.
        details = error.errors(include_url=False)
        problems += _told(details[:_MAX_PROBLEMS], marks)
        problems += _of_readable_parts(value, marks)
        raise ModelError(name, problems, more=max(0, len(details) - _MAX_PROBLEMS)) from None
    problems += _wrong(file, marks)
    if problems:
        raise ModelError(name, problems)
    return _model(file)


def _read(text: str, name: str, problems: list[Problem]) -> tuple[Any, Marks]:
    try:
        root = safe_yaml.compose(text, _LIMITS)
        return safe_yaml.plain(root, problems), Marks(root)
    except RefusedError as error:
        raise ModelError(name, [Problem(error.line, str(error), error.hint)]) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join(filter(None, (error.context, error.problem)))
        wrong, hint = f"not YAML: {shortened(what)}", "check indentation and quotes there"
        if error.context in ("while scanning an alias", "while scanning an anchor"):
            wrong, hint = safe_yaml.NO_ALIASES
        raise ModelError(name, [Problem(mark.line + 1 if mark else 1, wrong, hint)]) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ModelError(name, [Problem(1, f"not YAML: {shortened(str(error))}")]) from None


# --- What is wrong ----------------------------------------------------------------------------------------------------

_KINDS_OF_VALUE: Final = {
    "list_type": "a list is expected",
    "string_type": "a text is expected",
    "int_type": "a whole number is expected",
    "bool_type": "true or false is expected",
    "model_type": "keys are expected",
    "dict_type": "keys are expected",
    "model_attributes_type": "keys are expected",
}


def _told(details: Sequence[ErrorDetails], marks: Marks) -> Iterator[Problem]:
    for detail in details:
        path, value = detail["loc"], detail["input"]
        name, line, hint = _name(path), marks.line(path), _hint(path)
        match detail["type"]:
            case "extra_forbidden":
                known = sorted(_section_at(path))
                near = difflib.get_close_matches(str(path[-1])[:100], known, n=1)
                text = f"{name}: {quoted(path[-1])} is no key here"
                mean = f"did you mean {near[0]}? {EXAMPLES[near[0]]}" if near else f"known are {', '.join(known)}"
                yield Problem(marks.line(path, key=True), text, mean)
            case "missing":
                yield Problem(line, f"{name} is missing", hint)
            case "value_error":
                yield Problem(line, f"{name}: {(detail.get('ctx') or {}).get('error', detail['msg'])}", hint)
            case "literal_error" if path == ("format",):
                yield Problem(line, f"format: {quoted(value)} is not known, this is version {VERSION}", hint)
            case kind if kind in _KINDS_OF_VALUE:
                mend = "write it in quotes" if kind == "string_type" and isinstance(value, int) else hint
                yield Problem(line, f"{name}: {_KINDS_OF_VALUE[kind]}, not {quoted(value)}", mend)
            case _:
                problem = shortened(detail["msg"][:1].lower() + detail["msg"][1:])
                yield Problem(line, f"{name}: {problem}", hint)


def _of_readable_parts(value: dict[Any, Any], marks: Marks) -> Iterator[Problem]:
    """Names of figures that do not exist, told although something else of the file could not be read."""
    for path, found in _walk(value, ()):
        if path[-2:] == ("probe", "measure") and isinstance(found, str):
            yield from _measure_problem(found, path, marks)


def _walk(value: object, path: safe_yaml.Path) -> Iterator[tuple[safe_yaml.Path, object]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _walk(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _walk(inner, (*path, number))
    else:
        yield path, value


def _measure_problem(name: str, path: safe_yaml.Path, marks: Marks) -> Iterator[Problem]:
    if name in NOT_FOR_SCORES:
        yield Problem(marks.line(path), f"{_name(path)}: {name} cannot be asked for", NOT_FOR_SCORES[name])
    elif name not in MEASURES:
        near = difflib.get_close_matches(name[:100], MEASURES, n=1)
        mend = f"did you mean {near[0]}?" if near else "`mergewarden maturity measures` lists the figures"
        yield Problem(marks.line(path), f"{_name(path)}: there is no figure {quoted(name)}", mend)


def _wrong(file: ModelFile, marks: Marks) -> Iterator[Problem]:
    """What is wrong with a file whose values are all of the right kind."""
    yield from _wrong_levels(file, marks)
    highest = max((level.number for level in file.levels), default=1)
    ids: dict[tuple[str, str], int] = {}
    items = demands = 0
    for area_number, area in enumerate(file.areas):
        at_area: safe_yaml.Path = ("areas", area_number)
        yield from _twice("area", area.id, (*at_area, "id"), ids, marks)
        for item_number, item in enumerate(area.items):
            items += 1
            at_item: safe_yaml.Path = (*at_area, "items", item_number)
            yield from _twice("item", item.id, (*at_item, "id"), ids, marks)
            if item.ceiling is not None and (not file.levels or item.ceiling > highest):
                text = f"item {item.id}: the ceiling {item.ceiling} is no level of this model"
                yield Problem(marks.line((*at_item, "ceiling")), text, _levels_hint(file))
            for number, demand in enumerate(item.demands):
                demands += 1
                at: safe_yaml.Path = (*at_item, "demands", number)
                yield from _twice("demand", demand.id, (*at, "id"), ids, marks)
                yield from _wrong_demand(file, item, demand, highest, at, marks)
    if items > _MAX_ITEMS or demands > _MAX_DEMANDS:
        text = f"it has {items} items and {demands} demands, {_MAX_ITEMS} and {_MAX_DEMANDS} are allowed"
        yield Problem(marks.line(("areas",)), text, "split it into several models")


def _wrong_levels(file: ModelFile, marks: Marks) -> Iterator[Problem]:
    numbers = [level.number for level in file.levels]
    if file.scheme == Scheme.POINTS.value:
        if numbers:
            yield Problem(marks.line(("levels",)), "a model of points has no levels", "remove them, or scheme: levels")
        return
    if len(numbers) < 2:
        text = f"a model of {file.scheme} needs at least two levels"
        yield Problem(marks.line(("levels",)), text, EXAMPLES["levels"])
    expected = list(range(1, len(numbers) + 1))
    for place, (number, wanted) in enumerate(zip(numbers, expected, strict=True)):
        if number != wanted:
            at = ("levels", place, "number")
            text = f"levels[{place + 1}].number: {number} stands where {wanted} is expected"
            yield Problem(marks.line(at), text, "number the levels 1, 2, 3 ..., the lowest first")
            return


def _twice(
    kind: str, identity: str, path: safe_yaml.Path, ids: dict[tuple[str, str], int], marks: Marks
) -> Iterator[Problem]:
    line = marks.line(path)
    if (kind, identity) in ids:
        text = f"the {kind} {identity} is on line {ids[kind, identity]} already"
        yield Problem(line, text, "give each an id of its own")
    else:
        ids[kind, identity] = line


def _levels_hint(file: ModelFile) -> str:
    if not file.levels:
        return "a model of points has no levels: remove it"
    return f"the levels are 1 to {max(level.number for level in file.levels)}"


def _wrong_demand(
    file: ModelFile, item: ItemSection, demand: DemandSection, highest: int, at: safe_yaml.Path, marks: Marks
) -> Iterator[Problem]:
    who = f"demand {demand.id}"
    if demand.level > highest:
        text = f"{who}: there is no level {demand.level}"
        yield Problem(marks.line((*at, "level")), text, _levels_hint(file))
    if (demand.probe is None) == (demand.attest is None):
        text = f"{who}: one of probe and attest is expected" + (", not both" if demand.probe else "")
        yield Problem(marks.line(at), text, f"{EXAMPLES['probe']} for data, {EXAMPLES['attest']} for people")
    if not 0 < demand.share <= 1:
        text = f"{who}: the share {demand.share:g} is not above 0 and at most 1"
        yield Problem(marks.line((*at, "share")), text, EXAMPLES["share"])
    if demand.probe is None:
        return
    if item.ceiling is not None and demand.level > item.ceiling:
        text = f"{who}: level {demand.level} is above the item's ceiling {item.ceiling}, where only people can answer"
        yield Problem(marks.line((*at, "probe")), text, f"ask people, {EXAMPLES['attest']}, or raise the ceiling")
    yield from _wrong_probe(who, demand.probe, (*at, "probe"), marks)


def _wrong_probe(who: str, probe: ProbeSection, at: safe_yaml.Path, marks: Marks) -> Iterator[Problem]:
    yield from _measure_problem(probe.measure, (*at, "measure"), marks)
    measure = MEASURES.get(probe.measure)
    if measure is None:
        return
    line = marks.line((*at, "threshold"))
    share, higher = measure.unit is Unit.SHARE, measure.better is Better.HIGHER
    if share and probe.threshold > 1:
        text = f"{who}: {probe.measure} is a share from 0 to 1, {probe.threshold:g} is not on that scale"
        yield Problem(line, text, f"threshold: {min(probe.threshold / 100, 1):g} for {probe.threshold:g} %")
    elif not probe.strict and ((higher and probe.threshold == 0) or (share and not higher and probe.threshold == 1)):
        yield Problem(line, f"{who}: every value reaches {probe.threshold:g}", "a demand has to ask for something")
    elif probe.strict and ((share and higher and probe.threshold == 1) or (not higher and probe.threshold == 0)):
        more = "more" if higher else "less"
        text = f"{who}: nothing is {more} than {probe.threshold:g}, so that nobody could meet it"
        yield Problem(line, text, "leave out strict")
    limits = [step.at for step in probe.steps]
    towards = [*limits, probe.threshold] if higher else [-limit for limit in (*limits, probe.threshold)]
    if any(first >= second for first, second in pairwise(towards)):
        order = "each higher" if higher else "each lower"
        text = f"{who}: steps have to go towards the threshold {probe.threshold:g}, {order} than the one before"
        yield Problem(marks.line((*at, "steps")), text, "the easiest first, the threshold itself is not among them")
    credits = [0.0, *(step.credit for step in probe.steps), 1.0]
    if any(first >= second for first, second in pairwise(credits)):
        text = f"{who}: the credits of the steps have to rise between 0 and 1"
        yield Problem(marks.line((*at, "steps")), text, EXAMPLES["steps"])


def _section_at(path: Sequence[int | str]) -> list[str]:
    """The keys of the section in which the last step of a path stands."""
    for step in reversed(path[:-1]):
        if isinstance(step, str) and step in SECTIONS:
            return list(SECTIONS[step].model_fields)
    return list(ModelFile.model_fields)


def _hint(path: Sequence[int | str]) -> str:
    keys = [step for step in path if isinstance(step, str) and step in EXAMPLES]
    return f"for example: {EXAMPLES[keys[-1]]}" if keys else ""


def _name(path: Sequence[int | str]) -> str:
    """A path in the words of the file, its lists counted from 1."""
    shown = ""
    for step in path:
        shown += f"[{step + 1}]" if isinstance(step, int) else f".{shortened(step)}" if shown else shortened(step)
    return shown or "the model"


# --- Values -----------------------------------------------------------------------------------------------------------


def _text(section: TitleSection | ProseSection | None) -> Text:
    return Text("", "") if section is None else Text(section.en, section.zh)


def _model(file: ModelFile) -> Model:
    model = Model(
        id=file.id,
        version=file.version,
        title=_text(file.title),
        notice=_text(file.notice),
        source=file.source,
        scheme=Scheme(file.scheme),
        levels=tuple(LevelName(level.number, _text(level.name), _text(level.gloss)) for level in file.levels),
        areas=tuple(Area(area.id, _text(area.title), tuple(_item(item) for item in area.items)) for area in file.areas),
        digest="",
    )
    return replace(model, digest=_digest(model))


def _item(item: ItemSection) -> Item:
    return Item(
        id=item.id,
        title=_text(item.title),
        description=_text(item.description),
        demands=tuple(_demand(demand) for demand in item.demands),
        weight=item.weight,
        ceiling=item.ceiling,
        evidence=item.evidence,
    )


def _demand(demand: DemandSection) -> Demand:
    asks: Probe | Attest
    if demand.probe is not None:
        probe = demand.probe
        steps = tuple((step.at, step.credit) for step in probe.steps)
        asks = Probe(probe.measure, probe.threshold, probe.strict, steps)
    else:
        assert demand.attest is not None
        asks = Attest(demand.attest.valid_days, demand.attest.second_person)
    return Demand(
        id=demand.id,
        level=demand.level,
        kind=DemandKind(demand.kind),
        text=_text(demand.text),
        advice=_text(demand.advice),
        asks=asks,
        weight=demand.weight,
        effort=demand.effort,
        share=demand.share,
    )


# --- JSON -------------------------------------------------------------------------------------------------------------


def model_to_json(model: Model) -> dict[str, Any]:
    """
    A model as a JSON document: what ``model_from_json`` reads, and what the digest is about.

    It is what was read and not the file: a model of years ago can be used again whatever files look like by then.
    """
    return {
        "format": VERSION,
        "id": model.id,
        "version": model.version,
        "title": _json_text(model.title),
        "notice": _json_text(model.notice),
        "source": model.source,
        "scheme": model.scheme.value,
        "levels": [
            {"number": level.number, "name": _json_text(level.name), "gloss": _json_text(level.gloss)}
            for level in model.levels
        ],
        "areas": [
            {"id": area.id, "title": _json_text(area.title), "items": [_json_item(item) for item in area.items]}
            for area in model.areas
        ],
    }


def _json_text(text: Text) -> dict[str, str]:
    return {"en": text.en, "zh": text.zh}


def _json_item(item: Item) -> dict[str, Any]:
    return {
        "id": item.id,
        "title": _json_text(item.title),
        "description": _json_text(item.description),
        "weight": item.weight,
        "ceiling": item.ceiling,
        "evidence": item.evidence,
        "demands": [_json_demand(demand) for demand in item.demands],
    }


def _json_demand(demand: Demand) -> dict[str, Any]:
    asks: dict[str, Any]
    if isinstance(demand.asks, Probe):
        asks = {
            "measure": demand.asks.measure,
            "threshold": float(demand.asks.threshold),
            "strict": demand.asks.strict,
            "steps": [[float(limit), float(credit)] for limit, credit in demand.asks.steps],
        }
    else:
        asks = {"valid_days": demand.asks.valid_days, "second_person": demand.asks.second_person}
    return {
        "id": demand.id,
        "level": demand.level,
        "kind": demand.kind.value,
        "text": _json_text(demand.text),
        "advice": _json_text(demand.advice),
        "asks": asks,
        "weight": demand.weight,
        "effort": demand.effort,
        "share": float(demand.share),
    }


def model_from_json(document: object) -> Model:
    """
    The model of a document of ``model_to_json``, with the same digest.

    It is read as it was written, without today's rules about files. Raises ``ModelError`` for what is no such document
    or asks for a figure that this version does not know.
    """
    try:
        model = _from_json(document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        wrong = f"it is no model: {type(error).__name__}: {shortened(str(error))}"
        raise ModelError("stored model", [Problem(1, wrong, "restore the table maturity_model")]) from error
    unknown = sorted(
        {d.asks.measure for _, d in model.demands if isinstance(d.asks, Probe) and d.asks.measure not in MEASURES}
    )
    if unknown:
        wrong = f"it asks for figures that are not known here: {shortened(', '.join(unknown))}"
        raise ModelError(
            f"stored model {model.id}", [Problem(1, wrong, "use the version that wrote it or a newer one")]
        )
    return replace(model, digest=_digest(model))


def _from_json(document: Any) -> Model:
    if document["format"] != VERSION:
        raise ValueError(f"format {document['format']!r} is not known")

    def text(of: Any) -> Text:
        return Text(str(of["en"]), str(of["zh"]))

    def asks(of: Any) -> Probe | Attest:
        if "measure" not in of:
            return Attest(int(of["valid_days"]), bool(of["second_person"]))
        steps = tuple((float(limit), float(credit)) for limit, credit in of["steps"])
        return Probe(str(of["measure"]), float(of["threshold"]), bool(of["strict"]), steps)

    def demand(of: Any) -> Demand:
        return Demand(
            id=str(of["id"]),
            level=int(of["level"]),
            kind=DemandKind(of["kind"]),
            text=text(of["text"]),
            advice=text(of["advice"]),
            asks=asks(of["asks"]),
            weight=int(of["weight"]),
            effort=int(of["effort"]),
            share=float(of["share"]),
        )

    def item(of: Any) -> Item:
        return Item(
            id=str(of["id"]),
            title=text(of["title"]),
            description=text(of["description"]),
            demands=tuple(demand(one) for one in of["demands"]),
            weight=int(of["weight"]),
            ceiling=None if of["ceiling"] is None else int(of["ceiling"]),
            evidence=str(of["evidence"]),
        )

    return Model(
        id=str(document["id"]),
        version=str(document["version"]),
        title=text(document["title"]),
        notice=text(document["notice"]),
        source=str(document["source"]),
        scheme=Scheme(document["scheme"]),
        levels=tuple(LevelName(int(of["number"]), text(of["name"]), text(of["gloss"])) for of in document["levels"]),
        areas=tuple(
            Area(str(of["id"]), text(of["title"]), tuple(item(one) for one in of["items"])) for of in document["areas"]
        ),
        digest="",
    )


def _digest(model: Model) -> str:
    written = json.dumps(model_to_json(model), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(written.encode("utf-8")).hexdigest()
