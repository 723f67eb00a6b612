"""
A bare mirror of one project: only what was asked for is fetched, into names of our own.

Several processes may use a mirror. Fetching is one at a time (a lock on a file beside it), reading needs no lock. A
mirror holds nothing that the server does not, so whatever is wrong with it is mended by making it again.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from bot.domain import failures
from bot.errors import ConfigurationError
from bot.pipeline.git.bare import HEAD, config_text, create_bare
from bot.pipeline.git.command import Credential, Git, git_version, secret_config
from bot.pipeline.git.errors import CorruptRepository, GitCancelled, GitError, GitTimeout, RefNotFound
from bot.pipeline.git.repository import Repository
from scanners.process import MEBIBYTE

NAMESPACE = "refs/mergewarden/"
_FETCH_MEMORY = 3072 * MEBIBYTE
_PACKS = 50
_BROKEN = "mergewarden-broken"
_REFSPEC = re.compile(
    r"(?P<source>refs/[^\x00-\x20\x7f:~^?*\[\\]+|[0-9a-f]{40}|[0-9a-f]{64}):refs/mergewarden/[A-Za-z0-9/_-]+"
)


def branch_ref(branch: str) -> str:
    """Our name for a branch. Hashed: any two branch names can exist side by side, also ``a`` and ``a/b``."""
    return f"{NAMESPACE}branch/{hashlib.sha256(branch.encode()).hexdigest()[:32]}"


def merge_request_ref(iid: int) -> str:
    """Our name for the head of a merge request."""
    return f"{NAMESPACE}merge-request/{iid}"


def branch_refspec(branch: str) -> str:
    """What to fetch for a branch of the target project."""
    return f"refs/heads/{branch}:{branch_ref(branch)}"


def merge_request_refspec(iid: int) -> str:
    """What to fetch for a merge request; GitLab keeps its head in the target project, forks included."""
    return f"refs/merge-requests/{iid}/head:{merge_request_ref(iid)}"


def commit_refspec(sha: str) -> str:
    """What to fetch for one commit."""
    return f"{sha}:{NAMESPACE}commit/{sha}"


class Mirror(Repository):
    """One project's objects."""

    def __init__(
        self,
        path: Path,
        url: str,
        credential: Credential | None = None,
        *,
        scratch_root: Path | None = None,
        ca_file: Path | None = None,
        allow_file: bool = False,
        fetch_timeout: float = 1800.0,
        lock_timeout: float = 1800.0,
        cancelled: Callable[[], bool] | None = None,
    ) -> None:
        """
        Describe the mirror; nothing is touched until the first fetch.

        :param path: its folder, best named by project id. A lock file and, while it is made, siblings of that name
            stand beside it.
        :param url: ``http(s)`` address without user name and password.
        :param scratch_root: as for ``Repository``.
        :param ca_file: PEM file of the authorities that the server's certificate is checked against.
        :param allow_file: also accept ``file`` addresses and plain paths (tests, demo).
        :param fetch_timeout: seconds for one fetch; the first one moves the whole history.
        :param lock_timeout: seconds to wait for another process's fetch.
        :raises ConfigurationError: the address is not one we fetch from.
        """
        super().__init__(path, scratch_root=scratch_root, cancelled=cancelled)
        parts = urlsplit(url)
        if parts.username is not None or parts.password is not None:
            raise ConfigurationError(failures.ADDRESS_WITH_PASSWORD, "Give it as a credential.")
        allowed = ("http", "https", "file", "") if allow_file else ("http", "https")
        if parts.scheme not in allowed or url.startswith("-") or re.search(r"[\x00-\x20\x7f'\"\\]", url):
            raise ConfigurationError(failures.ADDRESS_NOT_HTTP.format(text=repr(url[:100])))
        self.path = path
        self.url = url
        self._credential = credential
        self._allow_file = allow_file
        self._fetch_timeout = fetch_timeout
        self._lock_timeout = lock_timeout
        self._cancelled = cancelled
        self._folder_seen: tuple[int, int] | None = None
        self._transport = {"http.sslCAInfo": str(ca_file)} if ca_file else {}

    # -- fetching -----------------------------------------------------------------------------------------------------

    def ensure(self, commits: Sequence[str], refspecs: Sequence[str] = ()) -> None:
        """
        Make sure that these commits are here. Without network traffic when they are.

        :param commits: full commit ids.
        :param refspecs: fetched first when one is missing; what is still missing then is asked for by its id.
        :raises RefNotFound: the server does not have a commit (yet).
        :raises GitError: see ``fetch``.
        """
        missing = self._missing(commits)
        if missing and refspecs:
            with suppress(RefNotFound):  # the ref may be late or gone, and the commit still there
                self.fetch(refspecs)
            missing = self._missing(missing)
        if missing:
            self.fetch([commit_refspec(sha) for sha in missing])
        for sha in self._missing(missing):
            self._damaged("")
            raise CorruptRepository(failures.GIT_NOT_FETCHED.format(text=sha))

    def fetch(self, refspecs: Sequence[str]) -> None:
        """
        Fetch refs or commits into our namespace, moving our refs wherever the server's went.

        Creates the mirror when it is missing, and makes it again when it is damaged.

        :param refspecs: as made by ``branch_refspec``, ``merge_request_refspec`` and ``commit_refspec``.
        :raises AccessDenied: the token is refused.
        :raises RepositoryNotFound: no such project for this token.
        :raises RefNotFound: the server lacks one of them; nothing of this call was fetched.
        :raises ServerUnreachable: no answer, or half of one.
        :raises GitTimeout: too slow, or another process fetches for too long.
        :raises GitCancelled: the caller lost interest.
        """
        for refspec in refspecs:
            if not _REFSPEC.fullmatch(refspec):
                raise GitError(failures.GIT_NOT_A_REF.format(text=repr(refspec[:100])))
        with self._lock(self._lock_timeout):
            self._prepare()
            try:
                self._fetch(refspecs)
            except (CorruptRepository, GitError) as error:
                # Only what looks like our own fault is worth a new copy: everything else has a name.
                if type(error) is not CorruptRepository and not (type(error) is GitError and self._is_unsound()):
                    raise
                self._create()
                self._fetch(refspecs)

    def _fetch(self, refspecs: Sequence[str]) -> None:
        secret = secret_config(self.url, self._credential, git_version()) if self._credential else {}
        git = Git(
            self.path,
            cancelled=self._cancelled,
            timeout=self._fetch_timeout,
            secrets=self._credential.secrets() if self._credential else (),
        )
        git.run(
            "fetch",
            "--quiet",
            "--force",
            "--no-tags",
            "--no-recurse-submodules",
            "--no-write-fetch-head",
            "--no-show-forced-updates",
            "--no-auto-gc",
            "--refmap=",
            "--",
            self.url,
            *refspecs,
            env=secret,
            config=self._transport,
            protocols=("http", "https", "file") if self._allow_file else ("http", "https"),
            memory_bytes=_FETCH_MEMORY,
        )

    def maintain(self) -> bool:
        """
        Repack the mirror when fetches have left many packs. For quiet hours; returns whether there was anything to do.

        What no name leads to any more (heads that were force-pushed away) is dropped two weeks after its fetch.
        Skipped while another process fetches.
        """
        if not self._is_whole() or len(list((self.path / "objects/pack").glob("*.pack"))) < _PACKS:
            return False
        try:
            with self._lock(0):
                self._git.run("gc", "--quiet", "--prune=2.weeks.ago", timeout=3600, memory_bytes=_FETCH_MEMORY)
        except GitTimeout:
            return False
        return True

    # -- reading ------------------------------------------------------------------------------------------------------

    def _missing(self, commits: Sequence[str]) -> list[str]:
        """All of the commits for a mirror that is missing or known to be damaged."""
        self._look_again()
        return super()._missing(commits) if self._is_whole() else list(commits)

    def _require_trees(self, *treeish: str) -> None:
        self._look_again()
        super()._require_trees(*treeish)

    def _look_again(self) -> None:
        """Forget what was seen where another process has made the mirror again since."""
        try:
            status = self.path.stat()
            folder = (status.st_dev, status.st_ino)
        except OSError:
            folder = None
        if folder is None or folder != self._folder_seen:
            self._forget()
        self._folder_seen = folder

    def those_here(self, commits: Collection[str]) -> frozenset[str]:
        """Those of the commits that are here; none for a mirror that is missing or known to be damaged."""
        return super().those_here(commits) if self._is_whole() else frozenset()

    # -- soundness ----------------------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        """Make the mirror usable. Needs the lock."""
        if not self._is_whole():
            self._create()
            return
        # We hold the lock, so these belong to a fetch that was killed.
        for pattern in ("*.lock", "objects/info/*.lock", "objects/pack/tmp_*", "objects/pack/.tmp-*"):
            for leftover in self.path.glob(pattern):
                leftover.unlink(missing_ok=True)
        for folder, _, names in os.walk(self.path / "refs"):
            for name in names:
                if name.endswith(".lock"):
                    Path(folder, name).unlink(missing_ok=True)

    def _is_whole(self) -> bool:
        """Whether the mirror was made to its end and nobody noticed damage."""
        try:
            return (
                (self.path / "HEAD").read_text("utf-8") == HEAD
                and (self.path / "config").read_text("utf-8") == config_text()
                and (self.path / "objects/pack").is_dir()
                and (self.path / "refs").is_dir()
                and not (self.path / _BROKEN).exists()
            )
        except (OSError, UnicodeDecodeError):
            return False

    def _is_unsound(self) -> bool:
        try:
            self._git.run("fsck", "--connectivity-only", "--no-dangling", "--no-progress", timeout=self._fetch_timeout)
        except GitCancelled:
            raise
        except GitError:
            return True
        return False

    def _create(self) -> None:
        """Put a new, empty mirror in place of whatever is there. Needs the lock."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for leftover in self.path.parent.glob(f"{self.path.name}.*-part"):
            shutil.rmtree(leftover, ignore_errors=True)
        part = self.path.with_name(f"{self.path.name}.{secrets.token_hex(4)}-part")
        old = self.path.with_name(f"{self.path.name}.{secrets.token_hex(4)}-part")
        create_bare(part, durable=True)
        part.chmod(0o700)
        self._forget()
        with suppress(FileNotFoundError):
            self.path.rename(old)
        part.rename(self.path)
        if old.is_dir():
            shutil.rmtree(old, ignore_errors=True)
        else:
            old.unlink(missing_ok=True)

    def _forget(self) -> None:
        """Ask anew what is here."""
        self._commits_seen.clear()
        self._trees_seen.clear()

    def _damaged(self, what: str) -> CorruptRepository:
        self._forget()
        with suppress(OSError):
            (self.path / _BROKEN).touch()
        return super()._damaged(what)

    @contextmanager
    def _lock(self, timeout: float) -> Iterator[None]:
        """Hold the mirror's lock; the kernel drops it with the process."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        deadline = time.monotonic() + timeout
        # The lock file stays: removing it would let two processes hold locks on two files of one name.
        handle = os.open(
            self.path.with_name(self.path.name + ".lock"), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600
        )
        try:
            while True:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if self._cancelled is not None and self._cancelled():
                        raise GitCancelled(failures.GIT_CANCELLED.format(command="fetch")) from None
                    if time.monotonic() >= deadline:
                        raise GitTimeout(failures.GIT_BUSY.format(command="fetch")) from None
                    time.sleep(0.05)
            yield
        finally:
            os.close(handle)
