"""Go: from tree-sitter's tree to the interpreter's language. https://github.com/tree-sitter/tree-sitter-go"""

from __future__ import annotations

import re
from collections.abc import Iterator

import tree_sitter_go
from tree_sitter import Language, Node, Parser

from scanners.flow.ir import (
    Appended,
    Assign,
    Binary,
    Bracketed,
    Break,
    Call,
    Case,
    Char,
    Continue,
    Dialect,
    Do,
    Expr,
    Field,
    For,
    Function,
    If,
    Item,
    Listed,
    Lit,
    Logical,
    Made,
    Mapped,
    Name,
    Opaque,
    Parameter,
    Program,
    Return,
    Slice,
    Stmt,
    Switch,
    Unary,
    Unsupported,
    While,
    Written,
)
from scanners.flow.scopes import Scopes
from scanners.flow.tree import below, children, contains, identifiers, root_of, text
from scanners.flow.tree import span as span_of

_PARSER = Parser(Language(tree_sitter_go.language()))
_DIALECT = Dialect(largest=2**31, integer_division=True, characters=True, shared_slices=True)
_MOST_LOOKED_AT = 1_000_000
_ASSIGNMENTS = ("assignment_statement", "inc_statement", "dec_statement")
_NUMBER = re.compile(r"0[xX][\da-fA-F]{1,8}|0[bB][01]{1,31}|[1-9]\d{0,9}|0")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "'": "'", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_EXACT_TYPES = frozenset({"", "string", "bool", "int", "int64"})
"""Types whose values are what is written; in others a number may wrap round, or be no integer."""
_PLAIN_TYPES = _EXACT_TYPES - {""} | frozenset(
    {"int8", "int16", "int32", "uint", "uint8", "uint16", "uint32", "uint64", "byte", "rune", "float32", "float64"}
)
_CONVERSIONS = _PLAIN_TYPES - {"bool"}


def read(source: bytes) -> Program:
    """
    The program in a file; what is odd in it may be anything.

    Raises ``Unsupported`` when it cannot be parsed.
    """
    return _Reader(root_of(_PARSER, source)).program()


