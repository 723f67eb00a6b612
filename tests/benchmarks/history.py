"""
A git history that nobody wrote, in which it is known what became of each line: the same one for the same seed.

Every line has keys that stay with it when it is edited, moved, indented or joined with another, so what a change did to
a finding follows from the lines below it and from no diff. Functions are moved, re-indented, doubled, carried to other
files and rewritten in other shapes; files are renamed, copied, deleted and given other line ends.

What nobody could judge is left out: no change edits a weak statement and writes its old text elsewhere in the file.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from random import Random

from bot.domain.verdict import Presence, TrackedFinding
from scanners.finding import Finding
from tests.benchmarks.oracle import rules_of
from tests.benchmarks.source_code import Writer
from tests.pipeline.git.builder import git

_IMPORTS = ("import hashlib", "import os", "import pickle", "import subprocess")
_MERGES = 0.15
"""Share of the changes that arrive as a merge."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file."""

    keys: tuple[int, ...]
    """What it is, however it is written: two keys where two lines were joined, one on two lines where one was split."""
    text: str


@dataclass(slots=True)
class _Block:
    """A function, or what stands above the first one."""

    lines: list[Line]
    weak: list[tuple[int, ...]] = field(default_factory=list)
    """Keys of the lines of each weak statement."""

    def __len__(self) -> int:
        return len(self.lines)

    @property
    def keys(self) -> set[int]:
        return {key for line in self.lines for key in line.keys}

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)


@dataclass(slots=True)
class _File:
    header: _Block
    blocks: list[_Block]
    line_end: str = "\n"
    final_newline: bool = True

    def lines(self) -> tuple[Line, ...]:
        whole = [line for block in (self.header, *self.blocks) for line in block.lines]
        whole = [replace(line, text=line.text + self.line_end) for line in whole]
        if not self.final_newline:
            whole[-1] = replace(whole[-1], text=whole[-1].text.rstrip("\r\n"))
        return tuple(whole)


@dataclass(frozen=True, slots=True)
class KnownChange:
    """One commit on the first-parent line, and what is true of it."""

    base: str
    head: str
    title: str
    """What was done, for whoever looks at a wrong verdict."""
    before: Mapping[str, tuple[Line, ...]]
    after: Mapping[str, tuple[Line, ...]]
    origins: Mapping[str, str]
    """Which file of the base each file of the head continues; a copy continues none."""
    moved: frozenset[int]
    """Keys of lines that were carried to another place of their file."""

    def verdicts(self, before: Sequence[Finding], after: Sequence[Finding]) -> list[tuple[Presence, Finding]]:
        """What is to be said about the head's findings, and which of the base's are fixed."""
        left = list(before)
        said: list[tuple[Presence, Finding]] = []
        unsure: list[Finding] = []
        for finding in after:
            # Those that are untouched first, so that they are not taken for what another was made of.
            same = next((old for old in left if self._continues(old, finding) and self._untouched(old, finding)), None)
            if same is None:
                unsure.append(finding)
            else:
                left.remove(same)
                said.append((Presence.EXISTING, finding))
        for finding in unsure:
            was = next((old for old in left if self._continues(old, finding)), None)
            if was is not None:
                left.remove(was)
            said.append((Presence.NEW if was is None else Presence.CHANGED, finding))
        return said + [(Presence.FIXED, finding) for finding in left]

    def wrong(
        self, before: Sequence[Finding], after: Sequence[Finding], tracked: Sequence[TrackedFinding]
    ) -> list[str]:
        """
        Where our verdicts differ from the truth, one sentence each.

        Identical copies cannot be told apart, so of them only the number of each verdict counts.
        """
        truth = Counter(self._shown(presence, finding) for presence, finding in self.verdicts(before, after))
        ours = Counter(self._shown(item.presence, item.finding) for item in tracked)
        found = [f"{self.title}: not said: {what}" for what in (truth - ours).elements()]
        found += [f"{self.title}: said, but not so: {what}" for what in (ours - truth).elements()]
        found += [
            f"{self.title}: taken for another: {self._shown(item.presence, item.finding)}"
            for item in tracked
            if item.presence is Presence.EXISTING
            and item.previous is not None
            and self._code(self.before, item.previous) != self._code(self.after, item.finding)
        ]
        return found

    def _continues(self, old: Finding, new: Finding) -> bool:
        if rules_of(old).isdisjoint(rules_of(new)) or self.origins.get(str(new.location.path)) != str(
            old.location.path
        ):
            return False
        return not _keys(self.before, old).isdisjoint(_keys(self.after, new))

    def _untouched(self, old: Finding, new: Finding) -> bool:
        left, right = _lines(self.before, old), _lines(self.after, new)
        return left == right and self.moved.isdisjoint(_keys(self.after, new))

    def _shown(self, presence: Presence, finding: Finding) -> str:
        tree = self.before if presence is Presence.FIXED else self.after
        return f"{presence.value} {finding.rule_id} in {finding.location.path}: {self._code(tree, finding)!r}"

    @staticmethod
    def _code(tree: Mapping[str, tuple[Line, ...]], finding: Finding) -> str:
        return "".join(line.text for line in _lines(tree, finding))


