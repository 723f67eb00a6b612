"""
Reads policies from YAML, format version 1. ``docs/policy.md`` describes the format for people.

A policy may come from a project's repository, so the text is hostile until proven otherwise: it is limited in size and
depth, has no aliases or tags, and no key twice. An error names the file, the line, what is wrong and how to mend it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bot.domain import policy_problems as say
from bot.domain.policy import PartialPolicy, Policy, PolicyDocument, ProjectOverride
from bot.domain.policy_format import (
    VERSION,
    OrganisationFile,
    ProjectFile,
    Settings,
    example_of,
    quoted,
    section_at,
    shortened,
)
from bot.errors import ConfigurationError

PROJECT_FILE: Final = ".mergewarden.yml"
"""A project's own policy, read from the target branch."""

MAX_BYTES: Final = 64 * 1024
_MAX_DEPTH: Final = 12
_MAX_NODES: Final = 5_000
_MAX_PROBLEMS: Final = 10


class PolicyError(ConfigurationError):
    """Raised when a policy file is wrong. ``problems`` has one line for each thing that is, each with its place."""

    def __init__(self, source_name: str, problems: Sequence[Problem], *, more: int = 0) -> None:
        shown = [
            say.AT_LINE.format(file=shortened(source_name), line=p.line, problem=p.text)
            for p in problems[:_MAX_PROBLEMS]
        ]
        more += len(problems) - len(shown)
        if more:
            shown.append(f"... and {more} more")
        super().__init__("\n".join(shown), hint=next((p.hint for p in problems if p.hint), ""))
        self.problems = tuple(problems)


class Problem(NamedTuple):
    """One thing that is wrong with a policy file."""

    line: int
    """Counts from 1."""
    text: str
    hint: str = ""


def load_policy(text: str, source_name: str) -> PolicyDocument:
    """
    Read an organisation's policy.

    ``source_name`` is how errors call the file. Raises ``PolicyError`` (a ``ConfigurationError``).
    """
    document, sections = _load(text, source_name, OrganisationFile)
    policy = document.partial().over(Policy())
    overrides = tuple(ProjectOverride(section.match, section.partial()) for section in document.projects)
    missing = [
        Problem(sections.line(()), say.MISSING_KEY.format(key=key), _hint((key,)))
        for key, value in (("block", document.block), ("required_scanners", document.required_scanners))
        if value is None
    ]
    if missing:
        # Without these the gate would let everything through, which a person should have to write down.
        raise PolicyError(source_name, missing)
    return PolicyDocument(source_name, policy, overrides)


def load_project_policy(text: str, source_name: str = PROJECT_FILE) -> PartialPolicy:
    """
    Read a project's own policy, which ``bot.domain.policy_tightening.tighten`` then puts under the one above it.

    Raises ``PolicyError`` (a ``ConfigurationError``).
    """
    document, _ = _load(text, source_name, ProjectFile)
    return document.partial()


def load_group_policy(text: str, source_name: str) -> PartialPolicy:
    """
    Read a group's policy: the same format and limits as a project's own, and put under the organisation's in the same
    way.

    ``source_name`` is how errors call the file. Raises ``PolicyError`` (a ``ConfigurationError``).
    """
    return load_project_policy(text, source_name)


_Path = tuple[int | str, ...]


def _hint(path: _Path) -> str:
    return f"for example: {example_of(path)}"


# --- from text to checked values --------------------------------------------------------------------------------------


F = TypeVar("F", bound=Settings)


def _load(text: str, source_name: str, model: type[F]) -> tuple[F, _Marks]:
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        limit = say.LARGE.format(count=MAX_BYTES, size=size)
        raise PolicyError(source_name, [Problem(1, limit, "shorten it; a pattern can stand for many paths")])
    problems: list[Problem] = []
    try:
        root = _compose(text)
        marks = _Marks(root)
        value = _plain(root, problems)
    except _RefusedError as error:
        raise PolicyError(source_name, [Problem(error.line, str(error), error.hint)]) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join(filter(None, (error.context, error.problem)))
        wrong, hint = say.NOT_YAML.format(text=shortened(what)), "check indentation and quotes there"
        if error.context in ("while scanning an alias", "while scanning an anchor"):
            wrong, hint = _NO_ALIASES
        found = Problem(mark.line + 1 if mark else 1, wrong, hint)
        raise PolicyError(source_name, [found]) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise PolicyError(source_name, [Problem(1, say.NOT_YAML.format(text=shortened(str(error))))]) from None
    if not isinstance(value, dict):
        raise PolicyError(source_name, [Problem(1, say.NOT_SETTINGS, _hint(()))])
    try:
        document = model.model_validate(value)
    except ValidationError as error:
        # Finding words for a problem costs more than making one, so a hostile file gets a few.
        details = error.errors(include_url=False)
        problems = sorted([*problems[:_MAX_PROBLEMS], *_problems(details[:_MAX_PROBLEMS], marks, model)])
        raise PolicyError(source_name, problems, more=max(len(details) - _MAX_PROBLEMS, 0)) from None
    if problems:
        raise PolicyError(source_name, sorted(problems))
    return document, marks


class _RefusedError(Exception):
    def __init__(self, line: int, text: str, hint: str) -> None:
        super().__init__(text)
        self.line = line
        self.hint = hint


_NO_ALIASES: Final = (say.NO_ALIASES, 'quote patterns: "*.py"')


