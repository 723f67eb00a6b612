"""Python: from tree-sitter's tree to the interpreter's language. https://github.com/tree-sitter/tree-sitter-python"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

import tree_sitter_python
from tree_sitter import Language, Node, Parser

from scanners.flow.ir import (
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
    Each,
    Expr,
    Field,
    For,
    Forget,
    Function,
    Grown,
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
    Slice,
    Span,
    Stmt,
    Switch,
    Text,
    Try,
    Unary,
    Unsupported,
    While,
    Written,
)
from scanners.flow.python_names import Names, Scope, is_consumed
from scanners.flow.tree import below, children, contains, identifiers, root_of, text
from scanners.flow.tree import span as span_of

_PARSER = Parser(Language(tree_sitter_python.language()))
_DIALECT = Dialect(
    largest=2**63,
    compares_types=True,
    negative_indexes=True,
    joins_rows=True,
    empty_is_false=True,
    pops_last=True,
    keys_iterated=True,
)
_MOST_LOOKED_AT = 1_000_000
_FUNCTIONS = ("function_definition", "lambda", "class_definition")
_LITERAL_TYPES = (str, bytes, int, float, bool, type(None))
_LABELS = ("string", "integer", "concatenated_string")
_PATTERNS = ("pattern_list", "tuple_pattern", "list_pattern", "tuple", "list")


def read(source: bytes) -> Program:
    """
    The program in a file; what is odd in it may be anything.

    Raises ``Unsupported`` when it cannot be parsed.
    """
    root = root_of(_PARSER, source)
    return _Reader(Names(root)).program(root)


class _Reader:
    """One file."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._scope = names.top
        self._program = Program(_DIALECT, unsure=names.unsure())
        self._looks_left = _MOST_LOOKED_AT

    def program(self, root: Node) -> Program:
        span = span_of(root)
        self._program.functions.append(Function("", "", (), (), span))
        try:
            body = self._block(root)
        except Unsupported:
            body = []
            self._program.unreadable.add(span)
            self._rest(root)
        top = self._names.top
        self._program.functions[0] = Function(
            "", "", (), body, span, shared=frozenset(top.used_inside), volatile=frozenset(top.reassigned)
        )
        return self._program

    def _rest(self, node: Node) -> None:
        """Functions in something that is not understood are read all the same."""
        self._look(node)
        known = {function.span for function in self._program.functions}
        for inner in below(node, ("function_definition",), without=("function_definition",)):
            if span_of(inner) not in known:
                self._function(inner, "<local>", opaque=True)

    def _look(self, node: Node) -> None:
        """Raises ``Unsupported`` when the same parts of the file were looked through too often."""
        self._looks_left -= node.end_byte - node.start_byte
        if self._looks_left < 0:
            raise Unsupported("too deep")

    def _block(self, node: Node | None) -> list[Stmt]:
        return [] if node is None else [stmt for child in children(node) for stmt in self._statement(child)]

    # -- statements

    def _statement(self, node: Node) -> Iterator[Stmt]:
        span = span_of(node)
        match node.type:
            case "expression_statement":
                for child in children(node):
                    yield from self._expression_statement(child)
            case "return_statement":
                values = children(node)
                yield Return(self._expr(values[0]) if values else None, span=span)
            case "if_statement":
                yield self._if(node)
            case "while_statement":
                test = self._expr(node.child_by_field_name("condition"))
                body = self._block(node.child_by_field_name("body"))
                yield While(test, body, otherwise=self._else(node), span=span)
            case "for_statement":
                target = self._target(node.child_by_field_name("left"))
                iterable = self._expr(node.child_by_field_name("right"))
                body = self._block(node.child_by_field_name("body"))
                yield For(target, iterable, body, self._else(node), span=span)
            case "try_statement":
                yield self._try(node)
            case "with_statement":
                yield from self._with(node)
            case "match_statement":
                yield self._match(node)
            case "break_statement":
                yield Break(span=span)
            case "continue_statement":
                yield Continue(span=span)
            case "raise_statement":
                yield Raise(Opaque(tuple(self._expr(child) for child in children(node))), span=span)
            case "assert_statement":
                # It may be switched off.
                checks = [Do(self._expr(child)) for child in children(node)[:1]]
                yield If(Opaque(), checks, span=span)
            case "function_definition" | "class_definition" | "decorated_definition":
                yield from self._definition(node)
            case "import_statement" | "import_from_statement" | "future_import_statement":
                yield from self._import(node)
            case "delete_statement":
                yield from self._delete(node)
            case "pass_statement" | "global_statement" | "nonlocal_statement":
                return
            case _:
                raise Unsupported(node.type)

    def _delete(self, node: Node) -> Iterator[Stmt]:
        waiting = children(node)
        while waiting:
            part = waiting.pop(0)
            if part.type in ("expression_list", *_PATTERNS):
                waiting = [*children(part), *waiting]
            elif part.type == "identifier":
                yield Forget((text(part),), span=span_of(part))
            else:
                base = part.child_by_field_name("value") or part.child_by_field_name("object")
                yield Do(Opaque((self._expr(base),)), span=span_of(part))

    def _expression_statement(self, node: Node) -> Iterator[Stmt]:
        span = span_of(node)
        match node.type:
            case "assignment":
                value = node.child_by_field_name("right")
                if value is None:
                    return  # a declaration
                targets = [node.child_by_field_name("left")]
                while value is not None and value.type == "assignment":
                    targets.append(value.child_by_field_name("left"))
                    value = value.child_by_field_name("right")
                if len(targets) == 1:
                    yield Assign(self._target(targets[0]), self._expr(value), span=span)
                    return
                held = Name(f"={node.start_byte}")
                yield Assign(held, self._expr(value), span=span)
                for target in targets:
                    yield Assign(self._target(target), held, span=span)
            case "augmented_assignment":
                left = node.child_by_field_name("left")
                if left is None or contains(left, ("call", "named_expression", "await")):
                    raise Unsupported("a target that is evaluated once only")
                operator = text(node.child_by_field_name("operator")).removesuffix("=")
                grown = Grown(operator, self._expr(left), self._expr(node.child_by_field_name("right")), span=span)
                yield Assign(self._target(left), grown, span=span)
            case _:
                yield Do(self._expr(node), span=span)

    def _else(self, node: Node) -> list[Stmt]:
        found = node.child_by_field_name("alternative")
        return [] if found is None else self._block(found.child_by_field_name("body"))

    def _if(self, node: Node) -> If:
        otherwise: list[Stmt] = []
        for part in reversed(node.children_by_field_name("alternative")):
            if part.type == "else_clause":
                otherwise = self._block(part.child_by_field_name("body"))
            else:
                test = self._expr(part.child_by_field_name("condition"))
                then = self._block(part.child_by_field_name("consequence"))
                otherwise = [If(test, then, otherwise, span=span_of(part))]
        return If(
            self._expr(node.child_by_field_name("condition")),
            self._block(node.child_by_field_name("consequence")),
            otherwise,
            span=span_of(node),
        )

    def _try(self, node: Node) -> Try:
        handlers: list[list[Stmt]] = []
        otherwise: list[Stmt] = []
        last: list[Stmt] = []
        for part in children(node):
            if part.type in ("except_clause", "except_group_clause"):
                caught = [child for child in children(part) if child.type != "block"]
                names = tuple(name for child in caught for name in _bound_as(child))
                block = next((child for child in children(part) if child.type == "block"), None)
                kinds = [Do(Opaque(self._variables(child))) for child in caught]
                handlers.append([*kinds, Forget(names), *self._block(block)])
            elif part.type == "else_clause":
                otherwise = self._block(part.child_by_field_name("body"))
            elif part.type == "finally_clause":
                last = [stmt for child in children(part) for stmt in self._block(child)]
        return Try(self._block(node.child_by_field_name("body")), handlers, otherwise, last, span=span_of(node))

    def _with(self, node: Node) -> Iterator[Stmt]:
        items = [item for clause in children(node) if clause.type == "with_clause" for item in children(clause)]
        inside: list[Stmt] = []
        for item in items:
            value = item.child_by_field_name("value") or children(item)[0]
            span = span_of(value)
            if value.type == "as_pattern":
                alias = value.child_by_field_name("alias")
                entered = Call("__enter__", self._expr(children(value)[0]), (), span=span)
                if alias is None or not children(alias):
                    inside.append(Do(entered))
                else:
                    inside.append(Assign(self._target(children(alias)[0]), entered, span=span))
            else:
                inside.append(Do(Call("__enter__", self._expr(value), (), span=span)))
        inside += self._block(node.child_by_field_name("body"))
        # A context manager may swallow what is raised inside, as ``contextlib.suppress`` does.
        yield Try(inside, [[]], span=span_of(node))

    def _match(self, node: Node) -> Switch:
        subjects = node.children_by_field_name("subject")
        subject: Expr = self._expr(subjects[0]) if len(subjects) == 1 else Opaque(tuple(map(self._expr, subjects)))
        held = isinstance(subject, Name)
        cases: list[Case] = []
        for part in children(node.child_by_field_name("body")):
            if part.type != "case_clause":
                continue
            patterns = [child for child in children(part) if child.type == "case_pattern"]
            names = tuple(text(name) for pattern in patterns for name in below(pattern, ("identifier",)))
            guard = part.child_by_field_name("guard")
            labels = self._labels(patterns)
            default = labels is None or (not labels and guard is None)
            content: list[Stmt] = [Forget(names)] if names else []
            if labels is None and held:
                # What a pattern takes out of a container can be got at in two ways.
                content.append(Do(Opaque((subject,))))
            then = self._block(part.child_by_field_name("consequence"))
            if guard is None:
                content += then
            else:
                # A guard may change something even where it does not hold.
                test = self._expr(children(guard)[0])
                if contains(guard, ("named_expression", "call", "await")):
                    raise Unsupported("a guard that does something")
                content.append(If(test, then))
            guarded = guard is not None or labels is None
            cases.append(Case(tuple(labels or ()), content, default, guarded))
        if not held and any(case.default and case.guarded for case in cases):
            subject = Opaque((subject,))
        return Switch(subject, cases, span=span_of(node))

    def _labels(self, patterns: Sequence[Node]) -> list[Expr] | None:
        """What a case is for, if that is written down; empty for everything, None where it depends."""
        if len(patterns) != 1:
            return None
        written = children(patterns[0])
        if not written:
            return [] if text(patterns[0]).strip() == "_" else None
        parts = children(written[0]) if written[0].type == "union_pattern" else written
        if any(part.type not in _LABELS for part in parts) or contains(patterns[0], ("-",)):
            return None
        return [self._expr(part) for part in parts]

    def _definition(self, node: Node) -> Iterator[Stmt]:
        decorated = node.type == "decorated_definition"
        inner = node.child_by_field_name("definition") if decorated else node
        assert inner is not None
        name = text(inner.child_by_field_name("name"))
        # Decorators and defaults are evaluated here, and a class's statements run here.
        decorators = [part for part in children(node) if part.type == "decorator"] if decorated else []
        here = {name for part in decorators for name in identifiers(part)} | self._names.scope(inner).used
        yield Do(Opaque(tuple(Name(name) for name in sorted(here & self._scope.bound))))
        if self._scope is not self._names.top or name in self._scope.bound:
            yield Forget((name,))
        if inner.type == "class_definition":
            self._class(inner, name)
            return
        self._function(inner, "", opaque=bool(decorators))

    def _class(self, node: Node, name: str) -> None:
        at_top = self._scope is self._names.top
        outer, self._scope = self._scope, self._names.scope(node)
        try:
            if at_top:
                self._program.classes.add(name)
                bases = children(node.child_by_field_name("superclasses"))
                self._program.bases[name] = tuple(text(base) for base in bases)
            self._members(node, name if at_top else "<local>")
        finally:
            self._scope = outer

    def _members(self, node: Node, owner: str) -> None:
        for child in children(node.child_by_field_name("body")):
            inner = child.child_by_field_name("definition") if child.type == "decorated_definition" else child
            if inner is None:
                continue
            if inner.type == "function_definition":
                words = [text(part).strip("@ ") for part in children(child) if part.type == "decorator"]
                plain = all(word in ("staticmethod", "classmethod") for word in words)
                self._function(inner, owner, opaque=not plain, kind=words[0] if words and plain else "")
            elif inner.type == "class_definition":
                outer, self._scope = self._scope, self._names.scope(inner)
                try:
                    self._members(inner, "<inner>")
                finally:
                    self._scope = outer
            else:
                self._rest(child)

    def _function(self, node: Node, owner: str, *, opaque: bool, kind: str = "") -> None:
        """
        Read a function.

        :param owner: its class; empty for none.
        :param kind: the decorator that says what its first parameter is.
        """
        place = len(self._program.functions)
        outer = self._scope
        if outer is not self._names.top and not outer.is_class:
            owner = "<local>"  # it is found by nobody else's calls
        scope = self._names.scope(node)
        span = span_of(node)
        name = text(node.child_by_field_name("name"))
        self._program.functions.append(Function(name, owner, (), (), span, opaque=True))
        self._scope = scope
        content = node.child_by_field_name("body")
        try:
            parameters = list(self._parameters(node.child_by_field_name("parameters")))
            receiver = parameters.pop(0).name if _has_receiver(owner, kind) and parameters else ""
            if node.type == "lambda":
                assert content is not None
                body: list[Stmt] = [Return(self._expr(content), span=span_of(content))]
            else:
                body = self._block(content)
            asynchronous = any(child.type == "async" for child in node.children)
            generator = content is not None and contains(content, ("yield",), without=_FUNCTIONS)
            found = Function(
                name,
                owner,
                tuple(parameters),
                body,
                span,
                "" if kind == "classmethod" else receiver,
                opaque or asynchronous or generator,
                self._names.foreign(scope),
                frozenset(scope.used_inside),
                frozenset(scope.reassigned),
            )
        except Unsupported:
            found = Function(name, owner, (), (), span, opaque=True)
            self._program.unreadable.add(span)
            self._rest(node)
        finally:
            self._scope = outer
        self._program.functions[place] = found

    def _parameters(self, node: Node | None) -> Iterator[Parameter]:
        for part in children(node):
            match part.type:
                case "identifier":
                    yield Parameter(text(part))
                case "default_parameter" | "typed_default_parameter":
                    default = self._expr(part.child_by_field_name("value"))
                    yield Parameter(text(part.child_by_field_name("name")), default)
                case "typed_parameter":
                    inner = children(part)[0]
                    yield Parameter(text(inner).lstrip("* "), rest=inner.type != "identifier")
                case "list_splat_pattern" | "dictionary_splat_pattern":
                    yield Parameter(text(part).lstrip("* "), rest=True)
                case "keyword_separator" | "positional_separator":
                    continue
                case _:
                    raise Unsupported(part.type)

    def _import(self, node: Node) -> Iterator[Stmt]:
        """What an import gives has no value that we know; its full name is known from the survey."""
        names = identifiers(node)
        if contains(node, ("wildcard_import",)):
            names = sorted(self._scope.bound)
        yield Forget(tuple(name for name in names if name in self._scope.bound))

    # -- expressions

    def _variables(self, node: Node) -> tuple[Expr, ...]:
        """Variables of the present function that stand in it."""
        return tuple(Name(name) for name in identifiers(node) if name in self._scope.bound)

    def _unknown(self, node: Node) -> Expr:
        """It may do anything with what the variables in it hold."""
        self._look(node)
        if contains(node, ("named_expression",)):
            raise Unsupported(node.type)
        for inner in below(node, ("lambda",), without=("lambda",)):
            self._function(inner, "<local>", opaque=True)
        return Opaque(self._variables(node), span=span_of(node))

    def _target(self, node: Node | None) -> Expr:
        if node is None:
            raise Unsupported("no target")
        if node.type in _PATTERNS:
            return Listed(tuple(self._target(part) for part in children(node)), span=span_of(node))
        if node.type in ("list_splat_pattern", "list_splat"):
            return Rest(self._target(children(node)[0]))
        if node.type == "parenthesized_expression":
            return self._target(children(node)[0])
        if node.type not in ("identifier", "attribute", "subscript"):
            raise Unsupported(node.type)
        return self._expr(node)

    def _expr(self, node: Node | None) -> Expr:
        if node is None:
            raise Unsupported("nothing where an expression belongs")
        span = span_of(node)
        match node.type:
            case "identifier":
                return Name(text(node), span=span)
            case "string":
                return self._string(node)
            case "concatenated_string":
                return Text(tuple(self._expr(child) for child in children(node)), span=span)
            case "integer" | "float" | "true" | "false" | "none":
                return _literal(node)
            case "parenthesized_expression":
                inner = children(node)
                return Bracketed(self._expr(inner[0]), span=span) if len(inner) == 1 else self._unknown(node)
            case "binary_operator":
                left = self._expr(node.child_by_field_name("left"))
                right = self._expr(node.child_by_field_name("right"))
                return self._binary(text(node.child_by_field_name("operator")), left, right, span)
            case "comparison_operator":
                return self._comparison(node)
            case "boolean_operator":
                left = self._expr(node.child_by_field_name("left"))
                right = self._expr(node.child_by_field_name("right"))
                return Logical(text(node.child_by_field_name("operator")), left, right, span=span)
            case "not_operator":
                return Unary("not", self._expr(node.child_by_field_name("argument")), span=span)
            case "unary_operator":
                operator = text(node.child_by_field_name("operator"))
                return Unary(operator, self._expr(node.child_by_field_name("argument")), span=span)
            case "conditional_expression":
                then, test, otherwise = (self._expr(child) for child in children(node))
                return Choose(test, then, otherwise, span=span)
            case "call":
                return self._call(node)
            case "subscript":
                return self._subscript(node)
            case "attribute":
                base = self._expr(node.child_by_field_name("object"))
                return Field(base, text(node.child_by_field_name("attribute")), span=span)
            case "list" | "tuple" | "set" | "expression_list":
                parts = children(node)
                if any("splat" in part.type for part in parts):
                    return self._unknown(node)
                items = tuple(self._expr(part) for part in parts)
                return Listed(items, ordered=node.type != "set", span=span)
            case "dictionary":
                parts = children(node)
                if any(part.type != "pair" for part in parts):
                    return self._unknown(node)
                pairs = ((p.child_by_field_name("key"), p.child_by_field_name("value")) for p in parts)
                return Mapped(tuple((self._expr(key), self._expr(value)) for key, value in pairs), span=span)
            case "list_comprehension" | "set_comprehension":
                return self._each(node)
            case "named_expression":
                target = self._expr(node.child_by_field_name("name"))
                return Let(target, self._expr(node.child_by_field_name("value")), span=span)
            case "await":
                return Bracketed(self._expr(children(node)[0]), span=span)
            case "lambda":
                self._function(node, "<local>", opaque=True)
                used = self._names.scope(node).used & self._scope.bound
                return Opaque(tuple(Name(name) for name in sorted(used)), span=span)
            case _:
                return self._unknown(node)

    def _binary(self, operator: str, left: Expr, right: Expr, span: Span) -> Expr:
        if operator == "%" and (isinstance(left, Text) or (isinstance(left, Lit) and isinstance(left.value, str))):
            # Formatting: of these parts, whatever the text makes of them.
            return Made((left, right), span=span)
        return Binary(operator, left, right, span=span)

    def _comparison(self, node: Node) -> Expr:
        operands = [self._expr(child) for child in children(node)]
        operators = [text(child) for child in node.children_by_field_name("operators")]
        if len(operands) != 2 or len(operators) != 1:
            return Opaque(tuple(operands), span=span_of(node))
        return Binary(" ".join(operators[0].split()), operands[0], operands[1], span=span_of(node))

    def _call(self, node: Node) -> Expr:
        function = node.child_by_field_name("function")
        holder = node.child_by_field_name("arguments")
        assert function is not None
        assert holder is not None
        span = span_of(node)
        path = self._path(function)
        arguments: list[Expr] = []
        keywords: list[tuple[str, Expr]] = []
        spread = False
        if holder.type == "generator_expression":
            arguments.append(self._generator(holder, path))
        else:
            for part in children(holder):
                if part.type == "keyword_argument":
                    name = text(part.child_by_field_name("name"))
                    keywords.append((name, self._expr(part.child_by_field_name("value"))))
                elif "splat" in part.type:
                    spread = True
                    arguments.append(self._expr(children(part)[0]))
                else:
                    arguments.append(self._expr(part))
        if function.type == "identifier":
            return Call(text(function), None, tuple(arguments), tuple(keywords), spread=spread, path=path, span=span)
        if function.type == "attribute":
            base = self._expr(function.child_by_field_name("object"))
            name = text(function.child_by_field_name("attribute"))
            return Call(name, base, tuple(arguments), tuple(keywords), spread=spread, path=path, span=span)
        return Opaque((self._expr(function), *arguments, *(value for _, value in keywords)), span=span)

    def _path(self, function: Node) -> str:
        """The full name of a callee that is a name, or names with dots."""
        names: list[str] = []
        node: Node | None = function
        while node is not None and node.type == "attribute":
            names.append(text(node.child_by_field_name("attribute")))
            node = node.child_by_field_name("object")
        if node is None or node.type != "identifier":
            return ""
        first = self._names.path(text(node), self._scope)
        if not first or (names and first == text(node) and not self._is_imported(first)):
            return ""  # an attribute of something that is no module
        return ".".join((first, *reversed(names)))

    def _is_imported(self, name: str) -> bool:
        here: Scope | None = self._scope
        while here is not None:
            if name in here.imports:
                return True
            here = here.outer
        return False

    def _subscript(self, node: Node) -> Expr:
        base = self._expr(node.child_by_field_name("value"))
        keys = node.children_by_field_name("subscript")
        span = span_of(node)
        if len(keys) != 1:
            return Opaque((base, *(self._expr(key) for key in keys)), span=span)
        if keys[0].type != "slice":
            return Item(base, self._expr(keys[0]), span=span)
        ends: list[Expr | None] = [None, None, None]
        place = 0
        for child in keys[0].children:
            if child.type == ":":
                place += 1
            elif child.is_named and not child.is_extra:
                ends[place] = self._expr(child)
        if ends[2] is not None:
            return Opaque((base, *(end for end in ends if end is not None)), span=span)
        return Slice(base, ends[0], ends[1], span=span)

    def _generator(self, node: Node, path: str) -> Expr:
        """A generator that is the only argument of a call: a list, where it is used up at once."""
        if not is_consumed(node):
            return self._unknown(node)
        if path or (node.parent is not None and contains(node.parent.children[0], ("attribute",))):
            return self._each(node)
        raise Unsupported("a function with the name of one that uses up a generator")

    def _each(self, node: Node) -> Expr:
        parts = children(node)
        clauses = [part for part in parts if part.type == "for_in_clause"]
        if len(clauses) != 1 or any(child.type == "async" for child in clauses[0].children):
            return self._unknown(node)
        target = self._target(clauses[0].child_by_field_name("left"))
        iterable = self._expr(clauses[0].child_by_field_name("right"))
        tests = [self._expr(children(part)[0]) for part in parts if part.type == "if_clause"]
        element = self._expr(node.child_by_field_name("body"))
        return Each(target, iterable, tuple(tests), element, span=span_of(node))

    def _string(self, node: Node) -> Expr:
        span = span_of(node)
        if not any(child.type == "interpolation" for child in node.children):
            return _literal(node)
        parts: list[Expr] = []
        for child in children(node):
            if child.type == "interpolation":
                parts.append(self._interpolation(child))
            elif child.type == "string_content":
                raw = text(child)
                parts.append(Written() if any(odd in raw for odd in "\\{}\r") else Lit(raw))
        return Text(tuple(parts), span=span)

    def _interpolation(self, node: Node) -> Expr:
        inner = self._expr(node.child_by_field_name("expression"))
        form = node.child_by_field_name("format_specifier")
        converted = node.child_by_field_name("type_conversion") is not None or re.search(r"=\s*\}$", text(node))
        if form is None and not converted:
            return inner
        nested = [self._expr(part.child_by_field_name("expression")) for part in _format_parts(form)]
        return Made((inner, *nested))


def _has_receiver(owner: str, kind: str) -> bool:
    return bool(owner) and owner != "<local>" and kind != "staticmethod"


def _format_parts(node: Node | None) -> Iterator[Node]:
    if node is not None:
        yield from below(node, ("format_expression", "interpolation"))


def _bound_as(node: Node) -> Iterator[str]:
    if node.type == "as_pattern_target":
        yield from identifiers(node)
    for target in below(node, ("as_pattern_target",)):
        yield from identifiers(target)
    if node.type == "as_pattern" or node.type == "identifier":
        yield from identifiers(node)


def _literal(node: Node) -> Expr:
    try:
        value = ast.literal_eval(text(node))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return Opaque(span=span_of(node))
    return Lit(value, span=span_of(node)) if isinstance(value, _LITERAL_TYPES) else Opaque(span=span_of(node))
