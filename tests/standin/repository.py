"""A bare git repository, driven through git itself."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ZERO = "0" * 40

_CONFIG = """\
[uploadpack]
\tallowAnySHA1InWant = true
\tallowFilter = true
[http]
\treceivepack = true
[receive]
\thideRefs = refs/merge-requests
\tadvertisePushOptions = true
[gc]
\tauto = 0
"""
"""As Gitaly sets it up: objects by id, partial clones; merge request refs are GitLab's own."""
_READING = frozenset({"cat-file", "diff", "log", "ls-tree", "merge-base", "merge-tree", "rev-list", "rev-parse"})
_TIMELESS = re.compile(
    r"-(?!-(?:all|branches|glob|remotes|stdin|tags)).*|blob|[0-9a-f]{40}(?:\.\.[0-9a-f]{40}|[:^].*)?", re.DOTALL
)
_KEPT_BYTES = 64 * 1024
_HEAD = re.compile(r"refs/heads/[\w-]+(?:/[\w-]+)*")


@dataclass(frozen=True)
class Blob:
    """A file with a mode of its own: ``100755`` is executable, ``120000`` a symbolic link, ``160000`` a submodule."""

    content: bytes
    mode: str = "100644"


FileValue = bytes | str | Blob | None
"""Content of a file in a commit; None deletes it."""
Files = Mapping[str, FileValue] | Mapping[bytes, FileValue]


@dataclass(frozen=True)
class Identity:
    """Somebody in a commit; without a time it is now."""

    name: str
    email: str
    time: str | None = None


class GitError(Exception):
    """Raised when git says no."""


