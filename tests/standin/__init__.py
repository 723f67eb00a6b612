"""
A stand-in for GitLab: REST API, webhooks and git over HTTP, with the rules that a merge request bot depends on.

It behaves as GitLab's documentation and source say, not as is convenient: positions are checked against git's own diff,
quick actions in a note are executed, a status may not be set twice, a lost delivery stays lost.

    with Standin() as gitlab:
        bot, author = gitlab.create_user("warden", bot=True), gitlab.create_user("ada")
        project = gitlab.create_project("acme/shop", {"app.py": "x = 1\\n"}, members={bot: 30, author: 30})
        token = gitlab.create_token(bot)
        gitlab.add_hook(project, "http://127.0.0.1:8080/webhooks/gitlab", token="...")
        gitlab.commit(project, "feature", {"app.py": "eval(input())\\n"}, author=author)
        request = gitlab.open_merge_request(project, "feature", author=author)
        gitlab.wait_for_status(request, "failed")

Rights, protected branches and server hooks are checked where people act: ``push``, ``git_push``, ``web_commit``,
``merge``, ``rebase`` and the REST API. ``commit``, ``force_push`` and ``delete_branch`` are the back door that
prepares a scene, and ``past_merge``, ``past_pipeline``, ``tag`` and ``release`` make up its history. No branch is
protected until ``protect`` says so; the licence is Free until ``licence`` says more.
"""

from tests.standin.clone import Clone, GitAnswer
from tests.standin.driver import Standin
from tests.standin.errors import ApiError, HookRefused
from tests.standin.faults import Fault, Faults, Response, rate_limited
from tests.standin.model import (
    DEVELOPER,
    GUEST,
    MAINTAINER,
    NO_ONE,
    OWNER,
    REPORTER,
    Delivery,
    Discussion,
    Group,
    Hook,
    Issue,
    JobArtifact,
    MergeRequest,
    Note,
    Pipeline,
    Project,
    Protection,
    Release,
    Status,
    User,
)
from tests.standin.repository import Blob

__all__ = [
    "DEVELOPER",
    "GUEST",
    "MAINTAINER",
    "NO_ONE",
    "OWNER",
    "REPORTER",
    "ApiError",
    "Blob",
    "Clone",
    "Delivery",
    "Discussion",
    "Fault",
    "Faults",
    "GitAnswer",
    "Group",
    "Hook",
    "HookRefused",
    "Issue",
    "JobArtifact",
    "MergeRequest",
    "Note",
    "Pipeline",
    "Project",
    "Protection",
    "Release",
    "Response",
    "Standin",
    "Status",
    "User",
    "rate_limited",
]