def _lines(tree: Mapping[str, tuple[Line, ...]], finding: Finding) -> tuple[Line, ...]:
    where = finding.location
    return tree[str(where.path)][where.start_line - 1 : where.end_line]


def _keys(tree: Mapping[str, tuple[Line, ...]], finding: Finding) -> set[int]:
    return {key for line in _lines(tree, finding) for key in line.keys}


class History:
    """A bare repository with so many changes, written to ``path``, which must not exist."""

    def __init__(
        self, path: Path, seed: int, changes: int, *, files: int = 6, functions: tuple[int, int] = (5, 9)
    ) -> None:
        self.path = path
        self.operations: Counter[str] = Counter()
        """How often each operation was carried out."""
        self._random = Random(seed)
        self._writer = Writer(seed)
        self._numbers = itertools.count(1)
        self._files: dict[str, _File] = {}
        self._origins: dict[str, str] = {}
        self._moved: set[int] = set()
        self._touched: set[str] = set()
        for number in range(files):
            self._files[f"app/part_{number}.py"] = self._new_file(self._random.randint(*functions))
        stream = _Stream()
        head = stream.commit(_contents(self._trees()) | {"README.md": "# A shop\n"}, [])
        made: list[KnownChange] = []
        for number in range(changes):
            made.append(self._change(stream, head, number))
            head = made[-1].head
        names = stream.store(path)
        self.changes = [replace(change, base=names[change.base], head=names[change.head]) for change in made]

    # -- commits ------------------------------------------------------------------------------------------------------

    def _change(self, stream: _Stream, base: str, number: int) -> KnownChange:
        before = self._trees()
        self._origins = {path: path for path in self._files}
        self._moved = set()
        done: list[str] = []
        touched = self._touched = set()
        for _ in range(self._random.choice((1, 1, 1, 2, 3))):
            free = [path for path in sorted(self._files) if path not in touched]
            if not free:
                break
            path = self._random.choice(free)
            # The rarer an operation has been so far, the sooner it comes, so that a short history has all of them.
            operations = sorted(_OPERATIONS, key=lambda o: (self.operations[o.__name__], self._random.random()))
            operation = next(o for o in operations if not (done and o in _ALONE) and o(self, path))
            name = operation.__name__
            touched |= {path, *(set(self._files) - set(before))}
            self.operations[name] += 1
            done.append(f"{name.strip('_').replace('_', ' ')} ({path})")
            if operation in _ALONE:
                break
        after = self._trees()
        files: dict[str, str | None] = {**_contents(after)}
        files = {path: text for path, text in files.items() if after[path] != before.get(path)}
        files |= {path: None for path in before if path not in after}
        if number % 5 == 0:
            files["README.md"] = f"# A shop\n\nEdition {number}.\n"
        parents = [base]
        if self._random.random() < _MERGES:
            parents.append(stream.commit(files, [base]))
        head = stream.commit(files, parents)
        origins = {new: old for new, old in self._origins.items() if new in after and old in before}
        title = f"change {number}, {', '.join(done)}"
        return KnownChange(base, head, title, before, after, origins, frozenset(self._moved))

    def _trees(self) -> dict[str, tuple[Line, ...]]:
        return {path: file.lines() for path, file in self._files.items()}

    # -- what is written ----------------------------------------------------------------------------------------------

    def _new_file(self, functions: int) -> _File:
        header = [*self._writer.python_module(0).rstrip("\n").split("\n"), *_IMPORTS]
        blocks = [self._function(weak=self._random.random() < 0.6) for _ in range(functions)]
        return _File(_Block([self._line(text) for text in header]), blocks)

    def _function(self, *, weak: bool, unlike: str = "") -> _Block:
        """A function, perhaps with weak statements, but with none of which a line stands in ``unlike``."""
        block = _Block([self._line(text) for text in self._writer.python_function()])
        for _ in range(self._random.choice((1, 1, 2)) if weak else 0):
            texts = self._weakness()
            while any(text in unlike for text in texts if "limit" in text or "except" in text):
                texts = self._weakness()
            statement = [self._line(f"    {text}") for text in texts]
            # Behind the two assignments that every function begins with, or before its last two lines.
            place = self._random.choice((5, len(block) - 2))
            block.lines[place:place] = statement
            block.weak.append(tuple(key for line in statement for key in line.keys))
        return block

    def _weakness(self) -> list[str]:
        number = next(self._numbers)
        return self._random.choice(
            [
                ["found.append(eval(str(limit)))"],
                ["found.append(pickle.loads(limit))"],
                [f"subprocess.call('tool-{number} ' + str(limit), shell=True)"],
                ["subprocess.run(", f"    ['tool-{number}', str(limit)],", "    shell=True,", ")"],
                ["subprocess.run(", "    [str(limit)],", "    shell=True,", ")"],
                [f"found.append(hashlib.md5(str(limit + {number}).encode()).hexdigest())"],
                [f"assert limit > {number}"],
                ["try:", f"    found.remove({number})", "except Exception:", "    pass"],
                [f"found += [eval(str(limit + {number})), os.system('tool ' + str(limit))]"],
            ]
        )

    def _line(self, text: str) -> Line:
        return Line((next(self._numbers),), text)

    def _copy(self, block: _Block) -> _Block:
        """The same text, but lines of their own."""
        fresh = {key: next(self._numbers) for key in sorted(block.keys)}
        lines = [Line(tuple(fresh[key] for key in line.keys), line.text) for line in block.lines]
        return _Block(lines, [tuple(fresh[key] for key in weak if key in fresh) for weak in block.weak])

    def _path(self) -> str:
        folder = self._random.choice(("app", "app/more", "lib", "tools"))
        return f"{folder}/{self._random.choice(('part', 'piece'))}_{next(self._numbers)}.py"

    def _weak_block(self, path: str) -> _Block | None:
        weak = [block for block in self._files[path].blocks if block.weak]
        return self._random.choice(weak) if weak else None

    # -- operations: each returns whether it could be carried out -----------------------------------------------------

    def _add_function(self, path: str) -> bool:
        return self._insert(path, weak=False)

    def _add_weak_function(self, path: str) -> bool:
        return self._insert(path, weak=True)

    def _insert(self, path: str, *, weak: bool, unlike: str = "") -> bool:
        blocks = self._files[path].blocks
        blocks.insert(self._random.randint(0, len(blocks)), self._function(weak=weak, unlike=unlike))
        return True

    def _remove_function(self, path: str) -> bool:
        blocks = self._files[path].blocks
        if len(blocks) < 4:
            return False
        del blocks[self._random.randrange(len(blocks))]
        return True

    def _edit_beside(self, path: str) -> bool:
        """A line that nobody flags."""
        block = self._random.choice(self._files[path].blocks)
        flagged = {key for weak in block.weak for key in weak}
        places = [n for n, line in enumerate(block.lines) if line.text.strip() and flagged.isdisjoint(line.keys)]
        self._annotate(block, self._random.choice(places[1:]))
        return True

    def _edit_weak_statement(self, path: str) -> bool:
        block = self._weak_block(path)
        if block is None:
            return False
        keys = self._random.choice(block.weak)
        places = [n for n, line in enumerate(block.lines) if not set(line.keys).isdisjoint(keys)]
        at = next((n for n in places if "limit" in block.lines[n].text), places[-1])
        line = block.lines[at]
        if "limit" in line.text:
            text = line.text.replace("limit", f"(limit + {next(self._numbers)})", 1)
            block.lines[at] = replace(line, text=text)
        else:
            self._annotate(block, at)
        return True

    def _comment_on_weak_statement(self, path: str) -> bool:
        block = self._weak_block(path)
        if block is None:
            return False
        keys = self._random.choice(block.weak)
        places = [n for n, line in enumerate(block.lines) if not set(line.keys).isdisjoint(keys)]
        # For "try: ... except: pass" only the end is flagged, and of a call the end is flagged as well.
        self._annotate(block, places[-1])
        return True

    def _annotate(self, block: _Block, at: int) -> None:
        line = block.lines[at]
        block.lines[at] = replace(line, text=f"{line.text}  # see {next(self._numbers)}")

    def _mend(self, path: str) -> bool:
        block = self._weak_block(path)
        if block is None:
            return False
        keys = block.weak.pop(self._random.randrange(len(block.weak)))
        places = [n for n, line in enumerate(block.lines) if not set(line.keys).isdisjoint(keys)]
        indent = _indent_of(block.lines[places[0]].text)
        block.lines[places[0] : places[-1] + 1] = [self._line(f"{indent}found.append({next(self._numbers)})")]
        return True

    def _indent(self, path: str) -> bool:
        """Put a function under a condition, or take it out of there."""
        block = self._weak_block(path)
        if block is None:
            return False
        if block.lines[1].text == "if LIMIT:":
            del block.lines[1]
            block.lines = [replace(line, text=line.text.removeprefix("    ")) for line in block.lines]
        else:
            block.lines = [replace(line, text="    " + line.text if line.text else "") for line in block.lines]
            block.lines.insert(1, self._line("if LIMIT:"))
        return True

    def _split_statement(self, path: str) -> bool:
        return self._reshape(path, lambda lines: len(lines) == 1 and "(" in lines[0].text, _split)

    def _join_statement(self, path: str) -> bool:
        return self._reshape(path, lambda lines: len(lines) > 1 and lines[0].text.endswith("("), _joined)

    def _reshape(self, path: str, fits: Callable[[list[Line]], bool], how: Callable[[list[Line]], list[Line]]) -> bool:
        for block in self._random.sample(self._files[path].blocks, len(self._files[path].blocks)):
            for keys in block.weak:
                places = [n for n, line in enumerate(block.lines) if not set(line.keys).isdisjoint(keys)]
                lines = [block.lines[n] for n in places]
                if lines and fits(lines) and not any("#" in line.text for line in lines):
                    block.lines[places[0] : places[-1] + 1] = how(lines)
                    return True
        return False

    def _move_function(self, path: str) -> bool:
        """Over others that are together longer, so that there is no doubt which of them moved."""
        blocks = self._files[path].blocks
        choices = [
            (at, to)
            for at, block in enumerate(blocks)
            for to in range(len(blocks))
            if block.weak and sum(map(len, blocks[min(at, to) : max(at, to) + 1])) > 3 * len(block)
        ]
        if not choices:
            return False
        at, to = self._random.choice(choices)
        self._moved |= blocks[at].keys
        blocks.insert(to, blocks.pop(at))
        return True

    def _swap_functions(self, path: str) -> bool:
        blocks = self._files[path].blocks
        choices = [
            at for at in range(len(blocks) - 1) if abs(len(blocks[at]) - len(blocks[at + 1])) > len(blocks[at]) // 2
        ]
        if not choices:
            return False
        at = self._random.choice(choices)
        self._moved |= min(blocks[at], blocks[at + 1], key=len).keys
        blocks[at], blocks[at + 1] = blocks[at + 1], blocks[at]
        return True

    def _double_function(self, path: str) -> bool:
        block = self._weak_block(path)
        if block is None:
            return False
        blocks = self._files[path].blocks
        place = next(n for n, other in enumerate(blocks) if other is block)
        blocks.insert(self._random.choice((place, place + 1, len(blocks))), self._copy(block))
        return True

    def _remove_double(self, path: str) -> bool:
        blocks = self._files[path].blocks
        for at, block in enumerate(blocks):
            if any(other.text == block.text for other in blocks[:at]):
                del blocks[at]
                return True
        return False

    def _carry_to_other_file(self, path: str) -> bool:
        block = self._weak_block(path)
        others = [other for other in sorted(self._files) if other != path and other not in self._touched]
        if block is None or not others or len(self._files[path].blocks) < 3:
            return False
        blocks = self._files[path].blocks
        del blocks[next(n for n, other in enumerate(blocks) if other is block)]
        other = self._random.choice(others)
        self._touched.add(other)
        target = self._files[other].blocks
        target.insert(self._random.randint(0, len(target)), self._copy(block))
        return True

    def _rename(self, path: str) -> bool:
        self._origins[self._renamed(path)] = path
        return True

    def _rename_and_edit(self, path: str) -> bool:
        before = "".join(line.text for line in self._files[path].lines())
        if not self._edit_weak_statement(path):
            return False
        self._insert(path, weak=True, unlike=before)
        self._origins[self._renamed(path)] = path
        return True

    def _renamed(self, path: str) -> str:
        new = self._path()
        self._files[new] = self._files.pop(path)
        return new

    def _rename_folder(self, path: str) -> bool:
        old = str(PurePosixPath(path).parent)
        new = f"moved_{next(self._numbers)}"
        for name in [name for name in self._files if str(PurePosixPath(name).parent) == old]:
            renamed = f"{new}/{PurePosixPath(name).name}"
            self._files[renamed] = self._files.pop(name)
            self._origins[renamed] = name
        return True

    def _rename_and_keep_edited_copy(self, path: str) -> bool:
        """Whichever of the two comes first by name: the one that is as it was continues the old one."""
        if not self._copy_file(path):
            return False
        copy = list(self._files)[-1]
        self._insert(copy, weak=True)
        self._origins[self._renamed(path)] = path
        return True

    def _copy_file(self, path: str) -> bool:
        if len(self._files) > 14:
            return False
        file = self._files[path]
        self._files[self._path()] = _File(
            self._copy(file.header), [self._copy(block) for block in file.blocks], file.line_end, file.final_newline
        )
        return True

    def _copy_file_and_edit_both(self, path: str) -> bool:
        """Git calls it a copy only when the source changed as well."""
        if not self._copy_file(path):
            return False
        copy = list(self._files)[-1]
        self._insert(copy, weak=False)
        return self._edit_weak_statement(path) or self._insert(path, weak=False)

    def _delete_file(self, path: str) -> bool:
        if len(self._files) < 5:
            return False
        del self._files[path]
        return True

    def _new_weak_file(self, path: str) -> bool:
        if len(self._files) > 14:
            return False
        self._files[self._path()] = self._new_file(self._random.randint(2, 5))
        return True

    def _other_line_ends(self, path: str) -> bool:
        file = self._files[path]
        file.line_end = "\n" if file.line_end == "\r\n" else "\r\n"
        return True

    def _final_newline(self, path: str) -> bool:
        file = self._files[path]
        file.final_newline = not file.final_newline
        return True

    def _licence(self, path: str) -> bool:
        """Every line number below is another."""
        lines = [self._line(f"# Edition {next(self._numbers)}.") for _ in range(self._random.randint(1, 30))]
        self._files[path].header.lines[:0] = lines
        return True

    def _more_space(self, path: str) -> bool:
        """An empty line more before each function."""
        for block in self._files[path].blocks:
            block.lines.insert(0, self._line(""))
        return True


