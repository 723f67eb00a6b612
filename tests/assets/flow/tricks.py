"""Ways in which data arrives although it does not look like it."""
import html
import sys
from io import StringIO
from urllib.parse import quote, unquote

from .texts import shorten


def aliased_in_a_list(p):
    first, second = ["x"], ["y"]
    for either in [first, second]:
        either.append(p)
    sink(first)  # reached
    sink(second)  # reached


def chosen_by_index(p, n):
    first, second = ["x"], ["y"]
    [first, second][n].append(p)
    sink(second)  # reached


def grown_in_place(p):
    first = ["x"]
    second = first
    second += [p]
    sink(first)  # reached


def bound_method(p):
    row = ["x"]
    add = row.append
    add(p)
    sink(row)  # reached


def changed_copy(p):
    row = ["b", "a"]
    ordered = sorted(row)
    ordered.append(p)
    sink(ordered)  # reached
    parts = "a,b".split(",")
    parts.append(p)
    sink(parts)  # reached
    many = ["x"] * 3
    many[0] = p
    sink(many)  # reached
    other = row.copy()
    other.append(p)
    sink(other)  # reached
    sink(row)  # inert


def grows_while_it_is_read(p):
    row = ["x"]
    for item in row:
        if len(row) < 3:
            row.append(p)
        sink(item)  # reached


def view_of_a_mapping(p):
    table = {"a": "x"}
    entries = table.values()
    table["b"] = p
    sink(entries)  # reached


def comprehension_with_an_effect(p):
    row = ["x"]
    [row.append(p) for _ in range(2)]
    sink(row)  # reached
    if [last := p for _ in range(2)]:
        sink(last)  # reached


def late_generator(p):
    row = ["x"]
    late = (item for item in row)
    row.append(p)
    sink(list(late))  # reached
    name = "x"
    later = (name for _ in range(1))
    name = p
    sink("".join(later))  # reached


def rest_of_a_row(p):
    first, *others = ("x", "y", p)
    sink(others)  # reached
    sink(first)  # inert


def any_of_a_set(p):
    words = {p, "x"}
    sink(words.pop())  # reached
    sink(list({"y", p})[0])  # reached


def maybe_there(p, n):
    table = {}
    if n:
        table["k"] = "x"
    sink(table.get("k", p))  # reached
    other = {"k": p}
    other.update(table)
    sink(other["k"])  # reached
    row = None
    if n:
        row = ["x"]
    sink("x" if row else p)  # reached


def same_key(p):
    table = {}
    table[True] = p
    sink(table[1])  # reached
    table[2] = p
    sink(table[2.0])  # reached


def configured(p):
    settings = configparser.ConfigParser()
    settings.add_section("s")
    settings.set("s", "a", "%(b)s")
    settings.set("s", "b", p)
    sink(settings.get("s", "a"))  # reached
    settings.set("s", "C", p)
    sink(settings.get("s", "c"))  # reached
    settings["s"]["d"] = p
    sink(settings.get("s", "d"))  # reached


def assigned_through_a_slice(p):
    row = ["x", "y"]
    row[:1] = [p]
    sink(row)  # reached


class Late:
    def __init__(self):
        self.fixed = None

    def fixed(self, v):
        return "x"

    def other(self, v):
        return "x"

    def overridden(self, v):
        return "x"

    def run(self, p):
        sink(self.fixed(p))  # reached
        sink(self.other(p))  # inert
        sink(self.overridden(p))  # reached


class Later(Late):
    def overridden(self, v):
        return v


def other(v):
    return "x"


def drop(v):
    return "x"


def drop_twice(v):
    return "x"


def drop_twice(v, w=None):
    return v


def replaced(v):
    return "x"


replaced = str


def not_its_own_method(self, p):
    sink(self.drop(p))  # reached
    sink(drop(p))  # inert
    sink(drop_twice(p))  # reached
    sink(replaced(p))  # reached


def imported_inside(p):
    from other import drop

    sink(drop(p))  # reached


