"""Makes real git repositories quickly, with contents and names that no work tree could hold."""

from __future__ import annotations

import hashlib
import os
import struct
import subprocess
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
}


@dataclass(frozen=True)
class Executable:
    """A file with the executable bit."""

    content: bytes


@dataclass(frozen=True)
class Link:
    """A symbolic link."""

    target: bytes


@dataclass(frozen=True)
class Blob:
    """A file whose content is already in the repository."""

    sha: str


@dataclass(frozen=True)
class Submodule:
    """A submodule at a commit."""

    sha: str


Content = bytes | str | Executable | Link | Blob | Submodule | None
"""None deletes the file."""


def git(folder: Path, *arguments: str, stdin: bytes | None = None) -> str:
    """Run git in a folder and return what it printed, without the final newline. Fails when git does."""
    done = subprocess.run(
        ["git", *arguments], cwd=folder, input=stdin, capture_output=True, check=False, env=_ENVIRONMENT
    )
    assert done.returncode == 0, (arguments, done.stderr.decode("utf-8", "replace"))
    return done.stdout.decode("utf-8", "replace").rstrip("\n")


class Builder:
    """A bare repository that takes commits as mappings of path to content."""

    def __init__(self, path: Path, *, object_format: str = "sha1") -> None:
        self.path = path
        path.mkdir(parents=True)
        git(path, "init", "--quiet", "--bare", "--initial-branch=main", f"--object-format={object_format}", ".")
        # As on GitLab: any commit may be asked for by its id.
        git(path, "config", "uploadpack.allowAnySHA1InWant", "true")
        git(path, "config", "core.compression", "1")

    def commit(
        self,
        files: Mapping[str | bytes, Content],
        *,
        ref: str = "refs/heads/main",
        parents: Sequence[str] | None = None,
    ) -> str:
        """
        Commit changes on top of the first parent and point ``ref`` at the result.

        :param parents: None continues ``ref`` if it exists; an empty list starts a new history.
        :returns: the commit's id.
        """
        if parents is None:
            parents = git(self.path, "for-each-ref", "--format=%(objectname)", ref).split()
        lines = [b"commit refs/build/tmp\ncommitter Ada <ada@example.org> 1700000000 +0000\ndata 1\nx\n"]
        for number, parent in enumerate(parents):
            lines.append(f"{'merge' if number else 'from'} {parent}\n".encode())
        for path, content in files.items():
            lines.append(_entry(path if isinstance(path, bytes) else path.encode(), content))
        git(self.path, "update-ref", "-d", "refs/build/tmp")
        git(self.path, "fast-import", "--quiet", "--force", stdin=b"".join(lines))
        sha = git(self.path, "rev-parse", "refs/build/tmp")
        git(self.path, "update-ref", ref, sha)
        return sha

    def huge_blob(self, piece: bytes, times: int) -> Blob:
        """
        Store ``piece`` repeated ``times`` times, written straight into a pack: git itself takes 20 s for 2 GiB.

        Formats: https://git-scm.com/docs/gitformat-pack (pack version 2, index version 2).
        """
        size = len(piece) * times
        name = hashlib.sha1(b"blob %d\0" % size)
        adler = 1
        for _ in range(times):
            name.update(piece)
            adler = zlib.adler32(piece, adler)
        # After a full flush the compressor remembers nothing, so that its output for the same piece can be repeated.
        compressor = zlib.compressobj(9)
        first = compressor.compress(piece) + compressor.flush(zlib.Z_FULL_FLUSH)
        again = compressor.compress(piece) + compressor.flush(zlib.Z_FULL_FLUSH)
        end = compressor.flush()[:-4] + struct.pack(">I", adler)
        header = bytearray([(3 << 4) | (size & 15)])
        left = size >> 4
        while left:
            header[-1] |= 0x80
            header.append(left & 0x7F)
            left >>= 7
        packed = bytes(header) + first + again * (times - 1) + end
        pack = b"PACK" + struct.pack(">II", 2, 1) + packed
        pack += hashlib.sha1(pack).digest()
        fanout = b"".join(struct.pack(">I", int(name.digest()[0] <= byte)) for byte in range(256))
        index = b"\xfftOc" + struct.pack(">I", 2) + fanout + name.digest() + struct.pack(">II", zlib.crc32(packed), 12)
        index += pack[-20:]
        index += hashlib.sha1(index).digest()
        place = self.path / "objects/pack" / f"pack-{name.hexdigest()}"
        place.with_suffix(".pack").write_bytes(pack)
        place.with_suffix(".idx").write_bytes(index)
        return Blob(name.hexdigest())


def _entry(path: bytes, content: Content) -> bytes:
    name = b'"' + b"".join(b"\\%03o" % byte if byte != 0x2F else b"/" for byte in path) + b'"'
    match content:
        case None:
            return b"D " + name + b"\n"
        case Blob(sha):
            return b"M 100644 " + sha.encode() + b" " + name + b"\n"
        case Submodule(sha):
            return b"M 160000 " + sha.encode() + b" " + name + b"\n"
        case Executable(body):
            mode = b"100755"
        case Link(target):
            mode, body = b"120000", target
        case str():
            mode, body = b"100644", content.encode()
        case _:
            mode, body = b"100644", content
    return b"M " + mode + b" inline " + name + b"\ndata %d\n" % len(body) + body + b"\n"
