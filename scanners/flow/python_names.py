"""What names mean in a Python file: a survey of all its functions before any of them is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tree_sitter import Node

from scanners.flow.tree import below, children, contains, text

_SCOPES = ("function_definition", "lambda", "class_definition", "generator_expression")
_PATTERNS = ("pattern_list", "tuple_pattern", "list_pattern", "list_splat_pattern", "tuple", "list")
_CONSUMERS = frozenset({"any", "all", "sum", "min", "max", "list", "tuple", "set", "frozenset", "sorted", "dict"})
_HARMLESS_DECORATORS = ("dataclass", "dataclasses.dataclass", "final", "total_ordering", "functools.total_ordering")


@dataclass(slots=True)
class Scope:
    """A function, a class, or the file."""

    node: Node
    outer: Scope | None
    bound: set[str] = field(default_factory=set)
    """Names that it assigns to, parameters included, imports and definitions not."""
    defined: Counter[str] = field(default_factory=Counter)
    """Functions and classes that it defines."""
    imports: dict[str, set[str]] = field(default_factory=dict)
    """Imported names, each with the full names that it may stand for."""
    used: set[str] = field(default_factory=set)
    """All names that stand in it, and in what is inside it."""
    used_inside: set[str] = field(default_factory=set)
    """Those that stand in functions inside it."""
    reassigned: set[str] = field(default_factory=set)
    """Names of ``global`` and ``nonlocal`` statements in it, and in what is inside it."""

    @property
    def is_class(self) -> bool:
        """A class has names of its own that its methods do not see."""
        return self.node.type == "class_definition"

    def gives(self, name: str) -> bool:
        """Whether a name has a meaning here that is not an import."""
        return name in self.bound or name in self.defined


class Names:
    """The names of a file."""

    def __init__(self, root: Node) -> None:
        self._by_node: dict[int, Scope] = {}
        self.top = Scope(root, None)
        self._imports_everything = False
        self._attributes: set[str] = set()
        self._unsure_classes: set[str] = set()
        self._methods: set[str] = set()
        self._replaces_methods = False
        order = self._survey(root)
        for scope in reversed(order):
            if scope.outer is not None:
                scope.outer.used |= scope.used
                scope.outer.used_inside |= scope.used
                scope.outer.reassigned |= scope.reassigned
        self.top.bound |= self.top.reassigned

    def scope(self, node: Node) -> Scope:
        """Of a function or class that was surveyed."""
        return self._by_node[node.id]

    def path(self, name: str, scope: Scope) -> str:
        """The full name of what a name means, where that is imported or part of the language; else empty."""
        here: Scope | None = scope
        while here is not None:
            if not (here.is_class and here is not scope):
                if here.gives(name):
                    return ""
                if name in here.imports:
                    paths = here.imports[name]
                    return next(iter(paths)) if len(paths) == 1 and name not in here.reassigned else ""
            here = here.outer
        return "" if self._imports_everything else name

    def foreign(self, scope: Scope) -> frozenset[str]:
        """Variables of the functions around one."""
        found: set[str] = set()
        here = scope.outer
        while here is not None and here.outer is not None:
            if not here.is_class:
                found |= here.bound | set(here.defined)
            here = here.outer
        return frozenset(found)

    def unsure(self) -> set[str]:
        """Functions, methods and classes of which it is not certain that a call of that name means them."""
        top = self.top
        found = {name for name, times in top.defined.items() if times > 1 or name in top.bound or name in top.imports}
        found |= self._attributes | self._unsure_classes
        return found | self._methods if self._replaces_methods else found

    # -- the survey

    def _survey(self, root: Node) -> list[Scope]:
        order = [self.top]
        waiting: list[tuple[Node, Scope]] = [(child, self.top) for child in reversed(root.children)]
        while waiting:
            node, scope = waiting.pop()
            inner = scope
            if node.type in _SCOPES and not is_consumed(node):
                inner = Scope(node, scope)
                self._by_node[node.id] = inner
                order.append(inner)
            self._note(node, scope, inner)
            waiting += [(child, inner) for child in reversed(node.children)]
        return order

    def _note(self, node: Node, scope: Scope, inner: Scope) -> None:
        match node.type:
            case "identifier":
                name = text(node)
                scope.used.add(name)
                if name == "setattr" or name.startswith("__get"):
                    self._replaces_methods = True
            case "assignment" | "augmented_assignment" | "for_statement" | "for_in_clause":
                self._bind(node.child_by_field_name("left"), scope)
            case "named_expression":
                # In a comprehension it binds outside of it.
                holder: Scope | None = scope
                while holder is not None:
                    holder.bound.add(text(node.child_by_field_name("name")))
                    holder = holder.outer if holder.node.type == "generator_expression" else None
            case "as_pattern_target" | "case_pattern" | "delete_statement":
                scope.bound |= {text(name) for name in below(node, ("identifier",))}
                for attribute in below(node, ("attribute",)):
                    self._attributes.add(text(attribute.child_by_field_name("attribute")))
            case "global_statement" | "nonlocal_statement":
                scope.reassigned |= {text(name) for name in children(node)}
            case "import_statement" | "import_from_statement" | "future_import_statement":
                for name, path in _imported(node):
                    scope.imports.setdefault(name, set()).add(path)
                self._imports_everything |= contains(node, ("wildcard_import",))
            case "function_definition":
                self._define(node, scope)
                inner.bound |= set(_parameters(node))
            case "class_definition":
                self._define(node, scope)
                self._class(node)
            case "lambda":
                inner.bound |= set(_parameters(node))
            case "attribute" if text(node.child_by_field_name("attribute")) in ("__dict__", "__class__"):
                self._replaces_methods = True

    def _define(self, node: Node, scope: Scope) -> None:
        name = text(node.child_by_field_name("name"))
        scope.defined[name] += 1
        if scope.is_class:
            self._methods.add(name)

    def _bind(self, target: Node | None, scope: Scope) -> None:
        waiting = [target]
        while waiting:
            node = waiting.pop()
            if node is None:
                continue
            if node.type == "identifier":
                scope.bound.add(text(node))
                if scope.is_class:
                    self._attributes.add(text(node))
            elif node.type == "attribute":
                self._attributes.add(text(node.child_by_field_name("attribute")))
            elif node.type in _PATTERNS:
                waiting += children(node)

    def _class(self, node: Node) -> None:
        """A class whose making, or whose objects' making, is somebody else's business."""
        name = text(node.child_by_field_name("name"))
        bases = node.child_by_field_name("superclasses")
        odd = any(child.type == "keyword_argument" or "splat" in child.type for child in children(bases))
        parent = node.parent
        if parent is not None and parent.type == "decorated_definition":
            words = (text(child).lstrip("@ ").split("(")[0].strip() for child in children(parent))
            odd = odd or any(
                word not in _HARMLESS_DECORATORS
                for child, word in zip(children(parent), words, strict=True)
                if child.type == "decorator"
            )
        body = node.child_by_field_name("body")
        made = {"__new__", "__getattribute__", "__init_subclass__"}
        functions = below(body, ("function_definition",), without=("function_definition",)) if body is not None else ()
        if odd or any(text(function.child_by_field_name("name")) in made for function in functions):
            self._unsure_classes.add(name)


def is_consumed(node: Node) -> bool:
    """Whether a generator expression is used up at once, by the function whose only argument it is."""
    call = node.parent
    if node.type != "generator_expression" or call is None or call.type != "call":
        return False
    function = call.child_by_field_name("function")
    if function is not None and function.type == "attribute":
        return text(function.child_by_field_name("attribute")) == "join"
    return text(function) in _CONSUMERS


def _parameters(node: Node) -> Iterator[str]:
    holder = node.child_by_field_name("parameters")
    if holder is not None:
        yield from (text(name) for name in below(holder, ("identifier",), without=("type",)))


def _imported(node: Node) -> Iterator[tuple[str, str]]:
    """Names that an import gives, each with the full name of what it is."""
    module = text(node.child_by_field_name("module_name"))
    if module:
        module = module if module.endswith(".") else module + "."
    for child in node.children_by_field_name("name"):
        alias = child.child_by_field_name("alias") if child.type == "aliased_import" else None
        name = text(child.child_by_field_name("name") if alias is not None else child)
        if alias is not None:
            yield text(alias), module + name
        elif module:
            yield name, module + name
        else:
            yield name.split(".")[0], name.split(".")[0]
