"""
What happens between a push and the branch: GitLab's own rules, then the ``pre-receive`` hooks of the administrator.

As Gitaly does it (internal/gitaly/hook/custom.go, doc/administration/server_hooks.md): new objects wait in a
quarantine; ``<repository>.git/custom_hooks/pre-receive``, then ``custom_hooks/pre-receive.d/*``, then the global
``<custom_hooks_dir>/pre-receive.d/*`` run in this order until one says no. They get the documented environment and
nothing else: in particular no ``GIT_QUARANTINE_PATH``, which GitLab does not promise.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tests.standin import access
from tests.standin.errors import ApiError, HookRefused
from tests.standin.model import Project, User
from tests.standin.repository import ZERO, GitError, Repository, git_environment

if TYPE_CHECKING:
    from tests.standin.world import World

Protocol = Literal["http", "ssh", "web"]
Change = tuple[str, str, str]
_KEYS = 7000

_SCRIPT = r"""#!/bin/sh
# What Gitaly does before it accepts a push. GitLab's own verdict comes in the environment.
changes=$(cat)
if [ -n "$STANDIN_REFUSED" ]; then
    echo "GitLab: $STANDIN_REFUSED" >&2
    exit 1
fi
if [ -n "$STANDIN_ONLY_FORWARD" ]; then
    printf '%s\n' "$changes" | while read -r old new ref; do
        case " $STANDIN_ONLY_FORWARD " in *" $ref "*) ;; *) continue ;; esac
        case "$old$new" in *0000000000000000000000000000000000000000*) continue ;; esac
        git merge-base --is-ancestor "$old" "$new" || { echo "GitLab: $STANDIN_FORCE_MESSAGE" >&2; exit 1; }
    done || exit 1
fi
set -- "PATH=$PATH" "HOME=$HOME" "LANG=${LANG:-C.UTF-8}" "GIT_DIR=$PWD" "GIT_CONFIG_NOSYSTEM=1" \
    "GIT_CONFIG_GLOBAL=/dev/null" "GL_ID=$GL_ID" "GL_USERNAME=$GL_USERNAME" "GL_PROTOCOL=$GL_PROTOCOL" \
    "GL_REPOSITORY=$GL_REPOSITORY" "GL_PROJECT_PATH=$GL_PROJECT_PATH"
[ -n "$GIT_OBJECT_DIRECTORY" ] && set -- "$@" "GIT_OBJECT_DIRECTORY=$GIT_OBJECT_DIRECTORY"
[ -n "$GIT_ALTERNATE_OBJECT_DIRECTORIES" ] &&
    set -- "$@" "GIT_ALTERNATE_OBJECT_DIRECTORIES=$GIT_ALTERNATE_OBJECT_DIRECTORIES"
if [ "${GIT_PUSH_OPTION_COUNT:-0}" -gt 0 ]; then
    set -- "$@" "GIT_PUSH_OPTION_COUNT=$GIT_PUSH_OPTION_COUNT"
    number=0
    while [ "$number" -lt "$GIT_PUSH_OPTION_COUNT" ]; do
        eval "value=\$GIT_PUSH_OPTION_$number"
        set -- "$@" "GIT_PUSH_OPTION_$number=$value"
        number=$((number + 1))
    done
