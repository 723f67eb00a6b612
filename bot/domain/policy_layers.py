"""
An organisation's policy with those of its groups, and which file is whose.

The same folder may be a GitLab project or a place on disk: ``policy.yml`` at its top is the organisation's, and
``groups/<full path of a group>.yml`` is a group's, which holds for every project below that group. Groups are applied
from the outermost to the innermost, and each can only tighten what is above it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Final

from bot.domain import failures
from bot.domain import policy_problems as say
from bot.domain.policy import PartialPolicy, Policy, PolicyDocument, RefusedSetting
from bot.domain.policy_file import MAX_BYTES, load_group_policy, load_policy
from bot.domain.policy_tightening import tighten
from bot.domain.verdict import Reason, ReasonCode
from bot.errors import ConfigurationError

POLICY_FILE: Final = "policy.yml"
GROUPS: Final = "groups"
MOST_GROUPS: Final = 1_000
MOST_GROUP_BYTES: Final = 1024 * 1024
"""Of all groups' files together. Each of them is read with every new version, at about a second for 100 KB."""
_MOST_PARTS: Final = 20
"""GitLab nests groups no deeper. https://docs.gitlab.com/user/group/subgroups/"""
_PART: Final = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.-]{0,254}")
_SHOWN: Final = 200


class LayerError(ConfigurationError):
    """Raised when a file of the folder cannot be a policy: its name, kind or size is wrong. ``file`` is its path."""

    def __init__(self, file: str, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.file = file


@dataclass(frozen=True, slots=True)
class FoundFile:
    """Something that lies in the folder."""

    path: PurePosixPath
    """From the folder's top."""
    size: int
    """Bytes."""
    is_file: bool
    """Whether it is a plain file."""


@dataclass(frozen=True, slots=True)
class GroupFile:
    """A group's policy, as text."""

    group: str
    """Full path of the group."""
    file: str
    """How errors and reasons call it."""
    origin: str
    """Where it came from, for people."""
    text: str
    problem: str = ""
    """Why there is no text, one line; then nothing below the group can be judged."""

    def holds_for(self, project: str) -> bool:
        """Whether the project with this full path is below the group, upper and lower case alike."""
        return project.casefold().startswith(f"{self.group.casefold()}/")

    def settings(self) -> PartialPolicy:
        """What the text says. Raises ``ConfigurationError``."""
        if self.problem:
            raise ConfigurationError(self.problem, "Mend the file, or remove it.")
        return read_group(self.text, self.file)


@dataclass(frozen=True, slots=True)
class LayeredPolicy(PolicyDocument):
    """The organisation's policy and its groups'."""

    groups: tuple[GroupFile, ...] = ()
    standing: tuple[Reason, ...] = ()
    """What every decision has to say about the policy, above all that it is not the newest."""

    def for_project(self, path: str) -> Policy:
        """
        The policy of the project with this full path, without its own file.

        Raises ``ConfigurationError`` when the file of a group above it is wrong: what it meant to stop is not known.
        """
        return self._layered(path)[0]

    def reasons_for(self, path: str) -> tuple[Reason, ...]:
        """What of the layers does not count for this project. Raises as ``for_project``."""
        return (*self.standing, *self._layered(path)[1])

    def under(self, organisation: PolicyDocument) -> LayeredPolicy:
        """The same groups under another organisation's file."""
        return LayeredPolicy(organisation.source_name, organisation.policy, organisation.projects, self.groups)

    def _layered(self, path: str) -> tuple[Policy, tuple[Reason, ...]]:
        policy = PolicyDocument.for_project(self, path)
        reasons: list[Reason] = []
        # A group's path begins with the paths of those above it, so this is from the outermost to the innermost.
        above = [group for group in self.groups if group.holds_for(path)]
        for group in sorted(above, key=lambda group: group.group.count("/")):
            known = len(policy.refused)
            policy = tighten(policy, group.settings())
            policy = replace(policy, layers=(*policy.layers, group.origin))
            reasons += (refusal(refused, group.file) for refused in policy.refused[known:])
        return policy, tuple(reasons)


def refusal(refused: RefusedSetting, file: str = "") -> Reason:
    """That a wish of a layer is not followed; ``file`` names it unless it is the project's own."""
    subject = f"{file}: {refused.setting}" if file else refused.setting
    detail = failures.SETTING_REFUSED.format(wanted=refused.wanted, kept=refused.kept)
    return Reason(ReasonCode.PROJECT_POLICY_REFUSED, subject, detail)


# Every scan asks for the policy, and reading YAML takes longer than all the rest of a decision.
@lru_cache(maxsize=8)
def read_organisation(text: str, file: str) -> PolicyDocument:
    """As ``load_policy``, once for each text."""
    return load_policy(text, file)


@lru_cache(maxsize=256)
def read_group(text: str, file: str) -> PartialPolicy:
    """As ``load_group_policy``, once for each text."""
    return load_group_policy(text, file)


def sort_out(files: Iterable[FoundFile]) -> Mapping[str, FoundFile]:
    """
    The files that are policies: the organisation's under the empty name, the others under their group's full path.

    Other files (a README, ``.gitlab-ci.yml``) are left out, unless somebody may have meant them for a policy: a policy
    that nobody reads would be a gate that is open unseen. Raises ``LayerError``.
    """
    found: dict[str, FoundFile] = {}
    folded: dict[str, FoundFile] = {}
    total = 0
    for file in files:
        group = _group_of(file)
        if group is None:
            continue
        shown = _shown(file.path)
        if not file.is_file:
            raise LayerError(shown, say.FILE_IS_LINK.format(file=shown), "Put the file itself in its place.")
        if file.size > MAX_BYTES:
            raise LayerError(shown, say.FILE_TOO_LARGE.format(file=shown, count=MAX_BYTES), _SHORTEN)
        twin = folded.setdefault(group.casefold(), file)
        if twin is not file:
            raise LayerError(
                shown,
                say.FILE_TWICE.format(file=shown, path=_shown(twin.path)),
                "Keep one: GitLab's paths ignore case.",
            )
        found[group] = file
        if group:
            total += file.size
        if len(found) > MOST_GROUPS + 1:
            raise LayerError(
                GROUPS, say.TOO_MANY_GROUPS.format(count=MOST_GROUPS), "One file of an outer group will do."
            )
        if total > MOST_GROUP_BYTES:
            raise LayerError(GROUPS, say.GROUPS_TOO_LARGE.format(count=MOST_GROUP_BYTES), _SHORTEN)
    return found


_SHORTEN: Final = "Shorten it; a pattern can stand for many paths."


def text_of(content: bytes, file: str) -> str:
    """The text of a file. Raises ``LayerError``."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise LayerError(file, say.FILE_NOT_UTF_8.format(file=file), "Save it as UTF-8.") from error


def _group_of(file: FoundFile) -> str | None:
    """The group that the file is about, empty for the organisation; None for a file that is no policy."""
    path, shown = file.path, _shown(file.path)
    if path == PurePosixPath(POLICY_FILE):
        return ""
    if not path.parts or path.parts[0] != GROUPS:
        return None
    if len(path.parts) == 1:
        raise LayerError(
            shown, say.NOT_A_FOLDER.format(file=shown), f"Make {GROUPS} a folder with a file for each group."
        )
    suffix = path.suffix.lower()
    if suffix not in (".yml", ".yaml"):
        # A link to a folder, or a submodule, may stand for any number of policies.
        if not file.is_file:
            raise LayerError(shown, say.FILE_IS_LINK.format(file=shown), "Put the file itself in its place.")
        return None
    if path.suffix != ".yml":
        raise LayerError(shown, say.WRONG_ENDING.format(file=shown), "Rename it.")
    parts = (*path.parts[1:-1], path.name.removesuffix(".yml"))
    if len(parts) > _MOST_PARTS or not all(_PART.fullmatch(part) and part not in (".", "..") for part in parts):
        raise LayerError(shown, say.NOT_A_GROUPS_FILE.format(file=shown), f"For example {GROUPS}/shop/backend.yml.")
    return "/".join(parts)


def _shown(path: PurePosixPath) -> str:
    """A path in one short line of printable characters."""
    line = "".join(c if c.isprintable() else "?" for c in str(path))
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"
