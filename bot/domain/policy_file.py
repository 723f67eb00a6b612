"""
Reads policies from YAML, format version 1. ``docs/policy.md`` describes the format for people.

A policy may come from a project's repository, so the text is hostile until proven otherwise: it is limited in size and
depth, has no aliases or tags, and no key twice. An error names the file, the line, what is wrong and how to mend it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar

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
from bot.domain.safe_yaml import NO_ALIASES, Limits, Marks, Path, Problem, RefusedError, compose, plain
from bot.errors import ConfigurationError

PROJECT_FILE: Final = ".mergewarden.yml"
"""A project's own policy, read from the target branch."""

MAX_BYTES: Final = 64 * 1024
_LIMITS: Final = Limits(
    depth=12,
    nodes=5_000,
    depth_hint="a policy has lists of rules, no deeper",
    nodes_hint="a pattern can stand for many paths",
)
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


def _hint(path: Path) -> str:
    return f"for example: {example_of(path)}"


# --- from text to checked values --------------------------------------------------------------------------------------


F = TypeVar("F", bound=Settings)


def _load(text: str, source_name: str, model: type[F]) -> tuple[F, Marks]:
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        limit = say.LARGE.format(count=MAX_BYTES, size=size)
        raise PolicyError(source_name, [Problem(1, limit, "shorten it; a pattern can stand for many paths")])
    problems: list[Problem] = []
    try:
        root = compose(text, _LIMITS)
        marks = Marks(root)
        value = plain(root, problems)
    except RefusedError as error:
        raise PolicyError(source_name, [Problem(error.line, str(error), error.hint)]) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join(filter(None, (error.context, error.problem)))
        wrong, hint = say.NOT_YAML.format(text=shortened(what)), "check indentation and quotes there"
        if error.context in ("while scanning an alias", "while scanning an anchor"):
            wrong, hint = NO_ALIASES
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


_KINDS_OF_VALUE: Final[Mapping[str, str]] = {
    "list_type": say.LIST_EXPECTED,
    "string_type": say.TEXT_EXPECTED,
    "int_type": say.NUMBER_EXPECTED,
    "bool_type": say.SWITCH_EXPECTED,
    "model_type": say.SETTINGS_EXPECTED,
    "dict_type": say.SETTINGS_EXPECTED,
    "model_attributes_type": say.SETTINGS_EXPECTED,
}


def _problems(details: Sequence[ErrorDetails], marks: Marks, model: type[BaseModel]) -> Iterator[Problem]:
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


def _name(path: Path) -> str:
    """A path in the words of the file, its lists counted from 1: ``block, 2nd entry, severity`` is hard to read."""
    shown = ""
    for step in path:
        shown += f"[{step + 1}]" if isinstance(step, int) else f".{shortened(step)}" if shown else shortened(step)
    return shown or "the policy"
