"""
A repository or folder on this machine, for ``mergewarden scan PATH``.

The user's repository is only a store of objects and names for us. Its configuration, hooks, filters, attributes,
replaced objects and history shortcuts are never read or believed: git runs in a throw-away repository of our own that
borrows the objects. The working tree is read by us, byte for byte, into a tree object there.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bot.pipeline.git.bare import create_bare
from bot.pipeline.git.command import BIG_FILE
from bot.pipeline.git.errors import CorruptRepository, GitCancelled, GitError
from bot.pipeline.git.paths import decode_path
from bot.pipeline.git.repository import Repository
from bot.pipeline.throwaway import throwaway_folder
from scanners.interface import GapReason, ScanFile
from scanners.process import MEBIBYTE

_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
# The safe part of https://git-scm.com/docs/git-check-ref-format: git dies of a bad name in packed-refs.
_REF = re.compile(
    r"refs/(?:(?!\.|[^/]*\.lock(?:/|$)|[^/]*\.\.|[^/]*@\{)[^\x00-\x20\x7f~^:?*\[\\/]+(?<!\.)(?:/|$))+(?<!/)"
)
_UNOPENED = re.compile(r"could not open directory '(.*?)/?'")
_PSEUDO = ("ORIG_HEAD", "FETCH_HEAD", "MERGE_HEAD", "CHERRY_PICK_HEAD", "REBASE_HEAD")
_SMALL = 64 * 1024
_PACKED_REFS = 256 * MEBIBYTE
_GITLINK = 0o160000
_LINK = 0o120000


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where a repository keeps its things."""

    work_tree: Path | None
    git_dir: Path
    common_dir: Path


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A file, link or submodule of the snapshot."""

    mode: int
    sha: str


class LocalSource(Repository):
    """A git work tree, a bare repository, or a plain folder. Made by ``LocalSource.open``."""

    def __init__(
        self,
        git_dir: Path,
        root: Path,
        layout: _Layout | None,
        prefix: PurePosixPath,
        object_format: str,
        scratch_root: Path | None,
        cancelled: Callable[[], bool] | None,
    ) -> None:
        super().__init__(git_dir, scratch_root=scratch_root, cancelled=cancelled)
        self.root = root
        """Top folder of the work tree (also when a folder below it was opened), the bare repository, or the folder."""
        self.prefix = prefix
        """Where the opened path is below ``root``; ``.`` when it is the root itself."""
        self.unread: tuple[ScanFile, ...] = ()
        """What ``snapshot`` could not read, with the reason."""
        self._layout = layout
        self._places: dict[str, bytes] = {}
        """Where the content of an object of ``_unstored`` is."""
        self._object_format = object_format

    @classmethod
    @contextmanager
    def open(
        cls, path: Path, *, scratch_root: Path | None = None, cancelled: Callable[[], bool] | None = None
    ) -> Iterator[LocalSource]:
        """
        Open a folder for reading; a context manager, since it owns a throw-away repository.

        A folder inside a work tree opens the whole work tree, see ``prefix``.

        :raises GitError: there is no such folder, or its ``.git`` cannot be understood.
        """
        folder = path.resolve()
        if not folder.is_dir():
            raise GitError(f"{str(path)!r} is not a folder", "Give the path of a repository or of a folder.")
        layout, root = _find(folder)
        object_format = _object_format(layout.common_dir) if layout else "sha1"
        with throwaway_folder(scratch_root) as scratch:
            git_dir = scratch / "git"
            create_bare(
                git_dir,
                objects=layout.common_dir / "objects" if layout else None,
                object_format=object_format,
                own_objects=False,
            )
            if layout:
                _copy_names(layout, git_dir)
            prefix = PurePosixPath(folder.relative_to(root).as_posix())
            yield cls(git_dir, root, layout, prefix, object_format, scratch_root, cancelled)

    @property
    def is_git(self) -> bool:
        """Whether there is a history: False for a plain folder."""
        return self._layout is not None

    @property
    def has_work_tree(self) -> bool:
        """Whether there are files to take a snapshot of: False for a bare repository."""
        return self._layout is None or self._layout.work_tree is not None

    def snapshot(self) -> str:
        """
        Id of a tree that holds the files as they are on disk now.

        In a work tree: tracked and untracked files, without those that its ``.gitignore`` files name (tracked ones are
        always there). In a plain folder: everything but ``.git``. A bare repository gives the tree of its ``HEAD``.
        Symbolic links are kept as links and never followed. What could not be read is in ``unread`` afterwards.

        :raises GitError: the index cannot be read, or a bare repository has no ``HEAD`` commit.
        """
        if not self.has_work_tree:
            return self._run("rev-parse", f"{self.resolve('HEAD')}^{{tree}}").decode("ascii").strip()
        unread: list[ScanFile] = []
        names, given = self._names(unread) if self._layout else _walk(self.root, unread)
        leaves: dict[bytes, _Leaf] = {}
        on_disk: dict[str, bytes] = {}
        folders = _RealFolders(self.root)
        for path in sorted(names):
            if self._cancelled is not None and self._cancelled():
                raise GitCancelled("snapshot: cancelled")
            leaf = self._leaf(path, folders, unread) or given.get(path)
            if leaf is not None:
                leaves[path] = leaf
                if leaf.mode not in (_GITLINK, _LINK):
                    on_disk.setdefault(leaf.sha, path)
        tree, trees = self._trees(leaves)
        self._store(on_disk, leaves, trees)
        self.unread = tuple(unread)
        return tree

    def _damaged(self, what: str) -> CorruptRepository:
        return CorruptRepository(what, "In a partial clone, fetch everything first; otherwise see what git fsck says.")

    def first_bytes(self, sha: str, count: int) -> bytes:
        """The first ``count`` bytes of a blob, or all of it; of a large local file from where it is."""
        if sha not in self._places:
            return super().first_bytes(sha, count)
        with _open_regular(self._places[sha]) as handle:
            return os.read(handle, count)

    # -- which files --------------------------------------------------------------------------------------------------

    def _names(self, unread: list[ScanFile]) -> tuple[set[bytes], dict[bytes, _Leaf]]:
        """Files of the work tree, and those entries that count although they are not on disk."""
        assert self._layout is not None
        for source in [self._layout.git_dir / "index", *self._layout.git_dir.glob("sharedindex.*")]:
            if source.is_file():
                shutil.copyfile(source, self.git_dir / source.name)
        exclude = self._layout.common_dir / "info/exclude"
        if exclude.is_file() and exclude.stat().st_size <= MEBIBYTE:
            shutil.copyfile(exclude, self.git_dir / "info/exclude")
        names: set[bytes] = set()
        given: dict[bytes, _Leaf] = {}
        tracked = self._listed(unread, "--cached", "--stage", "-t")
        for record in tracked:
            head, _, name = record.partition(b"\t")
            tag, mode, sha, _ = head.split(b" ")
            names.add(name)
            # A sparse checkout leaves files out on purpose; a submodule is a commit id and nothing to read.
            if tag == b"S" or int(mode, 8) == _GITLINK:
                given[name] = _Leaf(int(mode, 8), sha.decode("ascii"))
        # A name that ends with "/" is another repository inside this one: not part of it, as a submodule is not.
        names.update(name for name in self._listed(unread, "--others", "--exclude-standard") if not name.endswith(b"/"))
        return names, given

    def _listed(self, unread: list[ScanFile], *options: str) -> list[bytes]:
        answer = self._git.run("ls-files", "-z", *options, work_tree=self.root, stdout_limit=1024 * MEBIBYTE)
        for folder in _UNOPENED.findall(answer.stderr_tail):
            unread.append(ScanFile(decode_path(os.fsencode(folder)), None, GapReason.UNSUPPORTED.value))
        return [record for record in answer.stdout.split(b"\0") if record]

    # -- content to objects -------------------------------------------------------------------------------------------

    def _leaf(self, name: bytes, folders: _RealFolders, unread: list[ScanFile]) -> _Leaf | None:
        """The file as an object, not stored yet; None when there is nothing to read."""
        if not folders.holds(name):
            return None
        place = os.path.join(folders.root, name)  # noqa: PTH118 - names are bytes
        try:
            found = os.lstat(place)
            if stat.S_ISLNK(found.st_mode):
                return _Leaf(_LINK, self._object(b"blob", os.readlink(place))[0])  # noqa: PTH115
            if not stat.S_ISREG(found.st_mode):
                return None
            sha, size, mode = self._hash_file(place)
        except FileNotFoundError:
            return None
        except OSError:
            unread.append(ScanFile(decode_path(name), None, GapReason.UNSUPPORTED.value))
            return None
        if size > BIG_FILE:
            self._unstored[sha] = size
            self._places[sha] = place
        return _Leaf(0o100755 if mode & 0o100 else 0o100644, sha)

    def _hash_file(self, place: bytes) -> tuple[str, int, int]:
        """Object id, size and mode of a file, read in pieces."""
        with _open_regular(place) as handle:
            told = os.fstat(handle)
            digest = hashlib.new(self._object_format, b"blob %d\0" % told.st_size, usedforsecurity=False)
            left = told.st_size
            while left:
                piece = os.read(handle, min(left, MEBIBYTE))
                if not piece:
                    raise OSError("file shrinks while it is read")
                digest.update(piece)
                left -= len(piece)
            return digest.hexdigest(), told.st_size, told.st_mode

    def _object(self, kind: bytes, content: bytes) -> tuple[str, bytes]:
        whole = b"%b %d\0%b" % (kind, len(content), content)
        return hashlib.new(self._object_format, whole, usedforsecurity=False).hexdigest(), whole

    def _trees(self, leaves: dict[bytes, _Leaf]) -> tuple[str, dict[str, bytes]]:
        """Tree objects for all folders: the root's id, and every object by id."""
        folders: dict[bytes, dict[bytes, tuple[int, str]]] = {b"": {}}
        for path, leaf in leaves.items():
            parent, _, name = path.rpartition(b"/")
            folders.setdefault(parent, {})[name] = (leaf.mode, leaf.sha)
        for path in list(folders):
            while path:
                path = path.rpartition(b"/")[0]
                if path in folders:
                    break
                folders[path] = {}
        objects: dict[str, bytes] = {}
        sha = ""
        for path in sorted(folders, key=lambda p: -p.count(b"/") - (1 if p else 0)):
            # Git sorts a folder as if its name ended with a slash.
            entries = sorted(folders[path].items(), key=lambda e: e[0] + (b"/" if e[1][0] == 0o040000 else b""))
            content = b"".join(b"%o %b\0%b" % (mode, name, bytes.fromhex(id_)) for name, (mode, id_) in entries)
            sha, whole = self._object(b"tree", content)
            objects[sha] = whole
            if path:
                parent, _, name = path.rpartition(b"/")
                folders[parent][name] = (0o040000, sha)
        return sha, objects

    def _store(self, on_disk: dict[str, bytes], leaves: dict[bytes, _Leaf], trees: dict[str, bytes]) -> None:
        """Write what the repository does not have yet into our own store."""
        known = self._check([*on_disk, *trees])
        root = os.fsencode(self.root)
        for sha, whole in trees.items():
            if sha not in known:
                self._write(sha, whole)
        for sha, name in on_disk.items():
            if sha in known or sha in self._unstored:
                continue
            with _open_regular(os.path.join(root, name)) as handle, os.fdopen(os.dup(handle), "rb") as file:  # noqa: PTH118
                now, whole = self._object(b"blob", file.read(BIG_FILE + 1))
            if now != sha:
                raise GitError(f"{str(decode_path(name))!r} changes while it is read", "Try again when nobody writes.")
            self._write(sha, whole)
        links = {leaf.sha: name for name, leaf in leaves.items() if leaf.mode == _LINK}
        for sha, name in links.items():
            self._write(sha, self._object(b"blob", os.readlink(os.path.join(root, name)))[1])  # noqa: PTH115, PTH118

    def _write(self, sha: str, whole: bytes) -> None:
        place = self.git_dir / "objects" / sha[:2] / sha[2:]
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(zlib.compress(whole, 1))