def git_environment() -> dict[str, str]:
    """The environment for git: nothing of the user's own configuration."""
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG", "TMPDIR")}
    return {**kept, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_TERMINAL_PROMPT": "0"}


class Repository:
    """One bare repository on disk; with ``incoming``, new objects go to that folder: a quarantine."""

    def __init__(self, directory: Path, incoming: Path | None = None) -> None:
        self.directory = directory
        self.incoming = incoming
        self._line_counts: dict[tuple[str, str], int] = {}
        self._answers: dict[tuple[str, ...], bytes] = {}

    @property
    def environment(self) -> dict[str, str]:
        """What git and hooks need to find the objects."""
        found = {"GIT_DIR": str(self.directory)}
        if self.incoming is not None:
            found["GIT_OBJECT_DIRECTORY"] = str(self.incoming)
            found["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = str(self.directory / "objects")
        return found

    @classmethod
    def create(cls, directory: Path, default_branch: str) -> Repository:
        directory.mkdir(parents=True)
        repository = cls(directory)
        repository.git("init", "--quiet", "--bare", "--template=", f"--initial-branch={default_branch}")
        (directory / "hooks").mkdir()
        with (directory / "config").open("a", encoding="utf-8") as config:
            config.write(_CONFIG)
        return repository

    @contextmanager
    def quarantine(self) -> Iterator[Repository]:
        """A view of this repository whose new objects are thrown away, unless ``keep`` is called on it."""
        folder = Path(tempfile.mkdtemp(prefix="incoming-", dir=self.directory / "objects"))
        try:
            yield Repository(self.directory, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def keep(self) -> None:
        """Let the objects out of the quarantine. An index goes last: git looks for packs by their index."""
        assert self.incoming is not None
        files = [p for p in self.incoming.rglob("*") if p.is_file()]
        for file in sorted(files, key=lambda p: p.suffix == ".idx"):
            place = self.directory / "objects" / file.relative_to(self.incoming)
            place.parent.mkdir(exist_ok=True)
            if not place.exists():
                file.replace(place)

    def git(
        self,
        *arguments: str,
        data: bytes | None = None,
        check: bool = True,
        environment: Mapping[str, str] | None = None,
    ) -> bytes:
        """What git printed. What is asked of objects by their ids is asked once: the answer stays the same."""
        timeless = data is None and environment is None and self.incoming is None and _is_timeless(arguments)
        if timeless and arguments in self._answers:
            return self._answers[arguments]
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.directory,
            input=data,
            stdin=subprocess.DEVNULL if data is None else None,
            capture_output=True,
            env={**git_environment(), **self.environment, **(environment or {})},
            check=False,
        )
        if check and done.returncode:
            raise GitError(f"git {arguments[0]}: {done.stderr.decode(errors='replace').strip()}")
        if timeless and not done.returncode and len(done.stdout) <= _KEPT_BYTES:
            self._answers[arguments] = done.stdout
        return done.stdout

    def text(self, *arguments: str, environment: Mapping[str, str] | None = None) -> str:
        return self.git(*arguments, environment=environment).decode("utf-8", "replace").strip()

    def commit(
        self,
        branch: str,
        files: Files,
        message: str,
        name: str,
        *,
        parent: str | None = None,
        second: str | None = None,
        seconds: int | None = None,
    ) -> str:
        """
        Put a commit on ``branch`` (made from ``parent`` when it is new); returns its sha.

        ``seconds`` since 1970 are the time that it claims, by default now.
        """
        start = parent or self.head(branch)
        who = f"{name} <{name}@example.com> {int(time.time()) if seconds is None else seconds} +0000".encode()
        text = message.encode()
        parts = [
            b"commit refs/heads/" + branch.encode(),
            b"author " + who,
            b"committer " + who,
            b"data %d" % len(text),
            text,
        ]
        if start:
            parts.append(b"from " + start.encode())
        if second:
            parts.append(b"merge " + second.encode())
        for path, value in files.items():
            quoted = _quote(path if isinstance(path, bytes) else path.encode("utf-8", "surrogateescape"))
            if value is None:
                parts.append(b"D " + quoted)
                continue
            blob = value if isinstance(value, Blob) else Blob(value.encode() if isinstance(value, str) else value)
            if blob.mode == "160000":
                parts.append(b"M 160000 " + blob.content + b" " + quoted)
                continue
            parts += [b"M %s inline " % blob.mode.encode() + quoted, b"data %d" % len(blob.content), blob.content]
        self.git("fast-import", "--quiet", "--force", data=b"\n".join(parts) + b"\n")
        return self.head(branch) or ""

    def head(self, branch: str) -> str | None:
        return self.resolve(f"refs/heads/{branch}")

    def resolve(self, name: str) -> str | None:
        if _HEAD.fullmatch(name):
            # As git writes it; where it is elsewhere, or not there, git is asked.
            with suppress(OSError):
                written = (self.directory / name).read_text("ascii").strip()
                if len(written) == len(ZERO):
                    return written
        found = self.git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", check=False).decode().strip()
        return found or None

    def has_commit(self, sha: str) -> bool:
        return self.git("cat-file", "-t", sha, check=False).strip() == b"commit"

    def branches(self) -> dict[str, str]:
        listing = self.text("for-each-ref", "--format=%(objectname) %(refname)", "refs/heads/")
        return {
            ref.removeprefix("refs/heads/"): sha for sha, _, ref in (x.partition(" ") for x in listing.splitlines())
        }

    def branch_containing(self, sha: str) -> str | None:
        found = self.text("for-each-ref", "--count=1", f"--contains={sha}", "--format=%(refname:short)", "refs/heads/")
        return found or None

    def set_ref(self, ref: str, sha: str | None, old: str | None = None) -> None:
        """Move a ref, or delete it; with ``old`` only from there, or ``GitError``."""
        expected = [] if old is None else [old]
        if sha is None:
            self.git("update-ref", "-d", ref, *expected)
        else:
            self.git("update-ref", ref, sha, *expected)

    def merge_base(self, first: str, second: str) -> str | None:
        return self.git("merge-base", first, second, check=False).decode().strip() or None

    def contains(self, ancestor: str, descendant: str) -> bool:
        return self.merge_base(ancestor, descendant) == ancestor

    def fetch_from(self, other: Repository, ref: str) -> None:
        self.git("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", str(other.directory), ref)

    def merged_tree(self, target: str, source: str) -> str | None:
        """Tree of the merge, or None when there is a conflict."""
        done = self.git("merge-tree", "--write-tree", "--no-messages", target, source, check=False)
        lines = done.decode("utf-8", "replace").split("\n")
        return lines[0] if len([x for x in lines if x]) == 1 else None

    def three_way_tree(self, base: str, ours: str, theirs: str) -> str | None:
        """
        Tree of ``ours`` plus the change from ``base`` to ``theirs``, all three commits; None when there is a conflict.

        Made-up commits give ``merge-tree`` the base: it has no option for one before git 2.40.
        """
        tree = self.text("rev-parse", f"{base}^{{tree}}")
        made_up = self.commit_tree(tree, [], "base")
        sides = [self.commit_tree(self.text("rev-parse", f"{c}^{{tree}}"), [made_up], "side") for c in (ours, theirs)]
        return self.merged_tree(sides[0], sides[1])

    def commit_tree(
        self,
        tree: str,
        parents: Sequence[str],
        message: str,
        *,
        author: Identity | None = None,
        committer: Identity | None = None,
    ) -> str:
        gitlab = Identity("GitLab", "gitlab@example.com")
        author, committer = author or gitlab, committer or author or gitlab
        people = {
            f"GIT_{role}_{key}": value
            for role, who in (("AUTHOR", author), ("COMMITTER", committer))
            for key, value in (("NAME", who.name), ("EMAIL", who.email), ("DATE", who.time))
            if value is not None
        }
        flags = [x for p in parents for x in ("-p", p)]
        return (
            self.git("commit-tree", tree, *flags, "-F", "-", data=message.encode(), environment=people).decode().strip()
        )

    def tree_with(self, start: str | None, files: Files) -> str:
        """The tree of ``start`` (or an empty one) with ``files`` put in, replaced or deleted; touches no ref."""
        with tempfile.TemporaryDirectory(prefix="index-") as folder:
            index = {"GIT_INDEX_FILE": f"{folder}/index"}
            self.git("read-tree", start or "--empty", environment=index)
            lines = []
            for path, value in files.items():
                name = path if isinstance(path, bytes) else path.encode("utf-8", "surrogateescape")
                if value is None:
                    lines.append(b"0 " + ZERO.encode() + b"\t" + name)
                    continue
                blob = value if isinstance(value, Blob) else Blob(value.encode() if isinstance(value, str) else value)
                sha = blob.content
                if blob.mode != "160000":
                    sha = self.git("hash-object", "-w", "--stdin", data=blob.content).strip()
                lines.append(blob.mode.encode() + b" " + sha + b"\t" + name)
            self.git("update-index", "-z", "--index-info", data=b"\x00".join([*lines, b""]), environment=index)
            return self.text("write-tree", environment=index)

    def identity(self, sha: str) -> Identity:
        """The author of a commit."""
        name, email, time_ = self.text("log", "-1", "--format=%an%x00%ae%x00%ad", "--date=raw", sha).split("\x00")
        return Identity(name, email, time_)

    def parents(self, sha: str) -> list[str]:
        return self.text("rev-list", "--parents", "-1", sha).split()[1:]

    def message(self, sha: str) -> str:
        return self.git("log", "-1", "--format=%B", sha).decode("utf-8", "replace").rstrip("\n")

    def mode(self, sha: str, path: str) -> str | None:
        """Mode of a file, or None when there is none."""
        found = self.git("ls-tree", "-z", sha, "--", f":(literal){path}", check=False).decode("utf-8", "replace")
        return found.split(" ")[0] if found and not found.startswith("040000") else None

    def blob(self, sha: str, path: str) -> bytes | None:
        found = self.git("cat-file", "blob", f"{sha}:{path}", check=False)
        return found or (b"" if self.git("cat-file", "-t", f"{sha}:{path}", check=False).strip() == b"blob" else None)

    def line_count(self, sha: str, path: str) -> int:
        key = (sha, path)
        if key not in self._line_counts:
            content = self.blob(sha, path) or b""
            self._line_counts[key] = content.count(b"\n") + (1 if content and not content.endswith(b"\n") else 0)
        return self._line_counts[key]

    def log(self, sha: str) -> dict[str, str]:
        fields = self.text("log", "-1", "--format=%H%x00%B%x00%s%x00%aI%x00%an%x00%ae", sha).split("\x00")
        return dict(zip(("id", "message", "title", "timestamp", "name", "email"), fields, strict=True))


def _is_timeless(arguments: Sequence[str]) -> bool:
    """Whether git only reads, and everything is named by its id."""
    named = arguments[1 : arguments.index("--")] if "--" in arguments else arguments[1:]
    return arguments[0] in _READING and all(_TIMELESS.fullmatch(word) for word in named)


def _quote(path: bytes) -> bytes:
    """A path as fast-import wants it: C-style quoting for whatever is not plain."""
    if path and all(b in b"-_./+" or chr(b).isalnum() for b in path if b < 128) and all(b < 128 for b in path):
        return path
    return b'"' + b"".join(bytes([b]) if 32 <= b < 127 and b not in b'"\\' else b"\\%03o" % b for b in path) + b'"'