def hidden_by_a_parameter(drop, html):
    def inner(p):
        sink(drop(p))  # reached
        sink(html.escape(p))  # reached

    return inner


def changed_by_a_later_closure(p):
    def change():
        row.append(p)

    row = ["x"]
    change()
    sink(row)  # reached


def changed_through_the_frame(p):
    row = ["x"]
    helped_by(locals())
    sink(row)  # reached


def keeps(v, seen=[]):
    seen.append(v)
    return seen


def remembered(p):
    keeps(p)
    sink(keeps("x"))  # reached


shared = ["x"]


def add(v):
    shared.append(v)


add(request.args["p"])
sink(shared)  # reached


def last_word(row, p):
    try:
        return "x"
    finally:
        row.append(p)


def fills_and_fails(row, p):
    row.append(p)
    fails()
    row.clear()


def around_errors(p):
    row = ["x"]
    last_word(row, p)
    sink(row)  # reached
    second = ["x"]
    try:
        fills_and_fails(second, p)
    except ValueError:
        pass
    sink(second)  # reached
    value = "x"
    for _ in range(2):
        try:
            break
        finally:
            value = p
    sink(value)  # reached


def two_ways_out(n, p):
    if n:
        made = ["x"]
        keep_it[n] = made
        return made
    return ["y"]


def does_not_end(p):
    controller.abort()
    sink(p)  # reached
    self.exit(p)
    sink(p)  # reached
    sys.exit(p)
    sink(p)  # inert


def cleaned_and_undone(p):
    sink(html.escape(p))  # inert
    sink(html.unescape(html.escape(p)))  # reached
    sink(html.escape(p)[1:])  # reached
    sink(html.escape(p).replace("&lt;", "<"))  # reached
    sink(unquote(html.escape(quote(p))))  # reached
    sink(html.escape(unquote(p)))  # inert
    sink("a" + html.escape(p) + p)  # reached
    sink(view.escape(p))  # reached
    sink(shorten("x"))  # reached


def shown(p):
    out = StringIO()
    print(p, file=out)
    sink(out.getvalue())  # reached
    sink(f"{'x':{p}}")  # reached
    sink("x" if f"{'x'!r}" == "x" else p)  # reached


def compared(p, n):
    if p in "abc":
        sink("x" if p == "abc" else q)  # reached
    sink("x" if "".join(["a", "b"]) is "ab" else p)  # reached
    sink("x" if True == 1 else p)  # inert
    sink("x" if 0.1 + 0.2 == 0.3 else p)  # reached
    match True:
        case 1:
            value = p
        case _:
            value = "x"
    sink(value)  # reached


def evaluated(p, code):
    row = ["x"]
    exec(code)
    sink(row)  # reached


def sees_what_comes_after(p):
    row = ["x"]
    both(row, row.append(p))
    sink(row)  # reached


def loops(p, n):
    rows = []
    for _ in range(2):
        one = [p]
        rows.append(one)
    rows[0][0] = "x"
    sink(rows[1][0])  # reached
    value = "x"
    while n:
        n -= 1
        if n == 3:
            break
    else:
        value = p
    sink(value)  # reached


def with_a_condition(p, n):
    row = ["x"]
    n and row.append(p)
    sink(row)  # reached
    value = "x"
    with contextlib.suppress(ValueError):
        value = p
        value = int(value)
    sink(value)  # reached


def nested(p):
    table = {"a": {"b": ["x"]}}
    inner = table["a"]
    inner["b"].append(p)
    sink(table)  # reached
    pairs = dict([("a", row := ["x"])])
    row.append(p)
    sink(pairs)  # reached
    lists = [[item] for item in ("x", "y")]
    lists[0].append(p)
    sink(lists)  # reached
    smallest = min([row], [["z"]])
    sink(smallest)  # reached


def properties(p):
    thing = Late()
    thing.name = p
    sink(thing.name)  # reached
    sink(thing)  # reached