class _RealFolders:
    """Remembers which folders below a root are real ones, not symbolic links that lead elsewhere."""

    def __init__(self, root: Path) -> None:
        self.root = os.fsencode(root)
        self._known: dict[bytes, bool] = {b"": True}

    def holds(self, name: bytes) -> bool:
        parent = name.rpartition(b"/")[0]
        chain: list[bytes] = []
        while parent not in self._known:
            chain.append(parent)
            parent = parent.rpartition(b"/")[0]
        good = self._known[parent]
        for folder in reversed(chain):
            if good:
                try:
                    good = stat.S_ISDIR(os.lstat(os.path.join(self.root, folder)).st_mode)  # noqa: PTH118
                except OSError:
                    good = False
            self._known[folder] = good
        return good


@contextmanager
def _open_regular(place: bytes) -> Iterator[int]:
    """A file for reading: no link is followed, and a pipe does not make us wait."""
    handle = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError("not a regular file")
        yield handle
    finally:
        os.close(handle)


def _walk(root: Path, unread: list[ScanFile]) -> tuple[set[bytes], dict[bytes, _Leaf]]:
    """Every file below a plain folder, without ``.git`` and without following links."""
    names: set[bytes] = set()
    top = os.fsencode(root)
    waiting = [b""]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(os.path.join(top, folder) if folder else top) as entries:  # noqa: PTH118
                for entry in entries:
                    if entry.name == b".git":
                        continue
                    name = folder + b"/" + entry.name if folder else entry.name
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(name)
                    else:
                        names.add(name)
        except OSError:
            unread.append(ScanFile(decode_path(folder), None, GapReason.UNSUPPORTED.value))
    return names, {}