def _compose(text: str) -> yaml.Node | None:
    """
    The tree of the only document, with the place of every node.

    Events come from an iterative parser, so what would make the recursive composer suffer is refused before it runs.
    """
    depth = documents = 0
    for number, event in enumerate(yaml.parse(text, Loader=yaml.SafeLoader)):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise _RefusedError(line, say.SECOND_DOCUMENT, "keep one document; remove the line '---'")
        elif isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise _RefusedError(line, *_NO_ALIASES)
        elif getattr(event, "tag", None) is not None:
            raise _RefusedError(line, say.NO_TAGS, 'quote the value: "!text"')
        if number > _MAX_NODES:
            raise _RefusedError(
                line, say.TOO_MANY_VALUES.format(count=_MAX_NODES), "a pattern can stand for many paths"
            )
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _MAX_DEPTH:
                raise _RefusedError(
                    line, say.TOO_DEEP.format(count=_MAX_DEPTH), "a policy has lists of rules, no deeper"
                )
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return yaml.compose(text, Loader=yaml.SafeLoader)


_SCALARS: Final = {"tag:yaml.org,2002:int", "tag:yaml.org,2002:bool", "tag:yaml.org,2002:null"}


def _plain(node: yaml.Node | None, problems: list[Problem]) -> Any:
    """Plain values of a node. A key that stands twice is a problem, for nobody can see which one holds."""
    if node is None:
        return None
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, problems) for item in node.value]
    if isinstance(node, yaml.MappingNode):
        values: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise _RefusedError(line, say.KEY_NOT_A_WORD, "for example: severity: high")
            key = key_node.value
            if key in values:
                problems.append(Problem(line, say.KEY_TWICE.format(value=quoted(key)), "keep one of them"))
            values[key] = _plain(value_node, problems)
        return values
    # Dates and fractions have no place in a policy: they stay the text that was written.
    if node.tag in _SCALARS:
        return yaml.constructor.SafeConstructor().construct_object(node)
    return node.value


class _Marks:
    """Where things are in the file."""

    def __init__(self, root: yaml.Node | None) -> None:
        self._root = root

    def line(self, path: _Path, *, key: bool = False) -> int:
        """
        Line (from 1) of the value at ``path``, or of the last part of the path that the file has.

        With ``key`` the line of the key itself.
        """
        node, line = self._root, 1
        for number, step in enumerate(path):
            for name, key_node, value_node in _children(node):
                if name == step:
                    at_key = key_node is not None and key and number == len(path) - 1
                    place = key_node if at_key and key_node is not None else value_node
                    node, line = value_node, place.start_mark.line + 1
                    break
        return line


def _children(node: yaml.Node | None) -> Iterator[tuple[int | str, yaml.Node | None, yaml.Node]]:
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield number, None, item
    elif isinstance(node, yaml.MappingNode):
        for key_node, value_node in node.value:
            yield key_node.value, key_node, value_node


_KINDS_OF_VALUE: Final[Mapping[str, str]] = {
    "list_type": say.LIST_EXPECTED,
    "string_type": say.TEXT_EXPECTED,
    "int_type": say.NUMBER_EXPECTED,
    "bool_type": say.SWITCH_EXPECTED,
    "model_type": say.SETTINGS_EXPECTED,
    "dict_type": say.SETTINGS_EXPECTED,
    "model_attributes_type": say.SETTINGS_EXPECTED,
}


def _problems(details: Sequence[ErrorDetails], marks: _Marks, model: type[BaseModel]) -> Iterator[Problem]:
    for detail in details:
        kind, path, value = detail["type"], detail["loc"], detail["input"]
        context: Mapping[str, Any] = detail.get("ctx") or {}
        name = _name(path)
        line = marks.line(path)
        if kind == "extra_forbidden":
            known = sorted(section_at(model, path).model_fields)
            near = difflib.get_close_matches(str(path[-1]), known, n=1)
            template = say.UNKNOWN_NEAR if near else say.UNKNOWN
            if path[-1] == "projects":
                template = say.NO_PROJECTS
            text = template.format(value=quoted(path[-1]), word=near[0] if near else "", choices=", ".join(known))
            yield Problem(marks.line(path, key=True), text, _hint((near[0],)) if near else "")
        elif kind == "missing":
            yield Problem(line, say.MISSING.format(where=name), _hint(path))
        elif kind == "value_error":
            yield Problem(
                line, say.IN_SETTING.format(where=name, problem=context.get("error", detail["msg"])), _hint(path)
            )
        elif kind == "literal_error":
            text = say.OTHER_VERSION.format(where=name, value=quoted(value), count=VERSION)
            yield Problem(line, text, _hint(path))
        elif kind in _KINDS_OF_VALUE:
            yield Problem(line, _KINDS_OF_VALUE[kind].format(where=name, value=quoted(value)), _hint(path))
        else:
            problem = shortened(detail["msg"][:1].lower() + detail["msg"][1:])
            yield Problem(line, say.IN_SETTING.format(where=name, problem=problem), _hint(path))


def _name(path: _Path) -> str:
    """A path in the words of the file, its lists counted from 1: ``block, 2nd entry, severity`` is hard to read."""
    shown = ""
    for step in path:
        shown += f"[{step + 1}]" if isinstance(step, int) else f".{shortened(step)}" if shown else shortened(step)
    return shown or "the policy"