fi
for hook in custom_hooks/pre-receive custom_hooks/pre-receive.d/* "$STANDIN_GLOBAL_HOOKS"/pre-receive.d/*; do
    case "$hook" in *'~') continue ;; esac
    [ -f "$hook" ] && [ -x "$hook" ] || continue
    case "$hook" in /*) ;; *) hook="$PWD/$hook" ;; esac
    printf '%s\n' "$changes" | env -i "$@" "$hook" || exit 1
done
exit 0
"""


def equip(repository: Repository) -> None:
    """Put the hook in that every push goes through."""
    place = repository.directory / "hooks" / "pre-receive"
    place.parent.mkdir(exist_ok=True)
    place.write_text(_SCRIPT)
    place.chmod(0o755)


def install(world: World, project: Project | None, script: str | bytes, name: str | None) -> Path:
    """
    Write an executable hook: ``custom_hooks/pre-receive``, or with ``name`` ``custom_hooks/pre-receive.d/<name>``.

    Without a project it is a global hook, which needs a name.
    """
    folder = world.custom_hooks if project is None else project.repository.directory / "custom_hooks"
    place = folder / "pre-receive" if name is None and project else folder / "pre-receive.d" / (name or "hook")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(script.encode() if isinstance(script, str) else script)
    place.chmod(0o755)
    return place


def environment(
    world: World, project: Project, user: User, changes: Sequence[Change], protocol: Protocol, *, merging: bool = False
) -> dict[str, str]:
    """For the script above: who pushes what, and what GitLab's own rules say about it."""
    refused = (access.refusal(world, project, user, c, web=protocol == "web", merging=merging) for c in changes)
    return {
        # Over SSH it is the number of the key, from which nobody can tell the user: only the name helps.
        "GL_ID": f"key-{user.id + _KEYS}" if protocol == "ssh" else f"user-{user.id}",
        "GL_USERNAME": user.username,
        "GL_PROTOCOL": protocol,
        "GL_REPOSITORY": f"project-{project.id}",
        "GL_PROJECT_PATH": project.path,
        "STANDIN_REFUSED": next((r for r in refused if r), ""),
        "STANDIN_ONLY_FORWARD": " ".join(c[2] for c in changes if access.forbids_force(project, c[2])),
        "STANDIN_FORCE_MESSAGE": access.FORCE,
        "STANDIN_GLOBAL_HOOKS": str(world.custom_hooks),
    }


def ask(
    world: World,
    project: Project,
    user: User,
    repository: Repository,
    changes: Sequence[Change],
    protocol: Protocol,
    *,
    merging: bool = False,
) -> None:
    """Run the rules and the hooks over ``changes``, whose objects ``repository`` can see; raises ``HookRefused``."""
    variables = environment(world, project, user, changes, protocol, merging=merging)
    lines = "".join(f"{old} {new} {ref}\n" for old, new, ref in changes)
    done = subprocess.run(
        [str(project.repository.directory / "hooks" / "pre-receive")],
        cwd=project.repository.directory,
        input=lines.encode(),
        capture_output=True,
        env={**git_environment(), **repository.environment, **variables},
        check=False,
    )
    if done.returncode:
        raise HookRefused(done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))


def update_branch(
    world: World,
    project: Project,
    user: User,
    branch: str,
    make: Callable[[Repository], str | None],
    *,
    protocol: Protocol = "web",
    merging: bool = False,
    old: str | None = None,
    finish: Callable[[str], None] | None = None,
) -> str:
    """
    Move ``branch`` to what ``make`` builds in a quarantine (None deletes it): hooks, ref, and all that follows.

    ``old`` is where the branch has to be, else wherever it is. ``finish`` runs with the new commit when the ref has
    moved and before anybody is told. Do not hold the world's lock: a hook may well ask somebody who asks GitLab.
    Returns the new commit or zeros; raises ``HookRefused``, or ``ApiError`` when the branch moved meanwhile.
    """
    repository = project.repository
    before = repository.head(branch) or ZERO if old is None else old
    with repository.quarantine() as incoming:
        new = make(incoming) or ZERO
        if new == before:
            return new
        ref = f"refs/heads/{branch}"
        ask(world, project, user, incoming, [(before, new, ref)], protocol, merging=merging)
        with world.lock:
            incoming.keep()
            try:
                repository.set_ref(ref, None if new == ZERO else new, before)
            except GitError:
                raise ApiError(409, "409 Conflict: the branch was updated meanwhile") from None
            if finish is not None:
                finish(new)
            world.pushed(
                project,
                user,
                {} if before == ZERO else {branch: before},
                {} if new == ZERO else {branch: new},
            )
    return new


def announce(world: World, project: Project, user: User, changes: Sequence[Change]) -> None:
    """Do what follows a git push, for those of its ``changes`` that really were accepted."""
    before: dict[str, str] = {}
    after: dict[str, str] = {}
    for old, new, ref in changes:
        branch = ref.removeprefix("refs/heads/")
        if ref == branch or (project.repository.head(branch) or ZERO) != new:
            continue
        before |= {branch: old} if old != ZERO else {}
        after |= {branch: new} if new != ZERO else {}
    world.pushed(project, user, before, after)


def pushed_changes(body: bytes) -> list[Change]:
    """
    The commands of a ``git-receive-pack`` request: pkt-lines up to the first flush.

    https://git-scm.com/docs/pack-protocol#_reference_update_request_and_packfile_transfer
    """
    found: list[Change] = []
    position = 0
    while position + 4 <= len(body):
        try:
            length = int(body[position : position + 4], 16)
        except ValueError:
            break
        if length < 4:
            break
        words = (
            body[position + 4 : position + length].split(b"\x00")[0].decode("utf-8", "replace").strip().split(" ", 2)
        )
        if len(words) == 3 and len(words[0]) == len(words[1]) >= 40:
            found.append((words[0], words[1], words[2]))
        position += length
    return found