def _find(folder: Path) -> tuple[_Layout | None, Path]:
    """The repository that a folder belongs to, and its top folder."""
    if (folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir():
        return _Layout(None, folder, _common(folder)), folder
    for candidate in (folder, *folder.parents):
        git_dir = candidate / ".git"
        if git_dir.is_file():
            pointer = _read_small(git_dir)
            if not pointer.startswith("gitdir:"):
                raise GitError(f"{str(git_dir)!r} is not a git file")
            git_dir = candidate / pointer.removeprefix("gitdir:").strip()
            if not (git_dir / "HEAD").is_file():
                raise GitError(f"{str(candidate / '.git')!r} points to a repository that is not there")
        if (git_dir / "HEAD").is_file():
            common = _common(git_dir)
            if (common / "objects").is_dir():
                return _Layout(candidate, git_dir.resolve(), common), candidate
    return None, folder


def _common(git_dir: Path) -> Path:
    """Where a linked work tree's repository keeps objects and refs."""
    pointer = _read_small(git_dir / "commondir").strip()
    return (git_dir / pointer).resolve() if pointer else git_dir.resolve()


def _object_format(common_dir: Path) -> str:
    """``sha1`` or ``sha256``. The one fact that we take from the repository's configuration, as text."""
    text = _read_small(common_dir / "config")
    return "sha256" if re.search(r"(?im)^\s*objectformat\s*=\s*\"?sha256\"?\s*$", text) else "sha1"


def _copy_names(layout: _Layout, git_dir: Path) -> None:
    """Give our repository the names (branches, tags, ``HEAD``) of the user's, as far as they are well formed."""
    refs = _packed_refs(layout.common_dir)
    symbolic: dict[str, str] = {}
    top = layout.common_dir / "refs"
    for folder, _, files in os.walk(top):
        for file in files:
            place = Path(folder, file)
            name = "refs/" + place.relative_to(top).as_posix()
            text = _read_small(place).strip()
            if text.startswith("ref:"):
                symbolic[name] = text.removeprefix("ref:").strip()
            else:
                refs[name] = text
    for name, target in symbolic.items():
        if target in refs:
            refs[name] = refs[target]
    lines = [
        f"{sha} {name}\n"
        for name, sha in sorted(refs.items())
        if _SHA.fullmatch(sha) and _REF.fullmatch(name) and not name.startswith("refs/replace/")
    ]
    (git_dir / "packed-refs").write_bytes(os.fsencode("".join(lines)))
    for name in ("HEAD", *_PSEUDO):
        text = _read_small(layout.git_dir / name).strip()
        target = text.removeprefix("ref:").strip()
        if (text.startswith("ref:") and _REF.fullmatch(target)) or _SHA.fullmatch(text):
            (git_dir / name).write_bytes(os.fsencode(text + "\n"))
    # A shallow clone's history ends here; without this file its missing parents would be damage.
    shallow = [line for line in _read_small(layout.common_dir / "shallow").split() if _SHA.fullmatch(line)]
    if shallow:
        (git_dir / "shallow").write_text("".join(f"{line}\n" for line in shallow))


def _packed_refs(common_dir: Path) -> dict[str, str]:
    refs: dict[str, str] = {}
    with suppress(OSError), (common_dir / "packed-refs").open("rb") as file:
        for line in os.fsdecode(file.read(_PACKED_REFS)).split("\n"):
            sha, _, name = line.partition(" ")
            if _SHA.fullmatch(sha):
                refs[name] = sha
    return refs


def _read_small(place: Path) -> str:
    """Text of a small regular file; empty when it is not one."""
    try:
        with _open_regular(os.fsencode(place)) as handle:
            return os.fsdecode(os.read(handle, _SMALL))
    except OSError:
        return ""
