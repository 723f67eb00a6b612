"""Makes bare repositories by hand: a few small files, the same bytes each time, no template and no process."""

from __future__ import annotations

import os
from pathlib import Path

HEAD = "ref: refs/heads/none\n"
"""Points nowhere: newer git looks for attributes in the HEAD of a bare repository."""

# Highest precedence of all attribute files: the content decides what is binary, and nothing converts it.
_ATTRIBUTES = "* !diff !merge !text !eol !crlf !filter !ident !working-tree-encoding\n"


def config_text(object_format: str = "sha1", *, own_objects: bool = True) -> str:
    """
    The configuration file of such a repository.

    :param own_objects: False where the objects come from a stranger's store, whose shortcuts about history (commit
        graph, index over packs) are then not believed.
    """
    lines = ["[core]"]
    lines.append(f"\trepositoryformatversion = {0 if object_format == 'sha1' else 1}")
    lines += ["\tbare = true", "\tfilemode = true"]
    if not own_objects:
        lines += ["\tcommitGraph = false", "\tmultiPackIndex = false"]
    if object_format != "sha1":
        lines += ["[extensions]", f"\tobjectformat = {object_format}"]
    return "\n".join(lines) + "\n"


def create_bare(
    path: Path,
    *,
    objects: Path | None = None,
    object_format: str = "sha1",
    own_objects: bool = True,
    durable: bool = False,
) -> None:
    """
    Create a bare repository at ``path``, which must not exist or be empty.

    :param objects: another repository's ``objects`` folder to read from.
    :param durable: whether to wait until the files are on disk.
    """
    files = {
        "config": config_text(object_format, own_objects=own_objects),
        "HEAD": HEAD,
        "info/attributes": _ATTRIBUTES,
    }
    if objects is not None:
        files["objects/info/alternates"] = _quoted(objects) + "\n"
    for folder in ("objects/info", "objects/pack", "refs/heads", "info"):
        (path / folder).mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        with (path / name).open("wb") as file:
            file.write(os.fsencode(text))
            if durable:
                file.flush()
                os.fsync(file.fileno())


def _quoted(path: Path) -> str:
    # A line that starts with a quote is read as a C string. https://git-scm.com/docs/gitrepository-layout
    text = str(path.absolute())
    if "\n" not in text:
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
