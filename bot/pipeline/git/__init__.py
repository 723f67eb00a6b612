"""
Git, as a gate needs it: content of strangers is read with plumbing and never checked out, hooked, filtered or believed.

Every command goes through the ``git`` program (2.30 or newer) and ``scanners.process``.
"""

from bot.pipeline.git.command import Credential, git_version
from bot.pipeline.git.errors import (
    AccessDenied,
    CommitNotFound,
    CorruptRepository,
    GitCancelled,
    GitError,
    GitTimeout,
    GitTooOld,
    RefNotFound,
    RepositoryNotFound,
    ServerUnreachable,
)
from bot.pipeline.git.local import LocalSource
from bot.pipeline.git.mirror import (
    Mirror,
    branch_ref,
    branch_refspec,
    commit_refspec,
    merge_request_ref,
    merge_request_refspec,
)
from bot.pipeline.git.repository import Repository, TreeEntry

__all__ = [
    "AccessDenied",
    "CommitNotFound",
    "CorruptRepository",
    "Credential",
    "GitCancelled",
    "GitError",
    "GitTimeout",
    "GitTooOld",
    "LocalSource",
    "Mirror",
    "RefNotFound",
    "Repository",
    "RepositoryNotFound",
    "ServerUnreachable",
    "TreeEntry",
    "branch_ref",
    "branch_refspec",
    "commit_refspec",
    "git_version",
    "merge_request_ref",
    "merge_request_refspec",
]
