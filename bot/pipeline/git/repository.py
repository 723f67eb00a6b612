"""
Reads a repository: commits, trees, blobs and the difference of two trees.

Names of files never go through text output: raw records end with NUL, and for the hunks each pair of blobs is put into
two small trees of our own under a number, so that neither a name nor a content can pass for a diff header.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal, TypeVar

from bot.domain import failures
from bot.domain.change import FileChange, Hunk
from bot.pipeline.git.bare import create_bare
from bot.pipeline.git.command import BIG_FILE, Git, git_version
from bot.pipeline.git.diff import RawChange, parse_hunks, parse_numstat, parse_raw
from bot.pipeline.git.errors import CommitNotFound, CorruptRepository, GitCancelled, GitError, GitTooOld
from bot.pipeline.git.history import (
    COMMIT_FORMAT,
    PATCH_OPTIONS,
    NewCommit,
    NewCommits,
    lines_of,
    parse_commits,
    parse_patch_ids,
    parse_put_files,
)
from bot.pipeline.git.paths import decode_path, encode_path
from bot.pipeline.throwaway import throwaway_folder
from scanners.process import MEBIBYTE

_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REF = re.compile(r"(?!-)[^\x00-\x20\x7f]{1,1000}")
# A few small trees that name each other can unfold to billions of files; this much is a million honest ones.
_LIST_LIMIT = 256 * MEBIBYTE
_RENAME_LIMIT = 1000
_PATH_BYTES = 64 * 1024
_EXCLUDED_MOST = 200
_BATCH_BYTES = 16 * MEBIBYTE
_BATCH_FILES = 20_000
_PATCH_LIMIT = 256 * MEBIBYTE
_DIFF_BYTES = 1024 * MEBIBYTE
_HUNKS_PER_FILE = 100_000
_HUNKS = 1_000_000
_COMMITS_AT_ONCE = 25
"""Whose files are listed together."""

K = TypeVar("K")

DiffAlgorithm = Literal["histogram", "myers"]


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One file, symbolic link or submodule of a tree."""

    path: PurePosixPath
    raw_path: bytes
    mode: int
    """As git has it: 0o100644, 0o100755, 0o120000 (symbolic link) or 0o160000 (submodule)."""
    blob: str
    size: int
    """Bytes; 0 for a submodule."""

    @property
    def is_file(self) -> bool:
        """Whether it is a plain file: neither a symbolic link nor a submodule."""
        return self.mode & 0o170000 == 0o100000

    @property
    def is_link(self) -> bool:
        """Whether it is a symbolic link; its content is the path that it leads to."""
        return self.mode & 0o170000 == 0o120000


@dataclass(frozen=True, slots=True)
class PastFile:
    """A file as a commit put it there."""

    commit: str
    entry: TreeEntry


@dataclass(frozen=True, slots=True)
class PastFiles:
    """What some commits put there, the oldest first; each content at each path once, with the first that did."""

    files: tuple[PastFile, ...]
    after: str | None = None
    """The last commit that was looked at, where a limit was reached; empty when it was reached by the first one."""


