"""
YAML that somebody else wrote, read without surprises: no aliases, no tags, no second document, limits on size and
depth, and the line of everything, so that an error can name its place.

``bot.domain.policy_file`` and ``bot.domain.maturity.model_file`` read with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import yaml

from bot.domain import policy_problems as say
from bot.domain.policy_format import quoted

Path = tuple[int | str, ...]
"""Keys and numbers of list entries (from 0) from the root to a value."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a document may hold, and what to say about one that holds more."""

    depth: int
    nodes: int
    depth_hint: str
    nodes_hint: str
    loader: type[Any] = yaml.SafeLoader
    """``FAST`` for files of hundreds of kilobytes."""


FAST: Final[type[Any]] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The same in C, where PyYAML has it."""


class Problem(NamedTuple):
    """One thing that is wrong with a file."""

    line: int
    """Counts from 1."""
    text: str
    hint: str = ""


class RefusedError(Exception):
    """Raised for a document that is not read any further."""

    def __init__(self, line: int, text: str, hint: str) -> None:
        super().__init__(text)
        self.line = line
        self.hint = hint


NO_ALIASES: Final = (say.NO_ALIASES, 'quote patterns: "*.py"')


def compose(text: str, limits: Limits) -> yaml.Node | None:
    """
    The tree of the only document, with the place of every node.

    Events come from an iterative parser, so what would make the recursive composer suffer is refused before it runs.
    Raises ``RefusedError`` and what PyYAML raises.
    """
    depth = documents = 0
    for number, event in enumerate(yaml.parse(text, Loader=limits.loader)):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise RefusedError(line, say.SECOND_DOCUMENT, "keep one document; remove the line '---'")
        elif isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise RefusedError(line, *NO_ALIASES)
        elif getattr(event, "tag", None) is not None:
            raise RefusedError(line, say.NO_TAGS, 'quote the value: "!text"')
        if number > limits.nodes:
            raise RefusedError(line, say.TOO_MANY_VALUES.format(count=limits.nodes), limits.nodes_hint)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > limits.depth:
                raise RefusedError(line, say.TOO_DEEP.format(count=limits.depth), limits.depth_hint)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    composed: yaml.Node | None = yaml.compose(text, Loader=limits.loader)
    return composed


_SCALARS: Final = {"tag:yaml.org,2002:int", "tag:yaml.org,2002:bool", "tag:yaml.org,2002:null"}


def plain(node: yaml.Node | None, problems: list[Problem]) -> Any:
    """Plain values of a node. A key that stands twice is a problem, for nobody can see which one holds."""
    if node is None:
        return None
    if isinstance(node, yaml.SequenceNode):
        return [plain(item, problems) for item in node.value]
    if isinstance(node, yaml.MappingNode):
        values: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise RefusedError(line, say.KEY_NOT_A_WORD, "for example: severity: high")
            key = key_node.value
            if key in values:
                problems.append(Problem(line, say.KEY_TWICE.format(value=quoted(key)), "keep one of them"))
            values[key] = plain(value_node, problems)
        return values
    # Dates and fractions stay the text that was written: 1.0 may be a name.
    if node.tag in _SCALARS:
        return yaml.constructor.SafeConstructor().construct_object(node)
    return node.value


class Marks:
    """Where things are in the file."""

    def __init__(self, root: yaml.Node | None) -> None:
        self._root = root

    def line(self, path: Path, *, key: bool = False) -> int:
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
