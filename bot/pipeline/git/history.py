"""
Reads what git says about commits: lists of new ones, and patch ids.

The options here are the ones that ``deploy/gitlab/pre-receive`` uses too: both must come to the same patch ids.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

# Without context, so that the neighbourhood does not matter; as text whatever attributes say; no configuration of
# anybody's decides what a change looks like. White space counts, because in Python it is code.
PATCH_OPTIONS: tuple[str, ...] = (
    "-r",
    "-p",
    "-U0",
    "--text",
    "--full-index",
    "--no-renames",
    "--no-textconv",
    "--no-ext-diff",
    "--no-color",
    "--diff-algorithm=myers",
    "--no-indent-heuristic",
    "--inter-hunk-context=0",
    "--src-prefix=a/",
    "--dst-prefix=b/",
    "--ignore-submodules=none",
    "--submodule=short",
)
"""How a change is printed before ``git patch-id --verbatim`` reads it."""

COMMIT_FORMAT = "%m %H %T %P"
_COMMIT = re.compile(r"([->]) ([0-9a-f]{40,64}) ([0-9a-f]{40,64})((?: [0-9a-f]{40,64})*)")
_ID = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_PATCH = re.compile(r"([0-9a-f]{40,64}) ([0-9a-f]{40,64})")


@dataclass(frozen=True, slots=True)
class NewCommit:
    """A commit, its parents and its tree."""

    sha: str
    parents: tuple[str, ...]
    tree: str


@dataclass(frozen=True, slots=True)
class NewCommits:
    """What one tip has and others have not."""

    commits: Mapping[str, NewCommit]
    landed: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Parents of the former that the others have, with their trees."""

    def spine(self, tip: str, most: int) -> list[NewCommit]:
        """The new commits from the tip along first parents, at most so many; and the other parents of these."""
        chain: list[NewCommit] = []
        sha: str | None = tip
        while sha is not None and len(chain) < most and (commit := self.commits.get(sha)) is not None:
            chain.append(commit)
            sha = commit.parents[0] if commit.parents else None
        known = {commit.sha for commit in chain}
        for commit in tuple(chain):
            for parent in commit.parents[1:]:
                other = self.commits.get(parent)
                if other is not None and parent not in known:
                    known.add(parent)
                    chain.append(other)
        return chain


def parse_commits(text: str) -> NewCommits:
    """What ``git rev-list --boundary --format=COMMIT_FORMAT`` printed. Raises ``ValueError`` for anything else."""
    commits: dict[str, NewCommit] = {}
    landed: dict[str, str] = {}
    for line in text.splitlines():
        if line.startswith("commit "):
            continue
        found = _COMMIT.fullmatch(line.rstrip(" "))
        if found is None:
            raise ValueError("not a line of git rev-list")
        mark, sha, tree, parents = found.groups()
        if mark == "-":
            landed[sha] = tree
        else:
            commits[sha] = NewCommit(sha, tuple(parents.split()), tree)
    return NewCommits(commits, landed)


def parse_patch_ids(text: str) -> dict[str, str]:
    """Patch id by commit, from what ``git patch-id`` printed. Raises ``ValueError`` for anything else."""
    found = {}
    for line in text.splitlines():
        match = _PATCH.fullmatch(line)
        if match is None:
            raise ValueError("not a line of git patch-id")
        found[match[2]] = match[1]
    return found


@dataclass(frozen=True, slots=True)
class PutFile:
    """A plain file as one commit put it there."""

    commit: str
    raw_path: bytes
    mode: int
    blob: str


def parse_put_files(printed: bytes) -> list[PutFile]:
    """
    Records of ``diff-tree --stdin -r -c --raw -z --no-abbrev --no-renames``: what each commit put where.

    Of a merge these are the files that are as in none of its parents. Raises ``ValueError`` when it is not that.
    """
    fields = iter(printed.split(b"\0"))
    found: list[PutFile] = []
    commit = ""
    for field_ in fields:
        if _ID.fullmatch(field_):
            commit = field_.decode("ascii")
            continue
        # One colon for each parent, then so many old modes and the new one, so many old blobs and the new one.
        head = field_.lstrip(b":")
        parents = len(field_) - len(head)
        words = head.split(b" ")
        if not field_:
            continue
        if not parents or len(words) != 2 * parents + 3 or not commit:
            raise ValueError("no record of diff-tree")
        mode, blob = int(words[parents], 8), words[2 * parents + 1].decode("ascii")
        raw_path = next(fields)
        if mode & 0o170000 == 0o100000:
            found.append(PutFile(commit, raw_path, mode, blob))
    return found


def lines_of(commits: Iterable[str]) -> bytes:
    """Commits as git reads them from standard input."""
    return "".join(f"{sha}\n" for sha in commits).encode("ascii")