class Repository:
    """A bare repository that we own, perhaps with the objects of another one behind it. Only reads."""

    def __init__(
        self,
        git_dir: Path,
        *,
        scratch_root: Path | None = None,
        cancelled: Callable[[], bool] | None = None,
        timeout: float = 300.0,
    ) -> None:
        """
        Describe the repository; nothing is touched yet.

        :param git_dir: the bare repository's folder.
        :param scratch_root: where throw-away folders go; None takes the system's temporary folder.
        :param cancelled: asked now and then; True ends the running command with ``GitCancelled``.
        :param timeout: seconds that one reading command may take.
        """
        self.git_dir = git_dir
        self.scratch_root = scratch_root
        self._cancelled = cancelled
        self._git = Git(git_dir, cancelled=cancelled, timeout=timeout)
        self._object_format = "sha1"
        self._commits_seen: set[str] = set()
        self._trees_seen: set[str] = set()
        """What was found here is not asked for again: a process each time would be half of all that a scan starts."""
        self._unstored: dict[str, int] = {}
        """Sizes of blobs that a tree names although their content was left on disk (local files above the limit)."""

    # -- commits ------------------------------------------------------------------------------------------------------

    def resolve(self, ref: str) -> str:
        """
        The commit that ``ref`` means: a name, a sha, or an expression such as ``main~3``.

        :raises CommitNotFound: there is none.
        """
        if not _REF.fullmatch(ref):
            raise CommitNotFound(failures.GIT_NOT_A_REVISION.format(text=repr(ref[:100])))
        answer = self._run("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}", ok=(0, 1, 128))
        sha = answer.decode("ascii", "replace").strip()
        if not _SHA.fullmatch(sha):
            raise CommitNotFound(
                failures.GIT_NO_REVISION.format(text=repr(ref[:100])), "Check the name, or fetch it first."
            )
        return sha

    def has_commit(self, sha: str) -> bool:
        """Whether the commit and its tree are here. Never asks the network."""
        return not self._missing((sha,))

    def those_here(self, commits: Collection[str]) -> frozenset[str]:
        """Those of the commits that are here. One process, however many they are; never asks the network."""
        wanted = [sha for sha in dict.fromkeys(commits) if _SHA.fullmatch(sha)]
        found = self._check([f"{sha}^{{commit}}" for sha in wanted]) if wanted else {}
        return frozenset(name.removesuffix("^{commit}") for name in found)

    def merge_base(self, a: str, b: str) -> str | None:
        """
        The best common ancestor of two commits; None when their histories have nothing in common.

        Where several are equally good (histories that were merged crosswise) it is ``a`` itself: git merges against all
        of them, and what one of them has, and the other and ``a`` have not, would look as if it had always been there.

        :raises CommitNotFound: a commit is not here.
        """
        self._require_commits((a, b))
        answer = self._run("merge-base", "--all", a, b, ok=(0, 1))
        found = [sha for sha in answer.decode("ascii", "replace").split() if _SHA.fullmatch(sha)]
        if len(found) > 1:
            return a
        return found[0] if found else None

    # -- history ------------------------------------------------------------------------------------------------------

    def is_ancestor(self, older: str, newer: str) -> bool:
        """
        Whether the one is the other, or among its ancestors.

        :raises CommitNotFound: a commit is not here.
        """
        self._require_commits((older, newer))
        # Not with rev-list: it goes by dates, which anybody can write into a commit.
        return self._git.run("merge-base", "--is-ancestor", older, newer, ok=(0, 1)).exit_code == 0

    def first_to_hold(
        self, tips: Sequence[str], commits: Collection[str], *, landed: Sequence[str] = (), most: int = 300_000
    ) -> dict[str, str] | None:
        """
        For each of the commits the first of the tips, in their order, that is it or has it among its ancestors.

        Commits that no tip has, or that one of ``landed`` has, are left out. None when the tips have more than ``most``
        commits that none of ``landed`` has. One process.

        :raises CommitNotFound: a tip, or one of ``landed``, is not here.
        """
        asked_for = {*tips, *landed}
        if missing := asked_for - self.those_here(asked_for):
            raise CommitNotFound(failures.GIT_NO_COMMIT.format(text=repr(min(missing)[:64])))
        if not tips:
            return {}
        asked = lines_of([*tips, *(f"^{sha}" for sha in landed)])
        listed = self._run("rev-list", "--parents", f"--max-count={most + 1}", "--stdin", stdin=asked)
        rows = (row.split() for row in listed.decode("ascii", "replace").split("\n"))
        parents = {row[0]: row[1:] for row in rows if row}
        if len(parents) > most:
            return None
        held: dict[str, str] = {}
        for tip in tips:
            todo = [tip]
            while todo:
                sha = todo.pop()
                if sha in parents and sha not in held:
                    held[sha] = tip
                    todo += parents[sha]
        return {sha: held[sha] for sha in commits if sha in held}

    def blobs_at(self, places: Collection[tuple[str, PurePosixPath]]) -> dict[tuple[str, PurePosixPath], str]:
        """The contents' ids of files of commits, by both; what is not here, or cannot be named, is left out."""
        asked: dict[tuple[str, PurePosixPath], bytes] = {}
        for commit, path in places:
            name = encode_path(path)
            if name is None or "\n" in name or not _SHA.fullmatch(commit):
                continue
            with suppress(UnicodeEncodeError):
                asked[commit, path] = f"{commit}:{name}\n".encode()
        if not asked:
            return {}
        answer = self._run("cat-file", "--batch-check=%(objectname)", "--buffer", stdin=b"".join(asked.values()))
        told = answer.split(b"\n")[:-1]
        if len(told) != len(asked):
            raise self._damaged("git cat-file: unexpected answer")
        found = ((place, line.decode("ascii", "replace")) for place, line in zip(asked, told, strict=True))
        return {place: blob for place, blob in found if _SHA.fullmatch(blob)}

    def commits_between(self, landed: Sequence[str], tip: str, most: int) -> NewCommits | None:
        """
        What ``tip`` has and none of ``landed`` has; None when that is more than ``most`` commits.

        :raises CommitNotFound: a commit is not here.
        """
        self._require_commits((tip, *landed))
        asked = lines_of([tip, *(f"^{sha}" for sha in landed)])
        counted = self._run("rev-list", "--count", f"--max-count={most + 1}", "--stdin", stdin=asked)
        if int(counted) > most:
            # Not with --max-count and --boundary at once: where the list is cut off would pass for the boundary.
            return None
        listed = self._run(
            "rev-list", "--topo-order", "--boundary", f"--format={COMMIT_FORMAT}", "--stdin", stdin=asked
        )
        try:
            return parse_commits(listed.decode("ascii", "replace"))
        except ValueError as error:
            raise GitError(failures.GIT_UNEXPECTED.format(command="rev-list")) from error

    def commit(self, sha: str) -> NewCommit:
        """
        One commit.

        :raises CommitNotFound: it is not here.
        """
        self._require_commits((sha,))
        listed = self._run("rev-list", "--no-walk", f"--format={COMMIT_FORMAT}", sha)
        return parse_commits(listed.decode("ascii", "replace")).commits[sha]

    def first_parents(self, landed: Sequence[str], tip: str) -> list[str]:
        """The commits along first parents that ``tip`` has and none of ``landed`` has, oldest first."""
        self._require_commits((tip, *landed))
        asked = lines_of([tip, *(f"^{sha}" for sha in landed)])
        listed = self._run("rev-list", "--first-parent", "--stdin", stdin=asked)
        return listed.decode("ascii", "replace").split()[::-1]

    def plain_commits(self, base: str, head: str) -> list[str]:
        """The commits with at most one parent that ``head`` has and ``base`` has not, oldest first."""
        self._require_commits((base, head))
        listed = self._run("rev-list", "--topo-order", "--reverse", "--no-merges", head, f"^{base}")
        return listed.decode("ascii", "replace").split()

    def past_files(
        self,
        landed: Sequence[str],
        tip: str,
        *,
        commits: int = 500,
        files: int = 2_000,
        size: int = 50_000_000,
        largest: int | None = None,
    ) -> PastFiles:
        """
        The plain files that the commits of ``tip`` put there which none of ``landed`` has, in the order of history.

        What came with a merge from a commit of ``landed`` is not among them. The limits are for how many commits are
        looked at and how many contents with how many bytes are listed; they cut between two commits. A content beyond
        ``largest`` is listed and not counted: who reads nothing of that size shall not lose the rest because of it.

        :raises CommitNotFound: a commit is not here.
        """
        self._require_commits((tip, *landed))
        asked = lines_of([tip, *(f"^{sha}" for sha in landed)])
        listed = self._run("rev-list", "--topo-order", "--reverse", "--stdin", stdin=asked).decode("ascii").split()
        chosen = listed[:commits]
        seen: set[tuple[str, bytes]] = set()
        found: list[PastFile] = []
        total, last = 0, ""
        # A few at a time, so that history which is beyond a limit anyway is not listed first.
        for start in range(0, len(chosen), _COMMITS_AT_ONCE):
            some = chosen[start : start + _COMMITS_AT_ONCE]
            by_commit = self._put_by(some, seen)
            for commit in some:
                here = by_commit.get(commit, [])
                sizes = (file.entry.size for file in here)
                total += sum(one for one in sizes if largest is None or one <= largest)
                if len(found) + len(here) > files or total > size:
                    return PastFiles(tuple(found), last)
                found += here
                last = commit
        return PastFiles(tuple(found), last if len(listed) > len(chosen) else None)

    def _put_by(self, commits: Sequence[str], seen: set[tuple[str, bytes]]) -> dict[str, list[PastFile]]:
        """By commit the files that it put there, without those that are ``seen``; which they are from then on."""
        printed = self._run(
            *("diff-tree", "--stdin", "-r", "--root", "-c", "--raw", "-z", "--no-abbrev", "--no-renames"),
            stdin=lines_of(commits),
        )
        try:
            put = parse_put_files(printed)
        except (ValueError, StopIteration) as error:
            raise GitError(failures.GIT_UNEXPECTED.format(command="diff-tree")) from error
        sizes = self._sizes(list(dict.fromkeys(file.blob for file in put)))
        by_commit: dict[str, list[PastFile]] = {}
        for file in put:
            if (file.blob, file.raw_path) not in seen:
                seen.add((file.blob, file.raw_path))
                entry = TreeEntry(decode_path(file.raw_path), file.raw_path, file.mode, file.blob, sizes[file.blob])
                by_commit.setdefault(file.commit, []).append(PastFile(file.commit, entry))
        return by_commit

    def committers(self, commits: Sequence[str]) -> dict[str, str]:
        """Who made each commit, as the commit itself says: anybody can write anything there."""
        if not commits:
            return {}
        listed = self._run("rev-list", "--no-walk", "--format=%H%x00%cn", "--stdin", stdin=lines_of(commits))
        rows = (line.partition("\0") for line in listed.decode("utf-8", "replace").split("\n") if "\0" in line)
        return {sha: name for sha, _, name in rows}

    def patch_ids(self, commits: Sequence[str]) -> dict[str, str]:
        """Patch ids of commits with one parent, white space included; those that change nothing have none."""
        if not commits:
            return {}
        return self._patch_ids(["--stdin"], lines_of(commits))

    def patch_id(self, base: str, head: str) -> str | None:
        """
        Patch id of everything that differs between two commits; None when nothing does.

        :raises CommitNotFound: a commit is not here.
        """
        self._require_commits((base, head))
        return next(iter(self._patch_ids([base, head], None).values()), None)

    def merged_tree(self, first: str, second: str) -> str | None:
        """
        The tree that merging two commits gives without anybody's help; None where git needs help, or has not got both.

        :raises GitTooOld: git is older than 2.38.
        """
        version = git_version()
        if version < (2, 38):
            raise GitTooOld(
                failures.GIT_TOO_OLD.format(version=".".join(map(str, version))), "Merges are checked with git 2.38."
            )
        if self._missing((first, second)):
            return None
        with self._scratch() as scratch:
            answer = scratch.run("merge-tree", "--write-tree", "--no-messages", first, second, ok=(0, 1, 128))
        tree = answer.stdout.decode("ascii", "replace").strip()
        return tree if answer.exit_code == 0 and _SHA.fullmatch(tree) else None

    def _patch_ids(self, chosen: Sequence[str], stdin: bytes | None) -> dict[str, str]:
        version = git_version()
        if version < (2, 39):
            # Before, file modes and contents of binary files were no part of it.
            raise GitTooOld(
                failures.GIT_TOO_OLD.format(version=".".join(map(str, version))), "Patch ids need git 2.39."
            )
        with throwaway_folder(self.scratch_root) as folder:
            spool = folder / "patch"
            self._run("diff-tree", *PATCH_OPTIONS, *chosen, stdin=stdin, stdout_to=spool, stdout_limit=_DIFF_BYTES)
            answer = self._git.run("patch-id", "--verbatim", stdin=spool)
        try:
            return parse_patch_ids(answer.stdout.decode("ascii", "replace"))
        except ValueError as error:
            raise GitError(failures.GIT_UNEXPECTED.format(command="patch-id")) from error

    def _require_commits(self, commits: Sequence[str]) -> None:
        for sha in self._missing(commits):
            raise CommitNotFound(failures.GIT_NO_COMMIT.format(text=repr(sha[:64])))

    def _missing(self, commits: Sequence[str]) -> list[str]:
        """Those of the commits that are not here, or not with their trees, in their order. At most one process."""
        unseen = [sha for sha in dict.fromkeys(commits) if sha not in self._commits_seen and _SHA.fullmatch(sha)]
        if unseen:
            try:
                found = self._check([f"{sha}^{{{kind}}}" for sha in unseen for kind in ("commit", "tree")])
            except CorruptRepository:
                # One of them cannot be read, which says nothing about the others.
                for sha in unseen if len(unseen) > 1 else ():
                    self._missing((sha,))
            else:
                whole = [sha for sha in unseen if f"{sha}^{{commit}}" in found and f"{sha}^{{tree}}" in found]
                self._commits_seen.update(whole)
                self._trees_seen.update(whole)
        return [sha for sha in commits if sha not in self._commits_seen]

    # -- trees and blobs ----------------------------------------------------------------------------------------------

    def tree(self, treeish: str, paths: Iterable[PurePosixPath] | None = None) -> list[TreeEntry]:
        """
        Files of a commit or tree, in git's order, with sizes.

        :param paths: only these (as ``decode_path`` gives them); those that do not exist are left out.
        :raises CommitNotFound: there is no such tree.
        """
        wanted = None if paths is None else set(paths)
        records = self._list(treeish, wanted)
        blobs = {blob for _, _, kind, blob, _ in records if kind == b"blob"}
        sizes = self._sizes(blobs)
        return [
            TreeEntry(path, raw, mode, blob, sizes[blob] if kind == b"blob" else 0)
            for path, mode, kind, blob, raw in records
        ]

    def _list(
        self, treeish: str, wanted: set[PurePosixPath] | None
    ) -> list[tuple[PurePosixPath, int, bytes, str, bytes]]:
        self._require_trees(treeish)
        chunks: list[list[str]] = [[]]
        if wanted is not None:
            names = [encode_path(path) for path in wanted]
            if all(name is not None for name in names):
                chunks = list(_chunked(name for name in names if name is not None))
        records: dict[bytes, tuple[PurePosixPath, int, bytes, str, bytes]] = {}
        for chunk in chunks:
            listed = self._run("ls-tree", "-r", "-z", "--full-tree", treeish, "--", *chunk)
            for record in listed.split(b"\0"):
                if not record:
                    continue
                head, _, raw = record.partition(b"\t")
                mode, kind, blob = head.split(b" ")
                path = decode_path(raw)
                if wanted is None or path in wanted:
                    records[raw] = (path, int(mode, 8), kind, blob.decode("ascii"), raw)
        return list(records.values()) if wanted is None else [records[raw] for raw in sorted(records)]

    def read_blob(self, sha: str, limit: int) -> bytes | None:
        """
        Content of a blob; None when it has more than ``limit`` bytes.

        :raises CorruptRepository: it is not there.
        """
        size = self._sizes([sha])[sha]
        if size > limit or sha in self._unstored:
            return None
        return self._run("cat-file", "blob", sha)

    def first_bytes(self, sha: str, count: int) -> bytes:
        """The first ``count`` bytes of a blob, or all of it, however large it is."""
        return self._run("cat-file", "blob", sha, stdout_limit=count, cut=True)

    def read_blobs(self, blobs: Mapping[str, int]) -> Iterator[tuple[str, bytes]]:
        """
        Contents of many blobs, in the given order, holding one of them in memory at a time.

        :param blobs: size in bytes by id, as ``tree`` tells.
        :raises CorruptRepository: one is not there.
        """
        with throwaway_folder(self.scratch_root) as folder:
            spool = folder / "blobs"
            for batch in _batches(blobs, 2 * _BATCH_BYTES):
                asked = "".join(f"{sha}\n" for sha in batch).encode("ascii")
                room = sum(blobs[sha] + 200 for sha in batch)
                self._run("cat-file", "--batch", "--buffer", stdin=asked, stdout_to=spool, stdout_limit=room)
                with spool.open("rb") as stream:
                    for sha in batch:
                        name, _, rest = stream.readline().decode("ascii", "replace").rstrip("\n").partition(" ")
                        kind, _, size = rest.partition(" ")
                        if name != sha or kind != "blob" or not size.isdigit():
                            raise self._damaged(f"blob {sha} cannot be read")
                        content = stream.read(int(size))
                        stream.read(1)
                        yield sha, content

    # -- differences --------------------------------------------------------------------------------------------------

    def changes(
        self,
        base: str,
        head: str,
        *,
        algorithm: DiffAlgorithm = "histogram",
        paths: Collection[PurePosixPath] | None = None,
        similarity: int = 50,
    ) -> tuple[FileChange, ...]:
        """
        What differs between two commits or trees, with renames, copies, and hunks without context.

        A file is ``binary`` when nothing is known about its lines: binary for git, a symbolic link or submodule, more
        than ``BIG_FILE`` bytes, too many hunks, a diff that takes too long, or not among ``paths``.

        :param algorithm: git's diff algorithm; GitLab's pages use ``myers``.
        :param paths: files (old or new path) whose hunks are wanted; None means all.
        :param similarity: per cent of content that a rename keeps.
        :raises CommitNotFound: base or head is not there.
        """
        self._require_trees(base, head)
        asked = None if paths is None else frozenset(paths)
        raw, sizes = self._raw_changes(base, head, similarity)
        places = [
            (decode_path(c.old_path) if c.has_old else None, decode_path(c.new_path) if c.has_new else None)
            for c in raw
        ]
        wanted = [asked is None or old in asked or new in asked for old, new in places]
        lines = self._lines(raw, wanted, sizes, algorithm)
        return tuple(
            FileChange(
                kind=change.kind,
                old_path=old,
                new_path=new,
                hunks=hunks or (),
                binary=hunks is None,
            )
            for change, (old, new), hunks in zip(raw, places, lines, strict=True)
        )

    def _raw_changes(self, base: str, head: str, similarity: int) -> tuple[list[RawChange], dict[str, int]]:
        """The changed files, and the sizes of their regular blobs."""
        common = ("diff-tree", "-r", "--raw", "-z", "--no-abbrev", "--no-commit-id")
        plain = parse_raw(self._run(*common, "--no-renames", base, head))
        sizes = self._sizes(_regular_blobs(plain))
        added = any(not change.has_old for change in plain)
        if not added or all(not change.has_old for change in plain):
            return plain, sizes
        # Comparing contents means having both in memory, so the big ones are kept out of it and stay added or deleted.
        big = [
            change.new_path
            for change in plain
            if any(sizes.get(blob, 0) > BIG_FILE for blob in (change.old_blob, change.new_blob))
        ]
        if len(big) > _EXCLUDED_MOST or sum(len(path) + 20 for path in big) > _PATH_BYTES:
            return plain, sizes
        excluded = [":(exclude,literal)" + path.decode("utf-8", "surrogateescape") for path in big]
        try:
            detected = parse_raw(
                self._run(
                    *common,
                    f"-M{similarity}%",
                    f"-C{similarity}%",
                    f"-l{_RENAME_LIMIT}",
                    base,
                    head,
                    "--",
                    *excluded,
                    literal=False,
                )
            )
        except GitCancelled:
            raise
        except CorruptRepository:
            raise
        except GitError:
            # Without renames more findings look new, never fewer.
            return plain, sizes
        left_out = set(big)
        return detected + [change for change in plain if change.new_path in left_out], sizes

    def _lines(
        self, raw: Sequence[RawChange], wanted: Sequence[bool], sizes: Mapping[str, int], algorithm: DiffAlgorithm
    ) -> list[tuple[Hunk, ...] | None]:
        """Hunks of each change, None where nothing is known."""
        none: tuple[Hunk, ...] | None = None
        result = [none] * len(raw)
        pairs: dict[tuple[str | None, str | None], list[int]] = {}
        for index, change in enumerate(raw):
            old = change.old_blob if change.has_old else None
            new = change.new_blob if change.has_new else None
            if change.is_regular and old == new:
                result[index] = ()
            elif change.is_regular and wanted[index] and max(sizes.get(b, 0) for b in (old, new) if b) <= BIG_FILE:
                pairs.setdefault((old, new), []).append(index)
        weights = {pair: sum(sizes[blob] for blob in pair if blob) for pair in _affordable(pairs, sizes)}
        found = 0
        with self._scratch() as scratch:
            for batch in _batches(weights, _BATCH_BYTES):
                for pair, hunks in self._diff(scratch, batch, algorithm):
                    found += len(hunks or ())
                    if found <= _HUNKS:
                        for index in pairs[pair]:
                            result[index] = hunks
        return result

    def _diff(
        self, scratch: Git, pairs: Sequence[tuple[str | None, str | None]], algorithm: DiffAlgorithm
    ) -> Iterator[tuple[tuple[str | None, str | None], tuple[Hunk, ...] | None]]:
        both = [pair for pair in pairs if pair[0] and pair[1]]
        alone = [pair for pair in pairs if not (pair[0] and pair[1])]
        if both:
            yield from self._diff_pairs(scratch, both, algorithm)
        if alone:
            yield from self._count_lines(scratch, alone)

    def _diff_pairs(
        self, scratch: Git, pairs: Sequence[tuple[str | None, str | None]], algorithm: DiffAlgorithm
    ) -> Iterator[tuple[tuple[str | None, str | None], tuple[Hunk, ...] | None]]:
        old, new = self._numbered_trees(scratch, pairs)
        spool = scratch.git_dir / "patch"
        try:
            scratch.run(
                "diff-tree",
                "-p",
                "-U0",
                "--no-commit-id",
                "--no-renames",
                "--no-textconv",
                "--no-ext-diff",
                "--no-color",
                "--inter-hunk-context=0",
                "--src-prefix=a/",
                "--dst-prefix=b/",
                f"--diff-algorithm={algorithm}",
                old,
                new,
                stdout_to=spool,
                stdout_limit=_PATCH_LIMIT,
                timeout=60,
            )
        except GitCancelled:
            raise
        except CorruptRepository as error:
            raise self._damaged(str(error)) from error
        except GitError:
            # Too slow or too large: find the file that is to blame, and give up on that one only.
            if len(pairs) == 1:
                yield pairs[0], None
            else:
                middle = len(pairs) // 2
                yield from self._diff_pairs(scratch, pairs[:middle], algorithm)
                yield from self._diff_pairs(scratch, pairs[middle:], algorithm)
            return
        # A pair that the patch does not mention would be one without a difference, which different blobs cannot be.
        with spool.open("rb") as stream:
            for number, hunks in parse_hunks(stream, _HUNKS_PER_FILE):
                yield pairs[number], hunks

    def _count_lines(
        self, scratch: Git, pairs: Sequence[tuple[str | None, str | None]]
    ) -> Iterator[tuple[tuple[str | None, str | None], tuple[Hunk, ...] | None]]:
        """Added and deleted files are one hunk each; only its length is asked, so that no content is printed."""
        old, new = self._numbered_trees(scratch, pairs)
        try:
            answer = scratch.run(
                "diff-tree", "--numstat", "-z", "--no-commit-id", "--no-renames", "--no-textconv", old, new
            )
        except CorruptRepository as error:
            raise self._damaged(str(error)) from error
        counts = parse_numstat(answer.stdout)
        for number, pair in enumerate(pairs):
            count = counts.get(number)
            if count is None:
                yield pair, None
            elif count == 0:
                yield pair, ()
            else:
                yield pair, (Hunk(0, 0, 1, count) if pair[1] else Hunk(1, count, 0, 0),)

    @staticmethod
    def _numbered_trees(scratch: Git, pairs: Sequence[tuple[str | None, str | None]]) -> tuple[str, str]:
        trees = []
        for side in (0, 1):
            entries = "".join(
                f"100644 blob {pair[side]}\t{number:08d}\0" for number, pair in enumerate(pairs) if pair[side]
            )
            made = scratch.run("mktree", "-z", "--missing", stdin=entries.encode("ascii"))
            trees.append(made.stdout.decode("ascii").strip())
        return trees[0], trees[1]

    # -- helpers ------------------------------------------------------------------------------------------------------

    @contextmanager
    def _scratch(self) -> Iterator[Git]:
        """A throw-away repository that sees our objects, so that nothing is written among them."""
        with throwaway_folder(self.scratch_root) as folder:
            objects = self.git_dir / "objects"
            create_bare(folder / "git", objects=objects, object_format=self._object_format, own_objects=False)
            yield Git(folder / "git", cancelled=self._cancelled, timeout=self._git.timeout)

    def _require_trees(self, *treeish: str) -> None:
        unseen = [sha for sha in dict.fromkeys(treeish) if sha not in self._trees_seen]
        found = self._check([f"{sha}^{{tree}}" for sha in unseen if _SHA.fullmatch(sha)]) if unseen else {}
        for sha in unseen:
            if f"{sha}^{{tree}}" not in found:
                raise CommitNotFound(failures.GIT_NO_TREE.format(text=repr(sha[:64])))
            self._trees_seen.add(sha)

    def _sizes(self, blobs: Collection[str]) -> dict[str, int]:
        """Bytes of each blob. Raises ``CorruptRepository`` when one is missing."""
        if not blobs:
            return {}
        found = self._check(blobs)
        for blob in blobs:
            if blob not in found:
                if blob not in self._unstored:
                    raise self._damaged(f"object {blob} is missing")
                found[blob] = self._unstored[blob]
        return found

    def _check(self, objects: Collection[str]) -> dict[str, int]:
        """Sizes of those objects that are there, by the name that was asked for."""
        asked = "".join(f"{name}\n" for name in objects).encode("ascii")
        answer = self._run("cat-file", "--batch-check=%(objectsize)", "--buffer", stdin=asked)
        told = answer.decode("ascii", "replace").splitlines()
        if len(told) != len(objects):
            raise self._damaged("git cat-file: unexpected answer")
        return {name: int(line) for name, line in zip(objects, told, strict=True) if line.isdigit()}

    def _run(
        self,
        *arguments: str,
        stdin: bytes | None = None,
        stdout_to: Path | None = None,
        stdout_limit: int = _LIST_LIMIT,
        ok: Collection[int] = (0,),
        literal: bool = True,
        cut: bool = False,
    ) -> bytes:
        try:
            answer = self._git.run(
                *arguments,
                stdin=stdin,
                stdout_to=stdout_to,
                stdout_limit=stdout_limit,
                ok=ok,
                cut=cut,
                env=None if literal else {"GIT_LITERAL_PATHSPECS": "0"},
            )
        except CorruptRepository as error:
            raise self._damaged(str(error)) from error
        return answer.stdout

    def _damaged(self, what: str) -> CorruptRepository:
        """The error to raise for unreadable objects. A mirror also remembers it."""
        return CorruptRepository(what)


