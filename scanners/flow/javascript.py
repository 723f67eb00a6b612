"""
JavaScript and TypeScript: from tree-sitter's tree to the interpreter's language.

https://github.com/tree-sitter/tree-sitter-javascript, https://github.com/tree-sitter/tree-sitter-typescript
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

import tree_sitter_javascript
import tree_sitter_typescript
from tree_sitter import Language, Node, Parser

from scanners.flow.ir import (
    Asked,
    Assign,
    Binary,
    Bracketed,
    Break,
    Call,
    Case,
    Choose,
    Continue,
    Dialect,
    Do,
    Expr,
    Field,
    For,
    Forget,
    Function,
    If,
    Item,
    Let,
    Listed,
    Lit,
    Logical,
    Made,
    Mapped,
    Name,
    Opaque,
    Parameter,
    Program,
    Raise,
    Rest,
    Return,
    Stmt,
    Switch,
    Text,
    Try,
    Unary,
    Unsupported,
    While,
    Written,
)
from scanners.flow.scopes import Scopes
from scanners.flow.tree import below, children, contains, identifiers, root_of, text
from scanners.flow.tree import span as span_of

_DIALECT = Dialect(
    largest=2**53,
    small_bits=True,
    text_of_numbers=True,
    any_arguments=True,
    pops_last=True,
    chains=True,
    records=True,
)
_MOST_LOOKED_AT = 1_000_000
_ASSIGNMENTS = ("assignment_expression", "augmented_assignment_expression", "update_expression")
_EFFECTS = (*_ASSIGNMENTS, "call_expression", "new_expression", "await_expression", "yield_expression")
_FUNCTIONS = (
    "function_declaration",
    "generator_function_declaration",
    "function_expression",
    "generator_function",
    "arrow_function",
    "method_definition",
)
_CLASSES = ("class_declaration", "class", "abstract_class_declaration")
_OWN_SCOPE = (*_FUNCTIONS, "class_static_block")
_DECLARATIONS = ("lexical_declaration", "variable_declaration")
_SAME_VALUE = ("as_expression", "non_null_expression", "satisfies_expression", "type_assertion", "await_expression")
_OPERATORS = {"===": "==", "!==": "!=", "<": "<", ">": ">", "<=": "<=", ">=": ">="} | {c: c for c in "+-*/%&|^"}
_CONSTANTS = {"true": True, "false": False, "null": None}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"', "`": "`", "/": "/"}
_NUMBER = re.compile(r"0[xX][\da-fA-F]{1,13}|0[bB][01]{1,50}|[1-9]\d{0,15}|0")
_VARIABLES = ("identifier", "shorthand_property_identifier", "shorthand_property_identifier_pattern")
_BUILT_IN = ("Object.prototype", "Array.prototype", "String.prototype", "Map.prototype", "Set.prototype")
_STATEMENTS_OF_TYPES = (
    "interface_declaration",
    "type_alias_declaration",
    "ambient_declaration",
    "empty_statement",
    "function_signature",
    "debugger_statement",
    "hash_bang_line",
)


def reader(suffix: str) -> Callable[[bytes], Program]:
    """The reader of files with this suffix: ``.js``, ``.jsx``, ``.ts`` or ``.tsx``."""
    languages = {".ts": tree_sitter_typescript.language_typescript, ".tsx": tree_sitter_typescript.language_tsx}
    parser = Parser(Language(languages.get(suffix, tree_sitter_javascript.language)()))

    def read(source: bytes) -> Program:
        """
        The program in a file; what is odd in it may be anything.

        Raises ``Unsupported`` when it cannot be parsed.
        """
        return _Reader(root_of(parser, source)).program()

    return read


class _Reader:
    """One file."""

    def __init__(self, root: Node) -> None:
        self._root = root
        self._program = Program(_DIALECT)
        self._scopes = Scopes()
        self._looks_left = _MOST_LOOKED_AT
        self._modules: dict[str, str] = {}
        """Variables that are modules, or something out of one, with their full names."""
        self._assigned: set[str] = set()
        """Names that are assigned to anywhere."""

    def program(self) -> Program:
        self._survey()
        place = len(self._program.functions)
        span = span_of(self._root)
        self._program.functions.append(Function("", "", (), (), span, opaque=True))
        self._declare_hoisted(self._root)
        self._declare_block(self._root)
        body: list[Stmt] = []
        for child in children(self._root):
            try:
                body += self._statement(child)
            except Unsupported:
                self._program.unreadable.add(span)
                self._surrender(child)
                self._rest(child)
        self._program.functions[place] = Function(
            "", "", (), body, span, opaque=True, shared=self._scopes.shared, volatile=self._scopes.volatile
        )
        return self._program

    def _survey(self) -> None:
        """
        What is assigned to anywhere.

        Raises ``Unsupported`` where what all objects have in common is changed.
        """
        for node in below(self._root, (*_ASSIGNMENTS, "for_in_statement", "member_expression")):
            if node.type == "member_expression":
                if text(node.child_by_field_name("property")) in ("prototype", "defineProperty", "setPrototypeOf"):
                    self._replaced_methods()
                continue
            target = node.child_by_field_name("left") or node.child_by_field_name("argument")
            if target is None:
                continue
            if "".join(text(target).split()).startswith(_BUILT_IN):
                raise Unsupported("a change of what is built in")
            for member in (target, *below(target, ("member_expression",))):
                if member.type == "member_expression":
                    self._program.unsure.add(text(member.child_by_field_name("property")))
            if target.type != "member_expression":
                self._assigned |= set(identifiers(target, _VARIABLES))
        self._program.unsure |= self._assigned

    def _replaced_methods(self) -> None:
        for method in below(self._root, ("method_definition", "field_definition", "public_field_definition")):
            name = method.child_by_field_name("name") or method.child_by_field_name("property")
            self._program.unsure.add(text(name))

    def _look(self, node: Node) -> None:
        """Raises ``Unsupported`` when the same parts of the file were looked through too often."""
        self._looks_left -= node.end_byte - node.start_byte
        if self._looks_left < 0:
            raise Unsupported("too deep")

    def _surrender(self, node: Node) -> None:
        """What is in it was not understood, and may change any variable that it names."""
        self._look(node)
        self._scopes.surrendered(identifiers(node, _VARIABLES))

    def _rest(self, node: Node) -> None:
        """Functions in something that is not understood are read all the same."""
        known = {function.span for function in self._program.functions}
        inside = below(node, _FUNCTIONS, without=_FUNCTIONS)
        for inner in [node] if node.type in _FUNCTIONS else inside:
            if span_of(inner) not in known:
                self._function("", inner, "<local>", opaque=True)

    # -- declarations

    def _declare_hoisted(self, body: Node) -> list[Stmt]:
        """Variables of ``var`` belong to the whole function, and are undefined at its start."""
        new: list[str] = []
        for node in below(body, ("variable_declaration", "for_in_statement"), without=_OWN_SCOPE):
            if node.type == "variable_declaration":
                targets = [declarator.child_by_field_name("name") for declarator in children(node)]
            elif any(child.type == "var" for child in node.children):
                targets = [node.child_by_field_name("left")]
            else:
                continue
            for target in targets:
                for name in _bound(target):
                    if not self._scopes.is_own(name):
                        new.append(self._scopes.declare(name, outermost=True))
        return [Assign(Name(name), Written()) for name in new]

    def _declare_block(self, block: Node) -> None:
        """What a block declares hides the same names from outside all through it."""
        for child in children(block):
            for node in children(child) if child.type == "export_statement" else [child]:
                if node.type == "lexical_declaration":
                    for declarator in children(node):
                        for name in _bound(declarator.child_by_field_name("name")):
                            self._scopes.declare(name)
                elif node.type in _CLASSES:
                    self._scopes.declare(text(node.child_by_field_name("name")))
                elif node.type in ("function_declaration", "generator_function_declaration"):
                    self._scopes.declare(text(node.child_by_field_name("name")), outermost=True)
                elif node.type in ("import_statement", "import_alias"):
                    self._import(node)
                elif node.type in ("enum_declaration", "internal_module", "module"):
                    for name in identifiers(node)[:1]:
                        self._scopes.declare(name)

    def _import(self, node: Node) -> None:
        source = text(node.child_by_field_name("source")).strip("'\"").removeprefix("node:")
        for clause in children(node):
            if clause.type == "import_clause":
                for part in children(clause):
                    if part.type == "identifier":
                        self._module(part, source)
                    elif part.type == "namespace_import":
                        self._module(children(part)[0], source)
                    for specifier in children(part) if part.type == "named_imports" else []:
                        name = specifier.child_by_field_name("name")
                        alias = specifier.child_by_field_name("alias") or name
                        self._module(alias, f"{source}.{text(name)}")
            else:
                for identifier in identifiers(clause):
                    self._scopes.declare(identifier)

    def _module(self, node: Node | None, path: str) -> None:
        self._modules[self._scopes.declare(text(node))] = path

    def _required(self, target: Node, value: Node | None) -> bool:
        """Whether it is ``const x = require('m')`` or ``const { x } = require('m')``, whose names are noted then."""
        if value is None or value.type != "call_expression" or text(value.child_by_field_name("function")) != "require":
            return False
        given = children(value.child_by_field_name("arguments"))
        if len(given) != 1 or given[0].type != "string" or self._scopes.is_declared("require"):
            return False
        source = text(given[0])[1:-1].removeprefix("node:")
        if target.type == "identifier":
            self._module(target, source)
            return True
        parts = children(target)
        if any(part.type != "shorthand_property_identifier_pattern" for part in parts):
            return False
        for part in parts:
            self._module(part, f"{source}.{text(part)}")
        return True

    # -- statements

    def _body(self, node: Node | None) -> list[Stmt]:
        """A block, or one statement, with variables of its own."""
        if node is None:
            return []
        with self._scopes.block():
            if node.type != "statement_block":
                return list(self._statement(node))
            self._declare_block(node)
            return [stmt for child in children(node) for stmt in self._statement(child)]

    def _statement(self, node: Node) -> Iterator[Stmt]:
        span = span_of(node)
        match node.type:
            case "statement_block":
                yield from self._body(node)
            case kind if kind in _DECLARATIONS:
                yield from self._declaration(node)
            case "expression_statement":
                for child in children(node):
                    yield from self._expression_statement(child)
            case "if_statement":
                test = self._expr(node.child_by_field_name("condition"))
                then = self._body(node.child_by_field_name("consequence"))
                parts = children(node.child_by_field_name("alternative"))
                yield If(test, then, self._body(parts[0]) if parts else [], span=span)
            case "while_statement" | "do_statement":
                test = self._expr(node.child_by_field_name("condition"))
                body = self._body(node.child_by_field_name("body"))
                yield While(test, body, first_free=node.type == "do_statement", span=span)
            case "for_statement":
                yield from self._for(node)
            case "for_in_statement":
                yield from self._for_in(node)
            case "switch_statement":
                yield self._switch(node)
            case "return_statement":
                values = children(node)
                yield Return(self._expr(values[0]) if values else None, span=span)
            case "throw_statement":
                yield Raise(self._expr(children(node)[0]), span=span)
            case "break_statement" | "continue_statement":
                if children(node):
                    raise Unsupported("a jump to a label")
                yield Break(span=span) if node.type == "break_statement" else Continue(span=span)
            case "try_statement":
                yield self._try(node)
            case "function_declaration" | "generator_function_declaration":
                name = text(node.child_by_field_name("name"))
                self._function(name, node, "" if self._scopes.at_top else "<local>")
                if not self._scopes.at_top:
                    yield Forget((self._scopes.declare(name, outermost=True),))
            case kind if kind in _CLASSES:
                yield Do(self._class(node))
            case "export_statement":
                for child in children(node):
                    if child.type in ("export_clause", "string", "decorator", "namespace_export"):
                        continue
                    declared = child.type in (*_DECLARATIONS, *_FUNCTIONS, *_CLASSES, *_STATEMENTS_OF_TYPES)
                    if declared or child.type.endswith("_declaration"):
                        yield from self._statement(child)
                    else:
                        yield Do(self._expr(child), span=span_of(child))
            case "import_statement" | "import_alias":
                return
            case kind if kind in _STATEMENTS_OF_TYPES:
                return
            case _:
                raise Unsupported(node.type)

    def _declaration(self, node: Node) -> Iterator[Stmt]:
        hoisted = node.type == "variable_declaration"
        fixed = any(child.type == "const" for child in node.children)
        for declarator in children(node):
            target = declarator.child_by_field_name("name")
            value = declarator.child_by_field_name("value")
            assert target is not None
            if value is None and hoisted:
                continue  # it keeps what it has
            if value is not None and value.type in _FUNCTIONS and target.type == "identifier":
                unique = self._scopes.declare(text(target), outermost=hoisted)
                top = self._scopes.at_top and fixed and unique == text(target)
                self._function(unique, value, "" if top else "<local>")
                if not top:
                    yield Forget((unique,))
                continue
            written = self._expr(value) if value is not None else Written()
            if fixed and self._required(target, value):
                yield Do(written)
                continue
            at_top = fixed and self._scopes.at_top and self._scopes.declare(text(target)) == text(target)
            if at_top and target.type == "identifier" and isinstance(written, Lit):
                self._program.constants["", text(target)] = written
            yield from self._bind(target, written, lambda name: self._scopes.declare(name, outermost=hoisted))

    def _bind(self, target: Node, value: Expr, declare: Callable[[str], str | None]) -> Iterator[Stmt]:
        """Assign to a variable or a pattern, which takes a value apart; None of ``declare`` is somebody else's."""
        span = span_of(target)
        match target.type:
            case "identifier" | "shorthand_property_identifier_pattern":
                name = declare(text(target))
                yield Assign(Opaque() if name is None else Name(name, span=span), value, span=span)
            case "object_pattern":
                holder = self._held(target)
                yield Assign(holder, value, span=span)
                for part in children(target):
                    yield from self._bind_property(part, holder, declare)
            case "array_pattern":
                yield from self._bind_items(target, value, declare)
            case "assignment_pattern":
                left = target.child_by_field_name("left")
                assert left is not None
                holder = self._held(target)
                yield Assign(holder, value, span=span)
                default = self._expr(target.child_by_field_name("right"))
                yield from self._bind(left, Choose(Opaque(), holder, default), declare)
            case _:
                raise Unsupported(target.type)

    def _held(self, node: Node) -> Name:
        return Name(self._scopes.declare(f"{{{node.start_byte}}}"))

    def _bind_items(self, target: Node, value: Expr, declare: Callable[[str], str | None]) -> Iterator[Stmt]:
        targets: list[Expr] = []
        later: list[Stmt] = []
        empty = True  # whether nothing stands before the next comma
        for child in target.children[1:-1]:
            if child.type == ",":
                targets += [Opaque()] if empty else []
                empty = True
            elif child.is_named and not child.is_extra:
                empty = False
                rest = child.type == "rest_pattern"
                inner = children(child)[0] if rest else child
                holder = self._held(inner)
                targets.append(Rest(holder) if rest else holder)
                later += self._bind(inner, holder, declare)
        if not any(isinstance(part, Rest) for part in targets):
            targets.append(Rest(Opaque()))
        yield Assign(Listed(tuple(targets)), value, span=span_of(target))
        yield from later

    def _bind_property(self, part: Node, holder: Name, declare: Callable[[str], str | None]) -> Iterator[Stmt]:
        match part.type:
            case "shorthand_property_identifier_pattern":
                yield from self._bind(part, Field(holder, text(part)), declare)
            case "pair_pattern":
                inner = part.child_by_field_name("value")
                key = part.child_by_field_name("key")
                assert inner is not None
                if key is not None and key.type == "property_identifier":
                    yield from self._bind(inner, Field(holder, text(key)), declare)
                else:
                    keys = self._unknown(key) if key is not None else Opaque()
                    yield from self._bind(inner, Opaque((holder, keys)), declare)
            case "object_assignment_pattern":
                left = part.child_by_field_name("left")
                assert left is not None
                default = self._expr(part.child_by_field_name("right"))
                yield from self._bind(left, Choose(Opaque(), Field(holder, text(left)), default), declare)
            case "rest_pattern":
                yield from self._bind(children(part)[0], Opaque((holder,)), declare)
            case _:
                raise Unsupported(part.type)

    def _expression_statement(self, node: Node) -> Iterator[Stmt]:
        span = span_of(node)
        left = node.child_by_field_name("left")
        if node.type == "assignment_expression" and left is not None and left.type.endswith("_pattern"):
            yield from self._bind(left, self._expr(node.child_by_field_name("right")), self._scopes.assigned)
        elif node.type in _ASSIGNMENTS:
            target, value = self._assignment(node)
            yield Assign(target, value, span=span)
        elif node.type == "sequence_expression":
            for child in children(node):
                yield from self._expression_statement(child)
        else:
            yield Do(self._expr(node), span=span)

    def _target(self, node: Node) -> Expr:
        """What is assigned to. A variable from outside of the function is everybody's, so nothing is known of it."""
        while node.type in ("parenthesized_expression", "non_null_expression"):
            node = children(node)[0]
        if node.type == "identifier":
            name = self._scopes.assigned(text(node))
            return Opaque() if name is None else Name(name, span=span_of(node))
        if node.type not in ("member_expression", "subscript_expression"):
            raise Unsupported(node.type)
        return self._expr(node)

    def _assignment(self, node: Node) -> tuple[Expr, Expr]:
        """Target and new value of ``x = y``, ``x += y`` and ``x++``."""
        left = node.child_by_field_name("left") or node.child_by_field_name("argument")
        right = node.child_by_field_name("right")
        assert left is not None
        if left.type != "identifier":
            # Its parts are evaluated first, and once.
            effects = contains(left, _EFFECTS)
            if right is not None and contains(right, _ASSIGNMENTS if not effects else _EFFECTS, without=_FUNCTIONS):
                raise Unsupported("a target that is evaluated before its value")
            if effects and node.type != "assignment_expression":
                raise Unsupported("a target that is evaluated once only")
        target = self._target(left)
        if right is None:
            operator = "+" if any(child.type == "++" for child in node.children) else "-"
            return target, Binary(operator, target, Lit(1))
        value = self._expr(right)
        if node.type == "assignment_expression":
            return target, value
        operator = text(node.child_by_field_name("operator")).removesuffix("=")
        if operator in ("||", "&&", "??"):
            return target, Choose(Opaque(), target, value)
        return target, Binary(operator, target, value)

    def _for(self, node: Node) -> Iterator[Stmt]:
        with self._scopes.block():
            start = node.child_by_field_name("initializer")
            if start is not None and start.type in _DECLARATIONS:
                for declarator in children(start) if start.type == "lexical_declaration" else []:
                    for name in _bound(declarator.child_by_field_name("name")):
                        self._scopes.declare(name)
                yield from self._declaration(start)
            elif start is not None and start.type not in ("empty_statement", ";"):
                for child in children(start) if start.type == "expression_statement" else [start]:
                    yield from self._expression_statement(child)
            condition = node.child_by_field_name("condition")
            test: Expr = Lit(value=True)
            if condition is not None and condition.type not in ("empty_statement", ";"):
                test = self._expr(children(condition)[0] if condition.type == "expression_statement" else condition)
            increment = node.child_by_field_name("increment")
            update = list(self._expression_statement(increment)) if increment is not None else []
            yield While(test, self._body(node.child_by_field_name("body")), update, span=span_of(node))

    def _for_in(self, node: Node) -> Iterator[Stmt]:
        left = node.child_by_field_name("left")
        assert left is not None
        iterable = self._expr(node.child_by_field_name("right"))
        declared = any(child.type in ("const", "let") for child in node.children)
        hoisted = any(child.type == "var" for child in node.children)
        with self._scopes.block():
            if declared:
                for name in _bound(left):
                    self._scopes.declare(name)
            item = self._held(node)
            if left.type in ("member_expression", "subscript_expression"):
                bind: list[Stmt] = [Assign(self._target(left), item)]
            else:
                bind = list(self._bind(left, item, self._scopes.find if declared or hoisted else self._scopes.assigned))
            yield For(item, iterable, [*bind, *self._body(node.child_by_field_name("body"))], span=span_of(node))

    def _switch(self, node: Node) -> Switch:
        subject = self._expr(node.child_by_field_name("value"))
        while isinstance(subject, Bracketed):
            subject = subject.inner
        cases: list[Case] = []
        content = node.child_by_field_name("body")
        with self._scopes.block():
            for part in children(content):
                self._declare_block(part)
            for part in children(content):
                value = part.child_by_field_name("value")
                if value is not None and contains(value, _EFFECTS):
                    raise Unsupported("a case that does something")
                label = (self._expr(value),) if value is not None else ()
                body = [stmt for child in part.children_by_field_name("body") for stmt in self._statement(child)]
                cases.append(Case(label, body, default=value is None))
        return Switch(subject, cases, falls_through=True, span=span_of(node))

    def _try(self, node: Node) -> Try:
        body = self._body(node.child_by_field_name("body"))
        handler = node.child_by_field_name("handler")
        handlers: list[Sequence[Stmt]] = []
        if handler is not None:
            with self._scopes.block():
                parameter = handler.child_by_field_name("parameter")
                forget = Forget(tuple(self._scopes.declare(name) for name in _bound(parameter)))
                handlers.append([forget, *self._body(handler.child_by_field_name("body"))])
        finalizer = node.child_by_field_name("finalizer")
        last = self._body(finalizer.child_by_field_name("body")) if finalizer is not None else []
        return Try(body, handlers, (), last, span=span_of(node))

    # -- functions and classes

    def _class(self, node: Node) -> Expr:
        """A class; the expression is what is evaluated where it stands."""
        written = node.child_by_field_name("name")
        name = text(written)
        at_top = bool(name) and self._scopes.at_top and self._scopes.find(name) == name
        owner = name if at_top and node.type != "class" else f"<class {node.start_byte}>"
        heritage = [child for child in children(node) if child.type == "class_heritage"]
        if owner == name:
            self._program.unsure |= {name} & self._program.classes
            self._program.classes.add(name)
            if any(contains(child, ("call_expression", "decorator")) for child in heritage):
                self._program.unsure.add(name)
        self._program.bases[owner] = tuple(base for child in heritage for base in identifiers(child))
        for member in children(node.child_by_field_name("body")):
            self._member(member, owner)
        parts = [Name(self._scopes.find(base)) for child in heritage for base in identifiers(child)]
        return Opaque(tuple(parts), span=span_of(node))

    def _member(self, member: Node, owner: str) -> None:
        name = member.child_by_field_name("name") or member.child_by_field_name("property")
        value = member.child_by_field_name("value")
        decorated = any(child.type == "decorator" for child in member.children)
        if name is not None and name.type == "computed_property_name":
            self._surrender(name)
        if member.type == "method_definition":
            kinds = {child.type for child in member.children}
            if text(name) == "constructor" and contains(member, ("return_statement",), without=_FUNCTIONS):
                self._program.unsure.add(owner)
            odd = decorated or bool(kinds & {"get", "set"})
            self._function(text(name), member, owner, opaque=odd, receiver="" if "static" in kinds else "this")
        elif member.type == "class_static_block":
            self._function("<static>", member, owner, opaque=True)
        elif value is not None and value.type in _FUNCTIONS:
            arrow = "this" if value.type == "arrow_function" else ""
            self._function(text(name), value, owner, opaque=decorated, receiver=arrow)
        elif value is not None:
            with self._scopes.function():
                try:
                    self._expr(value)
                except Unsupported:
                    self._surrender(value)

    def _function(self, name: str, node: Node, owner: str, *, opaque: bool = False, receiver: str = "") -> None:
        """
        Read a function.

        :param owner: its class; empty where its name stands for it everywhere, ``<local>`` where nothing does.
        """
        place = len(self._program.functions)
        span = span_of(node)
        if not self._scopes.at_top and not owner.startswith("<"):
            owner = "<local>"
        self._program.functions.append(Function(name, owner, (), (), span, opaque=True))
        strange = {"async", "*"} & {child.type for child in node.children} or "generator" in node.type
        with self._scopes.function():
            try:
                parameters, start, odd = self._parameters(node)
                content = node.child_by_field_name("body")
                if content is not None and content.type != "statement_block":
                    body: list[Stmt] = [Return(self._expr(content), span=span_of(content))]
                elif content is not None:
                    start += self._declare_hoisted(content)
                    self._declare_block(content)
                    body = [stmt for child in children(content) for stmt in self._statement(child)]
                else:
                    body = []
                found = Function(
                    name,
                    owner,
                    tuple(parameters),
                    [*start, *body],
                    span,
                    receiver,
                    opaque=opaque or odd or bool(strange),
                    shared=self._scopes.shared,
                    volatile=self._scopes.volatile,
                )
            except Unsupported:
                found = Function(name, owner, (), (), span, opaque=True)
                self._program.unreadable.add(span)
                self._surrender(node)
                for child in node.children:
                    self._rest(child)
        self._program.functions[place] = found

    def _parameters(self, node: Node) -> tuple[list[Parameter], list[Stmt], bool]:
        """Parameters, what is done with them before the body, and whether a call cannot be matched with them."""
        single = node.child_by_field_name("parameter")
        if single is not None:
            return [Parameter(self._scopes.declare(text(single)))], [], False
        found: list[Parameter] = []
        start: list[Stmt] = []
        odd = False
        for part in children(node.child_by_field_name("parameters")):
            pattern = part.child_by_field_name("pattern") or part
            default = part.child_by_field_name("value")
            if pattern.type == "assignment_pattern":
                left, default = pattern.child_by_field_name("left"), pattern.child_by_field_name("right")
                assert left is not None
                pattern = left
            if pattern.type == "identifier":
                written = self._expr(default) if default is not None else None
                found.append(Parameter(self._scopes.declare(text(pattern)), written))
            elif pattern.type == "rest_pattern" and children(pattern)[0].type == "identifier":
                found.append(Parameter(self._scopes.declare(text(children(pattern)[0])), rest=True))
            elif pattern.type == "this":
                continue
            else:
                odd = True
                for name in identifiers(part, _VARIABLES):
                    self._scopes.find(name)
                start.append(Forget(tuple(self._scopes.declare(name) for name in _bound(pattern))))
        return found, start, odd

    # -- expressions

    def _expr(self, node: Node | None) -> Expr:
        if node is None:
            raise Unsupported("nothing where an expression belongs")
        span = span_of(node)
        match node.type:
            case "identifier":
                if text(node) == "arguments" and not self._scopes.is_declared("arguments"):
                    raise Unsupported("the parameters under another name")
                return Name(self._scopes.find(text(node)), span=span)
            case "this" | "super":
                return Name(node.type, span=span)
            case "string":
                return _string(node)
            case "template_string":
                return self._template(node)
            case "number":
                value = text(node)
                known = _NUMBER.fullmatch(value) is not None and int(value, 0) < 2**53
                return Lit(int(value, 0), span=span) if known else Written(span=span)
            case "true" | "false" | "null":
                return Lit(_CONSTANTS[node.type], span=span)
            case "regex" | "undefined":
                return Written(span=span)
            case "parenthesized_expression":
                parts = [child for child in children(node) if child.type != "type_annotation"]
                return Bracketed(self._expr(parts[0]), span=span)
            case kind if kind in _SAME_VALUE:
                inner = next(child for child in children(node) if child.type != "type_arguments")
                return Bracketed(self._expr(inner), span=span)
            case "binary_expression":
                return self._binary(node)
            case "unary_expression":
                return self._unary(node)
            case "ternary_expression":
                names = ("condition", "consequence", "alternative")
                test, then, otherwise = (self._expr(node.child_by_field_name(name)) for name in names)
                return Choose(test, then, otherwise, span=span)
            case "assignment_expression" | "augmented_assignment_expression":
                return Let(*self._assignment(node), span=span)
            case "update_expression":
                # Whether it is the value before or after does not matter to where it comes from.
                return Made((Let(*self._assignment(node)),), span=span)
            case "call_expression":
                return self._call(node)
            case "new_expression":
                return self._new(node)
            case "member_expression":
                base = self._expr(node.child_by_field_name("object"))
                return Field(base, text(node.child_by_field_name("property")), span=span)
            case "subscript_expression":
                base = self._expr(node.child_by_field_name("object"))
                return Item(base, self._expr(node.child_by_field_name("index")), span=span)
            case "array":
                return self._array(node)
            case "object":
                return self._object(node)
            case "sequence_expression":
                return Opaque(tuple(self._expr(child) for child in children(node)), span=span)
            case kind if kind in _FUNCTIONS:
                self._function("", node, "<local>")
                return Opaque(span=span)
            case kind if kind in _CLASSES:
                return self._class(node)
            case kind if kind.startswith("jsx_"):
                return self._markup(node)
            case _:
                return self._unknown(node)

    def _unknown(self, node: Node) -> Expr:
        """It may do anything with what the variables in it hold."""
        self._look(node)
        if contains(node, _ASSIGNMENTS, without=_FUNCTIONS):
            raise Unsupported(node.type)
        if contains(node, _CLASSES):
            self._surrender(node)
        for inner in below(node, _FUNCTIONS, without=_FUNCTIONS):
            self._function("", inner, "<local>", opaque=True)
        names = (self._scopes.find(name) for name in identifiers(node, _VARIABLES))
        return Opaque(tuple(Name(name) for name in names), span=span_of(node))

    def _markup(self, node: Node) -> Expr:
        """JSX: what is put into it is passed on."""
        inside = [
            child
            for child in children(node)
            if child.type.startswith("jsx_") and child.type not in ("jsx_text", "jsx_namespace_name")
        ]
        if node.type == "jsx_expression":
            inside = [child for child in children(node) if child.type != "spread_element"]
            if len(inside) != len(children(node)):
                return self._unknown(node)
        return Opaque(tuple(self._expr(child) for child in inside), span=span_of(node))

    def _binary(self, node: Node) -> Expr:
        operator = text(node.child_by_field_name("operator"))
        left = self._expr(node.child_by_field_name("left"))
        right = self._expr(node.child_by_field_name("right"))
        span = span_of(node)
        if operator in ("&&", "||"):
            return Logical("and" if operator == "&&" else "or", left, right, span=span)
        if operator == "??":
            return Choose(Opaque(), left, right, span=span)
        if operator in _OPERATORS:
            return Binary(_OPERATORS[operator], left, right, span=span)
        if operator in ("==", "!=", "in", "instanceof"):
            # The first two convert, the others ask about objects: a truth value that we do not know.
            return Asked((left, right), span=span)
        return Made((left, right), span=span)

    def _unary(self, node: Node) -> Expr:
        operator = text(node.child_by_field_name("operator"))
        operand = self._expr(node.child_by_field_name("argument"))
        span = span_of(node)
        if operator == "!":
            return Unary("not", operand, span=span)
        if operator in ("-", "+", "~"):
            return Unary(operator, operand, span=span)
        if operator == "delete":
            base = operand.base if isinstance(operand, Field | Item) else operand
            return Opaque((base,), span=span)
        return Asked((operand,), span=span)

    def _call(self, node: Node) -> Expr:
        function = node.child_by_field_name("function")
        holder = node.child_by_field_name("arguments")
        assert function is not None
        span = span_of(node)
        if holder is None or holder.type == "template_string":
            return self._unknown(node)
        arguments, spread = self._arguments(holder)
        path = self._path(function)
        if function.type == "identifier":
            if path == "eval":
                self._scopes.surrender_outer()
            return Call(self._scopes.find(text(function)), None, arguments, spread=spread, path=path, span=span)
        if function.type == "member_expression":
            base = self._expr(function.child_by_field_name("object"))
            name = text(function.child_by_field_name("property"))
            return Call(name, base, arguments, spread=spread, path=path, span=span)
        if function.type in ("super", "import"):
            return Opaque(arguments, span=span)
        callee = self._expr(function)
        # A method that is named by an expression.
        parts = (callee.base, callee.key) if isinstance(callee, Item) else (callee,)
        return Opaque((*parts, *arguments), span=span)

    def _new(self, node: Node) -> Expr:
        constructor = node.child_by_field_name("constructor")
        assert constructor is not None
        arguments, spread = self._arguments(node.child_by_field_name("arguments"))
        span = span_of(node)
        path = self._path(constructor)
        if constructor.type == "identifier":
            name = self._scopes.find(text(constructor))
            return Call(name, None, arguments, new=True, spread=spread, path=path, span=span)
        if constructor.type == "member_expression":
            base = self._expr(constructor.child_by_field_name("object"))
            name = text(constructor.child_by_field_name("property"))
            return Call(name, base, arguments, new=True, spread=spread, path=path, span=span)
        return Opaque((self._expr(constructor), *arguments), span=span)

    def _path(self, function: Node) -> str:
        """The full name of a callee that is a name, or names with dots, of a module or of the language."""
        names: list[str] = []
        node: Node | None = function
        while node is not None and node.type == "member_expression":
            names.append(text(node.child_by_field_name("property")))
            node = node.child_by_field_name("object")
        if node is None or node.type != "identifier":
            return ""
        first = text(node)
        module = self._modules.get(self._scopes.find(first))
        if module is None and (self._scopes.is_declared(first) or first in self._assigned):
            return ""
        return ".".join((module or first, *reversed(names)))

    def _arguments(self, holder: Node | None) -> tuple[tuple[Expr, ...], bool]:
        parts = children(holder)
        spread = any(part.type == "spread_element" for part in parts)
        return tuple(self._expr(_spread(part)) for part in parts), spread

    def _array(self, node: Node) -> Expr:
        items = children(node)
        # Between two commas, or before the first one, may be nothing at all.
        commas = sum(child.type == "," for child in node.children)
        last = next((child.type for child in reversed(node.children[:-1]) if not child.is_extra), "")
        holes = commas + (last != ",") != len(items) and bool(items or commas)
        parts = tuple(self._expr(_spread(item)) for item in items)
        if holes or any(item.type == "spread_element" for item in items):
            return Opaque(parts, span=span_of(node))
        return Listed(parts, span=span_of(node))

    def _object(self, node: Node) -> Expr:
        span = span_of(node)
        pairs: list[tuple[Expr, Expr]] = []
        strange: list[Expr] = []
        for part in children(node):
            if part.type == "pair":
                key, value = part.child_by_field_name("key"), self._expr(part.child_by_field_name("value"))
                assert key is not None
                if key.type == "property_identifier":
                    pairs.append((Lit(text(key)), value))
                elif key.type in ("string", "number"):
                    pairs.append((self._expr(key), value))
                else:
                    strange += [self._unknown(key), value]
            elif part.type == "shorthand_property_identifier":
                name = text(part)
                pairs.append((Lit(name), Name(self._scopes.find(name), span=span_of(part))))
            elif part.type == "method_definition":
                self._function("", part, "<local>", opaque=True)
                strange.append(Opaque())
            else:
                strange.append(self._expr(_spread(part)))
        if strange:
            return Opaque((*strange, *(value for _, value in pairs)), span=span)
        return Mapped(tuple(pairs), span=span)

    def _template(self, node: Node) -> Expr:
        parts: list[Expr] = []
        for child in children(node):
            if child.type == "template_substitution":
                parts.append(self._expr(children(child)[0]))
            elif child.type == "string_fragment" and "\r" not in text(child):
                parts.append(Lit(text(child)))
            else:
                parts.append(Written())
        return Text(tuple(parts), span=span_of(node))


def _bound(target: Node | None) -> list[str]:
    """Variables that a pattern assigns to."""
    found: list[str] = []
    waiting = [target]
    while waiting:
        node = waiting.pop()
        if node is None:
            continue
        if node.type in ("identifier", "shorthand_property_identifier_pattern"):
            found.append(text(node))
        elif node.type in ("assignment_pattern", "object_assignment_pattern"):
            waiting.append(node.child_by_field_name("left"))
        elif node.type == "pair_pattern":
            waiting.append(node.child_by_field_name("value"))
        elif node.type in ("object_pattern", "array_pattern", "rest_pattern"):
            waiting += children(node)
    return found


def _spread(node: Node) -> Node:
    return children(node)[0] if node.type == "spread_element" else node


def _string(node: Node) -> Expr:
    raw = text(node)[1:-1]
    if "\\" not in raw:
        return Lit(raw, span=span_of(node))
    if re.search(r"\\[^ntr\\'\"`/]", raw):
        return Written(span=span_of(node))
    return Lit(re.sub(r"\\(.)", lambda match: _ESCAPES[match[1]], raw), span=span_of(node))
