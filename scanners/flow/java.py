"""Java: from tree-sitter's tree to the interpreter's language. https://github.com/tree-sitter/tree-sitter-java"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import tree_sitter_java
from tree_sitter import Language, Node, Parser

from scanners.flow import library
from scanners.flow.ir import (
    Asked,
    Assign,
    Binary,
    Bracketed,
    Break,
    Call,
    Case,
    Char,
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
    Name,
    Opaque,
    Parameter,
    Program,
    Raise,
    Return,
    Stmt,
    Switch,
    Try,
    Unary,
    Unsupported,
    While,
    Written,
)
from scanners.flow.scopes import Scopes
from scanners.flow.tree import below, children, contains, identifiers, root_of, text
from scanners.flow.tree import span as span_of

_PARSER = Parser(Language(tree_sitter_java.language()))
_DIALECT = Dialect(
    largest=2**31,
    integer_division=True,
    identity=True,
    text_of_numbers=True,
    characters=True,
    own_methods=True,
    overloads=True,
    removes_by_index=True,
    replaced=True,
)
_MOST_LOOKED_AT = 1_000_000
_MOST_ITEMS = 64
_ASSIGNMENTS = ("assignment_expression", "update_expression")
_EFFECTS = (*_ASSIGNMENTS, "method_invocation", "object_creation_expression")
_INNER = ("lambda_expression", "class_body")
_TYPES = (
    "class_declaration",
    "interface_declaration",
    "enum_declaration",
    "record_declaration",
    "annotation_type_declaration",
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "\\": "\\", "'": "'", '"': '"', "b": "\b", "f": "\f", "s": " "}
_CONSTANTS = {"true": True, "false": False, "null_literal": None}
_INTEGER = re.compile(r"(?i)0x[\da-f_]+|0b[01_]+|[1-9][\d_]*|0")
_ASCII_ESCAPE = re.compile(rb"\\u+00[0-7]")
_INEXACT = frozenset({"byte", "short", "long", "float", "double", "Byte", "Short", "Long", "Float", "Double", "Number"})
"""Types in which a number may be another one than in an ``int``."""
_NUMBERS = frozenset({"int", "char", "byte", "short", "long", "float", "double"})
_LANG_WORDS = """
    String StringBuilder StringBuffer Integer Long Boolean Double Float Short Byte Character Math System Object
