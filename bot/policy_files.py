"""
Policies in files of this host: the organisation's, and those of its groups in the data directory.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

from bot.domain import failures
from bot.domain.policy import PolicyDocument
from bot.domain.policy_layers import (
    GROUPS,
    POLICY_FILE,
    FoundFile,
    GroupFile,
    LayerError,
    read_organisation,
    sort_out,
    text_of,
)
from bot.domain.policy_problems import FILE_UNREADABLE
from bot.errors import ConfigurationError


def organisation_in(file: Path) -> PolicyDocument:
    """The organisation's policy in a file. Raises ``ConfigurationError``."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            failures.POLICY_UNREADABLE.format(file=file, text=getattr(error, "strerror", None) or error),
            "Check its path.",
        ) from error
    document = read_organisation(text, str(file))
    return replace(document, policy=replace(document.policy, layers=(str(file),)))


def read_policy_folder(folder: Path) -> tuple[Path | None, tuple[GroupFile, ...]]:
    """
    The organisation's file (None where there is none) and the groups' in a folder of this host.

    A group's file that cannot be read is kept with its problem, for it concerns only what is below it. Raises
    ``ConfigurationError`` for a name that says nothing about whom it concerns.
    """
    try:
        known = sort_out(_files_in(folder))
    except OSError as error:
        raise ConfigurationError(
            failures.POLICY_UNREADABLE.format(file=error.filename or folder, text=error.strerror),
            "Check that it is there, and who may read it.",
        ) from error
    except LayerError as error:
        raise ConfigurationError(f"{folder}: {error}", error.hint) from error
    groups = []
    for group in sorted(name for name in known if name):
        place = folder / known[group].path
        shown, text, problem = str(known[group].path), "", ""
        try:
            text = text_of(place.read_bytes(), shown)
        except LayerError as error:
            problem = str(error)
        except OSError as error:
            problem = FILE_UNREADABLE.format(file=shown, text=error.strerror)
        groups.append(GroupFile(group, shown, str(place), text, problem))
    return (folder / known[""].path if "" in known else None), tuple(groups)


def _files_in(folder: Path) -> Iterator[FoundFile]:
    """What may be a policy. Links to files are followed: Kubernetes puts the files of a ConfigMap into place so."""
    organisation = folder / POLICY_FILE
    if _there(organisation):
        yield FoundFile(PurePosixPath(POLICY_FILE), organisation.stat().st_size, organisation.is_file())
    groups = folder / GROUPS
    if _there(groups) and not groups.is_dir():
        yield FoundFile(PurePosixPath(GROUPS), 0, False)

    def refuse(error: OSError) -> None:
        raise error

    for here, inside, names in os.walk(groups, onerror=refuse if groups.is_dir() else None):
        # Where a ConfigMap's files really are; no group's name begins so.
        inside[:] = [name for name in inside if not name.startswith("..")]
        for name in [*names, *(link for link in inside if Path(here, link).is_symlink())]:
            place = Path(here, name)
            size = place.stat().st_size if place.exists() else 0
            yield FoundFile(PurePosixPath(place.relative_to(folder)), size, place.is_file())


def _there(place: Path) -> bool:
    """Whether something has this name, be it a link that leads nowhere."""
    return os.path.lexists(place)
