"""
The format of files with a maturity model, version 1, as pydantic models: what may stand where.

``model_file`` reads files with them, ``model_schema`` makes the JSON schema for editors from them; the sentences under
the keys are what an editor shows.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from bot.domain.maturity.measures import MEASURES
from bot.domain.maturity.model import DemandKind, Scheme
from bot.domain.policy_format import quoted

VERSION: Final = 1
MAX_LEVELS: Final = 9
MAX_DAYS: Final = 3_660


class WrongValueError(ValueError):
    """A problem in words of our own; pydantic hands it on."""


_NUMBER: Final = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,9})?|\.[0-9]{1,9}", re.ASCII)
_DEMAND_ID: Final = r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}"
_MODEL_ID: Final = r"[a-z0-9][a-z0-9-]{0,63}"
_STEM: Final = r"[\w][\w.-]{0,79}"
_LINE: Final = r"^(?=.*\S)[^\u0000-\u001f\u007f-\u009f]+$"


def _number(value: object) -> object:
    """A number that is not negative. Fractions reach us as they were written, see ``bot.domain.safe_yaml``."""
    if isinstance(value, float):
        # From a JSON document. What is no number or infinite does not look like one.
        value = repr(value) if "e" not in repr(value) else f"{value:.9f}"
    if isinstance(value, bool) or not isinstance(value, (int, str)) or not _NUMBER.fullmatch(str(value)):
        raise WrongValueError(f"{quoted(value)} is not a number such as 3 or 0.8")
    return float(value)


def _shaped(expression: str, what: str) -> tuple[BeforeValidator, WithJsonSchema]:
    shape = re.compile(expression)

    def read(value: object) -> object:
        if isinstance(value, str) and not shape.fullmatch(value):
            raise WrongValueError(f"{quoted(value)} is not {what}")
        return value

    return BeforeValidator(read), WithJsonSchema({"type": "string", "pattern": f"^(?:{expression})$"})


def _readable(longest: int, *, lines: bool = False) -> tuple[BeforeValidator, WithJsonSchema]:
    def read(value: object) -> object:
        if not isinstance(value, str):
            return value
        text = value.strip()
        if not text:
            raise WrongValueError("it is empty: whoever reads in this language would see nothing")
        if len(text) > longest:
            raise WrongValueError(f"it has {len(text)} characters, {longest} are allowed")
        if not all(character.isprintable() or (lines and character == "\n") for character in text):
            kind = "lines" if lines else "one line"
            raise WrongValueError(f"{quoted(text)} is not {kind} of readable characters")
        return text

    schema: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": longest}
    return BeforeValidator(read), WithJsonSchema(schema if lines else schema | {"pattern": _LINE})


def _word(words: tuple[str, ...], what: str) -> BeforeValidator:
    def read(value: object) -> object:
        if isinstance(value, str) and value not in words:
            raise WrongValueError(f"{quoted(value)} is not a {what}: write {', '.join(words[:-1])} or {words[-1]}")
        return value

    return BeforeValidator(read)


_Number = Annotated[float, BeforeValidator(_number), WithJsonSchema({"type": "number", "minimum": 0})]
_Weight = Annotated[int, Field(ge=1, le=1000)]
_Level = Annotated[int, Field(ge=1, le=MAX_LEVELS)]
_Id = Annotated[str, *_shaped(_DEMAND_ID, "an id: letters, digits, '.', '_' and '-' of ASCII, at most 80")]
_Title = Annotated[str, *_readable(120)]
_Prose = Annotated[str, *_readable(2_000, lines=True)]
_Scheme = Annotated[Literal["levels", "answers", "points"], _word(tuple(one.value for one in Scheme), "scheme")]
_Kind = Annotated[Literal["practice", "outcome"], _word(tuple(one.value for one in DemandKind), "kind")]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True)


class TitleSection(_Section):
    """One line in both languages."""

    en: _Title
    """English."""
    zh: _Title
    """Simplified Chinese."""


class ProseSection(_Section):
    """A few sentences in both languages, plain text."""

    en: _Prose
    """English."""
    zh: _Prose
    """Simplified Chinese."""


class StepSection(_Section):
    """Part of the credit on the way to the threshold."""

    at: _Number
    """From this value on."""
    credit: _Number
    """So much of the demand, above 0 and below 1."""


class ProbeSection(_Section):
    """A question to the data."""

    measure: Annotated[str, WithJsonSchema({"type": "string", "enum": sorted(MEASURES)})]
    """Name of a figure; `mergewarden maturity measures` lists them."""
    threshold: _Number
    """
    The value that meets the demand: at least so much of what is better when it is more, at most so much of the rest.
    Shares from 0 to 1, durations in seconds.
    """
    strict: bool = False
    """Whether the threshold itself is not enough."""
    steps: Annotated[list[StepSection], Field(max_length=9)] = []
    """Partial credit, the easiest first."""


class AttestSection(_Section):
    """A question to people."""

    valid_days: Annotated[int, Field(ge=1, le=MAX_DAYS)] = 365
    """For how many days their word counts."""
    second_person: bool = True
    """Whether somebody else has to confirm it."""


class DemandSection(_Section):
    """One thing that is asked."""

    id: _Id
    """Once in the file, such as 8.3-3-01; attestations and evidence name it, so do not change it."""
    level: _Level = 1
    """The level that asks for it; left out in a model of points."""
    kind: _Kind
    """Whether it is about what is done (practice) or about what comes of it (outcome)."""
    text: ProseSection
    """What is asked."""
    advice: ProseSection
    """What to do to meet it."""
    probe: ProbeSection | None = None
    """What the data has to say; either this or attest."""
    attest: AttestSection | None = None
    """That people have to answer; either this or probe."""
    weight: _Weight = 1
    """How much of the item it is."""
    effort: Annotated[int, Field(ge=1, le=5)] = 3
    """What it costs: 1 a click, 2 hours, 3 days, 4 weeks, 5 months."""
    share: _Number = 1.0
    """In a group it is met when so many of its projects meet it, above 0 up to 1."""


class ItemSection(_Section):
    """What gets a rating."""

    id: _Id
    """Once in the file."""
    title: TitleSection
    """What it is called."""
    description: ProseSection
    """What it is about."""
    weight: _Weight = 1
    """How much of the score it is."""
    ceiling: _Level | None = None
    """The highest level that data can prove; above it only people can answer."""
    evidence: Annotated[str, *_shaped(_STEM, "the start of a file's name: letters, digits, '.', '_' and '-'")] = ""
    """How the names of its evidence files begin."""
    demands: Annotated[list[DemandSection], Field(min_length=1, max_length=100)]
    """What is asked."""


class AreaSection(_Section):
    """Items that belong together."""

    id: _Id
    """Once in the file."""
    title: TitleSection
    """What it is called."""
    items: Annotated[list[ItemSection], Field(min_length=1, max_length=100)]
    """What gets a rating."""


class LevelSection(_Section):
    """A level of the model."""

    number: _Level
    """1 for the lowest, then without a gap."""
    name: TitleSection
    """What it is called."""
    gloss: ProseSection
    """What it means."""


class ModelFile(_Section):
    """A maturity model: areas, items, and what each level of an item asks of data and people."""

    format: Literal[1]
    """Version of the format."""
    id: Annotated[str, *_shaped(_MODEL_ID, "a model's id: lower-case letters, digits and '-', at most 64")]
    """What commands and settings call it; one of a shipped model replaces that."""
    version: Annotated[str, *_readable(40)]
    """Of the text; raise it with every change."""
    title: TitleSection
    """What it is called."""
    notice: ProseSection | None = None
    """What has to be said wherever a rating is shown."""
    source: Annotated[str, *_readable(300)]
    """Where it comes from."""
    scheme: _Scheme
    """How items are rated: by levels, by answers that add up, or by points."""
    levels: Annotated[list[LevelSection], Field(max_length=MAX_LEVELS)] = []
    """The lowest first; none in a model of points."""
    areas: Annotated[list[AreaSection], Field(min_length=1, max_length=50)]
    """What is rated."""


SECTIONS: Final[dict[str, type[BaseModel]]] = {
    "levels": LevelSection,
    "areas": AreaSection,
    "items": ItemSection,
    "demands": DemandSection,
    "probe": ProbeSection,
    "attest": AttestSection,
    "steps": StepSection,
    "title": TitleSection,
    "name": TitleSection,
    "gloss": ProseSection,
    "notice": ProseSection,
    "description": ProseSection,
    "text": ProseSection,
    "advice": ProseSection,
}
"""By the key that holds it, what an error about an unknown key can point at."""

EXAMPLES: Final[dict[str, str]] = {
    "format": "format: 1",
    "id": "id: 8.3-3-01",
    "version": 'version: "2026.1"',
    "title": "title: {en: Testing, zh: 测试管理}",
    "notice": "notice: {en: Our own reading of the standard., zh: 这是我们自己对标准的解读。}",
    "source": "source: Handbook of the security department, chapter 4",
    "scheme": "scheme: levels",
    "levels": "levels: [{number: 1, name: {en: Initial, zh: 初始级}, gloss: {en: Unmanaged, zh: 未管理}}]",
    "number": "number: 1",
    "name": "name: {en: Initial, zh: 初始级}",
    "gloss": "gloss: {en: Nothing is managed., zh: 未进行管理。}",
    "areas": "areas: [{id: dev, title: {en: Development, zh: 开发}, items: [...]}]",
    "items": "items: [{id: 7.3, title: ..., description: ..., demands: [...]}]",
    "description": "description: {en: How code is tested., zh: 代码如何测试。}",
    "weight": "weight: 2",
    "ceiling": "ceiling: 3",
    "evidence": "evidence: 安全-开发过程-开发过程管理",
    "demands": "demands: [{id: a-1, level: 2, kind: practice, text: ..., advice: ..., probe: {...}}]",
    "level": "level: 2",
    "kind": "kind: practice",
    "text": "text: {en: Every project is scanned., zh: 每个项目都已扫描。}",
    "advice": "advice: {en: Add the project., zh: 接入该项目。}",
    "probe": "probe: {measure: sast, threshold: 1}",
    "measure": "measure: sast",
    "threshold": "threshold: 0.8",
    "strict": "strict: true",
    "steps": "steps: [{at: 0.5, credit: 0.25}, {at: 0.7, credit: 0.5}]",
    "at": "at: 0.5",
    "credit": "credit: 0.25",
    "attest": "attest: {valid_days: 365, second_person: true}",
    "valid_days": "valid_days: 365",
    "second_person": "second_person: true",
    "effort": "effort: 2",
    "share": "share: 0.8",
    "en": "en: Testing",
    "zh": "zh: 测试管理",
}
"""How each key is written."""