class _Reader:
    """One file."""

    def __init__(self, root: Node) -> None:
        self._root = root
        self._program = Program(_DIALECT)
        self._scopes = Scopes()
        self._looks_left = _MOST_LOOKED_AT
        self._packages: dict[str, str] = {}
        """Imported packages by the name that they have here."""
        self._addressed: set[str] = set()
        """Names whose address is taken in the function that is being read: others can change them."""
        self._inexact: set[str] = set()
        """Variables of types in which numbers are not what they seem."""

    def program(self) -> Program:
        for spec in below(self._root, ("import_spec",)):
            name = spec.child_by_field_name("name")
            path = text(spec.child_by_field_name("path")).strip('"`')
            last = re.sub(r"^v\d+$", "", path.rsplit("/", 1)[-1]) or path.rsplit("/", 2)[-2]
            self._packages[text(name) if name is not None else last] = path
        declared = children(self._root)
        for child in declared:
            if child.type in ("const_declaration", "var_declaration", "type_declaration"):
                for name in below(child, ("identifier", "type_identifier"), without=("block",)):
                    self._scopes.declare(text(name))
            elif child.type == "function_declaration":
                self._scopes.declare(text(child.child_by_field_name("name")))
        for child in declared:
            if child.type == "const_declaration":
                self._constants(child)
        for child in declared:
            if child.type in ("function_declaration", "method_declaration"):
                self._function(child)
            elif child.type == "var_declaration":
                for function in below(child, ("func_literal",), without=("func_literal",)):
                    self._read("", "<local>", function, None)
        return self._program

    def _constants(self, node: Node) -> None:
        for spec in below(node, ("const_spec",)):
            names = spec.children_by_field_name("name")
            values = children(spec.child_by_field_name("value"))
            if text(spec.child_by_field_name("type")) not in _EXACT_TYPES:
                continue
            for name, value in zip(names, values, strict=False):
                written = self._expr(value) if value.type in ("interpreted_string_literal", "int_literal") else None
                if isinstance(written, Lit):
                    self._program.constants["", text(name)] = written

    # -- functions

    def _function(self, node: Node) -> None:
        name = text(node.child_by_field_name("name"))
        receiver = node.child_by_field_name("receiver")
        owner = ""
        if receiver is not None:
            kinds = [text(found) for found in below(receiver, ("type_identifier",))]
            owner = kinds[0] if len(kinds) == 1 else f"<type {node.start_byte}>"
            self._program.classes.add(owner)
        self._read(name, owner, node, receiver)

    def _read(self, name: str, owner: str, node: Node, receiver: Node | None) -> None:
        place = len(self._program.functions)
        span = span_of(node)
        self._program.functions.append(Function(name, owner, (), (), span, opaque=True))
        outer = self._addressed
        self._addressed = outer | self._taken(node, receiver)
        with self._scopes.function():
            try:
                itself = list(self._parameters(receiver))
                parameters, start = self._checked_parameters(node.child_by_field_name("parameters"))
                results = children(node.child_by_field_name("result"))
                if any(child.child_by_field_name("name") is not None for child in results):
                    raise Unsupported("named results")  # a deferred function may still change them
                body = self._statements(node.child_by_field_name("body"))
                found = Function(
                    name,
                    owner,
                    tuple(parameters),
                    [*start, *body],
                    span,
                    itself[0].name if itself else "",
                    opaque=contains(node, ("defer_statement",), without=("func_literal",)),
                    shared=self._scopes.shared,
                    volatile=self._scopes.volatile,
                )
            except Unsupported:
                found = Function(name, owner, (), (), span, opaque=True)
                self._program.unreadable.add(span)
                self._surrender(node)
                known = {function.span for function in self._program.functions}
                for inner in below(node, ("func_literal",), without=("func_literal",)):
                    if span_of(inner) not in known:
                        self._read("", "<local>", inner, None)
        self._addressed = outer
        self._program.functions[place] = found

    def _taken(self, node: Node, receiver: Node | None) -> set[str]:
        """Variables whose address is taken, as calling a method may do."""
        found: set[str] = set()
        itself = set(identifiers(receiver)) if receiver is not None else set()
        for child in below(node, ("unary_expression", "selector_expression")):
            operand = child.child_by_field_name("operand")
            if operand is None:
                continue
            if child.type == "selector_expression":
                found |= {text(operand)} - itself - set(self._packages)
            elif text(child.child_by_field_name("operator")) == "&":
                found |= set(identifiers(operand))
        return found

    def _look(self, node: Node) -> None:
        """Raises ``Unsupported`` when the same parts of the file were looked through too often."""
        self._looks_left -= node.end_byte - node.start_byte
        if self._looks_left < 0:
            raise Unsupported("too deep")

    def _surrender(self, node: Node) -> None:
        """What is in it was not understood, and may change any variable that it names."""
        self._look(node)
        self._scopes.surrendered(identifiers(node))

    def _parameters(self, node: Node | None) -> Iterator[Parameter]:
        for part in children(node):
            rest = part.type == "variadic_parameter_declaration"
            names = part.children_by_field_name("name")
            if not names:
                yield Parameter(self._scopes.declare(f"{{{part.start_byte}}}"), rest=rest)
            for name in names:
                yield Parameter(self._scopes.declare(text(name)), rest=rest)

    def _checked_parameters(self, node: Node | None) -> tuple[list[Parameter], list[Stmt]]:
        found = list(self._parameters(node))
        start: list[Stmt] = []
        for part in children(node):
            kind = part.child_by_field_name("type")
            for name in part.children_by_field_name("name"):
                unique = self._scopes.declare(text(name))
                if text(kind) in _PLAIN_TYPES - _EXACT_TYPES:
                    self._inexact.add(unique)
                    start.append(Assign(Name(unique), Made((Name(unique),))))
                elif kind is not None and kind.type == "array_type":
                    # It is a copy of what was given.
                    start.append(Assign(Name(unique), Opaque((Name(unique),))))
        return found, start

    # -- statements

    def _block(self, node: Node | None) -> list[Stmt]:
        """A block with variables of its own."""
        with self._scopes.block():
            return self._statements(node)

    def _statements(self, node: Node | None) -> list[Stmt]:
        found: list[Stmt] = []
        for child in children(node):
            if child.type == "statement_list":
                found += self._statements(child)
            else:
                found += self._statement(child)
        return found

    def _statement(self, node: Node) -> Iterator[Stmt]:
        span = span_of(node)
        match node.type:
            case "block":
                yield from self._block(node)
            case "short_var_declaration" | "assignment_statement":
                yield from self._assignment(node)
            case "var_declaration" | "const_declaration":
                for spec in below(node, ("var_spec", "const_spec")):
                    yield from self._variable(spec)
            case "expression_statement":
                yield Do(self._expr(children(node)[0]), span=span)
            case "inc_statement" | "dec_statement":
                left = children(node)[0]
                if contains(left, ("call_expression",)):
                    raise Unsupported("a target that is evaluated once only")
                target = self._target(left)
                operator = "+" if node.type == "inc_statement" else "-"
                yield Assign(target, self._stored(target, Binary(operator, self._expr(left), Lit(1))), span=span)
            case "if_statement":
                with self._scopes.block():
                    start = node.child_by_field_name("initializer")
                    if start is not None:
                        yield from self._statement(start)
                    otherwise = node.child_by_field_name("alternative")
                    yield If(
                        self._expr(node.child_by_field_name("condition")),
                        self._block(node.child_by_field_name("consequence")),
                        [] if otherwise is None else list(self._statement(otherwise)),
                        span=span,
                    )
            case "for_statement":
                yield from self._for(node)
            case "expression_switch_statement":
                yield from self._switch(node)
            case "type_switch_statement":
                yield from self._type_switch(node)
            case "return_statement":
                values = [value for child in children(node) for value in children(child)]
                written = tuple(self._expr(value) for value in values)
                yield Return(written[0] if len(written) == 1 else Listed(written) if written else None, span=span)
            case "break_statement" | "continue_statement":
                if children(node):
                    raise Unsupported("a jump to a label")
                yield Break(span=span) if node.type == "break_statement" else Continue(span=span)
            case "defer_statement" | "go_statement":
                yield self._later(children(node)[0])
            case "send_statement":
                yield Do(Opaque(tuple(self._expr(child) for child in children(node))), span=span)
            case "empty_statement" | "type_declaration":
                return
            case _:
                raise Unsupported(node.type)

    def _later(self, node: Node) -> Stmt:
        """A call that is done at another time, with whatever its containers hold by then."""
        if node.type != "call_expression":
            return Do(self._unknown(node), span=span_of(node))
        function, holder = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        parts = [part for part in (function, *children(holder)) if part is not None]
        return Do(Opaque(tuple(Opaque((self._expr(part),), span=span_of(part)) for part in parts)), span=span_of(node))

    def _variable(self, spec: Node) -> Iterator[Stmt]:
        names = spec.children_by_field_name("name")
        values = [self._expr(value) for value in children(spec.child_by_field_name("value"))]
        kind = text(spec.child_by_field_name("type"))
        targets = [self._declared(name) for name in names]
        if kind not in _EXACT_TYPES:
            self._inexact |= {target.name for target in targets if isinstance(target, Name)}
        if not values:
            for target in targets:
                yield Assign(target, Written() if kind in _PLAIN_TYPES else Opaque(), span=span_of(spec))
        elif len(values) == len(targets):
            for target, value in zip(targets, values, strict=True):
                yield Assign(target, self._stored(target, value), span=span_of(spec))
        else:
            yield Assign(Listed(tuple(targets)), values[0], span=span_of(spec))

    def _stored(self, target: Expr, value: Expr) -> Expr:
        """The value as the variable keeps it."""
        return Opaque((value,)) if isinstance(target, Name) and target.name in self._inexact else value

    def _declared(self, node: Node) -> Expr:
        name = text(node)
        unique = self._scopes.declare(name)
        return Opaque() if name in self._addressed or name == "_" else Name(unique, span=span_of(node))

    def _target(self, node: Node) -> Expr:
        while node.type == "parenthesized_expression":
            node = children(node)[0]
        if node.type == "identifier":
            found = self._scopes.assigned(text(node))
            opaque = found is None or text(node) in self._addressed
            return Opaque() if opaque or found is None else Name(found, span=span_of(node))
        if node.type not in ("index_expression", "selector_expression", "unary_expression", "slice_expression"):
            raise Unsupported(node.type)
        return self._expr(node)

    def _assignment(self, node: Node) -> Iterator[Stmt]:
        left, right = children(node.child_by_field_name("left")), children(node.child_by_field_name("right"))
        span = span_of(node)
        new = node.type == "short_var_declaration"
        operator = "" if new else text(node.child_by_field_name("operator"))[:-1]
        if operator:
            if contains(left[0], ("call_expression",)):
                raise Unsupported("a target that is evaluated once only")
            target = self._target(left[0])
            changed = Binary(operator, self._expr(left[0]), self._expr(right[0]))
            yield Assign(target, self._stored(target, changed), span=span)
            return
        parts = [part for part in left if part.type != "identifier"]
        mixed = parts and len(parts) < len(left)
        if len(left) > 1 and (mixed or any(_indexes_twice(part) for part in parts)):
            raise Unsupported("targets that are evaluated before any of them is assigned to")
        if len(left) == 1 and len(right) == 1 and self._appends(left[0], right[0]):
            target, value = self._target(left[0]), self._appended(right[0])
            yield Assign(target, value, span=span)
            return
        values = [self._expr(value) for value in right]
        # ``:=`` declares what this very block does not have yet.
        targets = [self._declared(name) if new else self._target(name) for name in left]
        if len(targets) == len(values):
            values = [self._stored(target, value) for target, value in zip(targets, values, strict=True)]
        if len(targets) == 1:
            yield Assign(targets[0], values[0], span=span)
        elif len(values) == len(targets):
            yield Assign(Listed(tuple(targets)), Listed(tuple(values)), span=span)
        elif right[0].type in ("index_expression", "type_assertion_expression"):
            # ``v, ok := m[k]``
            yield Assign(targets[0], values[0], span=span)
            yield Assign(targets[1], Written(), span=span)
        else:
            yield Assign(Listed(tuple(targets)), values[0], span=span)

    def _appends(self, target: Node, value: Node) -> bool:
        """``a = append(a, ...)``: the usual way to add to a slice, after which the old one is not used any more."""
        if value.type != "call_expression" or text(value.child_by_field_name("function")) != "append":
            return False
        arguments = children(value.child_by_field_name("arguments"))
        same = target.type == "identifier" and bool(arguments) and text(arguments[0]) == text(target)
        return same and not self._scopes.is_declared("append")

    def _appended(self, value: Node) -> Expr:
        base, *items = children(value.child_by_field_name("arguments"))
        spread = bool(items) and items[-1].type == "variadic_argument"
        parts = tuple(self._expr(_given(item)) for item in items)
        return Appended(self._expr(base), parts, spread, span=span_of(value))

    def _for(self, node: Node) -> Iterator[Stmt]:
        span = span_of(node)
        body = node.child_by_field_name("body")
        parts = [child for child in children(node) if child != body]
        with self._scopes.block():
            if not parts:
                yield While(Lit(value=True), self._block(body), span=span)
            elif parts[0].type == "for_clause":
                start = parts[0].child_by_field_name("initializer")
                if start is not None:
                    yield from self._statement(start)
                condition = parts[0].child_by_field_name("condition")
                test = self._expr(condition) if condition is not None else Lit(value=True)
                update = parts[0].child_by_field_name("update")
                update_body = list(self._statement(update)) if update is not None else []
                yield While(test, self._block(body), update_body, span=span)
            elif parts[0].type == "range_clause":
                names = children(parts[0].child_by_field_name("left"))
                iterable = self._expr(parts[0].child_by_field_name("right"))
                declares = any(child.type == ":=" for child in parts[0].children)
                targets = [self._declared(name) if declares else self._target(name) for name in names]
                item = Name(self._scopes.declare(f"{{{node.start_byte}}}"))
                # The first is an index or a key: whatever is in it, then.
                bound = [Assign(target, item if place else Made((item,))) for place, target in enumerate(targets)]
                yield For(item, iterable, [*bound, *self._block(body)], span=span)
            else:
                yield While(self._expr(parts[0]), self._block(body), span=span)

    def _switch(self, node: Node) -> Iterator[Stmt]:
        if next(below(node, ("fallthrough_statement",)), None) is not None:
            raise Unsupported("fallthrough")
        with self._scopes.block():
            start = node.child_by_field_name("initializer")
            if start is not None:
                yield from self._statement(start)
            value = node.child_by_field_name("value")
            subject: Expr = Lit(value=True) if value is None else self._expr(value)
            cases: list[Case] = []
            tests: list[tuple[list[Expr], list[Stmt]]] = []
            default: list[Stmt] = []
            for part in children(node):
                if part.type not in ("expression_case", "default_case"):
                    continue
                with self._scopes.block():
                    skipped = part.child_by_field_name("value")
                    if value is not None and skipped is not None and contains(skipped, ("call_expression",)):
                        raise Unsupported("a case that does something")
                    labels = [self._expr(label) for label in children(skipped)]
                    body = [
                        stmt
                        for child in children(part)
                        if child != skipped
                        for stmt in (
                            self._statements(child) if child.type == "statement_list" else self._statement(child)
                        )
                    ]
                if part.type == "default_case":
                    default = body
                tests.append((labels, body))
                cases.append(Case(tuple(labels), [*body, Break()], default=part.type == "default_case"))
            if value is not None:
                yield Switch(subject, cases, falls_through=True, span=span_of(node))
                return
            # Conditions in a row; ``break`` in one of them leaves them all.
            chain: list[Stmt] = default
            for labels, body in reversed([entry for entry in tests if entry[0]]):
                test = labels[0]
                for other in labels[1:]:
                    test = Logical("or", test, other)
                chain = [If(test, body, chain)]
            yield Switch(Lit(None), [Case((), chain, default=True)], falls_through=True, span=span_of(node))

    def _type_switch(self, node: Node) -> Iterator[Stmt]:
        value = node.child_by_field_name("value")
        alias = children(node.child_by_field_name("alias"))
        cases: list[Case] = []
        subject = self._expr(value)
        for part in children(node):
            if part.type not in ("type_case", "default_case"):
                continue
            with self._scopes.block():
                start: list[Stmt] = [Assign(self._declared(name), Opaque((subject,))) for name in alias]
                body = [
                    stmt
                    for child in children(part)
                    if child.type == "statement_list"
                    for stmt in self._statements(child)
                ]
            cases.append(Case((), [*start, *body, Break()], default=True, guarded=True))
        yield Switch(Opaque((subject,)), cases, falls_through=True, span=span_of(node))

    # -- expressions

    def _expr(self, node: Node | None) -> Expr:
        if node is None:
            raise Unsupported("nothing where an expression belongs")
        span = span_of(node)
        match node.type:
            case "identifier":
                if text(node) in self._addressed:
                    return Opaque(span=span)
                return Name(self._scopes.find(text(node)), span=span)
            case "interpreted_string_literal":
                return _string(node)
            case "raw_string_literal":
                return Lit(text(node)[1:-1].replace("\r", ""), span=span)
            case "rune_literal":
                value = text(node)[1:-1]
                plain = len(value) == 1 and value.isascii()
                return Lit(Char(value), span=span) if plain else Written(span=span)
            case "int_literal":
                value = text(node)
                known = _NUMBER.fullmatch(value) is not None and int(value, 0) < 2**31
                return Lit(int(value, 0), span=span) if known else Written(span=span)
            case "float_literal" | "imaginary_literal" | "iota":
                return Written(span=span)
            case "true" | "false":
                return Lit(node.type == "true", span=span)
            case "nil":
                return Lit(None, span=span)
            case "parenthesized_expression":
                return Bracketed(self._expr(children(node)[0]), span=span)
            case "type_assertion_expression":
                return Bracketed(self._expr(node.child_by_field_name("operand")), span=span)
            case "binary_expression":
                return self._binary(node)
            case "unary_expression":
                return self._unary(node)
            case "call_expression":
                return self._call(node)
            case "type_conversion_expression":
                kind = node.child_by_field_name("type")
                row = kind is not None and kind.type == "slice_type"
                return Made((self._expr(node.child_by_field_name("operand")),), row=row, span=span)
            case "selector_expression":
                base = self._expr(node.child_by_field_name("operand"))
                return Field(base, text(node.child_by_field_name("field")), span=span)
            case "index_expression":
                base = self._expr(node.child_by_field_name("operand"))
                return Item(base, self._expr(node.child_by_field_name("index")), span=span)
            case "slice_expression":
                ends = [node.child_by_field_name(name) for name in ("start", "end")]
                low, high = (None if end is None else self._expr(end) for end in ends)
                return Slice(self._expr(node.child_by_field_name("operand")), low, high, span=span)
            case "composite_literal":
                return self._composite(node)
            case "func_literal":
                self._read("", "<local>", node, None)
                return Opaque(span=span)
            case _:
                return self._unknown(node)

    def _unknown(self, node: Node) -> Expr:
        """It may do anything with what the variables in it hold."""
        self._look(node)
        for inner in below(node, ("func_literal",), without=("func_literal",)):
            self._read("", "<local>", inner, None)
        names = (self._scopes.find(name) for name in identifiers(node))
        return Opaque(tuple(Name(name) for name in names), span=span_of(node))

    def _binary(self, node: Node) -> Expr:
        operator = text(node.child_by_field_name("operator"))
        left = self._expr(node.child_by_field_name("left"))
        right = self._expr(node.child_by_field_name("right"))
        if operator in ("&&", "||"):
            return Logical("and" if operator == "&&" else "or", left, right, span=span_of(node))
        return Binary(operator, left, right, span=span_of(node))

    def _unary(self, node: Node) -> Expr:
        operator = text(node.child_by_field_name("operator"))
        operand_node = node.child_by_field_name("operand")
        span = span_of(node)
        if operator == "&" and operand_node is not None and operand_node.type == "composite_literal":
            return Bracketed(self._expr(operand_node), span=span)
        operand = self._expr(operand_node)
        if operator == "!":
            return Unary("not", operand, span=span)
        if operator in ("-", "+"):
            return Unary(operator, operand, span=span)
        return Opaque((operand,), span=span)

    def _call(self, node: Node) -> Expr:
        function = node.child_by_field_name("function")
        holder = node.child_by_field_name("arguments")
        assert function is not None
        span = span_of(node)
        parts = children(holder)
        spread = any(part.type == "variadic_argument" for part in parts)
        if parts and parts[0].type.endswith("_type"):
            # ``make`` and ``new``
            made = text(function) == "make" and parts[0].type == "map_type"
            return Bracketed(Mapped(()), span=span) if made else Opaque(span=span)
        arguments = tuple(self._expr(_given(part)) for part in parts)
        if function.type == "identifier":
            name = self._scopes.find(text(function))
            built_in = not self._scopes.is_declared(text(function))
            if built_in and name in _CONVERSIONS:
                return Made(arguments, span=span)
            if name == "append":
                return Opaque(arguments, span=span)
            return Call(name, None, arguments, spread=spread, path=name if built_in else "", span=span)
        if function.type == "selector_expression":
            operand = function.child_by_field_name("operand")
            name = text(function.child_by_field_name("field"))
            known = operand is not None and operand.type == "identifier"
            package = self._packages.get(text(operand), "") if known else ""
            if self._scopes.is_declared(text(operand)):
                package = ""
            path = f"{package}.{name}" if package else ""
            return Call(name, self._expr(operand), arguments, spread=spread, path=path, span=span)
        return Opaque((self._expr(function), *arguments), span=span)

    def _composite(self, node: Node) -> Expr:
        kind = node.child_by_field_name("type")
        span = span_of(node)
        items: list[Expr] = []
        pairs: list[tuple[Expr, Expr]] = []
        for element in children(node.child_by_field_name("body")):
            if element.type == "keyed_element":
                key, value = (self._element(part) for part in children(element)[:2])
                pairs.append((key, value))
            else:
                items.append(self._element(element))
        if kind is not None and kind.type == "map_type" and not items:
            return Mapped(tuple(pairs), span=span)
        if kind is not None and kind.type == "slice_type" and not pairs:
            return Listed(tuple(items), span=span)
        return Opaque((*items, *(value for _, value in pairs)), span=span)

    def _element(self, node: Node) -> Expr:
        inner = children(node)
        if node.type == "literal_element" and inner and inner[0].type != "literal_value":
            return self._expr(inner[0])
        return self._unknown(node) if node.type.startswith("literal_") else self._expr(node)


def _given(argument: Node) -> Node:
    return children(argument)[0] if argument.type == "variadic_argument" else argument


def _indexes_twice(target: Node) -> bool:
    """Whether what is assigned to is found by something that may be assigned to as well."""
    return sum(1 for _ in below(target, ("index_expression", "call_expression"))) > 0


def _string(node: Node) -> Expr:
    raw = text(node)[1:-1]
    if "\\" not in raw:
        return Lit(raw, span=span_of(node))
    if re.search(r"\\[^ntrabfv\\\"']", raw):
        return Written(span=span_of(node))
    return Lit(re.sub(r"\\(.)", lambda match: _ESCAPES[match[1]], raw), span=span_of(node))
