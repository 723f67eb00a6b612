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
"""

from tests.standin.driver import Standin
from tests.standin.faults import Fault, Faults, Response, rate_limited
from tests.standin.model import (
    DEVELOPER,
    GUEST,
    MAINTAINER,
    OWNER,
    REPORTER,
    Delivery,
    Discussion,
    Hook,
    JobArtifact,
    MergeRequest,
    Note,
    Pipeline,
    Project,
    Status,
    User,
)
from tests.standin.repository import Blob
from tests.standin.world import ApiError

__all__ = [
    "DEVELOPER",
    "GUEST",
    "MAINTAINER",
    "OWNER",
    "REPORTER",
    "ApiError",
    "Blob",
    "Delivery",
    "Discussion",
    "Fault",
    "Faults",
    "Hook",
    "JobArtifact",
    "MergeRequest",
    "Note",
    "Pipeline",
    "Project",
    "Response",
    "Standin",
    "Status",
    "User",
    "rate_limited",
]