def _regular_blobs(changes: Iterable[RawChange]) -> list[str]:
    blobs: dict[str, None] = {}
    for change in changes:
        if change.is_regular:
            if change.has_old:
                blobs[change.old_blob] = None
            if change.has_new:
                blobs[change.new_blob] = None
    return list(blobs)


def _affordable(
    pairs: Iterable[tuple[str | None, str | None]], sizes: Mapping[str, int]
) -> Iterator[tuple[str | None, str | None]]:
    """The pairs in order, until their contents together are more than we are willing to compare."""
    total = 0
    for pair in pairs:
        total += sum(sizes[blob] for blob in pair if blob)
        if total > _DIFF_BYTES:
            return
        yield pair


def _batches(weights: Mapping[K, int], limit: int) -> Iterator[list[K]]:
    batch: list[K] = []
    total = 0
    for key, weight in weights.items():
        if batch and (total + weight > limit or len(batch) >= _BATCH_FILES):
            yield batch
            batch, total = [], 0
        batch.append(key)
        total += weight
    if batch:
        yield batch


def _chunked(names: Iterable[str]) -> Iterator[list[str]]:
    """Lists of names that each fit on a command line."""
    chunk: list[str] = []
    total = 0
    for name in names:
        length = len(name.encode("utf-8")) + 1
        if chunk and total + length > _PATH_BYTES:
            yield chunk
            chunk, total = [], 0
        chunk.append(name)
        total += length
    if chunk:
        yield chunk
