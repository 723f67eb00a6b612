"""What all frontends ask of tree-sitter's trees. https://tree-sitter.github.io/py-tree-sitter/"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from tree_sitter import Node, Parser

from scanners.flow.ir import Span, Unsupported

_COMMENTS = frozenset({"comment", "line_comment", "block_comment", "line_continuation"})


def root_of(parser: Parser, source: bytes) -> Node:
    """
    The tree of a file.

    Raises ``Unsupported`` when there is a mistake in it: what the parser makes of the rest need not be what the
    language makes of it.
    """
    root = parser.parse(source).root_node
    if root.has_error:
        raise Unsupported("a mistake in the file")
    return root


def children(node: Node | None) -> list[Node]:
    """The named parts, without comments."""
    return [] if node is None else [child for child in node.named_children if child.type not in _COMMENTS]


def text(node: Node | None) -> str:
    """The source text; empty for nothing."""
    return "" if node is None or node.text is None else node.text.decode("utf-8", "replace")


def span(node: Node) -> Span:
    """Where it is in the file, in bytes."""
    return node.start_byte, node.end_byte


def below(node: Node, kinds: Collection[str], *, without: Collection[str] = ()) -> Iterator[Node]:
    """All nodes of these kinds below, not looking into the ones of the kinds ``without``."""
    waiting = list(node.children)
    while waiting:
        child = waiting.pop()
        if child.type in kinds:
            yield child
        if child.type not in without:
            waiting += child.children


def contains(node: Node, kinds: Collection[str], *, without: Collection[str] = ()) -> bool:
    """Whether it is of one of these kinds, or one stands below."""
    return node.type in kinds or next(below(node, kinds, without=without), None) is not None


def identifiers(node: Node, kinds: Collection[str] = ("identifier",)) -> list[str]:
    """Names that stand in it, each once; that some are no variables does no harm."""
    found = {text(child) for child in below(node, kinds)}
    return sorted(found | {text(node)} if node.type in kinds else found)