"""
_LANG = frozenset(_LANG_WORDS.split())
_PACKAGES = frozenset({"java", "javax", "jakarta", "org", "com", "net", "io"})
_SERVICES = frozenset(
    {"WebServlet", "WebFilter", "Controller", "RestController", "Service", "Component", "Path", "RequestMapping"}
)
"""Annotations of classes whose objects are made by a container, and not out of data."""


def read(source: bytes) -> Program:
    """
    The program in a file; what is odd in it may be anything.

    Raises ``Unsupported`` when it cannot be parsed.
    """
    if _ASCII_ESCAPE.search(source):
        raise Unsupported("an escape that may be code")  # it counts before anything else is read
    return _Reader(root_of(_PARSER, source)).program()


@dataclass(frozen=True, slots=True)
class _Owner:
    """The class that is being read."""

    name: str
    service: bool = False
    """Whether its objects are made once and by nobody who fills in fields."""


class _Reader:
    """One file."""

    def __init__(self, root: Node) -> None:
        self._root = root
        self._program = Program(_DIALECT)
        self._scopes = Scopes()
        self._looks_left = _MOST_LOOKED_AT
        self._inexact: set[str] = set()
        """Variables of types in which numbers are not what they seem."""
        self._assigned: set[str] = set()
        self._fields: set[str] = set()
        self._imports: dict[str, str] = {}
        self._packages: list[str] = []
        self._declared: set[str] = set()

    def program(self) -> Program:
        self._survey()
        for child in children(self._root):
            if child.type in _TYPES:
                self._type(child)
        return self._program

    def _survey(self) -> None:
        for node in below(self._root, (*_TYPES, *_ASSIGNMENTS, "field_declaration", "import_declaration")):
            if node.type == "assignment_expression":
                self._assigned.add(_last_name(node.child_by_field_name("left")))
            elif node.type == "update_expression":
                self._assigned |= {_last_name(child) for child in children(node)}
            elif node.type == "field_declaration":
                for declarator in node.children_by_field_name("declarator"):
                    self._fields.add(text(declarator.child_by_field_name("name")))
            elif node.type == "import_declaration":
                self._import(node)
            else:
                name = text(node.child_by_field_name("name"))
                if name in self._declared:
                    self._program.unsure.add(name)
                self._declared.add(name)

    def _import(self, node: Node) -> None:
        if any(child.type == "static" for child in node.children):
            return
        path = "".join(text(children(node)[0]).split())
        if contains(node, ("asterisk",)):
            self._packages.append(path)
        else:
            self._imports[path.rsplit(".", 1)[-1]] = path

    # -- classes

    def _type(self, node: Node) -> None:
        name = text(node.child_by_field_name("name"))
        self._program.classes.add(name)
        self._program.bases[name] = tuple(
            text(found)
            for kind in ("superclass", "interfaces")
            if (part := node.child_by_field_name(kind)) is not None
            for found in below(part, ("type_identifier",))
        )
        annotations = _annotations(node)
        data = any("Serializable" in base or "Externalizable" in base for base in self._program.bases[name])
        service = annotations <= _SERVICES | {"SuppressWarnings"} and not data
        service = service and (bool(annotations & _SERVICES) or node.child_by_field_name("superclass") is not None)
        self._members(node.child_by_field_name("body"), _Owner(name, service))

    def _members(self, body: Node | None, owner: _Owner) -> None:
        waiting = children(body)
        while waiting:
            member = waiting.pop(0)
            match member.type:
                case "enum_body_declarations":
                    waiting += children(member)
                case "enum_constant":
                    self._enum_constant(member, owner)
                case "method_declaration" | "constructor_declaration" | "compact_constructor_declaration":
                    self._method(member, owner)
                case "field_declaration" | "constant_declaration":
                    self._field_declaration(member, owner)
                case "static_initializer":
                    self._add("<static>", owner, member, [], children(member)[-1])
                case "block":
                    self._add("<init>", owner, member, [], member)
                case kind if kind in _TYPES:
                    self._type(member)

    def _enum_constant(self, node: Node, owner: _Owner) -> None:
        body = node.child_by_field_name("body")
        if body is not None:
            own = _Owner(f"<constant {node.start_byte}>")
            self._program.bases[own.name] = (owner.name,)
            self._members(body, own)

    def _field_declaration(self, node: Node, owner: _Owner) -> None:
        modifiers = _modifiers(node)
        kind = text(node.child_by_field_name("type"))
        for declarator in node.children_by_field_name("declarator"):
            name = text(declarator.child_by_field_name("name"))
            value = declarator.child_by_field_name("value")
            if value is None:
                continue
            # Findings in an initial value belong to a function of its own.
            with self._scopes.function():
                try:
                    expression = self._expr(value, owner)
                except Unsupported:
                    self._surrender(value)
                    continue
                body = (Do(expression),)
                self._program.functions.append(
                    Function(f"<{name}>", owner.name, (), body, span_of(declarator), "this", opaque=True)
                )
            quiet = "private" in modifiers and name not in self._assigned and not _annotations(node)
            fixed = "final" in modifiers or (quiet and ("static" in modifiers or owner.service))
            if fixed and kind not in _INEXACT:
                self._program.constants[owner.name, name] = expression

    def _method(self, node: Node, owner: _Owner) -> None:
        name = text(node.child_by_field_name("name")) if node.type == "method_declaration" else "<init>"
        holder = node.child_by_field_name("parameters")
        self._add(name, owner, node, children(holder), node.child_by_field_name("body"))

    def _add(self, name: str, owner: _Owner, node: Node, parameters: Sequence[Node], body: Node | None) -> None:
        """Read a method, an initializer or a lambda."""
        if body is None:
            return
        place = len(self._program.functions)
        span = span_of(node)
        self._program.functions.append(Function(name, owner.name, (), (), span, opaque=True))
        static = "static" in _modifiers(node) or name == "<static>"
        with self._scopes.function():
            try:
                found, start = self._parameters(parameters)
                if body.type in ("block", "constructor_body"):
                    content = [stmt for child in children(body) for stmt in self._statement(child, owner)]
                else:
                    content = [Return(self._expr(body, owner), span=span_of(body))]
                function = Function(
                    name,
                    owner.name,
                    tuple(found),
                    [*start, *content],
                    span,
                    "" if static else "this",
                    opaque=name.startswith("<"),
                    shared=self._scopes.shared,
                    volatile=self._scopes.volatile,
                )
            except Unsupported:
                function = Function(name, owner.name, (), (), span, opaque=True)
                self._program.unreadable.add(span)
                self._surrender(node)
                self._rest(body, owner)
        self._program.functions[place] = function

    def _parameters(self, nodes: Sequence[Node]) -> tuple[list[Parameter], list[Stmt]]:
        found: list[Parameter] = []
        start: list[Stmt] = []
        for part in nodes:
            if part.type in ("formal_parameter", "catch_formal_parameter"):
                name = self._scopes.declare(text(part.child_by_field_name("name")))
                found.append(Parameter(name))
                if self._is_inexact(part, name):
                    start.append(Assign(Name(name), Made((Name(name),))))
            elif part.type == "spread_parameter":
                declarator = next((c for c in children(part) if c.type == "variable_declarator"), None)
                found.append(Parameter(self._scopes.declare(text(declarator)), rest=True))
            elif part.type == "identifier":
                found.append(Parameter(self._scopes.declare(text(part))))
        return found, start

    def _is_inexact(self, declaration: Node, name: str) -> bool:
        kind = text(declaration.child_by_field_name("type"))
        if kind in _INEXACT:
            self._inexact.add(name)
        return kind in _INEXACT

    def _look(self, node: Node) -> None:
        """Raises ``Unsupported`` when the same parts of the file were looked through too often."""
        self._looks_left -= node.end_byte - node.start_byte
        if self._looks_left < 0:
            raise Unsupported("too deep")

    def _surrender(self, node: Node) -> None:
        """What is in it was not understood, and may change any variable that it names."""
        self._look(node)
        self._scopes.surrendered(identifiers(node))

    def _rest(self, node: Node, owner: _Owner) -> None:
        """Lambdas in something that is not understood are read all the same."""
        known = {function.span for function in self._program.functions}
        for inner in below(node, ("lambda_expression",), without=("lambda_expression", "class_body")):
            if span_of(inner) not in known:
                self._lambda(inner, owner)

    # -- statements

    def _body(self, node: Node | None, owner: _Owner) -> list[Stmt]:
        """A block, or one statement, with variables of its own."""
        if node is None:
            return []
        with self._scopes.block():
            if node.type in ("block", "constructor_body"):
                return [stmt for child in children(node) for stmt in self._statement(child, owner)]
            return list(self._statement(node, owner))

    def _statement(self, node: Node, owner: _Owner) -> Iterator[Stmt]:
        span = span_of(node)
        match node.type:
            case "block" | "constructor_body":
                yield from self._body(node, owner)
            case "local_variable_declaration":
                yield from self._variables(node, owner)
            case "expression_statement":
                for child in children(node):
                    yield from self._expression_statement(child, owner)
            case "explicit_constructor_invocation":
                arguments = self._arguments(node.child_by_field_name("arguments"), owner)
                yield Do(Opaque(arguments), span=span)
            case "if_statement":
                yield If(
                    self._expr(node.child_by_field_name("condition"), owner),
                    self._body(node.child_by_field_name("consequence"), owner),
                    self._body(node.child_by_field_name("alternative"), owner),
                    span=span,
                )
            case "while_statement" | "do_statement":
                yield While(
                    self._expr(node.child_by_field_name("condition"), owner),
                    self._body(node.child_by_field_name("body"), owner),
                    first_free=node.type == "do_statement",
                    span=span,
                )
            case "for_statement":
                yield from self._for(node, owner)
            case "enhanced_for_statement":
                iterable = self._expr(node.child_by_field_name("value"), owner)
                with self._scopes.block():
                    name = self._scopes.declare(text(node.child_by_field_name("name")))
                    body = self._body(node.child_by_field_name("body"), owner)
                    start = [Assign(Name(name), Made((Name(name),)))] if self._is_inexact(node, name) else []
                    yield For(Name(name), iterable, [*start, *body], span=span)
            case "switch_expression" | "switch_statement":
                yield self._switch(node, owner)
            case "return_statement":
                values = children(node)
                yield Return(self._expr(values[0], owner) if values else None, span=span)
            case "throw_statement":
                yield Raise(self._expr(children(node)[0], owner), span=span)
            case "break_statement" | "continue_statement":
                if children(node):
                    raise Unsupported("a jump to a label")
                yield Break(span=span) if node.type == "break_statement" else Continue(span=span)
            case "try_statement" | "try_with_resources_statement":
                yield from self._try(node, owner)
            case "synchronized_statement":
                parts = children(node)
                yield Do(self._expr(parts[0], owner), span=span)
                yield from self._body(parts[-1], owner)
            case "assert_statement":
                # It may be switched off.
                yield If(Opaque(), [Do(self._expr(children(node)[0], owner))], span=span)
            case ";" | "empty_statement":
                return
            case kind if kind in _TYPES:
                self._type(node)
            case _:
                raise Unsupported(node.type)

    def _variables(self, node: Node, owner: _Owner) -> Iterator[Stmt]:
        for declarator in node.children_by_field_name("declarator"):
            written = declarator.child_by_field_name("name")
            value = declarator.child_by_field_name("value")
            assert written is not None
            expression = self._expr(value, owner) if value is not None else Lit(None)
            name = self._scopes.declare(text(written))
            self._is_inexact(node, name)
            if text(node.child_by_field_name("type")) == "char" and isinstance(expression, Lit):
                expression = expression if isinstance(expression.value, str) else Made((expression,))
            target = Name(name, span=span_of(written))
            yield Assign(target, self._stored(target, expression), span=span_of(declarator))

    def _stored(self, target: Expr, value: Expr) -> Expr:
        """The value as the variable keeps it."""
        return Made((value,)) if isinstance(target, Name) and target.name in self._inexact else value

    def _for(self, node: Node, owner: _Owner) -> Iterator[Stmt]:
        with self._scopes.block():
            for start in node.children_by_field_name("init"):
                if start.type == "local_variable_declaration":
                    yield from self._variables(start, owner)
                elif start.is_named:
                    yield from self._expression_statement(start, owner)
            condition = node.child_by_field_name("condition")
            test = self._expr(condition, owner) if condition is not None else Lit(value=True)
            updates = [update for update in node.children_by_field_name("update") if update.is_named]
            body = self._body(node.child_by_field_name("body"), owner)
            last = [stmt for update in updates for stmt in self._expression_statement(update, owner)]
            yield While(test, body, last, span=span_of(node))

    def _expression_statement(self, node: Node, owner: _Owner) -> Iterator[Stmt]:
        span = span_of(node)
        if node.type in _ASSIGNMENTS:
            target, value = self._assignment(node, owner)
            yield Assign(target, value, span=span)
        elif node.type in ("switch_expression", "switch_statement"):
            yield self._switch(node, owner)
        else:
            yield Do(self._expr(node, owner), span=span)

    def _assignment(self, node: Node, owner: _Owner) -> tuple[Expr, Expr]:
        """Target and new value of ``x = y``, ``x += y`` and ``x++``."""
        if node.type == "update_expression":
            left = next(child for child in node.children if child.is_named and not child.is_extra)
            right = None
            operator = "+" if any(child.type == "++" for child in node.children) else "-"
        else:
            found, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            assert found is not None
            left = found
            operator = text(node.child_by_field_name("operator")).removesuffix("=")
        while left.type == "parenthesized_expression":
            left = children(left)[0]
        if left.type != "identifier":
            # Its parts are evaluated first here, and once.
            effects = contains(left, _EFFECTS)
            if right is not None and contains(right, _ASSIGNMENTS if not effects else _EFFECTS):
                raise Unsupported("a target that is evaluated before its value")
            if effects and operator:
                raise Unsupported("a target that is evaluated once only")
        target = self._expr(left, owner)
        value: Expr = Lit(1) if right is None else self._expr(right, owner)
        return target, self._stored(target, Binary(operator, target, value) if operator else value)

    def _switch(self, node: Node, owner: _Owner) -> Switch:
        subject = self._expr(node.child_by_field_name("condition"), owner)
        while isinstance(subject, Bracketed):
            subject = subject.inner
        cases: list[Case] = []
        with self._scopes.block():
            for group in children(node.child_by_field_name("body")):
                labels: list[Expr] = []
                default = False
                content: list[Stmt] = []
                for part in children(group):
                    if part.type == "switch_label":
                        written = children(part)
                        if any(label.type in ("pattern", "guard") for label in written):
                            raise Unsupported("a pattern")
                        default = default or not written or any(child.type == "default" for child in part.children)
                        labels += [self._expr(label, owner) for label in written]
                    elif part.type == "block" and group.type == "switch_rule":
                        content += self._body(part, owner)
                    else:
                        content += self._statement(part, owner)
                if group.type == "switch_rule":
                    content.append(Break())
                cases.append(Case(tuple(labels), content, default))
        return Switch(subject, cases, falls_through=True, span=span_of(node))

    def _try(self, node: Node, owner: _Owner) -> Iterator[Stmt]:
        with self._scopes.block():
            start: list[Stmt] = []
            for resource in children(node.child_by_field_name("resources")):
                written, value = resource.child_by_field_name("name"), resource.child_by_field_name("value")
                if written is not None and value is not None:
                    expression = self._expr(value, owner)
                    target = Name(self._scopes.declare(text(written)), span=span_of(written))
                    start.append(Assign(target, expression, span=span_of(resource)))
                elif children(resource):
                    start.append(Do(self._expr(children(resource)[0], owner), span=span_of(resource)))
            body = [*start, *self._body(node.child_by_field_name("body"), owner)]
        handlers: list[list[Stmt]] = []
        last: list[Stmt] = []
        for part in children(node):
            if part.type == "catch_clause":
                with self._scopes.block():
                    parameter = next(child for child in children(part) if child.type == "catch_formal_parameter")
                    name = self._scopes.declare(text(parameter.child_by_field_name("name")))
                    handlers.append([Forget((name,)), *self._body(part.child_by_field_name("body"), owner)])
            elif part.type == "finally_clause":
                last = self._body(children(part)[0], owner)
        yield Try(body, handlers, (), last, span=span_of(node))

    # -- expressions

    def _name(self, node: Node) -> Expr:
        """A local variable, a class, or a field."""
        name, span = text(node), span_of(node)
        unique = self._scopes.find(name)
        if unique != name or (name[:1].isupper() and name not in self._fields):
            return Name(unique, span=span)
        return Field(Name("this"), name, span=span)

    def _expr(self, node: Node | None, owner: _Owner) -> Expr:
        if node is None:
            raise Unsupported("nothing where an expression belongs")
        span = span_of(node)
        match node.type:
            case "identifier":
                return self._name(node)
            case "this" | "super":
                return Name(node.type, span=span)
            case "string_literal":
                return _string(node)
            case "character_literal":
                return _character(node)
            case "decimal_integer_literal" | "hex_integer_literal" | "binary_integer_literal":
                return _integer(node)
            case "decimal_floating_point_literal" | "octal_integer_literal" | "class_literal":
                return Written(span=span)
            case "hex_floating_point_literal":
                return Written(span=span)
            case "true" | "false" | "null_literal":
                return Lit(_CONSTANTS[node.type], span=span)
            case "parenthesized_expression":
                return Bracketed(self._expr(children(node)[0], owner), span=span)
            case "cast_expression":
                inner = self._expr(node.child_by_field_name("value"), owner)
                kind = text(node.child_by_field_name("type"))
                return Made((inner,), span=span) if kind in _NUMBERS else Bracketed(inner, span=span)
            case "binary_expression":
                left = self._expr(node.child_by_field_name("left"), owner)
                right = self._expr(node.child_by_field_name("right"), owner)
                operator = text(node.child_by_field_name("operator"))
                if operator in ("&&", "||"):
                    return Logical("and" if operator == "&&" else "or", left, right, span=span)
                return Binary(operator, left, right, span=span)
            case "unary_expression":
                operator = text(node.child_by_field_name("operator"))
                operand = self._expr(node.child_by_field_name("operand"), owner)
                return Unary("not" if operator == "!" else operator, operand, span=span)
            case "ternary_expression":
                names = ("condition", "consequence", "alternative")
                test, then, otherwise = (self._expr(node.child_by_field_name(name), owner) for name in names)
                return Choose(test, then, otherwise, span=span)
            case "assignment_expression":
                target, value = self._assignment(node, owner)
                return Let(target, value, span=span)
            case "update_expression":
                # Whether it is the value before or after does not matter to where it comes from.
                return Made((Let(*self._assignment(node, owner)),), span=span)
            case "method_invocation":
                return self._call(node, owner)
            case "object_creation_expression":
                return self._creation(node, owner)
            case "array_creation_expression":
                return self._array(node, owner)
            case "array_initializer":
                return Listed(tuple(self._expr(child, owner) for child in children(node)), span=span)
            case "array_access":
                base = self._expr(node.child_by_field_name("array"), owner)
                return Item(base, self._expr(node.child_by_field_name("index"), owner), span=span)
            case "field_access":
                base = self._expr(node.child_by_field_name("object"), owner)
                return Field(base, text(node.child_by_field_name("field")), span=span)
            case "instanceof_expression":
                return self._instance_of(node, owner)
            case "lambda_expression":
                self._lambda(node, owner)
                return Opaque(span=span)
            case _:
                return self._unknown(node, owner)

    def _unknown(self, node: Node, owner: _Owner) -> Expr:
        """It may do anything with what the variables in it hold."""
        self._look(node)
        if contains(node, _ASSIGNMENTS, without=_INNER):
            raise Unsupported(node.type)
        for inner in below(node, _INNER, without=_INNER):
            if inner.type == "lambda_expression":
                self._lambda(inner, owner)
            else:
                self._members(inner, _Owner(f"<anonymous {inner.start_byte}>"))
        names = (self._scopes.find(name) for name in identifiers(node))
        return Opaque(tuple(Name(name) for name in names), span=span_of(node))

    def _lambda(self, node: Node, owner: _Owner) -> None:
        holder = node.child_by_field_name("parameters")
        single = holder is not None and holder.type == "identifier"
        parameters = [holder] if single and holder is not None else children(holder)
        self._add("<lambda>", owner, node, parameters, node.child_by_field_name("body"))

    def _instance_of(self, node: Node, owner: _Owner) -> Expr:
        left = self._expr(node.child_by_field_name("left"), owner)
        name = node.child_by_field_name("name")
        if node.child_by_field_name("pattern") is not None:
            raise Unsupported("a pattern")
        if name is None:
            return Asked((left,), span=span_of(node))
        self._scopes.declare(text(name))  # nothing is ever known of it
        return Opaque((left,), span=span_of(node))

    def _arguments(self, holder: Node | None, owner: _Owner) -> tuple[Expr, ...]:
        return tuple(self._expr(child, owner) for child in children(holder))

    def _call(self, node: Node, owner: _Owner) -> Expr:
        written = node.child_by_field_name("object")
        receiver = self._expr(written, owner) if written is not None else None
        arguments = self._arguments(node.child_by_field_name("arguments"), owner)
        name = text(node.child_by_field_name("name"))
        space = self._space(written)
        return Call(name, receiver, arguments, path=f"{space}.{name}" if space else "", span=span_of(node))

    def _space(self, node: Node | None) -> str:
        """The full name of a class; empty for anything else, and for a class of this file."""
        if node is None:
            return ""
        dotted = "".join(text(node).split())
        if not re.fullmatch(r"[\w$.]+", dotted):
            return ""
        first, *others = dotted.split(".")
        if self._scopes.is_declared(first) or first in self._fields:
            return ""
        if first in _PACKAGES and len(others) > 1:
            return dotted
        return ".".join((full, *others)) if first[:1].isupper() and (full := self._class(first)) else ""

    def _class(self, name: str) -> str:
        """The full name of a class that is not of this file."""
        if name in self._declared:
            return ""
        if name in self._imports:
            return self._imports[name]
        if name in _LANG:
            return f"java.lang.{name}"
        return next((f"{package}.{name}" for package in self._packages if f"{package}.{name}" in _KNOWN), name)

    def _creation(self, node: Node, owner: _Owner) -> Expr:
        arguments = self._arguments(node.child_by_field_name("arguments"), owner)
        span = span_of(node)
        kind = re.sub(r"<.*", "", text(node.child_by_field_name("type")), flags=re.DOTALL)
        kind = "".join(kind.split())
        body = next((child for child in children(node) if child.type == "class_body"), None)
        if body is not None:
            own = _Owner(f"<anonymous {body.start_byte}>")
            self._program.bases[own.name] = (kind.rsplit(".", 1)[-1],)
            self._members(body, own)
            return Opaque(arguments, span=span)
        if node.child_by_field_name("type") != node.named_children[0]:
            return Opaque((*arguments, *map(Name, map(self._scopes.find, identifiers(node)))), span=span)
        path = self._class(kind) if "." not in kind else (kind if kind.split(".")[0] in _PACKAGES else "")
        return Call(kind.rsplit(".", 1)[-1], None, arguments, new=True, path=path, span=span)

    def _array(self, node: Node, owner: _Owner) -> Expr:
        span = span_of(node)
        value = node.child_by_field_name("value")
        if value is not None:
            return Bracketed(self._expr(value, owner), span=span)
        sizes = [child for child in children(node) if child.type == "dimensions_expr"]
        lengths = [self._expr(children(size)[0], owner) for size in sizes]
        if len(sizes) != 1 or any(child.type == "dimensions" for child in children(node)):
            return Opaque(tuple(lengths), span=span)
        length = lengths[0].value if isinstance(lengths[0], Lit) else None
        plain = text(node.child_by_field_name("type")) in (*_NUMBERS, "boolean")
        first: Expr = Written() if plain else Lit(None)
        if not isinstance(length, int) or length > _MOST_ITEMS:
            return Made((first, Asked(tuple(lengths))), row=True, span=span)
        return Listed((first,) * length, span=span)


_KNOWN = frozenset(
    library.LISTS
    | library.BAGS
    | library.TABLES
    | library.EMPTY_TABLES
    | library.BUILDERS
    | {path.rpartition(".")[0] for path in library.TEXTS | library.LISTS_OF_ARGUMENTS | library.BAGS_OF_ARGUMENTS}
)
"""Classes that may be meant where a whole package is imported."""


def _modifiers(node: Node) -> frozenset[str]:
    found = next((child for child in node.children if child.type == "modifiers"), None)
    return frozenset() if found is None else frozenset(child.type for child in found.children)


def _annotations(node: Node) -> frozenset[str]:
    found = next((child for child in node.children if child.type == "modifiers"), None)
    return frozenset(
        text(child.child_by_field_name("name")).rsplit(".", 1)[-1]
        for child in children(found)
        if "annotation" in child.type
    )


def _last_name(node: Node | None) -> str:
    """The field or variable that something assigned to is."""
    names = re.findall(r"[\w$]+", text(node))
    return names[-1] if names else ""


def _integer(node: Node) -> Expr:
    found = _INTEGER.fullmatch(text(node))
    if found is None or len(text(node)) > 20:
        return Written(span=span_of(node))
    value = int(found[0].replace("_", ""), 0)
    return Lit(value, span=span_of(node)) if value < 2**31 else Written(span=span_of(node))


def _string(node: Node) -> Expr:
    span = span_of(node)
    raw = text(node)
    if raw.startswith('"""'):
        return Written(span=span)
    value = _unescaped(raw[1:-1])
    return Written(span=span) if value is None else Lit(value, span=span)


def _character(node: Node) -> Expr:
    value = _unescaped(text(node)[1:-1])
    known = value is not None and len(value) == 1
    return Lit(Char(value), span=span_of(node)) if known else Written(span=span_of(node))


def _unescaped(raw: str) -> str | None:
    if "\\" not in raw:
        return raw
    if re.search(r"\\[^ntr0\\'\"bfs]|\\0\d", raw):
        return None
    return re.sub(r"\\(.)", lambda match: _ESCAPES[match[1]], raw)