def _split(lines: list[Line]) -> list[Line]:
    (line,) = lines
    head, _, rest = line.text.partition("(")
    return [replace(line, text=f"{head}("), replace(line, text=f"{_indent_of(head)}    {rest}")]


def _joined(lines: list[Line]) -> list[Line]:
    keys = tuple(dict.fromkeys(key for line in lines for key in line.keys))
    first, *rest = (line.text for line in lines)
    return [Line(keys, first + " ".join(text.strip() for text in rest))]


def _indent_of(text: str) -> str:
    return text[: len(text) - len(text.lstrip())]


class _Stream:
    """Commits for ``git fast-import``, named by their marks until they are stored."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._marks = itertools.count(1)

    def commit(self, files: Mapping[str, str | None], parents: Sequence[str]) -> str:
        """Files that are None go away. Returns the mark."""
        mark = f":{next(self._marks)}"
        lines = [
            "commit refs/heads/main",
            f"mark {mark}",
            "committer Ada <ada@example.org> 1700000000 +0000",
            "data 2",
            "x",
            *(f"{'merge' if number else 'from'} {parent}" for number, parent in enumerate(parents)),
        ]
        self._parts.append("".join(f"{line}\n" for line in lines).encode())
        for path, text in files.items():
            if text is None:
                self._parts.append(f"D {path}\n".encode())
            else:
                raw = text.encode()
                self._parts.append(f"M 100644 inline {path}\ndata {len(raw)}\n".encode() + raw + b"\n")
        return mark

    def store(self, path: Path) -> dict[str, str]:
        """Make the repository; the commits' ids by their marks."""
        path.mkdir(parents=True)
        git(path, "init", "--quiet", "--bare", "--initial-branch=main", ".")
        git(path, "fast-import", "--quiet", "--force", "--export-marks=marks", stdin=b"".join(self._parts))
        return dict(line.split() for line in (path / "marks").read_text().splitlines())


def _contents(trees: Mapping[str, tuple[Line, ...]]) -> dict[str, str]:
    return {path: "".join(line.text for line in lines) for path, lines in trees.items()}


_OPERATIONS: tuple[Callable[[History, str], bool], ...] = (
    History._add_function,
    History._add_weak_function,
    History._remove_function,
    History._edit_beside,
    History._edit_weak_statement,
    History._comment_on_weak_statement,
    History._mend,
    History._indent,
    History._split_statement,
    History._join_statement,
    History._move_function,
    History._swap_functions,
    History._double_function,
    History._remove_double,
    History._carry_to_other_file,
    History._rename,
    History._rename_and_edit,
    History._rename_folder,
    History._rename_and_keep_edited_copy,
    History._copy_file,
    History._copy_file_and_edit_both,
    History._delete_file,
    History._new_weak_file,
    History._other_line_ends,
    History._final_newline,
    History._licence,
    History._more_space,
)
OPERATIONS = len(_OPERATIONS)
_ALONE = frozenset(_OPERATIONS[_OPERATIONS.index(History._rename) : _OPERATIONS.index(History._delete_file) + 1])
"""What puts files in other places is done alone: a file that is deleted while its twin is copied has been renamed."""
